"""Measurements, each beside something to compare with: speed here is a ratio, machines differ."""
