"""Whether an author is free here, this year: by the year of death and the country's law."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.catalog.copyright_terms import copyright_terms, term_of
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("country", "died", "published", "free_from"),
    [
        ("AR", 1955, None, 2026),
        ("AR", 1956, None, 2027),
        ("BO", 1975, None, 2026),
        ("CO", 1945, None, 2026),
        ("CO", 1946, None, 2027),
        ("GT", 1950, None, 2026),
        ("VE", 1965, None, 2026),
        # Mexico: who died before 1944 was free before the terms grew to 75 and 100 years.
        ("MX", 1943, None, 1994),
        ("MX", 1944, None, 2045),
        # Spain: 80 years for who died before 1988, 70 for who died later.
        ("ES", 1945, None, 2026),
        ("ES", 1987, None, 2068),
        ("ES", 1988, None, 2059),
        # The United States count 95 years from publication for what is older than 1978.
        ("US", 1920, None, None),
        ("US", 1960, 1930, 2026),
        ("US", 1960, 1931, 2027),
        ("PR", 1990, 1985, 2061),
    ],
)
def test_a_work_is_free_from_the_year_after_its_term(
    country: str, died: int, published: int | None, free_from: int | None
) -> None:
    """From the first of January of that year."""
    assert term_of(country).free_from(died, published) == free_from


def test_every_entry_names_its_law_and_a_country_without_one_is_unknown() -> None:
    """A law has a number, an article or a year; what isn't known isn't free."""
    assert len(copyright_terms()) >= 20
    assert all(
        any(map(str.isdecimal, copyright_term.law)) or "art." in copyright_term.law
        for copyright_term in copyright_terms().values()
    )
    with pytest.raises(ConfigError, match="doesn't mean that works are free there"):
        term_of("ZZ")


def test_the_command_answers_for_each_country(command_line: Callable[..., Any]) -> None:
    """As a table in the reader's language, and as JSON."""
    reported = json.loads(
        command_line("rights", "term", "--died", 1945, "--country", "CO", "--as-of", 2026, "--json").out
    )
    [answer] = reported["countries"]
    assert (answer["free"], answer["free_from"], answer["years"]) == (True, 2026, 80)
    early = json.loads(command_line("rights", "term", "--died", 1945, "--country", "CO", "--as-of", 2025, "--json").out)
    assert early["countries"][0]["free"] is False
    shown = command_line("rights", "term", "--died", 1945, "--country", "co", "--as-of", 2026, "--lang", "es").out
    assert "en el dominio público desde 2026" in shown


@pytest.mark.parametrize(
    "arguments",
    [("--died", 19455), ("--died", 45), ("--died", 1945, "--published", 3000), ("--died", 1945, "--country", "Chile")],
)
def test_years_and_countries_that_are_none_are_refused(
    command_line: Callable[..., Any], arguments: tuple[object, ...]
) -> None:
    """With what to write instead."""
    result = command_line("rights", "term", *arguments)
    assert result.code == 2
    assert "Traceback" not in result.err
