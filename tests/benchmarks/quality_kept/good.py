"""Good texts that filters written for English web pages drop: novels, verse, talk, small languages."""

from __future__ import annotations

import hashlib
import lzma
import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.web_pages.html import careful
from latam_corpus.paths import data_folder

from ..texts import jsonl
from .pages import latin_american

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_CHAPTER: Final = 800  # words
CHAPTERS: Final = 8  # of a novel
TURNS: Final = 60  # of an interview
ROWS: Final = 15  # sentences of a document that is made of sentences
DOCUMENTS: Final = 100  # of one AmericasNLP language
SAYINGS: Final = 25  # on a page
# What the treebanks hold: narratives, and sentences of grammars and schoolbooks.
_TREEBANKS: Final = {
    "apu": "education",
    "azz": "oral_history",
    "bor": "oral_history",
    "gub": "literature",
    "gun_nc": "literature",
    "quc": "education",
}
AMERICAS: Final = {"gn": "grn"}
NOVELS: Final = {"spa": "literature/conha19/novels.jsonl.xz", "por": "literature/eltec_por/novels.jsonl.xz"}


@dataclass(frozen=True)
class Text:
    """A document of the material.

    Attributes:
        kind: what it is.
        language: the code it is declared to be in.
        genre: the genre it is declared to be of.
        text: its words.
    """

    kind: str
    language: str
    genre: str
    text: str

    @property
    def scores(self) -> bool:
        """Whether it is of the half that floors are about; bounds were chosen by the other half."""
        return bool(hashlib.sha256(self.text.encode()).digest()[0] & 1)


def good(data: Path) -> Iterator[Text]:
    """All good texts under the data folder.

    Raises:
        ConfigError: a file isn't there.
    """
    yield from _literature(data)
    yield from _verse(data)
    yield from _talk(data)
    yield from _news(data)
    yield from _indigenous(data)


def chapters(text: str) -> list[str]:
    """Eight stretches of the text, spread evenly over it."""
    whole = stretches(text)
    step = max(1, len(whole) // CHAPTERS)
    return whole[::step][:CHAPTERS]


def stretches(text: str) -> list[str]:
    """Yield stretches of about eight hundred words, in whole lines; the rest at the end is left out."""
    results: list[list[str]] = [[]]
    words = 0
    for line in text.split("\n"):
        results[-1].append(line)
        words += len(line.split())
        if words >= _CHAPTER:
            results.append([])
            words = 0
    return ["\n".join(lines) for lines in results[:-1]] or [text]


def joined(rows: Sequence[str], size: int) -> list[str]:
    """The rows as documents of `size` lines; a last one of less than half is left out."""
    return ["\n".join(rows[i : i + size]) for i in range(0, len(rows), size) if len(rows) - i > size // 2]


def novels(data: Path, language: str) -> Iterator[str]:
    """The novels of a language, without the indented blank lines of the markup, a repetition to some filters."""
    for row in jsonl(data, NOVELS[language]):
        yield "\n".join(line.strip() for line in row["text"].split("\n") if line.strip())


def articles(data: Path, path: str) -> dict[tuple[str, str], list[str]]:
    """The articles of each declaration in the file, by language and code."""
    results: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in jsonl(data, path):
        results[row["iso639_3"], row["code"]].append(row["text"])
    return results


def _literature(data: Path) -> Iterator[Text]:
    for language in NOVELS:
        for novel in novels(data, language):
            yield Text(f"whole novels, {language}", language, "literature", novel)
            for chapter in chapters(novel):
                yield Text(f"chapters of novels, {language}", language, "literature", chapter)
    verses = [row["text"] for row in jsonl(data, "literature/reina_valera_1909_nt/verses.jsonl.xz")]
    for text in joined(verses, 30):
        yield Text("New Testament of 1909", "spa", "religious", text)


def _verse(data: Path) -> Iterator[Text]:
    for row in jsonl(data, "lyrics/disco_sonnets/sonnets.jsonl.xz"):
        yield Text("sonnets", "spa", "lyrics", row["text"])
    for row in jsonl(data, "lyrics/tango_pd/lyrics.jsonl.xz"):
        yield Text("tangos", "spa", "lyrics", row["text"])
    for language, rows in sayings(data).items():
        yield from (Text(f"pages of sayings, {language}", language, "lyrics", page) for page in joined(rows, SAYINGS))


def sayings(data: Path) -> dict[str, list[str]]:
    """The sayings of each language."""
    rows = jsonl(data, "lyrics/fortunes_sayings/fortunes.jsonl.xz")
    marks = {"spa": "es", "por": "pt-BR"}
    return {language: [row["text"] for row in rows if row["lang"] == mark] for language, mark in marks.items()}


def _talk(data: Path) -> Iterator[Text]:
    remove = markup()
    talks: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in jsonl(data, "oral_history/mapudungun_nc/turns_clean.jsonl.xz"):
        talks[row["conv"]].append(row)
    for turns in talks.values():
        for column, kind in (("spa", "interviews, Spanish"), ("arn", "interviews, Mapudungun")):
            clean = [remove.sub("", turn[column]).strip() for turn in turns]
            for text in joined([turn for turn in clean if turn], TURNS):
                yield Text(kind, column, "oral_history", text)
    places: dict[str, list[str]] = defaultdict(list)
    for row in jsonl(data, "oral_history/coser_ud/turns.jsonl.xz"):
        places[row["location"]].append(row["text"])
    for place in places.values():
        for text in joined(place, ROWS):
            yield Text("interviews, Spain", "spa", "oral_history", text)


def markup() -> re.Pattern[str]:
    """Return the patterns that the shipped source removes from the interviews."""
    path = data_folder("filters").parent / "latam_corpus" / "catalog" / "sources" / "mapudungun-interviews.toml"
    patterns = tomllib.loads(path.read_text("utf-8"))["collect"]["remove"]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _news(data: Path) -> Iterator[Text]:
    pairs = jsonl(data, "indigenous/aymara_globalvoices/aym_spa.jsonl.xz")
    for column, kind in (("spa", "Global Voices, Spanish"), ("aym", "Global Voices, Aymara")):
        for text in joined([pair[column] for pair in pairs], ROWS):
            yield Text(kind, column, "news", text)
    for mark, language in (("ES", "spa"), ("PT", "por")):
        rows = [columns[1].strip('"') for columns in tsv(data, f"unclear/regional/dsl_tl/{mark}_train.tsv.xz")]
        for text in joined(rows, ROWS):
            yield Text(f"news sentences, {language}", language, "news", text)

    for row in jsonl(data, "literature/alto_pages/page_text.jsonl.xz"):
        yield Text("digitised newspaper pages", "spa", "news", row["lines"])
    for raw, language in latin_american(data):
        text = careful(raw, {}).text
        if text:
            yield Text("news pages", language, "news", text)


def tsv(data: Path, path: str) -> list[list[str]]:
    """The rows of a table under the data folder, its header left out where it has one."""
    with lzma.open(data / path, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return rows[1:] if rows[0][:2] == ["part", "text"] else rows


def _indigenous(data: Path) -> Iterator[Text]:
    for (language, _), rows in articles(data, "indigenous/udhr/udhr_latam.jsonl.xz").items():
        kind = "declaration of human rights" if language in ("spa", "por") else "declaration, languages of the Americas"
        yield Text(kind, language, "legal", "\n".join(rows))
    for code, genre in _TREEBANKS.items():
        rows = [row["text"] for row in jsonl(data, f"indigenous/ud_treebanks/{code}.jsonl.xz")]
        for text in joined(rows, ROWS):
            yield Text(f"treebank, {code[:3]}", code[:3], genre, text)
    for code, documents in americas_nlp(data):
        for text in documents[:DOCUMENTS]:
            yield Text(f"AmericasNLP, {code}", AMERICAS.get(code, code), "web", text)


def americas_nlp(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Each language of AmericasNLP and its sentences, fifteen a document."""
    for path in sorted((data / "unclear/indigenous/americasnlp").glob("*.tsv.xz")):
        rows = [columns[1] for columns in tsv(data, str(path.relative_to(data))) if columns[0] != "dict"]
        yield path.name.partition(".")[0], joined(rows, ROWS)
