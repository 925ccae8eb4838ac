"""Stored runs: records, cache keys, history, and disk use."""
