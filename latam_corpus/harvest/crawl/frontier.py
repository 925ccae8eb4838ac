"""What a crawl knows: addresses seen and waiting, sites' files, counts: one SQLite file in which each step is whole."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.transport.warc_writer import Earlier
from latam_corpus.harvest.optout.site import Text
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from latam_corpus.harvest.crawl.transport.warc_writer import Written

State: TypeAlias = Literal["waiting", "page", "aside", "failed", "refused", "gone"]
_VERSION: Final = 1
# Seconds; a clock that is set right by less makes nobody wait.
_CLOCKS_DIFFER: Final = 2.0
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


def held_in(path: Path) -> dict[str, Any]:
    """Summarise what was collected: addresses by state, and when the first and last record was written.

    Args:
        path: of its file; of one that isn't there, or that a crawl is writing, nothing is told.

    Returns:
        `busy`, `damaged` (what is wrong with the file, or None), `states`, `first`, `last` (ISO 8601, UTC).
    """
    state: dict[str, Any] = {"busy": False, "damaged": None, "states": {}, "first": None, "last": None}
    if not path.is_file():
        return state
    db = sqlite3.connect(path, timeout=0.2)
    try:
        state["states"] = dict(db.execute("SELECT state, count(*) FROM url GROUP BY state ORDER BY 1").fetchall())
        state["first"], state["last"] = db.execute("SELECT min(date), max(date) FROM record").fetchone()
    except sqlite3.DatabaseError as error:
        return state | ({"busy": True} if "locked" in str(error) else {"damaged": str(error)})
    finally:
        db.close()
    return state


@dataclass(frozen=True)
class Waiting:
    """An address to ask for, and what is known of its last visit."""

    url: str
    host: str
    depth: int
    redirects: int
    via: str | None
    tries: int
    etag: str | None
    modified: str | None
    earlier: Earlier | None
    opt_outs: str | None
    date: str | None = None  # when its page was read last, also one that was taken back since


class Frontier:
    """The memory of one source's crawl."""

    def __init__(self, path: Path) -> None:
        """Open it, or begin it.

        Raises:
            ConfigError: another process crawls this source, or the file is another version's.
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
        self._set_back()

    def now(self) -> float:
        """Return the moment in seconds since the epoch; it doesn't jump, though the system's clock is set meanwhile."""
        return self._started + time.monotonic()

    def _set_back(self) -> None:
        """Where the clock was set back since the last commit, move what is written of moments with it."""
        if (ahead := self.count("clock", "") / 1000 - self.now()) > _CLOCKS_DIFFER:
            self._db.execute("UPDATE host SET free = free - ?", (ahead,))
            self._db.execute("UPDATE url SET due = due - ? WHERE due > 0", (ahead,))
            self._db.execute("UPDATE file SET read = read - ?", (ahead,))
            self.forget("clock")

    def commit(self, lengths: Mapping[str, int]) -> None:
        """Make what was done since the last commit stand, together with the lengths of the files."""
        self._db.execute("INSERT OR REPLACE INTO count VALUES ('clock', '', ?)", (round(1000 * self.now()),))
        self._db.executemany("INSERT OR REPLACE INTO length VALUES (?, ?)", lengths.items())
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")

    def close(self) -> None:
        """Close it; what wasn't committed is forgotten."""
        with suppress(sqlite3.Error):  # where it couldn't be written it is rolled back already
            self._db.execute("ROLLBACK")
        self._db.close()

    @property
    def db(self) -> sqlite3.Connection:
        """The file, for tables of other kinds of collecting, so that they are in step with the addresses.

        Whoever uses it leaves the transaction alone.
        """
        return self._db

    @property
    def lengths(self) -> dict[str, int]:
        """The files' lengths as last committed."""
        return {name: n for name, n in self._db.execute("SELECT name, bytes FROM length")}  # noqa: C416  (rows)

    # Addresses

    def add(self, url: str, depth: int, via: str | None, redirects: int = 0, *, first: bool = False) -> bool:
        """Let the address wait, before all others where it is to be `first`; false where it is known already."""
        row = (url, host_of(url), depth, redirects, via, first)
        query = (
            "INSERT OR IGNORE INTO url (url, host, depth, redirects, via, id) "
            "SELECT ?,?,?,?,?, CASE WHEN ? THEN (SELECT min(id) - 1 FROM url) END RETURNING 1"
        )
        new = bool(self._db.execute(query, row).fetchall())
        if new:
            self.count("addresses", row[1], add=1 if self.count("addresses", row[1]) else self.addresses(row[1]))
        return new

    def once_more(self, url: str) -> None:
        """Let the address wait again."""
        self._db.execute("UPDATE url SET state = 'waiting', due = 0, tries = 0 WHERE url = ?", (url,))

    def anew(self, url: str) -> None:
        """Let the address wait again, as if it had never given a page."""
        self.once_more(url)
        query = "UPDATE url SET etag = NULL, modified = NULL, record = NULL, digest = NULL WHERE url = ?"
        self._db.execute(query, (url,))

    def knows(self, url: str) -> bool:
        """Whether the address was ever added."""
        return self._db.execute("SELECT 1 FROM url WHERE url = ?", (url,)).fetchone() is not None

    def next(self, host: str, now: float) -> Waiting | None:
        """Return the first address of the host that may be asked for now."""
        query = "SELECT * FROM url WHERE host = ? AND state = 'waiting' AND due <= ? ORDER BY id LIMIT 1"
        row = self._db.execute(query, (host, now)).fetchone()
        if row is None:
            return None
        earlier = Earlier(row["record"], row["date"], row["digest"]) if row["record"] else None
        names = ("url", "host", "depth", "redirects", "via", "tries", "etag", "modified", "date")
        return Waiting(**{name: row[name] for name in names}, earlier=earlier, opt_outs=row["opt_outs"])

    def hosts(self) -> dict[str, float]:
        """Return the hosts with addresses that wait, and when each may be asked next (seconds since the epoch)."""
        query = (
            "SELECT u.host, coalesce(h.free, 0) FROM (SELECT DISTINCT host FROM url WHERE state = 'waiting') u "
            "LEFT JOIN host h USING (host) ORDER BY 1"
        )
        return dict(self._db.execute(query).fetchall())

    def due(self, host: str) -> float | None:
        """When the first address of the host that waits may be asked for; None where none waits."""
        query = "SELECT min(due) FROM url WHERE host = ? AND state = 'waiting'"
        seconds: float | None = self._db.execute(query, (host,)).fetchone()[0]
        return seconds

    def done(self, url: str, state: State) -> None:
        """Note that the address needs no further request in this round."""
        self._db.execute("UPDATE url SET state = ? WHERE url = ?", (state, url))

    def left(self, url: str, *, withdrawn: bool) -> None:
        """Note that the address's page is gone; one that was taken back counts as if it had never been."""
        self.done(url, "gone")
        if withdrawn:
            query = "UPDATE url SET etag = NULL, modified = NULL, record = NULL, digest = NULL WHERE url = ?"
            self._db.execute(query, (url,))

    def gone(self) -> Iterator[tuple[str, str, bool]]:
        """Yield the addresses whose pages are gone, when each was read last, and whether it was taken back."""
        query = "SELECT url, date, record IS NULL FROM url WHERE state = 'gone' ORDER BY url"
        for url, date, withdrawn in self._db.execute(query):
            yield str(url), str(date), bool(withdrawn)

    def later(self, url: str, due: float, *, tried: bool = True) -> None:
        """Ask for the address again, once more at the earliest then; what was its host's fault is no try of it."""
        self._db.execute("UPDATE url SET due = ?, tries = tries + ? WHERE url = ?", (due, tried, url))

    def visited(self, url: str, written: Written, etag: str, modified: str, opt_outs: str) -> None:
        """Note that the address gave a page; a revisit keeps the record that it stands for."""
        if written.kind == "response":
            values: tuple[str, ...] = (written.id, written.date, written.digest, etag, modified, opt_outs, url)
            query = "record = ?, date = ?, digest = ?, etag = ?, modified = ?, opt_outs = ?"
        else:
            values = (etag, modified, url)
            query = "etag = coalesce(nullif(?, ''), etag), modified = coalesce(nullif(?, ''), modified)"
        self._db.execute(f"UPDATE url SET state = 'page', tries = 0, {query} WHERE url = ?", values)  # noqa: S608  (fixed)

    def restated(self, url: str, opt_outs: str) -> None:
        """Note that the terms of the address's page are others now; its record is still the one that holds it."""
        self._db.execute("UPDATE url SET opt_outs = ? WHERE url = ?", (opt_outs, url))

    def forget_conditions(self, url: str) -> None:
        """Let the address be asked for again, whole, whatever the server says of changes."""
        self._db.execute("UPDATE url SET etag = NULL, modified = NULL, tries = tries + 1 WHERE url = ?", (url,))

    def has_digest(self, digest: str) -> bool:
        """Whether a page with this payload is known."""
        return self._db.execute("SELECT 1 FROM url WHERE digest = ? LIMIT 1", (digest,)).fetchone() is not None

    def has_wording(self, digest: str) -> bool:
        """Whether a page with these words was read before; it was now."""
        return not self._db.execute("INSERT OR IGNORE INTO wording VALUES (?) RETURNING 1", (digest,)).fetchall()

    def addresses(self, host: str) -> int:
        """How many addresses of the host are known."""
        if not (known := self.count("addresses", host)):
            known = int(self._db.execute("SELECT count(*) FROM url WHERE host = ?", (host,)).fetchone()[0])
        return known

    def again(self) -> None:
        """Begin a new round: every address waits again, the sites' files are read anew and judge it anew."""
        self._db.execute("UPDATE url SET state = 'waiting', due = 0, tries = 0")
        self.new_round()

    def new_round(self) -> None:
        """Begin a new round of addresses that aren't known yet; the sites' files are read anew."""
        self._db.execute("DELETE FROM file")
        for what in ("round", "requests", "bytes", "milliseconds"):
            self.forget(what)

    def states(self) -> dict[str, int]:
        """How many addresses are in each state."""
        return dict(self._db.execute("SELECT state, count(*) FROM url GROUP BY state ORDER BY 1").fetchall())

    # Hosts and sites

    def freed(self, host: str) -> float:
        """When the host may be asked next."""
        row = self._db.execute("SELECT free FROM host WHERE host = ?", (host,)).fetchone()
        return float(row[0]) if row else 0.0

    def free(self, host: str, moment: float) -> None:
        """Keep the host from being asked before this moment."""
        query = "INSERT INTO host (host, free) VALUES (?, ?) ON CONFLICT DO UPDATE SET free = excluded.free"
        self._db.execute(query, (host, moment))

    def files(self, root: str, since: float) -> dict[str, Text]:
        """Return the site's files that were read after this moment."""
        query = "SELECT address, body, time FROM file WHERE root = ? AND read > ?"
        rows = self._db.execute(query, (root, since))
        return {row["address"]: Text(row["body"], datetime.fromisoformat(row["time"])) for row in rows}

    def keep_file(self, address: str, root: str, file: Text, read: float) -> None:
        """Note that a site's file was read, or is known to be missing."""
        row = (address, root, file.body, file.time.isoformat(), read)
        self._db.execute("INSERT OR REPLACE INTO file VALUES (?,?,?,?,?)", row)

    # Counts and the index

    def count(self, what: str, shape: str, *, add: int = 0) -> int:
        """How often something was met, after adding to it."""
        if add:
            query = "INSERT INTO count VALUES (?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
            self._db.execute(query, (what, shape, add))
        row = self._db.execute("SELECT n FROM count WHERE what = ? AND shape = ?", (what, shape)).fetchone()
        return int(row[0]) if row else 0

    def forget(self, what: str) -> None:
        """Forget what was counted of one kind."""
        self._db.execute("DELETE FROM count WHERE what = ?", (what,))

    def counts(self, what: str) -> dict[str, int]:
        """Everything of one kind that was counted."""
        query = "SELECT shape, n FROM count WHERE what = ? ORDER BY n DESC, shape"
        return dict(self._db.execute(query, (what,)).fetchall())

    def index(self, url: str, written: Written, mime: str, status: int) -> None:
        """Note that a record was written."""
        row = (url, written.date, mime, status, written.digest, written.length, written.offset, written.file)
        self._db.execute("INSERT INTO record VALUES (?,?,?,?,?,?,?,?)", row)

    def record_location(self, url: str, earlier: Earlier) -> tuple[str, int] | None:
        """Return the WARC and the offset in it of the record that holds an address's page."""
        query = "SELECT file, offset FROM record WHERE url = ? AND date = ? AND digest = ? ORDER BY rowid LIMIT 1"
        row = self._db.execute(query, (url, earlier.date, earlier.digest)).fetchone()
        return None if row is None else (str(row[0]), int(row[1]))

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the records written, in the order of their files."""
        for row in self._db.execute("SELECT * FROM record ORDER BY file, offset"):
            yield dict(row)
