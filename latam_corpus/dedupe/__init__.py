"""Find documents that are copies of others."""
