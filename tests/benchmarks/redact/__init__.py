"""Redaction: what is found and damaged by kind, beside datatrove and presidio, and what it costs."""

from .bench import measure, options

__all__ = ["measure", "options"]
