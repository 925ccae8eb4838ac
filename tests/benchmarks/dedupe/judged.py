"""Pairs with the verdicts of two readings: how often a tool agrees with both, by kind.

The pairs are in `tests/quality_gate/dedupe`: `written.toml` has texts of its own, `read.toml` names real ones.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .documents import Document, Planted, Result, write_documents
from .editions import passages
from .score import root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .shelf import Shelf

PAIRS: Final = Path(__file__).resolve().parents[2] / "quality_gate" / "dedupe"
HALVES: Final = ("a", "b")
_PART: Final = 140  # words of a part of a novel
_VERSES: Final = 4
_COPY: Final = "copy"
_VARIANT: Final = "variant"


@dataclass(frozen=True)
class Judged:
    """Two texts with the verdicts of two readings: `copy`, `variant` or `other`.

    Attributes:
        kind: song, decree, edition …
        group: pairs of one group have a text in common, or may have: no two of them are in one file.
        half: "a", on which bounds may be chosen, or "b".
        readings: of the first and of the second.
        reason: of the first.
    """

    kind: str
    group: str
    half: str
    readings: tuple[str, str]
    reason: str
    texts: tuple[str, str]

    @property
    def clear(self) -> bool:
        """Return whether both readings agree on what may be dropped."""
        return (self.readings[0] == _COPY) == (self.readings[1] == _COPY)

    @property
    def falls(self) -> bool:
        """Return whether one of the two may be dropped."""
        return self.readings[0] == _COPY


def written() -> list[Judged]:
    """Return the pairs that were written for this project."""
    reported = tomllib.loads((PAIRS / "written.toml").read_text(encoding="utf-8"))
    return [
        _judged(pair, pair["text"], _changed(reported["text"][pair["text"]].strip(), pair)) for pair in reported["pair"]
    ]


def read(shelf: Shelf) -> list[Judged]:
    """Return the real pairs.

    Args:
        shelf: the public texts.
    """
    reported = tomllib.loads((PAIRS / "read.toml").read_text(encoding="utf-8"))["pair"]
    find = _finders(shelf, reported)
    return [_judged(pair, pair["kind"], find[pair["kind"]](pair)) for pair in reported]


def _judged(pair: Mapping[str, Any], group: str, texts: tuple[str, str]) -> Judged:
    return Judged(pair["kind"], group, pair["half"], tuple(pair["readings"]), pair["reason"], texts)


def _changed(text: str, pair: Mapping[str, Any]) -> tuple[str, str]:
    """Return a text, and the same text with a pair's changes."""
    lines = text.split("\n")
    for number, line in pair.get("lines", ()):
        lines[number - 1] = line
    created = "\n".join(lines[: len(lines) - pair.get("without", 0)])
    for old, new in pair.get("swap", ()):
        if old not in created:
            raise ValueError(f"{pair['text']} has no «{old}»")
        created = created.replace(old, new, 1)
    if pair.get("first_half"):
        created = created[: len(created) // 2].rpartition(" ")[0]
    if pair.get("flat"):
        created = " ".join(created.split())
    if pair.get("bare"):
        created = "".join(sign for sign in unicodedata.normalize("NFD", created) if unicodedata.category(sign) != "Mn")
    created = "\n".join(part for part in (pair.get("first", ""), created, pair.get("last", "")) if part)
    if case := pair.get("case"):
        change: Callable[[str], str] = {"upper": str.upper, "lower": str.lower}[case]
        return change(text) if "swap" in pair else text, change(created)
    return text, created


def _finders(
    shelf: Shelf, reported: Sequence[Mapping[str, Any]]
) -> dict[str, Callable[[Mapping[str, Any]], tuple[str, str]]]:
    articles = {
        f"{text.id} {number}": line for text in shelf.declaration for number, line in enumerate(text.text.splitlines())
    }

    def verses(place: str) -> str:
        book, first = map(int, place.split())
        return " ".join(shelf.verses[book][first : first + _VERSES])

    editions = dict(_editions(shelf, {pair["a"] for pair in reported if pair["kind"] == "edition"}))
    return {
        "sonnet": lambda pair: (shelf.sonnets[int(pair["a"])].text, shelf.sonnets[int(pair["b"])].text),
        "saying": lambda pair: (shelf.sayings[int(pair["a"])].text, shelf.sayings[int(pair["b"])].text),
        "declaration": lambda pair: (articles[pair["a"]], articles[pair["b"]]),
        "bible": lambda pair: (verses(pair["a"]), verses(pair["b"])),
        "edition": lambda pair: editions[pair["a"]],
    }


def _editions(shelf: Shelf, part_names: set[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    novels = {novel.id: novel.text.split() for novel in shelf.novels}
    for edition in shelf.editions:
        words = novels[edition.id]
        parts = [" ".join(words[at : at + _PART]) for at in range(0, len(words) - _PART + 1, _PART)]
        numbers = {part: number for number, part in enumerate(parts)}
        for part, passage, _ in passages(parts, edition.text):
            if (name := f"{edition.id} {numbers[part]}") in part_names:
                yield name, (part, passage)


def files(pairs: Sequence[Judged]) -> list[list[int]]:
    """Return the numbers of the pairs in each file, so that no text of a file is in another file twice."""
    counts: Counter[str] = Counter()
    created: list[list[int]] = []
    for number, pair in enumerate(pairs):
        # Real pairs may share a text too, which few do.
        key = pair.group if pair.group != pair.kind else min(pair.texts)
        place = counts[key]
        counts[key] += 1
        while len(created) <= place:
            created.append([])
        created[place].append(number)
    return created


def as_planted(name: str, pairs: Sequence[Judged], numbers: Sequence[int]) -> Planted:
    """Return the documents of some pairs."""
    return Planted(
        name,
        tuple(
            Document(f"{number}-{side}", pairs[number].texts[side], pairs[number].kind, pairs[number].kind, str(number))
            for number in numbers
            for side in range(2)
        ),
    )


def decided(pairs: Sequence[Judged], decide: Callable[[Path], Result], room: Path) -> list[str]:
    """Return a tool's verdict on each pair: `copy` if one is dropped, `variant` if recorded, else `other`.

    Args:
        pairs: all of them.
        decide: what a tool decides about a file of documents.
        room: a folder for the files.
    """
    created = ["other"] * len(pairs)
    for place, numbers in enumerate(files(pairs)):
        path = room / f"judged-{place}.jsonl"
        write_documents(path, as_planted(path.stem, pairs, numbers).documents)
        result = decide(path)
        varied = {frozenset(pair) for pair in result.variants}
        for number in numbers:
            first_id, second_id = f"{number}-0", f"{number}-1"
            if root(first_id, result.dropped) == root(second_id, result.dropped):
                created[number] = _COPY
            elif frozenset((first_id, second_id)) in varied:
                created[number] = _VARIANT
    return created


def agreement(pairs: Sequence[Judged], verdicts: Sequence[str], half: str = "") -> dict[str, tuple[int, int, int]]:
    """Return by kind: pairs in which a tool agrees with both readings, wrong removals, clear pairs.

    >>> pair = Judged("song", "copla", "a", ("variant", "variant"), "", ("", ""))
    >>> agreement([pair, pair], ["variant", "copy"])
    {'song': (1, 1, 2)}
    """
    counts: dict[str, tuple[int, int, int]] = {}
    for pair, verdict in zip(pairs, verdicts, strict=True):
        if not pair.clear or (half and pair.half != half):
            continue
        right, wrong, of = counts.get(pair.kind, (0, 0, 0))
        agrees = (verdict == _COPY) == pair.falls
        counts[pair.kind] = (right + agrees, wrong + (not agrees and not pair.falls), of + 1)
    return dict(sorted(counts.items()))
