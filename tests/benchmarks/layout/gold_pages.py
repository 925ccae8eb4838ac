"""Web pages with gold (a whole text, or required and forbidden snippets), and counts of a text's errors."""

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

# Second-level domains below which hosts are registered in a country.
_SECOND: Final = frozenset({"ac", "co", "com", "edu", "gob", "gov", "gub", "net", "org", "or"})

_WORD: Final = re.compile(r"\w+")
_RUN: Final = 4


@dataclass(frozen=True)
class GoldPage:
    """A page with its gold.

    Attributes:
        sets: the letters of its sets: T for snippets, L for Latin America (with snippets), S for whole texts, E for
            whole texts in Spanish.
        required: snippets that must be in the text.
        forbidden: snippets that must not be in the text.
        gold: the whole text; empty if only snippets are known.
    """

    name: str
    url: str
    raw: bytes
    sets: str
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    gold: str = ""

    @property
    def site(self) -> str:
        """The registered domain of its host; all pages of a site are in the same fold."""
        parts = (urlsplit(self.url).hostname or self.name).removeprefix("www.").split(".")
        label_count = 3 if _SECOND.intersection(parts[-2:-1]) else 2
        return ".".join(parts[-label_count:])


def read(data: Path) -> list[GoldPage]:
    """Read all pages below the folder of real texts; pages of set T come first."""
    news = data / "unclear" / "news"
    return [*_snippets(news), *_latin_american(news), *_whole(news), *_spanish(news)]


def counted(page: GoldPage, text: str) -> tuple[float, float, float]:
    """Count the true positives, false positives and false negatives of one page.

    Snippets are counted as in trafilatura's evaluation, with white space folded in both texts. For a whole text, runs
    of four words are counted as in the article extraction benchmark; the counts are shares that add up to 1, so that a
    long text counts as much as a short one.
    """
    if page.gold:
        gold_runs, text_runs = _runs(page.gold), _runs(text)
        shared = (gold_runs & text_runs).total()
        counts = (shared, text_runs.total() - shared, gold_runs.total() - shared)
        return tuple(count / max(1, sum(counts)) for count in counts)  # type: ignore[return-value]
    folded = " ".join(text.split())
    hits = sum(" ".join(snippet.split()) in folded for snippet in page.required)
    errors = sum(" ".join(snippet.split()) in folded for snippet in page.forbidden)
    return hits, errors, len(page.required) - hits


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    if len(words) < _RUN:
        return Counter([tuple(words)] if words else [])
    return Counter(zip(*(words[offset:] for offset in range(_RUN)), strict=False))


def _snippets(news: Path) -> Iterator[GoldPage]:
    folder = news / "trafilatura_eval"
    with tarfile.open(folder / "pages.tar.xz") as packed:
        members = {member.name: packed.extractfile(member) for member in packed if member.isfile()}
        raws = {name: file.read() for name, file in members.items() if file}
    for gold in _lines(folder / "gold.jsonl"):
        if gold["file"] in raws:
            yield _with_snippets(gold, raws[gold["file"]], "T")


def _latin_american(news: Path) -> Iterator[GoldPage]:
    folder = news / "trafilatura_latam"
    for gold in _lines(folder / "gold.jsonl"):
        yield _with_snippets(gold, gzip.decompress((folder / gold["file"]).read_bytes()), "TL")


def _with_snippets(gold: dict[str, Any], raw: bytes, sets: str) -> GoldPage:
    return GoldPage(
        gold["file"], gold["url"], raw, sets, tuple(gold["gold_with"] or ()), tuple(gold["gold_without"] or ())
    )


def _whole(news: Path) -> Iterator[GoldPage]:
    folder = news / "scrapinghub_benchmark"
    for gold in _lines(folder / "gold.jsonl"):
        raw = gzip.decompress((folder / gold["file"]).read_bytes())
        yield GoldPage(gold["file"], gold["url"], raw, "S", gold=gold["gold_text"])


def _spanish(news: Path) -> Iterator[GoldPage]:
    for folder in (news / "fundus_es" / "es", news / "fundus_es" / "mx"):
        about = json.loads((folder / "meta.info").read_text())
        for file in sorted(folder.glob("*.html.gz")):
            raw = gzip.decompress(file.read_bytes())
            versions = json.loads((folder / f"{file.name.split('_')[0]}.json").read_text()).values()
            golds = [_fundus(version["body"]) for version in versions]
            page = raw.decode("utf-8", "replace")
            gold = max(golds, key=lambda text: sum(line[:40] in page for line in text.split("\n")))
            yield GoldPage(file.name, about[file.name]["url"], raw, "E", gold=gold)
    newspaper = news / "newspaper4k"
    raw, gold = (newspaper / "spanish_article.html").read_bytes(), (newspaper / "spanish_article.txt").read_text()
    yield GoldPage("spanish_article.html", "", raw, "E", gold=gold)


def _fundus(body: dict[str, Any]) -> str:
    lines = list(body["summary"])
    for section in body["sections"]:
        lines += [*section["headline"], *section["paragraphs"]]
    return "\n".join(lines)


def _lines(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        return list(map(json.loads, lines))
