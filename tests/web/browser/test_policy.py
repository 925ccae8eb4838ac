"""The rules of a language are signed and used on a telephone, in each language, with and without JavaScript."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow
# A third of its words are numbers, more than the shipped bound allows.
_CHRONICLE = (
    "En el mes de mayo, con las lluvias de la temporada que ya se anunciaban, los vecinos de la sierra trajeron 1 2 3 "
    "4 5 6 7 8 9 costales de semillas para la escuela, y los dejaron 9 8 7 6 5 4 3 2 1 junto al patio. Después, cuando "
    "bajó el agua, la maestra apuntó 2 4 6 8 3 5 7 en su libreta lo que cada familia había entregado aquel día.\n"
)


@pytest.mark.parametrize(
    ("locale", "kept", "scripts"),
    [
        ("es-MX", "Conservado en la última", True),
        ("pt-BR", "Mantido na última", True),
        ("en-US", "Kept in the last run.", False),
    ],
    ids=["es", "pt", "en without JavaScript"],
)
def test_rules_are_signed_and_used(
    locale: str,
    kept: str,
    scripts: bool,
    desk_at: Callable[..., Any],
    tmp_path: Path,
    telephone: Any,
    record_property: Any,
) -> None:
    text = tmp_path / "cronica.txt"
    text.write_text(_CHRONICLE, encoding="utf-8")
    with (
        desk_at(tmp_path / "desk") as address,
        telephone(locale=locale, java_script_enabled=scripts) as visitor,
    ):
        page, click = visitor.page, visitor.click
        page.goto(address)
        click("main a.button")
        page.fill("[name=title]", "Crónicas")
        page.fill("[name=custodian]", "Biblioteca de Xico")
        click("main .form button")
        page.set_input_files("#upload_files", text)
        click("form:has(#upload_files) button")
        visitor.wait_until_done()
        visitor.clicks, started = 0, time.monotonic()
        click("nav a[href='/rules']")
        page.fill("[name=q]", "ESPANOL")
        click("main form[method=get] button")
        click("button[value=spa]")
        visitor.wait_until_done()
        bound = ".bound:has([name=alphabetic_word_share-min])"
        assert page.locator(f"{bound} ol li").count() == 1
        assert page.locator(".words details").count() > 5
        page.fill("[name=alphabetic_word_share-min]", "50")
        click("form:has([name=add]) button")
        assert page.locator(f"{bound} ol li").count() == 0
        page.fill("[name=reader]", "Rosa, Xico")
        click("form[action$='/sign'] button")
        page.check("[name=collection]")
        visitor.clicks += 1
        click("form[action$='/use'] button")
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        record_property("clicks", visitor.clicks)
        record_property("seconds", round(time.monotonic() - started, 1))
        page.goto(f"{address.partition('/start')[0]}/collections/cronicas/files")
        click("form[action$='/run'] button")
        visitor.wait_until_done()
        assert kept in page.inner_text(".rows.files")
