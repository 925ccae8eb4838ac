"""Read and check the source that a command is given as an id, a file or a folder."""

from __future__ import annotations

from pathlib import Path

import typer

from latam_corpus.catalog.source import SOURCES, Source, load_source
from latam_corpus.cli.interface.show import errors


def undescribed(source: str) -> Path | None:
    """Return the path of a file or folder of texts; None for a source file or an id of the catalogue."""
    path = Path(source).expanduser()
    is_source = source.endswith(".toml") or (SOURCES / f"{source}.toml").is_file()
    return path if not is_source and path.exists() else None


def usable_source(source_name: str, language: str) -> Source:
    """Return the source of an id, a file or a folder of texts; print the errors of a file.

    Raises:
        ConfigError: there is no such source.
        typer.Exit: the file has errors.
    """
    if not source_name.endswith(".toml"):
        path = undescribed(source_name)
        return (
            load_source(source_name)
            if path is None
            else Source(id="sin-describir", title=path.name or source_name, holder="—")
        )
    from latam_corpus.intake.check_file import check_file

    source, findings = check_file(Path(source_name))
    if source is None:
        for finding in findings:
            errors.print(f"{source_name}: {finding.in_language(language)}", style="red")
        raise typer.Exit(2)
    return source
