"""Live Activities: what a phone has, what pushes do to them, and what apps are told."""
