"""Decide which documents a version contains, and why others are left out."""
