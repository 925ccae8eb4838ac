"""Run single stages on rows of a file or a frame, without a recipe or a stored run."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.batch import Batch, with_defaults
from latam_corpus.catalog.source import Source
from latam_corpus.codes import is_tag, known_code, short
from latam_corpus.collect.row_files import as_documents, read_chunks
from latam_corpus.columns import DOCUMENT
from latam_corpus.corpus import ROW, Frames
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.rows.conserve import apply_stage
from latam_corpus.pipeline.rows.stage_values import check_own_columns, set_columns
from latam_corpus.schema.extra_columns import EXTRA
from latam_corpus.schema.extra_forms import in_form
from latam_corpus.stages import Barrier, Operation, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

Chunk = tuple[list[dict[str, Any]], pl.DataFrame]  # input rows, and the columns that the stages set for them
_DECIDED = " decided"
_EXTRACT_COLUMNS = (
    "doc_id", "parent_id", "text", "turns", "title", "creators", "published", "declared_language", "composition", "url",
    "extractor", "origin",
)  # fmt: skip
# A document's own terms are passed on, since later commands that read the rows must respect them.
_TERMS = ("rights", "expires", "embargo_until", "opt_outs")


def extract_files(path: Path, extract: Stage) -> Iterator[Chunk]:
    """Apply a stage that reads bytes, such as `extract`, to a file or a folder of files."""
    from latam_corpus.collect.files import list_inputs, read_all  # imports archives and XML, which rows don't need

    origin = Source(id="input", title=str(path), holder="not stated")
    for frame in read_all(origin, list_inputs(origin, str(path)), genre="web"):
        result = apply_stage(extract, Batch(frame)).frame
        evidence = (
            result["evidence"]
            if "evidence" in result.columns
            else pl.Series("evidence", [None] * result.height, pl.String)
        )
        documents = schema.conform(result, schema.DOCUMENT_SCHEMA)
        stated_terms = [name for name in _TERMS if documents[name].is_not_null().any()]
        shown = documents.select(*_EXTRACT_COLUMNS, *stated_terms, "drop_reason")
        shown = shown.with_columns(evidence.alias("evidence"))  # for dropped rows: the problem and its remedy
        yield [{} for _ in range(shown.height)], shown


def with_typed_extra(result: pl.DataFrame, original: pl.Series | None, stages: Iterable[Operation]) -> pl.DataFrame:
    """Convert `extra` to a struct, its form in releases; `original` is `extra` before the stages."""
    if EXTRA not in result.columns:
        return result
    fields = dict(pl.Schema(original.dtype)) if original is not None and isinstance(original.dtype, pl.Struct) else {}
    fields |= {name: schema.polars_type(kind) for stage in stages for name, kind in stage.adds.items()}
    return result.with_columns(in_form(result[EXTRA], pl.Struct(fields))) if fields else result


def process_file(
    path: Path, stages: Sequence[Stage | Barrier], tell: Callable[[str | Message], None]
) -> Iterator[Chunk]:
    """Apply stages to the rows of a file; see `apply_stages`."""
    read: deque[list[dict[str, Any]]] = deque()

    def documents() -> Iterator[pl.DataFrame]:
        start = 0
        for rows in read_chunks(path):
            if not start and rows:
                check_text(str(path), {field for row in rows for field in row}, stages)
            read.append(rows)
            yield as_documents(rows, start, str(path))
            start += len(rows)

    for result in apply_stages(documents(), stages, tell):
        rows = read.popleft()
        original = pl.Series([row.get(EXTRA) for row in rows], strict=False)
        yield rows, with_typed_extra(result, original, stages)


def apply_stages(
    documents: Iterable[pl.DataFrame], stages: Sequence[Stage | Barrier], tell: Callable[[str | Message], None]
) -> Iterator[pl.DataFrame]:
    """Yield, for each frame of documents, a frame with the same rows and the columns that the stages set.

    One stage may be a barrier, which waits for all frames.

    Raises:
        ConfigError: a stage makes several rows out of one.
        PartError: a stage lost, added or reordered rows, or raised an error.
    """
    check_own_columns(None, stages)
    for stage in stages:
        if isinstance(stage, Stage) and stage.makes_rows:
            remedy = _("use it in a recipe with `latam-corpus run`")
            raise ConfigError(_("stage «{name}»", name=stage.name), _("it makes several rows out of one"), remedy)
    barrier_index = next((index for index, stage in enumerate(stages) if isinstance(stage, Barrier)), len(stages))
    stages_before = [stage for stage in stages[:barrier_index] if not isinstance(stage, Barrier)]
    # Columns that a stage sets for the barrier after it aren't shown.
    gives = [c.name for c in DOCUMENT if any(c.name in stage.gives for stage in stages[barrier_index:] or stages)]
    # Every stage may drop rows.
    rewritten = {"drop_reason", *(name for stage in stages for name in stage.rewrites)} - set(gives)
    waiting: list[pl.DataFrame] = []
    for rows in documents:
        batch = Batch(with_language(rows, stages_before, tell))
        for stage in stages_before:
            batch = apply_stage(stage, batch)
        if barrier_index < len(stages):
            # Stages after the barrier may read any column.
            frame = with_defaults(batch.frame, ("drop_reason",))
            waiting.append(frame if stages[barrier_index + 1 :] else frame.select(_needed_by(stages[barrier_index])))
        else:
            also_set = set_columns(stages_before, rows, batch.frame)
            yield _set_columns(batch.frame, list(dict.fromkeys([*gives, *also_set])), rewritten.difference(also_set))
    if waiting:
        yield from _decided(waiting, stages[barrier_index:], gives)


def check_text(place: str, fields: Collection[str], stages: Sequence[Stage | Barrier]) -> None:
    """Raise `ConfigError` if a stage needs texts and no row has one; all rows would be treated as empty texts."""
    if "text" not in fields and any("text" in stage.needs for stage in stages):
        raise ConfigError(
            place,
            _("no row has a field «text»"),
            _("rename the field that has the text; there are {names}", names=", ".join(sorted(fields))),
        )


def _decided(
    waiting: Sequence[pl.DataFrame], stages: Sequence[Stage | Barrier], gives: Sequence[str]
) -> Iterator[pl.DataFrame]:
    """Apply a barrier to all frames, without rows that were dropped before it, then the stages after it."""
    barrier, *stages_after = stages
    assert isinstance(barrier, Barrier)  # noqa: S101  (`apply_stages` cuts there)
    dropped_rows = np.flatnonzero(pl.concat([frame["drop_reason"] for frame in waiting]).is_not_null().to_numpy())
    parts = tuple(frame.select(_needed_by(barrier)) for frame in waiting)
    no_decisions = pl.DataFrame(schema={ROW: pl.Int64})
    decided = pl.concat([no_decisions, *barrier.decide(Frames(parts, dropped_rows=dropped_rows))], how="diagonal")
    start = 0
    for frame in waiting:
        numbered = frame.with_row_index(ROW, start).with_columns(pl.col(ROW).cast(pl.Int64))
        joined = numbered.join(decided, on=ROW, how="left", maintain_order="left", suffix=_DECIDED)
        shared_columns = [name for name in decided.columns if name + _DECIDED in joined.columns]
        was_dropped = pl.col("drop_reason").is_not_null()
        kept_columns = [
            pl.when(was_dropped).then(name).otherwise(name + _DECIDED).alias(name) for name in shared_columns
        ]
        batch = Batch(joined.with_columns(kept_columns).drop(name + _DECIDED for name in shared_columns))
        for stage in stages_after:
            assert not isinstance(stage, Barrier)  # noqa: S101  (a stage expands to one barrier at most)
            batch = apply_stage(stage, batch)
        yield _set_columns(batch.frame, gives)
        start += frame.height


def _set_columns(frame: pl.DataFrame, gives: Sequence[str], rewritten: Collection[str] = ()) -> pl.DataFrame:
    documents = schema.conform(frame, schema.DOCUMENT_SCHEMA)
    return documents.select(*gives, *(name for name in sorted(rewritten) if documents[name].is_not_null().any()))


def _needed_by(barrier: Stage | Barrier) -> list[str]:
    return sorted({"drop_reason", *barrier.needs, *(barrier.aside if isinstance(barrier, Barrier) else ())})


def with_language(
    documents: pl.DataFrame, stages: Sequence[Stage], tell: Callable[[str | Message], None]
) -> pl.DataFrame:
    """Fill missing values of `language` if a stage needs it, from the declared language or by identification.

    If languages are identified, `tell` is called with a sentence.
    """
    if not any("language" in stage.needs for stage in stages):
        return documents
    # Sources declare languages in free words; only codes are used.
    codes = {
        language: known_code(short(language)) and (short(language) if is_tag(language) else language)
        for language in documents["declared_language"].unique().drop_nulls()
    }
    declared = pl.col("declared_language").replace_strict(codes, default=None, return_dtype=pl.String)
    documents = documents.with_columns(pl.coalesce("language", declared).alias("language"))
    missing = documents["language"].is_null()
    if missing.any():
        tell(_("rows without «language» are identified first"))
        identified = make_stage("identify", {}, "identify")
        assert not isinstance(identified, Barrier)  # noqa: S101  (the registry's own stage)
        languages = apply_stage(identified, Batch(documents.filter(missing))).frame["language"]
        documents = documents.with_columns(documents["language"].scatter(missing.arg_true(), languages))
    return documents
