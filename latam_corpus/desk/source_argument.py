"""Read and check the source that a command is given as an id, a file or a folder."""

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
    """Return the source that a file describes, None if it has an error, and all findings.

    Raises:
        ConfigError: the file doesn't exist or can't be read.
    """
    if path.is_dir():
        remedy = _("describe its texts with `latam-corpus sources new`, and name the file that it writes")
        raise ConfigError(str(path), _("it can't be used: {cause}", cause=_("Is a directory")), remedy)
    try:
        text = read_toml(path, "source")
    except ConfigError as error:
        if isinstance(error.__context__, UnicodeDecodeError):
            return None, [Finding(None, "", *_NOT_UTF8)]
        raise
    return check_source(text, str(path))


def undescribed(source: str) -> Path | None:
    """Return the path of a file or folder of texts; None for a source file or an id of the catalogue."""
    path = Path(source).expanduser()
    is_source = source.endswith(".toml") or (SOURCES / f"{source}.toml").is_file()
    return path if not is_source and path.exists() else None


def usable_source(source_name: str, language: str) -> Source:
    """Return the source of an id, a file or a folder of texts; print the errors of a file that has any.

    Raises:
        ConfigError: there is no such source.
        typer.Exit: the file has an error.
    """
    if not source_name.endswith(".toml"):
        path = undescribed(source_name)
        return (
            load_source(source_name)
            if path is None
            else Source(id="sin-describir", title=path.name or source_name, holder="—")
        )
    source, findings = check_file(Path(source_name))
    if source is None:
        for finding in findings:
            errors.print(f"{source_name}: {finding.in_language(language)}", style="red")
        raise typer.Exit(2)
    return source
