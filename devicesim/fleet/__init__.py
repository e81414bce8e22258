"""Many phones with the habits of a crowd: some away, some locked, some that threw the app away."""
