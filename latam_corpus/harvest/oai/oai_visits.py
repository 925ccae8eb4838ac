"""What is made of a repository's answers: records remembered, their texts looked for, deletions written down."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.rights import openness, tier_of
from latam_corpus.collect.web_archives import page_metadata
from latam_corpus.harvest.crawl.answers.link_addresses import address_of
from latam_corpus.harvest.crawl.answers.sandboxed_parsing import parsed
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.visit import MAX_REDIRECTS, media_of
from latam_corpus.harvest.oai.list_requests import Lists
from latam_corpus.harvest.oai.memory import Item
from latam_corpus.harvest.oai.replies import reply_of, request_url
from latam_corpus.text.markup.html_tree import html_tree

if TYPE_CHECKING:
    import re

    from latam_corpus.harvest.crawl.frontier import State, Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.oai.replies import Record
    from latam_corpus.harvest.optout.site import Site

_HEAD: Final = 2**18


def fulltext_links(body: bytes, url: str) -> tuple[list[str], bool]:
    """Return the addresses that a page about a text names as the text in HTML, and whether it names a PDF.

    These are the meta elements that DSpace, OJS and SciELO write for search engines of scholarly works.

    >>> fulltext_links(b'<meta name="citation_pdf_url" content="/t.pdf">', "https://r.example/item/1")
    ([], True)
    """
    try:
        root = html_tree(body[:_HEAD], None)
    except Exception:  # noqa: BLE001  (a stranger's page; what it is, its extraction tells)
        return [], False
    named: list[str] = []
    has_pdf = False
    for meta in root.iter("meta"):
        name = (meta.get("name") or "").lower()
        if name == "citation_fulltext_html_url":
            try:
                address = address_of(meta.get("content") or "", url)
            except TroubleError:
                continue
            named += [address] if address else []
        has_pdf = has_pdf or name == "citation_pdf_url"
    return list(dict.fromkeys(named)), has_pdf


_ANOTHERS: Final = "it stands for another record"
_OK: Final = range(200, 300)


@dataclass(frozen=True)
class OaiVisits(Lists):
    """What is made of the answers of a repository and of the pages to which its records link."""

    pattern: re.Pattern[str] | None = field(kw_only=True)

    def page_metadata(self, url: str) -> str | None:
        """Return what the repository says of the record whose text this is."""
        item = self.memory.item_at(url)
        return item.known if item else None

    def answered(self, waiting: Waiting, answer: Exchange, site: Site, *, conditional: bool) -> bool:
        """Return a reply, or a page of a record."""
        request = self.memory.request(waiting.url)
        if request is None or answer.status not in _OK:
            item = self.memory.item_at(waiting.url)
            if request is None and (item is None or item.state in ("withdrawn", "none")):
                # Taken back or shut by a list that came while the text was on its way from another host.
                self.frontier.done(waiting.url, "refused")
                return False
            is_page = super().answered(waiting, answer, site, conditional=conditional)
            if is_page and item:
                self.memory.keep_item(replace(item, state="text", why="", had=True))
            return is_page
        try:
            reply = parsed(reply_of, answer.payload(self.scope.max_page_bytes))
        except TroubleError:
            raise
        except Exception as error:  # noqa: BLE001  (the document boundary: what a stranger sends breaks one reply alone)
            raise TroubleError("malformed response", f"{type(error).__name__}: {error}"[:200]) from None
        self._write(waiting, answer, None, None, media_of(answer))
        self.frontier.done(waiting.url, "aside")
        name, tag = request
        if name is None:
            self.identified(waiting, reply, tag)
        elif (known := self.memory.listing(name)) and known.tag == tag:
            self.listed(waiting, reply, known, answer.time)
        return False

    # Records

    def record(self, record: Record, tag: int, moment: datetime) -> bool:
        """Remember a record, and look for its text where it is new or has changed; true unless the list has had it."""
        if not 0 < len(record.identifier) <= page_metadata.LONGEST_ID:
            problem = f"an identifier of {len(record.identifier)} characters"
            self.note(self.oai.address, "repository error", told=problem)
            return False
        item = self.memory.item(record.identifier)
        if item and item.tag == tag and not _later(record, item):
            return False
        known = page_metadata.to_json(record.known())
        if record.deleted:
            if item is None or item.state != "withdrawn":
                self.memory.release(record.identifier)
                self.memory.unclaim(record.identifier)
                self._state(record.identifier, {"cause": "withdrawn", "told": record.datestamp}, moment)
            self.memory.keep_item(Item(record.identifier, record.datestamp, "withdrawn", known, (), tag))
            return True
        if item and item.datestamp == record.datestamp and item.state != "withdrawn":
            self.memory.keep_item(replace(item, tag=tag))
            return True
        links = tuple(one for one in record.links(self.oai.elements) if not self.pattern or self.pattern.search(one))
        # A text that was had under more open terms may not stand under them if it can't be had again.
        had = item is not None and item.had and not _narrower(known, item.known)
        fresh = Item(record.identifier, record.datestamp, "waiting", known, links, tag, had=had)
        if record.is_closed(f"{moment:%Y-%m-%d}"):
            self.note(self._record_url(record.identifier), "closed access")
            self.memory.release(record.identifier)
            self.memory.unclaim(record.identifier)
            self._none(replace(fresh, links=(), had=False), "closed access", moment)
            return True
        # The same page under other columns is another row: it must not be a revisit of the one with the former.
        self._next(fresh, moment, anew=item is None or item.state != "text" or item.known != known)
        return True

    def _next(self, item: Item, moment: datetime, *, anew: bool = True) -> None:
        """Ask for the next link of a record, or write down that none gave its text."""
        for index in range(item.tried, len(item.links)):
            link = item.links[index]
            why = self._tried(link, item.identifier, anew=anew)
            if not why:
                self.memory.keep_item(replace(item, state="waiting", tried=index + 1))
                return
            item = replace(item, why=f"{item.why}; {link}: {why}".lstrip("; ")[:1000], tried=index + 1)
        self._none(item, item.why or "it has no link that may lead to a text", moment)

    def _tried(self, link: str, identifier: str, *, anew: bool, named: bool = False) -> str:
        """Let a link wait; why it can't be asked for, or nothing."""
        try:
            url = address_of(link, self.oai.address)
        except TroubleError as trouble:
            return trouble.cause
        if url is None:
            return "of a type that isn't read"
        if not self.scope.has_host(host_of(url)):
            return "out of scope"
        if not self.memory.claim(url, identifier, named=named):
            return _ANOTHERS
        self._wait_for(url, 1, self._record_url(identifier), anew=anew)
        return ""

    def _wait_for(self, url: str, depth: int, via: str, redirects: int = 0, *, anew: bool) -> None:
        """Let an address of a record wait, also one that was asked for before."""
        if not self.frontier.add(url, depth, via, redirects):
            (self.frontier.anew if anew else self.frontier.once_more)(url)
            self.frontier.db.execute("UPDATE url SET redirects = ? WHERE url = ?", (redirects, url))
        self.waits(host_of(url))

    def claim_again(self) -> None:
        """Try records once more whose link stood for another one, which may have been taken back since."""
        for item in self.memory.items("none"):
            if _ANOTHERS in item.why:
                self._next(replace(item, tried=0, why=""), datetime.now(UTC))

    def _none(self, item: Item, why: str, moment: datetime) -> None:
        """No text of the record can be had; one that was had earlier stays."""
        before = self.memory.item(item.identifier)
        self.memory.keep_item(replace(item, state="text" if item.had else "none", why=why))
        if item.had or (before and before.datestamp == item.datestamp and before.why == why):
            return
        self.note(self._record_url(item.identifier), "not read", why=why)
        metadata = page_metadata.from_json(item.known)
        self._state(item.identifier, {"title": metadata.get("title"), "cause": "not read", "told": why}, moment)

    def _state(self, identifier: str, about: dict[str, object], moment: datetime) -> None:
        """Write down that a record has no text here."""
        fields = {"Content-Type": "application/warc-fields"}
        fields[page_metadata.METADATA_FIELD] = page_metadata.to_json({"id": identifier, **about})
        block = f"identifier: {identifier}\r\ncause: {about['cause']}\r\n".encode()
        self.archive.state("metadata", self._record_url(identifier), moment, block, fields)

    def _record_url(self, identifier: str) -> str:
        return request_url(self.oai.address, "GetRecord", metadataPrefix=self.oai.prefix, identifier=identifier)

    # Pages

    def ended(self, waiting: Waiting, state: State, why: str) -> None:
        """Note that a link gave no text: the record's next one is asked for."""
        super().ended(waiting, state, why)
        item = self.memory.item_at(waiting.url)
        if item and item.state == "waiting":
            reason = f"{waiting.url}: {why}"
            reason = item.why if reason in item.why else f"{item.why}; {reason}".lstrip("; ")[:1000]
            self._next(replace(item, why=reason), datetime.now(UTC))

    def _good(self, waiting: Waiting, answer: Exchange, site: Site) -> bool:
        link = self.memory.link(waiting.url)
        if link is None:
            return super()._good(waiting, answer, site)
        if link[1] or self.pattern is not None or "html" not in media_of(answer):
            return self._text(waiting, answer, site)
        texts, has_pdf = parsed(fulltext_links, answer.payload(self.scope.max_page_bytes), waiting.url)
        item = self.memory.item(link[0])
        if item is None or waiting.url in texts or not (texts or has_pdf):
            return self._text(waiting, answer, site)
        # A page about the text, not the text.
        self._write(waiting, answer, None, None, media_of(answer))
        self.frontier.done(waiting.url, "aside")
        for text in texts:
            if not self._tried(text, item.identifier, anew=True, named=True):
                return False
        self._next(replace(item, why=f"{waiting.url}: its text is a PDF" if has_pdf else item.why), answer.time)
        return False

    def _text(self, waiting: Waiting, answer: Exchange, site: Site) -> bool:
        is_page = super()._good(waiting, answer, site)
        if not is_page:
            self.ended(waiting, "aside", "a list of addresses")
        return is_page

    def _moved(self, waiting: Waiting, target: str) -> None:
        request, link = self.memory.request(waiting.url), self.memory.link(waiting.url)
        try:
            url = address_of(target, waiting.url)
        except TroubleError:
            url = None
        inside = url is not None and self.scope.has_host(host_of(url)) and waiting.redirects < MAX_REDIRECTS
        if url and inside and request:
            self.ask(url, request[0], request[1], via=waiting.url)
            return
        # Also to an address that gave the text of an earlier round: the record may have other columns now.
        if url and inside and link and url != waiting.url and self.memory.claim(url, link[0], named=link[1]):
            self._wait_for(url, waiting.depth, waiting.url, waiting.redirects + 1, anew=True)
            return
        super()._moved(waiting, target)
        if link:
            self.ended(waiting, "failed", f"it moved to {target[:200]}")


def _later(record: Record, item: Item) -> bool:
    """Whether a list has a record a second time as it is later: taken back, or handed in anew."""
    deleted = record.deleted and item.state != "withdrawn"
    return record.datestamp > item.datestamp or (deleted and record.datestamp >= item.datestamp)


def _narrower(known: str, before: str) -> bool:
    """Whether a record's statement of rights allows less than it did; without one the source's counts."""
    now, then = (page_metadata.from_json(one).get("rights") for one in (known, before))
    return now is not None and openness(tier_of(now)) > (openness(tier_of(then)) if then else 0)
