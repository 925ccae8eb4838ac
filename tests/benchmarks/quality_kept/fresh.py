"""Texts and junk that no bound was fitted to and no one read before they were judged: `quality_kept --fresh`.

Other books, other conversations, other pages, the rest of collections of which the usual material has the beginning,
and junk made of them by another seed. There is no unseen verse but pages of sayings, dealt anew.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.documents.plain import extract

from ..texts import jsonl
from .good import (
    AMERICAS,
    CHAPTERS,
    DOCUMENTS,
    ROWS,
    SAYINGS,
    TURNS,
    Text,
    americas_nlp,
    articles,
    chapters,
    joined,
    markup,
    novels,
    sayings,
    stretches,
    tsv,
)
from .junk import OTHERS, made, mixed, scripts_as_texts
from .pages import boilerplate, latin_pages, other_pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED: Final = 48_611
_MOST: Final = 200  # documents of one AmericasNLP language, one film or one label
_SHORT: Final = 25  # lines of a piece of a page's menus
_SPOKEN: Final = re.compile(r"^([MC]): ?(.*)$", re.MULTILINE)
_LABELS: Final = 150  # languages under a wrong label
_WORLD: Final = "indigenous/udhr/udhr_world.jsonl.xz"
# Languages beside Spanish and Portuguese, which language identification tells, where it can.
_CLOSE: Final = frozenset(
    {"ast", "cos", "cri", "frp", "fur", "glg", "kea", "lad", "lij", "lld", "mwl", "oci", "pov", "vec"}
)


def fresh_good(data: Path) -> Iterator[Text]:
    """Yield good texts that have no part in `good`.

    Raises:
        ConfigError: a file isn't there.
    """
    yield from _literature(data)
    yield from _talk(data)
    yield from _short_texts(data)
    yield from _declarations(data)
    yield from _americas(data)


def fresh_junk(data: Path) -> Iterator[Text]:
    """Yield junk as in `junk`, from other texts and with another seed.

    Raises:
        ConfigError: a file isn't there.
    """
    prose = _prose(data)
    yield from made(prose, SEED)
    for pages, kind, lines in (
        (other_pages(data), "navigation and cookies, other pages", 60),
        (latin_pages(data), "navigation and cookies, cut after 25 lines", _SHORT),
    ):
        for language, text in boilerplate(pages, lines):
            yield Text(kind, language, "news", text)
    yield from scripts_as_texts(other_pages(data))
    for language, other_language in (("spa", "por"), ("por", "spa")):
        for text in prose[other_language]:
            name = "Portuguese" if other_language == "por" else "Spanish"
            yield Text(f"{name} under the other's label", language, "news", text)
    yield from _mislabelled(data)


def other_stretches(text: str) -> list[str]:
    """Return stretches of a novel that `chapters` doesn't take."""
    taken = set(chapters(text))
    unused = [stretch for stretch in stretches(text) if stretch not in taken]
    return unused[:: max(1, len(unused) // CHAPTERS)][:CHAPTERS]


def _novels(data: Path, language: str) -> Iterator[str]:
    for novel in novels(data, language):
        yield from other_stretches(novel)


def books(data: Path) -> Iterator[tuple[str, str]]:
    """Yield language and text of stretches of the books of Project Gutenberg."""
    for path in sorted((data / "literature/gutenberg_latam").glob("*/*.txt")):
        results = extract(path.read_bytes(), {})
        language = {"Portuguese": "por", "por": "por", "pt": "por"}.get(str(results.declared_language), "spa")
        for stretch in stretches(results.text or ""):
            yield language, stretch


def _literature(data: Path) -> Iterator[Text]:
    for language in ("spa", "por"):
        for text in _novels(data, language):
            yield Text(f"other chapters of the novels, {language}", language, "literature", text)
    for language, text in books(data):
        yield Text(f"chapters of other books, {language}", language, "literature", text)


def _talk(data: Path) -> Iterator[Text]:
    remove = markup()
    folder = data / "oral_history/mapudungun_nc"
    known_ids = {row["conv"] for row in jsonl(data, "oral_history/mapudungun_nc/turns_clean.jsonl.xz")}
    for path in sorted(folder.glob("raw/TRANSLATION/*.txt")):
        if path.stem in known_ids:
            continue
        lines_by_speaker: dict[str, list[str]] = {"M": [], "C": []}
        for tongue, line in _SPOKEN.findall(path.read_text("latin-1").replace("\r", "")):
            lines_by_speaker[tongue].append(remove.sub("", line).strip())
        for tongue, language, kind in (("C", "spa", "Spanish"), ("M", "arn", "Mapudungun")):
            for text in joined([line for line in lines_by_speaker[tongue] if line], TURNS):
                yield Text(f"other interviews, {kind}", language, "oral_history", text)
    for row in jsonl(data, "unclear/regional/activ_es/films.jsonl.xz"):
        # The corpus has a space before each sign.
        for text in stretches("\n".join(re.split(r"(?<=[.?!]) ", re.sub(r" ([,.;:?!])", r"\1", row["text"]))))[:3]:
            yield Text("dialogue of films", "spa", "oral_history", text)


def _short_texts(data: Path) -> Iterator[Text]:
    for text in joined([row["text"] for row in jsonl(data, "regional/bosque_pt_variety/sentences.jsonl.xz")], ROWS):
        yield Text("other news sentences, por", "por", "news", text)
    for language, rows in sayings(data).items():
        random.Random(SEED).shuffle(rows)
        for text in joined(rows, SAYINGS):
            yield Text(f"sayings dealt anew, {language}", language, "lyrics", text)
    help_lines: dict[str, list[str]] = {"spa": [], "por": []}
    for code, text in tsv(data, "lid/train_real.tsv.xz"):
        if code in help_lines:
            help_lines[code].append(text)
    for language, rows in help_lines.items():
        for text in joined(rows, ROWS)[:_MOST]:
            yield Text(f"lines of help pages, {language}", language, "reference", text)


def _declarations(data: Path) -> Iterator[Text]:
    for (language, _), rows in articles(data, _WORLD).items():
        yield Text("declaration, languages of the world", language, "legal", "\n".join(rows))


def _americas(data: Path) -> Iterator[Text]:
    for code, documents in americas_nlp(data):
        for text in documents[DOCUMENTS : DOCUMENTS + _MOST]:
            yield Text(f"AmericasNLP, the rest, {code}", AMERICAS.get(code, code), "web", text)
    prompts: dict[str, list[str]] = defaultdict(list)
    for row in jsonl(data, "indigenous/common_voice_samples/samples.jsonl.xz"):
        prompts[row["lang"]].append(row["text"])
    for code, rows in prompts.items():
        yield Text("sentences read aloud, 20 languages", AMERICAS.get(code, code), "web", "\n".join(rows))


def _prose(data: Path) -> dict[str, list[str]]:
    from_books: dict[str, list[str]] = {"spa": [], "por": []}
    for language, text in books(data):
        from_books[language].append(text)
    news = joined([row["text"] for row in jsonl(data, "regional/bosque_pt_variety/sentences.jsonl.xz")], ROWS)
    return {
        "spa": mixed(from_books["spa"], list(_novels(data, "spa")))[:_MOST],
        "por": [*mixed(news, list(_novels(data, "por"))), *from_books["por"]][:_MOST],
    }


def _mislabelled(data: Path) -> Iterator[Text]:
    """Yield the declaration in languages that the usual junk lacks, under a Spanish or Portuguese label."""
    used = {*OTHERS, "spa", "por"}
    results = [(language, rows) for (language, _), rows in articles(data, _WORLD).items() if language not in used]
    random.Random(SEED).shuffle(results)
    for number, (language, rows) in enumerate(results[:_LABELS]):
        kind = "close languages under a wrong label" if language in _CLOSE else "other languages under a wrong label"
        yield Text(kind, ("spa", "por")[number % 2], "news", "\n".join(rows[:15]))
