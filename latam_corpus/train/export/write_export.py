"""A stream's documents as tokens in another format, with a map from each document to its tokens.

    <to>/…                     the format's files
    <to>/documents.parquet     doc_id, file, start and end of its tokens in that file, in the order of the files
    <to>/export.json           what was exported, by which tokenizer, and the digest of each file
    <to>/corpus.lock           of which version, up to which withdrawal: `release check-lock` says what to mask since

The folder appears when all of it is written.
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
from latam_corpus.train.export.export_formats import FORMATS, Exported
from latam_corpus.train.new_folder import new_folder
from latam_corpus.train.shards.rows_in_memory import rows_as_dicts

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.release.storing.store import Progress
    from latam_corpus.train.streams.stream import CorpusStream
    from latam_corpus.train.tokens.tokenizer import Tokenizer

ABOUT: Final = "export.json"
_MAP_SCHEMA: Final = pa.schema(
    [("doc_id", pa.string()), ("file", pa.string()), ("start", pa.int64()), ("end", pa.int64())]
)
# What of a row goes into JSON lines.
COLUMNS: Final = (
    "doc_id", "text", "language", "variety", "country", "genre", "source_id", "url", "title", "rights", "split",
)  # fmt: skip
_UINT16: Final = 1 << 16
_MOST_ROWS: Final = 256


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes:
        files: the format's own, by name.
    """

    documents: int
    tokens: int
    files: tuple[str, ...]


def write_export(
    stream: CorpusStream,
    tokenizer: Tokenizer,
    form: str,
    to: Path,
    most_bytes: int | None = None,
    progress: Progress | None = None,
) -> Export:
    """Write the rest of a stream's documents in a format.

    Args:
        stream: with the columns COLUMNS.
        tokenizer: each document ends with its end token.
        form: of FORMATS.
        to: a folder that is new or empty.
        most_bytes: of tokens in a file, unless one document has more; the format's own when None.
        progress: told how many documents are written.

    Raises:
        ConfigError: there is no such format, the folder holds something, the tokenizer has no end token, or there is
            nothing to export.
        ReleaseError: a file of the version is damaged, or the disk is full.
    """
    if form not in FORMATS:
        raise ConfigError("--format", _("unknown format «{format}»", format=form), closest(form, FORMATS))
    end = tokenizer.end_id
    dtype = np.dtype(np.uint16 if tokenizer.size <= _UINT16 else np.int32)
    with new_folder(to) as partial:
        exported = _written(stream, tokenizer, end, form, partial, dtype, most_bytes, progress)
        if not exported.documents:
            problem = _("{release} has no document that is selected", release=stream.version)
            raise ConfigError("export", problem, _("select others"))
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
        there = sum(shard.rows for shard in manifest.shards) - sum(len(one.withdrawn) for one in stream.files.files)
        lock = Lock(
            name=manifest.name,
            version=manifest.version,
            manifest_sha256=stream.files.manifest_sha256,
            withdrawal_sequence=stream.files.withdrawal_sequence,
            where=stream.where,
            rewritten=True,
            rows=exported.documents,
            excluded=0 if stream.where else there - exported.documents,
            selection=stream.selection,
        )
        write_lock(lock, partial / LOCK)
        (partial / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return exported


def _written(
    stream: CorpusStream,
    tokenizer: Tokenizer,
    end: int,
    form: str,
    folder: Path,
    dtype: np.dtype[Any],
    most_bytes: int | None,
    progress: Progress | None,
) -> Export:
    writer = FORMATS[form](folder, dtype, tokenizer.file.name)
    most = (most_bytes or writer.most_bytes) // dtype.itemsize
    files: list[str] = []
    documents = tokens = 0
    held = 0
    total = stream.total
    with pq.ParquetWriter(folder / MAP, _MAP_SCHEMA, compression="zstd") as places:
        for batch in stream.batches():
            for start in range(0, batch.num_rows, _MOST_ROWS):
                rows = rows_as_dicts(batch.slice(start, _MOST_ROWS))
                encoded = tokenizer.encode([str(row["text"]) for row in rows])
                spans: dict[str, list[Any]] = {name: [] for name in _MAP_SCHEMA.names}
                for row, ids in zip(rows, encoded, strict=True):
                    document = Exported(row, np.array([*ids, end], dtype=dtype))
                    if held and held + len(document.tokens) > most:
                        writer.close_file()
                        held = 0
                    if not held:
                        files.append(writer.file)
                    writer.add([document])
                    values = (row["doc_id"], files[-1], held, held + len(document.tokens))
                    for name, value in zip(spans, values, strict=True):
                        spans[name].append(value)
                    held += len(document.tokens)
                documents += len(rows)
                tokens += sum(map(len, encoded)) + len(rows)
                places.write_table(pa.table(spans, schema=_MAP_SCHEMA))
            if progress:
                progress(N_("writing documents"), documents, max(total, documents))
        if held:
            writer.close_file()
    writer.finish()
    return Export(documents, tokens, tuple(files))
