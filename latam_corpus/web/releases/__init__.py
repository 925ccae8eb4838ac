"""Versions: made of approved collections, what each holds of a collection, and the status page without an account."""
