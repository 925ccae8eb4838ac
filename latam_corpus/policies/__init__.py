"""Policies: how `filters/` is found, read, and signed by reviewers."""
