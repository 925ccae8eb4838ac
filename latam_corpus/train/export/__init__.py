"""Tokens as other loaders read them, each format as its own library writes it."""
