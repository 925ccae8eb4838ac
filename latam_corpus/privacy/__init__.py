"""Find and replace personal identifiers."""
