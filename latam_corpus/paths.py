"""Paths of shipped data, caches and settings.

`filters/` and `pipelines/` are inside the wheel. In an editable install, hatchling's `force-include` has no effect, so
they are read next to the package in the checkout.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

PACKAGE = Path(__file__).resolve().parent
# This many most recently used cache folders are kept, and all folders used within this many seconds.
_KEPT_FOLDERS: Final = 4
_KEPT_SECONDS: Final = 86_400.0


def data_folder(name: str) -> Path:
    """Return the folder `name` inside the package, or next to it in a checkout.

    >>> data_folder("filters").name
    'filters'
    """
    shipped = PACKAGE / name
    return shipped if shipped.is_dir() else PACKAGE.parent / name


def cache_folder() -> Path:
    """Return the toolkit's cache folder, which may not exist yet (`LATAM_CORPUS_CACHE`, else XDG)."""
    return _user_folder("LATAM_CORPUS_CACHE", "XDG_CACHE_HOME", ".cache", "")


def scratch_folder() -> Path:
    """Return the folder for local copies of remote files (`LATAM_CORPUS_SCRATCH`, else in the cache folder)."""
    folder = os.environ.get("LATAM_CORPUS_SCRATCH")
    return Path(folder).absolute() if folder else cache_folder().absolute() / "scratch"


def config_folder() -> Path:
    """Return the folder of the user's settings, which may not exist yet (`LATAM_CORPUS_CONFIG`, else XDG)."""
    return _user_folder("LATAM_CORPUS_CONFIG", "XDG_CONFIG_HOME", ".config", "config")


def _user_folder(own: str, xdg: str, at_home: str, homeless: str) -> Path:
    """Return one of the user's folders, by the toolkit's variable, the XDG variable or the home folder.

    Args:
        own: the toolkit's variable, which names the folder itself.
        xdg: the XDG variable, which names the parent folder.
        at_home: the parent folder in the home folder, if neither variable is set.
        homeless: the folder within the temporary folder for users without a home, as in some containers.
    """
    if folder := os.environ.get(own):
        return Path(folder)
    if base := os.environ.get(xdg):
        return Path(base) / "latam_corpus"
    try:
        return Path.home() / at_home / "latam_corpus"
    except RuntimeError:
        return Path(tempfile.gettempdir(), f"latam_corpus-{os.getuid()}", homeless)


def use_folder(folder: Path) -> None:
    """Mark a cache folder as used now; if it is new, remove unused folders next to it.

    The four most recently used folders are kept, and all that were used within a day. Another process may remove the
    same folder or use one; missing content, such as compiled code, is rebuilt.
    """
    try:
        is_new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        siblings = list(folder.parent.iterdir()) if is_new else []
    except OSError:  # a home folder that can't be read or written
        return
    last_used = {path: _last_used(path) for path in siblings if path != folder}
    for path in sorted(last_used, key=lambda path: -last_used[path])[_KEPT_FOLDERS:]:
        if last_used[path] < time.time() - _KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _last_used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # another process has removed it
        return 0.0
