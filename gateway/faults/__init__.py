"""Rules that bend any stage on purpose: answers, HTTP/2 frames, connections, TLS, device links.

A rule says when (``match.py``) and what (``actions.py``, ``frames.py``); ``book.py`` holds them in
order, counts, and throws the dice. Each stage asks the book, and does what it is told by itself:
nothing here does IO. With no rules, asking is one look at an empty tuple.
"""
