"""Measure redaction: identifiers found and numbers damaged by kind, compared with datatrove and presidio; cost."""

from .bench import measure, options

__all__ = ["measure", "options"]
