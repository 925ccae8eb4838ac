"""Read lists of document ids from users: one per line, or a CSV with a column `doc_id`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COLUMN: Final = "doc_id"


def listed_ids(file: Path) -> dict[str, int]:
    """Return the ids in a file, each with the number of the first line that contains it.

    Blank lines, lines that begin with `#` and text after ` #` are ignored.

    Raises:
        ConfigError: the file can't be read, has no id, or has a line that is not an id.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        remedy = _("name a file with one id per line")
        raise ConfigError(str(file), _("it can't be read: {cause}", cause=cause_of(error)), remedy) from None
    except UnicodeDecodeError:
        raise ConfigError(str(file), _("it isn't a text in UTF-8"), _("save it as plain text in UTF-8")) from None
    ids: dict[str, int] = {}
    for line, value in _values(text, file):
        ids.setdefault(value, line)
    if not ids:
        raise ConfigError(str(file), _("it names no document"), _("write one id per line"))
    return ids


def _values(text: str, file: Path) -> Iterator[tuple[int, str]]:
    lines = [line.partition(" #")[0].strip() for line in text.splitlines()]
    used_lines = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
    head = used_lines[0][1] if used_lines else ""
    delimiter = max("\t;,", key=head.count)
    columns = [name.strip() for name in next(csv.reader([head], delimiter=delimiter), [])]
    if _COLUMN in columns:
        yield from _column(text, file, delimiter, columns.index(_COLUMN), used_lines[0][0])
        return
    for number, line in used_lines:
        if any(mark in line for mark in ("\t", ";", ",", " ")):
            place = _("{file}, line {line}", file=file, line=number)
            remedy = _("write one id per line, or a CSV with a column {name}", name=_COLUMN)
            raise ConfigError(place, _("«{line}» isn't a document's id", line=line[:80]), remedy)
        yield number, line.strip('"')


def _column(text: str, file: Path, delimiter: str, index: int, head: int) -> Iterator[tuple[int, str]]:
    """Yield the ids in a column of a CSV with their line numbers; the header is in line `head`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    end = 0  # the last line of the previous row
    try:
        for row in reader:
            line, end = end + 1, reader.line_num
            cells = [cell.strip() for cell in row]
            if line <= head or not any(cells) or cells[0].startswith("#"):
                continue
            value = cells[index] if index < len(cells) else ""
            if not value:
                problem = _("the row has no {name}", name=_COLUMN)
                raise ConfigError(
                    _("{file}, line {line}", file=file, line=line), problem, _("write it, or remove the row")
                )
            yield line, value
    except csv.Error as error:
        where = _("{file}, line {line}", file=file, line=reader.line_num)
        raise ConfigError(where, _("the row can't be read: {cause}", cause=error)) from None
