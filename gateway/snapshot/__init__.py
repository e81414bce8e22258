"""The state of a gateway as parts of a snapshot: told, and believed when it is read."""
