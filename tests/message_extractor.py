"""Extract messages as Babel does, and those that docstrings hold: the help of commands, the keys of files and options.

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

from latam_corpus import errors
from latam_corpus.cli.interface.ui_language import speak
from latam_corpus.cli.reading import reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PACKAGE: Final = Path(__file__).resolve().parent.parent / "latam_corpus"
_REGISTERED: Final = re.compile(r"\.command\([^)]*\)\(([a-z]\w*)\)")


def extract(file: IO[bytes], keywords: Any, tags: Collection[str], options: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the messages of a module: line, function, message and comments, as Babel asks for them."""
    source = file.read()
    if b"from django.utils.translation import" in source:  # its sentences are in the desk's own catalogues
        return
    yield from extract_python(io.BytesIO(source), keywords, tags, options)
    is_of_commands = {"cli", "commands"}.intersection(Path(file.name).parts)
    for node in ast.parse(source).body:
        if is_of_commands and isinstance(node, ast.FunctionDef) and (_is_decorated(node) or node.name in _registered()):
            help_ = ast.get_docstring(node, clean=False)
            if help_:
                yield node.lineno, "_", cleandoc(help_), []
    if Path(file.name).name == Path(reference.__file__).name:
        for text in _of_reference():
            yield 1, "_", text, []


def _of_reference() -> Iterator[str]:
    """The descriptions that `latam-corpus help TOPIC` takes from docstrings."""
    speak("en")
    for schema in (make() for make in reference.SCHEMAS.values()):
        for model in (schema, *schema["$defs"].values()):
            described = (model, *model.get("properties", {}).values(), *_stage_entries(model))
            yield from filter(None, (node.get("description") for node in described))
    for error_class in vars(errors).values():
        if isinstance(error_class, type) and issubclass(error_class, errors.CorpusError):
            yield (error_class.__doc__ or "").partition("\n")[0]


def _stage_entries(model: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for stage in model.get("anyOf", ()):
        yield from (stage, *stage.get("properties", {}).values())


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
