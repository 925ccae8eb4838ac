"""Convert source files to rows of a sheet, and rows to source files, with the errors of each row."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import BASES
from latam_corpus.config.toml_text import toml_text
from latam_corpus.desk import answers
from latam_corpus.desk.sheets.sheet_columns import FIELDS, OTHER, field_of
from latam_corpus.intake.check_source import MISSING, check_source
from latam_corpus.messages import LANGUAGES, Message, _, enumerated, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.desk.sheets.sheet_columns import Field

_CHOOSE: Final = _("it is missing; choose one: {known}")
_TAKEN_ID: Final = _("«{id}» is already used in another row; each source needs its own")


@dataclass(frozen=True)
class Row:
    """A source described by a row of a sheet.

    Attributes:
        values: the values of the source file; empty if the row has an error.
        wrong: the errors, one sentence each, which names the column.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    wrong: tuple[Message, ...] = ()

    @property
    def text(self) -> str:
        """The text of the source file."""
        return toml_text(self.values)


def row_of(text: str, language: str) -> dict[str, str]:
    """Return the cells of a source by key; the last cell has values without a column, as TOML.

    Args:
        text: the TOML of a valid source.
        language: the language of the display names.
    """
    remaining = tomllib.loads(text)
    kind = remaining.get("collect", {}).get("kind", "files")
    cells: dict[str, str] = {}
    for column in FIELDS:
        path = next((path for path in column.paths if _at(remaining, path) is not None), None)
        if path is None:
            continue
        value = _at(remaining, path)
        cell = column.shown([value] if column.listed and not isinstance(value, list) else value, language)
        if cell and _read(column, cell, kind) == value:
            cells[column.key] = cell
            _remove(remaining, path)
        # A value that can't be restored from a cell, such as a pattern with a comma, remains TOML.
    return {**cells, OTHER.key: toml_text(remaining).strip()} if remaining else cells


def source_of(cells: Mapping[str, str], taken: Sequence[str] = ()) -> Row:
    """Return the source that a row describes.

    Args:
        cells: the text of each cell by key; empty cells count as missing.
        taken: the ids of other rows.
    """
    wrong: list[Message] = []
    values: dict[str, Any] = {}
    other_toml = cells.get(OTHER.key, "").strip()
    try:
        values = tomllib.loads(other_toml)
    except tomllib.TOMLDecodeError as error:
        wrong.append(_naming_column(OTHER, _("it isn't valid TOML ({error})", error=error)))
    kind = "files"
    for column in FIELDS:
        typed = cells.get(column.key, "").strip()
        if not typed:
            if column.needed:
                wrong.append(_naming_column(column, MISSING))
            continue
        try:
            value = column.read(typed)
        except answers.AnswerError as error:
            wrong.append(_naming_column(column, error.message))
            continue
        kind = value if column.key == "collect.kind" else kind
        _put(values, column.path_for(kind), column.wrapped(value, kind))
    if values.get("id") in taken:
        wrong.append(_naming_column(field_of("id"), _TAKEN_ID.fill(id=values["id"])))
    incomplete = dict(_incomplete(values, kind))
    wrong += incomplete.values()
    # Report each column or table only once.
    reported = {str(sentence).partition(":")[0] for sentence in wrong}
    for key, sentence in _file_errors(values):
        if key not in incomplete and str(sentence).partition(":")[0] not in reported:
            wrong.append(sentence)
    return Row(wrong=tuple(wrong)) if wrong else Row(values)


def _incomplete(values: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Message]]:
    """Yield the missing cells that other cells of the row require, each as the file's table and the error."""
    rights = values.get("rights", {})
    if set(rights.get("uses", ())) - {"evaluate"} and "basis" not in rights:
        yield "rights", _naming_column(field_of("rights.basis"), _CHOOSE.fill(known=enumerated(BASES.values())))
    address = field_of("collect.address")
    if address and kind != "files" and _at(values, address.path_for(kind)) is None:
        yield "collect", _naming_column(address, MISSING)


def _file_errors(values: Mapping[str, Any]) -> Iterator[tuple[str, Message]]:
    """Yield the errors of the whole source file, each with its key, worded for the columns of the sheet."""
    _, findings = check_source(toml_text(values))
    for finding in findings:
        if finding.wrong:
            key = finding.key.partition(" ")[0]
            # The remedy for a missing key is a line of TOML, which a row doesn't have.
            without_remedy = finding.problem == MISSING or not finding.remedy
            yield (
                finding.key,
                _naming_column(field_of(key), finding.problem if without_remedy else finding.sentence, key),
            )


def _naming_column(column: Field | None, problem: Message, key: str = "") -> Message:
    """Return the problem, preceded by the name of its column."""
    head = column.head if column else same(key)
    return Message("«{head}»: {problem}", {"head": head, "problem": problem}) if column or key else problem


def language_of_heads(heads: Sequence[str], fallback: str) -> str:
    """Return the language of most heads; the fallback if no other language has more."""
    counts = {code: sum(column.head.translate(code) in heads for column in FIELDS) for code in LANGUAGES}
    best = max(counts.values())
    return fallback if counts.get(fallback) == best else max(counts, key=lambda code: counts[code])


def _at(values: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = values
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _remove(values: dict[str, Any], path: Sequence[str]) -> None:
    key, *subkeys = path
    if subkeys:
        _remove(values[key], subkeys)
    if not subkeys or not values[key]:  # an empty table is removed too
        del values[key]


def _put(values: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *tables, key = path
    for name in tables:
        values = values.setdefault(name, {})
    values[key] = value


def _read(column: Field, cell: str, kind: str) -> Any:
    """Return the value of a cell; None if it can't be read."""
    try:
        return column.wrapped(column.read(cell), kind)
    except (answers.AnswerError, IndexError):
        return None
