"""Sources as rows of a sheet, and rows as sources: the columns, what they are called, and what is wrong in a row."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import BASES
from latam_corpus.desk import answers
from latam_corpus.desk.check_source import MISSING, check_source
from latam_corpus.desk.sheets.sheet_columns import FIELDS, OTHER, field_of
from latam_corpus.desk.toml_text import toml_text
from latam_corpus.messages import LANGUAGES, Message, _, enumerated, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.desk.sheets.sheet_columns import Field

_NOT_TOML: Final = _("it isn't TOML ({error})")
_CHOOSE: Final = _("it is missing; choose one: {known}")
_TWICE: Final = _("«{id}» is in another row already; each source has its own")


@dataclass(frozen=True)
class Row:
    """What a row of a sheet says.

    Attributes:
        values: of the source's file; empty when something is wrong.
        wrong: each thing that is wrong, as a sentence that names the column.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    wrong: tuple[Message, ...] = ()

    @property
    def text(self) -> str:
        """The source's file."""
        return toml_text(self.values)


def row_of(text: str, language: str) -> dict[str, str]:
    """Return the cells, by key, of the source that a file describes; what has no column stands as TOML in the last.

    Args:
        text: TOML of a valid source.
        language: of the words.
    """
    left = tomllib.loads(text)
    kind = left.get("collect", {}).get("kind", "files")
    cells: dict[str, str] = {}
    for one in FIELDS:
        path = next((path for path in one.paths if _at(left, path) is not None), None)
        if path is None:
            continue
        value = _at(left, path)
        cell = one.shown([value] if one.listed and not isinstance(value, list) else value, language)
        if cell and _read(one, cell, kind) == value:
            cells[one.key] = cell
            _remove(left, path)
        # Else it stays where it is: a pattern with a comma in it is no list of two, and an empty list no empty cell.
    return {**cells, OTHER.key: toml_text(left).strip()} if left else cells


def source_of(cells: Mapping[str, str], taken: Sequence[str] = ()) -> Row:
    """Return the source that a row describes.

    Args:
        cells: text by key; empty ones count as absent.
        taken: ids of other rows.
    """
    wrong: list[Message] = []
    values: dict[str, Any] = {}
    other = cells.get(OTHER.key, "").strip()
    try:
        values = tomllib.loads(other)
    except tomllib.TOMLDecodeError as error:
        wrong.append(_about(OTHER, _NOT_TOML.fill(error=error)))
    kind = "files"
    for one in FIELDS:
        typed = cells.get(one.key, "").strip()
        if not typed:
            if one.needed:
                wrong.append(_about(one, MISSING))
            continue
        try:
            value = one.read(typed)
        except answers.AnswerError as error:
            wrong.append(_about(one, error.message))
            continue
        kind = value if one.key == "collect.kind" else kind
        _put(values, one.path_for(kind), one.wrapped(value, kind))
    if values.get("id") in taken:
        wrong.append(_about(field_of("id"), _TWICE.fill(id=values["id"])))
    incomplete = dict(_incomplete(values, kind))
    wrong += incomplete.values()
    # What has been told of a column or table once isn't told again by the check of the whole.
    wrong_keys = {str(sentence).partition(":")[0] for sentence in wrong}
    for key, sentence in _of_the_whole(values):
        if key not in incomplete and str(sentence).partition(":")[0] not in wrong_keys:
            wrong.append(sentence)
    return Row(wrong=tuple(wrong)) if wrong else Row(values)


def _incomplete(values: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Message]]:
    """Yield what a row lacks for what it says elsewhere, by the table of a file that a sheet doesn't have."""
    rights = values.get("rights", {})
    if set(rights.get("uses", ())) - {"evaluate"} and "basis" not in rights:
        yield "rights", _about(field_of("rights.basis"), _CHOOSE.fill(known=enumerated(BASES.values())))
    address = field_of("collect.address")
    if address and kind != "files" and _at(values, address.path_for(kind)) is None:
        yield "collect", _about(address, MISSING)


def _of_the_whole(values: Mapping[str, Any]) -> Iterator[tuple[str, Message]]:
    """Yield what is wrong in the source as a whole, by its key and by the columns' names."""
    _, findings = check_source(toml_text(values))
    for one in findings:
        if one.wrong:
            key = one.key.partition(" ")[0]
            # A row has no lines to add.
            short = one.problem == MISSING or not one.remedy
            yield one.key, _about(field_of(key), one.problem if short else one.sentence, key)


def _about(one: Field | None, problem: Message, key: str = "") -> Message:
    """Return the sentence with the column's name before it."""
    head = one.head if one else same(key)
    return Message("«{head}»: {problem}", {"head": head, "problem": problem}) if one or key else problem


def language_of_heads(heads: Sequence[str], fallback: str) -> str:
    """Return the language in which most heads are written."""
    counts = {code: sum(one.head.translate(code) in heads for one in FIELDS) for code in LANGUAGES}
    best = max(counts.values())
    return fallback if counts.get(fallback) == best else max(counts, key=lambda code: counts[code])


def _at(values: Mapping[str, Any], path: Sequence[str]) -> Any:
    here: Any = values
    for key in path:
        here = here.get(key) if isinstance(here, dict) else None
    return here


def _remove(values: dict[str, Any], path: Sequence[str]) -> None:
    key, *rest = path
    if rest:
        _remove(values[key], rest)
    if not rest or not values[key]:  # an empty table says nothing
        del values[key]


def _put(values: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *tables, key = path
    for name in tables:
        values = values.setdefault(name, {})
    values[key] = value


def _read(one: Field, cell: str, kind: str) -> Any:
    """Return what a cell would be read as; None where it can't be."""
    try:
        return one.wrapped(one.read(cell), kind)
    except (answers.AnswerError, IndexError):
        return None
