"""HTML: the main text by what the layout of its blocks tells, by trafilatura, or by both.

Each function here is an extractor: `balanced` looks at the layout and asks trafilatura about the pages of which it is
least sure, `fast` looks at the layout alone, `careful` is trafilatura. `docs/extraction.md` says what each is worth.
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
from latam_corpus.extract.web_pages.lost_paragraphs import fuller_text
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
# Of a page whose text lacked too many paragraphs: the layout's, with these.
FULLER: Final = f"{LAYOUT}, fuller"
# A page of which more is in doubt (`Page.doubt`) is given to trafilatura: about one in eight of the pages on which the
# bound was chosen, see docs/extraction.md.
DOUBT: Final = 0.3
# Its text is no second opinion if it is shorter than this share of the first: it then found a notice or a caption.
LEAST: Final = 0.2
# Where the lengths of the two differ by more than this factor, it is asked again in its usual setting, which is slower:
# in its fast one it gives all that is visible of some pages, and a caption of others.
ALIKE: Final = 2

_LANGUAGE: Final = re.compile(
    r"<html\b[^>]{0,500}?\slang\s*=\s*[\"']?\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)", re.IGNORECASE
)
_HEAD: Final = 8192
_PERMALINK: Final = re.compile(r"[ \t]*¶[ \t]*$", re.MULTILINE)
# Rows of tables as trafilatura writes them: with one cell that isn't empty, and rules below heads.
_BOXED: Final = re.compile(r"^[ \t]*\|(?:[ \t]*\|)*[ \t]*([^|\n]*[^|\s])[ \t]*\|(?:[ \t]*\|)*[ \t]*$", re.MULTILINE)
_RULE: Final = re.compile(r"^[ \t]*\|(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t]*(?:\n|\Z)", re.MULTILINE)
# libxml2, as trafilatura calls it, stops at elements 256 deep, and at a text of 10 MB.
_LONGEST: Final = 2_500_000
_STOPPED: Final = etree.XPath(f"boolean(/{'/'.join('*' * 250)})")

# A page that trafilatura can't read becomes a ledger row; its log lines would only repeat that on the screen.
logging.getLogger("trafilatura").addHandler(logging.NullHandler())
logging.getLogger("htmldate").addHandler(logging.NullHandler())
# Compiled, or read from Numba's cache, while the module is imported: a document's time doesn't pay for it.
read_page("<p>.</p>")


def careful(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the main text of an HTML page by trafilatura, a block a line; empty when it finds none.

    Args:
        raw: the page's bytes.
        parameters: `charset` when it is known from outside, as for a text column.

    >>> careful("<html lang=es><body><p>Hola, vecina.</p></body></html>".encode(), {}).declared_language
    'es'
    """
    text = markup_of(raw, parameters)
    # Typed as Document or dict; it is a Document unless `as_dict` is set.
    page: Any = trafilatura.bare_extraction(_whole(text), with_metadata=True, include_comments=False)
    language = _LANGUAGE.search(text[:_HEAD])
    metadata = language[1] if language else None
    if page is None:
        return Extracted("", EXTRACTOR, declared_language=metadata)
    # As in the other modes, since a row's terms rest on it.
    markup = parsed(text)
    stating = read_metadata(markup)
    return Extracted(
        page.text or "",
        EXTRACTOR,
        title=page.title or None,
        creators=() if is_saved_by_office(text[:_HEAD].encode("utf-8", "replace")) else _names(page.author),
        published=page.date or None,
        declared_language=metadata,
        url=page.url or None,
        section=stating.section,
        licences=stating.licences,
        notices=_notices(markup, stating, page.text or ""),
        refusals=page_refusals(raw, parameters),
    )


def _names(authors: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (authors or "").split(";") if name.strip())


def balanced(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the main text by its layout, or trafilatura's where much is in doubt; arguments as of `careful`.

    >>> balanced("<html lang=pt><body><p>Bom dia, vizinha. Tudo bem?</p></body></html>".encode(), {}).declared_language
    'pt'
    """
    markup = markup_of(raw, parameters)
    page = read_page(markup)
    return _with_text(page, choose_text(page, markup), page_refusals(raw, parameters))


def fast(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the main text by its layout, whatever the doubt; arguments as of `careful`.

    >>> fast("<html lang=pt><body><p>Bom dia, vizinha. Tudo bem?</p></body></html>".encode(), {}).extractor == LAYOUT
    True
    """
    page = read_page(markup_of(raw, parameters))
    return _with_text(page, _filled(page, page.text, LAYOUT), page_refusals(raw, parameters))


class Chosen(NamedTuple):
    """The text of a page, the extractor's name, and what the ledger says of the choice."""

    text: str
    extractor: str
    notes: tuple[str, ...] = ()


def choose_text(page: Page, markup: str) -> Chosen:
    """Return the text of a page: trafilatura's where much is in doubt, a fuller one where paragraphs are missing."""
    text = page.text
    if not text or page.doubt > DOUBT:
        other = _by_trafilatura(markup, fast=True)
        if not len(text) <= ALIKE * len(other) <= ALIKE**2 * len(text):
            other = _by_trafilatura(markup, fast=False)
        if other and len(other) >= LEAST * len(text):
            return _filled(page, without_calls(other), EXTRACTOR)
    return _filled(page, text, LAYOUT)


def _filled(page: Page, text: str, extractor: str) -> Chosen:
    """Return the text, or where it lacks too many paragraphs of the page, one that has them."""
    fuller = fuller_text(page, text)
    if fuller is None:
        return Chosen(without_marks(text), extractor)
    lost = f"paragraphs that {extractor} left out and that were added: {fuller.paragraphs}, with {fuller.words} words"
    return Chosen(without_marks(fuller.text), FULLER, (lost,))


def _by_trafilatura(markup: str, *, fast: bool) -> str:
    # Typed as Document or dict, as above.
    document: Any = trafilatura.bare_extraction(_whole(markup), with_metadata=False, include_comments=False, fast=fast)
    return (document and document.text) or ""


def _whole(markup: str) -> Any:
    """Return the page as trafilatura reads it; where its parser would stop before the end, as a flatter tree.

    Raises:
        StoppedError: no parser reads it to its end.
    """
    tree = trafilatura.load_html(markup)
    if len(markup) > _LONGEST or (tree is not None and _STOPPED(tree)):
        return html_tree(markup.encode("utf-8", "replace"))
    return tree if tree is not None else markup


def without_marks(text: str) -> str:
    r"""Return the text without the marks of links to headings, and boxed notes without the bars of their tables.

    >>> print(without_marks("Instalación¶\n|  | Nota |\n|---|---|\n| | Haga una copia. |\n| uno | dos |"))
    Instalación
    Nota
    Haga una copia.
    | uno | dos |
    """
    text = _PERMALINK.sub("", text)
    return _BOXED.sub(r"\1", _RULE.sub("", text)) if "|" in text else text


def _notices(markup: Markup, metadata: HtmlMetadata, text: str) -> tuple[str, ...]:
    """Return what the page's metadata and the blocks outside its text reserve."""
    blocks = (markup.block(number) for number in range(len(markup)))
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
