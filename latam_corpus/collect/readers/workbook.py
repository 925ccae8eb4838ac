"""Read workbooks (XLSX) as rows of text with openpyxl; formulas are never computed, and links never followed."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from datetime import date
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from latam_corpus.collect.readers.header_row import WITHIN, AmbiguousHeaderError, header_place
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# The maximum number of unpacked bytes. Sheets unpack to 5 to 40 times their size; for a bomb, openpyxl needs about 30
# times its unpacked bytes of memory.
_MOST_BYTES: Final = 128 * 2**20
_MOST_RATIO: Final = 100
_RATIO_FROM: Final = 16 * 2**20
_MOST_COLUMNS: Final = 2**14  # the limit of spreadsheet programs
_MOST_ROWS: Final = 2**20  # the limit of spreadsheet programs
# The errors that openpyxl raises for a broken file.
BROKEN: Final = (zipfile.BadZipFile, OSError, SyntaxError, LookupError, ValueError, TypeError, AttributeError)
# The errors that a spreadsheet program shows for a formula without a value.
_ERRORS: Final = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
# A formula whose value was never computed, as written by programs that aren't spreadsheet programs.
_UNCOMPUTED: Final = re.compile(rb"(?:</f>|<f[^>]*/>)\s*(?:<v\s*/>|<v>\s*</v>|</c>)")
# Written by programs that aren't spreadsheet programs and that may write 0 as each formula's value.
_COMPUTED_ON_LOAD: Final = re.compile(rb"<(?:\w+:)?calcPr\s[^>]{0,300}?fullCalcOnLoad=[\"'](?:1|true)[\"']")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s>/]")
_ROW: Final = re.compile(rb"<(?:\w+:)?row[\s/>]")
_CELL: Final = re.compile(rb"<(?:\w+:)?c[\s/>]")
_BOOK: Final = "xl/workbook.xml"
# Merged cells are listed after the rows; openpyxl doesn't read that list when it reads row by row.
_MERGED: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]{0,200}?\bref=[\"']([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})[\"']"
)


class Merged(NamedTuple):
    """A range of merged cells: its first and last column and row, counted from one, as in openpyxl."""

    min_col: int
    min_row: int
    max_col: int
    max_row: int


class Table(NamedTuple):
    """A sheet of a workbook.

    Attributes:
        heads: the cells of the header, which is the first row that isn't empty, or the row below a title.
        rows: the rows below the header that aren't empty, each with its number and its cells by head.
        header_row: the row of the header.
    """

    title: str
    heads: tuple[str, ...]
    rows: Iterator[tuple[int, dict[str, str]]]
    header_row: int


def openpyxl_for(where: str) -> Any:
    """Import the package openpyxl.

    Raises:
        ConfigError: it isn't installed.
    """
    try:
        import openpyxl  # an optional dependency
    except ImportError:
        remedy = _("pip install 'latam-corpus[sheets]', or use CSV")
        raise ConfigError(where, _("workbooks need the package openpyxl"), remedy) from None
    return openpyxl


def opened(where: str, data: bytes, most_bytes: int = _MOST_BYTES, **options: bool) -> Any:
    """Open a workbook.

    `most_bytes` bounds the unpacked bytes; `options` are those of openpyxl's `load_workbook`.

    Raises:
        ConfigError: openpyxl isn't installed, the file isn't a workbook, or it unpacks to too many bytes.
    """
    openpyxl = openpyxl_for(where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(member.file_size for member in packed.infolist())
        if size <= min(most_bytes, max(_RATIO_FROM, _MOST_RATIO * len(data))):
            return openpyxl.load_workbook(io.BytesIO(data), **options)
    except BROKEN as error:
        raise _broken(where, error) from None
    raise ConfigError(where, _("it is too large for a sheet of sources when unpacked"), _("cut it into several sheets"))


def _broken(where: str, error: Exception) -> ConfigError:
    problem = _("it isn't a workbook ({error})", error=error)
    return ConfigError(where, problem, _("save it again as .xlsx, or as CSV"))


def tables(where: str, data: bytes, is_head: Callable[[str], bool]) -> Iterator[Table]:
    """Yield the sheets of a workbook that aren't empty.

    `is_head` tells whether a cell is the head of a required column.

    Raises:
        ConfigError: openpyxl isn't installed; the file isn't a workbook or is much too large; two rows look like the
            header; a row has too many cells; a formula was never computed or has an error; or, while the rows are
            read, a cell is in a column without a head.
    """
    book = opened(where, data, read_only=True, data_only=True, keep_links=False)
    _refuse_wide(where, data)
    _refuse_uncomputed(where, data)
    for sheet in book.worksheets:
        place = f"{where}, «{sheet.title}»"
        rows = _cells(place, sheet)
        first_rows = list(islice(rows, WITHIN))
        if first_rows:
            number, heads, below = _below_heads(place, first_rows, is_head)
            filled = with_merged(chain(below, rows), _merged(place, data, sheet), len(heads))
            yield Table(sheet.title, heads, _by_head(place, heads, filled), number)


def _below_heads(
    where: str, first_rows: Sequence[tuple[int, list[str]]], is_head: Callable[[str], bool]
) -> tuple[int, tuple[str, ...], Sequence[tuple[int, list[str]]]]:
    """Return the number of the header row, the heads, and the rows below them."""
    try:
        place = header_place([texts for _number, texts in first_rows], is_head)
    except AmbiguousHeaderError as error:
        above, below = (first_rows[index][0] for index in error.rows)
        problem = _("row {above} and row {below} both look like the header", above=above, below=below)
        raise ConfigError(where, problem, _("keep one of them, and delete the rows above it")) from None
    number, heads = first_rows[place]
    return number, tuple(heads), first_rows[place + 1 :]


def _merged(place: str, data: bytes, sheet: Any) -> list[Merged]:
    range_boundaries = openpyxl_for(place).utils.range_boundaries
    member = sheet._worksheet_path  # noqa: SLF001  (openpyxl has no other name for it)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        refs = {ref.decode() for block in _overlapping(packed, member) for ref in _MERGED.findall(block)}
    return [Merged(*range_boundaries(ref)) for ref in refs]


def with_merged(
    rows: Iterable[tuple[int, Sequence[str]]], merged: Iterable[Merged], width: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows, with the text of each merged cell in all cells that it covers, up to the table's width.

    A sheet stores the text of merged cells only in the first of them. A merged cell that starts above the first row is
    ignored.

    >>> list(with_merged([(2, ["uno.txt", "Rosa"]), (3, ["dos.txt"])], [Merged(2, 2, 2, 3)], 2))
    [(2, ['uno.txt', 'Rosa']), (3, ['dos.txt', 'Rosa'])]
    """
    starting: dict[int, list[Merged]] = {}
    for cells in merged:
        starting.setdefault(cells.min_row, []).append(cells)
    covering: dict[int, tuple[int, str]] = {}  # by column: the last row that is covered, and the text
    for number, texts in rows:
        filled = [*texts, *[""] * (width - len(texts))]
        for cells in starting.get(number, ()):
            text = filled[cells.min_col - 1] if cells.min_col <= len(filled) else ""
            if text:
                covering |= dict.fromkeys(range(cells.min_col - 1, min(cells.max_col, width)), (cells.max_row, text))
        for column, (last, text) in covering.items():
            if number <= last and any(texts):  # an empty row remains empty
                filled[column] = text
        yield number, filled


def _cells(where: str, sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that aren't empty, each with its number."""
    try:
        # A sheet may state no size, or a wrong one that would cut off rows and columns.
        sheet.reset_dimensions()
        for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > _MOST_ROWS:
                problem = _("it has more than {n} rows", n=_MOST_ROWS)
                raise ConfigError(where, problem, _("cut it into several sheets"))
            texts = [as_cell(value).strip() for value in values]
            for column, text in enumerate(texts):
                if text in _ERRORS:
                    problem = _("the formula in {cell} has an error ({error})", cell=_name(number, column), error=text)
                    raise ConfigError(where, problem, _("correct it in a spreadsheet program, and save it again"))
            if any(texts):
                yield number, texts
    except BROKEN as error:
        raise _broken(where, error) from None


def _by_head(
    where: str, heads: tuple[str, ...], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, dict[str, str]]]:
    counts = Counter(heads)
    for number, texts in rows:
        for column, text in enumerate(texts):
            if text and not "".join(heads[column : column + 1]):
                problem = _("«{text}» in {cell} is in a column without a head", text=text, cell=_name(number, column))
                raise ConfigError(where, problem, _("give the column a head, or empty the cell"))
        filled = [*texts, *[""] * (len(heads) - len(texts))]
        yield number, {head: text for head, text in zip(heads, filled, strict=False) if head and counts[head] == 1}


def _name(number: int, column: int) -> str:
    """Return the name of a cell, as spreadsheet programs show it.

    >>> _name(7, 0), _name(7, 27)
    ('A7', 'AB7')
    """
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column + 1)}{number}"


def _refuse_wide(where: str, data: bytes) -> None:
    """Raise if a row has more cells than any program writes, since openpyxl keeps all cells of a row in memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                cells = 0
                for block in _blocks(packed, name) if name.startswith("xl/worksheets/") else ():
                    first, *rows = _ROW.split(block)
                    counts = [cells + len(_CELL.findall(first)), *(len(_CELL.findall(row)) for row in rows)]
                    cells = counts[-1]
                    if max(counts) > _MOST_COLUMNS:
                        problem = _("a row has more than {n} cells ({sheet})", n=_MOST_COLUMNS, sheet=name)
                        raise ConfigError(where, problem, _("save it again as .xlsx, or as CSV"))
    except BROKEN as error:
        raise _broken(where, error) from None


def _refuse_uncomputed(where: str, data: bytes) -> None:
    """Raise if the workbook has formulas that no spreadsheet program has computed: their cells would be empty."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = packed.namelist()
        written_by_program = _BOOK in names and _COMPUTED_ON_LOAD.search(packed.read(_BOOK))
        uncomputed = _FORMULA if written_by_program else _UNCOMPUTED
        for name in names:
            if name.startswith("xl/worksheets/") and any(map(uncomputed.search, _overlapping(packed, name))):
                problem = _("it has formulas without a value ({sheet})", sheet=name.rpartition("/")[2])
                raise ConfigError(where, problem, _("open it in a spreadsheet program, and save it again"))


def _overlapping(packed: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a member's bytes in blocks, each preceded by the end of the previous one."""
    end = b""
    for block in _blocks(packed, name):
        yield end + block
        end = block[-256:]


def _blocks(packed: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with packed.open(name) as stream:
        while block := stream.read(2**20):
            yield block


def as_cell(value: Any) -> str:
    """Return a value of a sheet as the text that a person sees.

    >>> as_cell(date(2031, 12, 31)), as_cell(7.0), as_cell(None)
    ('2031-12-31', '7', '')
    """
    if value is None:
        return ""
    if isinstance(value, date):  # `datetime` is a subclass
        return value.isoformat()[:10]
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
