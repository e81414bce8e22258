"""Stage 4b: hand over to devices, on the long-lived link that each of them keeps.

Read in this order: ``listener`` (a link comes in), ``handshake`` (who is it), ``session`` (the
conversation), ``deliveries`` (what is sent, and what became of it).
"""
