"""TEI and web archives of real collections, compared with other data about the same texts."""

from __future__ import annotations

import json
import lzma
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.extract.stage import Extract

pytestmark = pytest.mark.real

_DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
_ANY = Source(id="entrega", title="Entrega", holder="Biblioteca")


@cache
def _extracted(folder: str) -> pl.DataFrame:
    if not _DATA.is_dir():
        pytest.skip("the real texts aren't beside the project")
    frames = [frame for file in list_inputs(_ANY, _DATA / folder) for frame in read(_ANY, file)]
    return pl.concat([Extract()(Batch(frame)).frame for frame in frames], how="diagonal")


def _records(path: str) -> list[dict[str, str]]:
    with lzma.open(_DATA / path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def test_the_novels_in_tei_have_the_words_of_their_plain_texts() -> None:
    """Of twelve novels, 99.6 to 99.98 % of the words; what differs is the chapters' headings."""
    frame = _extracted("literature/conha19/tei")
    plain = {record["id"]: record for record in _records("literature/conha19/novels.jsonl.xz")}
    assert frame.height == 12
    for row in frame.iter_rows(named=True):
        known = plain[row["origin"]["file"].removesuffix(".xml")]
        ours, theirs = _words(row["text"]), _words(known["text"])
        assert 2 * (ours & theirs).total() / (ours.total() + theirs.total()) > 0.996, known["id"]
        assert (theirs - ours).total() < 20
        assert (row["title"], row["creators"], row["published"]) == (
            known["title"],
            [known["author"]],
            str(known["year"]),
        )


def test_the_sonnets_in_tei_have_the_lines_of_their_plain_texts() -> None:
    """Every verse of the twenty-four poets is a line, in stanzas as in the plain texts; the language is known."""
    frame = _extracted("lyrics/disco_sonnets/tei")
    assert frame.height == 24
    assert set(frame["declared_language"]) == {"es"}
    whole = {row["origin"]["file"][5:-4]: row["text"] for row in frame.iter_rows(named=True)}
    stanzas = verses = 0
    for record in _records("lyrics/disco_sonnets/sonnets.jsonl.xz"):
        text = whole.get(record["aid"])
        if text is None:
            continue
        lines = set(text.split("\n"))
        for stanza in record["text"].strip().split("\n\n"):
            clean = [" ".join(line.split()) for line in stanza.split("\n") if line.strip()]
            verses += len(clean)
            assert lines.issuperset(clean), (record["id"], [line for line in clean if line not in lines])
            stanzas += "\n".join(clean) in text
    assert verses > 900
    assert stanzas > 250


def test_the_web_archives_give_their_pages_and_a_row_for_each_malformed_record() -> None:
    """Twelve small files, some malformed on purpose: all their pages, and a row for each other record."""
    frame = _extracted("news/warcio_warc").filter(pl.col("origin").struct.field("file") != "README.md")
    pages = frame.filter(pl.col("drop_reason").is_null())
    assert pages["origin"].struct.field("file").to_list() == [
        "example-bad-non-chunked.warc.gz",
        "example-resource.warc.gz",
        "example.arc",
        "example.arc.gz",
        "example.warc",
        "example.warc.gz",
    ]
    assert pages["text"].str.contains("for use in|illustrative examples").all()
    assert (pages["obtained"].dt.year() <= 2017).all()
    failed = frame.filter(pl.col("drop_reason").is_not_null())
    assert dict(failed.group_by(pl.col("origin").struct.field("file"), maintain_order=True).len().iter_rows()) == {
        "bad.arc": 3,
        "example-bad.warc.gz.bad": 1,
        "example-space-in-url.arc": 1,
    }
