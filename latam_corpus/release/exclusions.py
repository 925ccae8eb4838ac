"""Lists of documents that readers leave out, such as those that hold lines of an evaluation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.messages import Message

_DOC_ID: Final = re.compile("[0-9a-f]{32}")


def excluded_ids(files: Sequence[str | Path]) -> frozenset[str]:
    """Return the ids of documents in lists of them: a line each, or JSON lines with `doc_id`.

    Raises:
        ConfigError: a list can't be read, or has a line that is no id.
    """
    ids = set()
    for file in map(Path, files):
        try:
            with file.open(encoding="utf-8-sig") as opened:
                lines = list(opened)
        except (OSError, UnicodeDecodeError) as error:
            remedy = _("name a file with an id a line")
            raise ConfigError(str(file), _("it can't be read: {cause}", cause=error), remedy) from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                ids.add(_id_in(line.strip(), _("{file}, line {line}", file=file, line=number)))
    return frozenset(ids)


def _id_in(line: str, place: Message) -> str:
    value = line
    if line.startswith("{"):
        try:
            value = json.loads(line)["doc_id"]
        except (ValueError, KeyError, RecursionError):
            value = ""
    if not isinstance(value, str) or not _DOC_ID.fullmatch(value):
        raise ConfigError(place, _("this is no document's id"), _("write 32 hex digits a line, or JSON with doc_id"))
    return value
