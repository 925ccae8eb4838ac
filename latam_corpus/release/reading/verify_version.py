"""Verify a version against its manifest: every byte, every row and every count."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.dedupe.fingerprints.fingerprint_index import FORMAT, METADATA, SHARED, has_columns
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import N_, Message, _, decimal
from latam_corpus.release.eligibility.splits import authors_of
from latam_corpus.release.storing.manifest import manifest_sha256, read_manifest, schema_sha256, sums
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.shard_plan import groups_of, prefix_of
from latam_corpus.release.storing.signatures import version_signature_problems
from latam_corpus.release.storing.store import LATEST, SUMS
from latam_corpus.release.storing.store_tables import LEDGER, read_ledger
from latam_corpus.release.storing.withdrawal_log import must_reach, read_log
from latam_corpus.storage.durable import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.minisign_keys import PublicKey
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_PARTITION: Final = ("language", "genre", "split")
_NO_SHARED_ROWS: Final = pl.DataFrame(schema={name: schema.RELEASE_SCHEMA[name] for name in SHARED})
_COLUMNS: Final = tuple(dict.fromkeys((*SHARED, "text", *_PARTITION, "source_id", "contributor", "creators")))


def verify(
    store: Store, name: str, version: str, progress: OnStep | None = None, keys: Sequence[PublicKey] = ()
) -> list[str]:
    """Return the problems of a version in English; see `problems_of`."""
    return [str(problem) for problem in problems_of(store, name, version, progress, keys)]


def problems_of(
    store: Store, name: str, version: str, progress: OnStep | None = None, keys: Sequence[PublicKey] = ()
) -> list[Message]:
    """Return a sentence for each problem of a version; an empty list if it is intact.

    Raises:
        ReleaseError: the manifest is missing or can't be read.
    """
    manifest, data = read_manifest(store, name, version)
    counts, purged_count = _Counts(), 0
    log = read_log(store)
    problems = [
        *_log_problems(log, manifest),
        *_file_problems(store, manifest, counts, log),
        *_parent_problems(store, manifest),
    ]
    problems += version_signature_problems(manifest, data, log, keys)
    for done, listed_shard in enumerate(manifest.shards):
        shard = log.resolved(listed_shard)
        if shard:
            problems += _shard_problems(store, manifest, shard, counts, with_index=shard == listed_shard)
        purged_count += shard != listed_shard
        if progress:
            progress(N_("verifying"), done + 1, len(manifest.shards))
    # A damaged shard would be reported again as a wrong count, and purged documents can't be counted.
    if not problems and not purged_count:
        problems += _count_problems(manifest, counts)
    return problems


@dataclass
class _Counts:
    """Counts of the documents that were read, to compare with the manifest and the ledger.

    `in_shards` and `in_ledger` are sums of the hashes of ids; the latter is None without a ledger.
    """

    by_value: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    in_shards: int = 0
    in_ledger: int | None = None


_MISSING: Final = _("{file}: missing")
_OTHER_BYTES: Final = _("{file}: its bytes aren't those that the manifest names")
_OTHER_PARENT: Final = _("parent {version}: its manifest isn't the one that this version was based on")
_OTHER_RELEASED: Final = _("{file}: its released documents aren't those in the shards")
_WRONG_SUM: Final = _("the manifest's numbers of rows read, repeated, left out and released don't add up")
_WRONG_COUNT: Final = _("the manifest's numbers of documents by {what} aren't those in the shards")


def _in_file(file: str, problem: str | Message) -> Message:
    return Message("{file}: {problem}", {"file": file, "problem": problem})


def _log_problems(log: WithdrawalLog, manifest: Manifest) -> Iterator[Message]:
    """Yield the problems of the withdrawal log, whose chain of digests `read_log` has already checked."""
    try:
        must_reach(log, manifest.withdrawal_sequence, manifest.spec)
        log.check_tables()
    except ReleaseError as error:
        place, problem, remedy = error.args
        yield Message("{place}: {problem}; {remedy}", {"place": place, "problem": problem, "remedy": remedy})


def _hash_sum(ids: pl.Series) -> int:
    """Return the sum of the ids' hashes, which doesn't depend on their order."""
    return int(ids.hash().to_numpy().sum(dtype="uint64"))


def _file_problems(store: Store, manifest: Manifest, counts: _Counts, log: WithdrawalLog) -> Iterator[Message]:
    """Yield the problems of the files of a version other than its shards."""
    folder = ("releases", manifest.name, manifest.version)
    problem = store.pointed(manifest.name)[1]
    if problem:
        yield _in_file(LATEST, problem)
    for name, recorded in manifest.files.items():
        if "/".join((*folder, name)) in log.replaced:
            continue
        if store.size(*folder, name) is None:
            yield _MISSING.fill(file=name)
        elif _sha256(store, *folder, name) != recorded.sha256:
            yield _OTHER_BYTES.fill(file=name)
    if store.size(*folder, SUMS) is None:
        yield _MISSING.fill(file=SUMS)
    elif store.read(*folder, SUMS) != sums(manifest, manifest_sha256(store, manifest.name, manifest.version)):
        yield _("{file}: its files aren't those of the manifest", file=SUMS)
    if manifest.index and manifest.index.keys() != {shard.index for shard in manifest.shards}:
        yield _("index: it doesn't have one file per shard")
    if LEDGER in manifest.files and store.size(*folder, LEDGER) is not None:
        yield from _ledger_problems(store, manifest, counts)


def _sha256(store: Store, *names: str) -> str:
    with store.open(*names) as opened:
        return sha256_of(opened)


def _ledger_problems(store: Store, manifest: Manifest, counts: _Counts) -> Iterator[Message]:
    """Yield the problems of the ledger, and add its released ids to the counts."""
    try:
        rows = read_ledger(store, manifest.name, manifest.version)
    except ReleaseError:
        return  # reported as a wrong digest
    verdicts = Counter(rows["verdict"].to_list())
    for verdict, expected in (("released", manifest.rows), ("dropped", manifest.flow.left_out)):
        if verdicts[verdict] != expected:
            figures = {"n": f"{verdicts[verdict]:,}", "expected": f"{expected:,}", "verdict": verdict}
            yield _(
                "{file}: {n} {n:row is|rows are} {verdict}, but the manifest says {expected}", file=LEDGER, **figures
            )
    released = rows.filter(pl.col("verdict") == "released")["doc_id"]
    if released.n_unique() != released.len():
        yield _("{file}: a document is in the version twice", file=LEDGER)
    counts.in_ledger = _hash_sum(released)


def _parent_problems(store: Store, manifest: Manifest) -> Iterator[Message]:
    parent = manifest.parent
    if parent is None:
        return
    try:
        sha256 = manifest_sha256(store, manifest.name, parent.version)
    except ReleaseError:
        yield _("parent {version}: its manifest is missing", version=parent.version)
        return
    if sha256 != parent.sha256:
        yield _OTHER_PARENT.fill(version=parent.version)


def _shard_problems(
    store: Store, manifest: Manifest, shard: Shard, counts: _Counts, *, with_index: bool
) -> list[Message]:
    """Return the problems of a shard and of its index file, and add its documents to the counts."""
    label = f"{shard.path} ({shard.object})"
    size = store.size(shard.object)
    if size is None:
        return [_MISSING.fill(file=label)]
    if size != shard.bytes:
        sizes = {"n": f"{size:,}", "expected": f"{shard.bytes:,}"}
        return [_in_file(label, _("{n} {n:byte|bytes}, but the manifest says {expected}", **sizes))]
    with store.open(shard.object) as opened:
        if sha256_of(opened) != shard.sha256:
            return [_OTHER_BYTES.fill(file=label)]
        opened.seek(0)
        try:
            file = pq.ParquetFile(opened)
            if _fingerprint(file) != manifest.schema_sha256:
                return [_in_file(label, _("its columns don't have the fingerprint in the manifest"))]
            shared = [_NO_SHARED_ROWS]
            problems = [_in_file(label, problem) for problem in _row_problems(file, shard, counts, shared)]
            if with_index:
                problems += _index_problems(store, manifest, shard, pl.concat(shared))
        except (pa.ArrowException, OSError) as error:
            return [_in_file(label, _("it can't be read: {cause}", cause=error))]
    return problems


def _fingerprint(file: pq.ParquetFile) -> str:
    """Return a fingerprint of a shard's columns."""
    empty = pl.from_arrow(file.schema_arrow.empty_table())
    return schema_sha256(empty.schema) if isinstance(empty, pl.DataFrame) else ""


def _index_problems(store: Store, manifest: Manifest, shard: Shard, shared: pl.DataFrame) -> Iterator[Message]:
    """Yield the problems of a shard's index file, given the columns that both have."""
    path = ("releases", manifest.name, manifest.version, shard.index)
    if shard.index not in manifest.files or store.size(*path) is None:
        return
    try:
        with store.open(*path) as opened:
            file = pq.ParquetFile(opened)
            if _of_another_format(file):
                return  # only the digest can be checked; a run `against` the version reports the format
            if METADATA not in (file.metadata.metadata or {}) or not has_columns(file.schema_arrow):
                yield _("{file}: it isn't a file of a fingerprint index", file=shard.index)
                return
            rows = pl.concat([_NO_SHARED_ROWS, *read_batches(file, SHARED)])
    except (pa.ArrowException, OSError):
        return  # reported as a wrong digest
    if not rows.equals(shared):
        yield _("{file}: its rows aren't those of {other}", file=shard.index, other=shard.path)


def _of_another_format(file: pq.ParquetFile) -> bool:
    """Whether a file is a fingerprint index in a format other than this toolkit's."""
    with suppress(ValueError, KeyError, TypeError):
        return bool(json.loads(file.metadata.metadata[METADATA])["format"] != FORMAT)
    return False


def _row_problems(file: pq.ParquetFile, shard: Shard, counts: _Counts, shared: list[pl.DataFrame]) -> Iterator[Message]:
    """Yield the problems of the rows of a shard whose digest is right.

    Adds its documents to the counts, and the columns that are also in the index to `shared`.
    """
    rows = text_bytes = 0
    last_id = ""
    for frame in read_batches(file, _COLUMNS):
        if frame.is_empty():
            continue
        shared.append(frame.select(SHARED))
        rows += frame.height
        text_bytes += int(frame["text"].str.len_bytes().sum())
        ids = frame["doc_id"]
        if not ids.is_sorted() or ids.n_unique() < frame.height or ids[0] <= last_id:
            yield _("its rows aren't sorted by doc_id, or a document occurs twice, near {doc}", doc=ids[0])
        last_id = ids[-1]
        counts.in_shards = (counts.in_shards + _hash_sum(ids)) % 2**64
        yield from _misplaced_rows(frame, shard)
        for name, column in (("country", "country"), ("source", "source_id"), ("rights_tier", "rights_tier")):
            for value, n in frame[column].fill_null("").value_counts().iter_rows():
                counts.by_value[name][value] += n
    for name in _PARTITION:
        counts.by_value[name][getattr(shard, name)] += rows
    if rows != shard.rows:
        yield _(
            "{n} {n:row|rows}, but the manifest says {expected}",
            n=decimal(f"{rows:,}"),
            expected=decimal(f"{shard.rows:,}"),
        )
    if text_bytes != shard.text_bytes:
        sizes = {"n": decimal(f"{text_bytes:,}"), "expected": decimal(f"{shard.text_bytes:,}")}
        yield _("{n} {n:byte|bytes} of text, but the manifest says {expected}", **sizes)


def _misplaced_rows(frame: pl.DataFrame, shard: Shard) -> Iterator[Message]:
    """Yield problems of rows that belong in another shard."""
    stray = [doc_id for doc_id in frame["doc_id"] if prefix_of(doc_id, len(shard.prefix)) != shard.prefix]
    if shard.group:
        groups = groups_of(frame["contributor"], authors_of(frame["creators"]))
        pairs = zip(frame["doc_id"], groups, strict=True)
        stray += [doc_id for doc_id, group in pairs if not group.startswith(shard.group)]
    if stray:
        yield _(
            "{n} {n:row belongs|rows belong} in another shard, such as {doc}",
            n=decimal(f"{len(stray):,}"),
            doc=stray[0],
        )
    for column in _PARTITION:
        if not (frame[column] == getattr(shard, column)).all():
            yield _("there are rows whose {what} isn't {value}", what=column, value=getattr(shard, column))


def _count_problems(manifest: Manifest, counts: _Counts) -> Iterator[Message]:
    """Yield the differences between the counts and the manifest."""
    if counts.in_ledger not in (None, counts.in_shards):
        yield _OTHER_RELEASED.fill(file=LEDGER)
    flow = manifest.flow
    if flow.read != flow.repeated + flow.left_out + flow.released or flow.released != manifest.rows:
        yield _WRONG_SUM
    for what, tallies in manifest.counts.items():
        expected = Counter({value: tally.rows for value, tally in tallies.items()})
        if +expected != +counts.by_value[what]:  # `+` drops the zeros of shards without rows
            yield _WRONG_COUNT.fill(what=what)
