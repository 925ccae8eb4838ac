"""The reason why a document is held back is the same in a run's output, in its report and in `explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latam_corpus.catalog.source import load_source
from latam_corpus.collect.documents.narrowing import Stated, Terms, narrowing_of
from latam_corpus.pipeline.stored_runs.held_documents import hold_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_SOURCE = """
id = "entrevistas"
title = "Entrevistas del puerto"
holder = "Archivo del puerto"
genre = "literature"
languages = ["spa"]
[rights]
statement = "CC-BY-4.0"
basis = "consent"
uses = ["train", "redistribute", "evaluate"]
[collect]
files = ["*.txt"]
index.file = "catalogo.csv"
"""
_ROWS = """archivo,consentimiento,vence,licencia
puerto.txt,sí,,CC-BY-4.0
vendimia.txt,no,,CC-BY-4.0
harina.txt,sí,hasta la otra cosecha,CC-BY-4.0
"""
_TEXTS = {
    "puerto": "Querida hermana: te escribo desde el puerto, donde llueve desde el lunes y los botes no salen. Dile a "
    "mamá que la encomienda llegó entera, y que aquí todos preguntan quién lo hizo.",
    "vendimia": "Querido hermano: la vendimia empieza el martes y te esperamos con la mesa puesta. Papá arregló el "
    "carro, y los vecinos prometieron venir con sus canastos, como el año pasado.",
    "harina": "Estimada señora: el pedido de harina salió ayer en el tren de la tarde y debe llegar antes del domingo. "
    "Le ruego que me avise cuando lo reciba, porque se perdieron dos sacos en la estación.",
    "tranvia": "Señor director: los tranvías de la calle larga pasan llenos por la mañana y nadie sabe cuándo llegará "
    "el siguiente. Le pido que publique esta carta, porque somos muchos los que esperamos.",
}


def test_each_held_document_has_its_own_reason(tmp_path: Path, command_line: CommandLine) -> None:
    """A consent that is missing, an end that isn't understood, and a file without a row aren't unknown licences."""
    folder, source, out = tmp_path / "cintas", tmp_path / "entrevistas.toml", tmp_path / "out"
    folder.mkdir()
    source.write_text(_SOURCE, encoding="utf-8")
    (folder / "catalogo.csv").write_text(_ROWS, encoding="utf-8")
    for name, text in _TEXTS.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    result = command_line("run", source, "--input", folder, "--out", out)
    assert result.code == 0, result.err
    reasons = {
        "vendimia": "its record states no consent that is understood",
        "harina": "the end of its permission isn't understood",
        "tranvia": "the catalogue has no row for its file",
    }
    report = next(out.glob("runs/*/report.html")).read_text(encoding="utf-8")
    assert "known as a licence" not in result.out
    for name, reason in reasons.items():
        assert f"1 of 4 kept documents left out of the version: {reason}" in result.out
        assert reason.replace("'", "&#39;") in report
        assert f"left out: {reason}" in command_line("explain", f"{name}.txt", "--out", out).out
    shown = command_line("explain", "vendimia.txt", "--out", out).out
    assert "narrows its terms" not in shown  # its licence is the source's own


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ({"catalogue_row": None, "unread": {"Vence": "pronto"}}, "catalogue_row"),
        ({"unread_catalogues": ["a.csv"]}, "unnamed_catalogue"),
        ({"unread": {"Firma": "no", "Vence": "pronto"}}, "consent"),
        ({"unread": {"published": "ayer"}}, ""),
    ],
)
def test_the_reason_is_of_what_restricts(note: dict[str, object], why: str) -> None:
    """A date of publication that isn't understood withholds nothing; a mapped column counts by its target."""
    assert hold_of(note, "a", [{"source": "a", "column": "consent", "from": "Firma"}]) == why


def test_a_value_that_narrows_nothing_is_not_noted() -> None:
    """Of a licence as open as the source's and one that isn't, the second alone restricts."""
    source = load_source("disco-sonnets")
    given = Terms("CC-BY-4.0", "attribution", ("train", "evaluate"))
    stated = [Stated("rights", "Licencia", "CC0-1.0"), Stated("uses", "Usos", "evaluar")]
    assert narrowing_of(stated).note(source, given) == {"narrowed_by": {"Usos": "evaluar"}}
