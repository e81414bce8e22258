"""Stage 1: hear the provider.

``contract`` is what the HTTP/2 shell and the answering side promise each other. The shell:
``listener`` accepts, ``connection`` serves one provider, ``inbound`` and ``outbound`` are its two
directions, ``http2`` the protocol, ``library`` what implements it.
"""
