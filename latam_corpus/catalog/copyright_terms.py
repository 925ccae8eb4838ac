"""Whether an author's works are free in a country this year: a table of terms of protection, with their laws."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping

# What was published before this year in a country that counts from publication has its older term.
_COUNTED_FROM_DEATH_SINCE: Final = 1978
_EARLIEST: Final = 1000


class Term(BaseModel):
    """A country's term.

    Attributes:
        years: after the year of death.
        law: which says so.
        note: what a reader should know beside it.
        died_before: authors who died before this year have `years_then`.
        free_if_died_before: works of who died before this year were free in the year `free_by`, and stayed so.
        free_by: see there.
        published_years: after the year of publication, for what was published before 1978.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    years: int
    law: str
    note: str = ""
    died_before: int | None = None
    years_then: int | None = None
    free_if_died_before: int | None = None
    free_by: int | None = None
    published_years: int | None = None

    def free_from(self, died: int, published: int | None = None) -> int | None:
        """Return the first year in which works of an author who died then are free; None where publication decides.

        Args:
            died: the year of death.
            published: the year of the work's first publication, where it is known.
        """
        if self.free_if_died_before is not None and died < self.free_if_died_before:
            return self.free_by
        if self.published_years is not None and (published is None or published < _COUNTED_FROM_DEATH_SINCE):
            return None if published is None else published + self.published_years + 1
        before = self.died_before is not None and died < self.died_before
        return died + (self.years_then if before and self.years_then is not None else self.years) + 1


@cache
def copyright_terms() -> Mapping[str, Term]:
    """Return the terms by country, ISO 3166-1 alpha-2."""
    text = Path(__file__).with_name("copyright_terms.toml").read_text("utf-8")
    return {country: Term(**one) for country, one in tomllib.loads(text).items() if isinstance(one, dict)}


def term_of(country: str) -> Term:
    """Return a country's term.

    Raises:
        ConfigError: the table has none; that doesn't make a work free.

    >>> term_of("CO").free_from(died=1928), term_of("MX").free_from(died=1928), term_of("MX").free_from(died=1959)
    (2009, 1994, 2060)
    """
    known = copyright_terms()
    if country not in known:
        problem = _("nothing is known of the terms of «{country}»: a work isn't free there for that", country=country)
        raise ConfigError("--country", problem, closest(country, known))
    return known[country]


def checked_years(died: int, published: int | None, this_year: int) -> None:
    """Refuse years that can't be.

    Raises:
        ConfigError: a year before the printing of books, or after this one.
    """
    for option, year in (("--died", died), ("--published", published)):
        if year is not None and not _EARLIEST <= year <= this_year:
            problem = _("{year} is no year in which that can have been", year=year)
            raise ConfigError(option, problem, _("write a year of four digits, not after {year}", year=this_year))
