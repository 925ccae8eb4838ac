"""`extraction`: the text of pages beside trafilatura and others, against gold, by folds over sites; and its cost."""

from .bench import measure, options

__all__ = ["measure", "options"]
