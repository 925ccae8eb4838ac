"""HTML: the main text of a page by the layout of its blocks, by trafilatura, or by both.

Each function here is an extractor. `balanced` uses the layout, and trafilatura for pages on which the layout is least
certain; `fast` uses only the layout; `careful` only trafilatura. `docs/extraction.md` compares their quality.
"""

from __future__ import annotations

import logging
import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import trafilatura
from lxml import etree

from latam_corpus.extract.document import Extracted
from latam_corpus.extract.stated_rights.file_properties import is_saved_by_office
from latam_corpus.extract.stated_rights.file_refusals import page_refusals
from latam_corpus.extract.stated_rights.reservations import notices_beside
from latam_corpus.extract.web_pages.calls_to_action import without_calls
from latam_corpus.extract.web_pages.html_metadata import read_metadata
from latam_corpus.extract.web_pages.lost_paragraphs import (
    adds_only_surroundings,
    fuller_text,
    lacks_certain_paragraph,
    text_with_posts,
    without_head_and_foot,
    without_improbable,
)
from latam_corpus.extract.web_pages.model_file import model_digest
from latam_corpus.extract.web_pages.page_blocks import markup_of, parsed, read_page
from latam_corpus.text.markup.html_tree import html_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.extract.stated_rights.file_refusals import Refusals
    from latam_corpus.extract.web_pages.html_metadata import HtmlMetadata
    from latam_corpus.extract.web_pages.markup import Markup
    from latam_corpus.extract.web_pages.page_blocks import Page

EXTRACTOR: Final = f"trafilatura {version('trafilatura')}"
LAYOUT: Final = f"layout {model_digest()[:8]}"
# The extractor's name if missing paragraphs were added to the layout's text.
FULLER: Final = f"{LAYOUT}, fuller"
# A page with more doubt (`Page.doubt`) is extracted by trafilatura: about one in eight of the pages on which the bound
# was chosen, see docs/extraction.md.
DOUBT: Final = 0.3
# trafilatura's text is ignored if it is shorter than this share of the layout's: it is then a notice or a caption.
LEAST: Final = 0.2
# If the two lengths differ by more than this factor, trafilatura runs again with its slower default settings: the fast
# ones return all visible text of some pages, and a caption of others.
ALIKE: Final = 2

_LANGUAGE: Final = re.compile(
    r"<html\b[^>]{0,500}?\slang\s*=\s*[\"']?\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)", re.IGNORECASE
)
_HEAD: Final = 8192
_PERMALINK: Final = re.compile(r"[ \t]*¶[ \t]*$", re.MULTILINE)
# Table rows with a single filled cell in trafilatura's output, and rules below table heads.
_BOXED: Final = re.compile(r"^[ \t]*\|(?:[ \t]*\|)*[ \t]*([^|\n]*[^|\s])[ \t]*\|(?:[ \t]*\|)*[ \t]*$", re.MULTILINE)
_RULE: Final = re.compile(r"^[ \t]*\|(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t]*(?:\n|\Z)", re.MULTILINE)
# With trafilatura's settings, libxml2 stops at a depth of 256 elements and at a text of 10 MB.
_MAX_MARKUP: Final = 2_500_000
_STOPPED: Final = etree.XPath(f"boolean(/{'/'.join('*' * 250)})")

# A page that trafilatura can't read becomes a ledger row; log lines on the screen would only repeat it.
logging.getLogger("trafilatura").addHandler(logging.NullHandler())
logging.getLogger("htmldate").addHandler(logging.NullHandler())
# Compile the kernels, or load them from Numba's cache, on import, so that no document is charged for the time.
read_page("<p>.</p>")


def careful(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the main text of an HTML page by trafilatura, a block per line; empty if it finds none.

    Args:
        raw: the page's bytes.
        parameters: `charset`, if it is known from outside, as for a text column.

    >>> careful("<html lang=es><body><p>Hola, vecina.</p></body></html>".encode(), {}).declared_language
    'es'
    """
    text = markup_of(raw, parameters)
    # Typed as Document or dict; it is a Document unless `as_dict` is set.
    page: Any = trafilatura.bare_extraction(_readable_input(text), with_metadata=True, include_comments=False)
    language = _LANGUAGE.search(text[:_HEAD])
    declared_language = language[1] if language else None
    if page is None:
        return Extracted("", EXTRACTOR, declared_language=declared_language)
    # The metadata is read as in the other modes, since a row's terms depend on it.
    markup = parsed(text)
    metadata = read_metadata(markup)
    return Extracted(
        page.text or "",
        EXTRACTOR,
        title=page.title or None,
        creators=() if is_saved_by_office(text[:_HEAD].encode("utf-8", "replace")) else _names(page.author),
        published=page.date or None,
        declared_language=declared_language,
        url=page.url or None,
        section=metadata.section,
        licences=metadata.licences,
        notices=_notices(markup, metadata, page.text or ""),
        refusals=page_refusals(raw, parameters),
    )


def _names(authors: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (authors or "").split(";") if name.strip())


def balanced(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the main text by the layout, or by trafilatura if the layout is uncertain; arguments as for `careful`.

    >>> balanced("<html lang=pt><body><p>Bom dia, vizinha. Tudo bem?</p></body></html>".encode(), {}).declared_language
    'pt'
    """
    markup = markup_of(raw, parameters)
    page = read_page(markup)
    return _with_text(page, choose_text(page, markup), page_refusals(raw, parameters))


def fast(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the main text by the layout, however uncertain; arguments as for `careful`.

    >>> fast("<html lang=pt><body><p>Bom dia, vizinha. Tudo bem?</p></body></html>".encode(), {}).extractor == LAYOUT
    True
    """
    page = read_page(markup_of(raw, parameters))
    return _with_text(page, _with_lost_paragraphs(page, page.text, LAYOUT), page_refusals(raw, parameters))


class Chosen(NamedTuple):
    """The text of a page, the extractor's name, and notes on the choice for the ledger."""

    text: str
    extractor: str
    notes: tuple[str, ...] = ()


def choose_text(page: Page, markup: str) -> Chosen:
    """Return the text of a page: trafilatura's if the layout is uncertain, a fuller one if paragraphs are missing.

    On a page with a short text, such as a product description, the layout is uncertain about the surroundings, not
    about the text. So trafilatura's text is not used if it lacks one of a few paragraphs of which the layout is nearly
    certain, or if it adds nothing like them.
    """
    text = page.text
    if not text or page.doubt > DOUBT:
        second_text = _by_trafilatura(markup, fast=True)
        if not len(text) <= ALIKE * len(second_text) <= ALIKE**2 * len(text):
            second_text = _by_trafilatura(markup, fast=False)
        is_usable = second_text and len(second_text) >= LEAST * len(text)
        is_refuted = lacks_certain_paragraph(page, second_text) or adds_only_surroundings(page, second_text)
        if is_usable and not is_refuted:
            return _with_lost_paragraphs(page, without_calls(without_improbable(page, second_text)), EXTRACTOR)
    return _with_lost_paragraphs(page, text, LAYOUT)


def _with_lost_paragraphs(page: Page, text: str, extractor: str) -> Chosen:
    """Return the text, or a fuller one if it lacks too many paragraphs of the page."""
    text = without_head_and_foot(page, text)
    fuller = fuller_text(page, text) or text_with_posts(page, text)
    if fuller is None:
        return Chosen(without_marks(text), extractor)
    note = f"paragraphs that {extractor} left out and that were added: {fuller.paragraphs}, with {fuller.words} words"
    return Chosen(without_marks(fuller.text), FULLER, (note,))


def _by_trafilatura(markup: str, *, fast: bool) -> str:
    # Typed as Document or dict, as above.
    document: Any = trafilatura.bare_extraction(
        _readable_input(markup), with_metadata=False, include_comments=False, fast=fast
    )
    return (document and document.text) or ""


def _readable_input(markup: str) -> Any:
    """Return the page as input for trafilatura: a flatter tree if its parser would stop before the end.

    Raises:
        StoppedError: no parser reads it to its end.
    """
    tree = trafilatura.load_html(markup)
    if len(markup) > _MAX_MARKUP or (tree is not None and _STOPPED(tree)):
        return html_tree(markup.encode("utf-8", "replace"))
    return tree if tree is not None else markup


def without_marks(text: str) -> str:
    r"""Return the text without permalink marks of headings, and without the table bars of boxed notes.

    >>> print(without_marks("Instalación¶\n|  | Nota |\n|---|---|\n| | Haga una copia. |\n| uno | dos |"))
    Instalación
    Nota
    Haga una copia.
    | uno | dos |
    """
    text = _PERMALINK.sub("", text)
    return _BOXED.sub(r"\1", _RULE.sub("", text)) if "|" in text else text


def _notices(markup: Markup, metadata: HtmlMetadata, text: str) -> tuple[str, ...]:
    """Return the rights reservations in the page's metadata and in blocks outside its text."""
    blocks = [markup.block(number) for number in range(len(markup))]
    return (*metadata.notices, *notices_beside(blocks, text))


def _with_text(page: Page, chosen: Chosen, refusals: Refusals) -> Extracted:
    metadata = page.metadata
    return Extracted(
        chosen.text,
        chosen.extractor,
        title=metadata.title,
        creators=metadata.creators,
        published=metadata.published,
        declared_language=metadata.language,
        url=metadata.url,
        section=metadata.section,
        licences=metadata.licences,
        notices=_notices(page.markup, metadata, chosen.text),
        refusals=refusals,
        notes=chosen.notes,
    )
