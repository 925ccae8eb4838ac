"""The state of a crawl in one SQLite file: addresses, sites' files and counts, committed together step by step."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.archived_page import EarlierRecord
from latam_corpus.harvest.optout.site import SiteFile
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from latam_corpus.harvest.crawl.transport.warc_writer import WrittenRecord

State: TypeAlias = Literal["waiting", "page", "aside", "failed", "refused", "gone"]
_VERSION: Final = 1
# If the clock is set back by more than this many seconds, the stored moments are corrected.
_CLOCK_TOLERANCE: Final = 2.0
_TABLES: Final = """
CREATE TABLE url (
    id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, host TEXT NOT NULL, depth INTEGER NOT NULL,
    redirects INTEGER NOT NULL, via TEXT, state TEXT NOT NULL DEFAULT 'waiting', due REAL NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0, etag TEXT, modified TEXT, record TEXT, date TEXT, digest TEXT, opt_outs TEXT
);
CREATE INDEX url_next ON url (host, state, id);
CREATE INDEX url_digest ON url (digest);
CREATE TABLE host (host TEXT PRIMARY KEY, free REAL NOT NULL);
CREATE TABLE file (address TEXT PRIMARY KEY, root TEXT NOT NULL, body BLOB, time TEXT NOT NULL, read REAL NOT NULL);
CREATE TABLE count (what TEXT, shape TEXT, n INTEGER NOT NULL, PRIMARY KEY (what, shape));
CREATE TABLE record (
    url TEXT NOT NULL, date TEXT NOT NULL, mime TEXT NOT NULL, status INTEGER NOT NULL, digest TEXT NOT NULL,
    length INTEGER NOT NULL, offset INTEGER NOT NULL, file TEXT NOT NULL
);
CREATE INDEX record_url ON record (url);
CREATE TABLE wording (digest TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE length (name TEXT PRIMARY KEY, bytes INTEGER NOT NULL);
"""


def collection_summary(path: Path) -> dict[str, Any]:
    """Summarise a frontier file: its addresses by state, and the dates of its first and last record.

    If the file doesn't exist or a crawl is writing it, the summary has no counts.

    Returns:
        `busy`, `damaged` (the error, or None), `states`, `first`, `last` (ISO 8601, UTC).
    """
    summary: dict[str, Any] = {"busy": False, "damaged": None, "states": {}, "first": None, "last": None}
    if not path.is_file():
        return summary
    db = sqlite3.connect(path, timeout=0.2)
    try:
        summary["states"] = dict(db.execute("SELECT state, count(*) FROM url GROUP BY state ORDER BY 1").fetchall())
        summary["first"], summary["last"] = db.execute("SELECT min(date), max(date) FROM record").fetchone()
    except sqlite3.DatabaseError as error:
        return summary | ({"busy": True} if "locked" in str(error) else {"damaged": str(error)})
    finally:
        db.close()
    return summary


@dataclass(frozen=True)
class Waiting:
    """An address to request, with the facts of its last visit.

    Attributes:
        url: its canonical form.
        depth: links from a start to it.
        redirects: redirects followed to reach it.
        via: the address that named it.
        tries: failed attempts in this round.
        opt_outs: the refusals of that page as JSON, without times.
        date: when its page was last read; kept after a withdrawal.
    """

    url: str
    host: str
    depth: int
    redirects: int
    via: str | None
    tries: int
    etag: str | None
    modified: str | None
    earlier: EarlierRecord | None
    opt_outs: str | None
    date: str | None = None


class Frontier:
    """The addresses, sites' files and counts of one source's crawl."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it.

        Raises:
            ConfigError: another process crawls this source, or another version of the toolkit wrote the file.
        """
        self._db = sqlite3.connect(path, timeout=1, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        try:
            for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.execute("BEGIN EXCLUSIVE")
            if not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in _TABLES.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {_VERSION}")
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._db.close()
            if "locked" not in str(error):
                raise
            problem = _("it is in use ({error})", error=error)
            raise ConfigError(str(path), problem, _("wait until the other crawl is done")) from None
        except sqlite3.DatabaseError as error:
            self._db.close()
            problem = _("it can't be read ({error})", error=error)
            raise ConfigError(str(path), problem, _("move the source's folder away")) from None
        if self._db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            self._db.close()
            raise ConfigError(str(path), _("it was written by another version"), _("move the source's folder away"))
        self._db.execute("BEGIN")
        self._started = time.time() - time.monotonic()
        self._correct_clock()

    def now(self) -> float:
        """Return the seconds since the epoch; the value doesn't jump when the system's clock is set."""
        return self._started + time.monotonic()

    def _correct_clock(self) -> None:
        """Shift the stored moments if the system's clock was set back since the last commit."""
        if (ahead := self.count("clock", "") / 1000 - self.now()) > _CLOCK_TOLERANCE:
            self._db.execute("UPDATE host SET free = free - ?", (ahead,))
            self._db.execute("UPDATE url SET due = due - ? WHERE due > 0", (ahead,))
            self._db.execute("UPDATE file SET read = read - ?", (ahead,))
            self.reset_counts("clock")

    def commit(self, lengths: Mapping[str, int]) -> None:
        """Commit all changes since the last commit, together with the lengths of the files."""
        self._db.execute("INSERT OR REPLACE INTO count VALUES ('clock', '', ?)", (round(1000 * self.now()),))
        self._db.executemany("INSERT OR REPLACE INTO length VALUES (?, ?)", lengths.items())
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")

    def close(self) -> None:
        """Close the file and drop uncommitted changes."""
        with suppress(sqlite3.Error):  # after a failed write SQLite has rolled back already
            self._db.execute("ROLLBACK")
        self._db.close()

    @property
    def db(self) -> sqlite3.Connection:
        """The database connection, for further tables that are committed with the addresses.

        Users must not begin, commit or roll back a transaction.
        """
        return self._db

    @property
    def lengths(self) -> dict[str, int]:
        """The files' lengths as last committed."""
        return {name: n for name, n in self._db.execute("SELECT name, bytes FROM length")}  # noqa: C416  (rows)

    # Addresses

    def add(self, url: str, depth: int, via: str | None, redirects: int = 0, *, first: bool = False) -> bool:
        """Queue an address; return false if it was added before.

        `depth` is the number of links from a start to it. With `first`, it is put before all others.
        """
        row = (url, host_of(url), depth, redirects, via, first)
        query = (
            "INSERT OR IGNORE INTO url (url, host, depth, redirects, via, id) "
            "SELECT ?,?,?,?,?, CASE WHEN ? THEN (SELECT min(id) - 1 FROM url) END RETURNING 1"
        )
        new = bool(self._db.execute(query, row).fetchall())
        if new:
            self.count("addresses", row[1], add=1 if self.count("addresses", row[1]) else self.address_count(row[1]))
        return new

    def requeue(self, url: str) -> None:
        """Queue a known address again."""
        self._db.execute("UPDATE url SET state = 'waiting', due = 0, tries = 0 WHERE url = ?", (url,))

    def requeue_afresh(self, url: str) -> None:
        """Queue a known address again, as if it had never given a page."""
        self.requeue(url)
        self._forget_page(url)

    def _forget_page(self, url: str) -> None:
        query = "UPDATE url SET etag = NULL, modified = NULL, record = NULL, digest = NULL WHERE url = ?"
        self._db.execute(query, (url,))

    def knows(self, url: str) -> bool:
        """Return whether the address was ever added."""
        return self._db.execute("SELECT 1 FROM url WHERE url = ?", (url,)).fetchone() is not None

    def next(self, host: str, now: float) -> Waiting | None:
        """Return the host's first address that may be requested now, or None."""
        query = "SELECT * FROM url WHERE host = ? AND state = 'waiting' AND due <= ? ORDER BY id LIMIT 1"
        row = self._db.execute(query, (host, now)).fetchone()
        if row is None:
            return None
        earlier = EarlierRecord(row["record"], row["date"], row["digest"]) if row["record"] else None
        names = ("url", "host", "depth", "redirects", "via", "tries", "etag", "modified", "date")
        return Waiting(**{name: row[name] for name in names}, earlier=earlier, opt_outs=row["opt_outs"])

    def hosts(self) -> dict[str, float]:
        """Map each host with waiting addresses to the moment of its next request (seconds since the epoch)."""
        query = (
            "SELECT u.host, coalesce(h.free, 0) FROM (SELECT DISTINCT host FROM url WHERE state = 'waiting') u "
            "LEFT JOIN host h USING (host) ORDER BY 1"
        )
        return dict(self._db.execute(query).fetchall())

    def next_due(self, host: str) -> float | None:
        """Return the moment at which the host's first waiting address is due; None if none waits."""
        query = "SELECT min(due) FROM url WHERE host = ? AND state = 'waiting'"
        seconds: float | None = self._db.execute(query, (host,)).fetchone()[0]
        return seconds

    def set_state(self, url: str, state: State) -> None:
        """Set the state of an address."""
        self._db.execute("UPDATE url SET state = ? WHERE url = ?", (state, url))

    def mark_gone(self, url: str, *, withdrawn: bool) -> None:
        """Record that the server no longer has the page; a withdrawn page is treated as if it was never read."""
        self.set_state(url, "gone")
        if withdrawn:
            self._forget_page(url)

    def gone_pages(self) -> Iterator[tuple[str, str, bool]]:
        """Yield each removed page: its address, the date it was last read, and whether it was withdrawn."""
        query = "SELECT url, date, record IS NULL FROM url WHERE state = 'gone' ORDER BY url"
        for url, date, withdrawn in self._db.execute(query):
            yield str(url), str(date), bool(withdrawn)

    def postpone(self, url: str, due: float, *, tried: bool = True) -> None:
        """Postpone an address.

        `tried` is false if the host failed, and not the address.
        """
        self._db.execute("UPDATE url SET due = ?, tries = tries + ? WHERE url = ?", (due, tried, url))

    def record_visit(self, url: str, written: WrittenRecord, etag: str, modified: str, opt_outs: str) -> None:
        """Record that the address gave a page; after a revisit the earlier record is kept."""
        if written.kind == "response":
            values: tuple[str, ...] = (written.id, written.date, written.digest, etag, modified, opt_outs, url)
            query = "record = ?, date = ?, digest = ?, etag = ?, modified = ?, opt_outs = ?"
        else:
            values = (etag, modified, url)
            query = "etag = coalesce(nullif(?, ''), etag), modified = coalesce(nullif(?, ''), modified)"
        self._db.execute(f"UPDATE url SET state = 'page', tries = 0, {query} WHERE url = ?", values)  # noqa: S608  (fixed)

    def update_opt_outs(self, url: str, opt_outs: str) -> None:
        """Replace the refusals of an address's page; its record is kept."""
        self._db.execute("UPDATE url SET opt_outs = ? WHERE url = ?", (opt_outs, url))

    def forget_conditions(self, url: str) -> None:
        """Forget the ETag and date of an address, so that its page is requested unconditionally."""
        self._db.execute("UPDATE url SET etag = NULL, modified = NULL, tries = tries + 1 WHERE url = ?", (url,))

    def has_digest(self, digest: str) -> bool:
        """Return whether a page with this payload is known."""
        return self._db.execute("SELECT 1 FROM url WHERE digest = ? LIMIT 1", (digest,)).fetchone() is not None

    def seen_wording(self, digest: str) -> bool:
        """Remember a digest of a page's words; return whether it was known before."""
        return not self._db.execute("INSERT OR IGNORE INTO wording VALUES (?) RETURNING 1", (digest,)).fetchall()

    def address_count(self, host: str) -> int:
        """Return the number of known addresses of the host."""
        if not (count := self.count("addresses", host)):
            count = int(self._db.execute("SELECT count(*) FROM url WHERE host = ?", (host,)).fetchone()[0])
        return count

    def start_round(self) -> None:
        """Begin a new round: queue every address again, and forget the sites' files and the round's counts."""
        self._db.execute("UPDATE url SET state = 'waiting', due = 0, tries = 0")
        self.new_round()

    def new_round(self) -> None:
        """Forget the sites' files and the round's counts, without queueing known addresses."""
        self._db.execute("DELETE FROM file")
        for what in ("round", "requests", "bytes", "milliseconds"):
            self.reset_counts(what)

    def states(self) -> dict[str, int]:
        """Return the number of addresses in each state."""
        return dict(self._db.execute("SELECT state, count(*) FROM url GROUP BY state ORDER BY 1").fetchall())

    # Hosts and sites

    def next_request_time(self, host: str) -> float:
        """Return the moment of the host's next request; 0 if none is set."""
        row = self._db.execute("SELECT free FROM host WHERE host = ?", (host,)).fetchone()
        return float(row[0]) if row else 0.0

    def set_next_request_time(self, host: str, moment: float) -> None:
        """Set the earliest moment of the host's next request."""
        query = "INSERT INTO host (host, free) VALUES (?, ?) ON CONFLICT DO UPDATE SET free = excluded.free"
        self._db.execute(query, (host, moment))

    def files(self, root: str, since: float) -> dict[str, SiteFile]:
        """Return the site's files that were read after this moment."""
        query = "SELECT address, body, time FROM file WHERE root = ? AND read > ?"
        rows = self._db.execute(query, (root, since))
        return {row["address"]: SiteFile(row["body"], datetime.fromisoformat(row["time"])) for row in rows}

    def store_file(self, address: str, root: str, file: SiteFile, read: float) -> None:
        """Store a site's file, or the fact that it doesn't exist."""
        row = (address, root, file.body, file.time.isoformat(), read)
        self._db.execute("INSERT OR REPLACE INTO file VALUES (?,?,?,?,?)", row)

    # Counts and the index

    def count(self, what: str, shape: str, *, add: int = 0) -> int:
        """Add to a counter and return its value.

        The shape is a host, a cause or the shape of addresses.
        """
        if add:
            query = "INSERT INTO count VALUES (?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
            self._db.execute(query, (what, shape, add))
        row = self._db.execute("SELECT n FROM count WHERE what = ? AND shape = ?", (what, shape)).fetchone()
        return int(row[0]) if row else 0

    def reset_counts(self, what: str) -> None:
        """Delete all counters of a kind."""
        self._db.execute("DELETE FROM count WHERE what = ?", (what,))

    def counts(self, what: str) -> dict[str, int]:
        """Return all counters of a kind, in descending order."""
        query = "SELECT shape, n FROM count WHERE what = ? ORDER BY n DESC, shape"
        return dict(self._db.execute(query, (what,)).fetchall())

    def add_record(self, url: str, written: WrittenRecord, mime: str, status: int) -> None:
        """Add a written record to the index."""
        row = (url, written.date, mime, status, written.digest, written.length, written.offset, written.file)
        self._db.execute("INSERT INTO record VALUES (?,?,?,?,?,?,?,?)", row)

    def record_location(self, url: str, earlier: EarlierRecord) -> tuple[str, int] | None:
        """Return the WARC file and the offset of the record with an address's page; None if it isn't indexed."""
        query = "SELECT file, offset FROM record WHERE url = ? AND date = ? AND digest = ? ORDER BY rowid LIMIT 1"
        row = self._db.execute(query, (url, earlier.date, earlier.digest)).fetchone()
        return None if row is None else (str(row[0]), int(row[1]))

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the index of records, sorted by file and offset."""
        for row in self._db.execute("SELECT * FROM record ORDER BY file, offset"):
            yield dict(row)
