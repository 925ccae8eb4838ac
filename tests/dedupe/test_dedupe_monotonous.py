"""Texts of megabytes that aren't prose: chance similarities make no copies, and a truncated copy is still dropped.

They have 5 MB, 20 in `make gate`. A table of millions of numbers, a list of few words, one word, and capitals end as
soon as prose does: were the work of a pair to grow with the square of its repetitions, none of these would.
"""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.corpus import Frames
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SIZE: Final = 20_000_000 if "LATAM_CORPUS_GATE" in os.environ else 5_000_000
_WORDS: Final = [
    a + b + c for a in ("ca", "mo", "pi", "lu", "te", "ro") for b in ("sa", "ta", "ne", "mi") for c in "aosre"
]
_ENGLISH: Final = ("the", "old", "house", "of", "wind", "and", "sea", "that", "nobody", "sold", "when", "rain", "came")


def _prose(draw: Random, size: int = _SIZE) -> str:
    return " ".join(draw.choices(_WORDS, k=size // 6))


def _listed(draw: Random) -> str:
    return "\n".join(f"{n}. {a} {b}" for n, (a, b) in enumerate(zip(*_two(draw, _SIZE // 20), strict=True)))


def _two(draw: Random, lines: int) -> tuple[list[str], list[str]]:
    return draw.choices(_WORDS, k=lines), draw.choices(_WORDS, k=lines)


def _table(draw: Random) -> str:
    numbers = [str(number) for number in draw.choices(range(10_000), k=_SIZE // 5)]
    return "\n".join("\t".join(numbers[at : at + 8]) for at in range(0, len(numbers), 8))


def _interleaved(draw: Random) -> str:
    first, second = _prose(draw, _SIZE // 2).split(), draw.choices(_ENGLISH, k=_SIZE // 10)
    return "\n".join(
        f"{' '.join(first[at : at + 9])}\n{' '.join(second[at : at + 9])}"
        for at in range(0, min(len(first), len(second)), 9)
    )


_KINDS: Final[Mapping[str, Callable[[Random], str]]] = {
    "one_word": lambda draw: f"{draw.choice(_WORDS)} " * (_SIZE // 6),
    "list": _listed,
    "table": _table,
    "capitals": lambda draw: _prose(draw).upper(),
    "small_letters": _prose,
    "no_marks": lambda draw: _prose(draw).title(),
    "two_languages": _interleaved,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", _KINDS)
def test_a_copy_falls_and_another_text_of_the_kind_stays(kind: str) -> None:
    """A copy shortened by a twentieth is dropped, and other texts of its kind are kept."""
    text, second = (_KINDS[kind](Random(seed)) for seed in (1, 2))
    texts = {"text": text, "other": second, "cut": text[: len(text) * 19 // 20]}
    frames = []
    for name, first in texts.items():
        row = pl.DataFrame([{"doc_id": name, "text": first, "rights_tier": "open"}])
        frames.append(Fingerprint(sketch=True)(Batch(schema.conform(row, schema.DOCUMENT_SCHEMA))).frame)
    decided = pl.concat(Dedupe().decide(Frames(tuple(frames))), how="diagonal")
    fallen = decided.filter(pl.col("drop_reason").is_not_null()) if decided.height else decided
    named = {} if not fallen.height else dict(zip(fallen["doc_id"], fallen["duplicate_of"], strict=True))
    assert named == ({} if kind == "one_word" else {"cut": "text"})
