"""The fingerprint index of a release: what a later run needs to find copies of its documents, without any text.

Parquet files in a folder, each with INDEX as columns and, in its key-value metadata, the scheme of the fingerprints.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.dedupe.near import SKETCH
from latam_corpus.dedupe.scheme import Scheme
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FORMAT: Final = 1
METADATA: Final = b"latam_corpus.index"  # the key whose value is JSON: {"format": 1, "scheme": {…}}
_COLUMNS: Final = ("doc_id", "text_hash", "rights_tier", "obtained", "duplicate_cluster", "cluster_size")
INDEX: Final = pl.Schema({name: schema.RELEASE_SCHEMA[name] for name in _COLUMNS} | dict(SKETCH))


def metadata_of(scheme: Scheme) -> dict[bytes, bytes]:
    """What a file of an index carries in its key-value metadata.

    >>> json.loads(metadata_of(Scheme())[METADATA])["scheme"]["name"]
    'anchors'
    """
    return {METADATA: json.dumps({"format": FORMAT, "scheme": scheme.to_dict()}, sort_keys=True).encode()}


@dataclass(frozen=True)
class IndexFile:
    """A file of an index as a piece of a corpus."""

    path: Path
    start: int
    height: int

    @property
    def bytes(self) -> int:
        """How large the file is."""
        return self.path.stat().st_size

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """These columns of its rows, in order."""
        return pl.read_parquet(self.path, columns=list(columns))


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
    told = [(path.name, _file_digest(path, *_as_of(path))) for path in sorted(folder.glob("*.parquet"))]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _rows_of(path: Path, scheme: Scheme) -> int:
    """How many rows the file has, after a look at what made it."""
    remedy = "get the index anew, or build it anew from its release"
    try:
        found = pq.read_metadata(path)
    except (OSError, ValueError) as error:
        raise ConfigError(str(path), f"it can't be read as Parquet: {error}", remedy) from error
    told = (found.metadata or {}).get(METADATA)
    missing = set(INDEX) - set(found.schema.to_arrow_schema().names)
    if told is None or missing:
        raise ConfigError(str(path), "it is no file of a fingerprint index", remedy)
    stated = json.loads(told)
    if stated.get("format") != FORMAT:
        raise ConfigError(str(path), f"its format is {stated.get('format')}, this toolkit reads {FORMAT}", remedy)
    scheme.must_equal(Scheme.from_dict(stated["scheme"], str(path)), str(path))
    return int(found.num_rows)


def _as_of(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


@cache
def _file_digest(path: Path, _size: int, _modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
