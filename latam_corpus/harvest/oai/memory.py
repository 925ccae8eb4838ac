"""What a harvest knows: the lists it asks for, the records it has seen, and the links at which their texts may be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

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
class Listing:
    """A list of records: of a set, or with an empty name of the whole repository.

    Attributes:
        name: the set.
        since: the moment from which on changes are asked for.
        moment: when the repository began to answer.
        tag: a number of the attempt; what was seen in it isn't new in it.
        restarts: how often its token was broken.
        idle: answers in a row that brought nothing new.
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
class Item:
    """A record as it is known.

    Attributes:
        identifier: its name in the repository.
        datestamp: of its last change.
        state: `waiting`, `text`, `none` (no text can be had) or `withdrawn`.
        known: its columns, as `page_metadata.py` writes them.
        links: where its text may be, in order.
        tried: how many of them were.
        why: what became of them.
        tag: the attempt in which it was last listed.
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
    """Tables beside those of the frontier, in its file and its transactions."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        for statement in _TABLES.split(";"):
            db.execute(statement)

    # Lists and requests

    def listing(self, name: str) -> Listing | None:
        """Return the list of this set."""
        row = self._db.execute("SELECT * FROM list WHERE name = ?", (name,)).fetchone()
        return None if row is None else Listing(**{**dict(row), "complete": bool(row["complete"])})

    def keep_listing(self, one: Listing) -> None:
        """Remember the list as it is now."""
        row = (one.name, one.since, one.moment, one.tag, one.restarts, one.idle, one.complete)
        self._db.execute("INSERT OR REPLACE INTO list VALUES (?,?,?,?,?,?,?)", row)

    def choose(self, choice: str) -> None:
        """Take what the source says of which records and texts are wanted; after another choice all is listed anew.

        Records that gave no text are then looked at as if they had changed.
        """
        before = self._db.execute("SELECT said FROM choice").fetchone()
        if before is not None and before["said"] != choice:
            self._db.execute("DELETE FROM list")
            self._db.execute("UPDATE item SET datestamp = '' WHERE state = 'none'")
        self._db.execute("DELETE FROM choice")
        self._db.execute("INSERT INTO choice VALUES (?)", (choice,))

    def last_tag(self) -> int:
        """Return the number of the latest attempt; 0 before the first."""
        tag: int = self._db.execute("SELECT coalesce(max(tag), 0) FROM request").fetchone()[0]
        return tag

    def is_new(self, url: str, listing: str | None, tag: int) -> bool:
        """Remember a request; false where the attempt has made it already."""
        query = (
            "INSERT INTO request VALUES (?,?,?) ON CONFLICT DO UPDATE SET list = excluded.list, tag = excluded.tag "
            "WHERE tag != excluded.tag RETURNING 1"
        )
        return bool(self._db.execute(query, (url, listing, tag)).fetchall())

    def request(self, url: str) -> tuple[str | None, int] | None:
        """Return the list (None for `Identify`) and the attempt of a request; None for another address."""
        row = self._db.execute("SELECT list, tag FROM request WHERE url = ?", (url,)).fetchone()
        return None if row is None else (row["list"], int(row["tag"]))

    # Records and links

    def item(self, identifier: str) -> Item | None:
        """Return the record, if it was ever listed."""
        row = self._db.execute("SELECT * FROM item WHERE identifier = ?", (identifier,)).fetchone()
        if row is None:
            return None
        return Item(**{**dict(row), "links": tuple(json.loads(row["links"])), "had": bool(row["had"])})

    def keep_item(self, one: Item) -> None:
        """Remember the record as it is now."""
        row = (one.identifier, one.datestamp, one.state, one.known, json.dumps(one.links), one.tried, one.why)
        self._db.execute("INSERT OR REPLACE INTO item VALUES (?,?,?,?,?,?,?,?,?)", (*row, one.tag, one.had))

    def items(self, state: str) -> Iterator[Item]:
        """Yield the records in a state, by their identifiers."""
        query = "SELECT identifier FROM item WHERE state = ? ORDER BY identifier"
        for (identifier,) in self._db.execute(query, (state,)).fetchall():
            item = self.item(identifier)
            if item is not None:
                yield item

    def waiting(self) -> int:
        """How many records wait for their texts."""
        count: int = self._db.execute("SELECT count(*) FROM item WHERE state = 'waiting'").fetchone()[0]
        return count

    def claim(self, url: str, identifier: str, *, named: bool) -> bool:
        """Let an address stand for a record; false where it stands for another.

        Args:
            url: the address.
            identifier: the record.
            named: whether a page names it as the text itself, so that it is no page about the text.
        """
        query = "INSERT OR IGNORE INTO link VALUES (?,?,?)"
        self._db.execute(query, (url, identifier, named))
        return (self.link(url) or ("", False))[0] == identifier

    def link(self, url: str) -> tuple[str, bool] | None:
        """Return the record for which an address stands, and whether it was named as the text itself."""
        row = self._db.execute("SELECT identifier, named FROM link WHERE url = ?", (url,)).fetchone()
        return None if row is None else (str(row["identifier"]), bool(row["named"]))

    def item_at(self, url: str) -> Item | None:
        """Return the record for which an address stands."""
        link = self.link(url)
        return self.item(link[0]) if link else None

    def release(self, identifier: str, states: Sequence[str] = ("waiting",)) -> None:
        """Ask no more for the record's addresses."""
        marks = ",".join("?" * len(states))
        query = (
            f"UPDATE url SET state = 'refused' WHERE state IN ({marks}) "  # noqa: S608  (marks alone)
            "AND url IN (SELECT url FROM link WHERE identifier = ?)"
        )
        self._db.execute(query, (*states, identifier))

    def unclaim(self, identifier: str) -> None:
        """Let the record's addresses stand for others: a text that is handed in anew has another record."""
        self._db.execute("DELETE FROM link WHERE identifier = ?", (identifier,))
