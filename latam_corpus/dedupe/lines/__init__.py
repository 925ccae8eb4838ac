"""Lines that many documents of a source share."""
