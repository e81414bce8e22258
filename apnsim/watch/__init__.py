"""``apnsim device --watch``: a phone in the terminal.

A ``Source`` (a device in this process, or a virtual one of a gateway) gives a ``Glimpse`` per look,
``frame`` draws it, ``terminal`` shows it until the person has seen enough.
"""
