"""Erase withdrawn documents from the objects and indexes of a store, and from the runs on this disk.

For each file, the replacement is written first, then the entry of the log, then the file is removed. If a purge is
interrupted, repeating the command finishes it.
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
from latam_corpus.release.storing.withdrawal_log import (
    EntryTakenError,
    Replacement,
    add_entry,
    log_and_versions,
    read_log,
    time_after,
)
from latam_corpus.storage.bucket import bucket_of
from latam_corpus.storage.durable import digest_of, replace, replacing, sealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import ReadableShard, WithdrawalLog

_KINDS: Final = ("kept", "dropped")
_PAGES: Final = (REPORT_FILE, INTERNAL_REPORT_FILE)  # these files quote the beginnings of texts


@dataclass
class Purged:
    """The result of a purge.

    Attributes:
        documents: the number of withdrawn documents.
        written: the bytes of the objects that replace them.
        runs: the number of documents whose text was erased, by run.
        work: the number of folders of stored work that were removed.
    """

    documents: int = 0
    objects: int = 0
    written: int = 0
    runs: dict[str, int] = field(default_factory=dict)
    work: int = 0
    not_reached: list[Message] = field(default_factory=list)


def purge(store: Store, out: Path | None, now: datetime) -> Purged:
    """Erase withdrawn documents from the store and from the folder of runs.

    Without a folder of runs, the result says that they weren't purged.

    Raises:
        ConfigError: the store has no releases, for instance because its name is misspelt, or a run is in progress.
        ReleaseError: the log, a version or a run is damaged, or another purge was added to the log at the same time.
    """
    purged = Purged()
    with store.named_errors():
        log = read_log(store)
        if not log.sequence and not store.names():
            remedy = _("give the folder of runs with --out, or the store with --store")
            raise ConfigError(store.url, _("there is no release: nothing was erased"), remedy)
        if not any(entry.erases for entry in log.binding):
            return purged
        log, versions = log_and_versions(store)
        erasing = [entry for entry in log.binding if entry.erases]
        purged.documents = log.rows.filter("erases")["doc_id"].n_unique()
        replaced = dict(_replaced(log, versions.values(), purged))
        if replaced:
            last = erasing[-1]
            fields = {"kind": "purge", "request": last.request, "release": last.release, "replaced": replaced}
            _add_purge(store, log, now, fields)
        for path in read_log(store).replaced:
            if store.exists(path):
                store.remove(path)
                purged.objects += path.startswith("objects/")
    if out is None:
        purged.not_reached.append(_("runs and stored work: to erase documents there too, name the folder with --out"))
    elif bucket := bucket_of(out):
        purged.not_reached.append(
            _("runs and work at {place}: remove «runs/» and «work/» there; they can be rebuilt", place=bucket.url)
        )
    elif not (out / "runs").is_dir() and not (out / "work").is_dir():
        missing = _("runs and stored work: there are none in {folder}; if they are elsewhere, name it with --out")
        purged.not_reached.append(missing.fill(folder=out))
    else:
        _purge_runs(out, Tombstones(log, erasing=True), purged)
    purged.not_reached += [
        _("the files that runs were made from (`--input`)"),
        _("copies that others have pulled or published"),
        _("models that were trained on older versions"),
    ]
    if out is not None and (out / "collected").is_dir():
        collected = _("collected files in {folder}: remove the withdrawn ones there", folder=out / "collected")
        purged.not_reached.insert(0, collected)
    return purged


def _add_purge(store: Store, log: WithdrawalLog, now: datetime, fields: Mapping[str, Any]) -> None:
    """Add the entry of a purge, after any entries of other processes, unless one of these is a purge too."""
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


def _replaced(
    log: WithdrawalLog, versions: Iterable[Manifest], purged: Purged
) -> Iterator[tuple[str, Replacement | None]]:
    """Yield each file with withdrawn documents and its replacement, or None if no row remains."""
    done: dict[str, Replacement | None] = {}
    for manifest in versions:
        with log.store.scratch() as folder:
            for readable in log.readable(manifest, erasing=True):
                if readable.without is None:
                    continue
                path = readable.shard.object
                if path not in done:
                    done[path] = _rewritten(log.store, readable, folder)
                    purged.written += now.bytes if (now := done[path]) else 0
                yield path, done[path]
                if readable.shard.index in manifest.files:
                    # Runs don't use the index of a version that has withdrawn documents.
                    yield f"releases/{manifest.name}/{manifest.version}/{readable.shard.index}", None


def _rewritten(store: Store, readable: ReadableShard, folder: Path) -> Replacement | None:
    """Write an object without its withdrawn rows to the store, and return it; None if no row remains."""
    if not readable.rows:
        return None
    source, target = folder / "old", folder / "new.parquet"
    fetch(store, readable.shard.object, readable.shard.sha256, source)
    rewrite(source, readable.wanted(), target)
    source.unlink()
    sha256, size = digest_of(target), target.stat().st_size
    text_bytes = pl.scan_parquet(target).select(pl.col("text").str.len_bytes().sum()).collect().item()
    store.add_object(target, sha256)
    return Replacement(sha256=sha256, bytes=size, rows=readable.rows, text_bytes=text_bytes)


def _purge_runs(out: Path, tombstones: Tombstones, purged: Purged) -> None:
    """Erase the texts of withdrawn documents in runs, and remove stored work that contains withdrawn documents."""
    with exclusive(out):
        run_folders = folders(out)
        _remove_unfinished(out, run_folders)
        for folder in run_folders:
            if not (folder / RUN_FILE).is_file():
                continue
            removed = is_removed(folder)
            erased_count = 0 if removed else _purge_run(folder, tombstones)
            if erased_count:
                purged.runs[folder.name] = erased_count
            if erased_count or removed:
                for page in _PAGES:
                    (folder / page).unlink(missing_ok=True)
        for step in sorted((out / "work").glob("??/*")):
            files = sorted(step.glob("*.parquet"))
            if any(_has_withdrawn(file, tombstones) for file in files):
                shutil.rmtree(step)
                purged.work += 1
        # Cached fingerprints of versions; runs fetch them again.
        shutil.rmtree(out / "work" / "index", ignore_errors=True)


def _remove_unfinished(out: Path, run_folders: Sequence[Path]) -> None:
    """Remove the files that killed processes left; no record lists their texts."""
    try:
        remove_partial(out / "work")
        for hidden in (out / "runs").glob(".*.removed"):
            remove(hidden)
        for folder in run_folders:
            if (folder / RUN_FILE).is_file():
                begun = [path for kind in _KINDS for path in (folder / kind).glob(".*")]
            else:  # an unfinished run writes these again
                begun = [folder / name for name in (*_KINDS, *_PAGES)]
            for path in begun:
                remove(path)
    except OSError as error:
        raise ReleaseError(str(error.filename or out), cause_of(error), MAKE_ROOM) from error


def _purge_run(folder: Path, tombstones: Tombstones) -> int:
    """Erase the texts and titles of withdrawn documents in a run; return the number of documents that had a text."""
    run = load_run(folder)
    changed: dict[str, str] = {}
    erased_count = 0
    for kind in _KINDS:
        for file in run.files(kind):
            rows = schema.conform(pl.read_parquet(file, glob=False), schema.DOCUMENT_SCHEMA)
            is_erased = _is_withdrawn(rows, tombstones) & (rows["text"].fill_null("") != "")
            if not is_erased.any():
                continue
            erased_count += int(is_erased.sum())
            erased = {name: pl.when(pl.lit(is_erased)).then(pl.lit("")).otherwise(name) for name in ("text", "title")}
            with replacing(file) as temporary:
                rows.with_columns(**erased).write_parquet(temporary, compression="zstd", statistics=False)
            changed[file.relative_to(folder).as_posix()] = digest_of(file)
    if changed and (folder / DIGESTS_FILE).is_file():
        replace(folder / DIGESTS_FILE, sealed(read_digests(folder) | changed, indent=1))
    return erased_count


def _is_withdrawn(rows: pl.DataFrame, tombstones: Tombstones) -> pl.Series:
    """Whether each document is withdrawn by its columns or by its text."""
    pairs = zip(rows["text"], rows["text_hash"], strict=True)
    hashes = [text_hash(text) if digest is None and text is not None else digest for text, digest in pairs]
    matches = tombstones.matching_texts(rows.with_columns(pl.Series("text_hash", hashes, dtype=pl.Binary)))["row"]
    return tombstones.about(rows).is_not_null() | pl.int_range(rows.height, eager=True).is_in(matches.implode())


def _has_withdrawn(file: Path, tombstones: Tombstones) -> bool:
    """Whether a file of stored work has a withdrawn document."""
    names = pl.read_parquet_schema(file)
    if "doc_id" not in names or "text" not in names:
        return False
    return _is_withdrawn(schema.conform(pl.read_parquet(file, glob=False), schema.DOCUMENT_SCHEMA), tombstones).any()
