"""The messages of `crawl` exist in Spanish, Portuguese and English, one for each cause."""

from __future__ import annotations

import importlib
import shutil
from typing import TYPE_CHECKING, Any, get_args

import pytest

from latam_corpus.errors import MAKE_ROOM
from latam_corpus.harvest.crawl.causes import Cause
from latam_corpus.harvest.crawl_words import CAUSES, cause_message

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

website: Any = importlib.import_module("tests.benchmarks.crawl.website")


def test_every_cause_has_a_message_in_three_languages() -> None:
    """Each cause has exactly one message, and no translation is empty."""
    assert set(CAUSES) == set(get_args(Cause))
    assert all(all(message.translations().values()) for message in CAUSES.values())
    assert cause_message("status 500").translate("pt") == "status 500"


def _file(site: Any, folder: Path, more: str = "") -> Path:
    path = folder / "gaceta.toml"
    path.write_text(
        'id = "gaceta"\ntitle = "Gaceta"\nholder = "Biblioteca"\ncontact = "b@gaceta.example"\ngenre = "news"\n'
        f'[collect]\nkind = "crawl"\n[collect.crawl]\nstart = ["{site.root}/"]\nprivate_hosts = ["{site.host}"]\n'
        f"delay = 0.0\n{more}",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "es",
            ("páginas en", "la dirección lleva una contraseña", "siguiente     latam-corpus run RECETA, con «gaceta»"),
        ),
        ("pt", ("páginas em", "o endereço leva uma senha", "a seguir     latam-corpus run RECEITA, com “gaceta”")),
        ("en", ("pages in", "the address holds a password", "next     latam-corpus run RECIPE, with «gaceta»")),
    ],
)
def test_a_crawl_is_reported_in_the_readers_language(
    tmp_path: Path, site: Any, command_line: CommandLine, lang: str, expected: tuple[str, ...]
) -> None:
    """The output has pages, causes and the next command."""
    site.routes["/"] = website.page("inicio", f"http://ana:clave@{site.host}/x")
    result = command_line("crawl", _file(site, tmp_path), "--out", tmp_path / "out", "--lang", lang)
    assert result.code == 0, result.err
    assert all(words in result.out for words in expected), result.out


def test_a_folder_that_is_a_file_is_reported_with_a_remedy_that_helps(
    tmp_path: Path, site: Any, command_line: CommandLine
) -> None:
    """A disk that isn't full needs no space: another place does."""
    (tmp_path / "out").write_text("una nota")
    result = command_line("crawl", _file(site, tmp_path), "--out", tmp_path / "out", "--lang", "es")
    assert result.code != 0
    assert "no se puede escribir" in result.err
    assert MAKE_ROOM.translate("es") in " ".join(result.err.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sin.toml"], "fuente sin: la fuente no tiene contacto, y para recolectar hay que indicar uno; agregue"),
        (
            ["ailla"],
            "fuente ailla: primero hay que pedir permiso a la institución que la custodia (University of Texas",
        ),
        (
            ["archivos.toml"],
            "fuente archivos: sus registros son archivos; no hay nada que recolectar; ejecute una receta",
        ),
        (
            ["sin.toml", "--plan-only"],
            "--plan-only: «sin» no se recolecta de Common Crawl, así que no tiene plan; quite esa opción",
        ),
        (["nada.toml"], "nada.toml: ese archivo no existe; revise la ruta"),
    ],
)
def test_sources_that_cannot_be_crawled_are_reported_in_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine, arguments: list[str], message: str
) -> None:
    """Errors name place, problem and remedy, and differ between the three languages."""
    monkeypatch.chdir(tmp_path)
    head = 'title = "T"\nholder = "H"\n[collect]\n'
    crawled = 'kind = "crawl"\n[collect.crawl]\nstart = ["https://gaceta.example/"]\n'
    (tmp_path / "sin.toml").write_text(f'id = "sin"\n{head}{crawled}', encoding="utf-8")
    (tmp_path / "archivos.toml").write_text(f'id = "archivos"\n{head}files = ["*.txt"]\n', encoding="utf-8")
    results = [command_line("crawl", *arguments, "--lang", language) for language in ("es", "pt", "en")]
    assert [result.code for result in results] == [2, 2, 2]
    assert message in results[0].err
    assert len({result.err for result in results}) == 3


def test_removed_pages_are_reported_with_their_consequence(
    tmp_path: Path, site: Any, command_line: CommandLine
) -> None:
    """The message says whether documents of removed pages are kept, as the source decides."""
    site.routes |= {"/": website.page("inicio", "/dos"), "/dos": website.page("dos")}
    about = ("--out", tmp_path / "out", "--lang", "es")
    command_line("crawl", _file(site, tmp_path), *about)
    del site.routes["/dos"]
    assert "sus documentos se conservan" in command_line("crawl", _file(site, tmp_path), "--again", *about).out
    path = _file(site, tmp_path, 'gone = "withdraw"\n')
    assert "sus documentos salen de la próxima versión" in command_line("crawl", path, "--again", *about).out


def test_an_inventory_shows_the_collected_pages_of_a_source(
    tmp_path: Path, site: Any, command_line: CommandLine
) -> None:
    """The inventory is right before a crawl, after it and after a run, translated and as JSON."""
    out = tmp_path / "out"
    about = ("--out", out, "--lang", "es")
    empty = command_line("sources", "inventory", *about)
    assert (empty.code, "todavía no hay datos" in empty.out) == (0, True)
    path = _file(site, tmp_path)
    assert "ninguna ejecución la leyó todavía" in command_line("sources", "inventory", path, *about).out
    site.routes |= {"/": website.page("inicio", "/dos", "/tres"), "/dos": website.page("dos")}
    site.routes |= {"/robots.txt": (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /tres")}
    assert command_line("crawl", path, "--out", out).code == 0
    [held] = command_line("sources", "inventory", "--out", out, "--json").json
    assert (held["source"], held["run"], held["releases"]) == ("gaceta", None, [])
    assert held["collected"]["states"] == {"page": 2, "refused": 1}
    recipe = tmp_path / "receta.toml"
    recipe.write_text(
        'title = "Prueba"\nsources = ["gaceta.toml"]\n[[stage]]\nuse = "extract"\n[[stage]]\nuse = "identify"\n'
        'languages = ["por"]\n',
        encoding="utf-8",
    )
    assert command_line("run", recipe, "--out", out).code == 0
    shown = command_line("sources", "inventory", path, *about)
    assert shown.code == 0, shown.err
    assert "recolectado: 2 páginas" in shown.out
    assert "no permitidas: 1" in shown.out
    assert "2 leídos, 0 conservados" in shown.out
    assert "language=spa" in shown.out
    assert "no está en ninguna versión" in shown.out
    line = command_line("sources", "inventory", *about).out.splitlines()[1].split()
    assert line[0] == "gaceta"
    assert line[-1] == "Gaceta"


def test_an_inventory_reports_damaged_and_unknown_sources(tmp_path: Path, site: Any, command_line: CommandLine) -> None:
    """A damaged crawl and an unknown source are reported."""
    path, out = _file(site, tmp_path), tmp_path / "out"
    site.routes["/"] = website.page("inicio")
    about = ("--out", out, "--lang", "es")
    assert command_line("crawl", path, "--out", out).code == 0
    (out / "collected" / "gaceta" / "frontier.sqlite").write_bytes(b"SQLite format 3" * 99)
    shown = command_line("sources", "inventory", path, *about)
    assert (shown.code, "está dañado" in shown.out) == (0, True)
    wrong = command_line("sources", "inventory", "global-voice-es", *about)
    assert (wrong.code, "global-voices-es" in wrong.err) == (2, True)


def test_an_inventory_shows_the_releases_of_a_source(
    tmp_path: Path, command_line: CommandLine, document: Any, kept_run: Any
) -> None:
    """The inventory lists the latest version of each release with the source's documents and tier."""
    kept_run(
        "cuentos-1", [document(n) for n in range(3)], release={"name": "cuentos", "admit": ["open"], "uses": ["train"]}
    )
    assert command_line("release", "build", "cuentos", "cuentos-1", "--out", tmp_path / "out").code == 0
    shutil.rmtree(tmp_path / "out" / "runs")  # pruned: the release stands by itself
    [held] = command_line("sources", "inventory", "--out", tmp_path / "out", "--json").json
    [released] = held["releases"]
    assert (released["documents"], released["rights_tier"]) == (3, "open")
    shown = command_line("sources", "inventory", held["source"], "--out", tmp_path / "out", "--lang", "pt").out
    assert f"em {released['release']}: 3 documentos" in shown
