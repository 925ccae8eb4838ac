"""`language`: the identifier compared with its rivals, on clean windows, hard texts, held-out texts and streams."""

from .bench import measure, options

__all__ = ["measure", "options"]
