"""A TOML file as a checked value: whatever is wrong in it becomes one ConfigError that says where, what and how."""

from __future__ import annotations

import re
import tomllib
import types
import typing
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from latam_corpus.errors import ConfigError, closest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)

# Pydantic's words for what a TOML author must write.
_WANTED = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list in brackets",
    "list_type": "a list in brackets",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "date_type": "a date such as 2027-01-31",
    "date_from_datetime_parsing": "a date such as 2027-01-31",
    "date_from_datetime_inexact": "a date such as 2027-01-31",
}


def load_toml(path: Path, model: type[M], what: str) -> M:
    """The file's content as the model.

    Args:
        path: the TOML file.
        model: a pydantic model; fields it doesn't have are errors when it says `extra="forbid"`.
        what: what the file is, for the message, such as "source".

    Raises:
        ConfigError: the file is missing, isn't TOML, or says what the model doesn't allow.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark
    except FileNotFoundError:
        raise ConfigError(str(path), f"there is no such {what} file", "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"the {what} file can't be read: {error}", "TOML is UTF-8 text") from None
    return parse_toml(text, model, str(path))


def parse_toml(text: str, model: type[M], name: str) -> M:
    """The TOML text as the model; `name` stands for the file in messages.

    Raises:
        ConfigError: with the line, the key, the problem and the closest allowed word.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, f"not TOML: {error}", "texts stand in quotes, lists in brackets") from None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _config_error(error.errors(include_url=False)[0], values, text, model, name) from None


def _config_error(
    error: ErrorDetails, values: Mapping[str, Any], text: str, model: type[BaseModel], name: str
) -> ConfigError:
    # A union names the member that failed inside the path; the author's file has no such key.
    loc = tuple(part for part in error["loc"] if not (isinstance(part, str) and "[" in part))
    missing = error["type"] == "missing"
    line = line_of(text, loc[:-1] if missing else loc)
    place = f"{name}, line {line}" if line else name
    key = ".".join(str(part) for part in loc)
    if error["type"] == "extra_forbidden":
        return ConfigError(place, f"unknown key «{key}»", closest(str(loc[-1]), _fields_at(model, loc[:-1])))
    if missing:
        return ConfigError(place, f"the key «{key}» is missing", f"add «{loc[-1]} = …»")
    if error["type"] == "value_error":
        raised = error.get("ctx", {}).get("error")
        problem, _, remedy = str(raised).partition("; ")
        return ConfigError(place, f"«{key}»: {problem}" if key else problem, remedy)
    given = f"{_shown(error['input'])}"
    if error["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        return ConfigError(place, f"«{key}» may not be {given}", _choices(error["input"], allowed))
    wanted = _WANTED.get(error["type"])
    if wanted:
        return ConfigError(place, f"«{key}» is {given}", f"it must be {wanted}")
    del values
    return ConfigError(place, f"«{key}» is {given}", error["msg"][:1].lower() + error["msg"][1:])


def _choices(given: object, allowed: Sequence[str]) -> str:
    """The closest allowed word, and all of them."""
    near = closest(str(given), allowed)
    listed = "choose one of: " + ", ".join(allowed)
    return listed if near.startswith("choose") else f"{near} Allowed: " + ", ".join(allowed)


def _shown(value: object) -> str:
    told = repr(value)
    return told if len(told) <= 60 else told[:57] + "…"  # noqa: PLR2004  (a line's worth)


def _fields_at(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The fields that the model has at a place."""
    here: list[type[BaseModel]] = [model]
    for part in loc:
        if isinstance(part, int):
            continue
        inside = [
            found
            for m in here
            if part in _by_alias(m)
            for found in _models_in(m.model_fields[_by_alias(m)[part]].annotation)
        ]
        # A part that is no field is a key of a mapping, whose values are the models already found.
        here = inside if any(part in _by_alias(m) for m in here) else here
    return sorted({alias for m in here for alias in _by_alias(m)})


def _by_alias(model: type[BaseModel]) -> dict[str, str]:
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [found for part in typing.get_args(annotation) for found in _models_in(part)]


def line_of(text: str, loc: Sequence[int | str]) -> int | None:
    r"""The line, from 1, on which a key or its table stands; None when it isn't written plainly.

    >>> line_of('id = "a"\n[rights]\nbasis = "x"', ("rights", "basis"))
    3
    >>> line_of('[[texts]]\ncolumn = "a"\n[[texts]]\ncolumn = "b"', ("texts", 1, "column"))
    4
    """
    table: tuple[int | str, ...] = ()
    counts: dict[str, int] = {}
    best: tuple[int, int] | None = None  # how much of the place is matched, and the line
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line)
        key = re.match(r"""\s*(?:"([^"]+)"|'([^']+)'|([\w.-]+))\s*=""", line)
        if header:
            name = header[2].replace('"', "").replace("'", "")
            table = tuple(name.split("."))
            if header[1] == "[[":
                table = (*table, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
            here: tuple[int | str, ...] = table
        elif key:
            dotted = (key[1] or key[2],) if key[1] or key[2] else tuple(key[3].split("."))
            here = (*table, *dotted)
        else:
            continue
        if here and here == tuple(loc[: len(here)]) and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None
