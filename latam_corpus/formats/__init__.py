"""Formats of files: how each describes itself, where descriptions are found, and how bytes are recognised."""
