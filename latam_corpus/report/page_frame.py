"""The style sheet, the language check and the file writer that all pages share."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from latam_corpus.errors import ConfigError, cause_of, one_of
from latam_corpus.messages import LANGUAGES, _

_LOOK: Final = Path(__file__).with_name("look.css")


@cache
def look() -> str:
    """Return the style sheet of all pages."""
    return _LOOK.read_text(encoding="utf-8")


def checked_language(language: str) -> str:
    """Return the language; raise ConfigError if pages aren't translated into it."""
    if language not in LANGUAGES:
        raise ConfigError("--in", _("pages aren't available in «{language}»", language=language), one_of(LANGUAGES))
    return language


def write_file(path: Path, data: str | bytes) -> None:
    """Write a page or a sheet, and create its folder if necessary.

    Raises:
        ConfigError: the file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> ConfigError:
    """Return the error for a file that can't be written."""
    return ConfigError(str(path), _("it can't be written: {cause}", cause=cause_of(error)), _("name another place"))
