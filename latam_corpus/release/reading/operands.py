"""Operands of conditions: columns of a released row or parts of them, and values of the matching type."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from latam_corpus.columns import BY_NAME
from latam_corpus.errors import closest
from latam_corpus.messages import _, decimal
from latam_corpus.privacy.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latam_corpus.messages import Message

OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": eq, "!=": ne, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip
LONGEST_PATTERN: Final = 1_000  # characters; a pattern is compiled to a regular expression

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    _DAY.pattern + r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_MAP: Final = "redactions"


class Token(NamedTuple):
    """A token of a condition: its kind, its text and its start."""

    kind: str
    text: str
    start: int


class ConditionError(Exception):
    """A mistake in a condition: the token, the problem and the remedy."""

    def __init__(self, token: Token, problem: Message, remedy: str | Message) -> None:
        super().__init__(token, problem, remedy)


class ColumnOperand(NamedTuple):
    """A column, or a part of a nested column: `steps` is its path in a file, such as `("signals", "word_count")`.

    Attributes:
        steps: its path in the schema of a file, such as `("signals", "word_count")`.
    """

    token: Token
    steps: tuple[str, ...]
    expression: pl.Expr
    dtype: pl.DataType

    @property
    def name(self) -> str:
        """The name that the user wrote."""
        return self.token.text


def find_column(token: Token, columns: pl.Schema, *, may_be_value: bool = False) -> ColumnOperand:
    """Return the column that a token names: `country`, `signals.word_count`, `opt_outs.signal`, `redactions.email`.

    If a value is possible too, an unknown name may be an unquoted text.

    Raises:
        ConditionError: there is no such column, or it has no such part.
    """
    name, part = [*token.text.split(".", 1), ""][:2]
    if name not in columns:
        quoted = _("put a text in single quotes: '{text}'", text=token.text)
        remedy = quoted if may_be_value else closest(name, columns)
        raise ConditionError(token, _("unknown column «{name}»", name=name), remedy)
    dtype, value = columns[name], pl.col(name)
    if not part:
        return ColumnOperand(token, (name,), value, dtype)
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    fields = dict(pl.Schema(inner)) if isinstance(inner, pl.Struct) else {}
    parts = KINDS if name == _MAP else fields
    if part not in parts:
        raise ConditionError(
            token,
            _("«{name}» has no part «{part}»", name=name, part=part),
            closest(part, parts) if parts else _("write {name}", name=name),
        )
    element = pl.element().struct
    if name == _MAP:
        of_kind = element.field("value").filter(element.field("key") == part)
        return ColumnOperand(token, (name,), value.list.eval(of_kind).list.first(), pl.Int32())
    if dtype == inner:
        return ColumnOperand(token, (name, part), value.struct.field(part), fields[part])
    return ColumnOperand(token, (name, part), value.list.eval(element.field(part)), pl.List(fields[part]))


def compared(column: ColumnOperand, operator: str, token: Token) -> pl.Expr:
    """Return an expression that compares a column with a value.

    Raises:
        ConditionError: the value doesn't fit the column.
    """
    is_equality = OPERATORS[operator] in (eq, ne)
    if not is_equality and isinstance(column.dtype, pl.Binary):
        raise ConditionError(token, _("values of «{name}» have no order", name=column.name), "write = or !=")
    typed = _typed(column, [token], must_be_known=is_equality)
    expression: pl.Expr = OPERATORS[operator](column.expression, pl.lit(typed.item(), dtype=typed.dtype))
    return expression


def compared_columns(first: ColumnOperand, operator: str, second: ColumnOperand) -> pl.Expr:
    """Return an expression that compares two columns.

    Raises:
        ConditionError: their types differ or can't be compared.
    """
    are_numbers = first.dtype.is_numeric() and second.dtype.is_numeric()
    if first.dtype.is_nested() or not (are_numbers or first.dtype == second.dtype):
        problem = _("«{name}» and «{name2}» can't be compared", name=first.name, name2=second.name)
        raise ConditionError(second.token, problem, _("compare two texts, two numbers, two days or two times"))
    expression: pl.Expr = OPERATORS[operator](first.expression, second.expression)
    return expression


def among(column: ColumnOperand, tokens: Sequence[Token]) -> pl.Expr:
    """Return an expression for whether a column has one of these values.

    Raises:
        ConditionError: a value doesn't fit the column.
    """
    typed = _typed(column, tokens, must_be_known=True)
    return column.expression.cast(typed.dtype).is_in(typed.implode())


def member(column: ColumnOperand, token: Token) -> pl.Expr:
    """Return an expression for whether a column's lists contain a value.

    Raises:
        ConditionError: the column's type isn't a list of values, or the value doesn't fit it.
    """
    inner = column.dtype.inner if isinstance(column.dtype, pl.List) else None
    if not isinstance(inner, pl.DataType) or inner.is_nested():
        raise ConditionError(column.token, _("«{name}» isn't a list of values", name=column.name), _hint(column))
    typed = _typed(column._replace(dtype=inner), [token], must_be_known=True)
    return column.expression.list.contains(pl.lit(typed.item(), dtype=typed.dtype))


def like(column: ColumnOperand, pattern: Token, escape: Token | None) -> pl.Expr:
    """Return an expression for whether a text column matches a pattern.

    `%` matches any characters and `_` matches one; after the escape character both are literal.

    Raises:
        ConditionError: the column or the pattern isn't a text, or the escape isn't one character.
    """
    if column.dtype != pl.String:
        raise ConditionError(
            column.token, _("«{name}» isn't a text, and «like» needs one", name=column.name), _hint(column)
        )
    escape_sign = _text(escape, column) if escape else ""
    if escape and len(escape_sign) != 1:
        raise ConditionError(escape, _("this isn't a single character"), _("write, for example, escape '!'"))
    pattern_text = _text(pattern, column)
    if len(pattern_text) > LONGEST_PATTERN:
        raise ConditionError(
            pattern,
            _("the pattern has more than {n} characters", n=decimal(f"{LONGEST_PATTERN:,}")),
            _("shorten it"),
        )
    pieces, characters = [], iter(pattern_text)
    for character in characters:
        if character == escape_sign:
            following = next(characters, None)
            if following is None:
                problem = _("the pattern ends with «{sign}», which needs a character after it", sign=escape_sign)
                raise ConditionError(pattern, problem, _("double it to match the character itself"))
            pieces.append(re.escape(following))
        else:
            pieces.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
    return column.expression.str.contains(rf"\A(?s:{''.join(pieces)})\z")


def _typed(column: ColumnOperand, tokens: Sequence[Token], *, must_be_known: bool) -> pl.Series:
    """Convert values to the type in which they are compared with the column.

    If a value `must_be_known`, as in tests for equality, the column must be able to have it.
    """
    dtype = column.dtype
    if dtype.is_nested():
        raise ConditionError(column.token, _("«{name}» isn't a single value", name=column.name), _hint(column))
    if dtype.is_numeric():
        if dtype.is_integer():
            dtype = pl.Int64() if all(re.fullmatch("[+-]?[0-9]+", token.text) for token in tokens) else pl.Float64()
        return pl.Series([_number(token, column, dtype) for token in tokens], dtype=dtype)
    descriptor = BY_NAME.get("language" if column.name == "languages.code" else column.name)
    convert = {pl.Date: _day, pl.Datetime: _moment, pl.Binary: bytes.fromhex}.get(type(dtype), str)
    values = []
    for token in tokens:
        text = _text(token, column)
        # With a misspelt value, `!=` would be true for every row.
        if must_be_known and descriptor and not descriptor.allows(text):
            remedy = descriptor.advice or closest(text, descriptor.words)
            raise ConditionError(token, _("«{name}» has no such value", name=column.name), remedy)
        try:
            values.append(convert(text))
        except (ValueError, OverflowError):
            raise ConditionError(token, _("«{name}» can't have this value", name=column.name), _hint(column)) from None
    return pl.Series(values, dtype=dtype)


def _text(token: Token, column: ColumnOperand) -> str:
    if token.kind == "number":
        raise ConditionError(
            token,
            _("«{name}» holds no numbers", name=column.name),
            _("write it in single quotes: '{text}'", text=token.text),
        )
    if token.kind != "text":
        raise ConditionError(token, _("a text is expected here"), _("write it in single quotes, such as 'CL'"))
    return token.text[1:-1].replace("''", "'")


def _number(token: Token, column: ColumnOperand, dtype: pl.DataType) -> float:
    if token.kind != "number":
        raise ConditionError(token, _("«{name}» holds numbers", name=column.name), _("write it without quotes"))
    value = float(token.text)
    if not math.isfinite(value) or (dtype.is_integer() and abs(value) >= 2**63):
        raise ConditionError(token, _("the number is too large"), _("write a smaller one"))
    return int(token.text) if dtype.is_integer() else value


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    """Parse a time, in UTC unless it states a time zone."""
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _hint(column: ColumnOperand) -> Message:
    """Return the remedy for a wrong use of a column, by its type."""
    name, dtype = column.name, column.dtype
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    if isinstance(inner, pl.Struct):
        part = KINDS[0] if name == _MAP else inner.fields[0].name
        return _("name a part of it, such as {name}", name=f"{name}.{part}")
    if isinstance(dtype, pl.List):
        value = next(iter(BY_NAME[name].words), "…") if name in BY_NAME else "…"
        return _("write, for example, {example}", example=f"'{value}' in {name}")
    return {
        pl.Date: _("write a day, such as '2026-11-25'"),
        pl.Datetime: _("write a day or a time, such as '2026-11-25' or '2026-11-25T12:00:00Z'"),
        pl.Binary: _("write its bytes in hex"),
    }.get(type(dtype), _("write, for example, {example}", example=f"{name} {'>= 2' if dtype.is_numeric() else '= …'}"))
