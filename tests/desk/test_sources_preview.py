"""`sources preview`: a few items as a run would process them, next to the originals, in plain words."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.intake.preview_items import page_words
from latam_corpus.intake.preview_page import lines_left_out
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.stored_runs.reasons import in_plain_words

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
_PROSE = (
    "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno en que el "
    "mar no quiso dar nada a los que vivían de él. Los viejos decían que era por la luna; los jóvenes, que era por las "
    "fábricas del norte. Juan no decía nada: remendaba la red, miraba el agua y por la noche escribía cartas que nadie "
    "iba a leer, y que guardaba en una caja de zapatos debajo de la cama, con la fecha y la hora de cada una."
)
_PAGE = (
    "<html lang=es><head><title>La barca</title></head><body><nav><a href=/>Inicio</a> <a href=/c>Contacto</a></nav>"
    f"<article><h1>La barca</h1><p>{_PROSE}</p><p>Escribir a juan.perez@correo.cl antes del lunes.</p></article>"
    "<footer>Todos los derechos reservados</footer></body></html>"
)
_ENGLISH = (
    "The boat left the harbour before dawn and came back with an empty net, as it had on every day of that winter in "
    "which the sea would give nothing to those who lived by it. The old ones said it was the moon, the young that it "
    "was the factories of the north, and nobody asked the sea, which went on as before, in and out, twice a day."
)
_SOURCE = (
    'id = "puerto"\ntitle = "Cuentos <del> puerto"\nholder = "Biblioteca"\ncontact = "b@puerto.example"\n'
    'genre = "literature"\nlanguages = ["spa"]\n[rights]\nstatement = "CC-BY-4.0"\nbasis = "licence"\nuses = {uses}\n'
)


def _source(folder: Path, uses: str = '["train", "redistribute"]', collect: str = "") -> Path:
    path = folder / "puerto.toml"
    path.write_text(_SOURCE.format(uses=uses) + collect, encoding="utf-8")
    return path


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A page that stays, one that says nothing, and one in another language than the source states."""
    folder = tmp_path / "textos"
    folder.mkdir()
    (folder / "a.html").write_text(_PAGE, encoding="utf-8")
    (folder / "b.html").write_text("<html><body><p>Menú</p></body></html>", encoding="utf-8")
    (folder / "c.txt").write_text(_ENGLISH, encoding="utf-8")
    return folder


def test_each_item_is_told_with_its_language_and_whether_it_stays(
    command_line: CommandLine, tmp_path: Path, texts: Path
) -> None:
    """The drop reason is a sentence; deviations from the source's statements are shown; all of it is redacted."""
    reported = command_line("sources", "preview", _source(tmp_path), "--input", texts, "--lang", "es", "--json").json
    stays, falls, foreign = reported["items"]
    assert (stays["kept"], stays["language"], stays["title"]) == (True, "spa_Latn", "La barca")
    assert stays["where"] == "a.html"
    assert _PROSE in stays["text"]
    assert "Contacto" in stays["original"]
    assert "Contacto" not in stays["text"]
    assert "juan.perez" not in stays["text"] + stays["original"]
    assert not falls["kept"]
    assert falls["reason"]
    assert falls["why"][0] == "no está claro en qué lengua está"
    assert (foreign["kept"], foreign["reason"]) == (False, "language=eng")  # as the source's default recipe would
    assert foreign["why"] == ["su lengua parece ser inglés, pero la fuente indica español"]


def test_of_a_file_that_has_no_words_it_is_told_what_is_known(command_line: CommandLine, tmp_path: Path) -> None:
    """In words, not in the names of columns."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n1 0 obj\n<<")
    result = command_line(
        "sources", "preview", _source(tmp_path), "--input", tmp_path / "a.pdf", "--lang", "pt", "--json"
    )
    [item] = result.json["items"]
    assert item["original"].split("\n") == ["língua declarada: espanhol", "composição: original", "direitos: CC-BY-4.0"]


def test_the_terminal_shows_text_beside_original_in_the_readers_language(
    command_line: CommandLine, tmp_path: Path, texts: Path
) -> None:
    """With the count, what the rights allow, and no markup taken for the terminal's own."""
    (texts / "a.html").write_text(_PAGE.replace("La barca</h1>", "[red]La barca[/red]</h1>"), encoding="utf-8")
    result = command_line("sources", "preview", _source(tmp_path), "--input", texts, "--lang", "pt")
    assert result.code == 0
    assert "✓ é mantido" in result.out
    assert "✗ é separado" in result.out
    assert "[red]La barca[/red]" in result.out
    assert "Textos examinados: 3" in result.out
    assert "Direitos: com atribuição; usos: treinar, redistribuir" in result.out


def test_the_page_strikes_out_what_did_not_become_text(command_line: CommandLine, tmp_path: Path, texts: Path) -> None:
    """In the language that is spoken, without network, and stamped where the terms keep the texts inside."""
    page, inside = tmp_path / "muestra.html", tmp_path / "interna.html"
    assert (
        command_line("sources", "preview", _source(tmp_path), "--input", texts, "--html", page, "--lang", "es").code
        == 0
    )
    text = page.read_text(encoding="utf-8")
    struck = '<span class="unseen" lang="es">no está en el texto: </span>Todos los derechos reservados</del>'
    assert struck in text
    assert "Cuentos &lt;del&gt; puerto" in text
    assert "<del>" not in text
    assert "✓ se conserva" in text
    assert "src=" not in text
    assert '<p class="stamp">' not in text
    source = _source(tmp_path, '["evaluate"]')
    assert command_line("sources", "preview", source, "--input", texts, "--html", inside).code == 0
    assert '<p class="stamp">' in inside.read_text(encoding="utf-8")


def test_a_website_is_asked_for_a_few_pages_and_nothing_stays(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as were wished, by the source's own scope; what was crawled before is used where it is there."""
    monkeypatch.chdir(tmp_path)
    with website.Website() as site:
        site.routes |= {"/": website.page("uno", "/a", "/b", "/c")}
        site.routes |= {f"/{name}": website.page(name) for name in "abc"}
        crawl = f'[collect]\nkind = "crawl"\n[collect.crawl]\nstart = ["{site.root}/"]\ndelay = 0.0\n'
        source = _source(tmp_path, collect=f'{crawl}private_hosts = ["{site.host}"]\n')
        result = command_line("sources", "preview", source, "--n", "2", "--lang", "es", "--json")
        assert result.code == 0, result.err
        assert len(result.json["items"]) == 2
        assert all(item["where"].startswith(site.root) for item in result.json["items"])
        assert "con pausas" in result.err
        assert [path.name for path in tmp_path.iterdir()] == ["puerto.toml"]


def test_of_many_files_a_few_are_taken_from_all_over(command_line: CommandLine, tmp_path: Path) -> None:
    """Not the first ones, which are mostly of one kind."""
    folder = tmp_path / "textos"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}.txt").write_text(_PROSE, encoding="utf-8")
    reported = command_line("sources", "preview", _source(tmp_path), "--input", folder, "--n", "4", "--json").json
    assert [item["where"] for item in reported["items"]] == ["00.txt", "05.txt", "10.txt", "15.txt"]


def test_marks_are_taken_out_as_a_run_takes_them(command_line: CommandLine, tmp_path: Path) -> None:
    """Only if the source's default recipe does so."""
    song = tmp_path / "a.txt"
    song.write_text(f"[Coro]\n{_PROSE}", encoding="utf-8")
    for genre, stages, shown in (("lyrics", 1, False), ("literature", 0, True)):
        source = _source(tmp_path)
        source.write_text(source.read_text(encoding="utf-8").replace('"literature"', f'"{genre}"'), encoding="utf-8")
        reported = command_line("sources", "preview", source, "--input", song, "--json").json
        assert reported["items"][0]["text"].startswith("[Coro]") == shown
        assert [entry.use for entry in load_recipe(str(source)).stage].count("unmark") == stages


def test_what_keeps_a_preview_from_being_made_is_told(command_line: CommandLine, tmp_path: Path) -> None:
    """No place named, a file that is wrong in the reader's language, a holder who must be asked."""
    assert "--input" in command_line("sources", "preview", _source(tmp_path), "--lang", "es").err
    wrong = tmp_path / "mala.toml"
    wrong.write_text('id = "mala"\ntitle = "x"\nholder = "y"\ngenre = "cachivaches"', encoding="utf-8")
    result = command_line("sources", "preview", wrong, "--lang", "es")
    assert (result.code, "línea 4, «genre»: «cachivaches» no es una de las opciones" in result.err) == (2, True)
    requested = tmp_path / "pedir.toml"
    crawl = '[collect]\nkind = "crawl"\n[collect.crawl]\nstart = ["https://puerto.example/"]\n'
    about = 'id = "pedir"\ntitle = "x"\nholder = "y"\nstatus = "ask_first"\n'
    requested.write_text(about + crawl, encoding="utf-8")
    result = command_line("sources", "preview", requested, "--lang", "pt")
    assert (result.code, "primeiro é preciso pedir permissão a y" in result.err) == (2, True)
    requested.write_text(about.replace("ask_first", "unverified") + crawl, encoding="utf-8")
    result = command_line("sources", "preview", requested, "--lang", "es")
    assert (result.code, "sin contacto no se recolecta ninguna página" in result.err) == (2, True)


def test_a_page_shows_all_its_words_but_those_nobody_sees() -> None:
    """One block per line; scripts, styles and comments are left out; text without markup is unchanged."""
    page = "<p>a<b>b</b></p><style>c</style><!-- d --><ul><li>e<li>f</ul><svg><text>g</text></svg>"
    assert page_words(page) == "ab\ne\nf"
    assert page_words("") == ""
    assert page_words("<div>" * 3000 + "h") == "h"


def test_reasons_are_said_in_plain_words() -> None:
    """Each bound in the evidence is explained; an unknown cause is shown unchanged."""
    both = in_plain_words("digit_share>0.2", {"digit_share>0.2": 0.5, "stop_word_count<2": 0.0})
    assert [str(one) for one in both] == [
        "digits: 0.5; at most 0.2 is allowed",
        "different stop words: 0; at least 2 is required",
    ]
    assert (
        in_plain_words("unreadable:not JSON", {})[0].translate("es")
        == "el registro no se puede leer: la línea no es JSON"
    )
    assert in_plain_words("superseded", None)[0].translate("pt") == "há um registro mais novo"
    assert in_plain_words("digit_share>0.2", None)[0].translate("es") == "cifras: más de 0,2"
    assert in_plain_words("something else", None)[0].translate("pt") == "something else"
    assert list(lines_left_out("a\n\n b  c \nd", "b c")) == [("a", True), (" b  c", False), ("d", True)]
