"""The state of a harvest: its lists, the records seen, and the links at which their texts may be."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS list (
    name TEXT PRIMARY KEY, since TEXT, moment TEXT, tag INTEGER NOT NULL, restarts INTEGER NOT NULL,
    idle INTEGER NOT NULL, complete INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS request (url TEXT PRIMARY KEY, list TEXT, tag INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS item (
    identifier TEXT PRIMARY KEY, datestamp TEXT NOT NULL, state TEXT NOT NULL, known TEXT NOT NULL,
    links TEXT NOT NULL, tried INTEGER NOT NULL, why TEXT NOT NULL, tag INTEGER NOT NULL, had INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS link (url TEXT PRIMARY KEY, identifier TEXT NOT NULL, named INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS choice (said TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS item_state ON item (state);
"""


@dataclass(frozen=True)
class RecordList:
    """The list of records of a set, or of the whole repository.

    Attributes:
        name: the set; empty for the whole repository.
        since: the beginning of the requested period.
        moment: the moment up to which the list has all changes.
        tag: the number of the attempt at the list.
        restarts: restarts after a broken token.
        idle: consecutive replies without a new record.
        complete: whether its end was reached.
    """

    name: str
    since: str | None
    moment: str | None
    tag: int
    restarts: int = 0
    idle: int = 0
    complete: bool = False


@dataclass(frozen=True)
class RecordState:
    """A record with the state of its text.

    Attributes:
        state: `waiting`, `text`, `none` (no text is available) or `withdrawn`.
        known: its columns, as `page_metadata.to_json` writes them.
        links: the addresses at which its text may be, in order of preference.
        tag: the number of the attempt in which it was last listed.
        why: the failures of these links.
        had: whether its text was ever fetched.
    """

    identifier: str
    datestamp: str
    state: str
    known: str
    links: tuple[str, ...]
    tag: int
    tried: int = 0
    why: str = ""
    had: bool = False


class Memory:
    """The tables of a harvest, in the frontier's file and transactions."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        for statement in _TABLES.split(";"):
            db.execute(statement)

    # Lists and requests

    def record_list(self, name: str) -> RecordList | None:
        """Return the list of a set; None if it was never requested."""
        row = self._db.execute("SELECT * FROM list WHERE name = ?", (name,)).fetchone()
        return None if row is None else RecordList(**{**dict(row), "complete": bool(row["complete"])})

    def store_list(self, listing: RecordList) -> None:
        """Store a list."""
        self._db.execute("INSERT OR REPLACE INTO list VALUES (?,?,?,?,?,?,?)", astuple(listing))

    def choose(self, choice: str) -> None:
        """Store the source's choice of records and texts, and forget the lists if the choice has changed.

        Records without a text are then treated as changed. `choice` has the source's keys with this choice, as JSON.
        """
        previous = self._db.execute("SELECT said FROM choice").fetchone()
        if previous is not None and previous["said"] != choice:
            self._db.execute("DELETE FROM list")
            self._db.execute("UPDATE item SET datestamp = '' WHERE state = 'none'")
        self._db.execute("DELETE FROM choice")
        self._db.execute("INSERT INTO choice VALUES (?)", (choice,))

    def last_tag(self) -> int:
        """Return the number of the latest attempt; 0 before the first."""
        tag: int = self._db.execute("SELECT coalesce(max(tag), 0) FROM request").fetchone()[0]
        return tag

    def is_new(self, url: str, list_name: str | None, tag: int) -> bool:
        """Store a request; return false if the attempt has made it already."""
        query = (
            "INSERT INTO request VALUES (?,?,?) ON CONFLICT DO UPDATE SET list = excluded.list, tag = excluded.tag "
            "WHERE tag != excluded.tag RETURNING 1"
        )
        return bool(self._db.execute(query, (url, list_name, tag)).fetchall())

    def request(self, url: str) -> tuple[str | None, int] | None:
        """Return the list (None for `Identify`) and the attempt of a request; None if the address isn't a request."""
        row = self._db.execute("SELECT list, tag FROM request WHERE url = ?", (url,)).fetchone()
        return None if row is None else (row["list"], int(row["tag"]))

    # Records and links

    def item(self, identifier: str) -> RecordState | None:
        """Return a record; None if it was never listed."""
        row = self._db.execute("SELECT * FROM item WHERE identifier = ?", (identifier,)).fetchone()
        if row is None:
            return None
        return RecordState(**{**dict(row), "links": tuple(json.loads(row["links"])), "had": bool(row["had"])})

    def store_item(self, item: RecordState) -> None:
        """Store a record."""
        row = (item.identifier, item.datestamp, item.state, item.known, json.dumps(item.links), item.tried, item.why)
        self._db.execute("INSERT OR REPLACE INTO item VALUES (?,?,?,?,?,?,?,?,?)", (*row, item.tag, item.had))

    def items(self, state: str) -> Iterator[RecordState]:
        """Yield the records in a state, sorted by identifier."""
        query = "SELECT identifier FROM item WHERE state = ? ORDER BY identifier"
        for (identifier,) in self._db.execute(query, (state,)).fetchall():
            item = self.item(identifier)
            if item is not None:
                yield item

    def waiting_count(self) -> int:
        """Return the number of records that are waiting for their texts."""
        count: int = self._db.execute("SELECT count(*) FROM item WHERE state = 'waiting'").fetchone()[0]
        return count

    def claim(self, url: str, identifier: str, *, named: bool) -> bool:
        """Assign an address to a record; return false if it belongs to another record.

        `named` means that a page names the address as the text itself, rather than as a page about it.
        """
        query = "INSERT OR IGNORE INTO link VALUES (?,?,?)"
        self._db.execute(query, (url, identifier, named))
        return (self.link(url) or ("", False))[0] == identifier

    def link(self, url: str) -> tuple[str, bool] | None:
        """Return the record of an address, and whether the address was named as the text itself."""
        row = self._db.execute("SELECT identifier, named FROM link WHERE url = ?", (url,)).fetchone()
        return None if row is None else (str(row["identifier"]), bool(row["named"]))

    def item_at(self, url: str) -> RecordState | None:
        """Return the record to which an address belongs."""
        link = self.link(url)
        return self.item(link[0]) if link else None

    def release(self, identifier: str) -> None:
        """Drop the record's waiting addresses, and free all of them for other records.

        A text that is deposited again gets another record.
        """
        query = (
            "UPDATE url SET state = 'refused' WHERE state = 'waiting' "
            "AND url IN (SELECT url FROM link WHERE identifier = ?)"
        )
        self._db.execute(query, (identifier,))
        self._db.execute("DELETE FROM link WHERE identifier = ?", (identifier,))
