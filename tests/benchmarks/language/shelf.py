"""The texts under `--data` that are in languages from elsewhere than the Americas, as passages."""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import UNDETERMINED, groups, known_code
from latam_corpus.lab.language.texts import Texts, rows

from ..texts import jsonl
from .pages import Passage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BOOKS: Final = {
    "14329": "spa",
    "14765": "spa",
    "21282": "spa",
    "33267": "spa",
    "45945": "spa",
    "54829": "por",
    "55752": "por",
}
# Source, language (empty where a row says it), file, the field of the text.
_FILES: Final = (
    ("novels", "spa", "literature/conha19/novels.jsonl.xz", "text"),
    ("novels", "por", "literature/eltec_por/novels.jsonl.xz", "text"),
    ("sonnets and tangos", "spa", "lyrics/disco_sonnets/sonnets.jsonl.xz", "text"),
    ("sonnets and tangos", "spa", "lyrics/tango_pd/lyrics.jsonl.xz", "text"),
    ("films", "spa", "unclear/regional/activ_es/films.jsonl.xz", "text"),
    ("newspapers and books of 1816 to 1879", "spa", "literature/alto_pages/page_text.jsonl.xz", "lines"),
    ("sayings", "", "lyrics/fortunes_sayings/fortunes.jsonl.xz", "text"),
)
_TOGETHER: Final = {
    "New Testament of 1909": "literature/reina_valera_1909_nt/verses.jsonl.xz",
    "interviews": "oral_history/coser_ud/turns.jsonl.xz",
}
_SAYINGS: Final = {"es": "spa", "pt-BR": "por"}


def shelf(data: Path) -> Iterator[Passage]:
    """Novels, books, verse, films, interviews, old newspapers, sayings, news, and the UDHR of the world, in order."""
    for source, code, name, field in _FILES:
        for row in jsonl(data, name):
            yield Passage(source, code or _SAYINGS[row["lang"]], row[field])
    for number, code in _BOOKS.items():
        for path in sorted((data / f"literature/gutenberg_latam/{number}").glob("*.txt")):
            for _, text in rows(Texts(path, code)):
                yield Passage("other books", code, text)
    # Verses and turns are too short for a window, so that a file's are taken together.
    for source, name in _TOGETHER.items():
        yield Passage(source, "spa", "\n".join(row["text"] for row in jsonl(data, name)))
    for language, code in (("ES", "spa"), ("PT", "por")):
        with lzma.open(data / f"unclear/regional/dsl_tl/{language}_train.tsv.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                yield Passage("news", code, line.split("\t")[1])
    yield from _declarations(data)


def _declarations(data: Path) -> Iterator[Passage]:
    """The UDHR of each language of elsewhere, its paragraphs in order."""
    held: dict[str, list[str]] = {}
    for row in jsonl(data, "indigenous/udhr/udhr_world.jsonl.xz"):
        code = known_code(row["iso639_3"])
        if code and code != UNDETERMINED and code not in groups().of:
            held.setdefault(code, []).append(row["text"])
    for code, texts in held.items():
        yield Passage("UDHR of the world", code, "\n".join(texts))
