"""Lyrics and scores to text, and the marks of song sheets."""
