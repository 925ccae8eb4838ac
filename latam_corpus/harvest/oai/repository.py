"""A harvest of a repository: its lists first, then the texts of its records; stopped and resumed as a crawl."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.identity import doc_id
from latam_corpus.harvest.crawl.pace import LONGEST_REST
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.oai.list_requests import MAX_AHEAD
from latam_corpus.harvest.oai.oai_visits import OaiVisits
from latam_corpus.storage.durable import replacing

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.crawl.requests import Job
    from latam_corpus.harvest.crawl.visit import Visits
    from latam_corpus.harvest.optout.site import Site

# Records that a session with a limit lists: so many for each text, and not fewer than a list has.
_LISTED_A_TEXT: Final = 20
_LISTED: Final = 200
# The keys of the source that choose records and texts; the others say how servers are asked, and how far.
_CHOICE: Final = {"since", "prefix", "elements", "links", "hosts"}


class OaiCrawler(Crawler):
    """One session of a repository's harvest."""

    def _new_visits(self, source: Source) -> Visits:
        oai = source.collect.oai
        if oai is None:  # the class is chosen by the source's kind
            raise TypeError(source.collect.kind)
        self._source_id = source.id
        pattern = re.compile(oai.links) if oai.links else None
        ahead = min(self._limit, MAX_AHEAD)
        hands = (self.scope, self._frontier, self._archive, self._waits)
        self._oai = OaiVisits(*hands, oai=oai, pattern=pattern, ahead=ahead)
        return self._oai

    def _begin(self, *, again: bool) -> None:
        """Ask for the lists: all in the first session, later what has changed since they were complete."""
        memory, db = self._oai.memory, self._frontier.db
        tag = memory.last_tag()
        self._listed = 0 if again else self._frontier.count("round", "records")
        if again:
            self._frontier.new_round()
            self._retry()
            # What an earlier attempt would still have asked its lists.
            left = "SELECT url FROM request JOIN url USING (url) WHERE state = 'waiting'"
            for (url,) in db.execute(left).fetchall():
                self._frontier.done(str(url), "refused")
        if again or not tag:
            memory.choose(self._oai.oai.model_dump_json(include=_CHOICE))
            self._oai.identify(tag + 1)
        else:
            # A request that failed in an earlier session, or was put off, of each list's own attempt.
            unanswered = (
                "SELECT request.url FROM request JOIN url USING (url) LEFT JOIN list ON list.name = request.list "
                "WHERE request.tag = coalesce(list.tag, ?) AND state != 'aside'"
            )
            for (url,) in db.execute(unanswered, (tag,)).fetchall():
                self._frontier.once_more(str(url))

    def _page(self, waiting: Waiting, site: Site) -> Job | None:
        """Return a limited session doesn't list a whole repository to find a few texts."""
        listed = self._frontier.count("round", "records") - self._listed
        limited = self._limit < self.scope.max_pages and listed >= max(_LISTED_A_TEXT * self._limit, _LISTED)
        if limited and self._oai.memory.request(waiting.url):
            self._frontier.later(waiting.url, self._frontier.now() + 2 * LONGEST_REST)
            self._close(waiting.host, f"{listed:,} records were listed, enough for a limited session")
            return None
        return super()._page(waiting, site)

    def _retry(self) -> None:
        """Addresses that failed to give the text of a record are asked again."""
        failed = (
            "SELECT url, identifier FROM link JOIN item USING (identifier) JOIN url USING (url) "
            "WHERE item.state = 'none' AND url.state IN ('failed', 'refused', 'gone')"
        )
        for url, identifier in self._frontier.db.execute(failed).fetchall():
            self._frontier.db.execute("UPDATE item SET state = 'waiting' WHERE identifier = ?", (identifier,))
            self._frontier.once_more(str(url))
        self._oai.claim_again()

    def _end(self) -> None:
        """Write down which documents the repository has taken back, for whoever withdraws them from releases."""
        with replacing(self.folder / "withdrawn.jsonl") as partial, partial.open("w", encoding="utf-8") as file:
            for item in self._oai.memory.items("withdrawn"):
                identity = {"doc_id": doc_id(self._source_id, item.identifier), "id": item.identifier}
                row = {**identity, "source_id": self._source_id, "signal": "oai-deleted", "time": item.datestamp}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
