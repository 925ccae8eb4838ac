"""Conditions on rows, as `--where` takes them: a small language of our own, read into one expression of Polars.

    language = 'spa_Latn' and (country in ('CL', 'AR') or 'redistribute' in uses) and signals.word_count >= 50

    condition := all ('or' all)*        all := one ('and' one)*        one := 'not' one | '(' condition ')' | test
    test      := column ('=' | '!=' | '<>' | '<' | '<=' | '>' | '>=') (value | column), or value and column changed over
               | column ['not'] 'in' '(' value (',' value)* ')'       | value ['not'] 'in' column
               | column ['not'] 'like' text ['escape' text]           | column 'is' ['not'] 'null'
    column    := name ['.' part]        value := number | 'a text, in which a quote is ''doubled'''

Nothing else has a meaning: there are no functions, no arithmetic and no queries, so that a condition reads nothing but
the row. As in SQL, a comparison with what is null is neither true nor false, `not` leaves it so, and rows are selected
of which the condition is true. Key words may be in either case; columns and values are as they are written. Texts are
compared byte by byte; in `like`, `%` stands for any characters and `_` for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa

from latam_corpus import schema
from latam_corpus.errors import ConfigError
from latam_corpus.extra_columns import released
from latam_corpus.messages import _, decimal
from latam_corpus.release.reading.operands import (
    OPERATORS,
    Column,
    Token,
    WrongError,
    among,
    both,
    compared,
    find_column,
    like,
    member,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from latam_corpus.messages import Message

# So that no condition takes long to read or to apply.
LONGEST: Final = 200_000
MOST_TESTS: Final = 1_000
MOST_VALUES: Final = 5_000
DEEPEST: Final = 50

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
_MEANT: Final = {"==": "=", "&&": "and", "||": "or", "!": "!="}
_QUOTES: Final = frozenset('"`´‘’‚“”„«»')
_TESTS: Final = _("write one of =, !=, <, <=, >, >=, in (…), not in (…), like '…', is null, is not null")
_CHANGED_OVER: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SHOWN: Final = 30


@dataclass(frozen=True)
class Condition:
    """A condition on the rows of a release.

    Attributes:
        text: as it was written.
        expression: true, false or null of each row that has the columns which it names.
        columns: these, each as the steps to it, such as `("signals", "word_count")`.
    """

    text: str
    expression: pl.Expr
    columns: tuple[tuple[str, ...], ...]

    @property
    def reads(self) -> list[str]:
        """What must be read of a Parquet file, as its readers name it: of a struct the part alone."""
        read = (
            steps if schema.RELEASE_SCHEMA.get(steps[0], pl.Struct) == pl.Struct else steps[:1]
            for steps in self.columns
        )
        return list(dict.fromkeys(map(".".join, read)))

    def lacking(self, file: pa.Schema) -> str | None:
        """Return the first of its columns that a file with these columns hasn't."""
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
    """Return the condition that a user has written.

    Args:
        text: see this module; such as `language = 'spa_Latn' and country in ('CL', 'AR')`.
        place: what to call it in an error.
        extra: the columns that sources and plug-ins add to the version, with their types.

    Raises:
        ConfigError: it is no condition on a row; it names where, why, and what to write.

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
        return Condition(text, parser.whole(), tuple(dict.fromkeys(parser.columns)))
    except WrongError as wrong:
        token, problem, remedy = wrong.args
        shown = token.text if len(token.text) <= _SHOWN else f"{token.text[:_SHOWN]}…"
        where = _("{place}, character {n}, «{shown}»", place=place, n=token.start + 1, shown=shown)
        end = _("{place}, at its end", place=place)
        raise ConfigError(end if token.kind == "end" else where, problem, remedy) from None


def _instead_of(sign: str) -> Message:
    return _("write {meant}", meant=_MEANT[sign]) if sign in _MEANT else _("leave it out")


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        token = Token(str(match.lastgroup), match.group(), match.start())
        if token.kind == "word" and token.text.lower() in _KEYS:
            yield Token("key", token.text.lower(), token.start)
        elif token.text == "'":
            raise WrongError(token, _("the quote isn't closed"), _("a quote inside a text is doubled: 'O''Higgins'"))
        elif token.text in _QUOTES:
            raise WrongError(token, _("a text doesn't stand in such quotes"), _("use straight single ones: 'CL'"))
        elif token.kind in ("foreign", "other"):
            raise WrongError(token, _("this sign has no meaning here"), _instead_of(token.text))
        elif token.kind != "space":
            yield token
    yield Token("end", "", len(text))


class _Parser:
    """Reads a condition from its first token to its last; a method a rule of the grammar."""

    def __init__(self, text: str, known: pl.Schema) -> None:
        self._tokens = list(_tokens(text))
        self._known = known
        self._at = 0
        self._tests = self._values = 0
        self.columns: list[tuple[str, ...]] = []

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._here
        self._at += token.kind != "end"
        return token

    def _take(self, *words: str) -> bool:
        """Whether the next token is one of these key words or signs, which is then read."""
        taken = self._here.kind in ("key", "sign") and self._here.text in words
        self._at += taken
        return taken

    def _expect(self, word: str, why: Message) -> None:
        if not self._take(word):
            raise WrongError(self._here, _("«{word}» should stand here", word=word), why)

    def whole(self) -> pl.Expr:
        expression = self._any(0)
        if self._here.kind != "end":
            raise WrongError(self._here, _("the condition should end here, or go on with and, or"), _TESTS)
        return expression

    def _any(self, depth: int) -> pl.Expr:
        expressions = [self._all(depth)]
        while self._take("or"):
            expressions.append(self._all(depth))
        # A chain of `|` takes Polars seconds from some hundreds on. Both treat null as SQL does.
        return expressions[0] if len(expressions) == 1 else pl.any_horizontal(expressions)

    def _all(self, depth: int) -> pl.Expr:
        expressions = [self._one(depth)]
        while self._take("and"):
            expressions.append(self._one(depth))
        return expressions[0] if len(expressions) == 1 else pl.all_horizontal(expressions)

    def _one(self, depth: int) -> pl.Expr:
        if depth > DEEPEST:
            raise WrongError(self._here, _("it is nested more than {n} deep", n=DEEPEST), _("write it flatter"))
        if self._take("not"):
            return ~self._one(depth + 1)
        if self._take("("):
            expression = self._any(depth + 1)
            self._expect(")", _("close the parenthesis"))
            return expression
        self._tests += 1
        if self._tests > MOST_TESTS:
            problem = _("it has more than {n} comparisons", n=decimal(f"{MOST_TESTS:,}"))
            raise WrongError(self._here, problem, _("give the values of one column as in (…)"))
        token = self._next()
        return self._of_value(token) if token.kind in ("text", "number") else self._of_column(self._column(token))

    def _of_value(self, token: Token) -> pl.Expr:
        """Return a test that begins with a value: what a list holds, or a comparison changed over."""
        negated = self._take("not")
        if self._take("in"):
            expression = member(self._column(self._next()), token)
            return ~expression if negated else expression
        operator = self._operator(negated=negated)
        return compared(self._column(self._next()), _CHANGED_OVER.get(operator, operator), token)

    def _of_column(self, column: Column) -> pl.Expr:
        if self._take("is"):
            negated = self._take("not")
            self._expect("null", _("write is null or is not null"))
            return column.expression.is_not_null() if negated else column.expression.is_null()
        negated = self._take("not")
        if self._take("in"):
            expression = among(column, self._listed())
        elif self._take("like"):
            pattern = self._next()
            expression = like(column, pattern, self._next() if self._take("escape") else None)
        else:
            operator = self._operator(negated=negated)
            token = self._next()
            if token.kind in ("text", "number"):
                return compared(column, operator, token)
            return both(column, operator, self._column(token, compared_with=column))
        return ~expression if negated else expression

    def _operator(self, *, negated: bool) -> str:
        token = self._next()
        if negated:
            raise WrongError(
                token, _("«in» or «like» should stand here"), _("any other comparison has its not before it")
            )
        if token.kind != "sign" or token.text not in OPERATORS:
            raise WrongError(token, _("a comparison should stand here"), _TESTS)
        return token.text

    def _column(self, token: Token, compared_with: Column | None = None) -> Column:
        if token.kind == "word" and self._here.text == "(":
            raise WrongError(token, _("there are no functions and no queries in a condition"), _TESTS)
        if token == ("key", "null", token.start):
            named = compared_with.name if compared_with else "country"
            raise WrongError(
                token, _("nothing is equal to null"), _("write {named} is null, or is not null", named=named)
            )
        if token.kind != "word":
            value = _("a value or a column should stand here")
            problem = value if compared_with else _("a column should stand here")
            raise WrongError(token, problem, _("write such as country = 'CL'"))
        column = find_column(token, self._known, may_be_value=compared_with is not None)
        self.columns.append(column.steps)
        return column

    def _listed(self) -> list[Token]:
        """Return the values between parentheses."""
        self._expect("(", _("write such as country in ('CL', 'AR'), or 'train' in uses for what a list holds"))
        tokens: list[Token] = []
        while not tokens or self._take(","):
            token = self._next()
            if token.kind not in ("text", "number"):
                raise WrongError(token, _("a value should stand here"), _("write a number, or a text in single quotes"))
            tokens.append(token)
            self._values += 1
            if self._values > MOST_VALUES:
                raise WrongError(
                    token,
                    _("more than {n} values are listed", n=decimal(f"{MOST_VALUES:,}")),
                    _("name fewer"),
                )
        self._expect(")", _("close the list; a comma stands between two values"))
        return tokens
