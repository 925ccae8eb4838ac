"""Decorators for functions that Numba compiles, and the cache of compiled code.

Compiled functions are in files named `*_kernels.py`, which have their own lint settings.
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
    """Return a digest of the modules with compiled functions and of their top-level imports, 16 hex digits.

    Compiled code contains constants and inlined functions of other modules. This file is included, because it has the
    compiler's options.

    >>> len(digest_of_compiled(PACKAGE))
    16
    """
    sources: dict[str, bytes] = {}
    queue = sorted(package.rglob(KERNELS))
    while queue:
        path = queue.pop()
        name = path.relative_to(package).as_posix()
        if name not in sources:
            sources[name] = path.read_bytes()
            queue += _imported(package, sources[name].decode())
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + sources[name])
    return digest.hexdigest()[:16]


def _imported(package: Path, source: str) -> list[Path]:
    """Return the modules of the package that a source imports at its top level."""
    imported = []
    for statement in _IMPORT.finditer(source):
        module = package.joinpath(*statement["module"].split("."))
        modules = [module, *(module / name for name in re.findall(r"\w+", statement["names"]))]
        files = [file for path in modules for file in (path.with_suffix(".py"), path / "__init__.py")]
        imported += [file for file in files if file.is_file()]
    return imported


def _name_cache() -> None:
    """Set Numba's cache to a folder for this user, kind of machine and source.

    Numba only looks for changes in a function's own file, so it would reuse outdated inner functions of other files. It
    does distinguish processors: nodes of a cluster with a shared home don't use each other's code.
    """
    if "NUMBA_CACHE_DIR" in os.environ:  # set by the user or by the parent process
        return
    # `platform.processor()` would start a program, without a result on most systems.
    folder = cache_folder() / "numba" / platform.machine() / digest_of_compiled(PACKAGE)
    config: Any = numba.config
    os.environ["NUMBA_CACHE_DIR"] = config.CACHE_DIR = str(folder)
    use_folder(folder)


_name_cache()


def note_compiling() -> None:
    """Warn that code is being compiled, once for this process and its children.

    The first command that compiles names the whole toolkit; later ones only the functions that are still missing.
    """
    if _NOTED in os.environ:
        return
    os.environ[_NOTED] = "1"
    config: Any = numba.config
    note = _("compiling the toolkit for this machine, once: about a minute of one processor; it is kept in {folder}")
    if not _is_empty():
        note = _("compiling functions that no earlier command has used; later commands don't wait for them")
    with suppress(NoteWarning):  # also if warnings are turned into errors
        warnings.warn(NoteWarning(note.fill(folder=config.CACHE_DIR)), stacklevel=2)


def note_empty_cache() -> None:
    """Warn that code will be compiled if the cache is empty, because workers, which compile it, can't report it."""
    if _is_empty():
        note_compiling()


def _is_empty() -> bool:
    """Return whether the cache has no compiled code yet."""
    config: Any = numba.config
    return next(Path(config.CACHE_DIR).rglob("*.nbi"), None) is None


class _Compiling(event.Listener):
    """A listener that warns when this process compiles."""

    def on_start(self, _event: object) -> None:
        note_compiling()

    def on_end(self, _event: object) -> None:
        pass


event.register("numba:compile", _Compiling())  # type: ignore[no-untyped-call]

# Inlined functions are typed once and compiled into each caller. Numba's own inlining types them again in each caller,
# which takes a quarter longer to compile and isn't faster.
kernel: Any = numba.njit(cache=True, nogil=True)
inlined: Any = numba.njit(cache=True, nogil=True, forceinline=True)
