"""`sources check`: everything that is wrong in a source's file, in sentences, in the reader's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from latam_corpus.intake.check_source import check_source

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_LEAST = 'id = "radio"\ntitle = "Radio vecinal"\nholder = "Junta de vecinos"\n'
_FULL = (
    _LEAST + 'genre = "news"\ncountry = "CL"\nlanguages = ["spa"]\n[rights]\nstatement = "CC-BY-4.0"\n'
    'basis = "licence"\nuses = ["train"]\nquotation = "CC BY 4.0"\nquoted_from = "https://radio.cl/derechos"\n'
)


def _told(text: str, language: str = "es", name: str = "") -> list[str]:
    return [one.in_language(language) for one in check_source(text, name)[1]]


@pytest.mark.parametrize(
    ("toml", "language", "told"),
    [
        (
            'genre = "todos"',
            "es",
            "línea 4, «genre»: «todos» no es una de las opciones; elija: news (prensa), literature",
        ),
        ('genre = "prenza"', "es", "«prenza» no es una de las opciones; ¿quiso escribir «news»?"),
        ('genre = "nwes"', "pt", "linha 4, “genre”: “nwes” não é uma das opções; você quis escrever “news”?"),
        ('languages = ["español"]', "es", "«languages (1)»: «español» no es un código ISO 639-3; escriba «spa»"),
        ('country = "Brasil"', "pt", "“Brasil” não é um código ISO 3166-1 de duas letras; escreva “BR”"),
        ('idioma = ["spa"]', "es", "«idioma»: esta clave no existe; ¿quiso escribir «languages»?"),
        ('genero = "news"', "pt", "“genero”: esta chave não existe; você quis escrever “genre”?"),
        ("languages = 3", "en", "«languages»: it says 3; it must be a list in brackets"),
        ('[rights]\nstatement = "MIT"\nuses = ["train"]', "es", "entrenar y redistribuir necesitan un fundamento"),
        ('[rights]\nstatement = "MIT"\nbasis = "licence"', "pt", "“rights.uses”: falta; acrescente uma linha: uses"),
        ('[collect]\nkind = "crawl"', "es", 'kind = "crawl" y la tabla [collect.crawl] van juntas'),
        ('[collect]\nkind = "crawl"\n[collect.crawl]\nstart = []', "es", "debe ser una lista con al menos un elemento"),
        ("[collect]\ngroup_rows = 0", "pt", "deve ser um número maior que 0"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence_with_line_problem_and_remedy(toml: str, language: str, told: str) -> None:
    """In the language asked for; a word of that language is met by the key or code it stands for."""
    assert told in " · ".join(_told(_LEAST + toml, language))


@pytest.mark.parametrize(
    ("broken", "line", "told"),
    [
        ("title = “Cartas”", 1, "las comillas son tipográficas"),
        ("título = 'Cartas'", 1, "el nombre de una clave no puede llevar acentos"),
        ("\ntitle = Cartas de una familia", 2, 'escriba title = "…"'),
        ('id = "a"\ntitle = "Cartas', 2, "falta la comilla que cierra"),
        ('languages = ["spa"\ntitle = "x"\nholder = "y"', None, ""),
        ('files = ["a", "b"', 1, "falta el corchete que cierra la lista"),
        ('title "Cartas"', 1, "falta el signo ="),
        ('id = "a"\nid = "b"', None, "está definida dos veces"),
    ],
)
def test_what_is_no_toml_is_told_by_what_people_did(broken: str, line: int | None, told: str) -> None:
    """Not by what a parser stumbled over; the line is named where it can be known."""
    [found] = check_source(broken)[1]
    assert told in found.in_language("es")
    assert line is None or found.line == line


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    """A librarian who puts right one thing shouldn't meet the next only then."""
    found = check_source('id = "Mala"\ntitle = 3\ngenre = "x"\n[rights]\nuses = ["vender"]\nstatement = "MIT"\n')[1]
    assert [one.key for one in found] == ["holder", "id", "title", "genre", "rights.uses (1)"]
    assert [one.line for one in found] == [None, 1, 2, 3, 5]


def test_a_good_file_has_nothing_to_put_right(command_line: CommandLine, tmp_path: Path) -> None:
    """It is right, exit code 0, read back by its names, without a word of advice."""
    path = tmp_path / "radio.toml"
    path.write_text(_FULL, encoding="utf-8")
    told = command_line("sources", "check", path, "--lang", "pt")
    read = "  lido assim: gênero: imprensa · país: CL: Chile · línguas: spa: espanhol"
    assert (told.code, told.out.strip()) == (0, f"✓ {path}: sem erros\n{read}")


def test_of_several_files_one_that_is_wrong_makes_exit_code_1(command_line: CommandLine, tmp_path: Path) -> None:
    """Each is told of; as JSON too. A file that isn't there is the user's mistake, exit code 2."""
    good, bad = tmp_path / "radio.toml", tmp_path / "mala.toml"
    good.write_text(_FULL, encoding="utf-8")
    bad.write_text(_FULL.replace('"news"', '"todos"'), encoding="utf-8")
    told = command_line("sources", "check", good, bad, "--lang", "es")
    assert told.code == 1
    assert f"✓ {good}" in told.out
    assert "1 error" in told.out
    first, second = command_line("sources", "check", good, bad, "--lang", "es", "--json").json
    assert (first["ok"], second["ok"]) == (True, False)
    assert second["findings"][0]["line"] == 4
    assert command_line("sources", "check", tmp_path / "nada.toml").code == 2


def test_a_file_in_an_old_charset_is_told_what_to_do(command_line: CommandLine, tmp_path: Path) -> None:
    """As an editor on Windows saves it."""
    path = tmp_path / "radio.toml"
    path.write_bytes(_FULL.replace("Radio", "Señal").encode("cp1252"))
    told = command_line("sources", "check", path, "--lang", "pt")
    assert (told.code, "salve o arquivo outra vez e escolha a codificação UTF-8" in told.out) == (1, True)


def test_the_users_own_language_is_spoken_where_none_is_named(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By LANG; English for another language, and an unknown one asked for is told."""
    path = tmp_path / "radio.toml"
    path.write_text(_FULL, encoding="utf-8")
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for language, said in (("es_CL.UTF-8", "sin errores"), ("pt_BR", "sem erros"), ("fr_FR", "no errors")):
        monkeypatch.setenv("LANG", language)
        assert said in command_line("sources", "check", path).out
    assert command_line("sources", "check", path, "--lang", "fr").code == 2


def test_advice_is_given_on_what_keeps_a_source_from_release() -> None:
    """Without rights, with a statement that is no licence, with more uses than it allows, without a quotation."""
    assert any("no entra en ninguna versión" in one for one in _told(_LEAST))
    rights = '[rights]\nstatement = "{}"\nbasis = "licence"\nuses = ["{}"]\n'
    assert any("no se reconoce como licencia" in one for one in _told(_LEAST + rights.format("todos", "evaluate")))
    misspelt = _told(_LEAST + rights.format("CC-YB-4.0", "train"))
    assert any("no se reconoce como licencia" in one and "¿quiso escribir «CC-BY-4.0»?" in one for one in misspelt)
    assert any("permite train" in one for one in _told(_LEAST + rights.format("CC-BY-NC-4.0", "train")))
    assert any("copie en quotation la frase" in one for one in _told(_LEAST + rights.format("CC-BY-4.0", "train")))
    crawl = '[collect]\nkind = "crawl"\n[collect.crawl]\nstart = ["https://radio.example/"]\n'
    told = _told(_FULL + crawl, name="otra.toml")
    assert any("sin contacto" in one for one in told)
    assert any("todavía tiene el valor de ejemplo" in one for one in told)
    assert any("el archivo se llama «otra.toml»" in one for one in told)
    assert check_source(_FULL + crawl)[0] is not None  # advice makes no file wrong


@pytest.mark.parametrize("line", ["expires = 31/12/2030", "expires = 31-12-2030", "expires = 1.1.30"])
def test_a_date_in_another_order_is_known_for_one(line: str) -> None:
    """In any of its forms, with the one to write."""
    assert _told(f'id = "a"\n{line}\n', "pt") == [
        "linha 2: a data não está na ordem ano-mês-dia; escreva como em expires = 2030-12-31"
    ]


@pytest.mark.parametrize(
    "text", ["a = [1 2]\n[b", "id = 1 2", '"a b', "= 3", "a = {x = 1", "a = 2030-13-45", "a = 'x\ny'"]
)
def test_what_the_toml_reader_says_is_told_in_ones_language(text: str) -> None:
    """None of its words in English."""
    for language in ("es", "pt"):
        [told] = _told(text, language)
        assert not re.search(r"\b(at line|Expected|Invalid|Un|Illegal|the|of)\b", told), told


def test_a_file_that_cannot_be_read_is_told_before_a_run(command_line: CommandLine, tmp_path: Path) -> None:
    """As advice, with what is wrong with it: a run sets it aside and goes on."""
    (tmp_path / "a.txt").write_text("La barca salió del puerto antes del alba.", encoding="utf-8")
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 cortado")
    (tmp_path / "c.txt").write_bytes(b"")
    (tmp_path / "fuente.toml").write_text('id = "fuente"\ntitle = "T"\nholder = "B"\n', encoding="utf-8")
    told = command_line("sources", "check", tmp_path / "fuente.toml", "--input", tmp_path / "?.*", "--lang", "es")
    assert told.code == 0
    advice = [line.strip() for line in told.out.splitlines() if "repárelo o quítelo" in line]
    assert [line.partition(";")[0] for line in advice] == [
        "consejo: «b.zip»: el registro no se puede leer: el archivo está dañado",
        "consejo: «c.txt»: el registro no se puede leer: el archivo está vacío",
    ]


def test_a_file_that_is_not_there_has_the_one_beside_it_as_remedy(command_line: CommandLine, tmp_path: Path) -> None:
    """Of sources and recipes; a folder is told to be one."""
    (tmp_path / "cronicas.toml").write_text('id = "cronicas"\n', encoding="utf-8")
    for line in (("sources", "check", tmp_path / "cronica"), ("run", tmp_path / "cronica.toml")):
        told = command_line(*line, "--lang", "es")
        assert f"¿quiso escribir «{tmp_path / 'cronicas.toml'}»?" in told.out + told.err
    told = command_line("run", tmp_path, "--lang", "es")
    assert (told.code, "es una carpeta, no una receta" in told.err) == (2, True), told.err
