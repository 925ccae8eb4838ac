"""A TOML file as a checked value: whatever is wrong in it becomes one ConfigError that says where, what and how."""

from __future__ import annotations

import re
import tomllib
import types
import typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from latam_corpus.errors import ConfigError, closest, nearest, one_of
from latam_corpus.messages import Message, _

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


@dataclass(frozen=True)
class Mistake:
    """Something wrong in a TOML file, in no language yet.

    Attributes:
        kind: `syntax` (no TOML), `unknown` or `missing` (a key), `refused` (by a validator of the model), `choice`
            (none of the words allowed), or pydantic's own type of error.
        line: from 1; None when it isn't written plainly.
        key: dotted, as in the file; empty for the file as a whole.
        given: the value.
        known: the keys or words that are allowed.
        raised: what the validator or the TOML reader raised.
        told: pydantic's words, in English.
        bound: what pydantic compared the value with, such as `{"gt": 0}`.
    """

    kind: str
    line: int | None
    key: str
    given: object = None
    known: tuple[str, ...] = ()
    raised: Exception | None = None
    told: str = ""
    bound: Mapping[str, Any] = field(default_factory=dict)


def load_toml(path: Path, model: type[M], what: str) -> M:
    """The file's content as the model.

    Args:
        path: the TOML file.
        model: a pydantic model; fields it doesn't have are errors when it says `extra="forbid"`.
        what: what the file is, for the message, such as "source".

    Raises:
        ConfigError: the file is missing, isn't TOML, or says what the model doesn't allow.
    """
    return parse_toml(read_toml(path, what), model, str(path))


def read_toml(path: Path, what: str) -> str:
    """The file's text.

    Raises:
        ConfigError: it is missing or isn't text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark
    except FileNotFoundError:
        problem = _("there is no such source file") if what == "source" else f"there is no such {what} file"
        raise ConfigError(str(path), problem, _("check the path")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"the {what} file can't be read: {error}", "TOML is UTF-8 text") from None


def parse_toml(text: str, model: type[M], name: str) -> M:
    """The TOML text as the model; `name` stands for the file in messages.

    Raises:
        ConfigError: with the line, the key, the problem and the closest allowed word.
    """
    found = checked_toml(text, model)
    if isinstance(found, model):
        return found
    assert isinstance(found, list)  # noqa: S101  (the model or what is wrong)
    raise _config_error(found[0], name)


def checked_toml(text: str, model: type[M]) -> M | list[Mistake]:
    """The TOML text as the model, or everything that is wrong with it, in the order of pydantic's checks."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        return [Mistake("syntax", int(at[1]) if at else None, "", raised=error)]
    except RecursionError:
        return [Mistake("syntax", None, "", raised=ValueError("its lists or tables are nested too deeply"))]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        return [_mistake(one, text, model) for one in error.errors(include_url=False)]


def _mistake(error: ErrorDetails, text: str, model: type[BaseModel]) -> Mistake:
    # A union names the member that failed inside the path; the author's file has no such key.
    loc = tuple(part for part in error["loc"] if not (isinstance(part, str) and "[" in part))
    context = error.get("ctx", {})
    line = line_of(text, loc[:-1] if error["type"] == "missing" else loc)
    key = ".".join(str(part) for part in loc)
    if error["type"] == "extra_forbidden":
        return Mistake("unknown", line, key, error["input"], tuple(_fields_at(model, loc[:-1])))
    if error["type"] == "missing":
        return Mistake("missing", line, key)
    if error["type"] == "value_error":
        return Mistake("refused", line, key, error["input"], raised=context.get("error"))
    known: tuple[str, ...] = ()
    if error["type"] == "literal_error":
        known = tuple(re.findall(r"'([^']*)'", context["expected"]))
    kind = "choice" if known else error["type"]
    return Mistake(kind, line, key, error["input"], known, told=error["msg"], bound=context)


def _config_error(mistake: Mistake, name: str) -> ConfigError:
    if mistake.kind == "syntax":
        return ConfigError(name, f"not TOML: {mistake.raised}", "texts stand in quotes, lists in brackets")
    place = f"{name}, line {mistake.line}" if mistake.line else name
    key, last = mistake.key, mistake.key.rpartition(".")[2]
    if mistake.kind == "unknown":
        return ConfigError(place, f"unknown key «{key}»", closest(last, mistake.known))
    if mistake.kind == "missing":
        return ConfigError(place, f"the key «{key}» is missing", f"add «{last} = …»")
    if mistake.kind == "refused":
        problem, _, remedy = str(mistake.raised).partition("; ")
        return ConfigError(place, f"«{key}»: {problem}" if key else problem, remedy)
    given = shown(mistake.given)
    if mistake.kind == "choice":
        return ConfigError(place, f"«{key}» may not be {given}", _choices(mistake.given, mistake.known))
    wanted = _WANTED.get(mistake.kind)
    remedy = f"it must be {wanted}" if wanted else mistake.told[:1].lower() + mistake.told[1:]
    return ConfigError(place, f"«{key}» is {given}", remedy)


def _choices(given: object, allowed: Sequence[str]) -> str | Message:
    """The closest allowed word, and all of them."""
    near = nearest(str(given), allowed)
    return f"did you mean «{near}»? Allowed: {', '.join(allowed)}" if near else one_of(allowed)


def shown(value: object) -> str:
    """The value as Python writes it, cut to a line's worth."""
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
