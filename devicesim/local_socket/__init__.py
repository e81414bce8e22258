"""Apps in processes of their own: they attach to their device over a Unix socket."""
