"""A version built from runs and a parent version."""
