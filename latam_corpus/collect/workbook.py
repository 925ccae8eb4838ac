"""Workbooks (XLSX) as rows of text, by openpyxl; formulas are never computed, links never followed."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BYTES: Final = 400 * 2**20  # unpacked
_MOST_COLUMNS: Final = 200
# What openpyxl stumbles over in a broken file.
BROKEN: Final = (zipfile.BadZipFile, OSError, SyntaxError, LookupError, ValueError, TypeError, AttributeError)


def openpyxl_for(where: str) -> Any:
    """Return the package openpyxl.

    Args:
        where: the file that needs it, for the error.

    Raises:
        ConfigError: it isn't installed.
    """
    try:
        import openpyxl  # an extra
    except ImportError:
        remedy = _("pip install 'latam-corpus[sheets]', or use CSV")
        raise ConfigError(where, _("workbooks need the package openpyxl"), remedy) from None
    return openpyxl


def first_sheet(where: str, data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a workbook's first sheet that has any, each with its number, by the heads in its first row.

    Args:
        where: its path, for errors.
        data: the file's bytes.

    Raises:
        ConfigError: openpyxl isn't installed, or it is no workbook, or a much too large one.
    """
    openpyxl = openpyxl_for(where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(one.file_size for one in packed.infolist()) > _MOST_BYTES:
                problem = _("it unpacks to more than a sheet of sources should")
                raise ConfigError(where, problem, _("cut it into several sheets"))
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            rows = sheet.iter_rows(max_col=min(sheet.max_column or 1, _MOST_COLUMNS), values_only=True)
            heads: list[str] = []
            for number, cells in enumerate(rows, 1):
                texts = [as_cell(cell).strip() for cell in cells]
                if heads and any(texts):
                    yield number, {head: text for head, text in zip(heads, texts, strict=False) if head}
                elif any(texts):
                    heads = texts
            if heads:
                return
    except BROKEN as error:
        problem = _("it is no workbook ({error})", error=error)
        raise ConfigError(where, problem, _("save it again as .xlsx, or as CSV")) from None


def as_cell(value: Any) -> str:
    """Return a value of a sheet as the text that a person sees.

    >>> as_cell(date(2031, 12, 31)), as_cell(7.0), as_cell(None)
    ('2031-12-31', '7', '')
    """
    if value is None:
        return ""
    if isinstance(value, date):  # a date with a time is one too
        return value.isoformat()[:10]
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
