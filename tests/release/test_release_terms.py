"""A document is released according to its tier, uses, opt-outs, and the first and last day of its permission."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from latam_corpus import schema, vocabulary
from latam_corpus.errors import ConfigError
from latam_corpus.release.eligibility.admission import ReleaseTerms

_TODAY = date(2026, 11, 27)
_DAY = timedelta(days=1)
_NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
_ALL = ("train", "redistribute", "evaluate")


def _refusal(terms: ReleaseTerms, **row: Any) -> str | None:
    """Return the reason that excludes a row which is open for all uses, except for these columns."""
    usual = {"rights_tier": "open", "uses": list(_ALL), "expires": None, "embargo_until": None, "opt_outs": None}
    frame = schema.conform(
        pl.DataFrame([usual | row], schema_overrides={"opt_outs": schema.OPT_OUTS}), schema.DOCUMENT_SCHEMA
    )
    reason: str | None = frame.select(ReleaseTerms.READS).select(terms.refusal()).item()
    return reason


def _opt_outs(*signals: str) -> list[dict[str, Any]]:
    return [{"signal": signal, "value": "x", "address": "https://diario.example", "time": _NOW} for signal in signals]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        # `expires` is the last day of a permission.
        ({"expires": _TODAY - _DAY}, "expires<2026-11-27"),
        ({"expires": _TODAY}, None),
        ({"expires": _TODAY + _DAY}, None),
        # `embargo_until` is the first day on which it may be released.
        ({"embargo_until": _TODAY - _DAY}, None),
        ({"embargo_until": _TODAY}, None),
        ({"embargo_until": _TODAY + _DAY}, "embargo_until>2026-11-27"),
        ({"embargo_until": _TODAY, "expires": _TODAY}, None),
        ({"embargo_until": _TODAY + _DAY, "expires": _TODAY - _DAY}, "expires<2026-11-27"),
    ],
)
def test_a_permission_holds_from_its_first_day_to_its_last(row: dict[str, date], reason: str | None) -> None:
    """The permission includes both days."""
    assert _refusal(ReleaseTerms(("open",), ("train",), _TODAY), **row) == reason


@pytest.mark.parametrize(
    ("country", "hour", "reason"),
    [
        ("CL", 2, "embargo_until>2026-11-26"),  # in Santiago, Punta Arenas and on Easter Island the day before
        ("CL", 5, "embargo_until>2026-11-26"),  # Easter Island has summer time; the table counts its winter time too
        ("CL", 6, None),
        ("MX", 7, "embargo_until>2026-11-26"),  # in Tijuana
        ("MX", 8, None),
        ("BR", 4, "embargo_until>2026-11-26"),  # in Rio Branco
        ("BR", 5, None),
        ("AR", 3, None),
        ("ES", 0, None),  # there the day has begun before it began in UTC
        (None, 11, "embargo_until>2026-11-26"),
        (None, 12, None),
    ],
)
def test_an_embargo_ends_when_its_day_has_begun_in_the_whole_country(
    country: str | None, hour: int, reason: str | None
) -> None:
    """The day must have begun in UTC too; for a text without a country, everywhere."""
    now = datetime(2026, 11, 27, hour, tzinfo=UTC)
    terms = ReleaseTerms(("open",), ("train",), now.date(), now)
    assert _refusal(terms, country=country, embargo_until=_TODAY) == reason


@pytest.mark.parametrize(
    ("country", "hour", "reason"),
    [
        ("CL", 23, None),
        ("PH", 15, None),
        ("PH", 16, "expires<2026-11-28"),  # in Manila the next day has begun
        (None, 9, None),
        (None, 10, "expires<2026-11-28"),
    ],
)
def test_a_permission_ends_with_its_last_day_in_utc_or_in_the_country(
    country: str | None, hour: int, reason: str | None
) -> None:
    """It ends with whichever day ends first."""
    now = datetime(2026, 11, 27, hour, tzinfo=UTC)
    terms = ReleaseTerms(("open",), ("train",), now.date(), now)
    assert _refusal(terms, country=country, expires=_TODAY) == reason
    assert _refusal(terms, country="CL", expires=_TODAY - _DAY) == "expires<2026-11-27"


@pytest.mark.parametrize("tier", vocabulary.RIGHTS_TIERS)
def test_a_tier_that_is_not_admitted_stays_out(tier: str) -> None:
    """Tiers are not ordered: a release has exactly the tiers that it names."""
    for admit in (("open",), ("attribution", "permission"), vocabulary.RIGHTS_TIERS[:-1]):
        expected = None if tier in admit else f"rights_tier={tier}"
        assert _refusal(ReleaseTerms(admit, ("train",), _TODAY), rights_tier=tier) == expected


@pytest.mark.parametrize(
    ("required", "allowed", "reason"),
    [
        (("train",), ["train"], None),
        (("train",), [], "uses_lack=train"),
        (("train",), ["redistribute", "evaluate"], "uses_lack=train"),
        (("redistribute", "train"), ["evaluate"], "uses_lack=train,redistribute"),
        (("train", "redistribute"), ["train"], "uses_lack=redistribute"),
        (("evaluate",), ["train"], "uses_lack=evaluate"),
        (_ALL, list(_ALL), None),
    ],
)
def test_every_required_use_must_be_allowed(required: tuple[str, ...], allowed: list[str], reason: str | None) -> None:
    """The reason lists the missing uses in the order of the schema."""
    assert _refusal(ReleaseTerms(("open",), required, _TODAY), uses=allowed) == reason


@pytest.mark.parametrize(
    ("required", "allowed", "signals", "reason"),
    [
        (("train",), ["redistribute"], ["noai"], "opt_out=noai"),
        (("train",), [], ["tdm-reservation", "noai", "noai"], "opt_out=noai,tdm-reservation"),
        # A signal that withholds another use isn't why this one lacks.
        (("redistribute",), ["train"], ["noai"], "uses_lack=redistribute"),
        (("redistribute",), ["train"], ["noai", "noarchive"], "opt_out=noarchive"),
        (("evaluate",), [], ["noarchive"], "uses_lack=evaluate"),
        # What the uses allow in spite of a signal isn't judged again.
        (("train",), ["train"], ["noai"], None),
        (("train",), ["train"], [], None),
    ],
)
def test_a_use_that_the_owner_withholds_is_an_opt_out(
    required: tuple[str, ...], allowed: list[str], signals: list[str], reason: str | None
) -> None:
    """The reason lists each signal once, in order, and only those that withhold a required use."""
    assert _refusal(ReleaseTerms(("open",), required, _TODAY), uses=allowed, opt_outs=_opt_outs(*signals)) == reason


def test_the_first_reason_is_returned() -> None:
    """The tier is checked before the uses, and the uses before the dates."""
    late = {"expires": _TODAY - _DAY, "embargo_until": _TODAY + _DAY}
    terms = ReleaseTerms(("open",), ("train",), _TODAY)
    assert _refusal(terms, rights_tier="permission", uses=[], **late) == "rights_tier=permission"
    assert _refusal(terms, uses=[], **late) == "uses_lack=train"
    assert _refusal(terms, uses=[], opt_outs=_opt_outs("ai.txt"), **late) == "opt_out=ai.txt"


def test_rows_without_opt_outs_are_judged() -> None:
    """Polars reads such a column with the type null."""
    frame = pl.DataFrame({"rights_tier": ["open"], "uses": [["train"]], "opt_outs": [None]})
    frame = frame.with_columns(pl.lit(None, pl.Date).alias("expires"), pl.lit(None, pl.Date).alias("embargo_until"))
    assert frame.select(ReleaseTerms(("open",), ("redistribute",), _TODAY).refusal()).item() == "uses_lack=redistribute"


@pytest.mark.parametrize(
    ("admit", "uses", "problem"),
    [
        ((), ("train",), "^--admit: .*nothing is named.*attribution, share_alike.*permission"),
        (("open",), (), "^--uses: .*nothing is named.*train, redistribute, evaluate"),
        (("open", "unknown"), ("train",), "^--admit: .*never released.*state the source's rights"),
        (("opn",), ("train",), "^--admit: .*«opn».*did you mean «open»"),
        (("open",), ("train", "redistribut"), "^--uses: .*«redistribut».*did you mean «redistribute»"),
        (("open",), ("open",), "^--uses: .*«open»"),
    ],
)
def test_invalid_terms_are_refused(admit: tuple[str, ...], uses: tuple[str, ...], problem: str) -> None:
    """The error names the option, the word and the closest one; unknown rights are never released."""
    with pytest.raises(ConfigError, match=problem) as raised:
        ReleaseTerms(admit, uses, _TODAY)
    assert "unknown," not in str(raised.value)
