"""Errors of a full or read-only disk during a crawl, as one message."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from latam_corpus.errors import SourceError, cause_of
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
        problem = _("it can't be written ({error})", error=reason)
        raise SourceError(
            str(folder), problem, _("free some disk space, then run the same command to resume")
        ) from None
