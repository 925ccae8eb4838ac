"""Decide which of several copies is kept, and which are dropped."""
