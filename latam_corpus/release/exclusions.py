"""Lists of documents that readers leave out, such as those that hold lines of an evaluation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOC_ID: Final = re.compile("[0-9a-f]{32}")


def excluded_ids(files: Sequence[str | Path]) -> frozenset[str]:
    """Return the ids of documents in lists of them: a line each, or JSON lines with `doc_id`.

    Raises:
        ConfigError: a list can't be read, or has a line that is no id.
    """
    found = set()
    for file in map(Path, files):
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(str(file), f"the list can't be read: {error}", "name a file with an id a line") from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                found.add(_id_in(line.strip(), f"{file}, line {number}"))
    return frozenset(found)


def _id_in(line: str, place: str) -> str:
    value = line
    if line.startswith("{"):
        try:
            value = json.loads(line)["doc_id"]
        except (ValueError, KeyError):
            value = ""
    if not isinstance(value, str) or not _DOC_ID.fullmatch(value):
        raise ConfigError(place, "this is no document's id", "write 32 hex digits a line, or JSON with doc_id")
    return value
