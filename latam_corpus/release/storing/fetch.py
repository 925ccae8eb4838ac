"""A file brought from a store to this disk, every byte verified; one that was cut goes on where it stopped."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.storage.durable import sync

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from latam_corpus.release.storing.store import Store

_PIECE: Final = 4 << 20


def fetch(store: Store, path: str, sha256: str, part: Path, stop: threading.Event | None = None) -> None:
    """Bring a file's bytes, going on from those that an earlier fetch left.

    Args:
        store: where it is.
        path: its path in the store.
        sha256: its digest, hex.
        part: where its bytes go.
        stop: set when they are not wanted any more.

    Raises:
        ReleaseError: it is missing, reading broke off, or its bytes have another digest; then nothing is left.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    for _attempt in range(2):
        begun = part.is_file() and part.stat().st_size > 0
        if _continued(store, path, part, stop) == sha256:
            return
        part.unlink()
        if not begun:
            break
    problem = _("its bytes aren't those that the manifest names")
    raise ReleaseError(f"{store.url}, {path}", problem, _("run `latam-corpus release verify`"))


def _continued(store: Store, path: str, part: Path, stop: threading.Event | None) -> str:
    digest = hashlib.sha256()
    with part.open("a+b") as written, store.open(path) as opened:
        written.seek(0)
        while piece := written.read(_PIECE):
            digest.update(piece)
        try:
            opened.seek(written.tell())
            while piece := opened.read(_PIECE):
                if stop and stop.is_set():
                    raise ReleaseError(path, "stopped", _("the same command goes on from here"))
                written.write(piece)
                digest.update(piece)
        except (OSError, ValueError) as error:
            raise ReleaseError(
                f"{store.url}, {path}",
                _("reading broke off: {reason}", reason=error),
                _("the same command goes on from here"),
            ) from error
    sync(part)
    return digest.hexdigest()
