"""Writers of five formats. Each takes documents in order; a file is closed when it has grown to its size.

Formats are those of the libraries that read them, as of these versions: `.ds` of datatrove 0.10, `.bin` and `.idx` of
Megatron-Core's indexed dataset (version 1), MDS version 2 of streaming 0.14, chunks of litdata 0.2.76 for its
TokensLoader, and JSON lines under zstd. None of the libraries is needed to write them.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import zstandard

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_ZSTD_LEVEL: Final = 3


@dataclass(frozen=True)
class Exported:
    """A document to be written: its row, and its tokens with the one that ends it."""

    row: dict[str, Any]
    tokens: NDArray[Any]


@dataclass
class Writer(ABC):
    """Documents on their way into the files of one format.

    Attributes:
        folder: where they go; it is there.
        dtype: of a token: uint16, or int32 where the vocabulary is larger.
        tokenizer: its file's name, for formats that state it.
        number: of the file that is being written.
    """

    suffix: ClassVar[str] = ""
    # Files whose documents are written when the file is whole, since their lengths stand before them.
    most_bytes: ClassVar[int] = 1 << 31

    folder: Path
    dtype: np.dtype[Any]
    tokenizer: str
    number: int = 0

    @property
    def file(self) -> str:
        """The name of the file that is being written."""
        return f"{self.number:05d}{self.suffix}"

    @abstractmethod
    def add(self, documents: Sequence[Exported]) -> None:
        """Write documents."""

    @abstractmethod
    def close_file(self) -> None:
        """Finish the file that is being written, which has documents."""

    def finish(self) -> None:  # noqa: B027  (some formats have nothing of the kind)
        """Write what stands once for all files."""


@dataclass
class _TokenFile(Writer):
    """Tokens of documents one after another, in a file that is open."""

    opened: IO[bytes] | None = None
    lengths: list[int] = field(default_factory=list)

    def add(self, documents: Sequence[Exported]) -> None:
        """Write documents."""
        if self.opened is None:
            self.opened = (self.folder / self.file).open("wb")
        for one in documents:
            self.opened.write(one.tokens.tobytes())
            self.lengths.append(len(one.tokens))

    def close_file(self) -> None:
        """Finish the file."""
        if self.opened is not None:
            self.opened.close()
        self._index(np.array(self.lengths, dtype=np.int64))
        self.opened, self.lengths = None, []
        self.number += 1

    @abstractmethod
    def _index(self, lengths: NDArray[np.int64]) -> None:
        """Write the index of the file, given its documents' tokens."""


@dataclass
class DatatroveWriter(_TokenFile):
    """`.ds`, with the ends of documents in `.ds.index`."""

    suffix: ClassVar[str] = ".ds"

    def _index(self, lengths: NDArray[np.int64]) -> None:
        (self.folder / f"{self.file}.index").write_bytes(np.cumsum(lengths).astype("<u8").tobytes())
        content = f"{self.tokenizer}|{self.dtype.itemsize}\n{lengths.sum()}\n"
        (self.folder / f"{self.file}.metadata").write_text(content, encoding="utf-8")


@dataclass
class MegatronWriter(_TokenFile):
    """`.bin`, with lengths, places and documents in `.idx`; each document is one sequence."""

    suffix: ClassVar[str] = ".bin"
    _CODES: ClassVar[dict[str, int]] = {"int32": 4, "uint16": 8}

    def _index(self, lengths: NDArray[np.int64]) -> None:
        pointers = np.concatenate([[0], np.cumsum(lengths[:-1])]) * self.dtype.itemsize
        with (self.folder / f"{self.number:05d}.idx").open("wb") as index:
            index.write(b"MMIDIDX\x00\x00" + np.array(1, "<u8").tobytes() + bytes([self._CODES[self.dtype.name]]))
            index.write(np.array([len(lengths), len(lengths) + 1], "<u8").tobytes())
            index.write(lengths.astype("<i4").tobytes() + pointers.astype("<i8").tobytes())
            index.write(np.arange(len(lengths) + 1, dtype="<i8").tobytes())


@dataclass
class _Chunk(Writer):
    """Samples that are written together, after the table of where each begins."""

    samples: list[bytes] = field(default_factory=list)
    tokens: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)

    def add(self, documents: Sequence[Exported]) -> None:
        """Write documents."""
        self.samples += [self._sample(one) for one in documents]
        self.tokens += sum(len(one.tokens) for one in documents)

    def close_file(self) -> None:
        """Finish the file."""
        head = self._head()
        sizes = np.array([0, *map(len, self.samples)], dtype=np.int64)
        offsets = np.cumsum(sizes) + 4 * (len(sizes) + 1) + len(head)
        data = np.array(len(self.samples), "<u4").tobytes() + offsets.astype("<u4").tobytes() + head
        (self.folder / self.file).write_bytes(b"".join([data, *self.samples]))
        self.files.append(self._entry(int(offsets[-1])))
        self.samples, self.tokens = [], 0
        self.number += 1

    @abstractmethod
    def _sample(self, document: Exported) -> bytes:
        """Return a document's bytes."""

    @abstractmethod
    def _entry(self, size: int) -> dict[str, Any]:
        """Return what the index says of the file that was written."""

    def _head(self) -> bytes:
        """Return what stands between the table and the samples."""
        return b""


@dataclass
class MdsWriter(_Chunk):
    """MDS: samples with `doc_id` and `tokens`."""

    most_bytes: ClassVar[int] = 1 << 26

    @property
    def file(self) -> str:
        """As the library names it."""
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
            "size_limit": self.most_bytes,
            "version": 2,
        }

    def _head(self) -> bytes:
        return json.dumps(self._config, sort_keys=True).encode()

    def _sample(self, document: Exported) -> bytes:
        doc_id = str(document.row["doc_id"]).encode()
        count = len(document.tokens)
        # One axis, and the smallest type that its length goes into.
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
    """litdata's chunks, whose tokens `TokensLoader(block_size=…)` reads as one row."""

    most_bytes: ClassVar[int] = 1 << 26
    # Places of NumPy's types in litdata's list of them.
    _CODES: ClassVar[dict[str, int]] = {"int32": 2, "uint16": 5}

    @property
    def file(self) -> str:
        """As the library names it."""
        return f"chunk-0-{self.number}.bin"

    def _sample(self, document: Exported) -> bytes:
        return document.tokens.tobytes()

    def _entry(self, size: int) -> dict[str, Any]:
        return {"chunk_bytes": size, "chunk_size": len(self.samples), "dim": self.tokens, "filename": self.file}

    def finish(self) -> None:
        """Write the index of all files."""
        config = {
            "chunk_bytes": self.most_bytes,
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
class JsonLinesWriter(Writer):
    """JSON lines under zstd: `id`, `text`, and what is known of the text."""

    suffix: ClassVar[str] = ".jsonl.zst"
    opened: Any = None

    def add(self, documents: Sequence[Exported]) -> None:
        """Write a line each."""
        if self.opened is None:
            raw = (self.folder / self.file).open("wb")
            self.opened = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(raw)
        for one in documents:
            line = {"id": one.row["doc_id"]} | one.row | {"tokens": len(one.tokens)}
            self.opened.write((json.dumps(line, ensure_ascii=False, default=str) + "\n").encode())

    def close_file(self) -> None:
        """Finish the file."""
        self.opened.close()
        self.opened = None
        self.number += 1


FORMATS: Final[dict[str, type[Writer]]] = {
    "ds": DatatroveWriter,
    "megatron": MegatronWriter,
    "mds": MdsWriter,
    "litdata": LitdataWriter,
    "jsonl": JsonLinesWriter,
}
