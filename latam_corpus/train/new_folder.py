"""A folder of results that appears only when it is complete."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from latam_corpus.errors import ConfigError, ReleaseError, cause_of
from latam_corpus.messages import _
from latam_corpus.storage.durable import sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def new_folder(to: Path) -> Iterator[Path]:
    """Yield a temporary folder next to `to`; rename it to `to` at the end, or remove it after an error.

    Raises:
        ConfigError: the folder isn't empty.
        ReleaseError: the folder can't be written.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(str(to), _("it isn't empty"), _("name a new or empty folder"))
    to = to.resolve()  # `.` has no name from which the temporary folder's name could be derived
    partial = to.with_name(f".{to.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # left over from a process that was killed
    try:
        partial.mkdir(parents=True)
        yield partial
        for path in partial.iterdir():
            sync(path)
        if to.is_dir():
            to.rmdir()
        partial.replace(to)
    except OSError as error:
        problem = _("it can't be written: {cause}", cause=cause_of(error))
        raise ReleaseError(str(to), problem, _("free space, or name another folder")) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
