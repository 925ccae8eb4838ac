"""Exports a stream's documents as tokens in another format, with a map from each document to its tokens.

    <to>/…                     the format's files
    <to>/documents.parquet     doc_id, file, start and end of the tokens in that file, in the order of the files
    <to>/export.json           the version, the tokenizer, the counts, and the digest of each file
    <to>/corpus.lock           the version and its last withdrawal: `release check-lock` lists later ones to mask

The folder appears only when it is complete.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus.__about__ import __version__
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import N_, _
from latam_corpus.release.reading.corpus_lock import LOCK, Lock, write_lock
from latam_corpus.release.reading.lock_check import MAP
from latam_corpus.storage.durable import digest_of
from latam_corpus.train.export.export_formats import FORMATS, ExportedDocument
from latam_corpus.train.new_folder import new_folder
from latam_corpus.train.shards.rows_in_memory import rows_as_dicts

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.train.export.export_formats import ExportWriter
    from latam_corpus.train.streams.stream import CorpusStream
    from latam_corpus.train.tokens.tokenizer import Tokenizer

ABOUT: Final = "export.json"
_MAP_SCHEMA: Final = pa.schema(
    [("doc_id", pa.string()), ("file", pa.string()), ("start", pa.int64()), ("end", pa.int64())]
)
# The columns that are written to JSON lines.
COLUMNS: Final = (
    "doc_id", "text", "language", "variety", "country", "genre", "source_id", "url", "title", "rights", "split",
)  # fmt: skip
_UINT16_TOKENS: Final = 1 << 16
_BATCH_ROWS: Final = 256


@dataclass(frozen=True)
class Export:
    """The result of an export.

    Attributes:
        tokens: the number of tokens, including end tokens.
    """

    documents: int
    tokens: int
    files: tuple[str, ...]


def write_export(
    stream: CorpusStream,
    tokenizer: Tokenizer,
    form: str,
    to: Path,
    max_bytes: int | None = None,
    progress: OnStep | None = None,
) -> Export:
    """Write the remaining documents of a stream in a format.

    The stream has the columns COLUMNS. A file has at most `max_bytes` of tokens, unless one document has more; None
    means the format's default.

    Raises:
        ConfigError: the format is unknown, the folder isn't empty, the tokenizer has no end token, or no document is
            selected.
        ReleaseError: a file of the version is damaged, or the disk is full.
    """
    if form not in FORMATS:
        raise ConfigError("--format", _("unknown format «{format}»", format=form), closest(form, FORMATS))
    end = tokenizer.end_id
    dtype = np.dtype(np.uint16 if tokenizer.size <= _UINT16_TOKENS else np.int32)
    with new_folder(to) as partial:
        writer = FORMATS[form](partial, dtype, tokenizer.file.name)
        exported = _write_documents(stream, tokenizer, writer, max_bytes or writer.max_bytes, progress)
        if not exported.documents:
            problem = _("no document of {release} is selected", release=stream.version)
            raise ConfigError("export", problem, _("change the selection"))
        about = {
            "format": form,
            "release": stream.version,
            "manifest_sha256": stream.files.manifest_sha256,
            "withdrawal_sequence": stream.files.withdrawal_sequence,
            "tokenizer": {"file": tokenizer.file.name, "sha256": tokenizer.sha256, "end": end},
            "dtype": dtype.name,
            "documents": exported.documents,
            "tokens": exported.tokens,
            "toolkit": __version__,
            "files": {path.name: digest_of(path) for path in sorted(partial.iterdir())},
        }
        manifest = stream.files.manifest
        available = sum(shard.rows for shard in manifest.shards) - sum(
            len(file.withdrawn) for file in stream.files.files
        )
        lock = Lock(
            name=manifest.name,
            version=manifest.version,
            manifest_sha256=stream.files.manifest_sha256,
            withdrawal_sequence=stream.files.withdrawal_sequence,
            where=stream.where,
            rewritten=True,
            rows=exported.documents,
            excluded=0 if stream.where else available - exported.documents,
            selection=stream.selection,
        )
        write_lock(lock, partial / LOCK)
        (partial / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return exported


def _write_documents(
    stream: CorpusStream, tokenizer: Tokenizer, writer: ExportWriter, max_bytes: int, progress: OnStep | None
) -> Export:
    max_tokens = max_bytes // writer.dtype.itemsize
    files: list[str] = []
    documents = tokens = 0
    file_tokens = 0
    total = stream.total
    with pq.ParquetWriter(writer.folder / MAP, _MAP_SCHEMA, compression="zstd") as places:
        for batch in stream.batches():
            for start in range(0, batch.num_rows, _BATCH_ROWS):
                rows = rows_as_dicts(batch.slice(start, _BATCH_ROWS))
                encoded = tokenizer.encode([str(row["text"]) for row in rows])
                spans: dict[str, list[Any]] = {name: [] for name in _MAP_SCHEMA.names}
                for row, ids in zip(rows, encoded, strict=True):
                    document = ExportedDocument(row, np.array([*ids, tokenizer.end_id], dtype=writer.dtype))
                    if file_tokens and file_tokens + len(document.tokens) > max_tokens:
                        writer.close_file()
                        file_tokens = 0
                    if not file_tokens:
                        files.append(writer.file)
                    writer.add(document)
                    values = (row["doc_id"], files[-1], file_tokens, file_tokens + len(document.tokens))
                    for name, value in zip(spans, values, strict=True):
                        spans[name].append(value)
                    file_tokens += len(document.tokens)
                documents += len(rows)
                tokens += sum(map(len, encoded)) + len(rows)
                places.write_table(pa.table(spans, schema=_MAP_SCHEMA))
            if progress:
                progress(N_("writing documents"), documents, max(total, documents))
        if file_tokens:
            writer.close_file()
    writer.finish()
    return Export(documents, tokens, tuple(files))
