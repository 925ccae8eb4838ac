"""Rows between stages: conserved, checked, and stored."""
