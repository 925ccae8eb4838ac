"""Decorators for functions that Numba compiles, and the cache of compiled code.

Compiled functions are in files named `*_kernels.py`, which have their own lint settings. Numba takes longer to load
than any other import, so the first call that needs it loads it. Calls with small inputs run as plain Python, with the
same results (`plain_work.py`); a test compares both.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import time
import warnings
from contextlib import suppress
from functools import cache, cached_property, update_wrapper
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.errors import NoteWarning
from latam_corpus.messages import _
from latam_corpus.paths import PACKAGE, cache_folder, use_folder
from latam_corpus.plain_work import PlainWork, is_small

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.messages import Message

KERNELS: Final = "*_kernels.py"
_IMPORT: Final = re.compile(r"^from latam_corpus\.(?P<module>[\w.]+) import (?P<names>\([^)]*\)|[^\n]*)", re.MULTILINE)
_NOTED: Final = "LATAM_CORPUS_COMPILING"
_FOLDER: Final = "NUMBA_CACHE_DIR"
_NOTE_SECONDS: Final = 10.0  # seconds between progress notes


def digest_of_compiled(package: Path) -> str:
    """Return a digest of the modules with compiled functions and of their top-level imports, 16 hex digits.

    Compiled code contains constants and inlined functions of other modules. This file is included because it has the
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


def _cache_folder() -> Path:
    """Return the folder of compiled code for this user, machine type and source; set it for Numba and child processes.

    Numba only detects changes in a function's own file, so it would reuse outdated inner functions of other files. It
    does distinguish processors: nodes of a cluster with a shared home folder don't use each other's code.
    """
    if _FOLDER not in os.environ:  # not set by the user or by the parent process
        # `platform.processor()` would start a program, and returns nothing on most systems.
        folder = cache_folder() / "numba" / platform.machine() / digest_of_compiled(PACKAGE)
        os.environ[_FOLDER] = str(folder)
        use_folder(folder)
    return Path(os.environ[_FOLDER])


def note_compiling() -> None:
    """Warn that code is being compiled, once for this process and its children.

    The note of the first command announces the complete toolkit; later ones only the functions that are still missing.
    """
    if _NOTED in os.environ:
        return
    os.environ[_NOTED] = "1"
    note = _("compiling the toolkit for this machine, once: about a minute of one processor; it is kept in {folder}")
    if not _is_empty():
        note = _("compiling functions that no earlier command has used; later commands don't wait for them")
    _warn(note.fill(folder=_cache_folder()))


def _warn(note: Message) -> None:
    with suppress(NoteWarning):  # even if warnings are turned into errors
        warnings.warn(NoteWarning(note), stacklevel=3)


def note_empty_cache(text_bytes: int) -> None:
    """Warn, if the cache is empty, that code will be compiled; the workers, which compile it, can't report that.

    Args:
        text_bytes: the bytes that the workers read; for small inputs, they don't compile.
    """
    if _is_empty() and not is_small(text_bytes):
        note_compiling()


def _is_empty() -> bool:
    """Return whether the cache has no compiled code yet."""
    return next(_cache_folder().rglob("*.nbi"), None) is None


@cache
def _compiler() -> Callable[..., Any]:
    """Load Numba, and return its decorator."""
    folder = _cache_folder()
    import numba  # it takes half a second
    from numba.core import caching, event
    from numba.np import linalg

    class ByContent(caching.UserProvidedCacheLocator):
        """A locator of compiled code by the content of the sources; Numba's own locators also compare path and time."""

        def get_cache_path(self) -> str:
            return str(folder / Path(self._py_file).stem)

        def get_source_stamp(self) -> str:
            return ""  # the folder's name has the digest of the sources

    class Compiling(event.Listener):
        """A listener that warns when this process compiles, and reports its progress."""

        def __init__(self) -> None:
            self.done = 0
            self.noted = time.monotonic()

        def on_start(self, _event: object) -> None:
            note_compiling()

        def on_end(self, _event: object) -> None:
            self.done += 1
            if time.monotonic() - self.noted > _NOTE_SECONDS:
                self.noted = time.monotonic()
                _warn(_("still compiling: {n} {n:function is|functions are} done", n=self.done))

    config: Any = numba.config
    config.CACHE_DIR = str(folder)
    caching.CacheImpl._locator_classes.insert(0, ByContent)  # noqa: SLF001
    event.register("numba:compile", Compiling())  # type: ignore[no-untyped-call]
    # This module takes 0.25 s to load SciPy, only to test whether matrix products can be compiled.
    ensure_blas = linalg.ensure_blas
    linalg.ensure_blas = lambda: None
    try:
        from numba.np import arraymath  # noqa: F401
    finally:
        linalg.ensure_blas = ensure_blas
    return numba.njit


def _size(argument: Any) -> int:
    """Return the number of items of an array, or of the first array of a tuple."""
    while isinstance(argument, tuple):
        argument = argument[0]
    return int(argument.size)


class _Kernel:
    """A function that is compiled on its first call with more than a little work."""

    def __init__(self, function: Any, work: str | None, options: dict[str, Any], plain: Any = None) -> None:
        update_wrapper(self, function)
        self._function = function
        self._plain = plain
        self._options = options
        self._is_inlined = options.get("forceinline", False)
        code = function.__code__
        self._work = code.co_varnames[: code.co_argcount].index(work) if work else None

    def __call__(self, *arguments: Any) -> Any:
        if self._is_inlined:  # small work, which Numba wouldn't do faster
            return self.plain(*arguments)
        if self._work is not None and PlainWork.has_room(_size(arguments[self._work]), _is_empty):
            with np.errstate(over="ignore"):  # hashes overflow on purpose
                return self.plain(*arguments)
        return self.compiled(*arguments)

    @cached_property
    def plain(self) -> Any:
        """The function in plain Python, with the functions that it calls."""
        return self._plain or self._with("plain")

    @cached_property
    def compiled(self) -> Any:
        """The function compiled by Numba."""
        return _compiler()(**self._options)(self._with("compiled"))

    def _with(self, form: str) -> FunctionType:
        """Return the function with the kernels that it calls in the same form (plain or compiled)."""
        function = self._function
        called = {name: function.__globals__.get(name) for name in function.__code__.co_names}
        forms = {name: getattr(value, form) for name, value in called.items() if isinstance(value, _Kernel)}
        return FunctionType(function.__code__, function.__globals__ | forms, function.__name__, function.__defaults__)


def kernel(function: Any = None, *, work: str | None = None) -> Any:
    """Decorate a function that Python calls.

    Args:
        function: the function.
        work: the name of the argument whose size bounds the work of a call: an array, or a tuple that begins with one.
            A function without `work` is always compiled.
    """
    options = {"cache": True, "nogil": True}
    return _Kernel(function, work, options) if function else lambda decorated: _Kernel(decorated, work, options)


def inlined(function: Any = None, *, plain: Any = None) -> Any:
    """Decorate a function that only kernels call.

    The function is typed once and compiled into each caller. Numba's own inlining types it again in each caller;
    compilation takes a quarter longer, and the code isn't faster.

    Args:
        function: the function.
        plain: a function with the same results that is faster in plain Python and called there instead.
    """
    options = {"cache": True, "nogil": True, "forceinline": True}
    return _Kernel(function, None, options) if function else lambda decorated: _Kernel(decorated, None, options, plain)
