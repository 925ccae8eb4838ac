"""How this package compiles: Numba's decorators, with compiled code cached where it is safe.

Functions that are compiled stand in files named `*_kernels.py`, to which lint settings of their own apply.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
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
_IMPORT: Final = re.compile(r"^from latam_corpus\.(?P<module>[\w.]+) import (?P<names>\([^)]*\)|[^\n]*)", re.MULTILINE)
_NOTED: Final = "LATAM_CORPUS_COMPILING"


def digest_of_compiled(package: Path) -> str:
    """Digest the modules with compiled functions and all that they import at their top level, 16 hex digits.

    Compiled code contains the constants and the inlined functions of other modules. This file says how it is compiled.

    >>> len(digest_of_compiled(PACKAGE))
    16
    """
    sources: dict[str, bytes] = {}
    ahead = sorted(package.rglob(KERNELS))
    while ahead:
        path = ahead.pop()
        name = path.relative_to(package).as_posix()
        if name not in sources:
            sources[name] = path.read_bytes()
            ahead += _imported(package, sources[name].decode())
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + sources[name])
    return digest.hexdigest()[:16]


def _imported(package: Path, source: str) -> list[Path]:
    """Return the modules of the package that a source imports at its top level."""
    found = []
    for statement in _IMPORT.finditer(source):
        module = package.joinpath(*statement["module"].split("."))
        modules = [module, *(module / name for name in re.findall(r"\w+", statement["names"]))]
        found += [path for one in modules for path in (one.with_suffix(".py"), one / "__init__.py") if path.is_file()]
    return found


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
    """Warn, once for this process and those that it starts, that code is compiled before anything else happens.

    The first command that compiles names the whole toolkit; a later one the functions that are still missing.
    """
    if _NOTED in os.environ:
        return
    os.environ[_NOTED] = "1"
    config: Any = numba.config
    told = _("compiling the toolkit for this machine, once: about a minute of one processor; it is kept in {folder}")
    if not _is_empty():
        told = _("compiling functions that no earlier command has used; later commands don't wait for them")
    with suppress(NoteWarning):  # where warnings are errors, this one is none
        warnings.warn(NoteWarning(told.fill(folder=config.CACHE_DIR)), stacklevel=2)


def note_empty_cache() -> None:
    """Warn that code will be compiled, if none is kept yet: workers will do so, who can't report it."""
    if _is_empty():
        note_compiling()


def _is_empty() -> bool:
    """Return whether no compiled code is kept yet."""
    config: Any = numba.config
    return next(Path(config.CACHE_DIR).rglob("*.nbi"), None) is None


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
