"""`mutants`: how many small changes of the code that decides are seen by the tests that guard it; who lived, by line."""

from .bench import measure, options

__all__ = ["measure", "options"]
