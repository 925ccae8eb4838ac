"""What a stage sets, held against the schema: types, texts that are there, and words and codes of their form.

No result rests on this file: it refuses, and changes nothing. Of a batch it looks only at what the stage has changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema, vocabulary
from latam_corpus.errors import ConfigError, one_of
from latam_corpus.extra_columns import merged, wrong_declaration
from latam_corpus.messages import Message, _, same

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from latam_corpus.stages import Barrier, Stage

_TYPES: Final = schema.DOCUMENT_SCHEMA | schema.WORKING_SCHEMA
_WORDS: Final[Mapping[str, Collection[str]]] = {
    "genre": vocabulary.GENRES,
    "composition": vocabulary.COMPOSITIONS,
    "basis": vocabulary.BASES,
    "rights_tier": vocabulary.RIGHTS_TIERS,
    "variety_basis": vocabulary.VARIETY_BASES,
    "verdict": vocabulary.VERDICTS,
}
# Of what isn't one of a few words: its form, and what to write.
_FORMS: Final = {
    "country": (f"^(?:{'|'.join(sorted(vocabulary.COUNTRY_CODES))})$", _("a code of ISO 3166-1, such as CL or BR")),
    "language": (r"^[a-z]{3}(_[A-Z][a-z]{3})?$", _("write it as spa_Latn")),
    "drop_reason": (r"\S", _("say in a word why the row falls, such as «too_short»")),
}
_CHECKED: Final = {
    **{name: (f"^(?:{'|'.join(map(re.escape, words))})$", one_of(words)) for name, words in _WORDS.items()},
    **_FORMS,
}


def wrong_values(before: pl.DataFrame, after: pl.DataFrame, *, in_place: bool) -> tuple[Message, Message] | None:
    """Return what is wrong with what a stage has set, and what to do; None where nothing is.

    Args:
        before: the rows that it was given.
        after: those that it made of them.
        in_place: whether they are the same rows in the same order.

    >>> rows = pl.DataFrame({"doc_id": ["a"], "text": ["La red"]})
    >>> problem, remedy = wrong_values(rows, rows.with_columns(country=pl.lit("Chile")), in_place=True)
    >>> print(problem, "·", remedy)
    «country» is 'Chile', of the document a · a code of ISO 3166-1, such as CL or BR
    >>> wrong_values(rows, rows.with_columns(country=pl.lit("CL")), in_place=True)
    """
    types = after.schema
    return (
        _lost_column(before, after)
        or _wrong_type(before, after, types)
        or _lost_text(before, after, in_place=in_place)
        or _wrong_word(before, after, types, in_place=in_place)
    )


def added_columns(stages: Sequence[Stage | Barrier]) -> list[tuple[Message, Mapping[str, str]]]:
    """Return for each stage that adds columns its name for errors, and the columns with their types."""
    return [(_("stage «{stage}»", stage=stage.name), stage.adds) for stage in stages if stage.adds]


def check_own_columns(place: str | None, stages: Sequence[Stage | Barrier]) -> None:
    """Check the columns that stages of plug-ins declare in addition to those of documents.

    A column without a type may pass from a stage to a later one that needs it; no release has it.

    Args:
        place: the recipe; None if the stages are run alone.
        stages: in order.

    Raises:
        ConfigError: a name or a type is wrong, a column has no type and no later stage needs it, or two stages
            declare one name differently.
    """
    for number, stage in enumerate(stages):
        where = _("stage «{stage}»", stage=stage.name)
        where = _("{recipe}, stage «{stage}»", recipe=place, stage=stage.name) if place else where
        for column, kind in stage.adds.items():
            if wrong := wrong_declaration(column, kind):
                raise ConfigError(where, *wrong)
        used = {name for one in stages[number + 1 :] for name in (*one.needs, *getattr(one, "aside", ()))}
        own = sorted(stage.gives - _TYPES.keys() - stage.adds.keys() - used)
        if own and not _is_of_toolkit(stage):
            raise ConfigError(where, *_undeclared(own[0]))
    merged(added_columns(stages))


def _undeclared(column: str) -> tuple[Message, Message]:
    return _("the column «{column}» isn't declared with a type", column=column), _(
        "documents don't have it; write it with its type into `gives`, such as {example}",
        example=f'gives = frozenset({{"{column}: float64"}})',
    )


def _is_of_toolkit(stage: Stage | Barrier) -> bool:
    return type(stage).__module__.partition(".")[0] == __name__.partition(".")[0]


def undeclared(stage: Stage, before: pl.DataFrame, after: pl.DataFrame) -> tuple[Message, Message] | None:
    """Return which column of its own a plug-in's stage has set without declaring it; None if there is none."""
    if _is_of_toolkit(stage):
        return None
    own = set(after.columns) - set(before.columns) - _TYPES.keys() - stage.gives
    own |= _keys(after) - _keys(before) - stage.adds.keys()
    return _undeclared(min(own)) if own else None


def _keys(frame: pl.DataFrame) -> set[str]:
    """Return the names of the additional columns that rows have."""
    if frame.schema.get("extra") != schema.EXTRA:
        return set()
    return set(frame["extra"].explode().struct.field("key").drop_nulls().unique())


def set_columns(stages: Sequence[Stage], before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """Return the documents' columns that stages of plug-ins have set, declared or not, as a run keeps them."""
    if all(map(_is_of_toolkit, stages)):
        return []
    known = (name for name in after.columns if name in schema.DOCUMENT_SCHEMA and name != "drop_reason")
    return [name for name in known if name not in before.columns or not after[name].equals(before[name])]


def _lost_column(before: pl.DataFrame, after: pl.DataFrame) -> tuple[Message, Message] | None:
    lost = (set(before.columns) - set(after.columns)) & schema.DOCUMENT_SCHEMA.keys() - {"drop_reason"}
    if not lost:
        return None
    return _("the column «{name}» is gone", name=min(lost)), _("return the batch, such as `batch.with_columns(…)`")


def _wrong_type(before: pl.DataFrame, after: pl.DataFrame, types: pl.Schema) -> tuple[Message, Message] | None:
    for name, given in types.items():
        wanted = _TYPES.get(name)
        if wanted is None or given in (wanted, pl.Null):
            continue
        if name in before.columns and before[name].dtype == given:
            continue
        try:
            # A number is no text, though it can be made one; a smaller number is a number.
            if wanted not in (pl.String, pl.Binary):
                after[name].cast(wanted)
                continue
        except pl.exceptions.PolarsError:
            pass
        problem = _("the column «{name}» is of the type {given}", name=name, given=same(str(given)))
        return problem, _("it must be {wanted}", wanted=same(str(wanted)))
    return None


def _lost_text(before: pl.DataFrame, after: pl.DataFrame, *, in_place: bool) -> tuple[Message, Message] | None:
    """Say whether a text is null that was none; before extraction there is none."""
    if "text" not in after.columns or not after["text"].null_count() or "text" not in before.columns:
        return None
    lost = after["text"].is_null()
    if "drop_reason" in after.columns:
        lost &= after["drop_reason"].is_null()
    if in_place:
        lost &= before["text"].is_not_null()
    elif before["text"].null_count():
        return None
    if not lost.any():
        return None
    problem = _(
        "«{key}» is {given}, of the document {document}", key="text", given="null", document=_first(after, lost)
    )
    return problem, _("give the row a text, or a drop_reason")


def _wrong_word(
    before: pl.DataFrame, after: pl.DataFrame, types: pl.Schema, *, in_place: bool
) -> tuple[Message, Message] | None:
    had = set(before.columns) if in_place else set()
    for name, (pattern, remedy) in _CHECKED.items():
        if types.get(name) != pl.String:
            continue
        values = after[name]
        if name in had and before[name].dtype == pl.String:
            if values.equals(before[name]):  # which takes a fifth of the time to find what differs
                continue
            values = values.filter(values.ne_missing(before[name]))
        wrong = [value for value in values.drop_nulls().unique() if not re.search(pattern, value)]
        if wrong:
            where = after[name].eq_missing(wrong[0])
            document = _first(after, where)
            about = {"key": name, "given": repr(wrong[0]), "document": document}
            return _("«{key}» is {given}, of the document {document}", **about), remedy
    return None


def _first(frame: pl.DataFrame, where: pl.Series) -> str:
    return str(frame.filter(where)["doc_id"][0])
