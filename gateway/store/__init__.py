"""Stage 4a: where notifications wait for their device."""
