"""`dedupe`: near-duplicates planted in real texts, what the toolkit and other tools find of them, and the cost."""

from .bench import measure, options

__all__ = ["measure", "options"]
