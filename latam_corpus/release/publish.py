"""Publishing a version: the documents that may be redistributed, in the layout of the Hub, to a folder or a URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from fsspec.implementations.local import LocalFileSystem

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.release.eligibility.expired_terms import lapsing
from latam_corpus.release.reading.pull import OURS, pull
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import SUMS, Store, scratch
from latam_corpus.release.storing.withdrawal_log import read_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from latam_corpus.messages import Message
    from latam_corpus.release.reading.corpus_lock import Lock
    from latam_corpus.release.storing.store import Progress

_MAY_LEAVE: Final = "'redistribute' in uses"


def publish(
    spec: str,
    store: Store,
    to: str,
    progress: Progress | None = None,
    tell: Callable[[Message], None] | None = None,
    today: date | None = None,
) -> Lock:
    """Publish `NAME@VERSION` without documents that are withdrawn or may not be redistributed; returns its lock.

    Nor has it those that were refused since, or whose permission has ended.

    Args:
        spec: the version.
        store: where it is.
        to: a folder that is new, empty or has an earlier version of the release; or an fsspec URL of one.
        progress: told what is done, how much of it and of how much.
        tell: is given a sentence for each thing that a reader should know.
        today: the day on which permissions are judged; None judges none.

    Raises:
        ConfigError: none of its documents may be redistributed, or the folder holds something else.
        ReleaseError: bytes in the store are missing or damaged, or the target can't be written.
    """
    target = Store.at(to)
    manifest = load_manifest(store, *store.find(spec))
    with store.named_errors():
        lapsed = frozenset(lapsing(read_log(store), manifest, today))
    if isinstance(target.filesystem, LocalFileSystem):
        lock = _pulled(manifest.spec, store, Path(target.root), progress, tell, lapsed)
    else:
        with scratch(None) as folder, target.named_errors():
            lock = _pulled(manifest.spec, store, folder, progress, tell, lapsed)
            _upload(folder, target)
    if tell and lock.rows < manifest.rows:
        kept_here = {"n": f"{manifest.rows - lock.rows:,}", "release": manifest.spec}
        tell(
            _(
                "{n} {n:document|documents} of {release} {n:isn't|aren't} published: {n:it|they} may not leave the "
                "store",
                **kept_here,
            )
        )
    return lock


def _pulled(
    spec: str,
    store: Store,
    folder: Path,
    progress: Progress | None,
    tell: Callable[[Message], None] | None,
    lapsed: frozenset[str],
) -> Lock:
    try:
        return pull(spec, store, folder, _MAY_LEAVE, progress, tell=tell, exclude=lapsed)
    except ConfigError as error:
        if not error.place.startswith(("--where", "--exclude")):
            raise
        problem = _("none of its documents may be redistributed")
        raise ConfigError(spec, problem, _("a source says so with «redistribute» among its uses")) from None


def _upload(folder: Path, target: Store) -> None:
    """Bring a pulled folder to a URL, the list of digests last; what only an earlier version had goes."""
    before = target.read(SUMS).decode().split("\n") if target.exists(SUMS) else []
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    for name in sorted(files, key=lambda name: (name == SUMS, name)):
        target.write((folder / name).read_bytes(), *name.split("/"))
    for line in before:
        name = line.partition("  ")[2]
        if name not in files and OURS.fullmatch(name) and target.exists(name):
            target.remove(name)
