"""``apnsim doctor``: why does it not work here? Looks, and changes nothing."""
