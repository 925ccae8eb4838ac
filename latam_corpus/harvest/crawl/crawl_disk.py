"""Errors of writing during a crawl, such as a full or read-only disk, as one message."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from latam_corpus.errors import MAKE_ROOM, SourceError, cause_of
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Report write errors of the block as a `SourceError` that names the folder.

    Raises:
        SourceError: a file or the database couldn't be written.
    """
    try:
        yield
    except BrokenPipeError:  # the reader of standard output closed it, as `head` does
        raise
    except (OSError, sqlite3.OperationalError) as error:
        reason = cause_of(error) if isinstance(error, OSError) else str(error)
        raise SourceError(str(folder), _("it can't be written ({error})", error=reason), MAKE_ROOM) from None
