"""Decide whether an author's works are free in a country, by a table of copyright terms and their laws."""

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

# In a country that counts from publication, works published before this year are under an older term.
_COUNTED_FROM_DEATH_SINCE: Final = 1978
_EARLIEST: Final = 1000


class Term(BaseModel):
    """A country's term of protection.

    Attributes:
        years: the years after the year of death.
        law: the law that sets the term.
        note: additional information for users.
        died_before: for authors who died before this year, the term is `years_then`.
        years_then: see `died_before`.
        free_if_died_before: works of authors who died before this year became free in the year `free_by`.
        free_by: see `free_if_died_before`.
        published_years: the years after the year of publication, for works published before 1978; None elsewhere.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    years: int
    law: str
    note: str = ""
    died_before: int | None = None
    years_then: int | None = None
    free_if_died_before: int | None = None
    free_by: int | None = None
    published_years: int | None = None

    def free_from(self, died: int, published: int | None = None) -> int | None:
        """Return the first year in which an author's works are free; None if it depends on an unknown publication."""
        if self.free_if_died_before is not None and died < self.free_if_died_before:
            return self.free_by
        if self.published_years is not None and (published is None or published < _COUNTED_FROM_DEATH_SINCE):
            return None if published is None else published + self.published_years + 1
        has_old_term = self.died_before is not None and died < self.died_before
        return died + (self.years_then if has_old_term and self.years_then is not None else self.years) + 1


@cache
def copyright_terms() -> Mapping[str, Term]:
    """Return the terms by country, ISO 3166-1 alpha-2."""
    text = Path(__file__).with_name("copyright_terms.toml").read_text("utf-8")
    return {country: Term(**values) for country, values in tomllib.loads(text).items() if isinstance(values, dict)}


def term_of(country: str) -> Term:
    """Return a country's term.

    Raises:
        ConfigError: the table lacks the country, which doesn't mean that works are free there.

    >>> term_of("CO").free_from(died=1928), term_of("MX").free_from(died=1928), term_of("MX").free_from(died=1959)
    (2009, 1994, 2060)
    """
    terms = copyright_terms()
    if country not in terms:
        problem = _(
            "the table has no term for «{country}», which doesn't mean that works are free there", country=country
        )
        raise ConfigError("--country", problem, closest(country, terms))
    return terms[country]


def checked_years(died: int, published: int | None, this_year: int) -> None:
    """Raise ConfigError unless the years are possible.

    Years must be from 1000 to this year.
    """
    for option, year in (("--died", died), ("--published", published)):
        if year is not None and not _EARLIEST <= year <= this_year:
            problem = _("{year} is not a possible year", year=year)
            raise ConfigError(option, problem, _("write a year of four digits, not after {year}", year=this_year))
