"""Varieties of Spanish and Portuguese, by cue words."""
