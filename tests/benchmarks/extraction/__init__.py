"""`extraction`: the text of pages compared with trafilatura and others, against gold, by folds over sites; its cost."""

from .bench import measure, options

__all__ = ["measure", "options"]
