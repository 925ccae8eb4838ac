"""A source to raw records."""
