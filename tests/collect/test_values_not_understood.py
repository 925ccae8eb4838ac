"""Days and countries that don't exist aren't understood, and `check` says what its sample doesn't show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from latam_corpus.catalog.named_values import country_of, day_exists
from latam_corpus.catalog.source import load_source
from latam_corpus.catalog.works.catalogued import earliest
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.collect.documents.mapping import as_published
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.errors import ConfigError
from latam_corpus.extract.documents.markdown import extract

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource


@pytest.mark.parametrize(
    "written",
    ["2020-02-30", "2021-02-29", "2024-06-31T25:00:00Z", "2024-06-30T25:00:00Z", "2024-06-30T12:60", "2020/2/30"],
)
def test_a_moment_that_does_not_exist_is_no_date(written: str) -> None:
    """A day, hour or minute that no calendar has isn't taken as a date."""
    assert as_published(written) is None


def test_moments_that_exist_are_dates() -> None:
    """Years, months, days and moments are taken as they are written."""
    for written in ("1845", "-0044-03-15", "1910-05", "2020-02-29", "2024-06-30T23:59:59Z", "0000-02-29"):
        assert as_published(written) == written


def test_a_country_that_does_not_exist_is_none(tmp_path: Path, small_source: SmallSource) -> None:
    """Two letters are a country only if ISO 3166-1 has them, in records and in a source's file."""
    assert [country_of(one) for one in ("XX", "zz", "cl", "BR")] == [None, None, "CL", "BR"]
    file = tmp_path / "fuente.toml"
    file.write_text('country = "XX"\n' + small_source(), encoding="utf-8")
    with pytest.raises(ConfigError, match="«XX» isn't a two-letter country code"):
        load_source(str(file))


def test_such_values_are_reported(tmp_path: Path, small_source: SmallSource) -> None:
    """They are counted as not understood, and the documents go on without."""
    (tmp_path / "fuente.toml").write_text(small_source(), encoding="utf-8")
    source = load_source(str(tmp_path / "fuente.toml"))
    record = {"text": "El barco salió.", "published": "2020-02-30", "country": "XX"}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps(record), encoding="utf-8")
    watch = Watch(source)
    (frame,) = read_all(source, list_inputs(source, tmp_path / "in"), watch=watch)
    assert frame.select("published", "country").row(0) == (None, None)
    assert {name: watch.facts.fills[name].unread for name in ("published", "country")} == {"published": 1, "country": 1}


def test_extractors_leave_out_a_day_that_does_not_exist() -> None:
    """The front matter of a page, and catalogues, may name such a day too."""
    page = b"---\ntitle: Coplas\ndate: 2020-02-30\n---\nUna copla.\n"
    assert extract(page, {}).published is None
    assert extract(page.replace(b"30", b"28"), {}).published == "2020-02-28"
    assert (earliest(["1901-02-30", "1902"]), day_exists("2020-13-01")) == ("1902", False)


@pytest.mark.parametrize("records", [200, 700])
def test_check_says_that_it_read_a_sample(tmp_path: Path, small_source: SmallSource, records: int) -> None:
    """Counts of a file's first records are reported as such; those of all records need no such remark."""
    (tmp_path / "fuente.toml").write_text(small_source(), encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(
        "\n".join(json.dumps({"text": f"Texto {n}.", "published": "ayer"}) for n in range(records)), encoding="utf-8"
    )
    examined = examine(load_source(str(tmp_path / "fuente.toml")), str(tmp_path / "a.jsonl"))
    doubts = [str(doubt.as_message()) for doubt in examined.doubts]
    assert any("aren't understood as «published»" in doubt for doubt in doubts)
    assert any("cover only the first 500 records" in doubt for doubt in doubts) == (records > 500)


def test_check_counts_documents_that_their_licences_exclude(
    tmp_path: Path, small_source: SmallSource, small_recipe: SmallRecipe, command_line: CommandLine
) -> None:
    """Records whose own licence the release doesn't admit are counted before anything runs."""
    (tmp_path / "fuente.toml").write_text(small_source('columns = { rights = "licencia" }'), encoding="utf-8")
    (tmp_path / "receta.toml").write_text(small_recipe("repair", "identify", release=""), encoding="utf-8")
    licences = ["CC0-1.0", "CC BY-NC-ND 4.0", "CC BY-NC-ND 4.0"]
    lines = [json.dumps({"text": f"Texto {n}.", "licencia": one}) for n, one in enumerate(licences)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    arguments = ("check", tmp_path / "receta.toml", "--input", f"fuente={tmp_path / 'a.jsonl'}", "--out", tmp_path)
    reported = command_line(*arguments, "--json").json["inputs"][0]
    assert (reported["documents"], sum(reported["left_out"].values())) == (3, 2)
    assert "2 of 3 documents read will be left out" in " ".join(command_line(*arguments).out.split())
