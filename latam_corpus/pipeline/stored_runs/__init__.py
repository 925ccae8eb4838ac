"""Manage stored runs: records, cache keys, history and disk use."""
