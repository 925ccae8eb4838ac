"""Names of people and addresses are withdrawn in all forms in which catalogues and sites write them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus.errors import ConfigError
from latam_corpus.release.refusals.tombstones import matching
from latam_corpus.release.refusals.withdrawn_names import address_key, person_key, person_keys, similar_names
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger
from latam_corpus.release.storing.withdrawal_log import FOLDER
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "index": False}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
HERS = (
    "Rosa Vera", "Vera, Rosa", "rosa VERA", "VERA Rosa", "VERA, Rosa", "Vera,Rosa.", "Rôsa Véra",
    "Vera, Rosa, 1950-2000", "Vera, Rosa, 1950-", "Vera, Rosa, ca. 1950-2000", "Rosa Vera (1950–2000)",
    "Rosa Vera (compiladora)", "Rosa Vera, compiladora", "Vera, Rosa, 1950-2000, aut", "Rosa Vera [org.]",
    "Rosa Vera, coord.", "compilado por Rosa Vera", "Compiladora: Rosa Vera", "Ed. Rosa Vera", "Letra: Rosa Vera",
    "Dra. Rosa Vera", "Doña Rosa Vera", "Ro\u200bsa Ve\u00adra", "Rosa\u00a0Vera", "Ｒｏｓａ Ｖｅｒａ",
    "Rosa Vera y Juan Pérez", "Juan Pérez e Rosa Vera", "Rosa Vera con Juan Pérez", "Rosa Vera com Juan Pérez",
    "Pérez, Juan & Vera, Rosa", "Pérez, Juan / Vera, Rosa", "Juan Pérez; Rosa Vera", "Pérez, Juan; Vera, Rosa, 1950-",
    "Ana Díaz, Rosa Vera, Eva Paz", "Ana Díaz, Rosa Vera y Eva Paz", "Rosa Vera &amp; Juan Pérez",
    "Rosa Vera - Juan Pérez", "Rosa Vera et al.", "Rosa Vera y otros", "Rosa Vera e outros", "Rosa Vera y col.",
    "Informante Rosa Vera", "Rosa Vera: informante", "Rosa Vera compiladora", "Autora Rosa Vera", "Voz: Rosa Vera",
    "Contado por Rosa Vera", "Relato de Rosa Vera", "Vera, Rosa, Dra.", "Rosa Vera, PhD", "Rosa Vera <rv@a.example>",
)  # fmt: skip
OTHERS = (
    "Rosa Vera Gómez", "Vera Gómez, Rosa", "Rosa María Vera", "Vera, Rosa María", "R. Vera", "Vera, R.", "VERA ROSA",
    "Rosa de Vera", "Rosa Vera y Aragón", "Rosa Vera, Juan Pérez",
)  # fmt: skip
STRANGERS = ("Rosa", "Vera", "Juan Vera", "Rosa Veras", "Vera, Juan; Paz, Rosa", "Anónimo", "1950", "")


def test_each_form_of_a_name_is_the_same_person() -> None:
    """Longer, shorter and reordered names are only similar; names of other people are neither."""
    key = person_key("Rosa Vera")
    assert [name for name in HERS if key not in person_keys(name)] == []
    assert [name for name in (*OTHERS, *STRANGERS) if key in person_keys(name)] == []
    assert similar_names("Rosa Vera", (*HERS, *OTHERS, *STRANGERS)) == sorted(OTHERS)


@pytest.mark.parametrize(
    ("requested", "catalogued"),
    [
        ("Inés D'Ávila", "D’Avila, Ines"),
        ("José Ortega y Gasset", "Ortega y Gasset, José, 1883-1955"),
        ("Ana García-López", "García López, Ana"),
        ("Juana Inés de la Cruz", "Cruz, Juana Inés de la"),
        ("João da Cruz e Sousa", "Cruz e Sousa, João da, 1861-1898"),
        ("José María Arguedas", "ARGUEDAS José María"),
        ("Vera, Rosa, 1950-2000", "Rosa Vera"),
        ("Con Paz", "Con Paz"),
        ("Georg Cantor", "Cantor, Georg"),
        ("Grupo Huayra", "Grupo Huayra, intérprete"),
    ],
)
def test_names_with_particles_and_signs(requested: str, catalogued: str) -> None:
    """The requested name may have any of the forms, too."""
    assert person_key(requested) in person_keys(catalogued)


def test_half_of_a_name_with_a_conjunction_matches_no_one() -> None:
    """«Ortega y Gasset» is one name."""
    assert person_key("José Ortega") not in person_keys("José Ortega y Gasset")


@pytest.mark.parametrize(
    "address",
    [
        "http://diario.example/notas/5", "https://www.diario.example/notas/5", "https://diario.example/notas/5/",
        "https://diario.example//notas//5", "HTTPS://DIARIO.example:443/notas/5#x", "http://diario.example:80/notas/5",
        "https://diario.example./notas/%35", "https://diario.example/notas/5/index.html",
        "https://diario.example/notas/./5?utm_source=a", "diario.example/notas/5", "www.diario.example/notas/5/",
        "//diario.example/notas/5", "ftp://diario.example/notas/5", "<https://diario.example/notas/5>",
        "https:/diario.example/notas/5", "https:\\\\diario.example\\notas\\5",
    ],
)  # fmt: skip
def test_each_form_of_an_address_is_the_same(address: str) -> None:
    """Another page, host or query is a different address."""
    assert address_key(address) == address_key("https://diario.example/notas/5")
    for different in (
        "https://diario.example/notas/50",
        "https://diario.example/notas/5?p=2",
        "https://m.example/notas/5",
    ):
        assert address_key(address) != address_key(different)


def test_an_address_in_another_alphabet_equals_its_encoded_form() -> None:
    """This applies to the host and to the path."""
    assert address_key("https://españa.example/mañana") == address_key("http://xn--espaa-rta.example/ma%C3%B1ana/")


def test_people_and_addresses_leave_in_all_forms_and_stay_out(
    tmp_path: Path, document: Any, kept_run: Any, command_line: CommandLine
) -> None:
    """Existing and later documents are withdrawn, similar names are reported, and the log has no name."""
    names = [*HERS, *OTHERS, "Juan Vera"]
    rows = [document(n, text=f"texto {n} " * 12, creators=[name]) for n, name in enumerate(names)]
    store = Store.at(tmp_path / "out" / "store")
    build("puerto", [kept_run("a-1", rows)], store, **TERMS)
    command = ("release", "withdraw", "puerto", "--creator", "Rosa Vera", "--because", "x", "--store", store.url)
    tried = command_line(*command, "--dry-run", "--json").json
    assert (len(tried["leave"]), tried["similar_names"]) == (len(HERS), sorted({*OTHERS}))
    assert "--creator 'Rosa Vera Gómez'" in command_line(*command, "--dry-run").out
    assert (
        withdraw(store, WithdrawalRequest.of("puerto", "creator", "Rosa Vera", "x"), NOW).similar_names
        == tried["similar_names"]
    )
    later = [document(100 + n, text=f"otro {n} " * 12, creators=[name]) for n, name in enumerate(names)]
    built = build("puerto", [kept_run("b-1", later)], store, parent="latest", **TERMS)
    ledger = read_ledger(store, "puerto", built.version)
    released = set(ledger.filter(verdict="released")["doc_id"])
    assert released == {row["doc_id"] for row in (*rows[len(HERS) :], *later[len(HERS) :])}
    entry = json.loads((tmp_path / "out" / "store" / FOLDER / "0001.json").read_bytes())
    assert "vera" not in json.dumps(entry).lower()


def test_an_address_is_withdrawn_however_it_is_written(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Patterns in entries of older versions of the package match it too."""
    urls = [
        "http://diario.example/notas/1", "https://www.diario.example/notas/2/", "https://diario.example//notas/3",
        "https://otro.example/notas/4", None,
    ]  # fmt: skip
    store = Store.at(tmp_path / "store")
    build(
        "puerto",
        [kept_run("a-1", [document(n, text=f"t {n} " * 12, url=url) for n, url in enumerate(urls)])],
        store,
        **TERMS,
    )
    done = withdraw(store, WithdrawalRequest.of("puerto", "url", "https://diario.example/notas/*", "lo pide"), NOW)
    assert (len(done.documents), done.after.rows) == (3, 2)


def test_the_error_for_a_missing_name_lists_similar_ones(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """The request withdraws no document."""
    store = Store.at(tmp_path / "store")
    build("puerto", [kept_run("a-1", [document(1, creators=["Rosa Vera Gómez"])])], store, **TERMS)
    with pytest.raises(ConfigError, match="similar names, perhaps of other people: Rosa Vera Gómez"):
        withdraw(store, WithdrawalRequest.of("puerto", "creator", "Rosa Vera", "lo pide"), NOW)


def test_an_address_with_an_identifier_is_found_before_and_after_redaction() -> None:
    """Runs have the identifier and releases a mark in its place; a pattern without a mark matches both."""
    original, redacted = "https://a.example/nota?autor=ana%40correo.example", "https://a.example/nota?autor=%5BEMAIL%5D"
    urls = pl.Series([original, redacted, "https://a.example/nota?autor=nadie"])
    assert matching(urls, original).to_list() == [True, True, False]
    assert matching(urls, "https://a.example/nota*").to_list() == [True, True, True]
