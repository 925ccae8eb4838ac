"""What all pages have: one look, one of three languages, and a place where they are written."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from latam_corpus.errors import ConfigError, cause_of, one_of
from latam_corpus.messages import LANGUAGES, _

_LOOK: Final = Path(__file__).with_name("look.css")


@cache
def look() -> str:
    """Return the style sheet that all pages share."""
    return _LOOK.read_text(encoding="utf-8")


def checked_language(language: str) -> str:
    """Return the language, if pages speak it.

    Raises:
        ConfigError: they don't.
    """
    if language not in LANGUAGES:
        raise ConfigError("--in", _("pages don't speak «{language}»", language=language), one_of(LANGUAGES))
    return language


def write_file(path: Path, data: str | bytes) -> None:
    """Write a page or a sheet, in a new folder if need be.

    Raises:
        ConfigError: it can't be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> ConfigError:
    """Return the error of a file that can't be written."""
    return ConfigError(str(path), _("it can't be written: {cause}", cause=cause_of(error)), _("name another place"))
