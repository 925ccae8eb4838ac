"""How this package compiles: Numba's decorators, with compiled code cached where it is safe.

Functions that are compiled stand in files named `*_kernels.py`, to which lint settings of their own apply.
"""

from __future__ import annotations

import hashlib
import os
import platform
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numba
from numba.core import event

from latam_corpus.errors import NoteWarning
from latam_corpus.messages import _
from latam_corpus.paths import PACKAGE, cache_folder, use_folder

KERNELS: Final = "*_kernels.py"
_NOTED: Final = "LATAM_CORPUS_COMPILING"


def digest_of_compiled(package: Path) -> str:
    """Digest the folders of the package that have compiled functions, 16 hex digits.

    Whole folders, since compiled code holds the constants of the files beside it too; and this file, which says how
    they are compiled.

    >>> len(digest_of_compiled(PACKAGE))
    16
    """
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for folder in sorted({path.parent for path in package.rglob(KERNELS)}):
        for path in sorted(folder.glob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _name_cache() -> None:
    """Point Numba's cache to a folder of this user, kind of machine and source.

    Numba looks for changes in a function's own file only: it would go on using an inner function of another as it was.
    Which processor code was compiled for it knows: nodes of a cluster that share a home take none of one another's.
    """
    if "NUMBA_CACHE_DIR" in os.environ:  # named by the user, or by the process that started this one
        return
    # Not `platform.processor()`, which starts a program to learn nothing on most systems.
    folder = cache_folder() / "numba" / platform.machine() / digest_of_compiled(PACKAGE)
    config: Any = numba.config
    os.environ["NUMBA_CACHE_DIR"] = config.CACHE_DIR = str(folder)
    use_folder(folder)


_name_cache()


def note_compiling() -> None:
    """Warn, once for this process and those that it starts, that code is compiled before anything else happens."""
    if _NOTED in os.environ:
        return
    os.environ[_NOTED] = "1"
    config: Any = numba.config
    told = _("compiling the toolkit for this machine, once: about a minute of one processor; it is kept in {folder}")
    with suppress(NoteWarning):  # where warnings are errors, this one is none
        warnings.warn(NoteWarning(told.fill(folder=config.CACHE_DIR)), stacklevel=2)


def note_empty_cache() -> None:
    """Warn that code will be compiled, if none is kept yet: workers will do so, who can't report it."""
    config: Any = numba.config
    if next(Path(config.CACHE_DIR).glob("*/*.nbi"), None) is None:
        note_compiling()


class _Compiling(event.Listener):
    """Notes that this process compiles."""

    def on_start(self, _event: object) -> None:
        note_compiling()

    def on_end(self, _event: object) -> None:
        pass


event.register("numba:compile", _Compiling())  # type: ignore[no-untyped-call]

# Decorators. What is inlined has its types found once and is compiled into each function that calls it. Numba's own
# inlining finds them again in each, which takes a quarter longer to compile and isn't faster to run.
kernel: Any = numba.njit(cache=True, nogil=True)
inlined: Any = numba.njit(cache=True, nogil=True, forceinline=True)
