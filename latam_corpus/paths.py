"""Where the data folders `filters/` and `pipelines/` are.

They ship inside the wheel; an editable install, for which hatchling's `force-include` does nothing, reads the
checkout's own folders beside the package.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

PACKAGE = Path(__file__).resolve().parent
# Folders of the cache that stay beside the one in use, and the seconds for which any stays that was used.
_FOLDERS_KEPT: Final = 4
_FOLDERS_USED: Final = 86_400.0
_KNOWN_NUMBA: Final = "0.68."  # whose loading of compiled code we know


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

    And let Numba go without SciPy at its start, and without what only compiling needs where nothing is compiled: see
    `_NoLinearAlgebra` and `_load_lightly`.

    Compiled code of one processor can crash on another that shares the home folder, as cluster nodes do. And Numba
    looks for changes in a function's own file only: it would go on using an inner function of another as it was.
    """
    if not any(isinstance(finder, _NoLinearAlgebra) for finder in sys.meta_path):
        sys.meta_path.insert(0, _NoLinearAlgebra())
    if "NUMBA_CACHE_DIR" not in os.environ:  # else named by the user, or by the process that started this one
        _name_cache()
    _load_lightly()


def _name_cache() -> None:
    processor = f"{platform.machine()}-{platform.processor() or 'any'}".replace("/", "-").replace(" ", "-")
    folder = cache_folder() / "numba" / processor / digest_of_compiled(PACKAGE)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    use_folder(folder)


class _NoLinearAlgebra:
    """Keeps Numba from opening `scipy.linalg` at its start, which takes 18 MB and an eighth of a second a process.

    Numba only looks whether it is there. What needs it, such as a compiled `np.dot` of whoever uses this toolkit, asks
    again when it is compiled, and finds it.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()  # another may be importing SciPy for itself at that moment

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Nothing, so that the import goes on.

        Raises:
            ModuleNotFoundError: Numba's start asks for `scipy.linalg`.
        """
        if name == "scipy.linalg" and threading.get_ident() == self._thread:
            asking = sys.modules.get("numba.np.arraymath")
            if getattr(getattr(asking, "__spec__", None), "_initializing", False):
                raise ModuleNotFoundError(name)


def _load_lightly() -> None:
    """Let compiled code of this package be read from the cache without what only compiling needs.

    Numba makes itself ready to compile before it looks whether it must, which takes 15 MB and a seventh of a second a
    process. What has to be compiled makes it ready as ever, and so does other packages' code.
    """
    import numba  # noqa: PLC0415  (its cache folder must be named first)
    from numba.core import caching, runtime  # noqa: PLC0415

    cache: Any = caching.Cache  # numba has no types
    if not numba.__version__.startswith(_KNOWN_NUMBA) or cache.load_overload.__module__ == __name__:
        return
    usual = cache.load_overload
    system: Any = runtime.nrt.rtsys

    def load_overload(self: Any, sig: Any, target_context: Any) -> Any:  # noqa: ANN401 - the same
        if self._py_func.__module__.partition(".")[0] != PACKAGE.name:
            return usual(self, sig, target_context)
        system.initialize(target_context)  # what compiled code itself calls
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)

    cache.load_overload = load_overload


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
