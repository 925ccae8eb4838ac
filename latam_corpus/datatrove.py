"""Stages as blocks of a datatrove pipeline: `block("filter", genre="news", language="spa_Latn")`.

The other direction, a datatrove block as a stage of a recipe, is `engine/datatrove_block.py`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from datatrove.utils.typeshelper import StatHints

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.catalog.named_values import composition_of, country_of, genre_of
from latam_corpus.codes import known_code, short
from latam_corpus.collect.row_files import as_documents, as_json
from latam_corpus.errors import ConfigError, closest, one_of
from latam_corpus.messages import _
from latam_corpus.pipeline.execution.one_stage import with_language, with_typed_extra
from latam_corpus.pipeline.planning.registry import make_stage, stage_class
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.pipeline.rows.stage_values import check_own_columns
from latam_corpus.stages import Barrier
from latam_corpus.vocabulary import GENRES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from datatrove.pipeline.writers.disk_base import DiskWriter

    from latam_corpus.stages import Stage

_ROWS: Final = 2000
_CHARACTERS: Final = 2**24
# Metadata for which a block accepts a default.
_DEFAULTS: Final = (
    *("language", "genre", "country", "composition"),
    *("declared_language", "rights", "source_id", "variety"),
)
# Metadata whose unknown values are counted and replaced by the block's default.
_READERS: Final = {"country": country_of, "genre": genre_of, "composition": composition_of}
_BOM: Final = b"\xef\xbb\xbf"  # bytes count as UTF-8, regardless of the charset that a page declares


def block(name: str, *, exclusion_writer: DiskWriter | None = None, batch_size: int = _ROWS, **options: Any) -> Block:
    """Return a stage as a block of a datatrove pipeline.

    Args:
        name: the stage's name, see `latam-corpus list stages`.
        exclusion_writer: a datatrove writer for dropped documents, with the reason in their metadata.
        batch_size: the maximum number of documents in a batch.
        **options: the stage's options, as in a recipe. In addition, defaults for documents without `language`, `genre`,
            `country`, `composition`, `declared_language`, `rights`, `source_id` or `variety` in their metadata.

    Raises:
        ConfigError: the stage or an option is unknown, a value is wrong, or the stage needs all documents together.
    """
    place = f"block «{name}»"
    if batch_size < 1:
        raise ConfigError(
            place, _("batch_size is {batch_size}", batch_size=batch_size), _("give a number of documents, such as 2000")
        )
    fields = [] if ":" in name else [field.name for field in dataclasses.fields(stage_class(name, place))]
    defaults: dict[str, Any] = {key: options.pop(key) for key in _DEFAULTS if key in options and key not in fields}
    for key in options:
        if fields and key not in fields:
            problem = _(
                "«{key}» is neither an option of «{name}» nor a column that documents may lack", key=key, name=name
            )
            raise ConfigError(place, problem, closest(key, [*fields, *_DEFAULTS]))
    stages = []
    for stage in make_stage(name, options, place).expand():
        if isinstance(stage, Barrier):
            problem = _("«{name}» needs all documents at once, and a block sees those of one rank", name=name)
            remedy = _(
                "write them out and run `latam-corpus stage {name} INPUT OUTPUT`, or give it a recipe of its own",
                name=name,
            )
            raise ConfigError(place, problem, remedy)
        stages.append(stage)
    check_own_columns(place, stages)
    return Block(name, tuple(stages), _checked(defaults, place), exclusion_writer, batch_size)


def _checked(defaults: dict[str, Any], place: str) -> dict[str, str]:
    for key, value in defaults.items():
        if not isinstance(value, str):
            raise ConfigError(place, _("«{key}» is {given}", key=key, given=f"{value!r}"), _("it must be a text"))
    if "genre" in defaults and defaults["genre"] not in GENRES:
        raise ConfigError(place, _("there is no genre «{name}»", name=defaults["genre"]), one_of(GENRES))
    if "language" in defaults:
        defaults["language"] = _language(defaults["language"], None) or ""
        if not defaults["language"]:
            raise ConfigError(place, _("«language» isn't a language code"), _("write it as spa_Latn"))
    return defaults


class Block(PipelineStep):  # type: ignore[misc]
    """A stage as a datatrove pipeline step that processes a few thousand documents at a time.

    Metadata with the name of a schema column become that column, and the columns that the stage sets become metadata.
    """

    type = "latam_corpus"

    def __init__(
        self,
        name: str,
        stages: Sequence[Stage],
        defaults: dict[str, str],
        exclusion_writer: DiskWriter | None,
        batch_size: int,
    ) -> None:
        self.name = name
        super().__init__()
        self.stages = stages
        self.defaults = defaults
        self.exclusion_writer = exclusion_writer
        self.batch_size = batch_size

    def run(self, data: Iterable[Document] | None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:  # noqa: ARG002
        """Yield the kept documents in order; dropped ones go to the exclusion writer.

        Raises:
            PartError: the stage failed.
        """
        with self.exclusion_writer or contextlib.nullcontext() as writer:
            start = 0
            for documents in _batches(data or (), self.batch_size):
                with self.track_time("batch"):
                    kept, dropped = self._processed(documents, start)
                start += len(documents)
                for _ in documents:
                    self.stat_update(StatHints.total)
                for document in dropped:
                    self.stat_update(StatHints.dropped, f"dropped_{document.metadata['filter_reason']}")
                    if writer:
                        writer.write(document, rank)
                for document in kept:
                    self.stat_update(StatHints.forwarded)
                    self.update_doc_stats(document)
                    yield document

    def _processed(self, documents: Sequence[Document], start: int) -> tuple[list[Document], list[Document]]:
        """Return the kept and the dropped documents."""
        frame = self._frame(documents, start)
        origins = dict(zip(frame["doc_id"], documents, strict=True))
        batch = Batch(with_language(frame, self.stages, lambda _: None))
        dropped = []
        for stage in self.stages:
            if not len(batch):
                break
            passed = pass_through(stage, batch)
            batch = passed.kept
            for row in passed.dropped.to_dicts():
                document = self._document(origins, row)
                document.metadata |= {
                    "filter_reason": row["drop_reason"],
                    "drop_reason": row["drop_reason"],
                    "stage": stage.name,
                    "verdict": row["verdict"] or "dropped",
                    "evidence": row["evidence"],
                }
                dropped.append(document)
        extra = pl.Series([document.metadata.get("extra") for document in documents], strict=False)
        kept = with_typed_extra(batch.frame, extra, self.stages)
        return [self._document(origins, row) for row in kept.to_dicts()], dropped

    def _frame(self, documents: Sequence[Document], start: int) -> pl.DataFrame:
        """Return the documents as rows; repeated ids get the document's number as a suffix."""
        rows = [{**self._metadata(document), "id": document.id, "text": document.text} for document in documents]
        frame = as_documents(rows, start, f"block «{self.name}»")
        numbered_id = pl.concat_str("doc_id", pl.lit("#"), pl.int_range(start, start + pl.len()).cast(pl.String))
        is_repeated = pl.col("doc_id").is_first_distinct().not_()
        frame = frame.with_columns(pl.when(is_repeated).then(numbered_id).otherwise("doc_id").alias("doc_id"))
        if any("raw" in stage.needs for stage in self.stages):
            raw = [_BOM + document.text.encode("utf-8", "replace") for document in documents]
            types = [str(document.metadata.get("media_type", "text/html")) for document in documents]
            return frame.with_columns(pl.Series("raw", raw), pl.Series("media_type", types)).drop("text")
        return frame

    def _metadata(self, document: Document) -> dict[str, Any]:
        known = {key: value for key, value in document.metadata.items() if key in schema.DOCUMENT_SCHEMA}
        known.pop("drop_reason", None)
        if language := known.get("language"):
            known["language"] = _language(str(language), document.metadata.get("language_script"))
            if known["language"] is None:  # the source's own id of the document
                known.setdefault("declared_language", str(language))
        for name, reader in _READERS.items():
            if known.get(name) is not None:
                known[name] = reader(str(known[name]))
                if known[name] is None:
                    self.stat_update(f"unknown_{name}")
        return self.defaults | {key: value for key, value in known.items() if value is not None}

    def _document(self, origins: dict[str, Document], row: dict[str, Any]) -> Document:
        """Return the document with the columns that the stages set; a new document for a child row."""
        document = origins.get(row["doc_id"])
        if document is None:
            parent = origins[row["parent_id"]]
            metadata = {**parent.metadata, "parent_id": parent.id}
            document = Document("", f"{parent.id}#{row['doc_id']}", metadata=metadata)
        gives = {name for stage in self.stages for name in stage.gives}
        gives |= {name for stage in self.stages for name in stage.rewrites if row.get(name) is not None}
        if "text" in gives and row["text"] is not None:  # failed rows keep their text
            document.text = row["text"]
        columns = [name for name in schema.DOCUMENT_SCHEMA if name in gives - {"text", "drop_reason"}]
        document.metadata |= {name: as_json(row.get(name)) for name in columns}
        return document


def _batches(data: Iterable[Document], rows: int) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in data:
        batch.append(document)
        characters += len(document.text)
        if len(batch) == rows or characters >= _CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _language(language: str, script: object) -> str | None:
    """Return the toolkit's code of a language, with its script if stated; None for an unknown language."""
    code = known_code(short(language))
    if code is None:
        return None
    _, _, tagged_script = language.replace("-", "_").partition("_")
    for tag in (script, tagged_script):
        if isinstance(tag, str) and len(tag) == 4:  # noqa: PLR2004  (ISO 15924)
            return f"{code}_{tag.title()}"
    return code
