"""datatrove's own filters, given the toolkit's words and the same bounds, drop the same documents."""

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
    """Lower case, apostrophes folded, signs left out."""
    assert stated.words_of(["¡Ñandú, p’unchaw!", "", "25 Años"]) == [["ñandú", "p'unchaw"], [], ["25", "años"]]


def test_a_difference_without_its_cause_is_told() -> None:
    """Blank lines explain a verdict on bullets; nothing explains one on the number of words."""
    found = {rule.name: rule for rule in stated.rules(_STOP_WORDS)}
    texts = ["- pan\n\n- leche\n\n- sal"]
    ours, theirs = (drops(texts, found.values()) for drops in (_ours, stated.their_drops))
    bullets = found["gopher_too_many_bullets"]
    assert stated.unexplained(texts, bullets, ours[bullets.name], theirs[bullets.name]) == ([0], [])
    assert stated.unexplained(texts, bullets, ~ours[bullets.name], ours[bullets.name]) == ([0], [0])
    words = found["gopher_short_doc"]
    assert stated.unexplained(texts, words, ours[words.name], ~theirs[words.name]) == ([0], [0])


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not _DATA.is_dir(), reason="the real texts are not beside the project")
def test_verdicts_are_datatroves_on_five_thousand_documents() -> None:
    """Every rule acts, and each difference has its stated cause; `make gate` compares them all, else one in five is."""
    texts = documents.compared(_DATA)
    assert len(texts) >= 5000
    every = "LATAM_CORPUS_GATE" in os.environ
    texts = texts if every else texts[::5]
    found = stated.rules(_STOP_WORDS)
    ours, theirs = (drops(texts, found) for drops in (_ours, stated.their_drops))
    for rule in found:
        assert every <= theirs[rule.name].sum() < len(texts), rule.name
        _, left = stated.unexplained(texts, rule, ours[rule.name], theirs[rule.name])
        assert not left, (rule.name, [texts[number] for number in left[:3]])


def _ours(texts: list[str], found: Any) -> Any:
    return stated.our_drops(texts, list(found), _STOP_WORDS)
