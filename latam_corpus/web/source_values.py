"""Read and change the values of a collection's source file; comments and other keys are kept."""

from __future__ import annotations

import json
import tomllib
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import tomlkit
from pydantic import RootModel
from tomlkit.exceptions import TOMLKitError

from latam_corpus.config.toml_model import parse_toml, read_toml
from latam_corpus.config.toml_text import toml_text
from latam_corpus.errors import ConfigError
from latam_corpus.web.sources import read_source, replace_source
from latam_corpus.web.workspace import source_file, write_source

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from latam_corpus.web.models import Collection


class _Table(RootModel[dict[str, Any]]):
    """Any TOML."""


def source_values(collection: Collection) -> dict[str, Any]:
    """Return the values of a collection's source file; if it isn't valid TOML, only id, title and holder."""
    try:
        return _parsed(_text(collection))
    except ConfigError:
        return {"id": collection.slug, "title": collection.title, "holder": collection.custodian}


def _text(collection: Collection) -> str:
    write_source(collection)
    return read_toml(source_file(collection), "source")


def _parsed(text: str) -> dict[str, Any]:
    return parse_toml(text, _Table, "source.toml").root


def stated(values: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted key, or None."""
    value: Any = values
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def change_source(collection: Collection, changes: Mapping[str, Any]) -> tuple[str, str]:
    """Change values of a collection's source file; keep its other keys, and its comments.

    `changes` has new values by dotted key; None or an empty value removes the key, and its table if that is then empty.
    Comments inside a changed list are lost, and all comments if tomlkit can't make the change. The result is the
    SHA-256, in hex, of the file before and after it.

    Raises:
        ConfigError: the file isn't valid TOML, and saving would lose its content.
    """
    text = _text(collection)
    former = _parsed(text)
    values = deepcopy(former)
    for key, value in changes.items():
        _put(values, key, value)
    digest = read_source(collection)[1]
    return digest, digest if _is_same(values, former) else replace_source(collection, _edited(text, values))


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    """Store the value of a dotted key; if it is None or empty, remove the key, and its table if that is then empty."""
    name, dot, inner_key = key.partition(".")
    if dot:
        child = table.get(name)
        table[name] = child if isinstance(child, dict) else {}
        _put(table[name], inner_key, value)
        is_kept = bool(table[name])
    else:
        table[name] = value
        is_kept = value is not None and value not in ("", [], ())
    if not is_kept:
        del table[name]


def _is_same(value: Any, other: Any) -> bool:
    """Return whether two TOML values are written alike; to Python, true, 1 and 1.0 are equal."""
    written, other_written = (
        json.dumps(each, sort_keys=True, default=lambda day: {type(day).__name__.lower(): str(day)})
        for each in (value, other)
    )
    return written == other_written


def _edited(text: str, values: Mapping[str, Any]) -> str:
    """Return the text of a TOML file with these values; if possible, keep its comments and order."""
    try:
        document = tomlkit.parse(text)
        _assign(document, values)
        edited = tomlkit.dumps(document)
        is_right = _is_same(tomllib.loads(edited), values)
    except (LookupError, ValueError, RecursionError, TOMLKitError):
        is_right = False
    # tomlkit can't change some tables that are written in several places; keeping the values matters more than
    # comments.
    return edited if is_right else toml_text(values)


def _assign(table: MutableMapping[str, Any], values: Mapping[str, Any]) -> None:
    """Assign values to a table; leave equal ones as they are written."""
    for key in [key for key in table if key not in values]:
        del table[key]
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(table.get(key), dict):
            _assign(table[key], value)
        elif not _is_same(table.get(key), value):
            table[key] = value
