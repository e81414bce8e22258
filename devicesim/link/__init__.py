"""The one link of a device, or the two of a phone: dialled, kept alive, dialled again."""
