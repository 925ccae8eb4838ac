"""datatrove's PII formatter and presidio's pattern recognisers on the same texts, with another Python.

`PYTHON rival_patterns.py TEXTS` needs datatrove and presidio-analyzer, and nothing of this project. TEXTS is a JSON
list of texts. It prints one line of JSON: by system the spans that it replaces in each text, its CPU seconds, and
versions.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

_LEAST = 0.4  # below it its recognisers call a match weak: a word of theirs must stand before it then


def _datatrove(texts: list[str]) -> list[list[list[int]]]:
    """Return the matches of its replacers, with their own validators."""
    from datatrove.pipeline.formatters import PIIFormatter

    formatter = PIIFormatter()
    replacers = (formatter.emails_replacer, formatter.ip_replacer)
    return [
        [
            [*match.span()]
            for replacer in replacers
            for match in replacer.regex.finditer(text)
            if not replacer.validator or replacer.validator(match.group())
        ]
        for text in texts
    ]


def _presidio(texts: list[str]) -> list[list[list[int]]]:
    """All recognisers that are patterns, in Spanish and Portuguese where they take a language."""
    from presidio_analyzer import PatternRecognizer, predefined_recognizers

    created: list[Any] = []
    for name in dir(predefined_recognizers):
        one: Any = getattr(predefined_recognizers, name)
        make: Any = one
        if inspect.isclass(one) and issubclass(one, PatternRecognizer) and one is not PatternRecognizer:
            for language in ("es", "pt"):
                try:
                    created.append(make(supported_language=language))
                    break
                except (TypeError, ValueError):
                    continue
    results = []
    for text in texts:
        spans = []
        for recogniser in created:
            for result in recogniser.analyze(text, recogniser.supported_entities, nlp_artifacts=None) or []:
                words = _context(recogniser, text, result.start)
                if result.score >= _LEAST or words:
                    spans.append([result.start, result.end])
        results.append(spans)
    return results


def _context(recogniser: Any, text: str, start: int) -> bool:
    """Return whether one of its context words is among the five before; its own enhancer needs a language model."""
    previous = {word.lower() for word in re.findall(r"\w+", text[:start])[-5:]}
    return bool(previous & {word.lower() for word in recogniser.context or ()})


def main(path: str) -> None:
    """Print what each system finds."""
    texts = json.loads(Path(path).read_text("utf-8"))
    reported: dict[str, Any] = {"systems": {}, "versions": {}}
    for name, system, package in (
        ("datatrove, PIIFormatter", _datatrove, "datatrove"),
        ("presidio, pattern recognisers", _presidio, "presidio-analyzer"),
    ):
        started = time.process_time()
        spans = system(texts)
        reported["systems"][name] = {"spans": spans, "cpu": time.process_time() - started}
        reported["versions"][package] = metadata.version(package)
    sys.stdout.write(json.dumps(reported) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
