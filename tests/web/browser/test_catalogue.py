"""A catalogue of 200 rows with common mistakes is joined to its files in a browser, with and without JavaScript."""

from __future__ import annotations

import csv
import os
import time
import unicodedata
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
_GATE = pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it takes long: `make gate`")
_ROWS = 200
_LANGUAGES = ("castellano", "Español ", "mixteco")
_VERSE = "Río que bajas cantando, número {n},\nllévame el nombre contigo,\nque en la orilla está esperando.\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts whose names have accents, and a workbook that names them without accents.

    It has a title above its columns, merged cells, dates of Excel and two licences in a cell. Two files lack a row, and
    one of them is named almost as a row is.
    """
    path = tmp_path_factory.mktemp("cantos")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Inventario del fondo de cantos"])
    sheet.merge_cells("A1:F1")
    sheet.append(["Archivo", "Título", "Fecha", "Lengua", "Derechos", "Fondo"])
    for number in range(1, _ROWS + 1):
        name = f"Canción {number:03}.txt"
        (path / (name if number < _ROWS else "Cancionn_200b.txt")).write_text(_VERSE.format(n=number), encoding="utf-8")
        plain = "".join(sign for sign in unicodedata.normalize("NFD", name) if not unicodedata.combining(sign))
        rights = "CC BY / CC BY-NC" if number % 50 == 0 else "CC BY 4.0"
        language = _LANGUAGES[number % 3]
        sheet.append([plain.lower(), f"Canto {number}", date(1932, 5, 1 + number % 28), language, rights, "Ruiz"])
    sheet.merge_cells(f"F3:F{_ROWS + 2}")
    book.save(path / "Catálogo.xlsx")
    (path / "suelto.txt").write_text(_VERSE.format(n=0), encoding="utf-8")
    return path


@pytest.fixture
def address(tmp_path: Path, desk_at: Callable[..., Any]) -> Iterator[str]:
    """A desk for one person: the address that opens it."""
    with desk_at(tmp_path / "desk") as opened:
        yield opened


@pytest.mark.parametrize(
    ("locale", "scripts", "mixtec"),
    [
        ("pt-BR", False, "mixteco, não sei qual"),
        pytest.param("es-MX", True, "mixteco, no sé cuál", marks=_GATE),
        pytest.param("en-US", True, "mixteco, I don't know which", marks=_GATE),
    ],
)
def test_a_catalogue_with_common_mistakes_describes_its_files(
    locale: str, scripts: bool, mixtec: str, address: str, folder: Path, tmp_path: Path, telephone: Any,
    record_property: Any,
) -> None:  # fmt: skip
    with telephone(locale=locale, java_script_enabled=scripts) as visitor:
        page, started = visitor.page, time.monotonic()
        page.goto(address)
        visitor.click("main a.button")
        page.fill("[name=title]", "Cantos")
        page.fill("[name=custodian]", "Biblioteca de Xico")
        visitor.click("main .form button")
        page.set_input_files("#upload_folder", folder)
        visitor.clicks += 1  # the dialog that chooses the folder
        visitor.click("form:has(#upload_folder) button")
        visitor.wait_until_done()
        visitor.click("main a[href$='/catalogue']")
        visitor.look("catalogue, read")
        assert page.locator("li.trouble").count() == 2
        assert page.input_value("[name=meant]") == mixtec
        visitor.click("form[action$='/catalogue/language'] button")
        visitor.wait_until_done()
        visitor.click("form[action$='/set'] button")
        visitor.wait_until_done()
        assert "CC BY / CC BY-NC" in page.inner_text("li.trouble")
        visitor.click("li.trouble button[value='CC BY-NC']")
        visitor.wait_until_done()
        assert not page.locator("li.trouble").count()
        visitor.click(".tabs a[href$='/files']")
        visitor.click(".chips a[href='?problem=no-row']")
        visitor.look("catalogue, files without a row")
        assert page.locator(".rows.files li").count() == 1
        record_property("clicks", visitor.clicks)
        record_property("seconds", round(time.monotonic() - started, 1))
        with (tmp_path / "desk/collections/cantos/catalogue.csv").open(encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["title"]]
        assert len(rows) == _ROWS
        assert {row["published"] for row in rows} == {f"1932-05-{day:02}" for day in range(1, 29)}
        assert {row["declared_language"] for row in rows} == {"spa", "omq-x-mixtec"}
        assert {row["Fondo"] for row in rows} == {"Ruiz"}
        assert Counter(row["rights"] for row in rows) == {"CC BY 4.0": 196, "CC BY-NC": 4}
