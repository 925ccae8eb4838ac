"""Download a file from a store with verification; an interrupted download is resumed."""

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
    """Download a file, and resume an earlier download of it.

    `part` is the local file, which may have the first bytes from an earlier download; `stop` cancels the download.

    Raises:
        ReleaseError: the file is missing, reading failed, or its digest differs; in the last case `part` is removed.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    for _attempt in range(2):
        is_resumed = part.is_file() and part.stat().st_size > 0
        if _download(store, path, part, stop) == sha256:
            return
        part.unlink()
        if not is_resumed:
            break
    problem = _("its bytes aren't those that the manifest names")
    raise ReleaseError(f"{store.url}, {path}", problem, _("run `latam-corpus release verify`"))


def _download(store: Store, path: str, part: Path, stop: threading.Event | None) -> str:
    digest = hashlib.sha256()
    with part.open("a+b") as written, store.open(path) as opened:
        written.seek(0)
        while piece := written.read(_PIECE):
            digest.update(piece)
        try:
            opened.seek(written.tell())
            while piece := opened.read(_PIECE):
                if stop and stop.is_set():
                    raise ReleaseError(path, "stopped", _("the same command continues from here"))
                written.write(piece)
                digest.update(piece)
        except (OSError, ValueError) as error:
            raise ReleaseError(
                f"{store.url}, {path}",
                _("reading stopped: {reason}", reason=error),
                _("the same command continues from here"),
            ) from error
    sync(part)
    return digest.hexdigest()
