"""The fingerprint index of a release, with which a later run finds copies of its documents without their texts.

A group of documents has a lexicon: its distinct words, the most frequent first. A stream is a byte string of each
word's index in the lexicon, in LEB128: seven bits per byte, the lowest first, with the highest bit set in all but the
last byte. Half of the words take one byte, and nine in ten at most two.

An index is a folder of Parquet files with the columns of INDEX. The key-value metadata of each file has the scheme of
the fingerprints.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.corpus import PieceFile, ragged
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import pack, unpack
from latam_corpus.dedupe.fingerprints.scheme import ANCHORS, SKETCH, STATED, STREAM, TERMS, WORDS, Ragged, Scheme
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.storage.durable import known_digest
from latam_corpus.text.orthography import spellings_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_LONGEST: Final = 5  # bytes of a 32-bit number in LEB128


def packed(streams: pl.Series) -> tuple[pl.Series, NDArray[np.uint32]]:
    """Return the streams as byte strings, and the lexicon for reading them, uint32.

    >>> made, lexicon = packed(pl.Series([[7, 9, 7], [], [7]], dtype=pl.List(pl.UInt32)))
    >>> [list(found) for found in made], lexicon.tolist()
    ([[0, 1, 0], [], [0]], [7, 9])
    """
    values, offsets = ragged(streams)
    distinct, counts = np.unique(values.astype(np.uint32, copy=False), return_counts=True)
    # Equally frequent words are sorted by value, so that equal documents yield equal bytes.
    lexicon = distinct[np.argsort(-counts, kind="stable")]
    data = np.empty(_LONGEST * len(values), np.uint8)
    ends = np.zeros(len(offsets), np.int64)
    pack(values, offsets, lexicon, data, ends)
    return strings_of(data[: ends[-1]], ends), lexicon


def unpacked(strings: pa.LargeBinaryArray, lexicon: NDArray[np.uint32], places: NDArray[np.int64]) -> Ragged:
    """Return the streams of the documents at these indices.

    Args:
        strings: the byte strings of a group of documents, from `packed`.
        lexicon: the lexicon of the group.
        places: the indices of the documents to unpack.

    Raises:
        ValueError: an index is beyond the lexicon, or a string ends within a number.

    >>> strings = pa.array([bytes([0, 1]), b"", bytes([1])], pa.large_binary())
    >>> unpacked(strings, np.array([7, 9], np.uint32), np.array([0, 2])).lists().to_list()
    [[7, 9], [9]]
    """
    data, offsets = _bytes_of(strings)
    values = np.empty(int((offsets[places + 1] - offsets[places]).sum()), np.uint32)
    ends = np.zeros(len(places) + 1, np.int64)
    if not unpack(data, offsets, places, lexicon, values, ends):
        raise ValueError("its lexicon can't decode a word stream")
    return Ragged(values[: ends[-1]], ends)


def strings_of(values: NDArray[Any], offsets: NDArray[np.int64]) -> pl.Series:
    r"""Return each document's numbers as one byte string.

    Args:
        values: the values of all documents, one after another.
        offsets: where each document starts, and the end.

    >>> strings_of(np.array([1, 2, 3], "<u2"), np.array([0, 2, 3])).to_list()
    [b'\x01\x00\x02\x00', b'\x03\x00']
    """
    buffers = [None, pa.py_buffer(offsets * values.itemsize), pa.py_buffer(values.tobytes())]
    return schema.series_of(pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(offsets) - 1, buffers))


def lists_of(strings: pa.LargeBinaryArray, kind: np.dtype[Any]) -> pa.LargeListArray:
    """Return the numbers of the byte strings of `strings_of`, without copying them.

    Raises:
        ValueError: a string ends within a number.

    >>> lists_of(pa.array([bytes([1, 0, 2, 0]), b""], pa.large_binary()), np.dtype("<u2")).to_pylist()
    [[1, 2], []]
    """
    data, offsets = _bytes_of(strings)
    if (offsets % kind.itemsize).any():
        raise ValueError("a number is cut off")
    return Ragged(data[: offsets[-1]].view(kind), offsets // kind.itemsize).arrow()


def joined(column: pa.ChunkedArray) -> pa.LargeBinaryArray:
    """Return a column of byte strings in one chunk with 64-bit offsets."""
    column = column.cast(pa.large_binary())
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _bytes_of(strings: pa.LargeBinaryArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of all strings, the offset at which each starts, and the end."""
    _, offset_buffer, buffer = strings.buffers()
    if not offset_buffer:
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(offset_buffer, np.int64)[strings.offset : strings.offset + len(strings) + 1]
    data = np.frombuffer(buffer, np.uint8) if buffer else np.zeros(0, np.uint8)
    return data[offsets[0] :], offsets - offsets[0]


FORMAT: Final = 4
METADATA: Final = b"latam_corpus.index"  # the key whose value is JSON: {"format": 4, "scheme": {…}, "spellings": "…"}
_REMEDY: Final = _("fetch the index again, or rebuild it from its release")
# The columns that a shard shares with its index.
SHARED: Final = (
    *("doc_id", "text_hash", "rights_tier", "obtained", "duplicate_cluster", "cluster_size"),
    *(*TERMS, *STATED),
)
LEXICON: Final = "lexicon"  # the lexicon of a row group, in its first row; see `packed`
_VALUE: Final = np.dtype("<u8")  # an anchor
_WORD: Final = np.dtype("<u4")  # a word of a lexicon
# Numbers are stored as byte strings, which are read a hundred times faster than lists.
INDEX: Final = pl.Schema(
    {name: schema.RELEASE_SCHEMA[name] for name in SHARED}
    | dict(SKETCH)
    | dict.fromkeys((ANCHORS, STREAM, LEXICON), pl.Binary())
)
SKETCHED: Final = (*SHARED, *SKETCH)  # the columns from which a row group is made


def has_columns(file_schema: pa.Schema) -> bool:
    """Return whether a file has the columns of an index.

    >>> now = schema.arrow_schema(INDEX)
    >>> has_columns(now), has_columns(now.remove(0))
    (True, False)
    """
    # The schemas are compared as frames, because writers name the values of a list differently.
    frame = pl.from_arrow(file_schema.empty_table())
    return isinstance(frame, pl.DataFrame) and list(frame.schema.items()) == list(INDEX.items())


def metadata_of(scheme: Scheme) -> dict[bytes, bytes]:
    """Return the key-value metadata of an index file; `spellings` identifies the normalisation of words.

    >>> json.loads(metadata_of(Scheme())[METADATA])["scheme"]["name"]
    'anchors'
    """
    metadata = {"format": FORMAT, "scheme": scheme.to_dict(), "spellings": spellings_digest()}
    return {METADATA: json.dumps(metadata, sort_keys=True).encode()}


@dataclass(frozen=True)
class IndexFile(PieceFile):
    """An index file as a piece of a corpus."""

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of all rows, in order, with anchors as lists; missing document columns are null.

        Raises:
            ConfigError: the file is damaged.
        """
        with self._opened() as file:
            own_columns = set(file.schema_arrow.names)
            table = file.read([name for name in columns if name in own_columns], use_threads=False)
            if ANCHORS in columns:
                at = table.schema.get_field_index(ANCHORS)
                table = table.set_column(at, ANCHORS, lists_of(joined(table[ANCHORS]), _VALUE))
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)  # noqa: S101  (a table, not an array)
        return frame.select(
            name if name in own_columns else pl.lit(None, schema.DOCUMENT_SCHEMA[name]).alias(name) for name in columns
        )

    def streams(self, places: NDArray[np.int64]) -> Iterator[Ragged]:
        """Yield the word streams of the rows at these sorted indices, one row group at a time.

        Raises:
            ConfigError: a stream can't be read, or its length differs from the row's word count.
        """
        with self._opened() as file:
            sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
            edges = np.concatenate(([0], np.cumsum(sizes)))
            cuts = np.searchsorted(places, edges)
            for number in np.flatnonzero(np.diff(cuts)).tolist():
                group = file.read_row_group(number, columns=[STREAM, LEXICON, WORDS], use_threads=False)
                places_in_group = places[cuts[number] : cuts[number + 1]] - edges[number]
                lexicon = np.frombuffer(group[LEXICON][0].as_py() or b"", _WORD)
                ragged = unpacked(joined(group[STREAM]), lexicon, places_in_group)
                if not np.array_equal(ragged.counts, group[WORDS].to_numpy()[places_in_group]):
                    raise ValueError("a word stream and its row's word count differ")
                yield ragged

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self.path, memory_map=True) as file:
                yield file
        except (OSError, pa.ArrowException, ValueError) as error:
            raise ConfigError(str(self.path), str(error), _REMEDY) from error


def group_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the columns SKETCHED as a row group with the columns INDEX."""
    strings, lexicon = packed(rows[STREAM])
    values, offsets = ragged(rows[ANCHORS])
    first = [lexicon.astype(_WORD).tobytes(), *[None] * (rows.height - 1)][: rows.height]
    return rows.with_columns(
        strings_of(values.astype(_VALUE), offsets).alias(ANCHORS),
        strings.alias(STREAM),
        pl.Series(LEXICON, first, dtype=INDEX[LEXICON]),
    ).select(INDEX.names())


def open_index(folder: Path, start: int, scheme: Scheme) -> list[IndexFile]:
    """Return the files of an index as pieces of a corpus, sorted by name.

    Args:
        folder: the folder of the index.
        start: the row number of the first row.
        scheme: the scheme of the fingerprints to compare with.

    Raises:
        ConfigError: there is no index, a file isn't an index file, or its fingerprints were made with another scheme.
    """
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise ConfigError(
            str(folder), _("there is no fingerprint index"), _("name a release that was built with its index")
        )
    opened = []
    for path in files:
        opened.append(IndexFile(path, start, _rows_of(path, scheme)))
        start += opened[-1].height
    return opened


def digest_of_index(folder: Path) -> str:
    """Return the SHA-256 of the names and bytes of an index's files, in hex."""
    digests = [(path.name, known_digest(path)) for path in sorted(folder.glob("*.parquet"))]
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def _rows_of(path: Path, scheme: Scheme) -> int:
    """Return the number of rows of a file, after checking its format and scheme.

    Raises:
        ConfigError: it isn't an index file of this format and scheme.
    """
    try:
        footer = pq.read_metadata(path)
    except (OSError, ValueError) as error:
        raise ConfigError(str(path), _("it can't be read as Parquet: {reason}", reason=error), _REMEDY) from error
    raw = (footer.metadata or {}).get(METADATA)
    missing = set(INDEX) - set(footer.schema.to_arrow_schema().names)
    index_facts = index_metadata(raw)
    if index_facts and index_facts.get("format") != FORMAT:
        raise ConfigError(
            str(path),
            _("its format is {about}, this toolkit reads {format}", about=index_facts.get("format"), format=FORMAT),
            _REMEDY,
        )
    if missing or not isinstance(index_facts.get("scheme"), dict):
        raise ConfigError(str(path), _("it isn't a file of a fingerprint index"), _REMEDY)
    scheme.must_equal(Scheme.from_dict(index_facts["scheme"], str(path)), str(path))
    return int(footer.num_rows)


def index_metadata(metadata: bytes | None) -> dict[str, Any]:
    """Return the metadata of an index file; empty if there is no metadata or it isn't a JSON object.

    >>> index_metadata(b'{"format": 4}'), index_metadata(b"{"), index_metadata(b"[]"), index_metadata(None)
    ({'format': 4}, {}, {}, {})
    """
    try:
        values = json.loads(metadata or b"{}")
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
