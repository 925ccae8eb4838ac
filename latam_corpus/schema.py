"""The columns of documents, ledger rows and released rows.

All written files (part outputs, ledgers, shards) have exactly these columns, in this order, with these types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.extra_forms import ENTRIES, in_form
from latam_corpus.signals import BY_NAME, signal_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: its name.
        dtype: its Polars type.
        meaning: its description, for the reference.
        nullable: whether it may be null.
        free: its fields with free text (the column's name if it isn't a struct). Identifiers of persons may be in them,
            so `redact` reads them.
    """

    name: str
    dtype: pl.DataType
    meaning: str
    nullable: bool = False
    free: tuple[str, ...] = ()


_TEXT = pl.String()
_TEXTS = pl.List(pl.String())
_TIME = pl.Datetime("us", "UTC")

ORIGIN: Final = pl.Struct({"file": _TEXT, "member": _TEXT, "offset": pl.Int64(), "digest": _TEXT})
LANGUAGES: Final = pl.List(pl.Struct({"code": _TEXT, "share": pl.Float32()}))
CONSENT: Final = pl.List(pl.Struct({"id": _TEXT, "label": _TEXT, "community": _TEXT}))
OPT_OUTS: Final = pl.List(pl.Struct({"signal": _TEXT, "value": _TEXT, "address": _TEXT, "time": _TIME}))
TURNS: Final = pl.List(
    pl.Struct(
        {
            "speaker": _TEXT,
            "start": pl.Float64(),
            "end": pl.Float64(),
            "language": _TEXT,
            "offset": pl.Int64(),
            "segment": pl.Int32(),
        }
    )
)
# A Parquet MAP is stored as this list; `datasets` can't load the logical type MAP, and everyone can load the list.
REDACTIONS: Final = pl.List(pl.Struct({"key": _TEXT, "value": pl.Int32()}))
EXTRA: Final = ENTRIES
# In runs it includes signals of installed plug-ins; releases have only the toolkit's own.
SIGNAL_STRUCT: Final = pl.Struct(dict.fromkeys(signal_names(), pl.Float32()))
RELEASE_SIGNALS: Final = pl.Struct(dict.fromkeys(BY_NAME, pl.Float32()))

DOCUMENT: Final = (
    Column("doc_id", _TEXT, "first 128 bits, hex, of SHA-256 over source_id, NUL and the canonical locator"),
    Column("parent_id", _TEXT, "the document this was cut from", nullable=True),
    Column("text", _TEXT, "NFC; lines and stanzas kept; glottal stops and apostrophes kept"),
    Column(
        "declared_language",
        _TEXT,
        "the language that the source states, in its words",
        nullable=True,
        free=("declared_language",),
    ),
    Column("language", _TEXT, "ISO 639-3 and script as identified; und when unsure"),
    Column("language_score", pl.Float32(), "confidence of the identification, 0 to 1", nullable=True),
    Column(
        "languages",
        LANGUAGES,
        "the languages of a mixed document and their shares, `und` for a part in no known language",
        nullable=True,
    ),
    Column("variety", _TEXT, "BCP 47, such as es-CL; null when unsure", nullable=True),
    Column("variety_basis", _TEXT, "declared or predicted", nullable=True),
    Column("country", _TEXT, "ISO 3166-1 alpha-2", nullable=True),
    Column("genre", _TEXT, "one of the twelve genres"),
    Column("composition", _TEXT, "original, translation, machine or synthetic, as declared"),
    Column("title", _TEXT, "as catalogued", nullable=True, free=("title",)),
    Column("creators", _TEXTS, "as catalogued", nullable=True, free=("creators",)),
    Column("published", _TEXT, "ISO 8601, partial dates allowed", nullable=True),
    Column("url", _TEXT, "its address", nullable=True, free=("url",)),
    Column("source_id", _TEXT, "the catalogue's id of the source"),
    Column("contributor", _TEXT, "the person or institution that contributed it", nullable=True, free=("contributor",)),
    Column("rights", _TEXT, "SPDX id, Creative Commons or rightsstatements.org URI", nullable=True, free=("rights",)),
    Column("rights_tier", _TEXT, "open … unknown, see catalog.rights"),
    Column("basis", _TEXT, "licence, public_domain, contract or consent", nullable=True),
    Column("uses", _TEXTS, "allowed uses: train, redistribute, evaluate"),
    Column("agreement", _TEXT, "the agreement under which it was given", nullable=True, free=("agreement",)),
    Column("expires", pl.Date(), "the last day of that permission", nullable=True),
    Column("embargo_until", pl.Date(), "the first day on which it may be released", nullable=True),
    Column(
        "consent",
        CONSENT,
        "consent records, label URIs and the community's name",
        nullable=True,
        free=("id", "community"),
    ),
    Column(
        "opt_outs", OPT_OUTS, "opt-out signals seen, with address and time", nullable=True, free=("value", "address")
    ),
    Column(
        "obtained",
        _TIME,
        "when it was obtained, as its record states (WARC-Date, OAI datestamp, a column); null if nothing states it",
        nullable=True,
    ),
    Column("origin", ORIGIN, "file, member or offset in it, and the digest of the payload", free=("file", "member")),
    Column("extractor", _TEXT, "name and version of the program that extracted the text", nullable=True),
    Column(
        "turns",
        TURNS,
        "in interviews: the speaker of each line, with start and end in seconds",
        nullable=True,
        free=("speaker",),
    ),
    Column("signals", SIGNAL_STRUCT, "every measured signal", nullable=True),
    Column("extra", EXTRA, "columns that sources and plug-ins add", nullable=True, free=("value",)),
    Column("redactions", REDACTIONS, "identifiers that `redact` replaced: kind and count", nullable=True),
    Column("duplicate_cluster", _TEXT, "the cluster's id: the smallest doc_id in it", nullable=True),
    Column("cluster_size", pl.Int32(), "documents in the cluster", nullable=True),
    Column("duplicate_of", _TEXT, "the kept document that this one duplicates", nullable=True),
    Column("contained_in", _TEXT, "the much longer document that contains this one", nullable=True),
    Column("variant_of", _TEXT, "the kept document that this one is a variant of", nullable=True),
    Column("containment", pl.Float32(), "share of its words that are in the other one", nullable=True),
    Column("split", _TEXT, "train, validation or test, by hash of the cluster", nullable=True),
    Column("tokens", pl.Int32(), "tokens under the recipe's tokenizer", nullable=True),
    Column("text_hash", pl.Binary(), "SHA-256 of the normalised text, first 128 bits", nullable=True),
    Column("drop_reason", _TEXT, "why a run dropped it; in runs only", nullable=True),
)

LEDGER: Final = (
    Column("doc_id", _TEXT, "the document"),
    Column("source_id", _TEXT, "its source"),
    Column("stage", _TEXT, "the stage that decided"),
    Column("verdict", _TEXT, "dropped, changed, failed or released"),
    Column("reason", _TEXT, "the reason: derived from a bound, or an error's text"),
    Column("evidence", _TEXT, "the measured values, as JSON", nullable=True),
    Column("text_hash_before", pl.Binary(), "digest of the exact text before", nullable=True),
    Column("text_hash_after", pl.Binary(), "digest of the exact text after", nullable=True),
    Column("chars", pl.Int64(), "characters of the text after (before, if there is no text after)", nullable=True),
)

# Columns that exist between two stages of one segment and are never written.
WORKING: Final = (
    Column("raw", pl.Binary(), "a record's bytes, before extraction", nullable=True),
    Column("media_type", _TEXT, "the media type of the bytes, such as text/html", nullable=True),
    Column("verdict", _TEXT, "dropped or failed, with drop_reason", nullable=True),
    Column("evidence", _TEXT, "the evidence for drop_reason or for a change, as JSON", nullable=True),
)

DOCUMENT_SCHEMA: Final = pl.Schema({column.name: column.dtype for column in DOCUMENT})
LEDGER_SCHEMA: Final = pl.Schema({column.name: column.dtype for column in LEDGER})
WORKING_SCHEMA: Final = pl.Schema({column.name: column.dtype for column in WORKING})
# Columns with free text, except `text`, with their fields.
FREE_FIELDS: Final = {column.name: frozenset(column.free) for column in DOCUMENT if column.free}
RELEASE_COLUMNS: Final = tuple(c.name for c in DOCUMENT if c.name not in ("drop_reason", "duplicate_of", "extra"))
# For versions without additional columns; `extra_columns.released` returns the schema of any version.
RELEASE_SCHEMA: Final = pl.Schema(
    {name: DOCUMENT_SCHEMA[name] for name in RELEASE_COLUMNS} | {"signals": RELEASE_SIGNALS}
)


def arrow_schema(schema: pl.Schema) -> pa.Schema:
    """Return the Arrow schema that Parquet files with this Polars schema carry (`large_string` for text).

    >>> arrow_schema(pl.Schema({"doc_id": pl.String()}))
    doc_id: large_string
    """
    # View types are newer than most readers, so the compatibility level is the oldest.
    return pl.DataFrame(schema=schema).to_arrow(compat_level=pl.CompatLevel.oldest()).schema


def leaves(arrow: pa.Schema) -> Iterator[tuple[str, pa.DataType]]:
    """Yield the leaf columns of a Parquet file with this schema, by their Parquet names, with their types.

    >>> [name for name, _ in leaves(arrow_schema(pl.Schema({"uses": _TEXTS, "origin": pl.Struct({"file": _TEXT})})))]
    ['uses.list.element', 'origin.file']
    """

    def below(name: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
        if hasattr(kind, "value_field"):  # a list
            yield from below(f"{name}.list.element", kind.value_type)
        elif kind.num_fields:
            for field in kind:
                yield from below(f"{name}.{field.name}", field.type)
        else:
            yield name, kind

    for field in arrow:
        yield from below(field.name, field.type)


def scan(files: Sequence[Path] | Sequence[str], schema: pl.Schema) -> pl.LazyFrame:
    """Scan Parquet files with exactly the schema's columns; missing columns and struct fields are null.

    >>> scan([], LEDGER_SCHEMA).collect().height
    0
    """
    if not files:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(
        [str(file) for file in files],
        glob=False,
        schema=schema,
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=pl.ScanCastOptions(missing_struct_fields="insert", extra_struct_fields="ignore"),
    )


def conform(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return the frame with exactly the schema's columns, in its order and types; missing ones are null.

    Args:
        frame: any rows; columns outside the schema are removed.
        schema: one of this module's schemas.

    >>> conform(pl.DataFrame({"b": [1]}), pl.Schema({"a": pl.String(), "b": pl.Int64()})).row(0)
    (None, 1)
    """
    columns = set(frame.columns)
    if "extra" in columns and "extra" in schema and frame.schema["extra"] != schema["extra"]:
        frame = frame.with_columns(in_form(frame["extra"], schema["extra"]))
    return frame.select(
        pl.col(name).cast(dtype) if name in columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    )
