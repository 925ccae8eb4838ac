"""Whether a version is what its manifest says: every byte, every row, every count."""

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

    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.minisign_keys import PublicKey
    from latam_corpus.release.storing.store import Progress, Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_PARTITION: Final = ("language", "genre", "split")
_NONE_SHARED: Final = pl.DataFrame(schema={name: schema.RELEASE_SCHEMA[name] for name in SHARED})
_COLUMNS: Final = tuple(dict.fromkeys((*SHARED, "text", *_PARTITION, "source_id", "contributor", "creators")))


def verify(
    store: Store, name: str, version: str, progress: Progress | None = None, keys: Sequence[PublicKey] = ()
) -> list[str]:
    """Every problem found, one sentence each; an empty list when the version is whole. See `problems_of`."""
    return [str(problem) for problem in problems_of(store, name, version, progress, keys)]


def problems_of(
    store: Store, name: str, version: str, progress: Progress | None = None, keys: Sequence[PublicKey] = ()
) -> list[Message]:
    """Return every problem found, one sentence each; an empty list when the version is whole.

    Args:
        store: where it is.
        name: the release.
        version: a finished version of it.
        progress: told how many shards are read.
        keys: of those who may have signed it and the log; signatures aren't looked at where there is none.

    Raises:
        ReleaseError: there is no manifest, or it can't be read.
    """
    manifest, data = read_manifest(store, name, version)
    seen, erased = _Seen(), 0
    log = read_log(store)
    problems = [*_withdrawals(log, manifest), *_beside(store, manifest, seen, log), *_parent(store, manifest)]
    problems += version_signature_problems(manifest, data, log, keys)
    for done, named in enumerate(manifest.shards):
        shard = log.resolved(named)
        problems += _shard(store, manifest, shard, seen, index=shard == named) if shard else []
        erased += shard != named
        if progress:
            progress(N_("verifying"), done + 1, len(manifest.shards))
    # A damaged shard is told once, and not again as a wrong count; of what was erased nothing can be counted.
    if not problems and not erased:
        problems += _counts(manifest, seen)
    return problems


@dataclass
class _Seen:
    """What was read: documents by what they are counted by, and sums of the hashes of their ids.

    Attributes:
        counted: `country`, `split` and the like to values to documents.
        released: of the documents in the shards.
        listed: of those that the ledger calls released, each once; None where there is no ledger.
    """

    counted: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    released: int = 0
    listed: int | None = None


# Of a file of the version.
_MISSING: Final = _("{file}: missing")
_OTHER: Final = _("{file}: its bytes aren't those that the manifest names")
_NOT_PARENT: Final = _("parent {version}: its manifest isn't the one that this version was built upon")
_LISTED: Final = _("{file}: the documents that it calls released aren't those in the shards, each once")
_NO_SUM: Final = _("the manifest's rows read, repeated, left out and released don't add up")
_COUNTED: Final = _("the manifest's documents by {what} aren't those in the shards")


def _told(error: ReleaseError) -> Message:
    place, problem, remedy = error.args
    return Message("{place}: {problem}; {remedy}", {"place": place, "problem": problem, "remedy": remedy})


def _about(label: str, problem: str | Message) -> Message:
    return Message("{label}: {problem}", {"label": label, "problem": problem})


def _withdrawals(log: WithdrawalLog, manifest: Manifest) -> Iterator[Message]:
    """Yield what is wrong with the log of withdrawals, of which each entry is the digest of the one before."""
    try:
        must_reach(log, manifest.withdrawal_sequence, manifest.spec)
        log.check_tables()
    except ReleaseError as error:
        yield _told(error)


def _hash_sum(ids: pl.Series) -> int:
    """Return the sum of the ids' hashes, which no order of them changes and any other id would."""
    return int(ids.hash().to_numpy().sum(dtype="uint64"))


def _beside(store: Store, manifest: Manifest, seen: _Seen, log: WithdrawalLog) -> Iterator[Message]:
    """Yield what is wrong with the files beside the manifest."""
    folder = ("releases", manifest.name, manifest.version)
    problem = store.pointed(manifest.name)[1]
    if problem:
        yield _about(LATEST, problem)
    for name, recorded in manifest.files.items():
        if "/".join((*folder, name)) in log.replaced:
            continue
        if store.size(*folder, name) is None:
            yield _MISSING.fill(file=name)
        elif _sha256(store, *folder, name) != recorded.sha256:
            yield _OTHER.fill(file=name)
    if store.size(*folder, SUMS) is None:
        yield _MISSING.fill(file=SUMS)
    elif store.read(*folder, SUMS) != sums(manifest, manifest_sha256(store, manifest.name, manifest.version)):
        yield _("{file}: it doesn't list what the manifest lists", file=SUMS)
    if manifest.index and manifest.index.keys() != {shard.index for shard in manifest.shards}:
        yield _("index: its files aren't one a shard")
    if LEDGER in manifest.files and store.size(*folder, LEDGER) is not None:
        yield from _ledger(store, manifest, seen)


def _sha256(store: Store, *names: str) -> str:
    with store.open(*names) as opened:
        return sha256_of(opened)


def _ledger(store: Store, manifest: Manifest, seen: _Seen) -> Iterator[Message]:
    try:
        rows = read_ledger(store, manifest.name, manifest.version)
    except ReleaseError:
        return  # its digest is wrong too, and that is told
    verdicts = Counter(rows["verdict"].to_list())
    for verdict, expected in (("released", manifest.rows), ("dropped", manifest.flow.left_out)):
        if verdicts[verdict] != expected:
            found = {"n": f"{verdicts[verdict]:,}", "expected": f"{expected:,}", "file": LEDGER}
            yield _(
                "{file}: {n} {n:row is|rows are} {verdict}, and the manifest says {expected}", verdict=verdict, **found
            )
    released = rows.filter(pl.col("verdict") == "released")["doc_id"]
    if released.n_unique() != released.len():
        yield _("{file}: a document is released twice", file=LEDGER)
    seen.listed = _hash_sum(released)


def _parent(store: Store, manifest: Manifest) -> Iterator[Message]:
    parent = manifest.parent
    if parent is None:
        return
    try:
        sha256 = manifest_sha256(store, manifest.name, parent.version)
    except ReleaseError:
        yield _("parent {version}: its manifest is missing", version=parent.version)
        return
    if sha256 != parent.sha256:
        yield _NOT_PARENT.fill(version=parent.version)


def _shard(store: Store, manifest: Manifest, shard: Shard, seen: _Seen, *, index: bool) -> list[Message]:
    label = f"{shard.path} ({shard.object})"
    size = store.size(shard.object)
    if size is None:
        return [_MISSING.fill(file=label)]
    if size != shard.bytes:
        sizes = {"n": f"{size:,}", "expected": f"{shard.bytes:,}"}
        return [_about(label, _("{n} {n:byte|bytes}, and the manifest says {expected}", **sizes))]
    with store.open(shard.object) as opened:
        if sha256_of(opened) != shard.sha256:
            return [_OTHER.fill(file=label)]
        opened.seek(0)
        try:
            file = pq.ParquetFile(opened)
            if _fingerprint(file) != manifest.schema_sha256:
                return [_about(label, _("its columns aren't those whose fingerprint the manifest states"))]
            shared = [_NONE_SHARED]
            problems = [_about(label, problem) for problem in _rows(file, shard, seen, shared)]
            return [*problems, *(_index(store, manifest, shard, pl.concat(shared)) if index else ())]
        except (pa.ArrowException, OSError) as error:
            return [_about(label, _("it can't be read: {cause}", cause=error))]


def _fingerprint(file: pq.ParquetFile) -> str:
    empty = pl.from_arrow(file.schema_arrow.empty_table())
    return schema_sha256(empty.schema) if isinstance(empty, pl.DataFrame) else ""


def _index(store: Store, manifest: Manifest, shard: Shard, shared: pl.DataFrame) -> Iterator[Message]:
    """Yield what is wrong with the shard's index file, given the columns that both have."""
    path = ("releases", manifest.name, manifest.version, shard.index)
    if shard.index not in manifest.files or store.size(*path) is None:
        return
    try:
        with store.open(*path) as opened:
            file = pq.ParquetFile(opened)
            if _of_another_format(file):
                return  # its digest is all that can be checked; a run `against` it tells what to do
            if METADATA not in (file.metadata.metadata or {}) or not has_columns(file.schema_arrow):
                yield _("{file}: it is no file of a fingerprint index", file=shard.index)
                return
            rows = pl.concat([_NONE_SHARED, *read_batches(file, SHARED)])
    except (pa.ArrowException, OSError):
        return  # its digest is wrong too, and that is told
    if not rows.equals(shared):
        yield _("{file}: its rows aren't those of {other}", file=shard.index, other=shard.path)


def _of_another_format(file: pq.ParquetFile) -> bool:
    """Whether it is a fingerprint index as another toolkit wrote it."""
    with suppress(ValueError, KeyError, TypeError):
        return bool(json.loads(file.metadata.metadata[METADATA])["format"] != FORMAT)
    return False


def _rows(file: pq.ParquetFile, shard: Shard, seen: _Seen, shared: list[pl.DataFrame]) -> Iterator[Message]:
    """Yield what is wrong inside a shard whose digest is right; the columns that its index has too go to `shared`."""
    rows = text_bytes = 0
    last = ""
    for frame in read_batches(file, _COLUMNS):
        if frame.is_empty():
            continue
        shared.append(frame.select(SHARED))
        rows += frame.height
        text_bytes += int(frame["text"].str.len_bytes().sum())
        ids = frame["doc_id"]
        if not ids.is_sorted() or ids.n_unique() < frame.height or ids[0] <= last:
            yield _("its rows aren't sorted by doc_id, or one is there twice, near {doc}", doc=ids[0])
        last = ids[-1]
        seen.released = (seen.released + _hash_sum(ids)) % 2**64
        yield from _misplaced(frame, shard)
        for what, column in (("country", "country"), ("source", "source_id"), ("rights_tier", "rights_tier")):
            for value, n in frame[column].fill_null("").value_counts().iter_rows():
                seen.counted[what][value] += n
    for what in _PARTITION:
        seen.counted[what][getattr(shard, what)] += rows
    if rows != shard.rows:
        yield _(
            "{n} {n:row|rows}, and the manifest says {expected}",
            n=decimal(f"{rows:,}"),
            expected=decimal(f"{shard.rows:,}"),
        )
    if text_bytes != shard.text_bytes:
        sizes = {"n": decimal(f"{text_bytes:,}"), "expected": decimal(f"{shard.text_bytes:,}")}
        yield _("{n} {n:byte|bytes} of text, and the manifest says {expected}", **sizes)


def _misplaced(frame: pl.DataFrame, shard: Shard) -> Iterator[Message]:
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


def _counts(manifest: Manifest, seen: _Seen) -> Iterator[Message]:
    if seen.listed not in (None, seen.released):
        yield _LISTED.fill(file=LEDGER)
    flow = manifest.flow
    if flow.read != flow.repeated + flow.left_out + flow.released or flow.released != manifest.rows:
        yield _NO_SUM
    for what, tallies in manifest.counts.items():
        expected = Counter({value: tally.rows for value, tally in tallies.items()})
        if +expected != +seen.counted[what]:  # a shard without rows counts nothing
            yield _COUNTED.fill(what=what)
