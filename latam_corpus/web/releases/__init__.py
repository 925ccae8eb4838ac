"""Versions: build them from approved collections, count their texts by collection, and show a public status page."""
