"""Texts whose language is known: kept-out declarations, sources never trained on, neighbours, streams of documents."""

from __future__ import annotations

import gzip
import json
import lzma
from collections import defaultdict
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import groups, known_code
from latam_corpus.lab.language.texts import is_held_out, is_untranslated

from ..texts import NOVELS, collections, jsonl, recombined
from .pages import STORIES, html_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from .windows import Window

DECLARATIONS: Final = "UDHR, kept out, two paragraphs"
NEIGHBOURS: Final = ("spa", "por", "glg", "cat", "ita", "pap", "fra", "ron", "eus", "eng")
LENGTHS: Final = (30, 8)
_AMERICAS: Final = {
    "aym": "aym",
    "bzd": "bzd",
    "cni": "awd",
    "czn": "omq",
    "gn": "grn",
    "hch": "hch",
    "nah": "nah",
    "oto": "oto",
    "quy": "que",
    "shp": "shp",
    "tar": "tar",
}
# Nine sentences in ten of these are trained on.
_TREEBANKS: Final = ("quc", "azz", "gub", "bor", "apu")
_PAPIAMENTO: Final = "unclear/news/trafilatura_latam/html/24ora.com-internationalschol.html.gz"
_DOCUMENT: Final = 700  # words


@dataclass(frozen=True)
class Sample:
    """A text with its set, and its language or group of languages."""

    kind: str
    language: str
    text: str


def declarations(data: Path, paragraphs: int = 2, *, trained_on: bool = False) -> list[Sample]:
    """Return documents of a few paragraphs of the UDHR in languages of the Americas.

    Args:
        data: the folder of the public texts.
        paragraphs: number of paragraphs per document.
        trained_on: use all paragraphs, not only the tenth that no model of ours is trained on.
    """
    by_code: dict[str, list[str]] = defaultdict(list)
    for row in jsonl(data, "indigenous/udhr/udhr_latam.jsonl.xz"):
        if trained_on or is_held_out(row["text"]):
            by_code[row["iso639_3"]].append(row["text"])
    of = groups().of
    return [
        Sample(DECLARATIONS, of.get(code, code), text)
        for code, result in by_code.items()
        for text in _together(result, paragraphs, "\n")
    ]


def unseen(data: Path) -> list[Sample]:
    """Return documents of five sentences or ten turns that no model of ours is trained on.

    No text of AmericasNLP, the conversations and the Mbyá Guaraní treebank is; of the other treebanks nine in ten are.
    """
    created: list[Sample] = []
    for name, group in _AMERICAS.items():
        path = data / f"unclear/indigenous/americasnlp/{name}.tsv.xz"
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            results = [line.split("\t")[1] for line in lines if line.startswith("dev\t")]
        created += [Sample(f"AmericasNLP dev, five sentences, {name}", group, t) for t in _together(results, 5)]
    turns = [row["arn"] for row in jsonl(data, "oral_history/mapudungun_nc/turns_clean.jsonl.xz")]
    created += [Sample("Mapudungun conversations, ten turns", "arn", text) for text in _together(turns, 10)]
    sentences = [row["text"] for row in jsonl(data, "indigenous/ud_treebanks/gun_nc.jsonl.xz")]
    created += [Sample("Mbyá Guaraní treebank, five sentences", "grn", text) for text in _together(sentences, 5)]
    of = groups().of
    for code in _TREEBANKS:
        results = [row["text"] for row in jsonl(data, f"indigenous/ud_treebanks/{code}.jsonl.xz")]
        held_out = [text for text in results if is_held_out(text)]
        created += [
            Sample(f"treebank, tenth kept out, five sentences, {code}", of[code], t) for t in _together(held_out, 5)
        ]
    return created


def neighbours(data: Path, windows: Iterable[Window], limit: int) -> list[Sample]:
    """Return stretches of thirty and of eight words in Spanish, Portuguese and similar languages, never trained on.

    Those of stories are sets of their own; none of them is from help pages or a manual.

    Args:
        data: the folder of the public texts; Papiamento has kept-out paragraphs of the UDHR and one page of news.
        windows: clean windows.
        limit: maximum number of stretches of each set per language.
    """
    held: dict[str, list[str]] = defaultdict(list)
    stories: dict[str, list[str]] = defaultdict(list)
    for window in windows:
        code = window.language
        plain = not window.seen and not is_untranslated(code, window.text)
        if code in NEIGHBOURS and plain and len(window.text.split()) > LENGTHS[1]:
            (stories if window.source == STORIES else held)[code].append(window.text)
    for row in jsonl(data, "indigenous/udhr/udhr_latam.jsonl.xz"):
        if row["iso639_3"] == "pap" and is_held_out(row["text"]):
            held["pap"].append(row["text"])
    page = gzip.decompress((data / _PAPIAMENTO).read_bytes())
    held["pap"] += [text for text in html_blocks(page) if len(text.split()) > LENGTHS[1]]
    created = []
    for kind, result in (("", held), ("stories, ", stories)):
        for code in NEIGHBOURS:
            texts = _spread(result[code], limit)
            longer = texts if code != "pap" else [text for text in texts if len(text.split()) >= LENGTHS[0]]
            created += [Sample(f"{kind}{LENGTHS[0]} words", code, text) for text in longer]
            created += [
                Sample(f"{kind}{LENGTHS[1]} words", code, " ".join(text.split()[: LENGTHS[1]])) for text in texts
            ]
    return created


def everyday(data: Path) -> list[Sample]:
    """Sayings and news sentences in Spanish and Portuguese, never trained on."""
    created = []
    for row in jsonl(data, "lyrics/fortunes_sayings/fortunes.jsonl.xz"):
        code = known_code(row["lang"].split("-")[0])
        length = "100 characters and more" if len(row["text"]) >= 100 else "under 100 characters"
        created.append(Sample(f"sayings of {length}", code or "und", row["text"]))
    for language, code in (("ES", "spa"), ("PT", "por")):
        with lzma.open(data / f"unclear/regional/dsl_tl/{language}_train.tsv.xz", "rt", encoding="utf-8") as lines:
            created += [Sample("news sentences", code, line.split("\t")[1]) for line in lines]
    return created


def mostly_spanish(data: Path, number: int) -> list[str]:
    """Documents of 700 words, 95 in 100 of them in Spanish or Portuguese, the others in languages of the Americas."""
    ours = recombined(collections(data, NOVELS), number - number // 20, _DOCUMENT)
    american_texts = iter(american(data, number // 20))
    return [next(american_texts) if place % 20 == 19 else next(ours) for place in range(number)]


def american(data: Path, number: int) -> list[str]:
    """Documents of 700 words in Aymara, Guaraní, K'iche', Nahuatl, Quechua, Shipibo and Rarámuri in turn."""
    streams: list[Iterator[str]] = [
        _documents(row["aym"] for row in jsonl(data, "indigenous/aymara_globalvoices/aym_spa.jsonl.xz")),
        _documents(row["text"] for row in jsonl(data, "indigenous/ud_treebanks/quc.jsonl.xz")),
    ]
    for name in ("gn", "nah", "quy", "shp", "tar"):
        path = data / f"unclear/indigenous/americasnlp/{name}.tsv.xz"
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            streams.append(_documents([line.split("\t")[1] for line in lines][1:]))
    return [next(streams[place % len(streams)]) for place in range(number)]


def write(path: Path, texts: Iterable[str]) -> None:
    """Write a JSON string a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)


def _documents(sentences: Iterable[str]) -> Iterator[str]:
    """Sentences in order, again from the first after the last, in documents of 700 words."""
    held: list[str] = []
    count = 0
    for sentence in cycle(sentences):
        held.append(sentence)
        count += len(sentence.split())
        if count >= _DOCUMENT:
            yield "\n".join(held)
            held, count = [], 0


def _together(texts: Sequence[str], number: int, between: str = " ") -> Iterator[str]:
    remaining = iter(texts)
    while held := list(islice(remaining, number)):
        yield between.join(held)


def _spread(texts: Sequence[str], limit: int) -> list[str]:
    """Return at most this many of the texts, evenly spread.

    >>> _spread(["uno", "dos", "tres", "cuatro"], 2)
    ['uno', 'tres']
    """
    return [texts[place * len(texts) // limit] for place in range(limit)] if len(texts) > limit else list(texts)
