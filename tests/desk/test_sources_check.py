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
    return [item.in_language(language) for item in check_source(text, name)[1]]


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
    """Mistakes are reported in the chosen language; for a word of that language the remedy names the key or code."""
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
def test_toml_errors_name_the_usual_mistake(broken: str, line: int | None, told: str) -> None:
    """The error names what people usually did wrong, not where the parser stopped, and the line if it is known."""
    [matches] = check_source(broken)[1]
    assert told in matches.in_language("es")
    assert line is None or matches.line == line


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    """A librarian who puts right one thing shouldn't meet the next only then."""
    matches = check_source('id = "Mala"\ntitle = 3\ngenre = "x"\n[rights]\nuses = ["vender"]\nstatement = "MIT"\n')[1]
    assert [item.key for item in matches] == ["holder", "id", "title", "genre", "rights.uses (1)"]
    assert [item.line for item in matches] == [None, 1, 2, 3, 5]


def test_a_good_file_has_nothing_to_put_right(command_line: CommandLine, tmp_path: Path) -> None:
    """It is right, exit code 0, read back by its names, without a word of advice."""
    path = tmp_path / "radio.toml"
    path.write_text(_FULL, encoding="utf-8")
    result = command_line("sources", "check", path, "--lang", "pt")
    read = "  lido assim: gênero: imprensa · país: CL: Chile · línguas: spa: espanhol"
    assert (result.code, result.out.strip()) == (0, f"✓ {path}: sem erros\n{read}")


def test_exit_code_is_1_if_any_file_is_wrong(command_line: CommandLine, tmp_path: Path) -> None:
    """Every file is reported, also as JSON. A missing file is the user's mistake: exit code 2."""
    good, bad = tmp_path / "radio.toml", tmp_path / "mala.toml"
    good.write_text(_FULL, encoding="utf-8")
    bad.write_text(_FULL.replace('"news"', '"todos"'), encoding="utf-8")
    result = command_line("sources", "check", good, bad, "--lang", "es")
    assert result.code == 1
    assert f"✓ {good}" in result.out
    assert "1 error" in result.out
    first, second = command_line("sources", "check", good, bad, "--lang", "es", "--json").json
    assert (first["ok"], second["ok"]) == (True, False)
    assert second["findings"][0]["line"] == 4
    assert command_line("sources", "check", tmp_path / "nada.toml").code == 2


def test_a_file_in_windows_1252_has_a_remedy(command_line: CommandLine, tmp_path: Path) -> None:
    """The error for a file that an editor on Windows saved says how to save it."""
    path = tmp_path / "radio.toml"
    path.write_bytes(_FULL.replace("Radio", "Señal").encode("cp1252"))
    result = command_line("sources", "check", path, "--lang", "pt")
    assert (result.code, "salve o arquivo outra vez e escolha a codificação UTF-8" in result.out) == (1, True)


def test_system_language_is_the_default(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LANG decides if no language is named; other languages give English, and an unknown `--lang` is refused."""
    path = tmp_path / "radio.toml"
    path.write_text(_FULL, encoding="utf-8")
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for language, output in (("es_CL.UTF-8", "sin errores"), ("pt_BR", "sem erros"), ("fr_FR", "no errors")):
        monkeypatch.setenv("LANG", language)
        assert output in command_line("sources", "check", path).out
    assert command_line("sources", "check", path, "--lang", "fr").code == 2


def test_advice_names_obstacles_to_a_release() -> None:
    """Advice is given without rights, for an unknown licence, for uses beyond the licence, and without a quotation."""
    assert any("no entra en ninguna versión" in item for item in _told(_LEAST))
    rights = '[rights]\nstatement = "{}"\nbasis = "licence"\nuses = ["{}"]\n'
    assert any("no se reconoce como licencia" in item for item in _told(_LEAST + rights.format("todos", "evaluate")))
    misspelt = _told(_LEAST + rights.format("CC-YB-4.0", "train"))
    assert any("no se reconoce como licencia" in item and "¿quiso escribir «CC-BY-4.0»?" in item for item in misspelt)
    assert any("permite train" in item for item in _told(_LEAST + rights.format("CC-BY-NC-4.0", "train")))
    assert any("copie en quotation la frase" in item for item in _told(_LEAST + rights.format("CC-BY-4.0", "train")))
    crawl = '[collect]\nkind = "crawl"\n[collect.crawl]\nstart = ["https://radio.example/"]\n'
    output = _told(_FULL + crawl, name="otra.toml")
    assert any("sin contacto" in item for item in output)
    assert any("todavía tiene el valor de ejemplo" in item for item in output)
    assert any("el archivo se llama «otra.toml»" in item for item in output)
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
def test_toml_errors_are_translated(text: str) -> None:
    """No word of the parser's English errors is printed in Spanish or Portuguese."""
    for language in ("es", "pt"):
        [output] = _told(text, language)
        assert not re.search(r"\b(at line|Expected|Invalid|Un|Illegal|the|of)\b", output), output


def test_unreadable_files_are_reported_before_a_run(command_line: CommandLine, tmp_path: Path) -> None:
    """The file is reported as advice, with its problem: a run drops it and continues."""
    (tmp_path / "a.txt").write_text("La barca salió del puerto antes del alba.", encoding="utf-8")
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 cortado")
    (tmp_path / "c.txt").write_bytes(b"")
    (tmp_path / "fuente.toml").write_text('id = "fuente"\ntitle = "T"\nholder = "B"\n', encoding="utf-8")
    result = command_line("sources", "check", tmp_path / "fuente.toml", "--input", tmp_path / "?.*", "--lang", "es")
    assert result.code == 0
    advice = [line.strip() for line in result.out.splitlines() if "repárelo o quítelo" in line]
    assert [line.partition(";")[0] for line in advice] == [
        "consejo: «b.zip»: el registro no se puede leer: el archivo está dañado",
        "consejo: «c.txt»: el registro no se puede leer: el archivo está vacío",
    ]


def test_the_remedy_for_a_missing_file_is_the_closest_name(command_line: CommandLine, tmp_path: Path) -> None:
    """This holds for sources and recipes; the error for a folder says that it is one."""
    (tmp_path / "cronicas.toml").write_text('id = "cronicas"\n', encoding="utf-8")
    for line in (("sources", "check", tmp_path / "cronica"), ("run", tmp_path / "cronica.toml")):
        result = command_line(*line, "--lang", "es")
        assert f"¿quiso escribir «{tmp_path / 'cronicas.toml'}»?" in result.out + result.err
    result = command_line("run", tmp_path, "--lang", "es")
    assert (result.code, "es una carpeta, no una receta" in result.err) == (2, True), result.err
