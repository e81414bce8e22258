"""Snapshots: a gateway and its virtual devices as one document, taken and loaded."""
