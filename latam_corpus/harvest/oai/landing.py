"""Pages about a text: what they name as the text itself."""

from __future__ import annotations

from typing import Final

from lxml import html

from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.link_addresses import address_of

_HEAD: Final = 2**18


def fulltext_links(body: bytes, url: str) -> tuple[list[str], bool]:
    """The addresses that a page about a text names as the text in HTML, and whether it names a PDF.

    These are the meta elements that DSpace, OJS and SciELO write for search engines of scholarly works.

    >>> fulltext_links(b'<meta name="citation_pdf_url" content="/t.pdf">', "https://r.example/item/1")
    ([], True)
    """
    try:
        root = html.document_fromstring(body[:_HEAD], parser=html.HTMLParser(recover=True, no_network=True))
    except Exception:  # noqa: BLE001  (a stranger's page; what it is, its extraction tells)
        return [], False
    named: list[str] = []
    has_pdf = False
    for meta in root.iter("meta"):
        name = (meta.get("name") or "").lower()
        if name == "citation_fulltext_html_url":
            try:
                found = address_of(meta.get("content") or "", url)
            except TroubleError:
                continue
            named += [found] if found else []
        has_pdf = has_pdf or name == "citation_pdf_url"
    return list(dict.fromkeys(named)), has_pdf
