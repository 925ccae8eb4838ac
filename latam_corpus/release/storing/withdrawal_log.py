"""The log of what was withdrawn from a store's releases: `withdrawals/NNNN.json`, to which one only adds.

Each entry has the digest of the one before it, and its own (`durable.sealed`); the tables beside it are named by
theirs. What was asked for stands there as a hash, a pattern of addresses as it is; no text does. An entry binds from
the moment at which its file is there, in every release of the store: readers leave its documents out. So do builds,
but for lapses: what the terms of a document no longer allow is judged anew for each version.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from latam_corpus import schema
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.storing.manifest import Name, Sha256, SideFile
from latam_corpus.storage.durable import sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.store import Store

FOLDER: Final = "withdrawals"
BARRIER: Final = "withdrawals"  # as runs call it: who asks what it set aside loads nothing of it
BEGINNING: Final = "0" * 64
By = Literal["doc", "source", "creator", "url", "text", "several", "request", "deletion", "terms"]
Kind = Literal["withdrawal", "hold", "lapse", "return", "receipt", "purge"]

# Documents of versions that were there: in which object each is, and what it says.
ROWS: Final = pl.Schema({"object": pl.String(), "doc_id": pl.String()})
# Texts that stay out, see `withdrawn_texts.py`: `runs` are hashes of runs of five words, uint64 little-endian, sorted;
# `numbers` of words with digits, uint16; `phrases` of runs of three words, uint32, sorted, with their `places` among
# the text's phrases, uint32, of which there are `length`; `numbers_in_place` of numbers with the words before them,
# uint64.
# The tables have a column `by`, too: the kind of what was named. Entries from before December 2026 have the first four
# columns only: there the entry's `by` is meant, and the other columns are null.
TEXTS: Final = pl.Schema(
    {
        "text_hash": pl.Binary(),
        "words": pl.UInt32(),
        "runs": pl.Binary(),
        "numbers": pl.Binary(),
        "phrases": pl.Binary(),
        "places": pl.Binary(),
        "length": pl.UInt32(),
        "numbers_in_place": pl.Binary(),
    }
)
TEXTS_BY: Final = pl.Schema({**TEXTS, "by": pl.String()})
# Documents of other sources with such a text, which are theirs to give.
SPARED: Final = pl.Schema({"doc_id": pl.String()})
# Copies of documents that stay out, too, and why, see `kept_out.py`.
KEPT_OUT: Final = pl.Schema({"doc_id": pl.String(), "why": pl.String()})
# Documents that came back; of a return without this table all of them did.
LIFTED: Final = SPARED
# By so much the clocks of two machines may differ, and a command's beginning be before another's entry.
_CLOCK_SKEW: Final = timedelta(minutes=5)
_TABLES: Final = {"rows": ROWS, "texts": TEXTS_BY, "spared": SPARED, "lifted": LIFTED, "kept_out": KEPT_OUT}
_REMEDY: Final = _("restore it from a backup of the store: no document is read while the log is incomplete")


class EntryTakenError(ReleaseError):
    """Another process added an entry to the log first; begin again upon it."""


class Replacement(SideFile):
    """The shard that stands in a purged one's place: its digest, its size, and the documents in it."""

    rows: int
    text_bytes: int


class Selection(BaseModel):
    """One of several things that an entry withdraws or holds: its kind, and what `Entry.asked` would state of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: By
    asked: str


class Entry(BaseModel):
    """An entry of the log.

    Attributes:
        kind: a withdrawal; a hold, which lasts until its return; a lapse of terms, as of a permission that has expired;
            the return of what was held or lapsed; the receipt of one of these; or a purge, after which the bytes of
            documents are gone.
        request: what the withdrawal is called, in receipts too.
        by: what was named.
        asked: the hash of what was named, see `asked_hash`; a pattern of addresses itself.
        several: each of the things that were named, if `by` is `several`.
        of: of a receipt, a return or a purge, the number of the withdrawal's entry.
        tables: the digests of ROWS, TEXTS_BY, SPARED, KEPT_OUT and LIFTED, as far as it has them.
        receipts: the SHA-256 of the receipt, by format.
        replaced: of a purge, what stands for an object or another file of the store now; None for nothing.
        previous: the SHA-256 of the entry before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    number: int = Field(ge=1)
    kind: Kind
    request: str
    time: AwareDatetime
    release: Name
    by: By | None = None
    asked: str = ""
    several: tuple[Selection, ...] = ()
    because: str = ""
    of: int | None = None
    tables: dict[str, SideFile] = {}
    receipts: dict[str, Sha256] = {}
    replaced: dict[str, Replacement | None] = {}
    previous: Sha256

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.number:04d}.json"

    @property
    def erases(self) -> bool:
        """Whether a purge erases its documents: those that may come back stay where they are."""
        return self.kind == "withdrawal" or (self.kind == "lapse" and self.by == "deletion")

    @property
    def selections(self) -> tuple[Selection, ...]:
        """Each of the things that it names; none if it names nothing."""
        return self.several or ((Selection(by=self.by, asked=self.asked),) if self.by else ())

    def dumped(self) -> bytes:
        """Return the bytes of its file."""
        # Files that were written before `several` existed keep their bytes, and so their digests.
        without = None if self.several else {"several"}
        return sealed(self.model_dump(mode="json", exclude=without), indent=1)


def parse_entry(data: bytes, place: str) -> Entry:
    """Return the entry in these bytes.

    Raises:
        ReleaseError: a byte of them has changed, or they are no entry.
    """
    try:
        return Entry.model_validate(unsealed(data))
    except ValidationError as error:
        raise ReleaseError(place, _("it is no entry: {errors}", errors=error.errors()[0]["msg"]), _REMEDY) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError(place, str(error), _REMEDY) from None


def request_name(kind: Kind, number: int, head: str, by: str, asked: str) -> str:
    """Return what an entry is called on receipts, by its kind, its number and what it is about.

    >>> request_name("hold", 3, "", "doc", "ab")
    'H0003-1f132409'
    """
    digest = hashlib.sha256(f"{head}{by}{asked}".encode()).hexdigest()
    return f"{kind[0].upper()}{number:04d}-{digest[:8]}"


def asked_hash(by: By, value: str) -> str:
    """Return the SHA-256, hex, of what was named: of the kind, NUL and the value.

    >>> asked_hash("source", "cantos")[:8]
    '61ca8725'
    """
    return hashlib.sha256(f"{by}\0{value}".encode()).hexdigest()


class ReadableShard(NamedTuple):
    """A shard, and the ids of the documents that readers leave out of it; None where they leave out none."""

    shard: Shard
    without: pl.Series | None = None

    @property
    def rows(self) -> int:
        """The documents that readers get."""
        return self.shard.rows - (0 if self.without is None else len(self.without))

    def wanted(self) -> pl.Expr:
        """Which of its rows readers get."""
        return pl.lit(value=True) if self.without is None else ~pl.col("doc_id").is_in(self.without.implode())


@dataclass(frozen=True)
class WithdrawalLog:
    """The log of a store, whole, each entry with the digest of its file."""

    store: Store
    entries: tuple[Entry, ...]
    digests: tuple[str, ...]

    @property
    def sequence(self) -> int:
        """The number of the last entry; 0 where there is none."""
        return len(self.entries)

    @property
    def head(self) -> str:
        """The digest of the last entry."""
        return self.digests[-1] if self.digests else BEGINNING

    @cached_property
    def withdrawals(self) -> tuple[Entry, ...]:
        """The entries that bind builds: withdrawals, and holds whose documents haven't come back."""
        back = {entry.of for entry in self.entries if entry.kind == "return" and "lifted" not in entry.tables}
        wanted = ("withdrawal", "hold")
        return tuple(entry for entry in self.entries if entry.kind in wanted and entry.number not in back)

    @cached_property
    def binding(self) -> tuple[Entry, ...]:
        """The entries that bind readers: lapses of terms, too."""
        binding = {entry.number for entry in self.withdrawals}
        return tuple(entry for entry in self.entries if entry.number in binding or entry.kind == "lapse")

    def lapsed(self, entry: Entry) -> pl.DataFrame:
        """Return the ROWS of a lapse whose documents haven't come back since."""
        back = [one for one in self.entries if one.kind == "return" and one.of == entry.number]
        lifted = pl.concat([pl.DataFrame(schema=LIFTED), *(self.table(one, "lifted") for one in back)])
        return self.table(entry, "rows").join(lifted, on="doc_id", how="anti")

    @cached_property
    def replaced(self) -> dict[str, Replacement | None]:
        """What purges have put in the place of files of the store, by their paths; of several the last."""
        replacements: dict[str, Replacement | None] = {}
        for entry in self.entries:
            replacements |= entry.replaced
        return replacements

    def table(self, entry: Entry, name: str) -> pl.DataFrame:
        """Return a table of an entry; empty where it has none.

        Raises:
            ReleaseError: its file is missing, or another.
        """
        columns = _TABLES[name]
        recorded = entry.tables.get(name)
        if recorded is None:
            return pl.DataFrame(schema=columns)
        path = (FOLDER, table_file(recorded.sha256))
        data = self.store.read(*path)
        if hashlib.sha256(data).hexdigest() != recorded.sha256:
            problem = _("its bytes aren't those that the log names")
            raise ReleaseError(f"{self.store.url}, {'/'.join(path)}", problem, _REMEDY)
        rows = pl.read_parquet(io.BytesIO(data))
        if name == "texts" and "by" not in rows.columns:
            rows = rows.with_columns(pl.lit(entry.by).alias("by"))
        return schema.conform(rows, columns)

    def check_tables(self) -> None:
        """Read every table of every entry.

        Raises:
            ReleaseError: one is missing, or another.
        """
        for entry in self.entries:
            for name in entry.tables:
                self.table(entry, name)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The documents of versions that readers leave out: ROWS, the first entry's `number`, whether one `erases`.

        Raises:
            ReleaseError: a table can't be read.
        """
        frames = [pl.DataFrame(schema={**ROWS, "number": pl.UInt32(), "erases": pl.Boolean()})]
        for entry in self.binding:
            rows = self.lapsed(entry) if entry.kind == "lapse" else self.table(entry, "rows")
            number, erases = pl.lit(entry.number, pl.UInt32), pl.lit(entry.erases)
            frames.append(rows.with_columns(number.alias("number"), erases.alias("erases")))
        grouped = pl.concat(frames).group_by("object", "doc_id", maintain_order=True)
        return grouped.agg(pl.col("number").min(), pl.col("erases").any())

    def documents_of(self, entries: Sequence[Entry]) -> pl.DataFrame:
        """Return the documents that entries list: `doc_id` and the `number` of the first that does."""
        frames = [pl.DataFrame(schema={"doc_id": pl.String, "number": pl.UInt32})]
        for entry in entries:
            number = pl.lit(entry.number, pl.UInt32).alias("number")
            frames.append(self.table(entry, "rows").select("doc_id", number))
        return pl.concat(frames).unique("doc_id", keep="first", maintain_order=True)

    def resolved(self, shard: Shard) -> Shard | None:
        """Return the shard as it is in the store now: after a purge another object, or none where nothing is left."""
        while shard.object in self.replaced:
            now = self.replaced[shard.object]
            if now is None:
                return None
            shard = shard.model_copy(update=now.model_dump())
        return shard

    def readable(self, manifest: Manifest, *, erasing: bool = False) -> list[ReadableShard]:
        """Return the shards of a version, each with the ids of the documents that readers leave out of it.

        Args:
            manifest: the version.
            erasing: of these only those that a purge erases.

        Raises:
            ReleaseError: the log ends before the version was made, or can't be read.
        """
        must_reach(self, manifest.withdrawal_sequence, manifest.spec)
        shards = [(shard, now) for shard in manifest.shards if (now := self.resolved(shard))]
        if not self.binding:
            return [ReadableShard(now) for _, now in shards]
        by_object = {str(key[0]): rows for key, rows in self.rows.group_by("object", maintain_order=True)}
        readable = []
        for shard, now in shards:
            *before, _ = digests = self.digests_of(shard)
            listed = pl.concat([self.rows.clear(), *(by_object[one] for one in digests if one in by_object)])
            # What was erased from an object that stood here isn't in the one that stands here now.
            erased = listed.filter(pl.col("object").is_in(before) & pl.col("erases"))["doc_id"]
            there = listed.filter(~pl.col("doc_id").is_in(erased.implode()))
            ids = (there.filter("erases") if erasing else there)["doc_id"].unique(maintain_order=True)
            readable.append(ReadableShard(now, ids if len(ids) else None))
        return readable

    def digests_of(self, shard: Shard) -> list[str]:
        """Return the digests by which documents of a shard may be named: its own, and those that stood in its place."""
        digests = [shard.sha256]
        while (now := self.replaced.get(shard.object)) is not None:
            shard = shard.model_copy(update=now.model_dump())
            digests.append(shard.sha256)
        return digests

    def rows_of(self, manifest: Manifest) -> pl.DataFrame:
        """Return what `rows` says of a version, each document once, at its first entry: `doc_id` and `number`."""
        digests = [digest for shard in manifest.shards for digest in self.digests_of(shard)]
        rows = self.rows.filter(pl.col("object").is_in(digests)).sort("number", maintain_order=True)
        return rows.select("doc_id", "number").unique("doc_id", keep="first", maintain_order=True)

    def withdrawn_since(self, manifest: Manifest, sequence: int) -> pl.Series:
        """Return the ids of documents of a version that were withdrawn after an entry."""
        return self.rows_of(manifest).filter(pl.col("number") > sequence)["doc_id"].sort()

    def withdrawn_from(self, manifest: Manifest) -> int:
        """How many documents of a version are withdrawn."""
        return self.rows_of(manifest).height if self.binding else 0


def read_log(store: Store, manifest: Manifest | None = None) -> WithdrawalLog:
    """Return the log of a store, checked from its first entry to the last that any file of the store mentions.

    Args:
        store: where the log is.
        manifest: one that was read already, which saves a request to a store elsewhere.

    Raises:
        ReleaseError: an entry is missing, damaged, or does not follow the previous one.
    """
    # Whatever mentions an entry is written after it. Read first, it cannot be ahead of a log that is being extended.
    listed = store.names_in(FOLDER)
    mentions = _mentions(store, listed, manifest)
    entries: list[Entry] = []
    digests: list[str] = []
    while True:
        number = len(entries) + 1
        name = f"{number:04d}.json"
        # A file server may offer no listing: a file that is not listed may still exist.
        if name not in listed and not store.exists(FOLDER, name):
            break
        data = store.read(FOLDER, name)
        place = f"{store.url}, {FOLDER}/{name}"
        entry = parse_entry(data, place)
        if entry.number != number or entry.previous != (digests[-1] if digests else BEGINNING):
            raise ReleaseError(place, _("it doesn't follow on the entry before it"), _REMEDY)
        entries.append(entry)
        digests.append(hashlib.sha256(data).hexdigest())
    log = WithdrawalLog(store, tuple(entries), tuple(digests))
    for count, file in mentions:
        must_reach(log, count, file)
    return log


_NUMBERED: Final = re.compile(r"(\d{4,})\.json(\.minisig)?")


def _mentions(store: Store, listed: Sequence[str], manifest: Manifest | None) -> list[tuple[int, str]]:
    """Return how many entries the log must have, by each file that mentions one.

    The files are entries and their signatures, and the newest version of each release.
    """
    numbered = [(int(match[1]), f"{FOLDER}/{name}") for name in listed if (match := _NUMBERED.fullmatch(name))]
    versions = [(manifest.withdrawal_sequence, manifest.spec) for manifest in store.newest_manifests(manifest)]
    return [*numbered, *versions]


def withdrawn_note(log: WithdrawalLog, manifest: Manifest) -> Message | None:
    """Return a sentence for who reads a version of which documents are withdrawn."""
    count = log.withdrawn_from(manifest)
    if not count:
        return None
    what = {"n": f"{count:,}", "release": manifest.spec}
    return _(
        "{n} {n:document|documents} of {release} {n:is|are} withdrawn, and left out; a later version is without "
        "{n:it|them}",
        **what,
    )


def must_reach(log: WithdrawalLog, count: int, mentioned_by: str) -> None:
    """Raise unless the log has at least this many entries.

    Args:
        log: the log.
        count: how many entries it had when a file was written.
        mentioned_by: that file, for the error.

    Raises:
        ReleaseError: entries are missing, or the whole log.
    """
    if log.sequence < count:
        place = f"{log.store.url}, {FOLDER}/{log.sequence + 1:04d}.json"
        problem = _(
            "the entry is missing: {file} was written when the log had {count} {count:entry|entries}",
            file=mentioned_by,
            count=count,
        )
        raise ReleaseError(place, problem, _REMEDY)


def add_entry(log: WithdrawalLog, time: datetime, tables: Mapping[str, pl.DataFrame], **fields: Any) -> Entry:
    """Add an entry.

    Args:
        log: as it was read.
        time: now.
        tables: by the names of `_TABLES`.
        fields: further attributes of the entry.

    Raises:
        EntryTakenError: another process has added one since the log was read.
        ReleaseError: the clock runs backwards, or the disk is full.
    """
    last = log.entries[-1].time if log.entries else None
    if last and last - _CLOCK_SKEW <= time:
        time = max(time, last)
    if last and time < last:
        problem = _(
            "by this machine's clock it is {time}, before the log's last entry ({last})",
            time=f"{time:%F %T}",
            last=f"{last:%F %T}",
        )
        raise ReleaseError(f"{log.store.url}, {FOLDER}", problem, _("set the clock; nothing was withdrawn"))
    files = {}
    for name, rows in tables.items():
        if rows.height:
            files[name] = _put_table(log.store, rows)
    entry = Entry(number=log.sequence + 1, time=time, tables=files, previous=log.head, **fields)
    try:
        log.store.create(entry.dumped(), FOLDER, entry.file)
    except ReleaseError:
        problem = _("somebody else has withdrawn something at this moment, and was first")
        raise EntryTakenError(f"{log.store.url}, {FOLDER}/{entry.file}", problem, _("give the command again")) from None
    log.store.sign(entry.dumped(), FOLDER, entry.file)
    return entry


def time_after(log: WithdrawalLog, now: datetime) -> datetime:
    """Return the time of an entry that follows on those which others have added since a command began at `now`."""
    return max(now, log.entries[-1].time) if log.entries else now


def table_file(sha256: str) -> str:
    """Return the name of a table's file.

    >>> table_file("ab12")
    'ab12.parquet'
    """
    return f"{sha256}.parquet"


def _put_table(store: Store, rows: pl.DataFrame) -> SideFile:
    written = io.BytesIO()
    rows.write_parquet(written, compression="zstd", statistics=False)
    data = written.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    store.write(data, FOLDER, table_file(sha256))
    return SideFile(sha256=sha256, bytes=len(data))
