"""`recipe new` writes a recipe that runs, with its reasons; a source's own file runs as a recipe."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import TYPE_CHECKING

import pytest

from latam_corpus.catalog.source import Source, shipped_sources
from latam_corpus.cli.reading.reference import schema_text
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.language.model import load
from latam_corpus.pipeline.planning.default_recipe import recipe_text
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallSource

_TODAY = date(2026, 11, 27)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_source: SmallSource) -> Path:
    """A source's file and its texts, where the commands are given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.txt"]'), encoding="utf-8")
    (tmp_path / "textos").mkdir()
    (tmp_path / "textos" / "carta.txt").write_text(
        "Querida hermana: te escribo desde el puerto, donde llueve desde el lunes y los botes no salen. Dile a mamá "
        "que la encomienda llegó entera, hasta el frasco de dulce, y que aquí todos preguntan quién lo hizo.",
        encoding="utf-8",
    )
    return tmp_path


def _recipe(source: str, language: str = "en") -> str:
    return recipe_text([("a.toml", parse_toml(source, Source, "a.toml"))], language, {"spa", "por", "quy"}, _TODAY)


_ABOUT = 'id = "a"\ntitle = "A"\nholder = "B"\n'
_RIGHTS = '[rights]\nstatement = "CC0-1.0"\nbasis = "licence"\nuses = ["train", "evaluate"]\n'


@pytest.mark.parametrize(
    ("language", "named", "reason"),
    [
        ("es", "receta-fuente.toml", "# Reconoce la lengua de cada texto,"),
        ("pt", "receita-fuente.toml", "# Reconhece a língua de cada texto,"),
        ("en", "recipe-fuente.toml", "# Identifies the language of each text,"),
    ],
)
def test_a_recipe_is_written_with_its_reasons(
    command_line: CommandLine, folder: Path, language: str, named: str, reason: str
) -> None:
    """In the language that is spoken, by a name in it; the same command writes over nothing, and it is right."""
    result = command_line("recipe", "new", "fuente.toml", "--lang", language)
    assert (result.code, named in result.out) == (0, True)
    text = (folder / named).read_text(encoding="utf-8")
    assert reason in text
    assert tomllib.loads(text)["sources"] == ["fuente.toml"]
    schema = folder / text.partition("\n")[0].removeprefix("#:schema ")
    assert schema.read_text(encoding="utf-8") == schema_text("recipe") + "\n"
    assert command_line("recipe", "new", "fuente.toml", "--lang", language).code == 2
    assert command_line("check", named).code == 0


def test_pictures_are_recognised_in_their_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe names the languages if tesseract has them; if not, a comment says what to install."""
    source = _ABOUT + 'languages = ["spa", "quy"]\n[collect]\nfiles = ["**/*.png"]\n'
    monkeypatch.setattr("latam_corpus.pipeline.planning.default_recipe.models", lambda: frozenset({"spa", "que"}))
    assert tomllib.loads(_recipe(source))["stage"][0] == {"use": "extract", "ocr": ["spa", "que"]}
    monkeypatch.setattr("latam_corpus.pipeline.planning.default_recipe.models", frozenset)
    assert '# ocr = ["spa", "que"]\n' in _recipe(source)
    assert tomllib.loads(_recipe(source))["stage"][0] == {"use": "extract"}
    unchosen = _ABOUT + 'languages = ["por"]\n'
    assert '# ocr = ["por"]\n' in _recipe(unchosen)
    assert "ocr" not in _recipe(unchosen + '[collect]\nfiles = ["**/*.txt"]\n')


def test_a_recipe_elsewhere_finds_its_sources(command_line: CommandLine, folder: Path) -> None:
    """Files by their path from the recipe's folder, sources of the catalogue by their id; two of one id are refused."""
    output = command_line("recipe", "new", "fuente.toml", "conha19", "--to", "otra/r.toml", "--json").json
    assert output == {"file": "otra/r.toml", "sources": ["fuente", "conha19"]}
    assert load_recipe("otra/r.toml").sources == ("../fuente.toml", "conha19")
    assert command_line("check", "otra/r.toml").code == 0
    assert "fuente.toml also has the id" in command_line("recipe", "new", "fuente.toml", "./fuente.toml").err
    assert len(list(folder.glob("*.toml"))) == 1


@pytest.mark.parametrize("language", ["es", "pt", "en"])
def test_every_source_of_the_catalogue_has_a_recipe_that_can_be_planned(language: str) -> None:
    """Whatever it is collected from, in whatever languages and on whatever terms."""
    known = load().codes
    for source in shipped_sources():
        text = recipe_text([(source.id, source)], language, known, _TODAY)
        assert "{" not in text.replace("{}", ""), text
        released = tomllib.loads(text).get("release", {})
        assert set(released.get("uses", ())) <= set(source.uses)
        assert "unknown" not in released.get("admit", ())


def test_the_stages_fit_what_is_collected(folder: Path) -> None:
    """Web pages pass a gate before they are extracted; files don't."""
    (folder / "sitio.toml").write_text(
        _ABOUT + 'contact = "a@b.example"\ngenre = "news"\nlanguages = ["spa"]\n'
        '[collect]\nkind = "crawl"\n[collect.crawl]\nstart = ["https://b.example/"]\n',
        encoding="utf-8",
    )
    recipe = load_recipe("sitio.toml")
    assert [entry.use for entry in recipe.stage][:4] == ["skim", "identify", "extract", "repair"]
    assert recipe.stage[1].options == {"languages": ["spa", "und"]}
    assert recipe.stage[4].options == {"languages": ["spa"]}
    assert recipe.survival is None
    make_plan(recipe, {})
    assert [entry.use for entry in load_recipe("fuente.toml").stage][:2] == ["extract", "repair"]


@pytest.mark.parametrize(
    ("about", "unmarks"),
    [
        ('genre = "lyrics"\n', True),
        ('genre = "oral_history"\n', True),
        ('genre = "news"\n', False),
        ('[collect]\ncolumns = { genre = "clase" }\n', True),
        ("[collect]\ncolumns = { genre = false }\n", False),
    ],
)
def test_marks_are_removed_according_to_genre(about: str, unmarks: bool) -> None:
    """As in a preview, songs and talk have marks, and records that state their genre may be either."""
    stages = [entry["use"] for entry in tomllib.loads(_recipe(_ABOUT + about))["stage"]]
    assert stages[:2] == ["extract", "unmark" if unmarks else "repair"]


def test_unknown_languages_are_not_dropped() -> None:
    """No text is dropped for a language that the model lacks or no source states; the recipe says why."""
    assert 'languages = ["spa", "quy"]' in _recipe(_ABOUT + 'languages = ["spa", "quy"]')
    unnamed = _recipe(_ABOUT + 'languages = ["spa", "yrl"]')
    assert "languages" not in tomllib.loads(unnamed)["stage"][2]
    assert "yrl" in unnamed
    assert "languages" not in tomllib.loads(_recipe(_ABOUT))["stage"][2]


@pytest.mark.parametrize(
    ("rights", "release", "why"),
    [
        (_RIGHTS, {"name": "a", "admit": ["open"], "uses": ["train", "evaluate"]}, ""),
        ("", None, "su archivo no declara derechos"),
        (_RIGHTS.replace("CC0-1.0", "Prensa libre"), None, "sus derechos no se conocen o no se entienden"),
        (_RIGHTS + "expires = 2026-11-26\n", None, "su permiso terminó el 2026-11-26"),
        (_RIGHTS + "expires = 2026-11-27\n", {"name": "a", "admit": ["open"], "uses": ["train", "evaluate"]}, ""),
        (_RIGHTS + "embargo_until = 2026-11-28\n", None, "antes del 2026-11-28"),
        (_RIGHTS.replace('["train", "evaluate"]', "[]"), None, "no permiten nada"),
    ],
)
def test_it_releases_sources_whose_terms_allow_it(rights: str, release: dict[str, object] | None, why: str) -> None:
    """For the other sources, the recipe states the reason."""
    text = _recipe(_ABOUT + rights, "es")
    assert tomllib.loads(text).get("release") == release
    assert why in text
    assert ("No hay [release]" in text) == (release is None)


def test_sources_that_allow_less_together_release_less() -> None:
    """The uses are those that all allow; one that shares none with the others is left out."""
    texts = [(name, rights) for name, rights in (("a", '"train", "evaluate"'), ("b", '"evaluate"'), ("c", '"train"'))]
    sources = [
        parse_toml(
            f'id = "{name}"\ntitle = "T"\nholder = "H"\n'
            f'[rights]\nstatement = "CC-BY-4.0"\nbasis = "licence"\nuses = [{uses}]',
            Source,
            name,
        )
        for name, uses in texts
    ]
    text = recipe_text([(item.id, item) for item in sources], "en", {"spa"}, _TODAY)
    assert tomllib.loads(text)["release"]["uses"] == ["evaluate"]
    assert "«c» is measured, but not released: its terms allow: train" in text


def test_a_source_runs_by_its_default_recipe(command_line: CommandLine, folder: Path) -> None:
    """To its release; the run keeps the recipe that it ran by, in the language that was spoken."""
    result = command_line("run", "fuente.toml", "--input", "textos", "--lang", "es")
    assert (result.code, result.err.count("error")) == (0, 0)
    assert "1 documento leído = 1 conservado + 0 apartados" in result.out
    assert "fuente" in command_line("release", "list").out
    [run] = (folder / "out" / "runs").glob("fuente-*")
    assert "# Reconoce la lengua" in (run / "recipe.toml").read_text(encoding="utf-8")
    assert command_line("run", "fuente.toml", "--input", "textos", "--lang", "pt").code == 0
    assert len(list((folder / "out" / "runs").glob("fuente-*"))) == 1  # comments decide nothing


@pytest.mark.usefixtures("folder")
def test_mistakes_in_a_source_are_reported_as_such(command_line: CommandLine) -> None:
    """All its mistakes are reported, and not those of a recipe without stages."""
    with open("fuente.toml", "a", encoding="utf-8") as file:  # noqa: PTH123  (where the command is given)
        file.write('form = "poesía"\nfils = ["*"]\n')
    result = command_line("run", "fuente.toml", "--input", "textos", "--lang", "es")
    assert result.code == 2
    assert "¿quiso escribir «verse»?" in result.err
    assert "no existe la clave «collect.fils»; ¿quiso escribir «files»?" in result.err
