"""Rules that bend any stage on purpose: answers, HTTP/2 frames, connections, TLS, device links.

A rule (``rule.py``) says when (``match.py``) and what: ``actions.py`` is about answers,
``frames.py`` about streams and connections, ``tls.py`` about handshakes, ``courier.py`` about
devices. ``book.py`` holds them in order, counts, and throws the dice. Each stage asks the book, and
does what it is told by itself: nothing here does IO. With no rules, asking is one look at an empty
tuple.
"""
