"""Find and cut lines that many documents of a source share."""
