"""Extract messages as Babel does, and the help of commands that tables don't list: their functions' docstrings.

`tests/babel.cfg` names it to `make messages`, and `test_messages.py` to its own extraction.
"""

from __future__ import annotations

import ast
import io
import re
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from babel.messages.extract import extract_python

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PACKAGE: Final = Path(__file__).resolve().parent.parent / "latam_corpus"
FORMS: Final = ("**/cli/**.py", "**/commands/**.py")  # of the files with commands
_REGISTERED: Final = re.compile(r"\.command\([^)]*\)\(([a-z]\w*)\)")


def extract(file: IO[bytes], keywords: Any, tags: Collection[str], options: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the messages of a module with commands: line, function, message and comments, as Babel asks for them."""
    source = file.read()
    yield from extract_python(io.BytesIO(source), keywords, tags, options)
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and (_is_decorated(node) or node.name in _registered()):
            help_ = ast.get_docstring(node, clean=False)
            if help_:
                yield node.lineno, "_", cleandoc(help_), []


def _is_decorated(node: ast.FunctionDef) -> bool:
    """Whether it is a command whose decorator gives no other help."""
    calls = [
        one for one in node.decorator_list if isinstance(one, ast.Call) and getattr(one.func, "attr", "") == "command"
    ]
    return not node.name.startswith("_") and any(
        all(argument.arg != "help" for argument in call.keywords) for call in calls
    )


@cache
def _registered() -> frozenset[str]:
    """The functions that apps register as commands; tables of commands state their help themselves."""
    texts = [path.read_text("utf-8") for path in PACKAGE.rglob("*.py")]
    named = {name for text in texts for name in _REGISTERED.findall(text)}
    return frozenset(named | {"version"})  # that of the whole
