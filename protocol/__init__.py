"""Bytes in, bytes out: the formats receivers understand. Needs NumPy and nothing else of this project."""
