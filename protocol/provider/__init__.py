"""What a provider says to the gateway, and what it hears back: the HTTP/2 provider API."""
