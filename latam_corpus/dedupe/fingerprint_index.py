"""The fingerprint index of a release: what a later run needs to find copies of its documents, without any text.

Parquet files in a folder, each with INDEX as columns and, in its key-value metadata, the scheme of the fingerprints.
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
from latam_corpus.dedupe.columns import ANCHORS, SKETCH, STREAM, WORDS
from latam_corpus.dedupe.packed import joined, lists_of, packed, strings_of, unpacked
from latam_corpus.dedupe.scheme import Ragged, Scheme
from latam_corpus.durable import known_digest
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT: Final = 4
METADATA: Final = b"latam_corpus.index"  # the key whose value is JSON: {"format": 4, "scheme": {…}}
_REMEDY: Final = "get the index anew, or build it anew from its release"
# What a shard and its index have both.
SHARED: Final = ("doc_id", "text_hash", "rights_tier", "obtained", "duplicate_cluster", "cluster_size")
LEXICON: Final = "lexicon"  # of a row group, in its first row: see packed.py
_VALUE: Final = np.dtype("<u8")  # an anchor
_WORD: Final = np.dtype("<u4")  # of a lexicon
# Numbers as strings of bytes, which are read a hundred times faster than lists.
INDEX: Final = pl.Schema(
    {name: schema.RELEASE_SCHEMA[name] for name in SHARED}
    | dict(SKETCH)
    | dict.fromkeys((ANCHORS, STREAM, LEXICON), pl.Binary())
)
SKETCHED: Final = (*SHARED, *SKETCH)  # what a row group is made of


def metadata_of(scheme: Scheme) -> dict[bytes, bytes]:
    """What a file of an index carries in its key-value metadata.

    >>> json.loads(metadata_of(Scheme())[METADATA])["scheme"]["name"]
    'anchors'
    """
    return {METADATA: json.dumps({"format": FORMAT, "scheme": scheme.to_dict()}, sort_keys=True).encode()}


@dataclass(frozen=True)
class IndexFile(PieceFile):
    """A file of an index as a piece of a corpus."""

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """These columns of its rows, in order, the anchors as lists; columns of documents that it lacks are null.

        Raises:
            ConfigError: what is read of the file is damaged.
        """
        with self._opened() as file:
            table = file.read([name for name in columns if name in INDEX], use_threads=False)
            if ANCHORS in columns:
                at = table.schema.get_field_index(ANCHORS)
                table = table.set_column(at, ANCHORS, lists_of(joined(table[ANCHORS]), _VALUE))
        found = pl.from_arrow(table)
        assert isinstance(found, pl.DataFrame)  # noqa: S101  (a table, not an array)
        return found.select(
            name if name in INDEX else pl.lit(None, schema.DOCUMENT_SCHEMA[name]).alias(name) for name in columns
        )

    def streams(self, places: NDArray[np.int64]) -> Iterator[Ragged]:
        """The word streams of the rows at these places, sorted, a row group at a time; the others aren't unpacked.

        Raises:
            ConfigError: a stream can't be read, or is longer or shorter than its row says.
        """
        with self._opened() as file:
            sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
            edges = np.concatenate(([0], np.cumsum(sizes)))
            cuts = np.searchsorted(places, edges)
            for number in np.flatnonzero(np.diff(cuts)).tolist():
                group = file.read_row_group(number, columns=[STREAM, LEXICON, WORDS], use_threads=False)
                wanted = places[cuts[number] : cuts[number + 1]] - edges[number]
                lexicon = np.frombuffer(group[LEXICON][0].as_py() or b"", _WORD)
                found = unpacked(joined(group[STREAM]), lexicon, wanted)
                if not np.array_equal(found.counts, group[WORDS].to_numpy()[wanted]):
                    raise ValueError("a word stream has another length than its row says")
                yield found

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self.path, memory_map=True) as file:
                yield file
        except (OSError, pa.ArrowException, ValueError) as error:
            raise ConfigError(str(self.path), str(error), _REMEDY) from error


def group_of(rows: pl.DataFrame) -> pl.DataFrame:
    """A row group of an index, INDEX, of rows with SKETCHED."""
    strings, lexicon = packed(rows[STREAM])
    values, offsets = ragged(rows[ANCHORS])
    first = [lexicon.astype(_WORD).tobytes(), *[None] * (rows.height - 1)][: rows.height]
    return rows.with_columns(
        strings_of(values.astype(_VALUE), offsets).alias(ANCHORS),
        strings.alias(STREAM),
        pl.Series(LEXICON, first, dtype=INDEX[LEXICON]),
    ).select(INDEX.names())


def open_index(folder: Path, start: int, scheme: Scheme) -> list[IndexFile]:
    """The files of an index as pieces of a corpus, in the order of their names.

    Args:
        folder: the index.
        start: the row that its first one is.
        scheme: of the fingerprints that it is compared with.

    Raises:
        ConfigError: there is no index, a file is no index file, or its fingerprints were made otherwise.
    """
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise ConfigError(str(folder), "there is no fingerprint index", "name a release that was built with its index")
    made = []
    for path in files:
        made.append(IndexFile(path, start, _rows_of(path, scheme)))
        start += made[-1].height
    return made


def digest_of_index(folder: Path) -> str:
    """SHA-256 over the names and the bytes of an index's files, hex."""
    told = [(path.name, known_digest(path)) for path in sorted(folder.glob("*.parquet"))]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _rows_of(path: Path, scheme: Scheme) -> int:
    """How many rows the file has, after a look at what made it."""
    try:
        found = pq.read_metadata(path)
    except (OSError, ValueError) as error:
        raise ConfigError(str(path), f"it can't be read as Parquet: {error}", _REMEDY) from error
    told = (found.metadata or {}).get(METADATA)
    missing = set(INDEX) - set(found.schema.to_arrow_schema().names)
    stated = _stated(told)
    if stated and stated.get("format") != FORMAT:
        raise ConfigError(str(path), f"its format is {stated.get('format')}, this toolkit reads {FORMAT}", _REMEDY)
    if missing or not isinstance(stated.get("scheme"), dict):
        raise ConfigError(str(path), "it is no file of a fingerprint index", _REMEDY)
    scheme.must_equal(Scheme.from_dict(stated["scheme"], str(path)), str(path))
    return int(found.num_rows)


def _stated(told: bytes | None) -> dict[str, Any]:
    """What a file says of its index; nothing where it says nothing that makes sense.

    >>> _stated(b'{"format": 4}'), _stated(b"{"), _stated(b"[]"), _stated(None)
    ({'format': 4}, {}, {}, {})
    """
    try:
        stated = json.loads(told or b"{}")
    except ValueError:
        return {}
    return stated if isinstance(stated, dict) else {}
