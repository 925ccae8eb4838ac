"""Personal identifiers found and replaced."""
