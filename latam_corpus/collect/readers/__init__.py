"""Readers of files with records, one module per format."""
