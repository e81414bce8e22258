"""Many devices in one process: what the control API, the page and a fleet do with them."""
