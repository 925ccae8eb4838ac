"""Where the data folders `filters/` and `pipelines/` are.

They ship inside the wheel; an editable install, for which hatchling's `force-include` does nothing, reads the
checkout's own folders beside the package.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


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
    return (Path(base) if base else Path.home() / ".cache") / "latam_corpus"


def keep_compiled_code() -> None:
    """Point Numba's cache to a folder of this user and processor, before Numba is first imported.

    Compiled code of one processor can crash on another that shares the home folder, as cluster nodes do.
    """
    processor = f"{platform.machine()}-{platform.processor() or 'any'}".replace("/", "-").replace(" ", "-")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder() / "numba" / processor))
