"""The append-only log of withdrawals from a store's releases: `withdrawals/NNNN.json`.

Each entry contains the digest of the previous one and its own (`durable.sealed`); its tables are named by their
digests. The log contains hashes of ids, names and texts, and patterns of addresses, but no texts. An entry takes effect
in all releases of the store as soon as its file exists: readers skip its documents. Builds leave them out too, except
those of lapses, since the terms of a document are judged again for each version.
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
BARRIER: Final = "withdrawals"  # the barrier's name in runs; here so that a ledger's reader needn't import the barrier
BEGINNING: Final = "0" * 64
By = Literal["doc", "source", "creator", "url", "text", "several", "request", "deletion", "terms"]
Kind = Literal["withdrawal", "hold", "lapse", "return", "receipt", "purge"]

# Documents of existing versions, each with the digest of the object that contains it.
ROWS: Final = pl.Schema({"object": pl.String(), "doc_id": pl.String()})
# Withdrawn texts, see `withdrawn_texts.py`. `runs` are sorted hashes of runs of five words, uint64 little-endian;
# `numbers` are hashes of words with digits, uint16; `phrases` are sorted hashes of runs of three words, uint32, with
# their `places` among the `length` phrases of the text, uint32; `numbers_in_place` are hashes of numbers with the
# preceding words, uint64. The tables have another column `by`, the kind of the item. Entries from before December 2026
# have only the first four columns: the entry's `by` applies to all items, and the other columns are null.
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
# Documents of other sources with a withdrawn text, to which the withdrawal doesn't apply.
SPARED: Final = pl.Schema({"doc_id": pl.String()})
# Copies of the documents that must not be released, with the reason, see `kept_out.py`.
KEPT_OUT: Final = pl.Schema({"doc_id": pl.String(), "why": pl.String()})
# Documents that returned; a return without this table applies to all documents.
LIFTED: Final = SPARED
# The tolerated difference between the clocks of two machines, or between the start of a command and an entry by
# another.
_CLOCK_SKEW: Final = timedelta(minutes=5)
_TABLES: Final = {"rows": ROWS, "texts": TEXTS_BY, "spared": SPARED, "lifted": LIFTED, "kept_out": KEPT_OUT}
_REMEDY: Final = _("restore it from a backup of the store: no document is read while the log is incomplete")


class EntryTakenError(ReleaseError):
    """Another process added an entry to the log first; read the log and try again."""


class Replacement(SideFile):
    """The shard that replaces a purged one."""

    rows: int
    text_bytes: int


class LogSelection(BaseModel):
    """One of several items that an entry withdraws or holds, see `LogEntry.by` and `LogEntry.asked`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    by: By
    asked: str


class LogEntry(BaseModel):
    """An entry of the log.

    Attributes:
        kind: a withdrawal; a hold, which lasts until its return; a lapse of terms, such as an expired permission; the
            return of held or lapsed documents; the receipt of one of these; or a purge, which erases documents.
        request: the name of the withdrawal, as on receipts.
        by: the kind of the item that is withdrawn.
        asked: the hash of the item, see `asked_hash`; a pattern of addresses isn't hashed.
        several: the items, if `by` is `several`.
        of: for a receipt, a return or a purge, the number of the withdrawal's entry.
        tables: the digests of the tables ROWS, TEXTS_BY, SPARED, KEPT_OUT and LIFTED that it has.
        receipts: the SHA-256 of the receipt, by format.
        replaced: for a purge, the replacement of each erased file of the store; None if it was removed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal[1] = 1
    number: int = Field(ge=1)
    kind: Kind
    request: str
    time: AwareDatetime
    release: Name
    by: By | None = None
    asked: str = ""
    several: tuple[LogSelection, ...] = ()
    because: str = ""
    of: int | None = None
    tables: dict[str, SideFile] = {}
    receipts: dict[str, Sha256] = {}
    replaced: dict[str, Replacement | None] = {}
    previous: Sha256

    @property
    def file(self) -> str:
        """The name of the entry's file."""
        return f"{self.number:04d}.json"

    @property
    def erases(self) -> bool:
        """Whether a purge erases the entry's documents; it doesn't erase those that may return."""
        return self.kind == "withdrawal" or (self.kind == "lapse" and self.by == "deletion")

    @property
    def selections(self) -> tuple[LogSelection, ...]:
        """The items of the entry; empty if it has none."""
        return self.several or ((LogSelection(by=self.by, asked=self.asked),) if self.by else ())

    def dumped(self) -> bytes:
        """Return the bytes of the entry's file."""
        # An empty `several` is omitted, so that the digests of older entries don't change.
        excluded = None if self.several else {"several"}
        return sealed(self.model_dump(mode="json", exclude=excluded), indent=1)


def parse_entry(data: bytes, place: str) -> LogEntry:
    """Parse an entry; raise ReleaseError with the place if the bytes were changed, or aren't an entry."""
    try:
        return LogEntry.model_validate(unsealed(data))
    except ValidationError as error:
        raise ReleaseError(
            place, _("it isn't an entry of the log: {errors}", errors=error.errors()[0]["msg"]), _REMEDY
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError(place, str(error), _REMEDY) from None


def request_name(kind: Kind, number: int, head: str, by: str, asked: str) -> str:
    """Return the name of an entry on receipts, composed of its kind, its number and a hash.

    >>> request_name("hold", 3, "", "doc", "ab")
    'H0003-1f132409'
    """
    digest = hashlib.sha256(f"{head}{by}{asked}".encode()).hexdigest()
    return f"{kind[0].upper()}{number:04d}-{digest[:8]}"


def asked_hash(by: By, value: str) -> str:
    """Return the hash of an item in the log: SHA-256, hex, of its kind, NUL and its value.

    >>> asked_hash("source", "cantos")[:8]
    '61ca8725'
    """
    return hashlib.sha256(f"{by}\0{value}".encode()).hexdigest()


class ReadableShard(NamedTuple):
    """A shard, and the ids of its documents that readers must skip, if any."""

    shard: Shard
    without: pl.Series | None = None

    @property
    def rows(self) -> int:
        """The number of documents that readers don't skip."""
        return self.shard.rows - (0 if self.without is None else len(self.without))

    def wanted(self) -> pl.Expr:
        """Return an expression for the rows that readers don't skip."""
        return pl.lit(value=True) if self.without is None else ~pl.col("doc_id").is_in(self.without.implode())


@dataclass(frozen=True)
class WithdrawalLog:
    """The log of a store: all entries and the digests of their files."""

    store: Store
    entries: tuple[LogEntry, ...]
    digests: tuple[str, ...]

    @property
    def sequence(self) -> int:
        """The number of the last entry; 0 if the log is empty."""
        return len(self.entries)

    @property
    def head(self) -> str:
        """The digest of the last entry."""
        return self.digests[-1] if self.digests else BEGINNING

    @cached_property
    def withdrawals(self) -> tuple[LogEntry, ...]:
        """The entries that apply to builds: withdrawals, and holds that haven't ended."""
        ended = {entry.of for entry in self.entries if entry.kind == "return" and "lifted" not in entry.tables}
        kinds = ("withdrawal", "hold")
        return tuple(entry for entry in self.entries if entry.kind in kinds and entry.number not in ended)

    @cached_property
    def binding(self) -> tuple[LogEntry, ...]:
        """The entries that apply to readers: `withdrawals`, and lapses of terms."""
        numbers = {entry.number for entry in self.withdrawals}
        return tuple(entry for entry in self.entries if entry.number in numbers or entry.kind == "lapse")

    def lapsed(self, entry: LogEntry) -> pl.DataFrame:
        """Return the documents of a lapse that haven't returned, ROWS."""
        returns = [later for later in self.entries if later.kind == "return" and later.of == entry.number]
        lifted = pl.concat([pl.DataFrame(schema=LIFTED), *(self.table(later, "lifted") for later in returns)])
        return self.table(entry, "rows").join(lifted, on="doc_id", how="anti")

    @cached_property
    def replaced(self) -> dict[str, Replacement | None]:
        """The replacements of purged files, by path; the last one if there are several."""
        replacements: dict[str, Replacement | None] = {}
        for entry in self.entries:
            replacements |= entry.replaced
        return replacements

    def table(self, entry: LogEntry, name: str) -> pl.DataFrame:
        """Return a table of an entry, empty if the entry lacks it; raise ReleaseError if its bytes were changed."""
        columns = _TABLES[name]
        recorded = entry.tables.get(name)
        if recorded is None:
            return pl.DataFrame(schema=columns)
        path = (FOLDER, f"{recorded.sha256}.parquet")
        data = self.store.read(*path)
        if hashlib.sha256(data).hexdigest() != recorded.sha256:
            problem = _("its bytes aren't those that the log names")
            raise ReleaseError(f"{self.store.url}, {'/'.join(path)}", problem, _REMEDY)
        rows = pl.read_parquet(io.BytesIO(data))
        if name == "texts" and "by" not in rows.columns:
            rows = rows.with_columns(pl.lit(entry.by).alias("by"))
        return schema.conform(rows, columns)

    def check_tables(self) -> None:
        """Read every table of every entry; raise ReleaseError if a file is missing, or its digest differs."""
        for entry in self.entries:
            for name in entry.tables:
                self.table(entry, name)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The documents of versions that readers must skip.

        The columns are those of ROWS, the `number` of the first entry that lists the document, and whether a purge
        `erases` it.

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

    def documents_of(self, entries: Sequence[LogEntry]) -> pl.DataFrame:
        """Return the documents of these entries: `doc_id`, and the `number` of the first entry that lists it."""
        frames = [pl.DataFrame(schema={"doc_id": pl.String, "number": pl.UInt32})]
        for entry in entries:
            number = pl.lit(entry.number, pl.UInt32).alias("number")
            frames.append(self.table(entry, "rows").select("doc_id", number))
        return pl.concat(frames).unique("doc_id", keep="first", maintain_order=True)

    def resolved(self, shard: Shard) -> Shard | None:
        """Return the shard with its current object after purges; None if no document is left."""
        while shard.object in self.replaced:
            now = self.replaced[shard.object]
            if now is None:
                return None
            shard = shard.model_copy(update=now.model_dump())
        return shard

    def readable(self, manifest: Manifest, *, erasing: bool = False) -> list[ReadableShard]:
        """Return the shards of a version, each with the ids of the documents that readers must skip.

        With `erasing`, only the ids of documents that a purge erases.

        Raises:
            ReleaseError: a table can't be read, or the log has fewer entries than the manifest states.
        """
        must_reach(self, manifest.withdrawal_sequence, manifest.spec)
        shards = [(shard, now) for shard in manifest.shards if (now := self.resolved(shard))]
        if not self.binding:
            return [ReadableShard(now) for _, now in shards]
        by_object = {str(key[0]): rows for key, rows in self.rows.group_by("object", maintain_order=True)}
        readable = []
        for shard, now in shards:
            *old_digests, _ = digests = self.digests_of(shard)
            rows = pl.concat([self.rows.clear(), *(by_object[digest] for digest in digests if digest in by_object)])
            # Documents that were erased with a replaced object aren't in the current one.
            erased = rows.filter(pl.col("object").is_in(old_digests) & pl.col("erases"))["doc_id"]
            existing = rows.filter(~pl.col("doc_id").is_in(erased.implode()))
            ids = (existing.filter("erases") if erasing else existing)["doc_id"].unique(maintain_order=True)
            readable.append(ReadableShard(now, ids if len(ids) else None))
        return readable

    def digests_of(self, shard: Shard) -> list[str]:
        """Return the digests of a shard and its replacements; entries may list its documents under any of these."""
        digests = [shard.sha256]
        while (now := self.replaced.get(shard.object)) is not None:
            shard = shard.model_copy(update=now.model_dump())
            digests.append(shard.sha256)
        return digests

    def rows_of(self, manifest: Manifest) -> pl.DataFrame:
        """Return the documents of a version that readers must skip: `doc_id`, and the `number` of the first entry."""
        digests = [digest for shard in manifest.shards for digest in self.digests_of(shard)]
        rows = self.rows.filter(pl.col("object").is_in(digests)).sort("number", maintain_order=True)
        return rows.select("doc_id", "number").unique("doc_id", keep="first", maintain_order=True)

    def withdrawn_from(self, manifest: Manifest) -> int:
        """Return the number of documents of a version that readers must skip."""
        return self.rows_of(manifest).height if self.binding else 0


def read_log(store: Store, manifest: Manifest | None = None) -> WithdrawalLog:
    """Read and verify the log of a store, up to the last entry that a file of the store mentions.

    A manifest that was already read saves a request to a remote store.

    Raises:
        ReleaseError: an entry is missing or damaged, or doesn't follow the previous one.
    """
    # Files that mention an entry are written after it. They are read first, so that an entry added meanwhile can't seem
    # to be missing.
    names = store.names_in(FOLDER)
    mentions = _mentions(store, names, manifest)
    entries: list[LogEntry] = []
    digests: list[str] = []
    while True:
        number = len(entries) + 1
        name = f"{number:04d}.json"
        # Some file servers don't list files, so that an entry may exist although it isn't listed.
        if name not in names and not store.exists(FOLDER, name):
            break
        data = store.read(FOLDER, name)
        place = f"{store.url}, {FOLDER}/{name}"
        entry = parse_entry(data, place)
        if entry.number != number or entry.previous != (digests[-1] if digests else BEGINNING):
            raise ReleaseError(place, _("it doesn't continue the previous entry"), _REMEDY)
        entries.append(entry)
        digests.append(hashlib.sha256(data).hexdigest())
    log = WithdrawalLog(store, tuple(entries), tuple(digests))
    for count, file in mentions:
        must_reach(log, count, file)
    return log


def log_and_versions(store: Store) -> tuple[WithdrawalLog, dict[str, Manifest]]:
    """Return the log of a store, and all versions of all releases, by `NAME@VERSION`.

    Raises:
        ReleaseError: a manifest can't be read, or the log has fewer entries than one of them states.
    """
    # The log is read last, so that an entry added meanwhile can't seem to be missing.
    versions = {manifest.spec: manifest for manifest in store.manifests()}
    log = read_log(store)
    for spec, manifest in versions.items():
        must_reach(log, manifest.withdrawal_sequence, spec)
    return log, versions


_NUMBERED: Final = re.compile(r"(\d{4,})\.json(\.minisig)?")


def _mentions(store: Store, names: Sequence[str], manifest: Manifest | None) -> list[tuple[int, str]]:
    """Return the numbers of entries that files state for the log, each with the file.

    The files are entries, their signatures, and the newest version of each release.
    """
    numbered = [(int(match[1]), f"{FOLDER}/{name}") for name in names if (match := _NUMBERED.fullmatch(name))]
    versions = [(manifest.withdrawal_sequence, manifest.spec) for manifest in store.newest_manifests(manifest)]
    return [*numbered, *versions]


def withdrawn_note(log: WithdrawalLog, manifest: Manifest) -> Message | None:
    """Return a sentence for readers about the withdrawn documents of a version, or None if it has none."""
    count = log.withdrawn_from(manifest)
    if not count:
        return None
    return _(
        "{n} {n:document|documents} of {release} {n:is|are} withdrawn, and left out; a later version omits {n:it|them}",
        n=f"{count:,}",
        release=manifest.spec,
    )


def must_reach(log: WithdrawalLog, count: int, mentioned_by: str) -> None:
    """Raise ReleaseError unless the log has at least as many entries as when a file was written."""
    if log.sequence < count:
        place = f"{log.store.url}, {FOLDER}/{log.sequence + 1:04d}.json"
        problem = _(
            "the entry is missing: {file} was written when the log had {count} {count:entry|entries}",
            file=mentioned_by,
            count=count,
        )
        raise ReleaseError(place, problem, _REMEDY)


def add_entry(log: WithdrawalLog, time: datetime, tables: Mapping[str, pl.DataFrame], **fields: Any) -> LogEntry:
    """Add an entry to the log, with these tables and fields.

    Raises:
        EntryTakenError: another process has added an entry since the log was read.
        ReleaseError: the time precedes the last entry's time, or the disk is full.
    """
    last = log.entries[-1].time if log.entries else None
    if last and last - _CLOCK_SKEW <= time:
        time = max(time, last)
    if last and time < last:
        problem = _(
            "this machine's clock says {time}, which is before the log's last entry ({last})",
            time=f"{time:%F %T}",
            last=f"{last:%F %T}",
        )
        raise ReleaseError(f"{log.store.url}, {FOLDER}", problem, _("set the clock; nothing was withdrawn"))
    files = {name: _put_table(log.store, rows) for name, rows in tables.items() if rows.height}
    entry = LogEntry(number=log.sequence + 1, time=time, tables=files, previous=log.head, **fields)
    try:
        log.store.create(entry.dumped(), FOLDER, entry.file)
    except ReleaseError:
        problem = _("another process has just added an entry to the log")
        raise EntryTakenError(f"{log.store.url}, {FOLDER}/{entry.file}", problem, _("run the command again")) from None
    log.store.sign(entry.dumped(), FOLDER, entry.file)
    return entry


def time_after(log: WithdrawalLog, now: datetime) -> datetime:
    """Return the time for a new entry of the log: `now`, or the last entry's time if that is later."""
    return max(now, log.entries[-1].time) if log.entries else now


def _put_table(store: Store, rows: pl.DataFrame) -> SideFile:
    written = io.BytesIO()
    rows.write_parquet(written, compression="zstd", statistics=False)
    data = written.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    store.write(data, FOLDER, f"{sha256}.parquet")
    return SideFile(sha256=sha256, bytes=len(data))
