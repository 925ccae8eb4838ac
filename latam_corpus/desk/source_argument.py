"""A source that the command line was given: read, checked, and what is wrong in it told in sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer

from latam_corpus.catalog.source import SOURCES, Source, load_source
from latam_corpus.cli.interface.show import errors
from latam_corpus.config.toml_model import read_toml
from latam_corpus.desk.check_source import Finding, check_source
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

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
        describe = _("`latam-corpus sources new` describes its texts; name the file that it writes")
        raise ConfigError(str(path), _("it can't be used: {cause}", cause=_("Is a directory")), describe)
    try:
        text = read_toml(path, "source")
    except ConfigError as error:
        if isinstance(error.__context__, UnicodeDecodeError):
            return None, [Finding(None, "", *_NOT_UTF8)]
        raise
    return check_source(text, str(path))


def undescribed(named: str) -> Path | None:
    """Return the file or folder of texts that is named; None for a source's file, or an id of the catalogue."""
    path = Path(named).expanduser()
    is_source = named.endswith(".toml") or (SOURCES / f"{named}.toml").is_file()
    return path if not is_source and path.exists() else None


def usable_source(named: str, language: str) -> Source:
    """Return the source of an id, a file or a folder of texts; what is wrong in a file is told, and ends the command.

    Raises:
        ConfigError: no such source.
        typer.Exit: something is wrong in the file.
    """
    if not named.endswith(".toml"):
        path = undescribed(named)
        return load_source(named) if path is None else Source(id="sin-describir", title=path.name or named, holder="—")
    source, findings = check_file(Path(named))
    if source is None:
        for one in findings:
            errors.print(f"{named}: {one.in_language(language)}", markup=False, style="red")
        raise typer.Exit(2)
    return source
