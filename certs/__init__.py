"""Who is who: the project's certificate authority, device identities and provider tokens.

Rests on cryptography, PyJWT and ssl alone; opens no connection and imports no other package of the
project. Private keys are written with mode 0600 and never appear in a ``repr`` or a log.
"""
