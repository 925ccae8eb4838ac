"""A version read: pulled, selected, locked, and verified."""
