"""`latam-corpus rights term`: is this author free here, this year?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, print_json, table
from latam_corpus.messages import N_, _

_FREE: Final = _("free since {year}")
_PROTECTED: Final = _("protected; free from {year}")
_BY_PUBLICATION: Final = _("by the year of publication: add --published")
_CAUTION: Final = _(
    "Of works of one author who is named. Translations, editions and posthumous works may have other terms; "
    "where it matters, ask somebody who knows."
)
_HEADS: Final = (_("country"), _("term of protection"), _("answer"), _("law"))
_LIFE: Final = _("life + {years}")


def term(
    died: Annotated[int, typer.Option("--died", metavar="YEAR", help=N_("The year in which the author died."))],
    countries: Annotated[
        list[str] | None, typer.Option("--country", metavar="CC", help=N_("Where, by two letters; all when left out."))
    ] = None,
    published: Annotated[
        int | None,
        typer.Option("--published", metavar="YEAR", help=N_("The year of first publication, where it counts.")),
    ] = None,
    as_of: Annotated[
        int | None, typer.Option("--as-of", metavar="YEAR", help=N_("The year asked about; this one."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Print in which countries an author's works are in the public domain this year, and by which law."""
    from latam_corpus.catalog.copyright_terms import checked_years, copyright_terms, term_of

    this_year = datetime.now(UTC).year
    checked_years(died, published, this_year)
    asked = as_of or this_year
    terms = []
    for country in countries or sorted(copyright_terms()):
        one = term_of(country.upper())
        since = one.free_from(died, published)
        free = None if since is None else since <= asked
        entry = {"country": country.upper(), "years": one.years, "free": free, "free_from": since}
        terms.append(entry | {"law": one.law, "note": one.note})
    if as_json:
        print_json({"died": died, "published": published, "year": asked, "countries": terms})
        return
    rows = []
    for one_row in terms:
        answer = _BY_PUBLICATION if one_row["free"] is None else _FREE if one_row["free"] else _PROTECTED
        law = f"{one_row['law']}; {one_row['note']}" if one_row["note"] else str(one_row["law"])
        life = _LIFE.fill(years=one_row["years"])
        rows.append((one_row["country"], life, answer.fill(year=one_row["free_from"]), law))
    table("", list(_HEADS), rows)
    console.print(_CAUTION)
