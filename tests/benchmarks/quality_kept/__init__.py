"""Measure the rules: good texts dropped and junk kept, compared with datatrove's filters with FineWeb-2's bounds."""

from .bench import measure, options

__all__ = ["measure", "options"]
