"""Find and cut lines that many documents of one source have."""
