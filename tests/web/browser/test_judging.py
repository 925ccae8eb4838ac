"""Thirty texts are read and judged on a telephone, in each language, with and without JavaScript."""

from __future__ import annotations

import os
import time
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build, prose

import latam_corpus as lc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Document, KeptRun

pytestmark = pytest.mark.slow
_GATE = pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it takes long: `make gate`")
_TEXTS = 30


@pytest.fixture
def address(document: Document, kept_run: KeptRun, tmp_path: Path, desk_at: Callable[..., Any]) -> Iterator[str]:
    """A desk for one person, with a version of forty texts: the address that opens it."""
    documents = [document(number, text=prose(number), title=f"Canto {number}") for number in range(40)]
    run = kept_run("cuentos-1a2b3c4d", documents)
    store = tmp_path / "out" / "store"
    build("voces", [run], store, admit=["open"], uses=["redistribute"], today=date(2026, 11, 25))
    with desk_at(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("locale", "heading", "scripts"),
    [
        ("es-MX", "Leer y evaluar", True),
        ("pt-BR", "Ler e avaliar", False),
        pytest.param("es-MX", "Leer y evaluar", False, marks=_GATE),
        pytest.param("pt-BR", "Ler e avaliar", True, marks=_GATE),
        pytest.param("en-US", "Read and judge", True, marks=_GATE),
        pytest.param("en-US", "Read and judge", False, marks=_GATE),
    ],
)
def test_thirty_texts_are_judged_on_a_telephone(
    locale: str, heading: str, scripts: bool, address: str, tmp_path: Path, telephone: Any, record_property: Any
) -> None:
    with telephone(locale=locale, java_script_enabled=scripts, has_touch=True) as visitor:
        page = visitor.page
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        taps, started = 0, time.monotonic()

        def tap(what: str) -> None:
            nonlocal taps
            taps += 1
            page.locator(what).first.tap()

        page.goto(address)
        tap("nav a[href='/judging/']")
        assert page.inner_text("h1") == heading
        tap("main .form button")
        first_text = time.monotonic()
        for number in range(1, _TEXTS + 1):
            page.locator(f"progress[value='{number}'][max='{_TEXTS}']").wait_for()
            if scripts:
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            for question, answer in (("language", "yes"), ("natural", "yes"), ("personal_data", "no")):
                tap(f"label:has([name={question}][value={answer}])")
            tap("[name=verdict][value=good]" if number % 3 else "[name=verdict][value=bad]")
            page.wait_for_load_state()
        page.locator(".answers").wait_for()
        assert len(lc.judgements(tmp_path / "out").rows) == _TEXTS
        record_property("taps", taps)
        record_property("seconds to the first text", round(first_text - started, 1))
        record_property("seconds", round(time.monotonic() - started, 1))
        assert not errors
