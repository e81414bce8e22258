"""Files that people write in TOML: read into dataclasses, every mistake told with its line."""
