"""A source that the command line was given: read, checked, and what is wrong in it told in sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer

from latam_corpus.catalog.source import Source, load_source
from latam_corpus.cli.show import errors
from latam_corpus.desk.check_source import Finding, check_source
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.toml_model import read_toml

_NOT_UTF8: Final = (
    _("the file isn't UTF-8 text"),
    _("save it again and choose the encoding UTF-8"),
)


def check_file(path: Path) -> tuple[Source | None, list[Finding]]:
    """Return the source of a file, None when something is wrong, and all that there is to say of it.

    Raises:
        ConfigError: no such file, or one that can't be read.
    """
    if path.is_dir():
        raise ConfigError(str(path), _("it can't be used: {cause}", cause=_("Is a directory")), _("check the path"))
    try:
        text = read_toml(path, "source")
    except ConfigError as error:
        if isinstance(error.__context__, UnicodeDecodeError):
            return None, [Finding(None, "", *_NOT_UTF8)]
        raise
    return check_source(text, str(path))


def of_path(path: Path) -> Source:
    """Return a source that says nothing of the texts at a path but that they are there."""
    return Source(id="sin-describir", title=path.name or str(path), holder="—")


def usable_source(named: str, language: str) -> Source:
    """Return the source of an id, a file or a folder of texts; what is wrong in a file is told, and ends the command.

    Raises:
        ConfigError: no such source.
        typer.Exit: something is wrong in the file.
    """
    if not named.endswith(".toml"):
        path = Path(named).expanduser()
        return of_path(path) if path.exists() else load_source(named)
    source, findings = check_file(Path(named))
    if source is None:
        for one in findings:
            errors.print(f"{named}: {one.in_language(language)}", markup=False, style="red")
        raise typer.Exit(2)
    return source
