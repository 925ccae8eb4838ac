"""A harvest of a repository: first its lists, then the texts of its records. It can be resumed like a crawl."""

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
    from latam_corpus.harvest.crawl.requests import FetchJob
    from latam_corpus.harvest.crawl.visit import Visits
    from latam_corpus.harvest.optout.site import Site

# A session with a limit lists this many records per text, and at least this many in total.
_LISTED_PER_TEXT: Final = 20
_MIN_LISTED: Final = 200
# The source's keys that choose records and texts; the other keys set the pace and the limits.
_CHOICE: Final = {"since", "prefix", "elements", "links", "hosts"}


class OaiCrawler(Crawler):
    """One session of a repository's harvest."""

    def _new_visits(self, source: Source) -> Visits:
        oai = source.collect.oai
        if oai is None:  # the class is chosen by the source's kind
            raise TypeError(source.collect.kind)
        self._source_id = source.id
        pattern = re.compile(oai.links) if oai.links else None
        self._oai = OaiVisits(
            self.scope,
            self._frontier,
            self._archive,
            self._enqueue_host,
            oai=oai,
            pattern=pattern,
            ahead=min(self._limit, MAX_AHEAD),
        )
        return self._oai

    def _begin(self, *, new_round: bool) -> None:
        """Queue the lists: in the first round all records, later those that have changed since a list was complete."""
        memory, db = self._oai.memory, self._frontier.db
        tag = memory.last_tag()
        self._listed_before = 0 if new_round else self._frontier.count("round", "records")
        if new_round:
            self._frontier.new_round()
            self._retry()
            # The remaining list requests of an earlier attempt.
            obsolete = "SELECT url FROM request JOIN url USING (url) WHERE state = 'waiting'"
            for (url,) in db.execute(obsolete).fetchall():
                self._frontier.set_state(str(url), "refused")
        if new_round or not tag:
            memory.choose(self._oai.oai.model_dump_json(include=_CHOICE))
            self._oai.identify(tag + 1)
        else:
            # The requests of each list's current attempt that failed or were postponed in an earlier session.
            unanswered = (
                "SELECT request.url FROM request JOIN url USING (url) LEFT JOIN list ON list.name = request.list "
                "WHERE request.tag = coalesce(list.tag, ?) AND state != 'aside'"
            )
            for (url,) in db.execute(unanswered, (tag,)).fetchall():
                self._frontier.requeue(str(url))

    def _page_job(self, waiting: Waiting, site: Site) -> FetchJob | None:
        """Return the next request; a session with a limit stops listing once it has enough records."""
        listed_count = self._frontier.count("round", "records") - self._listed_before
        limited = self._limit < self.scope.max_pages and listed_count >= max(
            _LISTED_PER_TEXT * self._limit, _MIN_LISTED
        )
        if limited and self._oai.memory.request(waiting.url):
            self._frontier.postpone(waiting.url, self._frontier.now() + 2 * LONGEST_REST)
            self._close(waiting.host, f"{listed_count:,} records were listed, enough for a limited session")
            return None
        return super()._page_job(waiting, site)

    def _retry(self) -> None:
        """Queue again the addresses at which the text of a record failed."""
        failed = (
            "SELECT url, identifier FROM link JOIN item USING (identifier) JOIN url USING (url) "
            "WHERE item.state = 'none' AND url.state IN ('failed', 'refused', 'gone')"
        )
        for url, identifier in self._frontier.db.execute(failed).fetchall():
            self._frontier.db.execute("UPDATE item SET state = 'waiting' WHERE identifier = ?", (identifier,))
            self._frontier.requeue(str(url))
        self._oai.claim_again()

    def _end(self) -> None:
        """Write the list of documents that the repository has deleted, for withdrawal from releases."""
        with replacing(self.folder / "withdrawn.jsonl") as partial, partial.open("w", encoding="utf-8") as file:
            for item in self._oai.memory.items("withdrawn"):
                identity = {"doc_id": doc_id(self._source_id, item.identifier), "id": item.identifier}
                row = {**identity, "source_id": self._source_id, "signal": "oai-deleted", "time": item.datestamp}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
