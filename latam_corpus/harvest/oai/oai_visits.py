"""Handles a repository's responses: stores records, looks for their texts, and writes deletions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.rights import openness, tier_of
from latam_corpus.collect.web_archives import page_metadata
from latam_corpus.harvest.crawl.answers.link_addresses import address_of
from latam_corpus.harvest.crawl.answers.sandboxed_parsing import parse_isolated
from latam_corpus.harvest.crawl.causes import TroubleError, document_boundary
from latam_corpus.harvest.crawl.visit import MAX_REDIRECTS, media_of
from latam_corpus.harvest.oai.list_requests import Lists
from latam_corpus.harvest.oai.memory import RecordState
from latam_corpus.harvest.oai.replies import reply_of, request_url
from latam_corpus.text.markup.html_tree import html_tree

if TYPE_CHECKING:
    import re

    from latam_corpus.harvest.crawl.frontier import State, Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.oai.replies import OaiRecord
    from latam_corpus.harvest.optout.site import Site

_HEAD_BYTES: Final = 2**18


def fulltext_links(body: bytes, url: str) -> tuple[list[str], bool]:
    """Return the addresses of the HTML full text that a landing page names, and whether it names a PDF.

    The addresses are in the meta elements that DSpace, OJS and SciELO write for academic search engines.

    >>> fulltext_links(b'<meta name="citation_pdf_url" content="/t.pdf">', "https://r.example/item/1")
    ([], True)
    """
    try:
        root = html_tree(body[:_HEAD_BYTES], None)
    except Exception:  # noqa: BLE001  (a page that can't be parsed is reported by its extraction)
        return [], False
    addresses: list[str] = []
    has_pdf = False
    for meta in root.iter("meta"):
        name = (meta.get("name") or "").lower()
        if name == "citation_fulltext_html_url":
            try:
                address = address_of(meta.get("content") or "", url)
            except TroubleError:
                continue
            addresses += [address] if address else []
        has_pdf = has_pdf or name == "citation_pdf_url"
    return list(dict.fromkeys(addresses)), has_pdf


# Stored as the reason of records whose link belongs to another record.
_CLAIMED: Final = "it stands for another record"


@dataclass(frozen=True)
class OaiVisits(Lists):
    """Handles the replies of a repository and the pages to which its records link.

    Attributes:
        pattern: the pattern that links must match; None for all links.
    """

    pattern: re.Pattern[str] | None = field(kw_only=True)

    def page_metadata(self, url: str) -> str | None:
        """Return the columns of the record to which the address belongs."""
        item = self.memory.item_at(url)
        return item.known if item else None

    def handle(self, waiting: Waiting, answer: Exchange, site: Site, *, conditional: bool) -> bool:
        """Handle a reply of the repository, or a page of a record; return whether it is a page."""
        request = self.memory.request(waiting.url)
        if request is None or not answer.is_success:
            item = self.memory.item_at(waiting.url)
            if request is None and (item is None or item.state in ("withdrawn", "none")):
                # A list withdrew or closed the record while its text was being fetched from another host.
                self.frontier.set_state(waiting.url, "refused")
                return False
            is_page = super().handle(waiting, answer, site, conditional=conditional)
            if is_page and item:
                self.memory.store_item(replace(item, state="text", why="", had=True))
            return is_page
        with document_boundary("malformed response"):
            reply = parse_isolated(reply_of, answer.payload(self.scope.max_page_bytes))
        self._write(waiting, answer, None, None, media_of(answer))
        self.frontier.set_state(waiting.url, "aside")
        name, tag = request
        if name is None:
            self.handle_identify(waiting, reply, tag)
        elif (listing := self.memory.record_list(name)) and listing.tag == tag:
            self.handle_list(waiting, reply, listing, answer.time)
        return False

    # Records

    def record(self, record: OaiRecord, tag: int, moment: datetime) -> bool:
        """Store a record and, if it is new or has changed, queue a link to its text.

        `tag` is the number of the attempt at the list; `moment` is when the list was requested, in UTC.

        Returns:
            Whether the record is new in this attempt at the list.
        """
        if not 0 < len(record.identifier) <= page_metadata.LONGEST_ID:
            problem = f"an identifier of {len(record.identifier)} characters"
            self.note(self.oai.address, "repository error", told=problem)
            return False
        item = self.memory.item(record.identifier)
        if item and item.tag == tag and not _is_later(record, item):
            return False
        columns = page_metadata.to_json(record.columns())
        if record.deleted:
            if item is None or item.state != "withdrawn":
                self.memory.release(record.identifier)
                self._write_fact(record.identifier, {"cause": "withdrawn", "told": record.datestamp}, moment)
            self.memory.store_item(RecordState(record.identifier, record.datestamp, "withdrawn", columns, (), tag))
            return True
        if item and item.datestamp == record.datestamp and item.state != "withdrawn":
            self.memory.store_item(replace(item, tag=tag))
            return True
        links = tuple(link for link in record.links(self.oai.elements) if not self.pattern or self.pattern.search(link))
        # A text that was fetched under wider terms must not keep these terms if it can't be fetched again.
        was_fetched = item is not None and item.had and not _is_narrower(columns, item.known)
        changed = RecordState(record.identifier, record.datestamp, "waiting", columns, links, tag, had=was_fetched)
        if record.is_closed(f"{moment:%Y-%m-%d}"):
            self.note(self._record_url(record.identifier), "closed access")
            self.memory.release(record.identifier)
            self._give_up(replace(changed, links=(), had=False), "closed access", moment)
            return True
        # With other columns, the same page becomes a different row, so it must not be written as a revisit of the
        # earlier one.
        refetch = item is None or item.state != "text" or item.known != columns
        self._queue_next_link(changed, moment, refetch=refetch)
        return True

    def _queue_next_link(self, item: RecordState, moment: datetime, *, refetch: bool = True) -> None:
        """Queue the next link of a record, or record that no link gave its text."""
        for index in range(item.tried, len(item.links)):
            link = item.links[index]
            problem = self._queue_link(link, item.identifier, refetch=refetch)
            if not problem:
                self.memory.store_item(replace(item, state="waiting", tried=index + 1))
                return
            item = replace(item, why=f"{item.why}; {link}: {problem}".lstrip("; ")[:1000], tried=index + 1)
        self._give_up(item, item.why or "it has no link that may lead to a text", moment)

    def _queue_link(self, link: str, identifier: str, *, refetch: bool, named: bool = False) -> str:
        """Queue a link; return the reason why it can't be requested, or an empty string."""
        try:
            url = address_of(link, self.oai.address)
        except TroubleError as trouble:
            return trouble.cause
        if url is None:
            return "of a type that isn't read"
        if not self.scope.has_host(host_of(url)):
            return "out of scope"
        if not self.memory.claim(url, identifier, named=named):
            return _CLAIMED
        self._queue_address(url, 1, self._record_url(identifier), refetch=refetch)
        return ""

    def _queue_address(self, url: str, depth: int, via: str, redirects: int = 0, *, refetch: bool) -> None:
        """Queue an address of a record, even if it was requested before.

        With `refetch`, it is requested unconditionally.
        """
        if not self.frontier.add(url, depth, via, redirects):
            (self.frontier.requeue_afresh if refetch else self.frontier.requeue)(url)
            self.frontier.db.execute("UPDATE url SET redirects = ? WHERE url = ?", (redirects, url))
        self.enqueue_host(host_of(url))

    def claim_again(self) -> None:
        """Queue again the records whose link belonged to another record; that record may have been withdrawn since."""
        for item in self.memory.items("none"):
            if _CLAIMED in item.why:
                self._queue_next_link(replace(item, tried=0, why=""), datetime.now(UTC))

    def _give_up(self, item: RecordState, why: str, moment: datetime) -> None:
        """Record that no text of the record is available, unless one was fetched earlier."""
        previous = self.memory.item(item.identifier)
        self.memory.store_item(replace(item, state="text" if item.had else "none", why=why))
        if item.had or (previous and previous.datestamp == item.datestamp and previous.why == why):
            return
        self.note(self._record_url(item.identifier), "not read", why=why)
        metadata = page_metadata.from_json(item.known)
        self._write_fact(item.identifier, {"title": metadata.get("title"), "cause": "not read", "told": why}, moment)

    def _write_fact(self, identifier: str, fact: dict[str, object], moment: datetime) -> None:
        """Write a metadata record about a record without a text."""
        fields = {"Content-Type": "application/warc-fields"}
        fields[page_metadata.METADATA_FIELD] = page_metadata.to_json({"id": identifier, **fact})
        block = f"identifier: {identifier}\r\ncause: {fact['cause']}\r\n".encode()
        self.archive.append_record("metadata", self._record_url(identifier), moment, block, fields)

    def _record_url(self, identifier: str) -> str:
        return request_url(self.oai.address, "GetRecord", metadataPrefix=self.oai.prefix, identifier=identifier)

    # Pages

    def ended(self, waiting: Waiting, state: State, why: str) -> None:
        """Record that a link gave no text, and queue the record's next link."""
        super().ended(waiting, state, why)
        item = self.memory.item_at(waiting.url)
        if item and item.state == "waiting":
            reason = f"{waiting.url}: {why}"
            reason = item.why if reason in item.why else f"{item.why}; {reason}".lstrip("; ")[:1000]
            self._queue_next_link(replace(item, why=reason), datetime.now(UTC))

    def _handle_content(self, waiting: Waiting, answer: Exchange, site: Site) -> bool:
        link = self.memory.link(waiting.url)
        if link is None:
            return super()._handle_content(waiting, answer, site)
        if link[1] or self.pattern is not None or "html" not in media_of(answer):
            return self._handle_text(waiting, answer, site)
        texts, has_pdf = parse_isolated(fulltext_links, answer.payload(self.scope.max_page_bytes), waiting.url)
        item = self.memory.item(link[0])
        if item is None or waiting.url in texts or not (texts or has_pdf):
            return self._handle_text(waiting, answer, site)
        # A landing page, not the text.
        self._write(waiting, answer, None, None, media_of(answer))
        self.frontier.set_state(waiting.url, "aside")
        for text in texts:
            if not self._queue_link(text, item.identifier, refetch=True, named=True):
                return False
        self._queue_next_link(
            replace(item, why=f"{waiting.url}: its text is a PDF" if has_pdf else item.why), answer.time
        )
        return False

    def _handle_text(self, waiting: Waiting, answer: Exchange, site: Site) -> bool:
        is_page = super()._handle_content(waiting, answer, site)
        if not is_page:
            self.ended(waiting, "aside", "a list of addresses")
        return is_page

    def _follow_redirect(self, waiting: Waiting, target: str) -> None:
        request, link = self.memory.request(waiting.url), self.memory.link(waiting.url)
        try:
            url = address_of(target, waiting.url)
        except TroubleError:
            url = None
        may_follow = url is not None and self.scope.has_host(host_of(url)) and waiting.redirects < MAX_REDIRECTS
        if url and may_follow and request:
            self.queue_request(url, request[0], request[1], via=waiting.url)
            return
        # The target is requested even if it gave the text in an earlier round: the record may have other columns now.
        if url and may_follow and link and url != waiting.url and self.memory.claim(url, link[0], named=link[1]):
            self._queue_address(url, waiting.depth, waiting.url, waiting.redirects + 1, refetch=True)
            return
        super()._follow_redirect(waiting, target)
        if link:
            self.ended(waiting, "failed", f"it moved to {target[:200]}")


def _is_later(record: OaiRecord, item: RecordState) -> bool:
    """Return whether a record that occurs again in a list has changed: it was deleted, or deposited again."""
    deleted = record.deleted and item.state != "withdrawn"
    return record.datestamp > item.datestamp or (deleted and record.datestamp >= item.datestamp)


def _is_narrower(columns: str, previous_columns: str) -> bool:
    """Return whether a record's rights statement allows less than before; without one, the source's rights apply."""
    rights, previous = (page_metadata.from_json(text).get("rights") for text in (columns, previous_columns))
    return rights is not None and openness(tier_of(rights)) > (openness(tier_of(previous)) if previous else 0)
