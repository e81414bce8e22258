"""One module per command of ``apnsim``: its arguments, and what it does."""
