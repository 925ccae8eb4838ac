"""A file as the text that comes out of it."""
