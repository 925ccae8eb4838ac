"""What a condition compares: the columns of a released row and their parts, and the values that fit each type."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from latam_corpus import vocabulary
from latam_corpus.errors import closest
from latam_corpus.messages import _, decimal
from latam_corpus.privacy.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latam_corpus.messages import Message

OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": eq, "!=": ne, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip
LONGEST_PATTERN: Final = 1_000  # characters; it is compiled

# Columns whose words are all known. One misspelt would make `!=` true of every row.
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "genre": vocabulary.GENRES,
    "composition": vocabulary.COMPOSITIONS,
    "rights_tier": vocabulary.RIGHTS_TIERS,
    "basis": vocabulary.BASES,
    "uses": vocabulary.USES,
    "variety_basis": vocabulary.VARIETY_BASES,
    "split": vocabulary.SPLITS,
}
# Columns whose words have one form.
_LANGUAGE: Final = (
    re.compile(r"[a-z]{3}_[A-Z][a-z]{3}|und"),
    _("write a language with its script, such as 'spa_Latn'"),
)
_FORMS: Final = {
    "language": _LANGUAGE,
    "languages.code": _LANGUAGE,
    "country": (re.compile(r"[A-Z]{2}"), _("write a country by its two letters, such as 'CL'")),
}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    _DAY.pattern + r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_MAP: Final = "redactions"


class Token(NamedTuple):
    """A piece of a condition: its kind, its text, and where it starts."""

    kind: str
    text: str
    start: int


class WrongError(Exception):
    """What is wrong with a condition: at which token, the problem, and the remedy."""

    def __init__(self, token: Token, problem: Message, remedy: str | Message) -> None:
        super().__init__(token, problem, remedy)


class Column(NamedTuple):
    """A column or a part of one.

    Attributes:
        token: where it is named.
        steps: what must be in a file for it to be there.
        expression: its value in a row.
        dtype: the type of that.
    """

    token: Token
    steps: tuple[str, ...]
    expression: pl.Expr
    dtype: pl.DataType

    @property
    def name(self) -> str:
        """As it is written."""
        return self.token.text


def find_column(token: Token, columns: pl.Schema, *, may_be_value: bool = False) -> Column:
    """Return the column of a token, such as `country`, `signals.word_count`, `opt_outs.signal`, `redactions.email`.

    Args:
        token: a word.
        columns: those of the version.
        may_be_value: whether a value may stand there too, whose quotes were forgotten.

    Raises:
        WrongError: there is no such column, or no such part of it.
    """
    name, part = [*token.text.split(".", 1), ""][:2]
    if name not in columns:
        quoted = _("a text stands in single quotes: '{text}'", text=token.text)
        remedy = quoted if may_be_value else closest(name, columns)
        raise WrongError(token, _("unknown column «{name}»", name=name), remedy)
    dtype, value = columns[name], pl.col(name)
    if not part:
        return Column(token, (name,), value, dtype)
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    fields = dict(pl.Schema(inner)) if isinstance(inner, pl.Struct) else {}
    known = KINDS if name == _MAP else fields
    if part not in known:
        raise WrongError(
            token,
            _("«{name}» has no part «{part}»", name=name, part=part),
            closest(part, known) if known else _("write {name}", name=name),
        )
    element = pl.element().struct
    if name == _MAP:
        of_kind = element.field("value").filter(element.field("key") == part)
        return Column(token, (name,), value.list.eval(of_kind).list.first(), pl.Int32())
    if dtype == inner:
        return Column(token, (name, part), value.struct.field(part), fields[part])
    return Column(token, (name, part), value.list.eval(element.field(part)), pl.List(fields[part]))


def compared(column: Column, operator: str, token: Token) -> pl.Expr:
    """Return the comparison of a column with a value.

    Raises:
        WrongError: the value doesn't fit the column.
    """
    equal = OPERATORS[operator] in (eq, ne)
    if not equal and isinstance(column.dtype, pl.Binary):
        raise WrongError(token, _("«{name}» has no order", name=column.name), "write = or !=")
    typed = _typed(column, [token], whole_words=equal)
    expression: pl.Expr = OPERATORS[operator](column.expression, pl.lit(typed.item(), dtype=typed.dtype))
    return expression


def both(one: Column, operator: str, other: Column) -> pl.Expr:
    """Return the comparison of two columns.

    Raises:
        WrongError: their types are different, or such as can't be compared.
    """
    numbers = one.dtype.is_numeric() and other.dtype.is_numeric()
    if one.dtype.is_nested() or not (numbers or one.dtype == other.dtype):
        problem = _("«{name}» and «{name2}» can't be compared", name=one.name, name2=other.name)
        raise WrongError(other.token, problem, _("compare two texts, two numbers, two days or two times"))
    expression: pl.Expr = OPERATORS[operator](one.expression, other.expression)
    return expression


def among(column: Column, tokens: Sequence[Token]) -> pl.Expr:
    """Whether a column has one of these values.

    Raises:
        WrongError: a value doesn't fit the column.
    """
    typed = _typed(column, tokens, whole_words=True)
    return column.expression.cast(typed.dtype).is_in(typed.implode())


def member(column: Column, token: Token) -> pl.Expr:
    """Whether a list holds a value.

    Raises:
        WrongError: the column is no list of values, or the value doesn't fit it.
    """
    inner = column.dtype.inner if isinstance(column.dtype, pl.List) else None
    if not isinstance(inner, pl.DataType) or inner.is_nested():
        raise WrongError(column.token, _("«{name}» is no list of values", name=column.name), _hint(column))
    typed = _typed(column._replace(dtype=inner), [token], whole_words=True)
    return column.expression.list.contains(pl.lit(typed.item(), dtype=typed.dtype))


def like(column: Column, pattern: Token, escape: Token | None) -> pl.Expr:
    """Whether a text has a pattern's form: `%` is any characters, `_` one; after the escape each is itself.

    Raises:
        WrongError: the column holds no text, or the pattern or the escape is none.
    """
    if column.dtype != pl.String:
        raise WrongError(column.token, _("«{name}» is no text, as like needs", name=column.name), _hint(column))
    sign = _text(escape, column) if escape else ""
    if escape and len(sign) != 1:
        raise WrongError(escape, _("this isn't one character"), _("write such as escape '!'"))
    written = _text(pattern, column)
    if len(written) > LONGEST_PATTERN:
        raise WrongError(
            pattern,
            _("the pattern has more than {n} characters", n=decimal(f"{LONGEST_PATTERN:,}")),
            _("shorten it"),
        )
    pieces, rest = [], iter(written)
    for character in rest:
        if character == sign:
            following = next(rest, None)
            if following is None:
                raise WrongError(
                    pattern, _("nothing follows the last «{sign}»", sign=sign), _("double it to mean itself")
                )
            pieces.append(re.escape(following))
        else:
            pieces.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
    return column.expression.str.contains(rf"\A(?s:{''.join(pieces)})\z")


def _typed(column: Column, tokens: Sequence[Token], *, whole_words: bool) -> pl.Series:
    """Return the values in the type in which the column is compared with them.

    Args:
        column: what they are compared with.
        tokens: the values.
        whole_words: whether the column is to be equal to them, so that each must be a word that it can have.
    """
    dtype = column.dtype
    if dtype.is_nested():
        raise WrongError(column.token, _("«{name}» is no single value", name=column.name), _hint(column))
    if dtype.is_numeric():
        if dtype.is_integer():
            dtype = pl.Int64() if all(re.fullmatch("[+-]?[0-9]+", token.text) for token in tokens) else pl.Float64()
        return pl.Series([_number(token, column, dtype) for token in tokens], dtype=dtype)
    words, form = _WORDS.get(column.name), _FORMS.get(column.name)
    read = {pl.Date: _day, pl.Datetime: _moment, pl.Binary: bytes.fromhex}.get(type(dtype), str)
    values = []
    for token in tokens:
        text = _text(token, column)
        if whole_words and words and text not in words:
            raise WrongError(token, _("«{name}» has no such value", name=column.name), closest(text, words))
        if whole_words and form and not form[0].fullmatch(text):
            raise WrongError(token, _("«{name}» has no such value", name=column.name), form[1])
        try:
            values.append(read(text))
        except (ValueError, OverflowError):
            raise WrongError(token, _("this is no value of «{name}»", name=column.name), _hint(column)) from None
    return pl.Series(values, dtype=dtype)


def _text(token: Token, column: Column) -> str:
    if token.kind == "number":
        raise WrongError(
            token,
            _("«{name}» holds no numbers", name=column.name),
            _("write it in single quotes: '{text}'", text=token.text),
        )
    if token.kind != "text":
        raise WrongError(token, _("a text should stand here"), _("write it in single quotes, such as 'CL'"))
    return token.text[1:-1].replace("''", "'")


def _number(token: Token, column: Column, dtype: pl.DataType) -> float:
    if token.kind != "number":
        raise WrongError(token, _("«{name}» holds numbers", name=column.name), _("write it without quotes"))
    value = float(token.text)
    if not math.isfinite(value) or (dtype.is_integer() and abs(value) >= 2**63):
        raise WrongError(token, _("the number is too large"), _("write a smaller one"))
    return int(token.text) if dtype.is_integer() else value


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    """Return a moment; in UTC where no other zone is stated."""
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _hint(column: Column) -> Message:
    """Return what to write instead, by the column's type."""
    name, dtype = column.name, column.dtype
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    if isinstance(inner, pl.Struct):
        part = KINDS[0] if name == _MAP else inner.fields[0].name
        return _("name a part of it, such as {name}", name=f"{name}.{part}")
    if isinstance(dtype, pl.List):
        return _("write such as {example}", example=f"'{_WORDS.get(name, ['…'])[0]}' in {name}")
    return {
        pl.Date: _("write a day, such as '2026-11-25'"),
        pl.Datetime: _("write a day or a time, such as '2026-11-25' or '2026-11-25T12:00:00Z'"),
        pl.Binary: _("write its bytes in hex"),
    }.get(type(dtype), _("write such as {example}", example=f"{name} {'>= 2' if dtype.is_numeric() else '= …'}"))
