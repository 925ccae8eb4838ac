"""Identify the language of each document."""
