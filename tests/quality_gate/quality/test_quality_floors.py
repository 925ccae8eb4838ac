"""Good real texts that the shipped policies keep, and junk that they drop: minimum values that only rise."""

from __future__ import annotations

import importlib
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")
pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here"),
]
FLOORS = tomllib.loads(Path(__file__).with_name("floors.toml").read_text("utf-8"))
LITERATURE_LYRICS_TALK = (
    *("chapters of novels", "whole novels", "sonnets", "tangos", "pages of sayings", "interviews, Spanish"),
)
_GATE = pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it takes long: `make gate`")
# Word salad has the words and lines of its text: no bound can tell it, and it is reported alone.
REPORTED = "word salad"


@pytest.fixture(scope="module")
def material() -> Iterator[Any]:
    """The material of the benchmark `quality_kept`, and what judges it."""
    # Tests are no package, so that a type checker would know these files by two names.
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).resolve().parents[3]))
        names = ("good", "junk", "fresh", "ours")
        yield {name: importlib.import_module(f"tests.benchmarks.quality_kept.{name}") for name in names}


@pytest.fixture(scope="module")
def good(material: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Kind and broken bounds of each good text of the half that scores."""
    texts = [text for text in material["good"].good(DATA) if text.scores]
    return list(zip([t.kind for t in texts], material["ours"].reasons(material["ours"].measured(texts)), strict=True))


@pytest.fixture(scope="module")
def junk(material: dict[str, Any]) -> dict[str, list[tuple[str, list[str]]]]:
    """For each genre of prose the kind and the broken bounds of each junk text of the half that scores."""
    return _in_every_prose(material, [text for text in material["junk"].junk(DATA) if text.scores])


def _in_every_prose(material: dict[str, Any], texts: list[Any]) -> dict[str, list[tuple[str, list[str]]]]:
    frame = material["ours"].measured(texts)
    kinds = [text.kind for text in texts]
    judged = {genre: material["ours"].reasons(frame, genre) for genre in material["junk"].PROSE}
    return {genre: list(zip(kinds, broken, strict=True)) for genre, broken in judged.items()}


@pytest.mark.parametrize("kind", sorted(FLOORS["kept"]))
def test_good_texts_are_kept(kind: str, good: list[tuple[str, list[str]]], figures: dict[str, float]) -> None:
    """Novels, verse, talk, news and every language of the Americas stay above their floors."""
    results = [not broken for name, broken in good if name.startswith(kind)]
    figures[f"quality, kept, {kind}"] = round(sum(results) / len(results), 4)
    assert figures[f"quality, kept, {kind}"] >= FLOORS["kept"][kind]


@_GATE
def test_fresh_good_texts_are_kept(material: dict[str, Any], figures: dict[str, float]) -> None:
    """Of other books, talks and pages as much stays as of those that bounds were fitted to; each kind has a floor."""
    texts = list(material["fresh"].fresh_good(DATA))
    broken = material["ours"].reasons(material["ours"].measured(texts))
    below: dict[str, float] = {}
    for start, floor in FLOORS["fresh"]["kept"].items():
        kept = [not reasons for text, reasons in zip(texts, broken, strict=True) if text.kind.startswith(start)]
        figures[f"quality, fresh, kept, {start}"] = share = round(sum(kept) / len(kept), 4)
        below |= {start: share} if share < floor else {}
    assert below == {}
    assert [text.kind for text in texts if not text.kind.startswith(tuple(FLOORS["fresh"]["kept"]))] == []


@_GATE
def test_fresh_junk_is_dropped_in_every_genre_of_prose(material: dict[str, Any], figures: dict[str, float]) -> None:
    """Made by another seed of other texts; each kind but word salad has a floor."""
    judged = _in_every_prose(material, list(material["fresh"].fresh_junk(DATA)))
    below: dict[str, float] = {}
    for kind, floor in FLOORS["fresh"]["dropped"].items():
        shares = []
        for result in judged.values():
            dropped = [bool(broken) for name, broken in result if name == kind]
            shares.append(sum(dropped) / len(dropped))
        figures[f"quality, fresh, dropped, {kind}"] = share = round(min(shares), 4)
        below |= {kind: share} if share < floor else {}
    assert below == {}
    assert {kind for kind, _ in judged["news"]} - set(FLOORS["fresh"]["dropped"]) == {REPORTED}


def test_every_kind_of_good_text_has_a_floor(good: list[tuple[str, list[str]]]) -> None:
    """A kind of twenty documents and more can't be added without one."""
    kinds = [kind for kind, _ in good]
    many = {kind for kind in kinds if kinds.count(kind) >= 20}
    assert [kind for kind in many if not kind.startswith(tuple(FLOORS["kept"]))] == []


def test_literature_lyrics_and_talk_are_kept_as_a_whole(
    good: list[tuple[str, list[str]]], figures: dict[str, float]
) -> None:
    """Of all documents of the three, at least 98 of 100 stay."""
    results = [not broken for kind, broken in good if kind.startswith(LITERATURE_LYRICS_TALK)]
    figures["quality, kept, literature, lyrics and talk"] = round(sum(results) / len(results), 4)
    assert figures["quality, kept, literature, lyrics and talk"] >= 0.995


@pytest.mark.parametrize("kind", sorted(FLOORS["dropped"]))
def test_junk_is_dropped_in_every_genre_of_prose(
    kind: str, junk: dict[str, list[tuple[str, list[str]]]], figures: dict[str, float]
) -> None:
    """Under the genre that lets the most of it through, the share that is dropped stays above its floor."""
    least = 1.0
    for judged in junk.values():
        results = [bool(broken) for name, broken in judged if name == kind]
        assert len(results) >= 20
        least = min(least, sum(results) / len(results))
    figures[f"quality, dropped, {kind}"] = round(least, 4)
    assert least >= FLOORS["dropped"][kind]["floor"]


@pytest.mark.parametrize("kind", sorted(FLOORS["dropped"]))
def test_the_reason_that_fits_is_named(kind: str, junk: dict[str, list[tuple[str, list[str]]]]) -> None:
    """The evidence of texts that the news policy drops names a signal that measures this damage."""
    fitting = tuple(f"{signal}{sign}" for signal in FLOORS["dropped"][kind]["signals"] for sign in "<>")
    dropped = [broken for name, broken in junk["news"] if name == kind and broken]
    named = [any(reason.startswith(fitting) for reason in broken) for broken in dropped]
    assert sum(named) / len(named) >= FLOORS["dropped"][kind]["named"]


def test_every_kind_of_junk_has_a_floor(junk: dict[str, list[tuple[str, list[str]]]]) -> None:
    """Word salad alone has none."""
    assert {kind for kind, _ in junk["news"]} - set(FLOORS["dropped"]) == {REPORTED}


def test_word_salad_is_reported(junk: dict[str, list[tuple[str, list[str]]]], figures: dict[str, float]) -> None:
    """Shuffled words pass nearly all bounds; the figure is kept so that a learned signal can be compared with it."""
    results = [bool(broken) for name, broken in junk["news"] if name == REPORTED]
    figures["quality, dropped, word salad"] = round(sum(results) / len(results), 4)
    assert len(results) >= 100
