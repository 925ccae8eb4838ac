"""Speakers of interviews are replaced by codes, which only the contributor's key leads back to names."""

from __future__ import annotations

import json
import shutil
import stat
import unicodedata
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.catalog.source import load_source
from latam_corpus.errors import ConfigError
from latam_corpus.extract.document import Utterance, as_lines
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.privacy.redact import Redact
from latam_corpus.privacy.speakers import coded, read_key, with_codes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import CommandLine

_SAID = (
    Utterance("¿Cómo se llama?", "Entrevistadora"),
    Utterance("Rosa Quispe, y él es Pedro.", "Rosa Quispe"),
    Utterance("Escríbame a rosa@ejemplo.org.", "Pedro"),
)
_INTERVIEW = "ENTREVISTADORA: ¿Dónde nació?\nROSA: En el puerto.\nENTREVISTADORA: ¿Y su madre?\nROSA: También ahí.\n"


def _batch(genre: str = "oral_history", source: str = "archivo") -> Batch:
    text, turns = as_lines(_SAID)
    row: dict[str, Any] = {"doc_id": "a", "source_id": source, "genre": genre, "country": "PE", "text": text}
    frame = pl.DataFrame(
        [row | {"turns": [turn._asdict() for turn in turns]}], schema_overrides={"turns": schema.TURNS}
    )
    return Batch(frame)


def test_codes_stand_in_labels_turns_and_for_full_names() -> None:
    """Offsets follow, other identifiers are replaced as ever, and no name is in the ledger."""
    passed = pass_through(Redact(), _batch())
    row = passed.kept.frame.row(0, named=True)
    assert row["text"] == "E1: ¿Cómo se llama?\nH1: H1, y él es Pedro.\nH2: Escríbame a [EMAIL]."
    assert [turn["speaker"] for turn in row["turns"]] == ["E1", "H1", "H2"]
    assert [row["text"][turn["offset"] :][:2] for turn in row["turns"]] == ["E1", "H1", "H2"]
    assert json.loads(passed.ledger["evidence"][0]) == {"email": 1, "speakers": 3}


def test_titles_have_codes_too(tmp_path: Path) -> None:
    """This holds for the interview's speakers and for all in the archive's key; a word that is also a name is kept."""
    batch = _batch()
    batch = batch.with_columns({"title": pl.Series(["Pedro y ROSA  QUISPE: piedra sobre piedra, con Juana Mamani"])})
    without = pass_through(Redact(), batch).kept.frame.row(0, named=True)
    assert without["title"] == "H2 y H1: piedra sobre piedra, con Juana Mamani"
    key = tmp_path / "clave.csv"
    key.write_text("name,code\nJuana Mamani,H9\nRosa Quispe,H7\n", encoding="utf-8")
    passed = pass_through(Redact(speakers=(("archivo", str(key)),)), batch)
    assert passed.kept.frame["title"].to_list() == ["HX1 y H7: piedra sobre piedra, con H9"]
    assert passed.ledger["verdict"].to_list() == ["changed"]


def test_rows_of_all_kinds_may_share_a_batch() -> None:
    """The batch has a row without turns, one without a source, and one whose speakers aren't named."""
    utterances = (Utterance("Sí.", "Rosa Quispe"), Utterance("(risas)"))
    text, turns = as_lines(utterances)
    nobody, unnamed = as_lines((Utterance("Sí."), Utterance("No.")))
    texts = [text, "Nada que ver.", text, nobody]
    sources = [None, "archivo", "archivo", "archivo"]
    of_rows = [[turn._asdict() for turn in item] if item else None for item in (turns, None, turns, unnamed)]
    columns = {"doc_id": list("abcd"), "source_id": sources, "genre": ["oral_history"] * 4, "text": texts}
    frame = pl.DataFrame(columns).with_columns(pl.Series("turns", of_rows, dtype=schema.TURNS))
    passed = Redact()(Batch(frame)).frame
    assert passed["text"].to_list() == [
        text.replace("Rosa Quispe", "H1"),
        "Nada que ver.",
        text.replace("Rosa Quispe", "H1"),
        nobody,
    ]
    assert passed["evidence"].to_list() == ['{"speakers": 1}', None, '{"speakers": 1}', None]
    assert passed.schema["turns"] == schema.TURNS
    assert passed["redactions"].to_list() == [None] * 4


def test_who_has_no_name_is_no_speaker_and_a_row_without_text_has_none() -> None:
    """They are neither coded nor counted; a batch may be empty, too."""
    text, turns = as_lines((Utterance("Sí.", "Rosa Quispe"), Utterance("No."), Utterance("Vale.", "P")))
    turn_rows = [turn._asdict() for turn in turns]
    turn_rows[1]["speaker"] = ""
    columns = {"genre": ["oral_history"] * 2, "text": [text, None]}
    frame = pl.DataFrame(columns).with_columns(pl.Series("turns", [turn_rows, turn_rows], dtype=schema.TURNS))
    created = Redact()(Batch(frame)).frame
    assert created["text"].to_list() == ["H1: Sí.\nNo.\nE1: Vale.", None]
    assert created["evidence"].to_list() == ['{"speakers": 2}', None]
    assert created["turns"][1].to_list() == turn_rows
    assert Redact()(Batch(frame.clear())).frame.is_empty()


def test_a_source_may_list_names_or_speakers_alone(tmp_path: Path) -> None:
    """Each is taken without the other, and makes another stage than none."""
    (tmp_path / "k.csv").write_text("name,code\nRosa,H1\n", encoding="utf-8")
    (tmp_path / "t.txt").write_text("Rosa\n", encoding="utf-8")
    prints = {Redact().fingerprint()}
    for consent, field in (('speakers = "k.csv"', "speakers"), ('third_persons = "t.txt"', "names")):
        path = tmp_path / f"{field}.toml"
        path.write_text(f'id = "{field}"\ntitle = "A"\nholder = "H"\n[consent]\n{consent}\n', encoding="utf-8")
        stage = Redact().for_sources([load_source(path)])
        assert [source for source, _ in getattr(stage, field)] == [field]
        assert len(stage.names) + len(stage.speakers) == 1
        prints.add(stage.fingerprint())
    assert len(prints) == 3
    (tmp_path / "k.csv").write_text("nada\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="lacks the columns"):
        Redact().for_sources([load_source(tmp_path / "speakers.toml")])


def test_sources_stand_in_one_order(tmp_path: Path) -> None:
    """Whatever order a recipe names them in: work is kept by what the stage says."""
    sources = []
    for name in ("b", "a"):
        (tmp_path / f"{name}.csv").write_text("name,code\nRosa,H1\n", encoding="utf-8")
        (tmp_path / f"{name}.txt").write_text("Rosa\n", encoding="utf-8")
        path = tmp_path / f"{name}.toml"
        head = f'id = "{name}"\ntitle = "A"\nholder = "H"\n[consent]\n'
        path.write_text(f'{head}speakers = "{name}.csv"\nthird_persons = "{name}.txt"\n', encoding="utf-8")
        sources.append(load_source(path))
    stage = Redact().for_sources(sources)
    assert [source for source, _ in stage.names] == ["a", "b"]
    assert [source for source, _ in stage.speakers] == ["a", "b"]
    assert Redact().for_sources(sources[:1]).names == stage.names[1:]
    assert Redact().for_sources([]) == Redact()


def _spoken(utterances: Sequence[Utterance], genre: str, title: str | None = None) -> dict[str, Any]:
    text, turns = as_lines(utterances)
    row: dict[str, Any] = {"text": text, "genre": genre, "country": "MX", "title": title}
    row["turns"] = [turn._asdict() for turn in turns]
    frame = pl.DataFrame([row], schema={name: schema.DOCUMENT_SCHEMA[name] for name in row})
    return Redact()(Batch(frame)).frame.row(0, named=True)


def test_a_play_keeps_the_names_of_its_characters() -> None:
    """A character's telephone is the text, too."""
    utterances = [Utterance("Toma mi teléfono: 55 1234 5678.", "CALISTO"), Utterance("¿Qué, Calisto?", "MELIBEA")] * 2
    row = _spoken(utterances, "literature")
    assert row["text"].startswith("CALISTO: Toma mi teléfono: 55 1234 5678.\nMELIBEA: ¿Qué")
    assert row["evidence"] is None


@pytest.mark.parametrize("genre", ["literature", "lyrics", "news", "oral_history"])
def test_an_interview_has_the_strictest_policy_in_every_genre(genre: str) -> None:
    """Somebody asks in it, or it was recorded: a folder of literature doesn't make it a novel."""
    text = "Mi teléfono: 55 1234 5678. Vivo en Calle Hidalgo 45."
    requested = _spoken([Utterance("¿Dónde vive?", "P"), Utterance(text, "Rosa Vera")], genre)
    assert requested["text"] == "E1: ¿Dónde vive?\nH1: Mi teléfono: [PHONE]. Vivo en [ADDRESS]."
    recorded = _spoken([Utterance(text, "Rosa Vera", 0.5)], genre)
    assert recorded["text"] == "H1: Mi teléfono: [PHONE]. Vivo en [ADDRESS]."


def test_a_policy_may_keep_the_names_of_interviews(tmp_path: Path) -> None:
    """It says so itself."""
    shutil.copytree(data_folder("filters") / "privacy", tmp_path / "privacy")
    light = tmp_path / "privacy" / "light.toml"
    light.write_text('speakers = "keep"\n' + light.read_text("utf-8"), encoding="utf-8")
    row = pass_through(Redact(policies=str(tmp_path)), _batch("literature")).kept.frame.row(0, named=True)
    assert row["text"].startswith("Entrevistadora: ¿Cómo")
    assert row["turns"][1]["speaker"] == "Rosa Quispe"


_TALK = (
    Utterance("¿Dónde nació?", "P"),
    Utterance("En el puerto.", "R"),
    Utterance("¿Y cómo se llama?", "P"),
    Utterance("Petra Ruiz López; mi hija es Rosa.", "R"),
)


@pytest.mark.parametrize(
    ("heading", "coded_heading"),
    [
        ("Entrevistada: Petra Ruiz López", "Entrevistada: H1"),
        ("ENTREVISTADA: PETRA RUIZ LÓPEZ", "ENTREVISTADA: H1"),
        ("Informante.— Petra Ruiz López, 72 años", "Informante.— H1, 72 años"),
        ("Entrevista a doña Petra Ruiz López, de Chiloé", "Entrevista a doña H1, de Chiloé"),
        ("Entrevista com Petra Ruiz López", "Entrevista com H1"),
        ("Nombre de la informante: Petra Ruiz López", "Nombre de la informante: H1"),
        ("Depoente: Petra", "Depoente: H1"),
        ("Entrevistadora: Ana Gil", "Entrevistadora: E1"),
        ("Entrevista realizada por Ana Gil Paz", "Entrevista realizada por E1"),
        ("Entrevista: vida en el puerto", "Entrevista: vida en el puerto"),
        ("Nombre de la comunidad: San Juan", "Nombre de la comunidad: San Juan"),
    ],
)
def test_headings_have_codes(heading: str, coded_heading: str) -> None:
    """A person named in the heading is a speaker, and has the code in the heading, the text and the title."""
    row = _spoken([Utterance(heading), *_TALK], "oral_history", "Petra Ruiz cuenta")
    assert row["text"].split("\n")[0] == coded_heading
    if "Petra Ruiz" in heading:
        assert "Petra" not in row["text"]
        assert row["title"] == "H1 cuenta"
    assert row["text"].endswith("; mi hija es Rosa.")


def test_headings_of_several_persons_and_labels() -> None:
    """A label that is part of a name, its initials or its role belongs to that person; answers aren't headings."""
    of_two = [
        Utterance("Narradores: Petra Ruiz y Luis Soto"),
        *_TALK[:2],
        Utterance("Aquí.", "LS"),
        Utterance("Sí.", "PR"),
    ]
    assert _spoken(of_two, "oral_history")["text"].startswith("Narradores: H3 y H2\nE1:")
    of_label = [Utterance("PETRA RUIZ LÓPEZ, tejedora"), Utterance("¿Sí?", "P"), Utterance("Sí.", "Petra")]
    assert _spoken(of_label, "oral_history")["text"].startswith("H1, tejedora\nE1: ¿Sí?\nH1: Sí.")
    of_role = [
        Utterance("Petra Ruiz López", "Entrevistada"),
        Utterance("¿Dónde?", "P"),
        Utterance("San Juan", "Entrevistada"),
    ]
    assert _spoken(of_role, "oral_history")["text"] == "H1: H1\nE1: ¿Dónde?\nH1: San Juan"


def test_a_key_names_the_person_of_a_heading() -> None:
    """Whom it lacks has a code of the unknown."""
    key = {"Petra Ruiz López": "H7", "P": "E2"}
    text, turns = as_lines([Utterance("Entrevistadas: Petra Ruiz López y Luz Paz"), *_TALK])
    written, _ = coded(text, [turn._asdict() for turn in turns], key)
    assert written.split("\n")[0] == "Entrevistadas: H7 y HX1"


def test_codes_are_stable() -> None:
    """Coding a coded interview again gives the same codes, whoever speaks first."""
    text, turns = as_lines([Utterance("Aquí.", "H2"), Utterance("¿Sí?", "E1"), Utterance("No.", "H1")])
    rows = [turn._asdict() for turn in turns]
    assert coded(text, rows)[0] == text
    assert coded(text, rows, {"Rosa": "H1", "Luz": "H2", "Ana": "E1"})[0] == text


def test_a_key_holds_in_the_whole_archive(tmp_path: Path) -> None:
    """Whom it lacks has a code that says so; a changed key redoes the stage."""
    key = tmp_path / "clave.csv"
    key.write_text("name,code\nEntrevistadora,E2\nRosa Quispe,H7\n", encoding="utf-8")
    path = tmp_path / "archivo.toml"
    path.write_text('id = "archivo"\ntitle = "A"\nholder = "H"\n[consent]\nspeakers = "clave.csv"\n', encoding="utf-8")
    stage = Redact().for_sources([load_source(path)])
    row = pass_through(stage, _batch()).kept.frame.row(0, named=True)
    assert [turn["speaker"] for turn in row["turns"]] == ["E2", "H7", "HX1"]
    previous = stage.fingerprint()
    key.write_text("name,code\nEntrevistadora,E2\nRosa Quispe,H8\n", encoding="utf-8")
    assert stage.fingerprint() != previous


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("name;code\nRosa;H1\nRosa;H2\n", "line 3: «Rosa» has a different code"),
        ("name;code\nRosa;\n", "line 2: the row lacks a name or a code"),
        ("nombre;código\nRosa;H1\n", "lacks the columns name and code"),
        (None, "can't be read"),
    ],
)
def test_an_invalid_key_is_reported_first(tmp_path: Path, table: str | None, told: str) -> None:
    """Without this check, names would be released."""
    if table is not None:
        (tmp_path / "k.csv").write_text(table, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_key(str(tmp_path / "k.csv"))
    assert told in str(caught.value)


def test_a_key_is_written_from_an_archive_and_grows(tmp_path: Path, command_line: CommandLine) -> None:
    """Existing codes are kept; only the user can read the file."""
    folder = tmp_path / "entrevistas"
    folder.mkdir()
    (folder / "b.txt").write_text(_INTERVIEW, encoding="utf-8")
    path = tmp_path / "archivo.toml"
    path.write_text('id = "archivo"\ntitle = "A"\nholder = "H"\ngenre = "oral_history"\n', encoding="utf-8")
    first = command_line("sources", "speakers", path, "--input", folder, "--json")
    assert first.code == 0, first.err
    key = tmp_path / "speakers.csv"
    assert read_key(str(key)) == {"ENTREVISTADORA": "E1", "ROSA": "H1"}
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    (folder / "a.txt").write_text(_INTERVIEW.replace("ROSA", "PEDRO"), encoding="utf-8")
    repeated = command_line("sources", "speakers", path, "--input", folder, "--json")
    assert json.loads(repeated.out)["new"] == 1
    assert read_key(str(key), "again") == {"ENTREVISTADORA": "E1", "ROSA": "H1", "PEDRO": "H2"}
    (folder / "a.txt").unlink()
    (folder / "b.txt").write_text("Un relato sin turnos.", encoding="utf-8")
    assert command_line("sources", "speakers", path, "--input", folder).code == 2


def test_new_codes_continue_those_of_the_key() -> None:
    """Codes that occur in the text don't change the numbering."""
    key: dict[str, Any] = {"Ana": "E3", "Luis": "anónimo"}
    assert with_codes(["P", "Luis", "Eva"], key) == {"Ana": "E3", "Luis": "anónimo", "P": "E4", "Eva": "H1"}


def test_names_are_replaced_if_lines_and_turns_differ() -> None:
    """After a stage has cut or joined lines, the name at a line's start is its speaker."""
    turns = [{"speaker": "Ana", "offset": 0}, {"speaker": "Rosa Paz", "offset": 15}, {"speaker": "Ana", "offset": 40}]
    text, output = coded("Ana: ¿Y usted?\nRosa Paz: yo, Rosa Paz.", turns)
    assert text == "H1: ¿Y usted?\nH2: yo, H2."
    assert [turn["speaker"] for turn in output] == ["H1", "H2", "H1"]


def test_a_key_is_found_however_its_accents_are_stored(tmp_path: Path) -> None:
    """A table that a Mac wrote has them apart."""
    file = tmp_path / "clave.csv"
    file.write_text(unicodedata.normalize("NFD", "name;code\nJosé Ñañez;H7\n"), encoding="utf-8")
    turns = [{"speaker": "José Ñañez", "offset": 0}]
    assert coded("José Ñañez: sí.", turns, read_key(str(file)))[0] == "H7: sí."


@pytest.mark.parametrize(
    ("label", "title", "creators", "coded_title", "coded_creators"),
    [
        ("LUCHA", "Entrevista con doña Lucha", ["doña Lucha"], "Entrevista con doña H1", ["H1"]),
        ("Doña Lucha", "Entrevista con doña Lucha", ["Archivo"], "Entrevista con H1", ["Archivo"]),
        ("LUCHA", "Doña Lucha Ramírez y el mar", ["Ramírez, Lucha"], "Doña H1 y el mar", ["H1"]),
        ("Ramírez", "La Lucha: habla Lucha Ramírez", ["Lucha Ramírez"], "La Lucha: habla H1", ["H1"]),
        ("R", "Entrevista a Lucha Ramírez", ["Lucha Ramírez", "Ana Paz"], "Entrevista a H1", ["H1", "Ana Paz"]),
        ("R", "La lucha por el agua", ["Ana Paz"], "La lucha por el agua", ["Ana Paz"]),
    ],
)
def test_metadata_name_no_speaker_whom_the_text_hides(
    label: str, title: str, creators: list[str], coded_title: str, coded_creators: list[str]
) -> None:
    """Whatever the order of the words; authors who don't speak keep their names."""
    text, turns = as_lines([Utterance("¿Dónde vive?", "P"), Utterance("En el cerro.", label)])
    row: dict[str, Any] = {"text": text, "genre": "oral_history", "country": "MX", "title": title}
    row |= {"creators": creators, "contributor": creators[0], "turns": [turn._asdict() for turn in turns]}
    frame = pl.DataFrame([row], schema={name: schema.DOCUMENT_SCHEMA[name] for name in row})
    redacted = Redact()(Batch(frame)).frame.row(0, named=True)
    assert (redacted["title"], redacted["creators"]) == (coded_title, coded_creators)
    assert redacted["contributor"] == coded_creators[0]


def test_a_name_that_is_replaced_is_said_to_be(tmp_path: Path, command_line: CommandLine) -> None:
    """A search for it, and a preview, say that speakers have codes."""
    folder, source = tmp_path / "cintas", tmp_path / "cintas.toml"
    folder.mkdir()
    output = (
        "E: ¿Dónde nació usted?\nROSA: En el puerto, cuando todavía llegaban los barcos de vela a cargar salitre.\n"
        "E: ¿Y qué hacían sus padres?\nROSA: Mi padre era carpintero y mi madre cosía para las señoras del centro.\n"
        "E: ¿Cómo era la escuela?\nROSA: Era una sala grande con dos ventanas, y en el invierno nos moríamos de frío.\n"
    )
    (folder / "uno.txt").write_text(output, encoding="utf-8")
    source.write_text(
        'id = "cintas"\ntitle = "Cintas"\nholder = "Archivo"\ngenre = "oral_history"\nlanguages = ["spa"]\n'
        '[collect]\nfiles = ["*.txt"]\nform = "interview"\n',
        encoding="utf-8",
    )
    result = command_line("sources", "preview", source, "--input", folder)
    assert "Codes replace the names of speakers" in result.out
    assert "Names aren't recognised" not in result.out
    assert command_line("run", source, "--input", folder, "--out", tmp_path / "out").code == 0
    result = command_line("explain", "Rosa", "--out", tmp_path / "out")
    assert (result.code, "codes such as H1 in place of their names" in result.err) == (2, True)


def test_extra_columns_have_codes_too() -> None:
    """Catalogue columns about an interview may name its speakers."""
    text, turns = as_lines([Utterance("¿Dónde vive?", "P"), Utterance("En el cerro.", "Rosa Vera")])
    row: dict[str, Any] = {"text": text, "genre": "oral_history", "country": "MX"}
    row["turns"] = [turn._asdict() for turn in turns]
    row["extra"] = [{"key": "resumen", "value": "Rosa Vera habla del cerro"}]
    frame = pl.DataFrame([row], schema={name: schema.DOCUMENT_SCHEMA[name] for name in row})
    redacted = Redact()(Batch(frame)).frame.row(0, named=True)
    assert redacted["extra"] == [{"key": "resumen", "value": "H1 habla del cerro"}]
