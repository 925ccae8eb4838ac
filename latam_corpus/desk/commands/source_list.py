"""`latam-corpus sources list`, and `list sources`: the catalogue, as far as it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.codes import admits
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latam_corpus.catalog.source import Source

_COUNT: Final = _("sources: {n}")
_HEADS: Final = (
    _("id"), _("genre"), _("country"),
    _("languages"), _("rights"), _("uses"),
    _("status"), _("title"),
)  # fmt: skip


def list_sources(
    genre: Annotated[str, typer.Option(help=N_("Of this genre."))] = "",
    country: Annotated[str, typer.Option(help=N_("Of this country, by code or name."))] = "",
    language: Annotated[str, typer.Option(help=N_("In this language, by code or name."))] = "",
    status: Annotated[str, typer.Option(help=N_("verified, unverified or ask_first."))] = "",
    use: Annotated[str, typer.Option(help=N_("Allowed for this use: train, redistribute or evaluate."))] = "",
    as_json: Json = False,
) -> None:
    """List the known sources with their rights."""
    from latam_corpus.catalog.display_names import GENRES, STATUSES, TIERS, USES
    from latam_corpus.catalog.named_values import genre_of
    from latam_corpus.catalog.source import shipped_sources
    from latam_corpus.desk import answers

    spoken_ = spoken()
    wanted = {
        "genre": _read("--genre", answers.choice(GENRES, numbered=False, also=genre_of, key="genre"), genre),
        "status": _read("--status", answers.choice(STATUSES, numbered=False), status),
        "country": _read("--country", answers.country, country),
        "use": _read("--use", answers.choice(USES, numbered=False), use),
        "language": _read("--language", answers.language, language),
    }
    sources = [source for source in shipped_sources() if _fits(source, wanted)]
    if as_json:
        print_json([_row(source) for source in sources])
        return
    rows = [
        (
            s.id,
            GENRES[s.genre].translate(spoken_) if s.genre else "",
            s.country or "",
            " ".join(s.languages),
            TIERS[s.tier].translate(spoken_),
            ", ".join(USES[use].translate(spoken_) for use in s.uses),
            STATUSES[s.status].translate(spoken_),
            s.title,
        )
        for s in sources
    ]
    if rows:
        table("", [head.translate(spoken_) for head in _HEADS], rows)
    console.print(_COUNT.fill(n=number(len(rows))).translate(spoken_))


def _read(option: str, read: Callable[[str], str], typed: str) -> str:
    """Return what was typed as the catalogue writes it; empty for nothing."""
    from latam_corpus.desk import answers

    try:
        return read(typed) if typed else ""
    except answers.AnswerError as error:
        raise ConfigError(option, error.message) from None


def _fits(source: Source, wanted: dict[str, str]) -> bool:
    has: dict[str, Sequence[str | None]] = {
        "genre": [source.genre],
        "status": [source.status],
        "country": [source.country],
        "use": source.uses,
        "language": [wanted["language"]] if any(admits(wanted["language"], one) for one in source.languages) else [],
    }
    return all(not value or value in has[key] for key, value in wanted.items())


def _row(source: Source) -> dict[str, Any]:
    from latam_corpus.catalog.source import SOURCES

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
        "file": str(SOURCES / f"{source.id}.toml"),
    }
