"""Benchmarks run on any texts in place of the public ones, and store their results."""

from __future__ import annotations

import json
import lzma
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import CommandLine

_FILES = (
    "literature/conha19/novels.jsonl.xz",
    "literature/eltec_por/novels.jsonl.xz",
    "lyrics/disco_sonnets/sonnets.jsonl.xz",
    "lyrics/tango_pd/lyrics.jsonl.xz",
    "oral_history/coser_ud/turns.jsonl.xz",
)
_GATE = pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="they begin many processes: `make gate`")
_TEXTS = Path(__file__).parent / "written_pages" / "written" / "texts.toml"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of texts like `--data`'s."""
    kinds = tomllib.loads(_TEXTS.read_text(encoding="utf-8")).values()
    text = "\n".join(line for kind in kinds for line in kind.get("es", {}).get("paragraphs", []))
    for name in _FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        with lzma.open(path, "wt", encoding="utf-8") as file:
            file.write(json.dumps({"text": text}) + "\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("word_table", "--runs", 1), "sonnets and tangos"),
        pytest.param(("text_path", "--documents", 2, "--rounds", 1), "latam_corpus", marks=_GATE),
        pytest.param(("profile", "--documents", 30, "--rounds", 1), "identify", marks=_GATE),
        pytest.param(("lengths", "--lengths", "50", "--characters", 500, "--rounds", 1), "identify", marks=_GATE),
        (("quality", "--documents", 2, "--rounds", 1), "every signal"),
        pytest.param(("growth", "--sizes", "20,40"), "40", marks=_GATE),
        pytest.param(("workers", "--sizes", "40", "--rounds", 1), "of its CPU", marks=_GATE),
        pytest.param(("millions", "--sizes", "120,240"), "after writing shards", marks=_GATE),
        pytest.param(("chain", "--documents", 40), "largest worker", marks=_GATE),
        pytest.param(("memory", "--bytes", 40_000), "a parent and one worker", marks=_GATE),
        pytest.param(("stream", "--documents", 30, "--rounds", 1), "latam_corpus", marks=_GATE),
        pytest.param(("soak", "--documents", 300, "--rounds", 12), "doubled", marks=_GATE),
        pytest.param(("exports", "--megabytes", 1, "--formats", "ds"), "datatrove", marks=_GATE),
        pytest.param(("withdraw", "--documents", 1200), "a source", marks=_GATE),
        pytest.param(("kept_work", "--documents", 40), "measured", marks=_GATE),
        pytest.param(("overhead", "--documents", 40, "--rounds", 1), "in-process", marks=_GATE),
        pytest.param(("report_pages", "--sizes", 60), "report of a release", marks=_GATE),
    ],
    ids=[
        *(
            "word_table",
            "text_path",
            "profile",
            "lengths",
            "quality",
            "growth",
            "workers",
            "millions",
            "chain",
            "memory",
            "stream",
            "soak",
            "exports",
            "withdraw",
            "kept_work",
            "overhead",
        ),
        "report_pages",
    ],
)
def test_a_benchmark_prints_its_table(
    benchmark_line: CommandLine, data: Path, arguments: tuple[str | Path, ...], shown: str
) -> None:
    """Each of them, on a few documents; no figure is asserted."""
    reported = benchmark_line(*arguments, "--data", data)
    assert reported.code == 0, reported.err
    assert shown in reported.out


def test_missing_texts_are_told_in_one_sentence(benchmark_line: CommandLine, tmp_path: Path) -> None:
    """A user without the texts learns their origin."""
    reported = benchmark_line("word_table", "--data", tmp_path)
    assert reported.code == 2
    assert "github.com/cligs/conha19" in reported.err
