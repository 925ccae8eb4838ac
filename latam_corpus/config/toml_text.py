"""Convert values to TOML, in the layout of source files."""

from __future__ import annotations

import json
import re
from datetime import date, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def toml_text(values: Mapping[str, Any]) -> str:
    """Return the text of a TOML file, with plain values first, and then each table under its name.

    >>> print(toml_text({"id": "cartas", "rights": {"uses": ["train"]}}), end="")
    id = "cartas"
    <BLANKLINE>
    [rights]
    uses = ["train"]
    """
    return "\n".join(_lines(values, "")).lstrip("\n") + "\n"


def _lines(values: Mapping[str, Any], table: str) -> Iterator[str]:
    plain = {key: value for key, value in values.items() if not isinstance(value, dict)}
    if table and (plain or not values):
        yield f"\n[{table}]"
    for key, value in plain.items():
        yield f"{_bare(key)} = {toml_value(value)}"
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _lines(value, f"{table}.{_bare(key)}" if table else _bare(key))


def toml_value(value: Any) -> str:
    """Return the value as TOML, on one line.

    >>> toml_value(["spa", "por"]), toml_value(True), toml_value({"column": "año"})
    ('["spa", "por"]', 'true', '{ column = "año" }')
    """
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_bare(key)} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str):
        # A JSON string is also a TOML string, except that TOML requires DEL to be escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value, default=str)


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else toml_value(key)
