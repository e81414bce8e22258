"""What a device keeps across restarts, and the files it keeps it in."""
