"""Each opt-out signal withholds its uses, and refusals travel with a record without loss of any signal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest

from latam_corpus.catalog.optout.opt_out import (
    MOST,
    NO_PAGE,
    OPT_OUTS,
    OptOut,
    Signal,
    from_json,
    opt_out,
    to_json,
    withheld,
)

_NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
_PAGE = "https://diario.example/nota"

# Refusals of training alone; those of every copy: a reservation of text and data mining (TDMRep: of reproduction), a
# licence that must be obtained first (RSL), and `noarchive` (no copy may be shown, which Bing reads as no training).
_WITHHELD: dict[Signal, set[str]] = {
    "robots-agent": {"train"},
    "content-usage": {"train"},
    "content-signal": {"train"},
    "content-signal-use": {"train", "redistribute"},
    "rsl-prohibited": {"train"},
    "rsl-permission": {"train", "redistribute"},
    "tdm-reservation": {"train", "redistribute"},
    "noai": {"train"},
    "noarchive": {"train", "redistribute"},
    "ai.txt": {"train"},
}


@pytest.mark.parametrize(("signal", "uses"), _WITHHELD.items())
def test_a_signal_withholds_its_uses(signal: str, uses: set[str]) -> None:
    """A signal withholds its uses alone, twice, and among words that are no signals."""
    assert withheld([signal]) == withheld([signal, signal]) == withheld(["nofollow", signal, ""]) == uses


def test_every_signal_withholds_something_and_the_most_restrictive_wins() -> None:
    """Each signal has a row in the table, and several signals of a page apply together."""
    assert set(_WITHHELD) == set(get_args(Signal))
    assert withheld(["noai", "noarchive"]) == withheld(["noarchive", "noai"]) == {"train", "redistribute"}
    assert withheld([]) == withheld(["index"]) == set()


def test_a_refusals_words_are_one_short_line() -> None:
    """Spaces are joined, and words after 300 characters are cut."""
    assert opt_out("noai", "  no\tai,\n\n noimageai ", _PAGE, _NOW) == OptOut("noai", "no ai, noimageai", _PAGE, _NOW)
    assert opt_out("noai", "x" * 300, _PAGE, _NOW).value == "x" * 300
    assert opt_out("noai", "x" * 301, _PAGE, _NOW).value == "x" * 300


def test_a_row_has_the_columns_of_the_schema() -> None:
    """Signal, words, address and time, each under its name."""
    assert OptOut("noai", "noai", _PAGE, _NOW).row() == {
        "signal": "noai", "value": "noai", "address": _PAGE, "time": _NOW,
    }  # fmt: skip


def _refusals(number: int, length: int) -> list[OptOut]:
    return [OptOut("noai", f"{n:03}" + "x" * (length - 3), _PAGE, _NOW) for n in range(number)]


def test_refusals_that_fit_are_written_whole_and_in_order() -> None:
    """One line of ASCII without spaces, times in UTC; up to 12,000 bytes nothing is cut."""
    local = datetime(2026, 11, 25, 9, tzinfo=timezone(timedelta(hours=-3)))
    results = [OptOut("noarchive", "sí", _PAGE, local), OptOut("ai.txt", "Disallow: /", _PAGE, _NOW)]
    assert to_json(results) == (
        '[["noarchive","s\\u00ed","https://diario.example/nota","2026-11-25T12:00:00+00:00"],'
        '["ai.txt","Disallow: /","https://diario.example/nota","2026-11-25T12:00:00+00:00"]]'
    )
    assert from_json(to_json(results)) == results
    many = _refusals(30, 300)
    free_bytes = MOST - len(to_json(many))
    refusal = OptOut("noai", "y", _PAGE, _NOW)
    room = free_bytes - (len(to_json([*many, refusal])) - len(to_json(many)))
    exact = [*many, OptOut("noai", "y" * (1 + room), _PAGE, _NOW)]
    assert len(to_json(exact)) == MOST == 12_000
    assert from_json(to_json(exact)) == exact


def test_of_more_refusals_than_fit_one_of_each_signal_stays() -> None:
    """The first of each, its words cut to sixty characters and its address to four hundred; then as many as fit."""
    address = _PAGE + "/" + "a" * 500
    late = [OptOut(signal, f"{signal} " + "z" * 300, address, _NOW) for signal in _WITHHELD]
    whole = [*_refusals(60, 300), *late]
    written = to_json(whole)
    stored = from_json(written)
    assert len(written) <= MOST
    assert {refusal.signal for refusal in stored} == set(_WITHHELD)
    assert stored == sorted(set(stored))
    assert {refusal.value for refusal in stored if refusal.signal == "noai"} >= {f"{n:03}" + "x" * 57 for n in range(5)}
    assert {refusal.address for refusal in stored} == {_PAGE, address[:400]}
    assert {len(refusal.value) for refusal in stored} == {60}
    # One more would not fit.
    longer = [*json.loads(written), ["noai", "x" * 60, _PAGE, _NOW.isoformat()]]
    assert len(json.dumps(longer, separators=(",", ":"))) > MOST


def test_refusals_that_are_cut_fill_a_record_to_its_last_byte() -> None:
    """A row of 168 bytes and its comma 71 times, and two brackets less a comma, are 12,000; the next would be more."""
    address = _PAGE + "/" + "a" * (65 - len(_PAGE))
    results = [OptOut("noai", f"{n:03}" + "x" * 200, address, _NOW) for n in range(99)]
    written = to_json(results)
    assert (len(written), len(from_json(written))) == (12_000, 71)


def test_the_fields_of_a_record_keep_their_names() -> None:
    """Existing archives are read by these names."""
    assert (OPT_OUTS, NO_PAGE) == ("X-Opt-Outs", "X-No-Page")


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "7", "[1]", "null", '[["noai"]]', '[["noai","x","y","ayer"]]', '[["noai","x","y",7]]',
        '[["noai","x","y","2026-01-02T00:00:00+00:00","z"]]', '[["nofollow","x","y","2026-01-02T00:00:00+00:00"]]',
    ],
)  # fmt: skip
def test_what_was_not_written_here_is_no_refusal(text: str) -> None:
    """A field of this name in another format, as another program might write, has no refusals."""
    assert from_json(text) == []


def test_words_that_another_program_wrote_are_read_as_text() -> None:
    """Numbers become their digits, times of any zone UTC, and other values are left out."""
    text = '[["noai",1,2,"2026-01-02T03:00:00-03:00"],["index","x","y","2026-01-02T00:00:00+00:00"]]'
    assert from_json(text) == [OptOut("noai", "1", "2", datetime(2026, 1, 2, 6, tzinfo=UTC))]
