"""Where the data folders `filters/` and `pipelines/` are.

They ship inside the wheel; an editable install, for which hatchling's `force-include` does nothing, reads the
checkout's own folders beside the package.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

PACKAGE = Path(__file__).resolve().parent
# Folders of the cache that stay beside the one in use, and the seconds for which any stays that was used.
_FOLDERS_KEPT: Final = 4
_FOLDERS_USED: Final = 86_400.0


def data_folder(name: str) -> Path:
    """The folder `name` as shipped in the package, else beside it in a checkout.

    >>> data_folder("filters").name
    'filters'
    """
    shipped = PACKAGE / name
    return shipped if shipped.is_dir() else PACKAGE.parent / name


def cache_folder() -> Path:
    """The user's cache folder of the toolkit, which may not exist yet (`LATAM_CORPUS_CACHE`, else XDG)."""
    named = os.environ.get("LATAM_CORPUS_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    if base:
        return Path(base) / "latam_corpus"
    try:
        return Path.home() / ".cache" / "latam_corpus"
    except RuntimeError:  # a user without a home, as in some containers
        return Path(tempfile.gettempdir(), f"latam_corpus-{os.getuid()}")


def keep_compiled_code() -> None:
    """Point Numba's cache to a folder of this user, processor and source, before Numba is first imported.

    Compiled code of one processor can crash on another that shares the home folder, as cluster nodes do. And Numba
    looks for changes in a function's own file only: it would go on using an inner function of another as it was.
    """
    if "NUMBA_CACHE_DIR" in os.environ:  # named by the user, or by the process that started this one
        return
    processor = f"{platform.machine()}-{platform.processor() or 'any'}".replace("/", "-").replace(" ", "-")
    folder = cache_folder() / "numba" / processor / digest_of_compiled(PACKAGE)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    use_folder(folder)


def use_folder(folder: Path) -> None:
    """Mark a folder of the cache as used now; where it is new, remove those beside it that nobody uses any more.

    The four that were used last stay, and all that were used within a day. Another process may remove the same, or have
    one open: what isn't found, such as compiled code, is made anew.
    """
    try:
        new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        beside = list(folder.parent.iterdir()) if new else []
    except OSError:  # a home folder that can't be written to, or not read
        return
    used = {path: _last_used(path) for path in beside if path != folder}
    for path in sorted(used, key=lambda path: -used[path])[_FOLDERS_KEPT:]:
        if used[path] < time.time() - _FOLDERS_USED:
            shutil.rmtree(path, ignore_errors=True)


def _last_used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # another process has removed it
        return 0.0


def digest_of_compiled(package: Path) -> str:
    """A digest of the folders of the package that have functions which Numba compiles, 16 hex digits.

    Whole folders, since compiled code holds the constants of the files beside it too.

    >>> len(digest_of_compiled(PACKAGE))
    16
    """
    sources = {path: path.read_bytes() for path in sorted(package.rglob("*.py"))}
    folders = {path.parent for path, source in sources.items() if b"numba.njit" in source}
    digest = hashlib.sha256()
    for path, source in sources.items():
        if path.parent in folders:
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + source)
    return digest.hexdigest()[:16]
