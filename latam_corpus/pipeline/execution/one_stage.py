"""The rows of one stage alone, with those stages that must come before it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.batch import Batch, with_defaults
from latam_corpus.catalog.source import Source
from latam_corpus.codes import is_tag, known_code, short
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.collect.row_files import as_documents, read_chunks
from latam_corpus.corpus import ROW, Frames
from latam_corpus.errors import ConfigError
from latam_corpus.extra_columns import EXTRA, polars_type
from latam_corpus.extra_forms import in_form
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.rows.conserve import conserved
from latam_corpus.pipeline.rows.stage_values import check_own_columns, set_columns
from latam_corpus.stages import Barrier, Operation, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

Chunk = tuple[list[dict[str, Any]], pl.DataFrame]  # rows as they were, and what is given beside them
_DECIDED = " decided"
_GIVEN_BY_EXTRACT = (
    "doc_id",
    "parent_id",
    "text",
    "turns",
    "title",
    "creators",
    "published",
    "declared_language",
    "composition",
    "url",
    "extractor",
    "origin",
)


# What is stated about a document's terms, where something is: the next command that reads the rows must know it.
_TERMS = ("rights", "expires", "embargo_until", "opt_outs")


def extracted(where: Path, extract: Stage) -> Iterator[Chunk]:
    """Yield what a stage that reads bytes, such as `extract`, makes of a file or of a folder of files."""
    origin = Source(id="input", title=str(where), holder="not stated")
    for frame in read_all(origin, list_inputs(origin, str(where)), genre="web"):
        made = conserved(extract, Batch(frame)).frame
        why = made["evidence"] if "evidence" in made.columns else pl.Series("evidence", [None] * made.height, pl.String)
        whole = schema.conform(made, schema.DOCUMENT_SCHEMA)
        stated = [name for name in _TERMS if whole[name].is_not_null().any()]
        shown = whole.select(*_GIVEN_BY_EXTRACT, *stated, "drop_reason")
        shown = shown.with_columns(why.alias("evidence"))  # says what is wrong, and what to do
        yield [{} for _ in range(shown.height)], shown


def with_typed_extra(result: pl.DataFrame, given: pl.Series | None, stages: Iterable[Operation]) -> pl.DataFrame:
    """Return rows with `extra` as a struct, as releases have it.

    Args:
        result: rows after stages.
        given: `extra` as the rows had it before; None if they had none.
        stages: those that may have added columns.
    """
    if EXTRA not in result.columns:
        return result
    fields = dict(pl.Schema(given.dtype)) if given is not None and isinstance(given.dtype, pl.Struct) else {}
    fields |= {name: polars_type(kind) for one in stages for name, kind in one.adds.items()}
    return result.with_columns(in_form(result[EXTRA], pl.Struct(fields))) if fields else result


def worked(where: Path, stages: Sequence[Stage | Barrier], tell: Callable[[str | Message], None]) -> Iterator[Chunk]:
    """Yield the rows of a file after these stages, see `applied`."""
    read: deque[list[dict[str, Any]]] = deque()

    def documents() -> Iterator[pl.DataFrame]:
        start = 0
        for rows in read_chunks(where):
            if not start:
                _check_text(where, rows, stages)
            read.append(rows)
            yield as_documents(rows, start, str(where))
            start += len(rows)

    for result in applied(documents(), stages, tell):
        rows = read.popleft()
        given = pl.Series([row.get(EXTRA) for row in rows], strict=False)
        yield rows, with_typed_extra(result, given, stages)


def applied(
    documents: Iterable[pl.DataFrame], stages: Sequence[Stage | Barrier], tell: Callable[[str | Message], None]
) -> Iterator[pl.DataFrame]:
    """For each frame of documents one with the same rows and the columns that the stages give.

    Args:
        documents: frames of the document schema.
        stages: in order; one may be a barrier, which waits for all frames.
        tell: see `with_language`.

    Raises:
        ConfigError: a stage makes several rows of one.
        PartError: a stage lost, added or reordered rows, or broke off.
    """
    check_own_columns(None, stages)
    for one in stages:
        if isinstance(one, Stage) and one.makes_rows:
            remedy = _("name it in a recipe, and give `latam-corpus run` that")
            raise ConfigError(_("stage «{name}»", name=one.name), _("it makes several rows of one"), remedy)
    at = next((index for index, one in enumerate(stages) if isinstance(one, Barrier)), len(stages))
    before = [one for one in stages[:at] if not isinstance(one, Barrier)]
    # What a stage gives for the barrier after it is of no use to a reader.
    gives = [c.name for c in schema.DOCUMENT if any(c.name in one.gives for one in stages[at:] or stages)]
    # A plain stage, too, may drop rows.
    rewritten = {"drop_reason", *(name for one in stages for name in one.rewrites)} - set(gives)
    held: list[pl.DataFrame] = []
    for rows in documents:
        batch = Batch(with_language(rows, before, tell))
        for one in before:
            batch = conserved(one, batch)
        if at < len(stages):
            # A stage after the barrier may read any column.
            frame = with_defaults(batch.frame, ("drop_reason",))
            held.append(frame if stages[at + 1 :] else frame.select(_decided_by(stages[at])))
        else:
            also_set = set_columns(before, rows, batch.frame)
            yield _given(batch.frame, list(dict.fromkeys([*gives, *also_set])), rewritten.difference(also_set))
    if held:
        yield from _decided(held, stages[at:], gives)


def _check_text(where: Path, rows: Sequence[dict[str, Any]], stages: Sequence[Stage | Barrier]) -> None:
    if rows:
        check_text(str(where), {field for row in rows for field in row}, stages)


def check_text(place: str, fields: Collection[str], stages: Sequence[Stage | Barrier]) -> None:
    """Refuse rows none of which has a text, where one is needed: all would be judged as if they were empty.

    Raises:
        ConfigError: the fields have no text.
    """
    if "text" not in fields and any("text" in one.needs for one in stages):
        raise ConfigError(
            place, _("no row has a field «text»"), _("name it so: there are {names}", names=", ".join(sorted(fields)))
        )


def _decided(
    held: Sequence[pl.DataFrame], stages: Sequence[Stage | Barrier], gives: Sequence[str]
) -> Iterator[pl.DataFrame]:
    """Yield the frames after a barrier and the stages that follow it; of rows that fell before, it isn't asked."""
    barrier, *after = stages
    assert isinstance(barrier, Barrier)  # noqa: S101  (`applied` cuts there)
    fell = np.flatnonzero(pl.concat([frame["drop_reason"] for frame in held]).is_not_null().to_numpy())
    parts = tuple(frame.select(_decided_by(barrier)) for frame in held)
    nothing = pl.DataFrame(schema={ROW: pl.Int64})
    decided = pl.concat([nothing, *barrier.decide(Frames(parts, dropped_rows=fell))], how="diagonal")
    start = 0
    for frame in held:
        numbered = frame.with_row_index(ROW, start).with_columns(pl.col(ROW).cast(pl.Int64))
        joined = numbered.join(decided, on=ROW, how="left", maintain_order="left", suffix=_DECIDED)
        both = [name for name in decided.columns if name + _DECIDED in joined.columns]
        has_fallen = pl.col("drop_reason").is_not_null()
        kept = [pl.when(has_fallen).then(name).otherwise(name + _DECIDED).alias(name) for name in both]
        batch = Batch(joined.with_columns(kept).drop(name + _DECIDED for name in both))
        for one in after:
            assert not isinstance(one, Barrier)  # noqa: S101  (a stage stands for one barrier at most)
            batch = conserved(one, batch)
        yield _given(batch.frame, gives)
        start += frame.height


def _given(frame: pl.DataFrame, gives: Sequence[str], rewritten: Collection[str] = ()) -> pl.DataFrame:
    whole = schema.conform(frame, schema.DOCUMENT_SCHEMA)
    return whole.select(*gives, *(name for name in sorted(rewritten) if whole[name].is_not_null().any()))


def _decided_by(barrier: Stage | Barrier) -> list[str]:
    return sorted({"drop_reason", *barrier.needs, *(barrier.aside if isinstance(barrier, Barrier) else ())})


def with_language(
    documents: pl.DataFrame, stages: Sequence[Stage], tell: Callable[[str | Message], None]
) -> pl.DataFrame:
    """Return the documents with `language`, where a stage needs one and rows have none: as declared, else identified.

    Args:
        documents: rows of the document schema.
        stages: what they are for.
        tell: is given a sentence where rows are identified.
    """
    if not any("language" in stage.needs for stage in stages):
        return documents
    # A source says its language in its own words; what is no code is no answer.
    known = {
        language: known_code(short(language)) and (short(language) if is_tag(language) else language)
        for language in documents["declared_language"].unique().drop_nulls()
    }
    declared = pl.col("declared_language").replace_strict(known, default=None, return_dtype=pl.String)
    documents = documents.with_columns(pl.coalesce("language", declared).alias("language"))
    missing = documents["language"].is_null()
    if missing.any():
        tell(_("rows without «language» are identified first"))
        identified = make_stage("identify", {}, "identify")
        assert not isinstance(identified, Barrier)  # noqa: S101  (the registry's own stage)
        languages = conserved(identified, Batch(documents.filter(missing))).frame["language"]
        documents = documents.with_columns(documents["language"].scatter(missing.arg_true(), languages))
    return documents
