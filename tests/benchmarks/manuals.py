"""`manuals`: the paragraphs that extractors lose and the boilerplate that they take, by source and by kind of page.

Manuals, a course and a wiki are packages of Debian, editions are from Project Gutenberg; pages of other kinds are
written for this benchmark (`written_pages`). Bounds were chosen on the half `tuned`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from lxml import html

from latam_corpus.errors import ConfigError
from latam_corpus.extract.web_pages.html import balanced, choose_text
from latam_corpus.extract.web_pages.page_blocks import markup_of, read_page
from latam_corpus.text.markup.xml_tree import words

from .extraction.score import scores
from .layout.gold_pages import counted
from .layout.shelves import Shelf
from .machine import Report, Table
from .written_pages import written_pages

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

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
    r"(?:^|\s)(?:nav\w*|toc\w*|menu|sphinxsidebar\w*|related|footer|header|index|indexdiv|docnav|"
    r"breadcrumbs?|list-of-\w+|short-?contents|contents|toc_list|revhistory|legalnotice|copyright\w*)(?:\s|$)"
)
_UNSEEN: Final = frozenset({"html", "body", "head", "script", "style", "noscript", "template"})
_SHARE_IN_LINKS: Final = 0.5
_LEAST_REPEATED: Final = 8
_FOUND: Final = 0.8
_RUN: Final = 4
_WORD: Final = re.compile(r"\w+")
_RIVALS: Final = ("trafilatura", "trafilatura precision", "readability-lxml", "justext", "resiliparse")


class Kept(NamedTuple):
    """Counts of a page.

    Attributes:
        paragraphs: its paragraphs.
        lost: those that the text lacks.
        runs: the text's runs of words.
        surplus: those that are boilerplate.
        hits: runs of words in its paragraphs that the text has.
        missed: those that it lacks.
    """

    paragraphs: int
    lost: int
    runs: int = 0
    surplus: int = 0
    hits: int = 0
    missed: int = 0


class Asked(NamedTuple):
    """A page: its origin, its paragraphs, the boilerplate around them, and the text outside the boilerplate."""

    source: str
    half: str
    kind: str
    markup: str
    paragraphs: Sequence[str]
    boilerplate: str
    body: str = ""


def options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--root", type=Path, default=Path("/usr/share"), help="where Debian's packages are unpacked")
    parser.add_argument("--rival-python", help="a Python with the rivals (tests/benchmarks/layout/other_extractors.py)")
    parser.add_argument("--keep", type=Path, help="a folder for the rivals' texts, taken from there for the same pages")


def paragraphs_of(markup: str) -> list[str]:
    """Return a page's paragraphs of at least 12 words, without link lists, menus, heads and feet.

    >>> paragraphs_of("<div class=toc><p>" + "uno dos tres " * 4 + "</div><dl><dd>" + "la barca salió " * 4 + "</dl>")
    ['la barca salió la barca salió la barca salió la barca salió']
    """
    results: list[str] = []
    for element in _leaves(_tree(markup), _ASKED):
        text = words(element)
        linked = sum(len(words(link)) for link in element.iter("a") if link.get("href"))
        if len(_WORD.findall(text)) >= LEAST_WORDS and linked < _SHARE_IN_LINKS * len(text):
            results.append(text)
    return list(dict.fromkeys(results))


def boilerplate_of(markup: str) -> str:
    """Return the words of menus, heads and feet, a line each.

    >>> boilerplate_of("<div class=navheader><p>Volver al índice</p></div><p>La barca salió.</p>")
    'Volver al índice'
    """
    around = (node for node in _tree(markup).iter() if isinstance(node.tag, str) and node.tag not in _UNSEEN)
    return "\n".join(words(node) for node in around if _is_around(node) and not _is_around(node.getparent()))


def body_of(markup: str) -> list[str]:
    """Return the text of the blocks outside menus, heads and feet; a list of contents repeats its headings.

    >>> body_of("<div class=toc><p>1. La barca</p></div><h2>1. La barca</h2><p>Salió.</p>")
    ['1. La barca', 'Salió.']
    """
    return [words(element) for element in _leaves(_tree(markup), _BLOCKS)]


def _leaves(tree: html.HtmlElement, tags: Iterable[str]) -> Iterator[html.HtmlElement]:
    """Yield the elements with these tags that contain no block and are outside menus, heads and feet."""
    for element in tree.iter(*tags):
        if not any(child.tag in _BLOCKS for child in element.iterdescendants()) and not _is_around(element):
            yield element


def repeated(pages: Sequence[Sequence[str]]) -> set[str]:
    """Return the paragraphs that at least half of a source's pages have, and at least eight of them.

    >>> repeated([["Avísenos", "Uno"], ["Avísenos", "Dos"], *[["Avísenos"]] * 6, ["Tres"]])
    {'Avísenos'}
    """
    counts = Counter(paragraph for page in pages for paragraph in page)
    return {paragraph for paragraph, count in counts.items() if count >= max(_LEAST_REPEATED, len(pages) / 2)}


def _tree(markup: str) -> html.HtmlElement:
    return html.document_fromstring(markup.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))


def _is_around(element: html.HtmlElement) -> bool:
    return any(
        node.tag in _OUTSIDE or _AROUND.search((node.get("class") or "").lower())
        for node in (element, *element.iterancestors())
        if node.tag not in ("html", "body")  # whose class says where the page's contents stand
    )


def kept(paragraphs: Iterable[str], text: str, boilerplate: str = "", body: str = "") -> Kept:
    """Count the paragraphs that a text lacks: those with fewer than four fifths of their 4-word runs in it.

    A run of a menu that the page's body has too, such as a heading in a list of contents, is boilerplate from the
    second time on.

    >>> kept(["uno dos tres cuatro cinco", "la barca salió del puerto"], "Uno, dos, tres, cuatro, cinco.")
    Kept(paragraphs=2, lost=1, runs=2, surplus=0, hits=2, missed=2)
    """
    taken = _runs(text)
    runs = set(taken)
    all_ = [_runs(paragraph) for paragraph in paragraphs]
    around = set(_runs(boilerplate)).difference(*all_)
    hits = [sum(run in runs for run in paragraph_runs) for paragraph_runs in all_]
    missed = sum(map(len, all_)) - sum(hits)
    lost = sum(found < _FOUND * len(paragraph_runs) for found, paragraph_runs in zip(hits, all_, strict=True))
    surplus = Counter(run for run in taken if run in around) - Counter(_runs(body))
    return Kept(len(all_), lost, len(taken), surplus.total(), sum(hits), missed)


def _runs(text: str) -> list[tuple[str, ...]]:
    results = _WORD.findall(text.lower())
    return [tuple(results[at : at + _RUN]) for at in range(len(results) - _RUN + 1)]


def pages_of(root: Path, source: str) -> list[Path]:
    """Return at most 60 pages of a source, spread evenly over its names."""
    paths = sorted(path for path in root.glob(SOURCES[source][1]) if path.is_file() and not path.is_symlink())
    step = max(1, -(-len(paths) // _MOST_PAGES))
    return paths[::step]


def measure(args: argparse.Namespace) -> Report:
    """Return the tables of one run over all pages.

    Raises:
        ConfigError: none of the packages is unpacked there.
    """
    pages = [*_real(args.root), *_real(args.data)]
    if not pages:
        raise ConfigError(
            str(args.root), "no manual of Debian's is there", "install debian-reference-es, or give --root"
        )
    pages += [
        Asked(
            f"{written_page.kind}, {written_page.software}, {written_page.group}",
            written_page.half,
            f"{written_page.kind}, {written_page.group}",
            written_page.markup,
            written_page.paragraphs,
            written_page.boilerplate,
        )
        for written_page in written_pages()
    ]
    shelf = Shelf([], [page.markup for page in pages])
    if args.rival_python:
        shelf.ask(args.rival_python, _RIVALS, args.keep)
    shelf.texts = {"balanced": [balanced(page.markup.encode(), {}).text for page in pages], **shelf.texts}
    counts = {
        system: [
            kept(page.paragraphs, text, page.boilerplate, page.body) for page, text in zip(pages, texts, strict=True)
        ]
        for system, texts in shelf.texts.items()
    }
    digest = hashlib.sha256("".join(shelf.markups).encode("utf-8", "replace")).hexdigest()
    return Report(
        "manuals",
        {"pages": digest},
        {"pages": len(pages), "versions": shelf.versions},
        (
            _by_source(pages, counts),
            _by_half(pages, counts),
            _by_kind("precision / recall / F1 of words, by kind", pages, counts, _words_scored),
            _means(pages, counts),
            _by_kind("share of paragraphs lost, by kind of page", pages, counts, _lost),
            _by_kind("pages that lose over a tenth, by kind", pages, counts, _bad_pages),
            _by_kind("share of the text that is boilerplate, by kind", pages, counts, _surplus),
            _by_address(args),
        ),
        (
            "A paragraph is lost where a text has fewer than four fifths of its runs of four words.",
            """Precision and recall count runs of four words, summed over the pages of a kind: hits and misses are in
paragraphs, false hits in boilerplate. Words in neither, such as headings and code, don't count.""",
            "jusText needs a paragraph of over 200 characters to begin with, which most written pages lack.",
            """A paragraph that at least half of a source's pages have is boilerplate; LilyPond's «We welcome your aid…»
counted as lost until 2026-12-01.""",
            """Boilerplate of real pages is what their templates mark as menus, heads and feet, of written ones all that
is there without title and paragraphs. Until 7f57a798, headings counted too if a list of contents repeats them.""",
            """Kinds marked as written are pages modelled on the markup of common software, with texts of this project.
Templates marked as blind have another author, who didn't know the extractor; those held out were first extracted at
305dca82.""",
            "The pages with gold are those of the benchmark `extraction`, from which the layout was learnt.",
        ),
    )


def _real(root: Path) -> list[Asked]:
    """Return the pages below a folder; what a source repeats from page to page is boilerplate."""
    results: list[Asked] = []
    for source, (half, _) in SOURCES.items():
        markups = [markup_of(path.read_bytes(), {}) for path in pages_of(root, source)]
        paragraphs = [paragraphs_of(markup) for markup in markups]
        repeats = repeated(paragraphs)
        for markup, all_ in zip(markups, paragraphs, strict=True):
            around = "\n".join((boilerplate_of(markup), *repeats))
            own = [paragraph for paragraph in all_ if paragraph not in repeats]
            body = "\n".join(line for line in body_of(markup) if line not in repeats)
            results.append(Asked(source, half, OTHER_KINDS.get(source, "manual"), markup, own, around, body))
    return results


def _by_source(pages: Sequence[Asked], counts: dict[str, list[Kept]]) -> Table:
    rows = []
    for source in dict.fromkeys(page.source for page in pages):
        places = [place for place, page in enumerate(pages) if page.source == source]
        total = sum(counts["balanced"][place].paragraphs for place in places)
        lost = (str(sum(each[place].lost for place in places)) for each in counts.values())
        rows.append((source, pages[places[0]].half, len(places), total, *lost))
    heads = ("source", "half", "pages#", "paragraphs#", *(f"{system}#" for system in counts))
    return Table("paragraphs lost, by source", heads, tuple(rows))


def _by_half(pages: Sequence[Asked], counts: dict[str, list[Kept]]) -> Table:
    rows = []
    for half in HALVES:
        places = [at for at, page in enumerate(pages) if page.half == half and ", written" not in page.kind]
        for system, each in counts.items():
            some = [each[place] for place in places]
            total, lost = (
                sum(page_counts.paragraphs for page_counts in some),
                sum(page_counts.lost for page_counts in some),
            )
            rows.append((half, system, total, lost, _lost(some), _bad_pages(some), _surplus(some)))
    heads = ("half", "system", "paragraphs#", "lost#", "share#", "pages that lose over a tenth#", "boilerplate#")
    return Table("real pages, by half of the sources", heads, tuple(rows))


def _by_kind(
    title: str, pages: Sequence[Asked], counts: dict[str, list[Kept]], value: Callable[[list[Kept]], str]
) -> Table:
    rows = []
    for kind, half in dict.fromkeys((page.kind, page.half) for page in pages):
        places = [place for place, page in enumerate(pages) if (page.kind, page.half) == (kind, half)]
        total = sum(counts["balanced"][place].paragraphs for place in places)
        values = (value([each[place] for place in places]) for each in counts.values())
        rows.append((kind, half, len(places), total, *values))
    heads = ("kind", "half", "pages#", "paragraphs#", *(f"{system}#" for system in counts))
    return Table(title, heads, tuple(rows))


def _means(pages: Sequence[Asked], counts: dict[str, list[Kept]]) -> Table:
    rows = []
    for half in HALVES:
        kinds = dict.fromkeys(page.kind for page in pages if page.half == half)
        places = [[at for at, page in enumerate(pages) if (page.kind, page.half) == (kind, half)] for kind in kinds]
        means = (
            sum(_scores_of_words([each[at] for at in some])[2] for some in places) / len(places)
            for each in counts.values()
        )
        rows.append((half, len(kinds), *(f"{mean:.3f}" for mean in means)))
    return Table(
        "F1 of words, mean of the kinds", ("half", "kinds#", *(f"{system}#" for system in counts)), tuple(rows)
    )


def _lost(counts: list[Kept]) -> str:
    return f"{sum(count.lost for count in counts) / max(1, sum(count.paragraphs for count in counts)):.1%}"


def _bad_pages(counts: list[Kept]) -> str:
    return str(sum(count.lost * 10 > count.paragraphs for count in counts))


def _scores_of_words(counts: list[Kept]) -> tuple[float, float, float]:
    triples = np.array([(count.hits, count.surplus, count.missed) for count in counts], np.float64)
    return scores(triples, whole=False)


def _words_scored(counts: list[Kept]) -> str:
    return " / ".join(f"{score:.3f}" for score in _scores_of_words(counts))


def _surplus(counts: list[Kept]) -> str:
    return f"{sum(count.surplus for count in counts) / max(1, sum(count.runs for count in counts)):.1%}"


def _by_address(args: argparse.Namespace) -> Table:
    """Return F1 of the pages with gold by the kind in their address; all others are «news»."""
    shelf = Shelf.of(args.data)
    if args.rival_python:
        shelf.ask(args.rival_python, _RIVALS, args.keep)
    ours = [choose_text(read_page(markup), markup).text for markup in shelf.markups]
    shelf.texts = {"balanced": ours, **shelf.texts}
    kinds = [_kind(page.url or "") for page in shelf.pages]
    rows = []
    for kind in (*ADDRESSES, "news"):
        places = [at for at, page in enumerate(shelf.pages) if kinds[at] == kind and "T" in page.sets]
        results = [
            scores(np.array([counted(shelf.pages[at], texts[at]) for at in places]), whole=False)[2]
            for texts in shelf.texts.values()
        ]
        rows.append((kind, len(places), *(f"{score:.3f}" for score in results)))
    return Table(
        "F1 on pages with gold, by kind", ("kind", "pages#", *(f"{text}#" for text in shelf.texts)), tuple(rows)
    )


def _kind(url: str) -> str:
    return next((kind for kind, address in ADDRESSES.items() if address.search(url)), "news")
