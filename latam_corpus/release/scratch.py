"""A build's temporary folder, and what killed builds have left of theirs."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.locks import is_locked, locked

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def scratch(parent: Path | None) -> Iterator[Path]:
    """A folder for temporary files, removed afterwards; those of killed processes are removed first.

    Args:
        parent: where to make it; None is the system's temporary folder, where nothing is swept.
    """
    if parent is None:
        with tempfile.TemporaryDirectory(prefix="latam-corpus-") as made:
            yield Path(made)
        return
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"build-{secrets.token_hex(4)}"
    lock = folder.with_suffix(".lock")
    with ExitStack() as held:
        with locked(parent, ".lock", wait=True):
            held.enter_context(locked(parent, lock.name))
            _sweep(parent)
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _sweep(parent: Path) -> None:
    """Remove the folders whose lock nobody holds any more: their builds were killed."""
    for lock in parent.glob("build-*.lock"):
        if not is_locked(parent, lock.name):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
