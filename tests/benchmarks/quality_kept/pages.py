"""Yield the boilerplate of news pages: menus, footers, notices, scripts."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from typing import TYPE_CHECKING, Any, Final

from lxml import html

from latam_corpus.extract.charset import decode
from latam_corpus.language.judge import judge
from latam_corpus.language.model import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_BESIDE: Final = re.compile(
    r"cookie|consent|newsletter|menu|nav|footer|sidebar|related|share|social|breadcrumb|widget", re.IGNORECASE
)
_TAGS: Final = frozenset({"nav", "footer", "header", "aside", "form"})
_LEAST: Final = 15  # words
_SCRIPT: Final = 3000  # characters
_SCRIPTS: Final = 200  # of each kind


def latin_american(data: Path) -> Iterator[tuple[bytes, str]]:
    """The news pages of Latin America, and the language of each."""
    folder = data / "unclear/news/trafilatura_latam"
    codes = {"es": "spa", "pt": "por", "pt-BR": "por"}
    for line in (folder / "gold.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        yield gzip.decompress((folder / row["file"]).read_bytes()), codes.get(row["lang"], row["lang"])


def boilerplate(pages: Iterable[str], size: int = 60) -> Iterator[tuple[str, str]]:
    """Yield language and text of the boilerplate around articles, if it is in Spanish or Portuguese.

    Args:
        pages: HTML.
        size: lines of one document.
    """
    results = []
    for page in pages:
        lines = _beside(page)
        results += ["\n".join(lines[i : i + size]) for i in range(0, len(lines), size)]
    results = [text for text in dict.fromkeys(results) if len(text.split()) >= _LEAST]
    for text, report in zip(results, judge(load(), results), strict=True):
        # A menu of which no language can be told is of a page in Spanish most of the time; so what is asked of the
        # rules doesn't hang on how sure the model is of it.
        if report.language[:3] in ("spa", "por", "und"):
            yield "por" if report.language[:3] == "por" else "spa", text


def scripts(pages: Iterable[str]) -> Iterator[tuple[str, str]]:
    """`code` or `JSON`, and 3,000 characters of a page's script."""
    results: dict[str, list[str]] = {"code": [], "JSON": []}
    for page in pages:
        for kind, body in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL | re.IGNORECASE):
            name = "JSON" if "json" in kind else "code"
            if len(body) >= 500 and len(results[name]) < _SCRIPTS:
                results[name].append(body.strip()[:_SCRIPT])
    for kind, bodies in results.items():
        yield from ((kind, body) for body in dict.fromkeys(bodies))


def latin_pages(data: Path) -> Iterator[str]:
    """The pages of Latin America, and others that say that they are in Spanish or Portuguese."""
    folder = data / "unclear/news"
    for path in sorted([*folder.glob("trafilatura_latam/html/*.gz"), *folder.glob("fundus_es/es/*.gz")]):
        yield decode(gzip.decompress(path.read_bytes()), None)[0]
    for raw, latin in _of_the_world(data):
        if latin:
            yield decode(raw, None)[0]


def other_pages(data: Path) -> Iterator[str]:
    """All other pages, in whatever language."""
    folder = data / "unclear/news"
    for path in sorted([*folder.glob("fundus_es/mx/*.gz"), *folder.glob("scrapinghub_benchmark/html/*.gz")]):
        yield decode(gzip.decompress(path.read_bytes()), None)[0]
    for path in sorted(folder.glob("newspaper4k/*.html")):
        yield decode(path.read_bytes(), None)[0]
    for raw, latin in _of_the_world(data):
        if not latin:
            yield decode(raw, None)[0]


def _of_the_world(data: Path) -> Iterator[tuple[bytes, bool]]:
    """The pages of many languages, and whether one says that it is in Spanish or Portuguese."""
    with tarfile.open(data / "unclear/news/trafilatura_eval/pages.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            raw = file.read() if file else b""
            yield raw, bool(re.search(rb"<html[^>]{0,300}lang=.?(es|pt)\b", raw[:3000], re.IGNORECASE))


def _beside(page: str) -> list[str]:
    """The lines of the page's menus, footers and notices, in order."""
    try:
        # Typed as plain elements; lxml.html gives its own.
        tree: Any = html.document_fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8"))
    except (ValueError, html.etree.ParserError):
        return []
    for element in tree.xpath("//script|//style|//noscript|//template"):
        element.drop_tree()
    lines: list[str] = []
    seen = set()
    half = len(tree.text_content()) / 2
    for element in tree.iter():
        if not isinstance(element.tag, str) or any(parent in seen for parent in element.iterancestors()):
            continue
        named = f"{element.get('class') or ''} {element.get('id') or ''}"
        # What holds most of the page wraps the article, whatever it is called.
        if (element.tag in _TAGS or (element.tag in ("div", "ul", "section") and _BESIDE.search(named))) and len(
            element.text_content()
        ) < half:
            seen.add(element)
            lines += _lines(element)
    return lines


def _lines(element: Any) -> list[str]:
    for inline in element.xpath(".//b|.//i|.//em|.//strong|.//span|.//a[ancestor::p]|.//font|.//u"):
        inline.drop_tag()
    lines = (" ".join(text.split()) for text in element.itertext())
    return [line for line in lines if line]
