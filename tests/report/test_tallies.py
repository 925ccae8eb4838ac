"""The counts of a run's page don't depend on how its documents are split into files, and need little memory."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.report.disclosure import Disclosure
from latam_corpus.report.run_report import tallies
from latam_corpus.report.run_report.signals_page import histogram, intervals

if TYPE_CHECKING:
    from pathlib import Path

_TODAY = date(2026, 11, 28)
_DOCUMENTS = 600
_FILES = 7


def _documents(*, dropped: bool) -> pl.DataFrame:
    """Return 600 documents: each 10th without a value, 6 clusters, one twice as large, some hidden by terms."""
    numbers = range(_DOCUMENTS)
    rows = pl.DataFrame(
        {
            "doc_id": [f"{n * 7919 % 10007:032x}" for n in numbers],
            "source_id": ["cuentos" if n % 3 else "diarios" for n in numbers],
            "language": [("spa", "por", None)[n % 3] for n in numbers],
            "genre": ["news" if n % 2 else "verse" for n in numbers],
            "published": [f"19{n % 90 + 10}" for n in numbers],
            "rights_tier": ["open"] * _DOCUMENTS,
            "uses": [["redistribute"] if n % 5 else ["train"] for n in numbers],
            "duplicate_of": [f"{min(n % 7, 5):032x}" if dropped else None for n in numbers],
            "drop_reason": [("word_count < 50", "copy")[n % 4 == 0] if dropped else None for n in numbers],
            "signals": [
                {"word_count": None if n % 10 == 0 else float(n * 31 % 601), "scripture_per_1000": 0.5} for n in numbers
            ],
        }
    )
    return schema.conform(rows, schema.DOCUMENT_SCHEMA)


def _files(frame: pl.DataFrame, folder: Path, name: str, n: int) -> list[Path]:
    files = [folder / f"{name}-{n}-{place}.parquet" for place in range(n)]
    for place, file in enumerate(files):
        frame.gather_every(n, place).write_parquet(file)
    return files


def _bound(files: list[Path]) -> tallies.Bound:
    among = pl.DataFrame({"language": ["spa", "und"], "genre": ["news", "verse"]})
    bound = tallies.Bound("word_count < 50", "word_count", 50.0, among)
    tallies.measure([bound], files)
    return bound


@pytest.mark.parametrize("internal", [False, True])
def test_counts_are_those_of_one_file(tmp_path: Path, *, internal: bool) -> None:
    """Seven files and one file give the same counts; only documents that may be shown are named."""
    frame = _documents(dropped=True)
    single, many = (
        tallies.tally(_files(frame, tmp_path, "dropped", n), "duplicate_of", Disclosure(_TODAY, internal=internal))
        for n in (1, _FILES)
    )
    assert single.rows == _DOCUMENTS == many.rows
    assert single.hidden == many.hidden == (0 if internal else _DOCUMENTS // 5)
    stated = frame.with_columns(
        pl.col("language").fill_null("und"),
        decade=pl.col("published").str.slice(0, 3) + "0",
        readable=pl.col("uses").list.contains("redistribute") | internal,
    )
    for by, counts in single.counts.items():
        assert set(counts.rows()) == set(many.counts[by].select(counts.columns).rows())
        plain = stated.group_by(by).len()
        assert set(counts.select(*by, "rows").rows()) == set(plain.select(*by, "len").rows())
    assert single.first.sort("doc_id").equals(many.first.sort("doc_id"))
    shown = frame if internal else frame.filter(pl.col("uses").list.contains("redistribute"))
    for reason in ("copy", "word_count < 50"):
        expected = sorted(shown.filter(pl.col("drop_reason") == reason)["doc_id"])[: tallies.READ]
        assert many.first.filter(pl.col("drop_reason") == reason)["doc_id"].to_list() == expected
    heaviest = tallies.heaviest(many.clusters, 1)
    assert heaviest["named"].item() == f"{5:032x}"
    assert heaviest["rows"].item() == shown.filter(pl.col("duplicate_of") == f"{5:032x}").height


def test_what_is_held_has_a_limit_and_counts_are_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges come from a sample; intervals and the nearest documents come from all documents."""
    kept_documents, dropped_documents = (_documents(dropped=is_dropped) for is_dropped in (False, True))
    kept_documents = kept_documents.with_columns(pl.col("doc_id").str.replace("^0", "f"))
    files = [*_files(kept_documents, tmp_path, "kept", _FILES), *_files(dropped_documents, tmp_path, "dropped", _FILES)]
    whole = _bound(files)
    monkeypatch.setattr(tallies, "_SAMPLE", 40)
    monkeypatch.setattr(tallies, "_CLUSTERS", 3)
    sampled = _bound(files)

    assert whole.rows == sampled.rows == whole.bins.sum() == sampled.bins.sum()
    assert whole.sample.rows.height == whole.rows
    assert sampled.sample.rows.height == 40
    ids = sorted(whole.sample.rows["doc_id"])[:40]
    assert sorted(sampled.sample.rows["doc_id"]) == ids
    assert [side.rows.rows() for side in whole.near] == [side.rows.rows() for side in sampled.near]
    values = whole.sample.rows["value"].to_list()
    middle = sum(sampled.edges[len(sampled.bins) // 2] > value for value in values)
    assert int(sampled.bins[: len(sampled.bins) // 2].sum()) == middle

    held = tallies.tally(files[_FILES:], "duplicate_of", Disclosure(_TODAY, internal=True)).clusters
    assert held.height <= 3
    assert tallies.heaviest(held, 1)["named"].item() == f"{5:032x}"


def test_no_interval_has_both_sides_of_a_bound(tmp_path: Path) -> None:
    """Each interval is on one side of the bound, also with extreme values."""
    values = [8.0] * 150 + [30.0] * 5 + [40.0] * 8 + [1_379_807.0, 1_380_230.0]
    frame = schema.conform(
        pl.DataFrame(
            {
                "doc_id": [f"{n:032x}" for n in range(len(values))],
                "language": ["spa"] * len(values),
                "genre": ["news"] * len(values),
                "signals": [{"words_per_line": value} for value in values],
            }
        ),
        schema.DOCUMENT_SCHEMA,
    )
    among = pl.DataFrame({"language": ["spa"], "genre": ["news"]})
    bound = tallies.Bound("words_per_line>30", "words_per_line", 30.0, among)
    tallies.measure([bound], _files(frame, tmp_path, "kept", 1))
    edges, bins = bound.edges.tolist(), bound.bins.tolist()
    passed = sum(n for n, end in zip(bins, edges[1:], strict=True) if end < 31)
    assert (passed, sum(bins)) == (155, 165)
    drawn = histogram(bins, edges, (None, 30.0), str, "palabras")
    assert all(f'<path class="{side}" d="M' in drawn for side in ("in", "out"))
    rows = intervals(bins, edges)
    assert (rows[0][0], rows[-1][1]) == (None, None)


def test_the_nearest_are_on_both_sides(tmp_path: Path) -> None:
    """Both lists have documents near the bound: dropped by it, and kept; no document dropped for another reason."""
    kept_documents, dropped_documents = (_documents(dropped=is_dropped) for is_dropped in (False, True))
    bound = _bound([*_files(kept_documents, tmp_path, "kept", 3), *_files(dropped_documents, tmp_path, "dropped", 3)])
    fell, stayed = (nearest.rows for nearest in bound.near)
    assert fell["drop_reason"].unique().to_list() == ["word_count < 50"]
    assert stayed["drop_reason"].null_count() == stayed.height == 2
    for side in (fell, stayed):
        assert side["away"].to_list() == sorted(side["away"])
        assert max(side["away"]) < 20
