"""A source's form is left open by default, and `check` and `preview` warn of verse in a source whose form is prose."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.desk.questionnaire import interview
from latam_corpus.desk.template import load_template
from latam_corpus.extract.documents.plain import extract
from latam_corpus.extract.wraps import looks_like_verse
from latam_corpus.intake.preview_items import items_of
from latam_corpus.intake.sampled_texts import files_with_verses

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_STANZAS = (
    "La barca de mi padre no ha salido,\nel puerto está vacío y sin faroles,\nse van a dormir ya los girasoles.",
    "Mi madre cose al pie de la ventana,\nno dice lo que piensa, está cansada,\ny espera que regrese la mañana.",
    "Mañana volverá, dicen los viejos,\nmañana con la red y con la suerte,\nlo vieron otra vez desde muy lejos.",
)
_POEM = "\n\n".join(_STANZAS)
_PROSE = (
    "La barca salió del puerto antes del alba y volvió con la red vacía, como todos\n"
    "los días de ese invierno. Nadie los había visto desde que empezaron las\n"
    "lluvias del mes pasado, y mi abuela decía que el mar no perdona a los que se\n"
    "olvidan de saludarlo cuando pasan por la orilla. Por eso lo saludábamos.\n\n"
    "Después vino el verano y con él los primos de la ciudad, que no sabían nadar\n"
    "y a los que había que cuidar todo el día, porque se metían en el agua con la\n"
    "ropa puesta y volvían a la casa cuando ya estaba oscuro y la comida fría.\n"
)


def _source(form: str | None = "prose") -> Source:
    described: dict[str, Any] = {
        "id": "poemas",
        "title": "A",
        "holder": "B",
        "genre": "literature",
        "languages": ["spa"],
    }
    return Source.model_validate(described | {"collect": {"form": form} if form else {}})


@pytest.mark.parametrize(("name", "form"), [("folder", None), ("oral-history", None), ("lyrics", "verse")])
def test_the_form_that_a_template_offers_joins_no_verses(name: str, form: str | None) -> None:
    """Enter leaves it open, but for song lyrics, which are verse."""
    template = load_template(name)
    blank = Source.model_validate(tomllib.loads(template.filled({"title": "Poemas", "holder": "B"}, "es")))
    assert blank.collect.form == form
    assert extract(_POEM.encode(), {"form": form} if form else {}).text == _POEM


def test_the_wizard_leaves_the_form_open_on_enter() -> None:
    """Typing 1 leaves it open, too; a number or a name selects prose or verse."""
    template = load_template("folder")
    for typed, form in (("", None), ("1", None), ("2", "prose"), ("verso", "verse")):
        answers = iter(("Poemas", "", "Familia", "-", "-", "", "-", "-", "1", typed, "-", "CC0", "", "-", "-"))
        screen = _Scripted(answers)
        given = interview(template, screen, "es", date(2026, 1, 1))
        source = Source.model_validate(tomllib.loads(template.filled(given, "es")))
        assert source.collect.form == form


class _Scripted:
    """A person who gives these answers."""

    patient = False

    def __init__(self, answers: Any) -> None:
        self._answers = answers

    def show(self, line: str) -> None:
        """Show nothing."""

    def ask(self, _prompt: str) -> str:
        """Return the next answer."""
        answer: str = next(self._answers)
        return answer


@pytest.mark.parametrize(
    ("text", "is_verse"),
    [
        (_POEM, True),
        (_PROSE, False),
        (_PROSE.replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n"), False),
        (f"{_PROSE}\n{_STANZAS[0]}\n", False),
        ("Introducción\n\nCapítulo uno\n\n" + _PROSE, False),
        ("", False),
    ],
)
def test_stanzas_are_told_from_paragraphs(text: str, is_verse: bool) -> None:
    """Wrapped prose, paragraphs on single lines and prose with one stanza aren't verse."""
    assert looks_like_verse(text) == is_verse


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A poem, prose, and a poem with the line ends of Windows."""
    (tmp_path / "poema.txt").write_text(_POEM, encoding="utf-8")
    (tmp_path / "cuento.txt").write_text(_PROSE, encoding="utf-8")
    (tmp_path / "windows.txt").write_bytes(_POEM.replace("\n", "\r\n").encode("cp1252"))
    return tmp_path


def test_files_with_verses_are_named_where_the_form_is_prose(folder: Path) -> None:
    """Sources that leave the form open or declare verse get no advice."""
    assert sorted(file for file, *_ in files_with_verses(_source(), str(folder))) == ["poema.txt", "windows.txt"]
    assert not [*files_with_verses(_source(None), str(folder))]
    assert not [*files_with_verses(_source("verse"), str(folder))]


def test_check_advises_on_verse(command_line: CommandLine, folder: Path) -> None:
    """The advice doesn't make the file invalid."""
    source = folder / "poemas.toml"
    source.write_text(
        'id = "poemas"\ntitle = "A"\nholder = "B"\n[collect]\nkind = "files"\nfiles = ["*.txt"]\nform = "prose"\n',
        encoding="utf-8",
    )
    shown = command_line("sources", "check", source, "--input", folder, "--lang", "en")
    assert shown.code == 0
    assert "«poema.txt»: this looks like verse" in " ".join(shown.out.split())


def test_preview_says_that_a_text_looks_like_verse(folder: Path) -> None:
    """The advice is next to the text whose lines were joined."""
    reasons = {
        item.where: [reason.translate("en") for reason in item.why] for item in items_of(_source(), str(folder), 3)
    }
    assert any("looks like verse" in reason for reason in reasons["poema.txt"])
    assert not any("looks like verse" in reason for reason in reasons["cuento.txt"])
