"""Pages with gold: snippets that must and must not stand in the text, or a whole text; and how near a text comes."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Second-level names under which a country registers hosts.
_SECOND: Final = frozenset({"ac", "co", "com", "edu", "gob", "gov", "gub", "net", "org", "or"})

_WORD: Final = re.compile(r"\w+")
_RUN: Final = 4


@dataclass(frozen=True)
class Page:
    """A page, where it is from, and what its text is known to hold.

    Attributes:
        name: the file's.
        url: its address.
        raw: its bytes.
        sets: T snippets, L Latin American (snippets too), S whole texts, E whole texts in Spanish.
        wanted: snippets that must stand in the text.
        unwanted: snippets that must not.
        gold: the whole text; empty where only snippets are known.
    """

    name: str
    url: str
    raw: bytes
    sets: str
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    gold: str = ""

    @property
    def site(self) -> str:
        """The registered name of its host, by which folds are cut."""
        parts = (urlsplit(self.url).hostname or self.name).removeprefix("www.").split(".")
        label_count = 3 if _SECOND.intersection(parts[-2:-1]) else 2
        return ".".join(parts[-label_count:])


def read(data: Path) -> list[Page]:
    """All pages below the folder of real texts, those of T first, without pages that no gold speaks of."""
    news = data / "unclear" / "news"
    return [*_snippets(news), *_latin_american(news), *_whole(news), *_spanish(news)]


def counted(page: Page, text: str) -> tuple[float, float, float]:
    """Count the true positives, false positives and false negatives of one page.

    For snippets as trafilatura's evaluation counts them (white space folded on both sides); for a whole text as the
    article extraction benchmark does: runs of four words, as shares of all, so that a long text weighs no more.
    """
    if page.gold:
        true, counted_runs = _runs(page.gold), _runs(text)
        shared = (true & counted_runs).total()
        hits = (shared, counted_runs.total() - shared, true.total() - shared)
        return tuple(hit / max(1, sum(hits)) for hit in hits)  # type: ignore[return-value]
    folded = " ".join(text.split())
    wanted = sum(" ".join(snippet.split()) in folded for snippet in page.wanted)
    return wanted, sum(" ".join(snippet.split()) in folded for snippet in page.unwanted), len(page.wanted) - wanted


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    if len(words) < _RUN:
        return Counter([tuple(words)] if words else [])
    return Counter(zip(*(words[offset:] for offset in range(_RUN)), strict=False))


def _snippets(news: Path) -> Iterator[Page]:
    folder = news / "trafilatura_eval"
    with tarfile.open(folder / "pages.tar.xz") as packed:
        held = {member.name: packed.extractfile(member) for member in packed if member.isfile()}
        raws = {name: file.read() for name, file in held.items() if file}
    for gold in _lines(folder / "gold.jsonl"):
        if gold["file"] in raws:
            yield _with_snippets(gold, raws[gold["file"]], "T")


def _latin_american(news: Path) -> Iterator[Page]:
    folder = news / "trafilatura_latam"
    for gold in _lines(folder / "gold.jsonl"):
        yield _with_snippets(gold, gzip.decompress((folder / gold["file"]).read_bytes()), "TL")


def _with_snippets(gold: dict[str, Any], raw: bytes, sets: str) -> Page:
    return Page(gold["file"], gold["url"], raw, sets, tuple(gold["gold_with"] or ()), tuple(gold["gold_without"] or ()))


def _whole(news: Path) -> Iterator[Page]:
    folder = news / "scrapinghub_benchmark"
    for gold in _lines(folder / "gold.jsonl"):
        raw = gzip.decompress((folder / gold["file"]).read_bytes())
        yield Page(gold["file"], gold["url"], raw, "S", gold=gold["gold_text"])


def _spanish(news: Path) -> Iterator[Page]:
    for folder in (news / "fundus_es" / "es", news / "fundus_es" / "mx"):
        about = json.loads((folder / "meta.info").read_text())
        for file in sorted(folder.glob("*.html.gz")):
            raw = gzip.decompress(file.read_bytes())
            versions = json.loads((folder / f"{file.name.split('_')[0]}.json").read_text()).values()
            golds = [_fundus(version["body"]) for version in versions]
            page = raw.decode("utf-8", "replace")
            gold = max(golds, key=lambda text: sum(line[:40] in page for line in text.split("\n")))
            yield Page(file.name, about[file.name]["url"], raw, "E", gold=gold)
    newspaper = news / "newspaper4k"
    raw, gold = (newspaper / "spanish_article.html").read_bytes(), (newspaper / "spanish_article.txt").read_text()
    yield Page("spanish_article.html", "", raw, "E", gold=gold)


def _fundus(body: dict[str, Any]) -> str:
    lines = list(body["summary"])
    for section in body["sections"]:
        lines += [*section["headline"], *section["paragraphs"]]
    return "\n".join(lines)


def _lines(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        return list(map(json.loads, lines))
