"""Identify varieties of Spanish and Portuguese by cue words."""
