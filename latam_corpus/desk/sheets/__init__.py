"""Sheets of sources and of judgements."""
