"""Build a version from runs and a parent version."""
