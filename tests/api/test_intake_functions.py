"""`lc.check_source`, `lc.survey` and `lc.preview`: a partner's files from Python."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

import latam_corpus as lc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine

_PROSE = (
    "La barca salió del puerto antes del alba y volvió con la red vacía, como casi siempre en ese invierno. "
    "Mi madre esperaba en la orilla con una manta, porque el viento del sur no perdona a quienes vuelven mojados. "
    "Nadie habló durante la cena, y después mi padre remendó la red hasta que se acabó el aceite de la lámpara."
)
_VERSE = (
    "Se fue la barca en la tarde\npor la orilla de la mar,\ny en la arena de la playa\nse quedó mi soledad.\n\n"
    "La luna baja a la costa\ncon su pañuelo de sal,\ny los remos de la noche\nno la quieren despertar.\n"
)
_INTERVIEW = (
    "P: ¿Cómo era el pueblo cuando usted llegó?\nR: Era chico, y nos conocíamos todos los que vivíamos cerca.\n"
    "P: ¿Y de qué trabajaban?\nR: Los hombres pescaban, y nosotras salábamos el pescado en la bodega grande.\n"
)
_ROWS = (
    "Archivo,Título,Derechos\ncartas/uno.txt,Uno,CC-BY-4.0\nCANCIÓN.txt,Canto,permiso verbal\n"
    "charla.txt,Charla,CC-BY-NC-4.0\nsin_fila_2.txt,Otra,CC-BY-4.0\n"
)
_SOURCE = """id = "cartas"
title = "Cartas de una familia"
holder = "Familia Ejemplo"
genre = "literature"
country = "CL"
languages = ["spa"]

[rights]
statement = "CC-BY-4.0"
basis = "consent"
uses = ["train", "redistribute", "evaluate"]

[collect]
index.file = "catálogo.csv"

[collect.columns]
title = "Título"
rights = "Derechos"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Write the description of a folder."""
    path = tmp_path / "cartas.toml"
    path.write_text(_SOURCE, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Create prose, verse, an interview, a file without a row, a picture that isn't read, and a catalogue."""
    path = tmp_path / "Envío"
    (path / "cartas").mkdir(parents=True)
    texts = {"cartas/uno.txt": _PROSE, "canción.txt": _VERSE, "charla.txt": _INTERVIEW, "sin fila.txt": _PROSE}
    for name, text in texts.items():
        (path / name).write_text(text, encoding="utf-8")
    (path / "foto.gif").write_bytes(b"GIF89a")
    (path / "catálogo.csv").write_text(_ROWS, encoding="utf-8")
    return path


def _by_path(folder: Path, *arguments: Any, **options: Any) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in lc.survey(folder, *arguments, **options).to_dicts()}


def test_check_source_returns_the_findings_of_the_command(
    source: Path, folder: Path, command_line: CommandLine
) -> None:
    """Records are checked, too, if given; a finding has its line, key, problem and remedy."""
    for arguments in ((source,), (source, folder)):
        [reported] = command_line(
            "sources", "check", source, *(("--input", folder) if arguments[1:] else ()), "--json"
        ).json
        assert [finding.as_dict("en") for finding in lc.check_source(*arguments)] == reported["findings"]
    source.write_text(_SOURCE.replace('"literature"', '"literatua"'), encoding="utf-8")
    [finding] = lc.check_source(source)
    assert (finding.line, finding.key, finding.wrong) == (4, "genre", True)
    assert finding.in_language("es").startswith("línea 4, «genre»: «literatua» no es una de las opciones; ")
    with pytest.raises(lc.ConfigError, match=r"nada\.toml"):
        lc.check_source(source.with_name("nada.toml"))


def test_a_survey_has_the_row_and_the_terms_of_each_file(source: Path, folder: Path) -> None:
    """A file without a row, or whose terms aren't understood, is held."""
    files = _by_path(folder, source, language="es")
    assert list(files) == sorted(files)
    assert {path: row["form"] for path, row in files.items() if row["form"]} == {
        "canción.txt": "verse",
        "cartas/uno.txt": "prose",
        "charla.txt": "interview",
        "sin fila.txt": "prose",
    }
    letter, song, talk, unlisted = (
        files[name] for name in ("cartas/uno.txt", "canción.txt", "charla.txt", "sin fila.txt")
    )
    assert (letter["kind"], letter["language"], letter["bytes"]) == ("text", "spa", len(_PROSE.encode()))
    assert (letter["catalogue_row"], letter["rights"], letter["held"]) == ("cartas/uno.txt", "CC-BY-4.0", None)
    assert letter["uses"] == ["train", "redistribute", "evaluate"]
    assert song["catalogue_row"] == "CANCIÓN.txt"
    assert (song["rights"], song["held_because"]) == ("permiso verbal", "rights_tier=unknown:rights")
    assert "derechos que no" in song["held"]
    assert (talk["rights"], talk["rights_tier"]) == ("CC-BY-NC-4.0", "non_commercial")
    assert (unlisted["catalogue_row"], unlisted["looks_like"]) == (None, "sin_fila_2.txt")
    assert unlisted["held_because"] == "rights_tier=unknown:catalogue_row"
    picture, table = files["foto.gif"], files["catálogo.csv"]
    assert not picture["is_read"]
    assert picture["problem"]
    assert picture["remedy"].startswith("reconozca su texto")
    assert [row["is_catalogue"] for row in (table, letter)] == [True, False]
    assert table["problem"] is None


def test_a_survey_without_a_source_reads_the_catalogue_that_it_finds(folder: Path) -> None:
    """Rows are matched; no file is held, since rights are still to be described."""
    files = _by_path(folder)
    assert files["cartas/uno.txt"]["catalogue_row"] == "cartas/uno.txt"
    assert files["sin fila.txt"]["looks_like"] == "sin_fila_2.txt"
    assert {row["held"] for row in files.values()} == {None}
    (folder / "catálogo.csv").unlink()
    assert {row["catalogue_row"] for row in _by_path(folder).values()} == {None}


def test_a_survey_may_examine_single_files(source: Path, folder: Path) -> None:
    """Their rows come from the catalogue of the whole folder; a name that no file has is an error."""
    for described_by in (source, None):
        whole, single = _by_path(folder, described_by), _by_path(folder, described_by, files=["canción.txt"])
        assert single == {"canción.txt": whole["canción.txt"]}
    decomposed = unicodedata.normalize("NFD", "canción.txt")
    assert list(_by_path(folder, source, files=[decomposed])) == ["canción.txt"]
    with pytest.raises(lc.ConfigError, match=r"no file «cancion\.txt»; did you mean «canción\.txt»"):
        lc.survey(folder, source, files=["cancion.txt"])


def test_a_survey_names_the_files_that_a_source_does_not_choose(source: Path, folder: Path) -> None:
    """Such files aren't read by a run, and the survey has a remedy."""
    chosen = _SOURCE.replace("index.file", 'files = ["**/*.md"]\nindex.file')
    source.write_text(chosen, encoding="utf-8")
    row = _by_path(folder, source)["canción.txt"]
    assert (row["is_read"], row["reason"], row["language"]) == (False, "not chosen", None)
    assert "add its pattern" in row["remedy"]


def test_a_catalogue_that_contradicts_itself_leaves_the_survey(source: Path, folder: Path) -> None:
    """A contradiction is an error in the catalogue of a source; a catalogue that no source names is ignored."""
    with (folder / "catálogo.csv").open("a", encoding="utf-8") as file:
        file.write("cartas/uno.txt,Dos,CC-BY-4.0\n")
    assert _by_path(folder)["cartas/uno.txt"]["catalogue_row"] is None
    with pytest.raises(lc.ConfigError, match=r"disagree about «cartas/uno\.txt»: Título"):
        lc.survey(folder, source)


def test_a_preview_is_that_of_the_command(source: Path, folder: Path, command_line: CommandLine) -> None:
    """Each item has its original, text, language and reasons, in the requested language."""
    reported = command_line("sources", "preview", source, "--input", folder, "--n", "20", "--json").json["items"]
    items = lc.preview(source, folder)
    assert [
        [item.where, item.title, item.language, item.kept, list(item.reasons), item.original, item.text]
        for item in items
    ] == [
        [row[key] for key in ("where", "title", "language", "kept", "why", "original", "text")] for row in reported
    ]  # fmt: skip
    by_file = {item.file: item for item in items}
    letter, picture = by_file["cartas/uno.txt"], by_file["foto.gif"]
    assert (letter.verdict, letter.kept, letter.language) == ("kept", True, "spa_Latn")
    assert [item.language_score for item in items] == [row["language_score"] for row in reported]
    assert (picture.verdict, picture.numbers) == ("unreadable:unknown format", ())
    numbers = {number.signal: number for number in letter.numbers}
    assert numbers["stop_word_count"].value == pytest.approx(17, abs=8)
    assert numbers["stop_word_count"].minimum is not None
    assert (
        numbers["mixed_case_word_share"].sentence == "words with capitals inside: 0 of every 100; at most 5 is allowed"
    )
    [song] = lc.preview(source, folder, files=["canción.txt"], language="pt")
    assert (song.file, song.text) == ("canción.txt", by_file["canción.txt"].text)
    assert "palavras gramaticais distintas" in [number.label for number in song.numbers]


def test_a_number_is_outside_a_bound_if_the_run_drops_the_text_for_it(source: Path, tmp_path: Path) -> None:
    """A share of a short text is adjusted: seven of ten words with a letter are enough there."""
    folder = tmp_path / "cartas"
    folder.mkdir()
    texts = {
        "repetida": "Sí. " * 12,
        "breve": "En la casa de la 8 hay 9 y 10 de los 11.",
        "números": 3
        * ("A la 1 de la 2 y a la 3 de la 4 con la 5 de la 6 y la 7 de la 8, o con la 9 de la 10 y la 11 de la 12. "),
    }
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    source.write_text(_SOURCE.partition("[collect]")[0] + '[collect]\nfiles = ["*.txt"]\n', encoding="utf-8")
    items = {item.file.removesuffix(".txt"): item for item in lc.preview(source, folder)}
    outside = {name: {number.signal for number in item.numbers if number.is_outside} for name, item in items.items()}
    assert items["repetida"].verdict.partition("<")[0] in outside["repetida"]
    assert items["números"].verdict.partition("<")[0] in outside["números"]
    [share] = [number for number in items["breve"].numbers if number.signal == "alphabetic_word_share"]
    assert share.value is not None
    assert share.minimum is not None
    assert share.value < share.minimum
    assert (items["breve"].kept, outside["breve"]) == (True, set())


def test_a_correction_in_the_catalogue_applies_to_one_file(source: Path, folder: Path) -> None:
    """The genre in a row decides which bounds apply to the file."""
    (folder / "canción.txt").write_text("Volví\n\na tu puerto,\n\namor", encoding="utf-8")
    previous = lc.preview(source, folder, files=["canción.txt"])[0]
    rows = "Archivo,Título,Derechos,genre\nCANCIÓN.txt,Canto,CC-BY-4.0,lyrics\n"
    (folder / "catálogo.csv").write_text(rows, encoding="utf-8")
    corrected = lc.preview(source, folder, files=["canción.txt"])[0]
    assert {number.signal: number.minimum for number in previous.numbers} != {
        number.signal: number.minimum for number in corrected.numbers
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lc.check_source(7), "lc.check_source: «path» is 7"),  # type: ignore[arg-type]
        (lambda: lc.survey("nada"), "nada: it has no files"),
        (lambda: lc.survey("nada", language="fr"), "lc.survey: «language» is 'fr'"),  # type: ignore[arg-type]
        (lambda: lc.preview("nada.toml", "nada"), "nada.toml"),
        (lambda: lc.preview("nada.toml", "nada", n=0), "lc.preview: «n» is 0; it must be a number of 1 or more"),
    ],
)
def test_wrong_arguments_of_intake_functions_are_named(call: Callable[[], object], message: str) -> None:
    """The error comes before anything is read."""
    with pytest.raises(lc.ConfigError, match=message):
        call()


@pytest.mark.filterwarnings("ignore:.*(no row|isn't understood|missing file|can't be read):UserWarning")
def test_files_names_what_became_of_each_file(source: Path, folder: Path, tmp_path: Path) -> None:
    """Each file is kept, dropped or not read, with the reasons."""
    run = lc.run(_recipe(tmp_path, source), folder, tmp_path / "out", engine="in-process", progress=False)
    files = run.files("es")
    assert files.columns == ["source_id", "file", "documents", "kept", "dropped", "reasons", "why"]
    rows = {row["file"]: row for row in files.to_dicts()}
    assert {"cartas/uno.txt", "canción.txt", "charla.txt", "sin fila.txt", "foto.gif"} <= set(rows)
    assert (rows["cartas/uno.txt"]["kept"], rows["cartas/uno.txt"]["reasons"]) == (1, [])
    picture = rows["foto.gif"]
    assert (picture["kept"], picture["dropped"], picture["reasons"]) == (0, 1, ["unreadable:unknown format"])
    assert picture["why"] == ["el registro no se puede leer: no se conoce su formato"]
    assert files["documents"].sum() == run.values["rows"]["in"]


def _recipe(tmp_path: Path, source: Path) -> Path:
    path = tmp_path / "receta.toml"
    stages = "".join(f'[[stage]]\nuse = "{name}"\n' for name in ("extract", "identify"))
    path.write_text(f'title = "x"\ngenre = "web"\nsources = {json.dumps([str(source)])}\n{stages}', encoding="utf-8")
    return path
