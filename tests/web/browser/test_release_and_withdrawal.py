"""A folder becomes a version, and a song with its copy is withdrawn, in a browser, with and without JavaScript."""

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
_SONG = (
    "Río que bajas cantando,\nllévame el nombre contigo,\nque en la orilla está esperando\nla sombra de un amigo.\n\n"
    "Dile que vuelvo en enero\ncuando florezca la caña,\ndile que nada más quiero\nque el humo de su cabaña.\n"
)
_TALE = (
    "En el año de 1932 la biblioteca del pueblo recibió los libros de un maestro que se había ido a la costa. "
    "Los vecinos los llevaron en carretas y los ordenaron por las tardes, mientras la lluvia golpeaba el techo. "
    "Desde entonces cada familia presta el cuaderno en el que anota lo que cuentan los abuelos.\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a song, a copy of it, and a tale."""
    path = tmp_path_factory.mktemp("cantos")
    (path / "Río.txt").write_text(f"Río\n\n{_SONG}", encoding="utf-8")
    (path / "Río (copia).txt").write_text(f"Canto del río\n\n{_SONG}", encoding="utf-8")
    (path / "Maestro.txt").write_text(_TALE, encoding="utf-8")
    return path


@pytest.fixture
def address(tmp_path: Path, desk_at: Callable[..., Any]) -> Iterator[str]:
    """A desk for one person: the address that opens it."""
    with desk_at(tmp_path / "desk") as opened:
        yield opened


@pytest.mark.parametrize(
    ("locale", "scripts"),
    [
        ("es-MX", True),
        pytest.param("es-MX", False, marks=_GATE),
        pytest.param("pt-BR", True, marks=_GATE),
        pytest.param("en-US", True, marks=_GATE),
    ],
)
def test_a_folder_is_released_and_a_song_is_withdrawn_with_its_copy(
    locale: str, scripts: bool, address: str, folder: Path, telephone: Any, record_property: Any
) -> None:
    with telephone(locale=locale, java_script_enabled=scripts) as visitor:
        started = time.monotonic()
        visitor.page.goto(address)
        _contribute(visitor, folder)
        _approve(visitor)
        _release(visitor)
        record_property("clicks to the share", visitor.clicks)
        record_property("seconds to the share", round(time.monotonic() - started, 1))

        clicks, started = visitor.clicks, time.monotonic()
        _withdraw(visitor)
        record_property("clicks from search to receipt", visitor.clicks - clicks)
        record_property("seconds from search to receipt", round(time.monotonic() - started, 1))
        visitor.click(".tabs a[href$='/release']")
        assert visitor.page.locator("article.version").count() == 2


def _contribute(visitor: Any, folder: Path) -> None:
    visitor.click("main a.button")
    visitor.page.fill("[name=title]", "Cantos del río")
    visitor.page.fill("[name=custodian]", "Biblioteca de Xico")
    visitor.page.fill("[name=rights_holder]", "Familia Ruiz")
    visitor.click("main .form button")
    visitor.page.set_input_files("#upload_folder", folder)
    visitor.clicks += 1  # the dialog that chooses the folder
    visitor.click("form:has(#upload_folder) button")
    visitor.wait_until_done()
    visitor.look("files")


def _approve(visitor: Any) -> None:
    visitor.click(".tabs a[href$='/rights']")
    visitor.look("rights, nothing stated")
    visitor.click("a.button[href$='/rights/terms']")
    visitor.tick("[name=statement][value='CC-BY-4.0']", "[name=basis][value=licence]")
    visitor.tick("[name=uses][value=train]", "[name=uses][value=redistribute]")
    visitor.look("terms")
    visitor.click("main form button")
    visitor.click("form[action$='/propose'] button")
    visitor.look("rights, proposed")
    for kind in ("rights", "consent"):
        visitor.click(f"a.button[href$='/approve/{kind}']")
        visitor.tick("[name=decision][value=approve]")
        visitor.look(f"approve {kind}")
        visitor.click("main form button")


def _release(visitor: Any) -> None:
    visitor.click(".tabs a[href$='/release']")
    visitor.page.fill("[name=name]", "voces-del-rio")
    visitor.tick("[name=uses][value=train]", "[name=uses][value=redistribute]")
    visitor.look("release, nothing yet")
    visitor.click("form[action$='/build'] button")
    visitor.wait_until_done()
    visitor.look("release, done")
    visitor.click("main a.button[href$='/release']")
    share = visitor.page.locator("article.version")
    assert "voces-del-rio@" in share.inner_text()
    assert "100" in share.locator("tbody").inner_text()
    visitor.look("release, share")


def _withdraw(visitor: Any) -> None:
    page = visitor.page
    visitor.click(".tabs a[href$='/withdraw']")
    page.fill("[name=query]", "llévame el nombre contigo")
    visitor.look("withdraw, search")
    visitor.click("form:has([name=query]) button")
    visitor.wait_until_done()
    assert page.locator(".matches li").count() == 2
    visitor.tick("[name=row] >> nth=0", "[name=row] >> nth=1", "[name=with_copies]")
    page.fill("[name=because]", "Lo pide la familia")
    visitor.look("withdraw, found")
    visitor.click("main form.form button")
    visitor.wait_until_done()
    assert "Río que bajas" in page.inner_text("#state")
    visitor.look("withdraw, request")
    visitor.click("button.danger")
    visitor.wait_until_done()
    visitor.look("withdraw, receipt")
    receipt = page.locator("article.receipt")
    assert "Lo pide la familia" in receipt.inner_text()
    with page.expect_download() as download:
        receipt.locator("a[href*='/receipt?']").click()
    assert download.value.suggested_filename.endswith(".html")
