"""Writers of five formats. Each writes documents in order; the caller closes a file when it is large enough.

The formats are `.ds` of datatrove 0.10, `.bin` and `.idx` of Megatron-Core's indexed dataset (version 1), MDS version 2
of streaming 0.14, chunks of litdata 0.2.76 for its TokensLoader, and JSON lines compressed with zstd. None of these
libraries is needed to write them.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import zstandard

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_ZSTD_LEVEL: Final = 3


@dataclass(frozen=True)
class ExportedDocument:
    """A document to write."""

    row: dict[str, Any]
    tokens: NDArray[Any]


@dataclass
class ExportWriter(ABC):
    """Writes the files of one format.

    Attributes:
        dtype: the type of a token: uint16, or int32 for larger vocabularies.
        tokenizer: the name of the tokenizer's file, for formats that record it.
    """

    suffix: ClassVar[str] = ""
    # The default size of a file. Formats that keep a file's documents in memory until it is closed have a smaller one.
    max_bytes: ClassVar[int] = 1 << 31

    folder: Path
    dtype: np.dtype[Any]
    tokenizer: str
    number: int = 0

    @property
    def file(self) -> str:
        """The name of the current file."""
        return f"{self.number:05d}{self.suffix}"

    @abstractmethod
    def add(self, document: ExportedDocument) -> None:
        """Write a document to the current file."""

    @abstractmethod
    def close_file(self) -> None:
        """Finish the current file, which has at least one document."""

    def finish(self) -> None:  # noqa: B027  (some formats have no common index)
        """Write the common index of all files, if the format has one."""


@dataclass
class _TokenFile(ExportWriter):
    """Writes the tokens of documents one after another to an open file."""

    opened: IO[bytes] | None = None
    lengths: list[int] = field(default_factory=list)

    def add(self, document: ExportedDocument) -> None:
        """Write a document to the current file."""
        if self.opened is None:
            self.opened = (self.folder / self.file).open("wb")
        self.opened.write(document.tokens.tobytes())
        self.lengths.append(len(document.tokens))

    def close_file(self) -> None:
        """Finish the current file."""
        if self.opened is not None:
            self.opened.close()
        self._write_index(np.array(self.lengths, dtype=np.int64))
        self.opened, self.lengths = None, []
        self.number += 1

    @abstractmethod
    def _write_index(self, lengths: NDArray[np.int64]) -> None:
        """Write the index of the current file from the number of tokens of each document."""


@dataclass
class DatatroveWriter(_TokenFile):
    """Writes `.ds` files, with the ends of documents in `.ds.index`."""

    suffix: ClassVar[str] = ".ds"

    def _write_index(self, lengths: NDArray[np.int64]) -> None:
        (self.folder / f"{self.file}.index").write_bytes(np.cumsum(lengths).astype("<u8").tobytes())
        content = f"{self.tokenizer}|{self.dtype.itemsize}\n{lengths.sum()}\n"
        (self.folder / f"{self.file}.metadata").write_text(content, encoding="utf-8")


@dataclass
class MegatronWriter(_TokenFile):
    """Writes `.bin` files, with lengths, offsets and documents in `.idx`; each document is one sequence."""

    suffix: ClassVar[str] = ".bin"
    _CODES: ClassVar[dict[str, int]] = {"int32": 4, "uint16": 8}

    def _write_index(self, lengths: NDArray[np.int64]) -> None:
        pointers = np.concatenate([[0], np.cumsum(lengths[:-1])]) * self.dtype.itemsize
        with (self.folder / f"{self.number:05d}.idx").open("wb") as index:
            index.write(b"MMIDIDX\x00\x00" + np.array(1, "<u8").tobytes() + bytes([self._CODES[self.dtype.name]]))
            index.write(np.array([len(lengths), len(lengths) + 1], "<u8").tobytes())
            index.write(lengths.astype("<i4").tobytes() + pointers.astype("<i8").tobytes())
            index.write(np.arange(len(lengths) + 1, dtype="<i8").tobytes())


@dataclass
class _Chunk(ExportWriter):
    """Collects samples and writes them after a table of their offsets."""

    samples: list[bytes] = field(default_factory=list)
    tokens: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)

    def add(self, document: ExportedDocument) -> None:
        """Collect a document for the current file."""
        self.samples.append(self._sample(document))
        self.tokens += len(document.tokens)

    def close_file(self) -> None:
        """Write the current file."""
        head = self._head()
        sizes = np.array([0, *map(len, self.samples)], dtype=np.int64)
        offsets = np.cumsum(sizes) + 4 * (len(sizes) + 1) + len(head)
        data = np.array(len(self.samples), "<u4").tobytes() + offsets.astype("<u4").tobytes() + head
        (self.folder / self.file).write_bytes(b"".join([data, *self.samples]))
        self.files.append(self._entry(int(offsets[-1])))
        self.samples, self.tokens = [], 0
        self.number += 1

    @abstractmethod
    def _sample(self, document: ExportedDocument) -> bytes:
        """Return the bytes of a document."""

    @abstractmethod
    def _entry(self, size: int) -> dict[str, Any]:
        """Return the entry of the current file in the index."""

    def _head(self) -> bytes:
        """Return the bytes between the table and the samples."""
        return b""


@dataclass
class MdsWriter(_Chunk):
    """Writes MDS shards, whose samples have `doc_id` and `tokens`."""

    max_bytes: ClassVar[int] = 1 << 26

    @property
    def file(self) -> str:
        """The name of the current file, as the library expects it."""
        return f"shard.{self.number:05d}.mds"

    @property
    def _config(self) -> dict[str, Any]:
        return {
            "column_encodings": ["str", f"ndarray:{self.dtype.name}"],
            "column_names": ["doc_id", "tokens"],
            "column_sizes": [None, None],
            "compression": None,
            "format": "mds",
            "hashes": [],
            "size_limit": self.max_bytes,
            "version": 2,
        }

    def _head(self) -> bytes:
        return json.dumps(self._config, sort_keys=True).encode()

    def _sample(self, document: ExportedDocument) -> bytes:
        doc_id = str(document.row["doc_id"]).encode()
        count = len(document.tokens)
        # The shape: one axis, whose length has the smallest type that fits.
        code, kind = next((code, kind) for code, kind in enumerate(("<u1", "<u2", "<u4")) if count < 256 ** (2**code))
        array = bytes([1 << 2 | code]) + np.array(count, kind).tobytes() + document.tokens.tobytes()
        return np.array([len(doc_id), len(array)], "<u4").tobytes() + doc_id + array

    def _entry(self, size: int) -> dict[str, Any]:
        raw = {"basename": self.file, "bytes": size, "hashes": {}}
        return self._config | {"raw_data": raw, "samples": len(self.samples), "zip_data": None}

    def finish(self) -> None:
        """Write the index of all files."""
        (self.folder / "index.json").write_text(json.dumps({"shards": self.files, "version": 2}, sort_keys=True))


@dataclass
class LitdataWriter(_Chunk):
    """Writes litdata chunks, whose tokens `TokensLoader(block_size=…)` reads as one row."""

    max_bytes: ClassVar[int] = 1 << 26
    # The indexes of the types in litdata's list of NumPy types.
    _CODES: ClassVar[dict[str, int]] = {"int32": 2, "uint16": 5}

    @property
    def file(self) -> str:
        """The name of the current file, as the library expects it."""
        return f"chunk-0-{self.number}.bin"

    def _sample(self, document: ExportedDocument) -> bytes:
        return document.tokens.tobytes()

    def _entry(self, size: int) -> dict[str, Any]:
        return {"chunk_bytes": size, "chunk_size": len(self.samples), "dim": self.tokens, "filename": self.file}

    def finish(self) -> None:
        """Write the index of all files."""
        config = {
            "chunk_bytes": self.max_bytes,
            "chunk_size": None,
            "compression": None,
            "compression_batch_size": None,
            "compression_level": None,
            "data_format": [f"no_header_numpy:{self._CODES[self.dtype.name]}"],
            "data_spec": json.dumps([1, {"type": None, "context": None, "children_spec": []}]),
            "encryption": None,
            "ipc_compression": None,
            "item_loader": "TokensLoader",
            "types": "json",
        }
        index = {"chunks": self.files, "config": config, "updated_at": "0"}
        (self.folder / "index.json").write_text(json.dumps(index, sort_keys=True))


@dataclass
class JsonLinesWriter(ExportWriter):
    """Writes JSON lines compressed with zstd: `id`, the row's columns, and the number of tokens."""

    suffix: ClassVar[str] = ".jsonl.zst"
    opened: Any = None

    def add(self, document: ExportedDocument) -> None:
        """Write a document as a line of the current file."""
        if self.opened is None:
            raw = (self.folder / self.file).open("wb")
            self.opened = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(raw)
        line = {"id": document.row["doc_id"]} | document.row | {"tokens": len(document.tokens)}
        self.opened.write((json.dumps(line, ensure_ascii=False, default=str) + "\n").encode())

    def close_file(self) -> None:
        """Finish the current file."""
        self.opened.close()
        self.opened = None
        self.number += 1


FORMATS: Final[dict[str, type[ExportWriter]]] = {
    "ds": DatatroveWriter,
    "megatron": MegatronWriter,
    "mds": MdsWriter,
    "litdata": LitdataWriter,
    "jsonl": JsonLinesWriter,
}
