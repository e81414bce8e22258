"""Who is who: the project's certificate authority, device identities and provider tokens.

Rests on cryptography, PyJWT and ssl; opens no connection and imports no other package of the
project. ``tls_stream`` alone imports Trio: devices and gateway may not import each other, and one
TLS for both ends of a link belongs beside the contexts that they share. Private keys are written
with mode 0600 and never appear in a ``repr`` or a log.
"""
