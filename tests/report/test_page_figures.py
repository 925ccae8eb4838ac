"""The figures on a release's page are those of the kept results."""

from __future__ import annotations

import re
from pathlib import Path

from latam_corpus.report.page_words import NAMED_OF_100

_RESULT = Path(__file__).parents[2] / "docs" / "results" / "language.md"
_CODES = {
    "aymara": "aym",
    "guarani": "gn",
    "quechua": "quy",
    "wixarika": "hch",
    "bribri": "bzd",
    "otomi": "oto",
    "chatino": "czn",
}


def test_languages_are_identified_as_often_as_the_result_says() -> None:
    """Of 100 texts, rounded down."""
    table = _RESULT.read_text(encoding="utf-8").partition("**Languages of the Americas, never trained on")[2]
    shares = dict(
        re.findall(r"^\| AmericasNLP dev, five sentences, (\w+) \| \w+ \| \d+ \| ([\d.]+) ", table, re.MULTILINE)
    )
    assert {name: int(100 * float(shares[code])) for name, code in _CODES.items()} == NAMED_OF_100
