"""What a good answer holds: a page, a sitemap or a feed, what it refuses and what it links to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latam_corpus.collect.web_archives.responses import TEI, media_type_of
from latam_corpus.harvest.crawl.answers.links import MAX_SITEMAP, is_listing, listing, page_links, unpacked
from latam_corpus.harvest.crawl.answers.sandboxed_parsing import parsed
from latam_corpus.harvest.crawl.causes import TroubleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.catalog.harvest_tables import Follow
    from latam_corpus.catalog.optout.opt_out import OptOut
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.optout.site import Site


@dataclass(frozen=True)
class PageContent:
    """What a good answer holds: the media type of a page (None for a sitemap or feed), refusals and links.

    `lists` are the sitemaps that a sitemap names, `wording` is a digest of a page's words.
    """

    kind: str | None
    opt_outs: Sequence[OptOut]
    links: Sequence[tuple[Follow, Sequence[str]]]
    left_out: int = 0
    lists: Sequence[str] = ()
    wording: str = ""


def read_answer(url: str, answer: Exchange, site: Site, limit: int) -> PageContent:
    """Return what a good answer holds.

    Raises:
        TroubleError: it is neither a page nor a list of pages, is damaged, or unpacks beyond the limit.
    """
    content_type = answer.header("content-type")
    try:
        body = answer.payload(max(limit, MAX_SITEMAP) if is_listing(b"", content_type) else limit)
        lists = is_listing(body, content_type) and media_type_of(content_type, body) != TEI
        content = _list(url, body) if lists else _page(url, answer, body, site)
    except TroubleError:
        raise
    except Exception as error:  # noqa: BLE001  (the document boundary: what a stranger sends breaks one page alone)
        raise TroubleError("malformed response", f"{type(error).__name__}: {error}"[:200]) from None
    if content is None:
        raise TroubleError("not a page", content_type[:100])
    return content


def _list(url: str, body: bytes) -> PageContent | None:
    listing_of_url = parsed(listing, unpacked(body), url)
    if listing_of_url is None:
        return None
    return PageContent(
        None,
        [],
        [("feeds" if listing_of_url.kind == "feed" else "sitemaps", listing_of_url.pages)],
        lists=listing_of_url.sitemaps,
    )


def _page(url: str, answer: Exchange, body: bytes, site: Site) -> PageContent | None:
    kind = media_type_of(answer.header("content-type"), body)
    if kind is None:
        return None
    opt_outs = site.page_opt_outs(url, answer.lower_headers, body, answer.time)
    media, _, charset = kind.partition("; charset=")
    if media in ("text/plain", TEI) or _says_nofollow(answer):
        return PageContent(media, opt_outs, [])
    links = parsed(page_links, body, url, charset or None)
    links_by_follow: list[tuple[Follow, Sequence[str]]] = [("links", links.pages), ("feeds", links.feeds)]
    return PageContent(media, opt_outs, links_by_follow, links.more, wording=links.wording)


def _says_nofollow(answer: Exchange) -> bool:
    directives = [value.lower() for name, value in answer.lower_headers if name == "x-robots-tag"]
    return any(re.search(r"\b(?:nofollow|none)\b", value) for value in directives)
