"""Erasing what was withdrawn: its text goes from the store's old objects and indexes, and from the runs on this disk.

What stands in an erased file's place is written first, then an entry of the log says so, then the file goes: a purge
that is cut off goes on when it is given again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.errors import MAKE_ROOM, ConfigError, ReleaseError, cause_of
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.disk import exclusive, remove, remove_partial
from latam_corpus.pipeline.stored_runs.history import folders
from latam_corpus.pipeline.stored_runs.run_record import (
    DIGESTS_FILE,
    INTERNAL_REPORT_FILE,
    REPORT_FILE,
    RUN_FILE,
    is_removed,
    read_digests,
)
from latam_corpus.release.eligibility.build_inputs import load_run
from latam_corpus.release.reading.select import rewrite
from latam_corpus.release.refusals.tombstones import Tombstones
from latam_corpus.release.storing.fetch import fetch
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.withdrawal_log import EntryTakenError, Replacement, add_entry, read_log, time_after
from latam_corpus.storage.bucket import bucket_of
from latam_corpus.storage.durable import digest_of, replace, replacing, sealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import ReadableShard, WithdrawalLog

_KINDS: Final = ("kept", "dropped")
_PAGES: Final = (REPORT_FILE, INTERNAL_REPORT_FILE)  # they show beginnings of texts


@dataclass
class Purged:
    """What a purge erased, and what it couldn't reach.

    Attributes:
        documents: that are withdrawn.
        objects: of the store that were erased, and the bytes of what stands in their place.
        runs: of which rows have no text any more, by run.
        work: folders of stored work that went.
        not_reached: sentences.
    """

    documents: int = 0
    objects: int = 0
    written: int = 0
    runs: dict[str, int] = field(default_factory=dict)
    work: int = 0
    not_reached: list[Message] = field(default_factory=list)


def purge(store: Store, out: Path | None, now: datetime) -> Purged:
    """Erase what was withdrawn from the store and from the folder of runs.

    Args:
        store: where it was.
        out: the folder of runs and work; None leaves runs as they are, and reports it.
        now: the time.

    Raises:
        ConfigError: the store has no release, such as one of which the name is misspelt; or a run is being worked on.
        ReleaseError: the log, a version or a run is damaged, or somebody else has added to the log meanwhile.
    """
    purged = Purged()
    with store.named_errors():
        log = read_log(store)
        if not log.sequence and not store.names():
            remedy = _("give the folder of runs with --out, or the store with --store")
            raise ConfigError(store.url, _("there is no release: nothing was erased"), remedy)
        erasing = [entry for entry in log.binding if entry.erases]
        if not erasing:
            return purged
        purged.documents = log.rows.filter("erases")["doc_id"].n_unique()
        replaced = dict(_replaced(store, log, purged))
        if replaced:
            last = erasing[-1]
            fields = {"kind": "purge", "request": last.request, "release": last.release, "replaced": replaced}
            _add_purge(store, log, now, fields)
        for path in read_log(store).replaced:
            if store.exists(path):
                store.remove(path)
                purged.objects += path.startswith("objects/")
    if out is None:
        purged.not_reached.append(_("runs and stored work: to erase them there, too, name their folder with --out"))
    elif bucket := bucket_of(out):
        purged.not_reached.append(
            _("runs and work at {place}: remove «runs/» and «work/» there; they are made anew", place=bucket.url)
        )
    elif not (out / "runs").is_dir() and not (out / "work").is_dir():
        missing = _("runs and stored work: there are none in {folder}; where they are elsewhere, say so with --out")
        purged.not_reached.append(missing.fill(folder=out))
    else:
        _purge_runs(out, Tombstones(log, erasing=True), purged)
    purged.not_reached += [
        _("the files that runs were made from (`--input`)"),
        _("copies that others have pulled or published"),
        _("models that were trained on older versions"),
    ]
    if out is not None and (out / "collected").is_dir():
        collected = _("what was collected, in {folder}: remove what is withdrawn there", folder=out / "collected")
        purged.not_reached.insert(0, collected)
    return purged


def _add_purge(store: Store, log: WithdrawalLog, now: datetime, fields: Mapping[str, Any]) -> None:
    """Add the entry of a purge, after entries that others have added meanwhile, unless one is a purge, too."""
    sequence = log.sequence
    while True:
        try:
            add_entry(log, now, {}, **fields)
        except EntryTakenError:
            log = read_log(store)
            now = time_after(log, now)
            if any(entry.kind == "purge" for entry in log.entries[sequence:]):
                raise
        else:
            return


def _replaced(store: Store, log: WithdrawalLog, purged: Purged) -> Iterator[tuple[str, Replacement | None]]:
    """For each file of the store that has something withdrawn, its path and what stands in its place."""
    done: dict[str, Replacement | None] = {}
    for name in store.names():
        for version in store.versions(name):
            manifest = load_manifest(store, name, version)
            with store.scratch() as folder:
                for one in log.readable(manifest, erasing=True):
                    if one.without is None:
                        continue
                    path = one.shard.object
                    if path not in done:
                        done[path] = _without(store, one, folder)
                        purged.written += now.bytes if (now := done[path]) else 0
                    yield path, done[path]
                    if one.shard.index in manifest.files:
                        # Nobody compares with a version of which documents are withdrawn.
                        yield f"releases/{name}/{version}/{one.shard.index}", None


def _without(store: Store, one: ReadableShard, folder: Path) -> Replacement | None:
    """Return the object with the rows that readers still get, in the store; None where there are none."""
    if not one.rows:
        return None
    source, target = folder / "old", folder / "new.parquet"
    fetch(store, one.shard.object, one.shard.sha256, source)
    rewrite(source, one.wanted(), target)
    source.unlink()
    sha256, size = digest_of(target), target.stat().st_size
    text_bytes = pl.scan_parquet(target).select(pl.col("text").str.len_bytes().sum()).collect().item()
    store.add_object(target, sha256)
    return Replacement(sha256=sha256, bytes=size, rows=one.rows, text_bytes=text_bytes)


def _purge_runs(out: Path, tombstones: Tombstones, purged: Purged) -> None:
    """Take the text of what is withdrawn out of the runs' documents, and stored work that has it away.

    Raises:
        ConfigError: a run is being worked on.
        ReleaseError: one is damaged.
    """
    with exclusive(out):
        known = folders(out)
        _remove_unfinished(out, known)
        for folder in known:
            if not (folder / RUN_FILE).is_file():
                continue
            removed = is_removed(folder)
            blanked = 0 if removed else _purge_run(folder, tombstones)
            if blanked:
                purged.runs[folder.name] = blanked
            if blanked or removed:
                for page in _PAGES:
                    (folder / page).unlink(missing_ok=True)
        for step in sorted((out / "work").glob("??/*")):
            files = sorted(step.glob("*.parquet"))
            if any(_has_withdrawn(file, tombstones) for file in files):
                shutil.rmtree(step)
                purged.work += 1
        # Fingerprints of versions, which are fetched again.
        shutil.rmtree(out / "work" / "index", ignore_errors=True)


def _remove_unfinished(out: Path, known: Sequence[Path]) -> None:
    """Remove what processes that were killed left: no record tells of the texts in it.

    Raises:
        ReleaseError: something can't be removed.
    """
    try:
        remove_partial(out / "work")
        for hidden in (out / "runs").glob(".*.removed"):
            remove(hidden)
        for folder in known:
            if (folder / RUN_FILE).is_file():
                begun = [path for kind in _KINDS for path in (folder / kind).glob(".*")]
            else:  # it is written anew from the beginning
                begun = [folder / name for name in (*_KINDS, *_PAGES)]
            for path in begun:
                remove(path)
    except OSError as error:
        raise ReleaseError(str(error.filename or out), cause_of(error), MAKE_ROOM) from error


def _purge_run(folder: Path, tombstones: Tombstones) -> int:
    """How many documents of a run have no text any more."""
    run = load_run(folder)
    changed: dict[str, str] = {}
    blanked = 0
    for kind in _KINDS:
        for file in run.files(kind):
            rows = schema.conform(pl.read_parquet(file, glob=False), schema.DOCUMENT_SCHEMA)
            out = _withdrawn(rows, tombstones) & (rows["text"].fill_null("") != "")
            if not out.any():
                continue
            blanked += int(out.sum())
            erased = {name: pl.when(pl.lit(out)).then(pl.lit("")).otherwise(name) for name in ("text", "title")}
            with replacing(file) as temporary:
                rows.with_columns(**erased).write_parquet(temporary, compression="zstd", statistics=False)
            changed[file.relative_to(folder).as_posix()] = digest_of(file)
    if changed and (folder / DIGESTS_FILE).is_file():
        replace(folder / DIGESTS_FILE, sealed(read_digests(folder) | changed, indent=1))
    return blanked


def _withdrawn(rows: pl.DataFrame, tombstones: Tombstones) -> pl.Series:
    """Which of these documents are withdrawn."""
    pairs = zip(rows["text"], rows["text_hash"], strict=True)
    hashes = [text_hash(text) if known is None and text is not None else known for text, known in pairs]
    matches = tombstones.matching_texts(rows.with_columns(pl.Series("text_hash", hashes, dtype=pl.Binary)))["row"]
    return tombstones.about(rows).is_not_null() | pl.int_range(rows.height, eager=True).is_in(matches.implode())


def _has_withdrawn(file: Path, tombstones: Tombstones) -> bool:
    """Whether stored work has a document that is withdrawn."""
    names = pl.read_parquet_schema(file)
    if "doc_id" not in names or "text" not in names:
        return False
    return _withdrawn(schema.conform(pl.read_parquet(file, glob=False), schema.DOCUMENT_SCHEMA), tombstones).any()
