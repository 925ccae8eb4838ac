"""`latam-corpus rights term`: list the countries where an author's works are in the public domain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from latam_corpus.catalog.copyright_terms import checked_years, copyright_terms, term_of
from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, print_json, table
from latam_corpus.messages import N_, _

_FREE: Final = _("in the public domain since {year}")
_PROTECTED: Final = _("protected; in the public domain from {year}")
_BY_PUBLICATION: Final = _("by the year of publication: add --published")
_CAUTION: Final = _(
    "This holds for works of a single, named author. Translations, editions and posthumous works may have other "
    "terms; ask a lawyer if it matters."
)
_HEADS: Final = (_("country"), _("term of protection"), _("answer"), _("law"))


def term(
    died: Annotated[int, typer.Option("--died", metavar="YEAR", help=N_("The year in which the author died."))],
    countries: Annotated[
        list[str] | None, typer.Option("--country", metavar="CC", help=N_("A country, as two letters; all by default."))
    ] = None,
    published: Annotated[
        int | None,
        typer.Option(
            "--published", metavar="YEAR", help=N_("The year of first publication, for countries where it counts.")
        ),
    ] = None,
    as_of: Annotated[
        int | None, typer.Option("--as-of", metavar="YEAR", help=N_("The year to answer for; this year by default."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Print in which countries an author's works are in the public domain this year, and by which law."""
    this_year = datetime.now(UTC).year
    checked_years(died, published, this_year)
    year = as_of or this_year
    terms = []
    for country in countries or sorted(copyright_terms()):
        copyright_term = term_of(country.upper())
        since = copyright_term.free_from(died, published)
        free = None if since is None else since <= year
        entry = {"country": country.upper(), "years": copyright_term.years, "free": free, "free_from": since}
        terms.append(entry | {"law": copyright_term.law, "note": copyright_term.note})
    if as_json:
        print_json({"died": died, "published": published, "year": year, "countries": terms})
        return
    rows = []
    for entry in terms:
        answer = _BY_PUBLICATION if entry["free"] is None else _FREE if entry["free"] else _PROTECTED
        law = f"{entry['law']}; {entry['note']}" if entry["note"] else str(entry["law"])
        life = _("life + {years}", years=entry["years"])
        rows.append((entry["country"], life, answer.fill(year=entry["free_from"]), law))
    table("", list(_HEADS), rows)
    console.print(_CAUTION)
