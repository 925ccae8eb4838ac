"""`language`: the identifier beside its rivals, on clean windows, hard texts, kept-out texts and streams."""

from .bench import measure, options

__all__ = ["measure", "options"]
