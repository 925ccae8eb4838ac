"""`mutants`: how many small changes of the code that decides its tests see, and which lived, by line."""

from .bench import measure, options

__all__ = ["measure", "options"]
