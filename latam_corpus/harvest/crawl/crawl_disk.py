"""A disk that is full, or can't be written: one sentence, and the crawl goes on where it was."""

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
    """Name the folder in the error where the block can't write what was collected.

    Raises:
        SourceError: it can't be written.
    """
    try:
        yield
    except BrokenPipeError:  # whoever reads what is printed has seen enough
        raise
    except (OSError, sqlite3.OperationalError) as error:
        reason = cause_of(error) if isinstance(error, OSError) else str(error)
        problem = _("it can't be written ({error})", error=reason)
        raise SourceError(
            str(folder), problem, _("make room and give the same command; it goes on from here")
        ) from None
