"""The content of a successful response: a page, a sitemap or a feed, with its opt-outs and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latam_corpus.collect.web_archives.responses import TEI, media_type_of
from latam_corpus.harvest.crawl.answers.links import MAX_SITEMAP, decompressed, is_listing, listing, page_links
from latam_corpus.harvest.crawl.answers.sandboxed_parsing import parse_isolated
from latam_corpus.harvest.crawl.causes import TroubleError, document_boundary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.catalog.harvest_tables import Follow
    from latam_corpus.catalog.optout.opt_out import OptOut
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.optout.site import Site


@dataclass(frozen=True)
class PageContent:
    """The content of a successful response.

    Attributes:
        kind: the media type of a page; None for a sitemap or feed.
        opt_outs: the refusals of site and page.
        links: the links to pages, by the kind of `follow` that permits them.
        left_out: the number of links beyond the limit.
        lists: the sitemaps that a sitemap names.
        wording: a digest of a page's words.
    """

    kind: str | None
    opt_outs: Sequence[OptOut]
    links: Sequence[tuple[Follow, Sequence[str]]]
    left_out: int = 0
    lists: Sequence[str] = ()
    wording: str = ""


def read_answer(url: str, answer: Exchange, site: Site, limit: int) -> PageContent:
    """Parse a successful response.

    `limit` bounds the decompressed body; a sitemap may have more.

    Raises:
        TroubleError: it is neither a page nor a list of pages, is damaged, or is too large when decompressed.
    """
    content_type = answer.header("content-type")
    with document_boundary("malformed response"):
        body = answer.payload(max(limit, MAX_SITEMAP) if is_listing(b"", content_type) else limit)
        lists = is_listing(body, content_type) and media_type_of(content_type, body) != TEI
        content = _list_content(url, body) if lists else _page_content(url, answer, body, site)
    if content is None:
        raise TroubleError("not a page", content_type[:100])
    return content


def _list_content(url: str, body: bytes) -> PageContent | None:
    parsed = parse_isolated(listing, decompressed(body), url)
    if parsed is None:
        return None
    follow: Follow = "feeds" if parsed.kind == "feed" else "sitemaps"
    return PageContent(None, [], [(follow, parsed.pages)], lists=parsed.sitemaps)


def _page_content(url: str, answer: Exchange, body: bytes, site: Site) -> PageContent | None:
    kind = media_type_of(answer.header("content-type"), body)
    if kind is None:
        return None
    opt_outs = site.page_opt_outs(url, answer.lower_headers, body, answer.time)
    media, _, charset = kind.partition("; charset=")
    if media in ("text/plain", TEI) or _says_nofollow(answer):
        return PageContent(media, opt_outs, [])
    links = parse_isolated(page_links, body, url, charset or None)
    links_by_follow: list[tuple[Follow, Sequence[str]]] = [("links", links.pages), ("feeds", links.feeds)]
    return PageContent(media, opt_outs, links_by_follow, links.left_out, wording=links.wording)


def _says_nofollow(answer: Exchange) -> bool:
    directives = [value.lower() for name, value in answer.lower_headers if name == "x-robots-tag"]
    return any(re.search(r"\b(?:nofollow|none)\b", value) for value in directives)
