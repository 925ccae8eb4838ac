"""Datatrove's own filters drop the same documents, given the same words and bounds."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest

_ROOM = "tests.benchmarks.quality"
stated: Any = importlib.import_module(f"{_ROOM}.stated")
documents: Any = importlib.import_module(f"{_ROOM}.documents")

_DATA = Path(os.environ.get("LATAM_CORPUS_DATA", "missing"))
_STOP_WORDS = ("de", "la", "que", "el", "en", "y", "a", "los", "se", "del", "las", "un", "por", "con", "no", "una")


def test_words_are_handed_over_as_their_hash_sees_them() -> None:
    """Words are passed on in lower case, with apostrophes folded and signs left out."""
    assert stated.words_of(["¡Ñandú, p’unchaw!", "", "25 Años"]) == [["ñandú", "p'unchaw"], [], ["25", "años"]]


def test_a_difference_without_its_cause_is_told() -> None:
    """A difference must have its known cause: blank lines explain a verdict on bullets, not on the word count."""
    result = {rule.name: rule for rule in stated.rules(_STOP_WORDS)}
    texts = ["- pan\n\n- leche\n\n- sal"]
    ours, other_part = (drops(texts, result.values()) for drops in (_ours, stated.their_drops))
    bullets = result["gopher_too_many_bullets"]
    assert stated.unexplained(texts, bullets, ours[bullets.name], other_part[bullets.name]) == ([0], [])
    assert stated.unexplained(texts, bullets, ~ours[bullets.name], ours[bullets.name]) == ([0], [0])
    words = result["gopher_short_doc"]
    assert stated.unexplained(texts, words, ours[words.name], ~other_part[words.name]) == ([0], [0])


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not _DATA.is_dir(), reason="the real texts are not beside the project")
def test_verdicts_are_datatroves_on_five_thousand_documents() -> None:
    """Every rule acts on real documents, and each difference has its known cause."""
    texts = documents.compared(_DATA)
    assert len(texts) >= 5000
    all_values = "LATAM_CORPUS_GATE" in os.environ
    texts = texts if all_values else texts[::5]
    result = stated.rules(_STOP_WORDS)
    ours, other_part = (drops(texts, result) for drops in (_ours, stated.their_drops))
    for rule in result:
        assert all_values <= other_part[rule.name].sum() < len(texts), rule.name
        _, remaining = stated.unexplained(texts, rule, ours[rule.name], other_part[rule.name])
        assert not remaining, (rule.name, [texts[number] for number in remaining[:3]])


def _ours(texts: list[str], expected: Any) -> Any:
    return stated.our_drops(texts, list(expected), _STOP_WORDS)
