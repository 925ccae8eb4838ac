"""Read spreadsheets of LibreOffice (ODS) as rows of text; formulas are never computed, and links never followed."""

from __future__ import annotations

import io
import zipfile
from itertools import islice
from typing import TYPE_CHECKING, Final

from lxml import etree

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.text.markup.xml_tree import attribute, name_of, tree_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BYTES: Final = 64 * 2**20
_MOST_COLUMNS: Final = 1000
_MOST_ROWS: Final = 2**20
_DAY: Final = 10  # number of characters of a date


def ods_rows(where: str, data: bytes) -> list[list[str]]:
    """Return the rows of the first sheet that isn't empty; a merged cell is repeated in every cell that it covers.

    Raises:
        ConfigError: it isn't an ODS spreadsheet, or unpacks to too many bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            is_large = packed.getinfo("content.xml").file_size > _MOST_BYTES
            root = None if is_large else tree_of(packed.read("content.xml"))
    except (zipfile.BadZipFile, KeyError, OSError, etree.XMLSyntaxError) as error:
        problem = _("it isn't a workbook ({error})", error=error)
        raise ConfigError(where, problem, _("save it again as .xlsx, or as CSV")) from None
    if root is None:
        problem = _("it is too large for a sheet of sources when unpacked")
        raise ConfigError(where, problem, _("cut it into several sheets"))
    for sheet in root.iter("{*}table"):
        rows = list(islice(_rows(sheet), _MOST_ROWS))
        if any(map(any, rows)):
            width = max(max((place for place, text in enumerate(row, 1) if text), default=0) for row in rows)
            return [[*row[:width], *[""] * (width - len(row))] for row in rows if any(row)]
    return []


def _rows(sheet: etree._Element) -> Iterator[list[str]]:
    covering: dict[int, tuple[int, str]] = {}  # by column: the number of further rows that a cell covers, and its text
    for row in sheet.iter("{*}table-row"):
        texts: list[str] = []
        spans: dict[int, tuple[int, str]] = {}
        for cell in row:
            kind = name_of(cell)
            if kind not in {"table-cell", "covered-table-cell"}:
                continue
            times = min(int(attribute(cell, "number-columns-repeated") or 1), _MOST_COLUMNS - len(texts))
            for _time in range(times):
                place = len(texts)
                rows_left, covered = covering.get(place, (0, ""))
                if kind == "covered-table-cell" and (rows_left or place in spans):
                    texts.append(spans[place][1] if place in spans else covered)
                    continue
                texts.append(text := _text(cell))
                wide = int(attribute(cell, "number-columns-spanned") or 1)
                high = int(attribute(cell, "number-rows-spanned") or 1)
                if wide > 1 or high > 1:
                    spans |= {place + more: (high, text) for more in range(min(wide, _MOST_COLUMNS))}
        for _time in range(min(int(attribute(row, "number-rows-repeated") or 1), 1 if not any(texts) else _MOST_ROWS)):
            yield list(texts)
        covering = {place: (left - 1, text) for place, (left, text) in (covering | spans).items() if left > 1}


def _text(cell: etree._Element) -> str:
    """Return the visible text of a cell; for a date, the day in ISO 8601."""
    day = attribute(cell, "date-value")
    if day:
        return day[:_DAY] if day[_DAY:] in {"", "T00:00:00"} else day
    return "\n".join(words(line) for line in cell.iterchildren("{*}p"))
