"""A folder becomes previewed texts, in a browser, in each language, with and without JavaScript."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
_GATE = pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it takes long: `make gate`")
_SONG = "Río que bajas cantando,\nllévame el nombre contigo,\nque en la orilla está esperando\nla sombra de un amigo.\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, desk_at: Callable[..., Any]) -> Iterator[str]:
    """A desk for one person: the address that opens it."""
    with desk_at(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with songs, a catalogue and a file that can't be read."""
    path = tmp_path_factory.mktemp("cantos")
    for number in range(1, 4):
        (path / f"Canción_{number}.txt").write_text(f"Canto {number}\n\n{_SONG}", encoding="utf-8")
    (path / "roto.pdf").write_bytes(b"%PDF-1.4 roto")
    rows = "".join(f"cancion {number};Canto {number};español;CC BY 4.0\n" for number in range(1, 4))
    (path / "catalogo.csv").write_text(f"Archivo;Título;Lengua;Derechos\n{rows}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("locale", "kept", "scripts"),
    [
        ("es-MX", "Este texto", True),
        ("pt-BR", "Este texto", False),
        pytest.param("es-MX", "Este texto", False, marks=_GATE),
        pytest.param("pt-BR", "Este texto", True, marks=_GATE),
        pytest.param("en-US", "A run", True, marks=_GATE),
        pytest.param("en-US", "A run", False, marks=_GATE),
    ],
)
def test_a_folder_becomes_previewed_texts(
    locale: str, kept: str, scripts: bool, address: str, folder: Path, telephone: Any, record_property: Any
) -> None:
    with telephone(locale=locale, java_script_enabled=scripts) as visitor:
        page, started = visitor.page, time.monotonic()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        page.goto(address)
        visitor.click("main a.button")
        page.fill("[name=title]", f"Cantos {locale} {scripts}")
        page.fill("[name=custodian]", "Biblioteca de Xico")
        visitor.click("main .form button")
        page.set_input_files("#upload_folder", folder)
        visitor.clicks += 1  # the dialog that chooses the folder
        visitor.click("form:has(#upload_folder) button")
        visitor.wait_until_done()
        listed = page.inner_text(".rows.files")
        assert listed.index("roto.pdf") < listed.index("Canción_1.txt")
        assert "Canto 1" in listed
        assert "catalogo.csv" not in listed
        visitor.click(".rows.files a:has-text('Canción_1.txt')")
        visitor.wait_until_done()
        assert kept in page.inner_text(".verdict")
        record_property("clicks to the first text", visitor.clicks)
        record_property("seconds to the first text", round(time.monotonic() - started, 1))
        visitor.click("button[value=song]")
        visitor.wait_until_done()
        assert page.locator(".lines .number").count() > 1
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        record_property("clicks", visitor.clicks)
        record_property("seconds", round(time.monotonic() - started, 1))
        assert not errors
