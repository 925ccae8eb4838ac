"""Publish a version: write its redistributable documents to a folder or URL, in the layout of the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from fsspec.implementations.local import LocalFileSystem

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.release.eligibility.expired_terms import lapsing
from latam_corpus.release.reading.pull import PULLED_PATH, Subset, pull
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import SUMS, Store, scratch
from latam_corpus.release.storing.withdrawal_log import read_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.reading.corpus_lock import Lock

_MAY_REDISTRIBUTE: Final = "'redistribute' in uses"


def publish(
    spec: str,
    store: Store,
    to: str,
    progress: OnStep | None = None,
    report: Callable[[Message], None] | None = None,
    today: date | None = None,
) -> Lock:
    """Publish the documents of a version that may be redistributed, and return the lock of the published files.

    Documents that were withdrawn or refused since the build, or whose permission has ended, are left out too. The
    target is a folder, or its fsspec URL; it must be new or empty, or contain an earlier version of the release.
    Without a day, the ends of permissions are ignored.

    Raises:
        ConfigError: none of its documents may be redistributed, or the folder has other contents.
        ReleaseError: files in the store are missing or damaged, or the target can't be written.
    """
    target = Store.at(to)
    manifest = load_manifest(store, *store.find(spec))
    with store.named_errors():
        lapsed = frozenset(lapsing(read_log(store), manifest, today))
    subset = Subset(where=_MAY_REDISTRIBUTE, exclude=lapsed)
    if isinstance(target.filesystem, LocalFileSystem):
        lock = _pull(manifest.spec, store, Path(target.root), subset, progress, report)
    else:
        with scratch(None) as folder, target.named_errors():
            lock = _pull(manifest.spec, store, folder, subset, progress, report)
            _upload(folder, target)
    if report and lock.rows < manifest.rows:
        figures = {"n": f"{manifest.rows - lock.rows:,}", "release": manifest.spec}
        note = _(
            "{n} {n:document|documents} of {release} {n:isn't|aren't} published: {n:it|they} may not be redistributed",
            **figures,
        )
        report(note)
    return lock


def _pull(
    spec: str,
    store: Store,
    folder: Path,
    subset: Subset,
    progress: OnStep | None,
    report: Callable[[Message], None] | None,
) -> Lock:
    """Pull a subset; raise ConfigError if no document may be redistributed."""
    try:
        return pull(spec, store, folder, subset, progress, report=report)
    except ConfigError as error:
        if not error.place.startswith(("--where", "--exclude")):
            raise
        problem = _("none of its documents may be redistributed")
        raise ConfigError(spec, problem, _("a source allows it with «redistribute» among its uses")) from None


def _upload(folder: Path, target: Store) -> None:
    """Upload a pulled folder, with the list of digests last, and remove files that only the former version had."""
    former_sums = target.read(SUMS).decode().split("\n") if target.exists(SUMS) else []
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    for name in sorted(files, key=lambda name: (name == SUMS, name)):
        target.write((folder / name).read_bytes(), *name.split("/"))
    for line in former_sums:
        name = line.partition("  ")[2]
        if name not in files and PULLED_PATH.fullmatch(name) and target.exists(name):
            target.remove(name)
