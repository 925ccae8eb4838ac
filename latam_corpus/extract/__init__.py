"""Extraction of text from raw bytes, with a subpackage for each family of formats."""
