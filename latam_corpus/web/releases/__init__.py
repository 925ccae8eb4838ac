"""Versions: build them from approved collections, count their texts, and show a public status page."""
