"""Real clients, unmodified, push through TLS; what the *device* received is what counts.

``python -m interop`` runs every client (``clients.py``) through every case (``cases.py``) against
one gateway and writes ``docs/interop.md``. A client is a program in its own language: it reads
pushes, one JSON array per line, from stdin, sends each array at once, and answers each line with
what its library told it. docs/interop.md says how to add one.
"""
