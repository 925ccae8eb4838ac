"""What the rules keep: good texts dropped and junk let through, beside datatrove's filters with FineWeb-2's bounds."""

from .bench import measure, options

__all__ = ["measure", "options"]
