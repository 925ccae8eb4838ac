"""`quality`: signals and verdicts, MB a second a core, beside datatrove's filters; and whether the two agree."""

from .bench import measure, options

__all__ = ["measure", "options"]
