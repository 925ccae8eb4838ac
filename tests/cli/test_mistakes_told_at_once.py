"""Mistakes in a recipe and in the files that it names: one command reports all, in three languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_FILES = {
    "receta.toml": """
titulo = "Cartas"
genre = "prenza"
sources = ["cartas.toml", "no-hay.toml", "conah19", "documentos.toml", "rota.toml"]
[[stage]]
use = "extrat"
[[stage]]
use = "identify"
languages = ["triqui"]
[[stage]]
use = "identify"
lenguages = ["spa"]
[[stage]]
use = "identify"
languages = ["yrl"]
[[stage]]
use = "identify"
languages = ["zapoteco del Istmo"]
[[stage]]
use = "filter"
policies = "no-hay"
[[stage]]
use = "dedupe"
against = 3
[survival]
floor = 2
[release]
name = "Mi Versión"
admit = ["abierto"]
uses = ["entrenar"]
[release.split]
test = "mucho"
validation = 0.5
[inputs]
cartas = 3
""",
    "cartas.toml": """
id = "Cartas"
title = 3
genre = "poezia"
country = "Chile"
languages = ["español", "mixteco"]
pais = "CL"
[rights]
statement = "CC-BY-4.0"
uses = ["publicar"]
expires = "31/12/2030"
[collect]
form = "poesía"
format = "word"
group_rows = 0
""",
    "documentos.toml": 'id = "documentos"\ntitle = "D"\nholder = "H"\n[collect]\nfiles = ["**/*.pptx"]\n',
    "rota.toml": 'id = "rota\n',
}
# What was done, and what is said of it.
_MISTAKES = [
    ("a key in Spanish", "receta.toml, línea 2: no existe la clave «titulo»; ¿quiso escribir «title»?"),
    ("a key left out", "receta.toml: falta la clave «title»; agregue «title = …»"),
    ("a misspelt genre", "receta.toml, línea 3: «genre» no puede ser 'prenza'; ¿quiso escribir «news»?"),
    ("a file that isn't there", "no-hay.toml: ese archivo no existe; revise la ruta"),
    ("a misspelt source", "en el catálogo no hay ninguna fuente «conah19»; ¿quiso escribir «conha19»?"),
    ("files nothing reads", "fuente documentos: no se pueden leer archivos que terminan en «.pptx»; guárdelos en"),
    ("a quote left open", "rota.toml, línea 1: no es TOML: falta la comilla que cierra"),
    ("a misspelt stage", "receta.toml, etapa 1: no existe la etapa «extrat»; ¿quiso escribir «extract»?"),
    ("a name of many languages", "etapa 2, identify, languages: muchas lenguas se llaman «triqui»; escriba el código"),
    ("a misspelt option", "etapa 3: la etapa «identify» no tiene la opción «lenguages»; ¿quiso escribir «languages»?"),
    ("a language unknown to the model", "etapa 4, identify, languages: el modelo «americas» no reconoce «yrl»"),
    ("a language by its name", "etapa 5, identify, languages: no existe el código de lengua «zapoteco del Istmo»"),
    ("policies that aren't there", "no-hay: no existe esa carpeta de políticas; indique una con languages/ y genres/"),
    ("a number for a text", "etapa 7: opción «against» de «dedupe»: 3; debe ser un texto entre comillas"),
    ("a share above one", "receta.toml, línea 26: «survival.floor» es 2; debe ser un número de 1.0 o menos"),
    ("a release's name", "receta.toml, línea 28: «release.name»: «Mi Versión» no puede ser el nombre de una versión"),
    ("a tier in Spanish", "receta.toml, línea 29: «release.admit (1)» no puede ser 'abierto'; ¿quiso escribir «open»?"),
    ("a use in Spanish", "receta.toml, línea 30: «release.uses (1)» no puede ser 'entrenar'; ¿quiso escribir «train»?"),
    ("a text for a number", "receta.toml, línea 32: «release.split.test» es 'mucho'; debe ser un número sin comillas"),
    ("half held out", "receta.toml, línea 33: «release.split.validation» es 0.5; debe ser un número de 0.49 o menos"),
    ("a number for a path", "receta.toml, línea 35: «inputs.cartas» es 3; debe ser un texto entre comillas"),
    ("an id with a capital", "cartas.toml, línea 2: «id» es 'Cartas'; debe ser letras minúsculas sin"),
    ("a number for a title", "cartas.toml, línea 3: «title» es 3; debe ser un texto entre comillas"),
    ("no holder", "cartas.toml: falta la clave «holder»; agregue «holder = …»"),
    ("a source's genre", "cartas.toml, línea 4: «genre» no puede ser 'poezia'; ¿quiso escribir «literature»?"),
    (
        "a country by its name",
        "cartas.toml, línea 5: «country»: «Chile» no es un código ISO 3166-1 de dos letras; escriba",
    ),
    (
        "a language in Spanish",
        "cartas.toml, línea 6: «languages (1)»: «español» no es un código ISO 639-3; escriba «spa»",
    ),
    (
        "a family of languages",
        "cartas.toml, línea 6: «languages (2)»: muchas lenguas se llaman «mixteco»; escriba el código",
    ),
    ("another key in Spanish", "cartas.toml, línea 7: no existe la clave «pais»; ¿quiso escribir «country»?"),
    (
        "another use in Spanish",
        "cartas.toml, línea 10: «rights.uses (1)» no puede ser 'publicar'; ¿quiso escribir «redistri",
    ),
    ("a date as a text", "cartas.toml, línea 11: «rights.expires» es '31/12/2030'; debe ser una fecha como 2027-01-31"),
    ("verse for a form", "cartas.toml, línea 13: «collect.form» no puede ser 'poesía'; ¿quiso escribir «verse»?"),
    ("an unknown format", "cartas.toml, línea 14: «collect.format» no puede ser 'word'; ¿quiso escribir «docx»?"),
    ("no rows in a group", "cartas.toml, línea 15: «collect.group_rows» es 0; debe ser un número mayor que 0"),
]


def _lines(text: str) -> list[str]:
    return [line.removeprefix("error: ").removeprefix("erro: ") for line in text.splitlines()]


@pytest.fixture
def told(command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Return the lines that `check` prints about all mistakes, by language."""
    monkeypatch.chdir(tmp_path)
    for name, text in _FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    results = {language: command_line("check", "receta.toml", "--lang", language) for language in ("es", "pt", "en")}
    assert {item.code for item in results.values()} == {2}
    return {language: _lines(item.err) for language, item in results.items()}


def test_all_mistakes_are_told_at_once_in_three_languages(told: dict[str, list[str]]) -> None:
    """Each with its file, its line and what to write instead; a line for a mistake, and none for anything else."""
    assert len(_MISTAKES) >= 27
    missing = [what for what, sentence in _MISTAKES if not any(sentence in line for line in told["es"])]
    assert not missing, "\n".join(told["es"])
    assert len(told["es"]) == len(_MISTAKES), "\n".join(told["es"])
    for language in ("pt", "en"):
        assert len(told[language]) == len(_MISTAKES)
        # What was typed is the same in all languages, and so may a whole line of codes be; no sentence is left.
        same = set(told["es"]) & set(told[language])
        assert not same, same


def test_a_valid_recipe_reports_what_it_skips(command_line: CommandLine, tmp_path: Path) -> None:
    """An expired permission, a holder to be asked first and dropped languages are hints; the exit code is 0."""
    about = 'title = "T"\nholder = "Casa"\ngenre = "literature"\n'
    rights = '[rights]\nstatement = "CC0-1.0"\nbasis = "licence"\nuses = ["train"]\n'
    (tmp_path / "a.toml").write_text(f'id = "a"\n{about}languages = ["arn"]\n{rights}expires = 2020-01-31\n')
    (tmp_path / "b.toml").write_text(f'id = "b"\nstatus = "ask_first"\n{about}{rights}')
    recipe = tmp_path / "r.toml"
    stages = '[[stage]]\nuse = "extract"\n[[stage]]\nuse = "identify"\nlanguages = ["spa"]\n'
    release = '[release]\nname = "r"\nadmit = ["open"]\nuses = ["train"]\n'
    recipe.write_text(f'title = "T"\nsources = ["a.toml", "b.toml"]\n{stages}{release}')
    result = command_line("check", recipe, "--lang", "es")
    assert result.code == 0
    assert "«a»: su permiso terminó el 2020-01-31; pida uno nuevo" in result.err
    assert "«b» no se lee hasta pedir permiso a la institución que la custodia (Casa)" in result.err
    assert "«a» tiene textos en arn, pero «identify» solo conserva textos en spa" in result.err
    assert "«a» se procesa y no entra en la versión: su permiso terminó el 2020-01-31" in result.out
    recipe.write_text(f'title = "T"\nsources = ["a.toml"]\n{stages}{release}[inputs]\na = "no-hay"\n')
    result = command_line("check", recipe, "--lang", "pt")
    assert (result.code, "entrada de a: em «" in result.err or "entrada de a: em “" in result.err) == (2, True), result


def test_sources_check_reports_the_same(command_line: CommandLine, tmp_path: Path) -> None:
    """Files that no reader supports are errors, and an expired permission is reported."""
    for name in ("documentos", "vencida"):
        (tmp_path / f"{name}.toml").write_text(_FILES["documentos.toml"].replace("documentos", name), encoding="utf-8")
    with (tmp_path / "vencida.toml").open("a") as file:
        file.write('[rights]\nstatement = "CC0-1.0"\nbasis = "licence"\nuses = []\nexpires = 2020-01-31\n')
    result = command_line("sources", "check", *sorted(tmp_path.glob("*.toml")), "--lang", "es")
    assert result.code == 1
    assert result.out.count("no se pueden leer archivos que terminan en «.pptx»") == 2
    assert "el permiso terminó el 2020-01-31: nada de la fuente entra en una versión" in result.out
