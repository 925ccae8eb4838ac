"""Check the values that a stage sets: column types, missing texts, controlled words and codes.

Only values that the stage has changed are checked. The checks change no value, so results don't depend on this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.columns import DOCUMENT, WORKING
from latam_corpus.errors import ConfigError, one_of
from latam_corpus.messages import Message, _, same
from latam_corpus.schema.extra_columns import merged, wrong_declaration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latam_corpus.stages import Barrier, Stage

_TYPES: Final = schema.DOCUMENT_SCHEMA | schema.WORKING_SCHEMA
_CHECKED: Final = [
    column for column in (*DOCUMENT, *WORKING) if column.type == "string" and (column.words or column.pattern)
]


def wrong_values(rows_in: pl.DataFrame, rows_out: pl.DataFrame, *, in_place: bool) -> tuple[Message, Message] | None:
    """Return the first problem with the values that a stage has set and its remedy, or None.

    If the rows are `in_place`, they are the same rows in the same order.

    >>> rows = pl.DataFrame({"doc_id": ["a"], "text": ["La red"]})
    >>> problem, remedy = wrong_values(rows, rows.with_columns(country=pl.lit("Chile")), in_place=True)
    >>> print(problem, "·", remedy)
    «country» of the document a is 'Chile' · a code of ISO 3166-1, such as CL or BR
    >>> wrong_values(rows, rows.with_columns(country=pl.lit("CL")), in_place=True)
    """
    types = rows_out.schema
    return (
        _lost_column(rows_in, rows_out)
        or _wrong_type(rows_in, rows_out, types)
        or _lost_text(rows_in, rows_out, in_place=in_place)
        or _wrong_word(rows_in, rows_out, types, in_place=in_place)
    )


def added_columns(stages: Sequence[Stage | Barrier]) -> list[tuple[Message, Mapping[str, str]]]:
    """Return the columns that stages add, with their types; each stage is paired with its name for errors."""
    return [(_("stage «{stage}»", stage=stage.name), stage.adds) for stage in stages if stage.adds]


def check_own_columns(place: str | None, stages: Sequence[Stage | Barrier]) -> None:
    """Check the columns that plug-ins' stages declare in addition to the document columns.

    A column without a type may be passed to a later stage that needs it, but isn't released.

    Raises:
        ConfigError: a name or a type is wrong, a column has no type and no later stage needs it, or two stages
            declare one name with different types.
    """
    for number, stage in enumerate(stages):
        stage_place = _("stage «{stage}»", stage=stage.name)
        stage_place = _("{recipe}, stage «{stage}»", recipe=place, stage=stage.name) if place else stage_place
        for column, kind in stage.adds.items():
            if problem := wrong_declaration(column, kind):
                raise ConfigError(stage_place, *problem)
        needed_later = {name for later in stages[number + 1 :] for name in (*later.needs, *getattr(later, "aside", ()))}
        own_columns = sorted(stage.gives - _TYPES.keys() - stage.adds.keys() - needed_later)
        if own_columns and not _is_of_toolkit(stage):
            raise ConfigError(stage_place, *_undeclared(own_columns[0]))
    merged(added_columns(stages))


def _undeclared(column: str) -> tuple[Message, Message]:
    return _("the column «{column}» isn't declared with a type", column=column), _(
        "it is not a column of documents: declare it with its type in `gives`, such as {example}",
        example=f'gives = frozenset({{"{column}: float64"}})',
    )


def _is_of_toolkit(stage: Stage | Barrier) -> bool:
    return type(stage).__module__.partition(".")[0] == __name__.partition(".")[0]


def undeclared(stage: Stage, rows_in: pl.DataFrame, rows_out: pl.DataFrame) -> tuple[Message, Message] | None:
    """Return the problem and remedy if a plug-in's stage has set an undeclared column, else None."""
    if _is_of_toolkit(stage):
        return None
    own_columns = set(rows_out.columns) - set(rows_in.columns) - _TYPES.keys() - stage.gives
    own_columns |= _keys(rows_out) - _keys(rows_in) - stage.adds.keys()
    return _undeclared(min(own_columns)) if own_columns else None


def _keys(frame: pl.DataFrame) -> set[str]:
    """Return the names of the additional columns in `extra`."""
    if frame.schema.get("extra") != schema.EXTRA:
        return set()
    return set(frame["extra"].explode().struct.field("key").drop_nulls().unique())


def set_columns(stages: Sequence[Stage], rows_in: pl.DataFrame, rows_out: pl.DataFrame) -> list[str]:
    """Return the document columns that stages of plug-ins have set, declared or not."""
    if all(map(_is_of_toolkit, stages)):
        return []
    document_columns = (name for name in rows_out.columns if name in schema.DOCUMENT_SCHEMA and name != "drop_reason")
    return [
        name for name in document_columns if name not in rows_in.columns or not rows_out[name].equals(rows_in[name])
    ]


def _lost_column(rows_in: pl.DataFrame, rows_out: pl.DataFrame) -> tuple[Message, Message] | None:
    lost = (set(rows_in.columns) - set(rows_out.columns)) & schema.DOCUMENT_SCHEMA.keys() - {"drop_reason"}
    if not lost:
        return None
    problem = _("the column «{name}» was removed", name=min(lost))
    return problem, _("return the batch, such as `batch.with_columns(…)`")


def _wrong_type(rows_in: pl.DataFrame, rows_out: pl.DataFrame, types: pl.Schema) -> tuple[Message, Message] | None:
    for name, dtype in types.items():
        expected = _TYPES.get(name)
        if expected is None or dtype in (expected, pl.Null):
            continue
        if name in rows_in.columns and rows_in[name].dtype == dtype:
            continue
        try:
            # Numbers of another size are accepted; numbers in place of texts aren't, although Polars could cast them.
            if expected not in (pl.String, pl.Binary):
                rows_out[name].cast(expected)
                continue
        except pl.exceptions.PolarsError:
            pass
        problem = _("the column «{name}» is of the type {given}", name=name, given=same(str(dtype)))
        return problem, _("it must be {wanted}", wanted=same(str(expected)))
    return None


def _lost_text(rows_in: pl.DataFrame, rows_out: pl.DataFrame, *, in_place: bool) -> tuple[Message, Message] | None:
    """Return the problem if the stage has removed a text; rows may lack a text before extraction."""
    if "text" not in rows_out.columns or not rows_out["text"].null_count() or "text" not in rows_in.columns:
        return None
    lost = rows_out["text"].is_null()
    if "drop_reason" in rows_out.columns:
        lost &= rows_out["drop_reason"].is_null()
    if in_place:
        lost &= rows_in["text"].is_not_null()
    elif rows_in["text"].null_count():
        return None
    if not lost.any():
        return None
    problem = _(
        "«{key}» of the document {document} is {given}", key="text", given="null", document=_first(rows_out, lost)
    )
    return problem, _("give the row a text, or a drop_reason")


def _wrong_word(
    rows_in: pl.DataFrame, rows_out: pl.DataFrame, types: pl.Schema, *, in_place: bool
) -> tuple[Message, Message] | None:
    existing = set(rows_in.columns) if in_place else set()
    for column in _CHECKED:
        name = column.name
        if types.get(name) != pl.String:
            continue
        values = rows_out[name]
        if name in existing and rows_in[name].dtype == pl.String:
            if values.equals(rows_in[name]):  # five times faster than finding the values that differ
                continue
            values = values.filter(values.ne_missing(rows_in[name]))
        wrong = [value for value in values.drop_nulls().unique() if not column.allows(value)]
        if wrong:
            has_value = rows_out[name].eq_missing(wrong[0])
            document = _first(rows_out, has_value)
            about = {"key": name, "given": repr(wrong[0]), "document": document}
            return _("«{key}» of the document {document} is {given}", **about), column.advice or one_of(column.words)
    return None


def _first(frame: pl.DataFrame, condition: pl.Series) -> str:
    return str(frame.filter(condition)["doc_id"][0])
