"""The log of what was withdrawn from a store's releases: `withdrawals/NNNN.json`, to which one only adds.

Each entry has the digest of the one before it, and its own (`durable.sealed`); the tables beside it are named by
theirs. What was asked for stands there as a hash, a pattern of addresses as it is; no text does. An entry binds from
the moment at which its file is there, in every release of the store: readers and builds leave its documents out.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from latam_corpus.durable import sealed, unsealed
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.manifest import Name, Sha256, SideFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from latam_corpus.messages import Message
    from latam_corpus.release.manifest import Manifest, Shard
    from latam_corpus.release.store import Store

FOLDER: Final = "withdrawals"
BEGINNING: Final = "0" * 64
By = Literal["doc", "source", "creator", "url", "text"]
Kind = Literal["withdrawal", "receipt", "purge"]

# Documents of versions that were there: in which object each is, and what it says.
ROWS: Final = pl.Schema({"object": pl.String(), "doc_id": pl.String()})
# Texts that stay out: `runs` are hashes of runs of five words, uint64 little-endian, sorted, `numbers` those of words
# with digits, uint16 (`tombstones.py`).
TEXTS: Final = pl.Schema({"text_hash": pl.Binary(), "words": pl.UInt32(), "runs": pl.Binary(), "numbers": pl.Binary()})
# Documents of other sources with such a text, which are theirs to give.
SPARED: Final = pl.Schema({"doc_id": pl.String()})
_TABLES: Final = {"rows": ROWS, "texts": TEXTS, "spared": SPARED}
_REMEDY: Final = _("take it from a copy of the store: nothing is read while withdrawals can't be")


class Replacement(SideFile):
    """The shard that stands in a purged one's place: its digest, its size, and the documents in it."""

    rows: int
    text_bytes: int


class Entry(BaseModel):
    """An entry of the log.

    Attributes:
        kind: a withdrawal; the receipt of one; or a purge, after which its documents' bytes are gone.
        request: what the withdrawal is called, in receipts too.
        by: what was named.
        asked: the hash of what was named, see `asked_hash`; a pattern of addresses itself.
        of: of a receipt or a purge, the number of the withdrawal's entry.
        tables: the digests of ROWS, TEXTS and SPARED, as far as it has them.
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

    def dumped(self) -> bytes:
        """Return the bytes of its file."""
        return sealed(self.model_dump(mode="json"), indent=1)


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

    @property
    def withdrawals(self) -> tuple[Entry, ...]:
        """The entries that bind."""
        return tuple(entry for entry in self.entries if entry.kind == "withdrawal")

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
        return pl.read_parquet(io.BytesIO(data)).select(columns.names())

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
        """The documents of versions that were withdrawn: ROWS and the entry's `number`.

        Raises:
            ReleaseError: a table can't be read.
        """
        frames = [pl.DataFrame(schema={**ROWS, "number": pl.UInt32()})]
        frames += [
            self.table(entry, "rows").with_columns(pl.lit(entry.number, pl.UInt32).alias("number"))
            for entry in self.withdrawals
        ]
        return pl.concat(frames).unique(["object", "doc_id"], keep="first", maintain_order=True)

    def resolved(self, shard: Shard) -> Shard | None:
        """Return the shard as it is in the store now: after a purge another object, or none where nothing is left."""
        while shard.object in self.replaced:
            now = self.replaced[shard.object]
            if now is None:
                return None
            shard = shard.model_copy(update=now.model_dump())
        return shard

    def readable(self, manifest: Manifest) -> list[ReadableShard]:
        """Return the shards of a version, each with the ids of the documents that readers leave out of it.

        Raises:
            ReleaseError: the log ends before the version was made, or can't be read.
        """
        must_reach(self, manifest.withdrawal_sequence, manifest.spec)
        shards = [now for shard in manifest.shards if (now := self.resolved(shard))]
        if not self.withdrawals:
            return [ReadableShard(shard) for shard in shards]
        wanted = self.rows.filter(pl.col("object").is_in([shard.sha256 for shard in shards]))
        without = {str(key[0]): rows["doc_id"] for key, rows in wanted.group_by("object")}
        return [ReadableShard(shard, without.get(shard.sha256)) for shard in shards]

    def withdrawn_since(self, manifest: Manifest, sequence: int) -> pl.Series:
        """Return the ids of documents of a version that were withdrawn after an entry."""
        rows = self.rows.filter(pl.col("object").is_in([shard.sha256 for shard in manifest.shards]))
        return rows.filter(pl.col("number") > sequence)["doc_id"].unique().sort()

    def withdrawn_from(self, manifest: Manifest) -> int:
        """How many documents of a version are withdrawn."""
        if not self.withdrawals:
            return 0
        return self.rows.filter(pl.col("object").is_in([shard.sha256 for shard in manifest.shards])).height


def read_log(store: Store) -> WithdrawalLog:
    """Return the log of a store, checked from its first entry on.

    Raises:
        ReleaseError: an entry is missing, damaged, or doesn't follow on the one before.
    """
    entries: list[Entry] = []
    digests: list[str] = []
    listed = {name for name in store.names_in(FOLDER) if name.endswith(".json")}
    while True:
        number = len(entries) + 1
        name = f"{number:04d}.json"
        # A server of files may have no lists of them: what isn't listed is asked for.
        if name not in listed and not store.exists(FOLDER, name):
            break
        data = store.read(FOLDER, name)
        place = f"{store.url}, {FOLDER}/{name}"
        entry = parse_entry(data, place)
        if entry.number != number or entry.previous != (digests[-1] if digests else BEGINNING):
            raise ReleaseError(place, _("it doesn't follow on the entry before it"), _REMEDY)
        entries.append(entry)
        digests.append(hashlib.sha256(data).hexdigest())
    if len(listed) > len(entries):
        raise ReleaseError(
            _("{url}, {folder}/{number}.json", url=store.url, folder=FOLDER, number=f"{len(entries) + 1:04d}"),
            _("the entry is missing"),
            _REMEDY,
        )
    return WithdrawalLog(store, tuple(entries), tuple(digests))


def withdrawn_note(log: WithdrawalLog, manifest: Manifest) -> Message | None:
    """Return a sentence for who reads a version of which documents are withdrawn."""
    count = log.withdrawn_from(manifest)
    if not count:
        return None
    what = {"n": f"{count:,}", "release": manifest.spec}
    return _("{n} documents of {release} are withdrawn, and left out; a later version is without them", **what)


def must_reach(log: WithdrawalLog, sequence: int, spec: str) -> None:
    """Refuse a log that is shorter than it was when a version was made.

    Raises:
        ReleaseError: its end was cut off.
    """
    if log.sequence < sequence:
        place = _("{url}, {folder}/{number}.json", url=log.store.url, folder=FOLDER, number=f"{log.sequence + 1:04d}")
        raise ReleaseError(
            place,
            _("the entry is missing: {spec} was made when there were {sequence}", spec=spec, sequence=sequence),
            _REMEDY,
        )


def add_entry(log: WithdrawalLog, time: datetime, tables: Mapping[str, pl.DataFrame], **fields: Any) -> Entry:
    """Add an entry; of two who do so at once one is told that the other was first.

    Args:
        log: as it was read.
        time: now.
        tables: by the names of `_TABLES`.
        fields: further attributes of the entry.

    Raises:
        ReleaseError: the clock runs backwards, somebody else has added one meanwhile, or the disk is full.
    """
    last = log.entries[-1].time if log.entries else None
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
        raise ReleaseError(f"{log.store.url}, {FOLDER}/{entry.file}", problem, _("give the command again")) from None
    log.store.sign(entry.dumped(), FOLDER, entry.file)
    return entry


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
