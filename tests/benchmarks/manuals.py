"""`manuals`: the paragraphs of Debian's manuals in Spanish and Portuguese that extractors lose, by source and by kind.

Two halves of the sources: what decides how much text is taken was chosen on `tuned` alone.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from lxml import html

from latam_corpus.errors import ConfigError
from latam_corpus.extract.html import balanced, choose_text
from latam_corpus.extract.page_blocks import markup_of, read_page
from latam_corpus.lab.layout.gold_pages import counted
from latam_corpus.lab.layout.shelves import Shelf
from latam_corpus.text.xml_tree import words

from .extraction.score import scores
from .machine import Report, Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

# Source: the half that it belongs to, and its pages below the root, as Debian's packages install them.
SOURCES: Final = {
    "debian-reference": ("tuned", "doc/debian-reference-common/docs/*.es.html"),
    "debian-reference pt": ("tuned", "doc/debian-reference-common/docs/*.pt*.html"),
    "debian-handbook": ("tuned", "doc/debian-handbook/html/es-ES/*.html"),
    "debian-handbook pt": ("tuned", "doc/debian-handbook/html/pt-BR/*.html"),
    "fisicalab": ("tuned", "doc/fisicalab.app-doc-es/html/*.html"),
    "gimp-help": ("tuned", "gimp/3.0/help/es/*.html"),
    "gimp-help pt": ("tuned", "gimp/3.0/help/pt_BR/*.html"),
    "ubuntu-packaging-guide": ("tuned", "doc/ubuntu-packaging-guide-html-es/*.html"),
    "maint-guide": ("tuned", "doc/maint-guide-es/html/*.html"),
    "installation-guide": ("held out", "doc/installation-guide-amd64/es/*.html"),
    "installation-guide pt": ("held out", "doc/installation-guide-amd64/pt/*.html"),
    "aptitude": ("tuned", "doc/aptitude/html/es/*.html"),
    "lilypond": ("held out", "doc/lilypond/html/Documentation/*/*.es.html"),
    "debian-faq pt": ("held out", "doc/debian/FAQ/pt/*.html"),
    "debian-edu": ("held out", "doc/debian-edu-doc-*/*.html"),
    "linuxcnc": ("held out", "doc/linuxcnc/*_es.html"),
    "kicad": ("held out", "doc/kicad/help/es/*.html"),
    "freedombox": ("held out", "freedombox/manual/es/*.html"),
    "debiandoc-sgml pt": ("held out", "doc/debiandoc-sgml-doc-pt-br/*/*.html"),
    "gutenberg": ("held out", "literature/gutenberg_latam/*/*.htm"),  # below the folder of public texts
}
# Those that are no manuals; FreedomBox's is written in Debian's wiki.
OTHER_KINDS: Final = {"fisicalab": "course", "freedombox": "wiki", "gutenberg": "edition"}
# What the address of a page with gold says of its kind.
ADDRESSES: Final = {
    "forum": re.compile(r"//[^/]*\b(?:forum|foren|foro)|/forums?/|viewtopic"),
    "blog": re.compile(r"//[^/]*(?:blog|wordpress|tumblr)|/blog/"),
    "wiki": re.compile(r"//[^/]*wiki"),
    "government": re.compile(r"//[^/]*(?:\.go[bv]\b|\.gub\b|\.bund\.de\b)"),
    "shop": re.compile(r"//(?:www\.)?(?:shop|tienda|loja)"),
}
HALVES: Final = ("tuned", "held out")
LEAST_WORDS: Final = 12
_MOST_PAGES: Final = 60
_BLOCKS: Final = frozenset({
    *("address", "article", "aside", "blockquote", "dd", "details", "div", "dl", "dt", "fieldset", "figure", "form"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tbody"),
    *("td", "th", "tr", "ul"),
})  # fmt: skip
_ASKED: Final = frozenset({"p", "li", "dd", "td", "blockquote", "div"})
_OUTSIDE: Final = frozenset({"nav", "head", "script", "style", "footer", "header", "form", "noscript", "template"})
# What the programs that write manuals call the parts around their text.
_AROUND: Final = re.compile(
    r"(?:^|[\s_-])(?:nav\w*|toc\w*|menu|sidebar\w*|sphinxsidebar\w*|related|footer|header|index|indexdiv|docnav|"
    r"breadcrumbs?|list-of-\w+|short-?contents|contents|toc_list|titlepage|revhistory|legalnotice|copyright\w*)(?:\s|$)"
)
_SHARE_IN_LINKS: Final = 0.5
_FOUND: Final = 0.8
_RUN: Final = 4
_WORD: Final = re.compile(r"\w+")
_RIVALS: Final = ("trafilatura", "trafilatura precision", "readability-lxml", "justext", "resiliparse")


class Kept(NamedTuple):
    """How many paragraphs of 12 words or more a page has, and how many of them a text lacks."""

    paragraphs: int
    lost: int


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--root", type=Path, default=Path("/usr/share"), help="where Debian's packages are unpacked")
    parser.add_argument("--rival-python", help="a Python with the rivals (lab/layout/other_extractors.py)")
    parser.add_argument("--keep", type=Path, help="a folder for the rivals' texts, taken from there for the same pages")


def paragraphs_of(markup: str) -> list[str]:
    """Return the paragraphs of 12 words or more that stand in a page's text: no link lists, menus, heads and feet.

    >>> paragraphs_of("<div class=toc><p>" + "uno dos tres " * 4 + "</div><dl><dd>" + "la barca salió " * 4 + "</dl>")
    ['la barca salió la barca salió la barca salió la barca salió']
    """
    root = html.document_fromstring(markup.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    found: list[str] = []
    for element in root.iter(*_ASKED):
        if any(child.tag in _BLOCKS for child in element.iterdescendants()) or _is_around(element):
            continue
        text = words(element)
        linked = sum(len(words(one)) for one in element.iter("a") if one.get("href"))
        if len(_WORD.findall(text)) >= LEAST_WORDS and linked < _SHARE_IN_LINKS * len(text):
            found.append(text)
    return list(dict.fromkeys(found))


def _is_around(element: html.HtmlElement) -> bool:
    return any(
        one.tag in _OUTSIDE or _AROUND.search((one.get("class") or "").lower())
        for one in (element, *element.iterancestors())
        if one.tag not in ("html", "body")  # whose class says where the page's contents stand
    )


def kept(paragraphs: Iterable[str], text: str) -> Kept:
    """Return how many paragraphs a text lacks: those of which it has fewer than four fifths of the runs of four words.

    >>> kept(["uno dos tres cuatro cinco", "la barca salió del puerto"], "Uno, dos, tres, cuatro, cinco.")
    Kept(paragraphs=2, lost=1)
    """
    runs = set(_runs(text))
    all_ = [_runs(one) for one in paragraphs]
    return Kept(len(all_), sum(sum(run in runs for run in one) < _FOUND * len(one) for one in all_))


def _runs(text: str) -> list[tuple[str, ...]]:
    found = _WORD.findall(text.lower())
    return [tuple(found[at : at + _RUN]) for at in range(len(found) - _RUN + 1)]


def pages_of(root: Path, source: str) -> list[Path]:
    """Return at most 60 pages of a source, evenly over its names."""
    paths = sorted(path for path in root.glob(SOURCES[source][1]) if path.is_file() and not path.is_symlink())
    step = max(1, -(-len(paths) // _MOST_PAGES))
    return paths[::step]


def measure(args: argparse.Namespace) -> Report:
    """The tables of one run over all pages.

    Raises:
        ConfigError: none of the packages is unpacked there.
    """
    pages = [(source, path) for root in (args.root, args.data) for source in SOURCES for path in pages_of(root, source)]
    if not pages:
        raise ConfigError(
            str(args.root), "no manual of Debian's is there", "install debian-reference-es, or give --root"
        )
    shelf = Shelf([], [markup_of(path.read_bytes(), {}) for _, path in pages])
    if args.rival_python:
        shelf.ask(args.rival_python, _RIVALS, args.keep)
    found = [balanced(path.read_bytes(), {}) for _, path in pages]
    shelf.texts = {"balanced": [one.text for one in found], **shelf.texts}
    asked = [paragraphs_of(markup) for markup in shelf.markups]
    counts = {
        system: [kept(wanted, text) for wanted, text in zip(asked, texts, strict=True)]
        for system, texts in shelf.texts.items()
    }
    sources = [source for source, _ in pages]
    digest = hashlib.sha256("".join(shelf.markups).encode("utf-8", "replace")).hexdigest()
    return Report(
        "manuals",
        {"pages": digest},
        {"pages": len(pages), "versions": shelf.versions},
        (_by_source(sources, counts), _by_half(sources, counts), _by_kind(sources, counts), _by_address(args)),
        (
            "A paragraph is lost where a text has fewer than four fifths of its runs of four words.",
            "The pages with gold are those of the benchmark `extraction`, from which the layout was learnt.",
        ),
    )


def _by_source(sources: list[str], counts: dict[str, list[Kept]]) -> Table:
    rows = []
    for source in dict.fromkeys(sources):
        places = [place for place, one in enumerate(sources) if one == source]
        total = sum(counts["balanced"][place].paragraphs for place in places)
        lost = (str(sum(each[place].lost for place in places)) for each in counts.values())
        rows.append((source, SOURCES[source][0], len(places), total, *lost))
    heads = ("source", "half", "pages#", "paragraphs#", *(f"{system}#" for system in counts))
    return Table("paragraphs lost, by source", heads, tuple(rows))


def _by_half(sources: list[str], counts: dict[str, list[Kept]]) -> Table:
    rows = []
    for half in HALVES:
        places = [place for place, one in enumerate(sources) if SOURCES[one][0] == half]
        total = sum(counts["balanced"][place].paragraphs for place in places)
        for system, each in counts.items():
            lost = sum(each[place].lost for place in places)
            pages = sum(each[place].lost * 10 > each[place].paragraphs for place in places)
            rows.append((half, system, total, lost, f"{lost / max(1, total):.1%}", pages))
    heads = ("half", "system", "paragraphs#", "lost#", "share#", "pages that lose over a tenth#")
    return Table("paragraphs lost, by half of the sources", heads, tuple(rows))


def _by_kind(sources: list[str], counts: dict[str, list[Kept]]) -> Table:
    kinds = [OTHER_KINDS.get(source, "manual") for source in sources]
    rows = []
    for kind in dict.fromkeys(kinds):
        places = [place for place, one in enumerate(kinds) if one == kind]
        total = sum(counts["balanced"][place].paragraphs for place in places)
        lost = (f"{sum(each[place].lost for place in places) / max(1, total):.1%}" for each in counts.values())
        rows.append((kind, len(places), total, *lost))
    heads = ("kind", "pages#", "paragraphs#", *(f"{system}#" for system in counts))
    return Table("share of paragraphs lost, by kind of page", heads, tuple(rows))


def _by_address(args: argparse.Namespace) -> Table:
    """F1 of the pages with gold by the kind that their address tells; «news» are all others."""
    shelf = Shelf.of(args.data)
    if args.rival_python:
        shelf.ask(args.rival_python, _RIVALS, args.keep)
    ours = [choose_text(read_page(markup), markup).text for markup in shelf.markups]
    shelf.texts = {"balanced": ours, **shelf.texts}
    kinds = [_kind(page.url or "") for page in shelf.pages]
    rows = []
    for kind in (*ADDRESSES, "news"):
        places = [at for at, page in enumerate(shelf.pages) if kinds[at] == kind and "T" in page.sets]
        found = [
            scores(np.array([counted(shelf.pages[at], texts[at]) for at in places]), whole=False)[2]
            for texts in shelf.texts.values()
        ]
        rows.append((kind, len(places), *(f"{one:.3f}" for one in found)))
    return Table("F1 on pages with gold, by kind", ("kind", "pages#", *(f"{one}#" for one in shelf.texts)), tuple(rows))


def _kind(url: str) -> str:
    return next((kind for kind, address in ADDRESSES.items() if address.search(url)), "news")
