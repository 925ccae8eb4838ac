"""`latam-corpus list`, `runs list` and `measure`: what there is, for people and as JSON."""

from __future__ import annotations

import gettext
import json
import re
from typing import TYPE_CHECKING

import pytest

from latam_corpus.messages import DOMAIN, LOCALE, translated
from latam_corpus.policies.policy import Policies
from latam_corpus.signals import BY_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine


@pytest.mark.parametrize("what", ["recipes", "stages", "signals", "languages", "sources"])
def test_each_list_is_a_table_and_json(command_line: CommandLine, what: str) -> None:
    """Both ways have as many entries."""
    rows = command_line("list", what, "--json").json
    assert rows
    shown = command_line("list", what)
    assert shown.code == 0
    first = rows[0].get("name") or rows[0].get("id") or rows[0]["code"]
    assert str(first)[:6] in shown.out


def test_words_in_brackets_are_shown_as_they_are(command_line: CommandLine) -> None:
    """They are people's: a terminal's markup isn't looked for in them."""
    assert "[rights]" in command_line("sources", "new", "--list", "--lang", "pt").out


def test_every_signal_is_listed_with_its_definition(command_line: CommandLine) -> None:
    """Each signal has one line, in the order of the schema."""
    rows = command_line("list", "signals", "--json").json
    assert [row["name"] for row in rows] == list(BY_NAME)
    assert all(row["definition"] and row["used_by"] for row in rows)


@pytest.mark.parametrize("language", ["es", "pt"])
def test_what_is_listed_is_of_the_language(command_line: CommandLine, language: str) -> None:
    """Titles of recipes, and who uses a signal; names of data sets are alike in all."""
    output = {*vars(gettext.translation(DOMAIN, LOCALE, [language]))["_catalog"]}
    titles = [row["title"] for row in command_line("list", "recipes", "--json").json]
    users = [row["used_by"] for row in command_line("list", "signals", "--json").json]
    in_words = [item for item in users if not re.fullmatch(r"([A-Z][\w-]+(, )?)+", item)]
    assert "ours" in in_words
    assert len(in_words) < len(users)
    assert {*titles, *in_words} <= output
    assert translated("ours", language) in command_line("list", "signals", "--lang", language).out
    assert translated(titles[0], language) in command_line("list", "recipes", "--lang", language).out


def test_runs_list_of_nothing_says_so(command_line: CommandLine, tmp_path: Path) -> None:
    """An empty folder is no error."""
    assert "has no run yet" in command_line("runs", "list", "--out", tmp_path).out
    assert command_line("runs", "list", "--out", tmp_path, "--json").json == []


def test_measure_shows_each_signal_against_its_bounds(command_line: CommandLine, tmp_path: Path) -> None:
    """A block for each language and genre, with quantiles and what each bound alone would drop."""
    text = "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno."
    rows = [{"id": str(n), "text": text, "language": "spa", "genre": "news"} for n in range(3)]
    rows.append({"id": "m", "text": "Inicio\nContacto\nMapa", "language": "spa", "genre": "news"})
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    [block] = command_line("measure", path, "--json").json
    assert (block["documents"], block["would_drop"]) == (4, 1)
    lines = {signal["signal"]: signal for signal in block["signals"]}
    assert lines["words_per_line"]["would_drop"] == 1
    assert lines["word_count"]["would_drop"] == 1
    [bound] = [b for b in Policies.load().bounds("spa", "news") if b.signal == "words_per_line"]
    assert lines["words_per_line"]["bounds"] == f"≥ {bound.minimum:g}"
    assert "would drop" in command_line("measure", path).out
