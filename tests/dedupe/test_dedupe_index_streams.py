"""Word streams in an index are packed with a lexicon, and unpacked only for the requested documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.dedupe.fingerprints.fingerprint_index import (
    INDEX,
    LEXICON,
    SKETCHED,
    IndexFile,
    group_of,
    metadata_of,
    packed,
    unpacked,
)
from latam_corpus.dedupe.fingerprints.scheme import SKETCH, STREAM, Scheme
from latam_corpus.errors import ConfigError
from latam_corpus.release.storing.shard_file import write_group, writer

if TYPE_CHECKING:
    from pathlib import Path

WORDS = st.integers(0, 5) | st.integers(0, 2**32 - 1)


def rows(streams: list[list[int]]) -> pl.DataFrame:
    """Return rows of an index before packing."""
    result = pl.DataFrame({"doc_id": [f"{n:032x}" for n in range(len(streams))], STREAM: streams})
    reported = {"words": pl.Series([len(s) for s in streams]), "anchors": pl.Series([[n] for n in range(len(streams))])}
    types = INDEX | SKETCH
    missing = [pl.lit(None).alias(name) for name in SKETCHED if name not in (*result.columns, *reported)]
    return result.with_columns(**reported).with_columns(missing).select(pl.col(n).cast(types[n]) for n in SKETCHED)


def file_of(path: Path, groups: list[list[list[int]]]) -> IndexFile:
    """Return an index file with these row groups of streams."""
    with writer(path, INDEX, metadata_of(Scheme())) as opened:
        for group in groups:
            write_group(opened, group_of(rows(group)))
    return IndexFile(path, 0, sum(map(len, groups)))


def streams_of(file: IndexFile, places: list[int]) -> list[list[int]]:
    """Return the streams of these rows."""
    groups = file.streams(np.array(places, np.int64))
    return [stream for group in groups for stream in group.lists().to_list()]


@settings(deadline=None)
@given(st.lists(st.lists(WORDS, max_size=30), min_size=1, max_size=8))
def test_what_is_packed_is_read_again(streams: list[list[int]]) -> None:
    """Every stream of 32-bit words is restored, and the lexicon has each word once, the most frequent first."""
    strings, lexicon = packed(pl.Series(streams, dtype=pl.List(pl.UInt32)))
    assert unpacked(strings.to_arrow(), lexicon, np.arange(len(streams))).lists().to_list() == streams
    words = [word for stream in streams for word in stream]
    assert lexicon.tolist() == sorted(set(words), key=lambda word: (-words.count(word), word))


def test_places_of_two_bytes_and_more() -> None:
    """Streams with a lexicon of 40,000 words, with places of one to three bytes, are restored."""
    stream = list(range(40_000))
    strings, lexicon = packed(pl.Series([stream], dtype=pl.List(pl.UInt32)))
    assert len(strings[0]) == 128 + 2 * (2**14 - 128) + 3 * (40_000 - 2**14)
    assert unpacked(strings.to_arrow(), lexicon, np.zeros(1, np.int64)).of(0).tolist() == stream


def test_rows_of_several_groups_are_found_by_their_places(tmp_path: Path) -> None:
    """Rows are found across row groups with separate lexicons, and other rows are skipped."""
    groups = [[[5, 6, 5], [7], []], [[9, 9], [5, 8]], [[1]]]
    file = file_of(tmp_path / "index.parquet", groups)
    flat = [stream for group in groups for stream in group]
    for places in ([0, 2, 4], [1], [5], [], list(range(6))):
        assert streams_of(file, places) == [flat[place] for place in places]
    stored = file.read([LEXICON])[LEXICON]
    assert stored.is_not_null().arg_true().to_list() == [0, 3, 5]


@pytest.mark.parametrize("data", [b"\x05", b"\x80", b"\x80\x80\x80\x80\x80\x00"])
def test_a_stream_that_its_lexicon_cannot_read_is_told(tmp_path: Path, data: bytes) -> None:
    """A place that is beyond the lexicon, truncated or too long is an error with file and remedy."""
    with writer(tmp_path / "index.parquet", INDEX, metadata_of(Scheme())) as opened:
        write_group(opened, group_of(rows([[3, 4]])).with_columns(pl.lit(data).alias(STREAM)))
    with pytest.raises(
        ConfigError, match=r"index\.parquet.*its lexicon can't decode a word stream; fetch the index again"
    ):
        streams_of(IndexFile(tmp_path / "index.parquet", 0, 1), [0])


@pytest.mark.parametrize(
    ("column", "data"), [("anchors", b"\x05"), ("lexicon", None), ("lexicon", b"\x05"), ("lexicon", b"")]
)
def test_numbers_that_are_cut_off_or_missing_are_told(tmp_path: Path, column: str, data: bytes | None) -> None:
    """Anchors or a lexicon with truncated or missing numbers are an error."""
    group = group_of(rows([[3, 4]])).with_columns(pl.lit(data, pl.Binary()).alias(column))
    with writer(tmp_path / "index.parquet", INDEX, metadata_of(Scheme())) as opened:
        write_group(opened, group)
    file = IndexFile(tmp_path / "index.parquet", 0, 1)
    with pytest.raises(ConfigError, match=r"index\.parquet.*; fetch the index again"):
        file.read(["anchors"]) if column == "anchors" else streams_of(file, [0])


def test_a_stream_of_another_length_than_its_row_says_is_told(tmp_path: Path) -> None:
    """A stream whose length differs from the row's word count is an error."""
    group = group_of(rows([[3, 4], [5]])).with_columns(pl.Series("words", [2, 2], pl.UInt32))
    with writer(tmp_path / "index.parquet", INDEX, metadata_of(Scheme())) as opened:
        write_group(opened, group)
    with pytest.raises(ConfigError, match=r"index\.parquet.*word count differ; fetch the index again"):
        streams_of(IndexFile(tmp_path / "index.parquet", 0, 2), [1])


def test_an_index_is_read_whatever_has_written_it(tmp_path: Path) -> None:
    """Byte strings with 32-bit offsets, as other writers make them, are read too."""
    table = group_of(rows([[5, 6, 5], [7]])).to_arrow()
    short = pa.schema(
        [(n, pa.binary() if n in {"anchors", STREAM, LEXICON} else table.schema.field(n).type) for n in INDEX]
    )
    pq.write_table(table.cast(short), tmp_path / "index.parquet")
    file = IndexFile(tmp_path / "index.parquet", 0, 2)
    assert file.read(["anchors"])["anchors"].to_list() == [[0], [1]]
    assert streams_of(file, [0, 1]) == [[5, 6, 5], [7]]
