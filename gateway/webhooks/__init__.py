"""Telling other programs what became of a push: HTTP requests to targets that are allowed.

Nothing here ever holds up a push: what a target has not taken waits in a queue of its own, bounded.
"""
