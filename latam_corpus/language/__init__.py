"""Identify the languages of documents."""
