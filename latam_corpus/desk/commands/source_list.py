"""The commands `sources list` and `list sources`: the sources of the catalogue that match the options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.catalog.display_names import GENRES, STATUSES, TIERS, USES
from latam_corpus.catalog.named_values import genre_of
from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.codes import admits
from latam_corpus.desk import answers
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _, enumerated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from latam_corpus.catalog.source import Source

_HEADS: Final = (
    _("id"), _("genre"), _("country"),
    _("languages"), _("rights"), _("uses"),
    _("status"), _("title"),
)  # fmt: skip


def list_sources(
    genre: Annotated[str, typer.Option(help=N_("Only sources of this genre."))] = "",
    country: Annotated[str, typer.Option(help=N_("Only sources of this country, by code or name."))] = "",
    language: Annotated[str, typer.Option(help=N_("Only sources in this language, by code or name."))] = "",
    status: Annotated[
        str, typer.Option(help=N_("Only sources with this status: verified, unverified or ask_first."))
    ] = "",
    use: Annotated[
        str, typer.Option(help=N_("Only sources that allow this use: train, redistribute or evaluate."))
    ] = "",
    as_json: Json = False,
) -> None:
    """List the sources of the catalogue and their rights."""
    from latam_corpus.catalog.source import SOURCES, shipped_sources  # `list signals` loads this module too

    filters = {
        "genre": _read_option(
            "--genre", answers.choice(GENRES, numbered=False, synonym_of=genre_of, key="genre"), genre
        ),
        "status": _read_option("--status", answers.choice(STATUSES, numbered=False), status),
        "country": _read_option("--country", answers.country, country),
        "use": _read_option("--use", answers.choice(USES, numbered=False), use),
        "language": _read_option("--language", answers.language, language),
    }
    sources = [source for source in shipped_sources() if _matches(source, filters)]
    if as_json:
        print_json([_row(source, SOURCES) for source in sources])
        return
    rows = [
        (
            s.id,
            s.genre and GENRES[s.genre],
            s.country,
            " ".join(s.languages),
            TIERS[s.tier],
            enumerated(USES[use] for use in s.uses),
            STATUSES[s.status],
            s.title,
        )
        for s in sources
    ]
    if rows:
        table("", _HEADS, rows)
    console.print(_("sources: {n}", n=number(len(rows))))


def _read_option(option: str, read: Callable[[str], str], typed: str) -> str:
    """Return an option's value in the form of the catalogue; empty for an empty option."""
    try:
        return read(typed) if typed else ""
    except answers.AnswerError as error:
        raise ConfigError(option, error.message) from None


def _matches(source: Source, filters: dict[str, str]) -> bool:
    values: dict[str, Sequence[str | None]] = {
        "genre": [source.genre],
        "status": [source.status],
        "country": [source.country],
        "use": source.uses,
        "language": [filters["language"]]
        if any(admits(filters["language"], code) for code in source.languages)
        else [],
    }
    return all(not value or value in values[key] for key, value in filters.items())


def _row(source: Source, folder: Path) -> dict[str, Any]:
    return {
        "id": source.id,
        "title": source.title,
        "genre": source.genre,
        "country": source.country,
        "languages": list(source.languages),
        "rights": source.rights.statement if source.rights else None,
        "rights_tier": source.tier,
        "uses": list(source.uses),
        "status": source.status,
        "collected": source.collect.kind,
        "file": str(folder / f"{source.id}.toml"),
    }
