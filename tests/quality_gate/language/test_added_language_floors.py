"""A speaker's path with real lines: recall of a model made from two hundred, and its effect on other languages."""

from __future__ import annotations

import datetime as dt
import lzma
import os
import random
from pathlib import Path

import pytest

from latam_corpus.lab.language.added_language import compare_with_shipped, draw, extend, read_language
from latam_corpus.lab.language.texts import Texts

DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")
_LINES = DATA / "unclear" / "indigenous" / "americasnlp" / "czn.tsv.xz"  # for evaluation alone
_OTHERS = DATA / "lid" / "dev_unilex.tsv.xz"
pytestmark = [pytest.mark.real, pytest.mark.skipif(not _LINES.is_file(), reason="the texts aren't here")]


def test_two_hundred_lines_are_enough_and_cost_the_others_nothing(tmp_path: Path) -> None:
    """Zenzontepec Chatino, which the shipped model hardly ever recognises; results in other languages are unchanged."""
    with lzma.open(_LINES, "rt", encoding="utf-8") as file:
        lines = [line.split("\t")[1] for line in file][1:]
    random.Random(1).shuffle(lines)
    (tmp_path / "czn.txt").write_text("\n".join(lines[:200]), encoding="utf-8")
    with lzma.open(_OTHERS, "rt", encoding="utf-8") as file:
        others = random.Random(2).sample(file.readlines(), 1500)
    (tmp_path / "otras.tsv").write_text("".join(others), encoding="utf-8")
    day = dt.date(2026, 11, 27)
    own = draw("czn", [tmp_path / "czn.txt"], tmp_path / "czn", "", day).language
    extend(own, day)
    results = compare_with_shipped(read_language(tmp_path / "czn"), [Texts(tmp_path / "otras.tsv")])
    assert results.named[0] <= 0.05 * results.kept_out
    assert results.named[1] >= 0.9 * results.kept_out
    assert results.other_lines > 1300
    assert sum(count for _code, count in results.taken) <= 2
    assert results.right[1] >= results.right[0] - 5
