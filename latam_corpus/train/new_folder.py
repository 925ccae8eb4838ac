"""A folder of results that appears when all of it is written."""

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
    """Give a folder beside to write into, which takes the name at the end; nothing stays of one that broke off.

    Args:
        to: a folder that is new or empty.

    Raises:
        ConfigError: it holds something.
        ReleaseError: it can't be written.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(str(to), _("it holds something"), _("name a new or empty folder"))
    to = to.resolve()  # `.` has no name to stand beside
    # Left by one that was killed.
    partial = to.with_name(f".{to.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
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
        raise ReleaseError(str(to), problem, _("free space, or name another")) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
