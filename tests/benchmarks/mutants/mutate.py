"""Create the mutants of a module: its source with one small change each, which a test should notice.

A change replaces the bytes of one node, so that lines stay where they are. Text that only a reader sees isn't changed:
docstrings, annotations, decorators, the words of an error, f-strings, and imports for the type checker.
"""

from __future__ import annotations

import ast
import re
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

_Node = TypeVar("_Node", bound=ast.AST)
# An operator by its nearest neighbour: a bound that moves by one, a comparison that is turned round.
_OPERATORS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}  # fmt: skip
_BOUNDARY: Final = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_TWINS: Final = [("min", "max"), ("any", "all"), ("first", "last"), ("startswith", "endswith"),
                 ("is_null", "is_not_null"), ("argmin", "argmax")]  # fmt: skip
_NAMES: Final = {name: twin for pair in _TWINS for name, twin in (pair, pair[::-1])}
_UNDONE: Final = frozenset({"strip", "lower", "upper", "casefold", "sort", "unique", "sorted", "fill_null"})
_PAIR: Final = 2  # a tuple of two is mostly taken apart where it comes out
_FLOAT_STEP: Final = 0.25
_WORDS: Final = 3  # spaces in a string that may decide; what is longer is a sentence for people
_SHOWN: Final = 30  # characters of a long change before and after what differs
_REGEX: Final = re.compile(r"\(\?|\\[dwsb]|[\])?][+*?{]|\{\d")
_LOOK: Final = re.compile(r"\(\?<?[!=](?:\[[^\]]*\]|[^()\[])*\)")
_REPEAT: Final = re.compile(r"(?<=[{,])\d+(?=[,}])")
_OPTION: Final = re.compile(r"(?<![(*+?|\\])\?")
_CHOICE: Final = re.compile(r"\((?:\?:)?([^()]*\|[^()]*)\)")


@dataclass(frozen=True)
class Mutant:
    """One change: `new` replaces the bytes of the file from `start` to `end`.

    Attributes:
        source: the line in which it begins, without indentation.
        change: the node before and after, on one line each.
    """

    file: str
    line: int
    source: str
    change: str
    start: int
    end: int
    new: str

    def applied(self, text: bytes) -> bytes:
        """Return the module with the change."""
        return text[: self.start] + self.new.encode() + text[self.end :]

    def compiles(self, text: bytes) -> bool:
        """Return whether Python can compile the module with the change."""
        try:
            compile(self.applied(text), self.file, "exec")
        except SyntaxError:
            return False
        return True


def mutants_of(file: str, text: bytes) -> list[Mutant]:
    r"""Return the mutants of a module, in the order of its lines.

    >>> [mutant.change for mutant in mutants_of("a.py", b"def f(n):\n    return n < 2")]
    ['n < 2 → n <= 2', '2 → 1', '2 → 3']
    """
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    results = []
    for node, changed in _changes(ast.parse(text)):
        words = changed if isinstance(changed, str) else ast.unparse(changed)
        new = words if isinstance(changed, str) else f"({words})"
        results.append(
            Mutant(
                file,
                node.lineno,  # type: ignore[attr-defined]
                lines[node.lineno - 1].decode().strip(),  # type: ignore[attr-defined]
                _shown(ast.unparse(node), words),
                starts[node.lineno - 1] + node.col_offset,  # type: ignore[attr-defined]
                starts[node.end_lineno - 1] + node.end_col_offset,  # type: ignore[attr-defined]
                new,
            )
        )
    return sorted(dict.fromkeys(results), key=lambda mutant: (mutant.line, mutant.start, mutant.change))


def _changes(node: ast.AST, condition: bool = False) -> Iterator[tuple[ast.AST, ast.AST | str]]:
    """Yield a node and its replacement: another node, or the source of a statement."""
    if isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom)) or _for_the_type_checker(node):
        return
    if isinstance(node, ast.stmt):
        yield from ((node, words) for words in _statements(node))
    elif isinstance(node, ast.expr):
        answers = (ast.Constant(answer) for answer in (True, False) if condition)
        yield from ((node, changed) for changed in (*answers, *_expressions(node, condition)))
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "exc", "cause", "type_comment"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_docstring(child):
                yield from _changes(child, name in ("test", "ifs"))


def _shown(old: str, new: str) -> str:
    """Show both on one line; shorten long ones to the difference and some characters around it.

    >>> _shown("n < 2", "n <= 2")
    'n < 2 → n <= 2'
    """
    old, new = (" ".join(words.split()) for words in (old, new))
    shared = 0
    while shared < min(len(old), len(new)) and old[shared] == new[shared]:
        shared += 1
    tail = 0
    while tail < min(len(old), len(new)) - shared and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start, cut = max(shared - _SHOWN, 0), max(tail - _SHOWN, 0)
    return " → ".join(
        ("…" if start else "") + text[start : len(text) - cut] + ("…" if cut else "") for text in (old, new)
    )


def _for_the_type_checker(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _statements(node: ast.stmt) -> Iterator[str]:
    stored = isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Attribute, ast.Subscript))
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if stored or called or isinstance(node, (ast.Raise, ast.AugAssign, ast.Continue, ast.Break)):
        yield "pass"


def _expressions(node: ast.expr, condition: bool) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(ops=ops):
            for place, comparison in enumerate(ops):
                # What turns a whole condition round is seen by whoever sees both its answers.
                if not condition or len(ops) > 1 or isinstance(comparison, _BOUNDARY):
                    yield _with(node, ops=[*ops[:place], _OPERATORS[type(comparison)](), *ops[place + 1 :]])
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS:
            yield _with(node, op=_OPERATORS[type(operator)]())
        case ast.BoolOp(values=values):
            # Whoever sees that a part is left out also sees `and` for `or`.
            for place in range(len(values)):
                remaining = [*values[:place], *values[place + 1 :]]
                yield remaining[0] if len(remaining) == 1 else _with(node, values=remaining)
        case ast.UnaryOp(op=ast.Not() | ast.Invert() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=value) if not condition:
            yield from (ast.Constant(replacement) for replacement in _values(value))
        case ast.List(elts=parts) | ast.Set(elts=parts) | ast.Tuple(elts=parts) if _is_table(node, parts):
            for place in range(len(parts)):
                yield _with(node, elts=[*parts[:place], *parts[place + 1 :]])
        case ast.Call():
            yield from _calls(node)


def _is_table(node: ast.expr, parts: list[ast.expr]) -> bool:
    """Return whether the parts are of one kind and no constants, whose values are changed anyway."""
    of_one_kind = len({type(part) for part in parts}) == 1 and not isinstance(parts[0], ast.Constant)
    return of_one_kind and len(parts) > (_PAIR if isinstance(node, ast.Tuple) else 1)


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    for place in range(len(node.keywords)):
        yield _with(node, keywords=[*node.keywords[:place], *node.keywords[place + 1 :]])
    match node.func:
        case ast.Name(id=name) if name in _NAMES:
            yield _with(node, func=ast.Name(_NAMES[name]))
        case ast.Name(id=name) if name in _UNDONE and node.args:
            yield node.args[0]
        case ast.Attribute(attr=name, value=value):
            if name in _NAMES:
                yield _with(node, func=_with(node.func, attr=_NAMES[name]))
            elif name in _UNDONE:
                yield value


def _values(value: object) -> Iterator[bool | float | bytes | str]:
    """Yield replacements of a constant: the next number, another word, a looser or stricter pattern."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1) if value else (1,)
    elif isinstance(value, float):
        yield from (value * (1 + _FLOAT_STEP), value * (1 - _FLOAT_STEP)) if value else (1.0,)
    elif isinstance(value, bytes):
        yield value + b"~"
    elif isinstance(value, str) and (value.count(" ") <= _WORDS or _REGEX.search(value)):
        patterns = dict.fromkeys(_patterns(value)) if _REGEX.search(value) else {}
        yield from patterns or (value + "~",)


def _patterns(value: str) -> Iterator[str]:
    r"""Yield a regular expression without a lookaround, an option or a choice, or with another repeat count.

    >>> list(_patterns(r"(?<!\d)\d{3}\.?(a|b)"))
    ['\\d{3}\\.?(a|b)', '(?<!\\d)\\d{4}\\.?(a|b)', '(?<!\\d)\\d{2}\\.?(a|b)', '(?<!\\d)\\d{3}\\.(a|b)', '(?<!\\d)\\d{3}\\.?(b)', '(?<!\\d)\\d{3}\\.?(a)']
    """  # noqa: E501
    for match in _LOOK.finditer(value):
        yield value[: match.start()] + value[match.end() :]
    for match in _REPEAT.finditer(value):
        for number in (int(match[0]) + 1, max(int(match[0]) - 1, 0)):
            yield f"{value[: match.start()]}{number}{value[match.end() :]}"
    for match in _OPTION.finditer(value):
        yield value[: match.end() - 1] + value[match.end() :]
    for match in _CHOICE.finditer(value):
        choices = match[1].split("|")
        for place in range(len(choices)):
            remaining = "|".join([*choices[:place], *choices[place + 1 :]])
            yield value[: match.start(1)] + remaining + value[match.end(1) :]


def _with(node: _Node, **fields: object) -> _Node:
    changed = copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
