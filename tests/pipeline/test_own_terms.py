"""Pages whose own terms leave them out of training are counted before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.intake.survey import survey
from latam_corpus.pipeline.planning.own_terms import own_terms

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_USES = ["train", "redistribute", "evaluate"]
_PROSE = "La barca salió de noche con la marea y volvió cargada de peces para todo el pueblo. " * 6
_PAGE = "<html lang=es><head><title>La barca</title>{head}</head><body><main><p>{text}</p></main>{foot}</body></html>"
_SOURCE = """id = "sitio"
title = "Sitio"
holder = "Biblioteca"
genre = "web"
[rights]
statement = "CC-BY-4.0"
basis = "licence"
uses = ["train", "redistribute", "evaluate"]
[collect]
files = ["**/*.html"]
"""


def _source(**rights: Any) -> Source:
    values = {"statement": "CC-BY-4.0", "basis": "licence", "uses": _USES} | rights
    return Source.model_validate({"id": "sitio", "title": "Sitio", "holder": "Biblioteca", "rights": values})


def _page(folder: Path, name: str, head: str = "", foot: str = "") -> None:
    (folder / f"{name}.html").write_text(_PAGE.format(head=head, text=_PROSE, foot=foot), encoding="utf-8")


@pytest.mark.parametrize(
    ("head", "foot", "cause"),
    [
        ('<meta name="robots" content="noai">', "", ("signal", "noai")),
        ('<meta name="tdm-reservation" content="1">', "", ("signal", "tdm-reservation")),
        ("", "<footer>© 2024 El Faro. Todos los derechos reservados.</footer>", ("reserved", "")),
        (
            '<link rel="license" href="https://creativecommons.org/licenses/by-nc-nd/4.0/">',
            "",
            ("licence", "https://creativecommons.org/licenses/by-nc-nd/4.0/"),
        ),
    ],
)
def test_each_kind_of_refusal_is_counted(tmp_path: Path, head: str, foot: str, cause: tuple[str, str]) -> None:
    """Refusals in metadata, in words and by a licence are counted; pages without terms aren't."""
    _page(tmp_path, "a", head, foot)
    _page(tmp_path, "b")
    terms = own_terms(_source(), str(tmp_path))
    assert (terms.excluded, terms.documents, terms.files, terms.all_files) == (1, 2, 2, 2)
    assert list(terms.causes) == [cause]


def test_a_sample_says_that_it_is_one(tmp_path: Path) -> None:
    """If only some of many files are read, the sentence has both numbers."""
    for number in range(30):
        _page(tmp_path, f"{number:02}", '<meta name="robots" content="noai">')
    terms = own_terms(_source(), str(tmp_path))
    assert str(terms.problem) == (
        "20 of 20 texts in a sample of 20 of 30 files would be left out of training by their own terms: noai (20)"
    )


def test_an_agreement_lifts_words_and_no_refusal(tmp_path: Path) -> None:
    """An agreement overrides words, but not a refusal, as in a run."""
    _page(tmp_path, "a", '<meta name="robots" content="noai">')
    _page(tmp_path, "b", "", "<footer>© 2024 El Faro. Todos los derechos reservados.</footer>")
    assert own_terms(_source(), str(tmp_path)).excluded == 2
    terms = own_terms(_source(agreement="carta-3"), str(tmp_path))
    assert list(terms.causes) == [("signal", "noai")]


def test_what_is_not_for_training_is_not_looked_at(tmp_path: Path) -> None:
    """If the source isn't for training, no file is read."""
    _page(tmp_path, "a", '<meta name="robots" content="noai">')
    assert own_terms(_source(uses=["evaluate"]), str(tmp_path)).problem is None


def test_an_inventory_counts_them(tmp_path: Path) -> None:
    """They are counted before any source describes the folder."""
    _page(tmp_path, "a", '<meta name="robots" content="noai">')
    _page(tmp_path, "b")
    terms = survey(tmp_path).own_terms
    assert (terms.excluded, terms.files, terms.all_files) == (1, 2, 2)


def test_check_and_preview_name_them(command_line: CommandLine, tmp_path: Path) -> None:
    """The problem is reported with its remedy, and isn't an error of the source's file."""
    folder = tmp_path / "paginas"
    folder.mkdir()
    _page(folder, "a", '<meta name="robots" content="noai">')
    _page(folder, "b")
    path = tmp_path / "sitio.toml"
    path.write_text(_SOURCE, encoding="utf-8")
    sentence = "1 of 2 texts in a sample of 2 of 2 files would be left out of training by their own terms: noai (1)"
    for command in ("check", "preview"):
        result = command_line("sources", command, path, "--input", folder)
        assert result.code == 0
        assert sentence in " ".join(result.out.split())
        assert "written permission" in result.out
    result = command_line("sources", "preview", path, "--input", folder, "--json")
    assert result.json["own_terms"]["left_out_of_training"] == 1
    result = command_line("sources", "inventory", folder)
    assert sentence in " ".join(result.out.split())
