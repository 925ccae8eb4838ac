"""Where the data folders `filters/` and `pipelines/` are.

They ship inside the wheel; an editable install, for which hatchling's `force-include` does nothing, reads the
checkout's own folders beside the package.
"""

from __future__ import annotations

import os
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
    """Return the folder `name` as shipped in the package, else beside it in a checkout.

    >>> data_folder("filters").name
    'filters'
    """
    shipped = PACKAGE / name
    return shipped if shipped.is_dir() else PACKAGE.parent / name


def cache_folder() -> Path:
    """Return the user's cache folder of the toolkit, which may not exist yet (`LATAM_CORPUS_CACHE`, else XDG)."""
    return _user_folder("LATAM_CORPUS_CACHE", "XDG_CACHE_HOME", ".cache", "")


def scratch_folder() -> Path:
    """Return the folder of copies of what is kept elsewhere (`LATAM_CORPUS_SCRATCH`, else in the user's cache)."""
    named = os.environ.get("LATAM_CORPUS_SCRATCH")
    return Path(named).absolute() if named else cache_folder().absolute() / "scratch"


def config_folder() -> Path:
    """Return the folder of what the user has chosen, which may not exist yet (`LATAM_CORPUS_CONFIG`, else XDG)."""
    return _user_folder("LATAM_CORPUS_CONFIG", "XDG_CONFIG_HOME", ".config", "config")


def _user_folder(own: str, xdg: str, at_home: str, homeless: str) -> Path:
    """Return the folder that a variable of ours names, or one of XDG's, or the usual one of the user's home.

    Args:
        own: the toolkit's variable, which names the folder itself.
        xdg: the variable that names what it is in.
        at_home: what it is in at home, where neither is set.
        homeless: below the temporary folder of a user without a home, as in some containers.
    """
    if named := os.environ.get(own):
        return Path(named)
    if base := os.environ.get(xdg):
        return Path(base) / "latam_corpus"
    try:
        return Path.home() / at_home / "latam_corpus"
    except RuntimeError:
        return Path(tempfile.gettempdir(), f"latam_corpus-{os.getuid()}", homeless)


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
