"""HTML: the main text by trafilatura, with the metadata of the page."""

from __future__ import annotations

import logging
import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import trafilatura

from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.mojibake import undo_mojibake

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTRACTOR: Final = f"trafilatura {version('trafilatura')}"

_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_LANGUAGE: Final = re.compile(
    r"<html\b[^>]{0,500}?\slang\s*=\s*[\"']?\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)", re.IGNORECASE
)
# As far as browsers look for a charset, with room for the scripts that pages put before it.
_HEAD: Final = 8192

# A page that trafilatura can't read becomes a ledger row; its log lines would only repeat that on the screen.
logging.getLogger("trafilatura").addHandler(logging.NullHandler())
logging.getLogger("htmldate").addHandler(logging.NullHandler())


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """The main text of an HTML page, a block a line; empty when trafilatura finds none.

    Args:
        raw: the page's bytes.
        parameters: `charset` when it is known from outside, as for a text column.

    >>> extract("<html lang=es><body><p>Hola, vecina.</p></body></html>".encode(), {}).declared_language
    'es'
    """
    text = undo_mojibake(decode(raw, parameters.get("charset") or _meta_charset(raw))[0])
    # Typed as Document or dict; it is a Document unless `as_dict` is set.
    page: Any = trafilatura.bare_extraction(text, with_metadata=True, include_comments=False)
    language = _LANGUAGE.search(text[:_HEAD])
    said = language[1] if language else None
    if page is None:
        return Extracted("", EXTRACTOR, declared_language=said)
    return Extracted(
        page.text or "",
        EXTRACTOR,
        title=page.title or None,
        creators=tuple(name.strip() for name in (page.author or "").split(";") if name.strip()),
        published=page.date or None,
        declared_language=said,
        url=page.url or None,
    )


def _meta_charset(raw: bytes) -> str | None:
    found = _META_CHARSET.search(raw[:_HEAD])
    return found[1].decode("ascii", "replace") if found else None
