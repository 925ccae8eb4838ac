"""Conditions on rows for `--where`: a small language, parsed into one Polars expression.

    language = 'spa_Latn' and (country in ('CL', 'AR') or 'redistribute' in uses) and signals.word_count >= 50

    condition := all ('or' all)*        all := term ('and' term)*      term := 'not' term | '(' condition ')' | test
    test      := column ('=' | '!=' | '<>' | '<' | '<=' | '>' | '>=') (value | column), or the value before the column
               | column ['not'] 'in' '(' value (',' value)* ')'       | value ['not'] 'in' column
               | column ['not'] 'like' text ['escape' text]           | column 'is' ['not'] 'null'
    column    := name ['.' part]        value := number | 'a text, in which a quote is ''doubled'''

There are no functions, no arithmetic and no queries, so that a condition reads nothing but the row. As in SQL, a
comparison with null is neither true nor false, even after `not`, and only rows for which the condition is true are
selected. Keywords are case-insensitive; columns and values are case-sensitive. Texts are compared byte by byte; in
`like`, `%` matches any characters and `_` matches one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa

from latam_corpus import schema
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _, decimal
from latam_corpus.release.reading.operands import (
    OPERATORS,
    ColumnOperand,
    ConditionError,
    Token,
    among,
    compared,
    compared_columns,
    find_column,
    like,
    member,
)
from latam_corpus.schema.extra_columns import released

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from latam_corpus.messages import Message

# Limits on the time to parse and to apply a condition.
LONGEST: Final = 200_000  # characters
MOST_TESTS: Final = 1_000
MOST_VALUES: Final = 5_000
DEEPEST: Final = 50  # levels of nesting

_TOKEN: Final = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[^\W\d]\w*(?:\.[^\W\d]\w*)*)"
    r"|(?P<foreign>==|&&|\|\||--)"
    r"|(?P<sign><>|!=|<=|>=|[=<>(),])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_KEYS: Final = frozenset({"and", "or", "not", "in", "like", "escape", "is", "null"})
_INTENDED: Final = {"==": "=", "&&": "and", "||": "or", "!": "!="}
_QUOTES: Final = frozenset('"`´‘’‚“”„«»')
_TESTS: Final = _("write one of =, !=, <, <=, >, >=, in (…), not in (…), like '…', is null, is not null")
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LONGEST_SHOWN: Final = 30  # characters of a token in a message


@dataclass(frozen=True)
class Condition:
    """A condition on the rows of a release.

    Attributes:
        expression: the condition for Polars; true, false or null for each row.
        columns: the columns that it names, each as a path such as `("signals", "word_count")`.
    """

    text: str
    expression: pl.Expr
    columns: tuple[tuple[str, ...], ...]

    @property
    def reads(self) -> list[str]:
        """The columns to read from a Parquet file; a part of a struct is given as `column.part`."""
        read = (
            steps if schema.RELEASE_SCHEMA.get(steps[0], pl.Struct) == pl.Struct else steps[:1]
            for steps in self.columns
        )
        return list(dict.fromkeys(map(".".join, read)))

    def lacking(self, file: pa.Schema) -> str | None:
        """Return the first column of the condition that a file lacks, or None."""
        for steps in self.columns:
            fields: Iterable[pa.Field] = file
            for step in steps:
                kind = next((field.type for field in fields if field.name == step), None)
                if kind is None:
                    return ".".join(steps)
                inner = kind.value_type if hasattr(kind, "value_field") else kind
                fields = list(inner) if pa.types.is_struct(inner) else ()
        return None


def condition(text: str, place: str = "--where", extra: Mapping[str, str] | None = None) -> Condition:
    """Parse a condition.

    Raises:
        ConfigError: the text is not a valid condition; the error names the place, the problem and a remedy.

    >>> condition("country = 'CL' and 'train' in uses").reads
    ['country', 'uses']
    >>> condition("cluster_size > '2'")
    Traceback (most recent call last):
    latam_corpus.errors.ConfigError: --where, character 16, «'2'»: «cluster_size» holds numbers; write it without quotes
    """
    if len(text) > LONGEST:
        raise ConfigError(place, _("it has more than {n} characters", n=decimal(f"{LONGEST:,}")), _("shorten it"))
    try:
        parser = _Parser(text, released(extra or {}))
        return Condition(text, parser.parse(), tuple(dict.fromkeys(parser.columns)))
    except ConditionError as error:
        token, problem, remedy = error.args
        shown = token.text if len(token.text) <= _LONGEST_SHOWN else f"{token.text[:_LONGEST_SHOWN]}…"
        where = _("{place}, character {n}, «{shown}»", place=place, n=token.start + 1, shown=shown)
        end = _("{place}, at its end", place=place)
        raise ConfigError(end if token.kind == "end" else where, problem, remedy) from None


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        token = Token(str(match.lastgroup), match.group(), match.start())
        if token.kind == "word" and token.text.lower() in _KEYS:
            yield Token("key", token.text.lower(), token.start)
        elif token.text == "'":
            raise ConditionError(token, _("the quote isn't closed"), _("double a quote inside a text: 'O''Higgins'"))
        elif token.text in _QUOTES:
            raise ConditionError(token, _("a text can't be in such quotes"), _("use straight single quotes: 'CL'"))
        elif token.kind in ("foreign", "other"):
            intended = _INTENDED.get(token.text)
            remedy = _("write {meant}", meant=intended) if intended else _("leave it out")
            raise ConditionError(token, _("this character has no meaning here"), remedy)
        elif token.kind != "space":
            yield token
    yield Token("end", "", len(text))


class _Parser:
    """Recursive-descent parser of a condition, with a method for each rule of the grammar."""

    def __init__(self, text: str, schema: pl.Schema) -> None:
        self._tokens = list(_tokens(text))
        self._schema = schema
        self._position = 0
        self._test_count = self._value_count = 0
        self.columns: list[tuple[str, ...]] = []

    @property
    def _current(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._current
        self._position += token.kind != "end"
        return token

    def _take(self, *words: str) -> bool:
        """Skip the current token if it is one of these keywords or signs, and return whether it was skipped."""
        matches = self._current.kind in ("key", "sign") and self._current.text in words
        self._position += matches
        return matches

    def _expect(self, word: str, remedy: Message) -> None:
        if not self._take(word):
            raise ConditionError(self._current, _("«{word}» is expected here", word=word), remedy)

    def parse(self) -> pl.Expr:
        """Return the expression of the whole condition."""
        expression = self._any(0)
        if self._current.kind != "end":
            raise ConditionError(
                self._current, _("the condition should end here or continue with «and» or «or»"), _TESTS
            )
        return expression

    def _any(self, depth: int) -> pl.Expr:
        expressions = [self._all(depth)]
        while self._take("or"):
            expressions.append(self._all(depth))
        # Polars takes seconds for some hundred chained `|`. Both treat null as SQL does.
        return expressions[0] if len(expressions) == 1 else pl.any_horizontal(expressions)

    def _all(self, depth: int) -> pl.Expr:
        expressions = [self._term(depth)]
        while self._take("and"):
            expressions.append(self._term(depth))
        return expressions[0] if len(expressions) == 1 else pl.all_horizontal(expressions)

    def _term(self, depth: int) -> pl.Expr:
        if depth > DEEPEST:
            raise ConditionError(
                self._current,
                _("it has more than {n} nested levels", n=DEEPEST),
                _("use fewer parentheses and fewer «not»"),
            )
        if self._take("not"):
            return ~self._term(depth + 1)
        if self._take("("):
            expression = self._any(depth + 1)
            self._expect(")", _("close the parenthesis"))
            return expression
        self._test_count += 1
        if self._test_count > MOST_TESTS:
            problem = _("it has more than {n} comparisons", n=decimal(f"{MOST_TESTS:,}"))
            raise ConditionError(self._current, problem, _("list the values of a column with in (…)"))
        token = self._next()
        return self._of_value(token) if token.kind in ("text", "number") else self._of_column(self._column(token))

    def _of_value(self, token: Token) -> pl.Expr:
        """Parse a test that begins with a value: membership in a list, or a comparison."""
        negated = self._take("not")
        if self._take("in"):
            expression = member(self._column(self._next()), token)
            return ~expression if negated else expression
        operator = self._operator(negated=negated)
        return compared(self._column(self._next()), _MIRRORED.get(operator, operator), token)

    def _of_column(self, column: ColumnOperand) -> pl.Expr:
        """Parse the rest of a test that begins with a column."""
        if self._take("is"):
            negated = self._take("not")
            self._expect("null", _("write is null or is not null"))
            return column.expression.is_not_null() if negated else column.expression.is_null()
        negated = self._take("not")
        if self._take("in"):
            expression = among(column, self._list())
        elif self._take("like"):
            pattern = self._next()
            expression = like(column, pattern, self._next() if self._take("escape") else None)
        else:
            operator = self._operator(negated=negated)
            token = self._next()
            if token.kind in ("text", "number"):
                return compared(column, operator, token)
            return compared_columns(column, operator, self._column(token, compared_with=column))
        return ~expression if negated else expression

    def _operator(self, *, negated: bool) -> str:
        token = self._next()
        if negated:
            raise ConditionError(
                token, _("«in» or «like» is expected here"), _("put «not» before any other comparison")
            )
        if token.kind != "sign" or token.text not in OPERATORS:
            raise ConditionError(token, _("a comparison is expected here"), _TESTS)
        return token.text

    def _column(self, token: Token, compared_with: ColumnOperand | None = None) -> ColumnOperand:
        if token.kind == "word" and self._current.text == "(":
            raise ConditionError(token, _("there are no functions and no queries in a condition"), _TESTS)
        if token == ("key", "null", token.start):
            name = compared_with.name if compared_with else "country"
            raise ConditionError(
                token, _("nothing is equal to null"), _("write {named} is null, or is not null", named=name)
            )
        if token.kind != "word":
            value = _("a value or a column is expected here")
            problem = value if compared_with else _("a column is expected here")
            raise ConditionError(token, problem, _("write, for example, country = 'CL'"))
        column = find_column(token, self._schema, may_be_value=compared_with is not None)
        self.columns.append(column.steps)
        return column

    def _list(self) -> list[Token]:
        """Parse values between parentheses."""
        self._expect("(", _("write, for example, country in ('CL', 'AR'), or 'train' in uses if the column has a list"))
        tokens: list[Token] = []
        while not tokens or self._take(","):
            token = self._next()
            if token.kind not in ("text", "number"):
                raise ConditionError(
                    token, _("a value is expected here"), _("write a number, or a text in single quotes")
                )
            tokens.append(token)
            self._value_count += 1
            if self._value_count > MOST_VALUES:
                raise ConditionError(
                    token,
                    _("the lists have more than {n} values", n=decimal(f"{MOST_VALUES:,}")),
                    _("list fewer values"),
                )
        self._expect(")", _("close the list, and put commas between values"))
        return tokens
