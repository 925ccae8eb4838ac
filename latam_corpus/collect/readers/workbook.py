"""Workbooks (XLSX) as rows of text, by openpyxl; formulas are never computed, links never followed."""

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

# Unpacked. Sheets unpack to 5 to 40 times their size; openpyxl needs some 30 times as much memory as a bomb unpacks to.
_MOST_BYTES: Final = 128 * 2**20
_MOST_RATIO: Final = 100
_RATIO_FROM: Final = 16 * 2**20
_MOST_COLUMNS: Final = 2**14  # which spreadsheet programs have
_MOST_ROWS: Final = 2**20  # which spreadsheet programs have
# What openpyxl stumbles over in a broken file.
BROKEN: Final = (zipfile.BadZipFile, OSError, SyntaxError, LookupError, ValueError, TypeError, AttributeError)
# What a spreadsheet program shows where a formula has no value.
_ERRORS: Final = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
# A formula whose value was never computed, as programs that aren't spreadsheets write it.
_UNCOMPUTED: Final = re.compile(rb"(?:</f>|<f[^>]*/>)\s*(?:<v\s*/>|<v>\s*</v>|</c>)")
# Programs that aren't spreadsheets ask for this, and may write 0 as each formula's value; spreadsheets leave it out.
_COMPUTED_ON_LOAD: Final = re.compile(rb"<(?:\w+:)?calcPr\s[^>]{0,300}?fullCalcOnLoad=[\"'](?:1|true)[\"']")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s>/]")
_ROW: Final = re.compile(rb"<(?:\w+:)?row[\s/>]")
_CELL: Final = re.compile(rb"<(?:\w+:)?c[\s/>]")
_BOOK: Final = "xl/workbook.xml"
# Merged cells stand below the rows, where openpyxl doesn't look as long as it reads row by row.
_MERGED: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]{0,200}?\bref=[\"']([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})[\"']"
)


class Merged(NamedTuple):
    """Cells that a reader sees as one: their first and last column and row, counted from one, as openpyxl does."""

    min_col: int
    min_row: int
    max_col: int
    max_row: int


class Table(NamedTuple):
    """A sheet of a workbook.

    Attributes:
        title: of the sheet.
        heads: the cells of its first row that has any, or of the one below a title.
        rows: those below that have any, each with its number, as cells by head.
        header_row: the row with the heads.
    """

    title: str
    heads: tuple[str, ...]
    rows: Iterator[tuple[int, dict[str, str]]]
    header_row: int


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


def opened(where: str, data: bytes, most_bytes: int = _MOST_BYTES, **options: bool) -> Any:
    """Return the workbook.

    Args:
        where: its path, for errors.
        data: the file's bytes.
        most_bytes: to which it may unpack.
        options: of openpyxl's `load_workbook`.

    Raises:
        ConfigError: openpyxl isn't installed, or it is no workbook, or unpacks to more.
    """
    openpyxl = openpyxl_for(where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(one.file_size for one in packed.infolist())
        if size <= min(most_bytes, max(_RATIO_FROM, _MOST_RATIO * len(data))):
            return openpyxl.load_workbook(io.BytesIO(data), **options)
    except BROKEN as error:
        raise _broken(where, error) from None
    raise ConfigError(where, _("it unpacks to more than a sheet of sources should"), _("cut it into several sheets"))


def _broken(where: str, error: Exception) -> ConfigError:
    problem = _("it is no workbook ({error})", error=error)
    return ConfigError(where, problem, _("save it again as .xlsx, or as CSV"))


def tables(where: str, data: bytes, is_head: Callable[[str], bool]) -> Iterator[Table]:
    """Yield the sheets of a workbook that have any cell.

    Args:
        where: its path, for errors.
        data: the file's bytes.
        is_head: whether a cell is the head of a column that the sheet can't be without.

    Raises:
        ConfigError: openpyxl isn't installed; it is no workbook, or a much too large one; two rows look like the heads;
            a row has too many cells; a formula in it was never computed, or came to nothing; or, with the rows, a cell
            stands under no head.
    """
    book = opened(where, data, read_only=True, data_only=True, keep_links=False)
    _refuse_wide(where, data)
    _refuse_uncomputed(where, data)
    for sheet in book.worksheets:
        place = f"{where}, «{sheet.title}»"
        rows = _cells(place, sheet)
        first = list(islice(rows, WITHIN))
        if first:
            number, named, below = _below_heads(place, first, is_head)
            filled = with_merged(chain(below, rows), _merged(data, sheet), len(named))
            yield Table(sheet.title, named, _by_head(place, named, filled), number)


def _below_heads(
    where: str, first: Sequence[tuple[int, list[str]]], is_head: Callable[[str], bool]
) -> tuple[int, tuple[str, ...], Sequence[tuple[int, list[str]]]]:
    """Return the number of the row of heads, the heads, and the rows below them."""
    try:
        place = header_place([texts for _number, texts in first], is_head)
    except AmbiguousHeaderError as error:
        above, below = (first[one][0] for one in error.rows)
        problem = _("row {above} and row {below} both look like the heads of its columns", above=above, below=below)
        raise ConfigError(where, problem, _("leave one of the two, and delete the rows above it")) from None
    number, heads = first[place]
    return number, tuple(heads), first[place + 1 :]


def _merged(data: bytes, sheet: Any) -> list[Merged]:
    from openpyxl.utils import range_boundaries

    member = sheet._worksheet_path  # noqa: SLF001  (openpyxl has no other name for it)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        refs = {ref.decode() for block in _overlapping(packed, member) for ref in _MERGED.findall(block)}
    return [Merged(*range_boundaries(ref)) for ref in refs]


def with_merged(
    rows: Iterable[tuple[int, Sequence[str]]], merged: Iterable[Merged], width: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with the text of merged cells in each cell that they cover, as far as the columns reach.

    What a person sees beside several rows is said of each; where a sheet has it only once, the others have no blank.

    Args:
        rows: each with its number, from above; a cell that spans rows from before the first fills none.
        merged: those of the sheet.
        width: how many columns are filled.

    >>> list(with_merged([(2, ["uno.txt", "Rosa"]), (3, ["dos.txt"])], [Merged(2, 2, 2, 3)], 2))
    [(2, ['uno.txt', 'Rosa']), (3, ['dos.txt', 'Rosa'])]
    """
    starting: dict[int, list[Merged]] = {}
    for one in merged:
        starting.setdefault(one.min_row, []).append(one)
    covering: dict[int, tuple[int, str]] = {}  # of a column: until which row, by what
    for number, texts in rows:
        filled = [*texts, *[""] * (width - len(texts))]
        for one in starting.get(number, ()):
            text = filled[one.min_col - 1] if one.min_col <= len(filled) else ""
            if text:
                covering |= dict.fromkeys(range(one.min_col - 1, min(one.max_col, width)), (one.max_row, text))
        for column, (last, text) in covering.items():
            if number <= last and any(texts):  # of an empty row a merged cell makes none
                filled[column] = text
        yield number, filled


def _cells(where: str, sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that have any cell, each with its number."""
    try:
        # What a sheet says of its own size may be wrong, or absent; believed, it would cut rows and columns off.
        sheet.reset_dimensions()
        for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > _MOST_ROWS:
                problem = _("it has more than {n} rows", n=_MOST_ROWS)
                raise ConfigError(where, problem, _("cut it into several sheets"))
            texts = [as_cell(value).strip() for value in values]
            for column, text in enumerate(texts):
                if text in _ERRORS:
                    problem = _(
                        "the formula in {cell} came to nothing ({error})", cell=_name(number, column), error=text
                    )
                    raise ConfigError(where, problem, _("mend it in a spreadsheet program, and save it again"))
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
                problem = _("«{text}» in {cell} stands under no head", text=text, cell=_name(number, column))
                raise ConfigError(where, problem, _("give the column a head, or empty the cell"))
        filled = [*texts, *[""] * (len(heads) - len(texts))]
        yield number, {head: text for head, text in zip(heads, filled, strict=False) if head and counts[head] == 1}


def _name(number: int, column: int) -> str:
    """Return how spreadsheet programs call a cell.

    >>> _name(7, 0), _name(7, 27)
    ('A7', 'AB7')
    """
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column + 1)}{number}"


def _refuse_wide(where: str, data: bytes) -> None:
    """Refuse a workbook with a row of more cells than any program writes, which openpyxl would keep in memory at once.

    Raises:
        ConfigError: there is one.
    """
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
    """Refuse a workbook with formulas that no spreadsheet program has computed: their cells would be empty.

    Raises:
        ConfigError: there is one.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = packed.namelist()
        written_by_program = _BOOK in names and _COMPUTED_ON_LOAD.search(packed.read(_BOOK))
        uncomputed = _FORMULA if written_by_program else _UNCOMPUTED
        for name in names:
            if name.startswith("xl/worksheets/") and any(map(uncomputed.search, _overlapping(packed, name))):
                problem = _("it has formulas without a value ({sheet})", sheet=name.rpartition("/")[2])
                raise ConfigError(where, problem, _("open it in a spreadsheet program, and save it again"))


def _overlapping(packed: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a member's bytes in blocks, each with the end of the one before it."""
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
    if isinstance(value, date):  # a date with a time is one too
        return value.isoformat()[:10]
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
