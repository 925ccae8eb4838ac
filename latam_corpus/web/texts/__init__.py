"""A file and the text that is extracted from it."""
