"""The door for users: the ``apnsim`` command, the control client, the pytest plugin."""
