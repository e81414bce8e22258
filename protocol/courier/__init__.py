"""What a device and the gateway say to each other over the one long-lived TLS link."""
