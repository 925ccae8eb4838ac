"""Verse, prose and interviews whose lines, paragraphs and turns are known, in two halves."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ..texts import NOVELS, VERSES, PublicTexts, records

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Kind = Literal["verse", "prose", "interview"]
Half = Literal["tuned", "held out"]

TALKS: Final = PublicTexts(
    "oral_history/mapudungun_nc/turns_clean.jsonl.xz",
    "",
    "conversations in Mapudungun with Spanish translations, github.com/mingjund/mapudungun-corpus, CC BY-NC-SA 3.0",
)
HALVES: Final[tuple[Half, ...]] = ("tuned", "held out")
_SONNETS: Final = 8
_TANGOS: Final = 5
_PARAGRAPHS: Final = 50
_TURNS: Final = 80
_LONGEST: Final = 900  # characters of a paragraph
_PEOPLE: Final = {
    "tuned": ("Entrevistadora", "Rosa Ruiz"),
    "held out": ("Investigador", "Juana Quispe"),
}


class Work(NamedTuple):
    """A text: its stanzas of verses, its paragraphs (of one line each), or its turns (of a speaker and words)."""

    title: str
    parts: tuple[tuple[str, ...], ...]


class Collection(NamedTuple):
    """The works of one kind and half, which become one file."""

    kind: Kind
    half: Half
    works: tuple[Work, ...]
    language: str = "es"


def collections(data: Path) -> list[Collection]:
    """Return the texts of both halves: other authors, novels and conversations in each."""
    created = []
    for number, half in enumerate(HALVES):
        created.append(Collection("verse", half, tuple(_verse(data, number))))
        created.append(Collection("prose", half, (_prose(data, number),)))
        created.append(Collection("interview", half, (_interview(data, number, half),)))
    return created


def _verse(data: Path, number: int) -> Iterable[Work]:
    sonnets = [row for row in records(data, VERSES[0]) if row["country_birth"] not in ("España", "")]
    authors = sorted({row["author"] for row in sonnets})[number::2]
    chosen = [next(row for row in sonnets if row["author"] == author) for author in authors[:_SONNETS]]
    tangos = records(data, VERSES[1])[number::2][:_TANGOS]
    for row in (*chosen, *tangos):
        text = re.sub(r"[ \t]+", " ", row["text"].strip())
        stanzas = (
            tuple(line.strip() for line in part.split("\n") if line.strip()) for part in re.split(r"\n\s*\n", text)
        )
        yield Work(row["title"].strip().capitalize(), tuple(stanza for stanza in stanzas if stanza))


def _prose(data: Path, number: int) -> Work:
    novel = records(data, NOVELS[0])[(0, 3)[number]]
    lines = (" ".join(line.split()) for line in novel["text"].split("\n"))
    paragraphs = [(line,) for line in lines if line and len(line) <= _LONGEST]
    return Work(novel["title"], tuple(paragraphs[:_PARAGRAPHS]))


def _interview(data: Path, number: int, half: Half) -> Work:
    rows = records(data, TALKS)
    talks = sorted({row["conv"] for row in rows})
    talk = [row for row in rows if row["conv"] == talks[(10, 40)[number]] and re.search(r"\w", row["spa"] or "")]
    codes = list(dict.fromkeys(row["speaker"] for row in talk))[:2]
    talk = [row for row in talk if row["speaker"] in codes]
    turns = []
    for code, said in groupby(talk, key=lambda row: row["speaker"]):
        words = " ".join(" ".join(re.sub(r"<[^>]*>", " ", row["spa"]).split()) for row in said)
        turns.append((_PEOPLE[half][codes.index(code)], words[:1].upper() + words[1:]))
    return Work("La vida en el campo", tuple(turns[:_TURNS]))
