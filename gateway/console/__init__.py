"""The control API, on FastAPI and Hypercorn: what people and tests see of the gateway, and turn.

Promise: it reads through the journal, the directory and ``statistics()``, and acts through the
collaborators of :class:`~gateway.console.parts.ConsoleParts`; it never reaches into a connection,
and a viewer that is slow or gone costs the gateway nothing.
"""
