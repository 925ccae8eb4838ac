"""`quality`: signals and verdicts, MB per second and core, compared with datatrove's filters; and their agreement."""

from .bench import measure, options

__all__ = ["measure", "options"]
