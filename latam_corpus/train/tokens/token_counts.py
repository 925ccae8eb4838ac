"""Token counts of documents, computed once for each file and tokenizer, and stored with the release.

    <store>/tokens/<first 16 hex digits of the tokenizer's SHA-256>-<rule>/<SHA-256 of the object>.parquet

contains `tokens`, `words` and `bytes` of each row, in the order of the object's rows. Versions that share an object
share its counts. For read-only stores and pulled folders, the counts are in the user's cache.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa

from latam_corpus import schema
from latam_corpus.errors import ConfigError, ReleaseError, closest
from latam_corpus.messages import N_, _
from latam_corpus.paths import cache_folder
from latam_corpus.release.reading.corpus_lock import LOCK
from latam_corpus.release.storing.store import Store
from latam_corpus.storage.remote import failures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.train.shards.corpus_files import CorpusFiles
    from latam_corpus.train.tokens.tokenizer import Tokenizer

FOLDER: Final = "tokens"
_RULE: Final = "2"  # the version of the counting rule; since version 2, names of special tokens in a text count as text
COUNTS: Final = pl.Schema({"tokens": pl.UInt32(), "words": pl.UInt32(), "bytes": pl.UInt32()})
# The columns by which a version can be divided into slices.
SLICES: Final = ("language", "genre", "country", "variety", "source_id", "split", "rights_tier", "composition")
REFERENCE: Final = "spa_Latn"


@dataclass(frozen=True)
class Slice:
    """The counts of the documents with the same values in some columns.

    Attributes:
        values: the values of the columns; "" for a null.
        words: number of words, which are separated by white space.
        bytes: number of bytes in UTF-8.
    """

    release: str
    values: tuple[str, ...]
    documents: int
    tokens: int
    words: int
    bytes: int

    @property
    def fertility(self) -> float:
        """Tokens per word."""
        return self.tokens / max(1, self.words)


def count_slices(
    files: CorpusFiles, tokenizer: Tokenizer, by: Sequence[str], progress: OnStep | None = None
) -> list[Slice]:
    """Count the tokens of each slice of a version, sorted by the slices' values.

    `by` are some of the columns SLICES.

    Raises:
        ConfigError: a column isn't one of SLICES, or a pulled folder lacks the texts.
        ReleaseError: a file is missing or damaged.
    """
    for name in by:
        if name not in SLICES:
            raise ConfigError("--by", _("slices can't be formed by «{name}»", name=name), closest(name, SLICES))
    if not all("text" in footer.schema.to_arrow_schema().names for footer in files.footers):
        raise ConfigError(files.store.url, _("it was pulled without «text»"), _("pull it with that column"))
    store = _counts_store(files)
    frames = []
    for number in range(len(files.files)):
        counts = _counts(files, number, tokenizer, store)
        columns = _columns(files, number, ["doc_id", *by])
        rows = pl.concat([columns, counts], how="horizontal")
        withdrawn = pl.Series(sorted(files.files[number].withdrawn), dtype=pl.String)
        frames.append(rows.filter(~pl.col("doc_id").is_in(withdrawn.implode())).drop("doc_id"))
        if progress:
            progress(N_("counting tokens"), number + 1, len(files.files))
    rows = pl.concat(frames) if frames else pl.DataFrame(schema={**dict.fromkeys(by, pl.String()), **COUNTS})
    grouped = rows.group_by(by).agg(pl.len(), pl.col(COUNTS.names()).cast(pl.UInt64).sum()).sort(by)
    width = len(by)
    return [Slice(files.manifest.name, row[:width], *row[width:]) for row in grouped.iter_rows()]


def _columns(files: CorpusFiles, number: int, by: Sequence[str]) -> pl.DataFrame:
    """Read the columns by which a file's rows are divided, as texts; a missing column is empty."""
    file = files.files[number]
    rows = files.footers[number].num_rows
    tables = [files.read(group, by) for group in files.groups_of(number)]
    frame = pl.from_arrow(pa.concat_tables(tables, promote_options="permissive")) if tables else pl.DataFrame()
    if not isinstance(frame, pl.DataFrame) or frame.height not in (0, rows):
        raise ReleaseError(file.path, _("its rows can't be read"), files.remedy)
    missing = [pl.lit("").alias(name) for name in by if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(pl.String).fill_null("") for name in by)


def _counts(files: CorpusFiles, number: int, tokenizer: Tokenizer, store: Store) -> pl.DataFrame:
    """Return the counts of a file's rows, from the store or the user's cache if they were counted before."""
    file = files.files[number]
    path = (FOLDER, f"{tokenizer.sha256[:16]}-{_RULE}", f"{file.sha256}.parquet")
    rows = files.footers[number].num_rows
    cached = _cached_counts(store, path, rows)
    if cached is None:
        cached = _cached_counts(Store.at(cache_folder()), path, rows)
    if cached is not None:
        return cached
    frames = [pl.DataFrame(schema=COUNTS)]
    for group in files.groups_of(number):
        texts = pl.Series(files.read(group, ["text"])["text"].to_pylist(), dtype=pl.String)
        tokens = [len(ids) for ids in tokenizer.encoded(texts.to_list())]
        sizes = {"tokens": tokens, "words": texts.str.count_matches(r"\S+"), "bytes": texts.str.len_bytes()}
        frames.append(pl.DataFrame(sizes, schema_overrides=COUNTS))
    counts = schema.conform(pl.concat(frames), COUNTS)
    buffer = io.BytesIO()
    counts.write_parquet(buffer, compression="zstd")
    refusals: tuple[type[Exception], ...] = (*failures(), NotImplementedError)
    try:
        store.write(buffer.getvalue(), *path)
    except refusals:  # the store is read-only, such as a web server
        Store.at(cache_folder()).write(buffer.getvalue(), *path)
    return counts


def _cached_counts(store: Store, path: tuple[str, ...], rows: int) -> pl.DataFrame | None:
    """Return the stored counts; None if they are missing or damaged."""
    try:
        counts = pl.read_parquet(io.BytesIO(store.read(*path)))
    except (ReleaseError, pl.exceptions.PolarsError, OSError):
        return None
    return counts.select(COUNTS.names()) if counts.schema == COUNTS and counts.height == rows else None


def _counts_store(files: CorpusFiles) -> Store:
    folder = files.store.folder
    return Store.at(cache_folder()) if folder is not None and (folder / LOCK).is_file() else files.store
