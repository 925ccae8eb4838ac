"""Columns that state terms narrow a record's terms, though the source maps none of them."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.documents.contract import Facts, terms_reported
from latam_corpus.collect.documents.narrowing import Stated, Terms, narrowed, narrowing_of
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.collect.row_files import RowWriter
from latam_corpus.pipeline.execution.contracts import mapping_rows, terms_lines
from latam_corpus.pipeline.execution.one_stage import extract_files
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from pathlib import Path

_ALL = ["train", "redistribute", "evaluate"]
_OPEN = {"statement": "CC0-1.0", "basis": "licence", "uses": _ALL}


def _source(rights: dict[str, Any] = _OPEN, **collect: Any) -> Source:
    values = {"id": "envio", "title": "Envío", "holder": "Biblioteca", "rights": rights, "collect": collect}
    return Source.model_validate(values)


def _rows(source: Source, folder: Path) -> list[dict[str, Any]]:
    return [row for frame in read_all(source, list_inputs(source, folder)) for row in frame.iter_rows(named=True)]


def _row(folder: Path, source: Source, **columns: Any) -> dict[str, Any]:
    """Return the document of a record with these columns."""
    (folder / "a.jsonl").write_text(json.dumps({"text": "Una copla.", **columns}) + "\n", encoding="utf-8")
    [row] = _rows(source, folder)
    return row


@pytest.mark.parametrize(
    ("column", "value", "tier", "uses"),
    [
        ("rights", "CC BY-NC 4.0", "non_commercial", ["evaluate"]),
        ("License", "CC BY-SA 4.0", "share_alike", _ALL),
        ("licencia", "Todos los derechos reservados", "unknown", ["evaluate"]),
        ("Licença", "permissão verbal", "unknown", ["evaluate"]),
        ("Derechos", "CC BY-ND 4.0", "no_derivatives", ["evaluate"]),
        ("direitos autorais", "CC BY 4.0", "attribution", _ALL),
        ("dc:rights", "CC BY 4.0", "attribution", _ALL),
        ("dc.rights.uri[es_ES]", "http://creativecommons.org/licenses/by-nc/4.0/", "non_commercial", ["evaluate"]),
        ("metadata", {"license": "CC BY 4.0"}, "attribution", _ALL),
        ("license", ["CC BY 4.0", "CC BY-NC 4.0"], "non_commercial", ["evaluate"]),
        ("license", "CC BY 4.0; CC BY-NC 4.0", "non_commercial", ["evaluate"]),
        ("license", "CC BY 4.0; permiso verbal", "unknown", ["evaluate"]),
        ("license", {"id": "CC0-1.0"}, "unknown", ["evaluate"]),
        ("rights", True, "unknown", ["evaluate"]),
        ("uses", ["evaluate"], "open", ["evaluate"]),
        ("uses", "entrenar; evaluar", "open", ["train", "evaluate"]),
        ("uses", '["train"]', "open", ["train"]),
        ("uses", [], "open", []),
        ("uses", "solo para la familia", "unknown", []),
        ("uses", 3, "unknown", []),
        ("opt_outs", "noai", "open", ["redistribute", "evaluate"]),
        ("opt_outs", [{"signal": "tdm-reservation"}], "open", ["evaluate"]),
        ("opt_outs", "noai, y nada más", "unknown", ["evaluate"]),
        ("opt_outs", True, "unknown", ["evaluate"]),
        ("expires", "pronto", "unknown", ["evaluate"]),
        ("embargo_until", "2030", "unknown", ["evaluate"]),
        ("Embargo", "sí", "unknown", ["evaluate"]),
        ("Condiciones de acceso", "Solo en sala", "unknown", ["evaluate"]),
        ("dcterms:accessRights", "restringido", "unknown", ["evaluate"]),
        ("Restrições de uso", "CC BY-NC 4.0", "non_commercial", ["evaluate"]),
        ("Usos permitidos", "evaluar", "open", ["evaluate"]),
        ("Consentimiento", "no", "unknown", ["evaluate"]),
        ("documento de consentimiento", "carta-3.pdf", "unknown", ["evaluate"]),
        ("AUTORIZACION", "pendiente", "unknown", ["evaluate"]),
        ("Termo de consentimento", "verbal", "unknown", ["evaluate"]),
        ("consent", False, "unknown", ["evaluate"]),
        ("Vigencia hasta", "dic-30", "unknown", ["evaluate"]),
        ("permiso hasta", "47848", "unknown", ["evaluate"]),
    ],
)
def test_an_unmapped_column_narrows_the_record(
    tmp_path: Path, column: str, value: Any, tier: str, uses: list[str]
) -> None:
    """By each of its names; what isn't understood leaves the tier unknown, which no version admits."""
    row = _row(tmp_path, _source(), **{column: value})
    assert (row["rights_tier"], row["uses"]) == (tier, uses)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("rights", "CC0-1.0"),
        ("license", ""),
        ("license", None),
        ("uses", None),
        ("uses", "train, redistribute, evaluate"),
        ("opt_outs", []),
        ("opt_outs", False),
        ("expires", ""),
        ("Vigencia", "Indefinida"),
        ("Consentimiento", "Sí"),
        ("Termo de consentimento", "assinado"),
        ("consent", True),
        ("consent", None),
        ("consentimiento", ""),
        ("rights_holder", "Los herederos"),
        ("Embargo", "No"),
        ("embargo_until", False),
        ("author", {"license": "de conducir"}),
    ],
)
def test_what_states_nothing_narrower_changes_nothing(tmp_path: Path, column: str, value: Any) -> None:
    """Neither the terms nor the ledger change."""
    row = _row(tmp_path, _source(), **{column: value})
    assert (row["rights"], row["rights_tier"], row["uses"], row["evidence"]) == ("CC0-1.0", "open", _ALL, None)


@pytest.mark.parametrize("column", ["Embargo hasta", "embargo", "Embargado até", "dc.embargo.liftdate"])
def test_embargoes_are_read_under_the_names_of_catalogues(tmp_path: Path, column: str) -> None:
    """An archivist writes the column's name in her language."""
    assert _row(tmp_path, _source(), **{column: "31/12/2099"})["embargo_until"] == date(2099, 12, 31)


@pytest.mark.parametrize(
    "column",
    [
        *("Vence", "Válido hasta", "Data de vencimento", "expiration date", "Vigencia hasta", "consentimiento hasta"),
        *("PERMISO HASTA", "Autorização até", "Vigência até", "consent expires"),
    ],
)
def test_the_last_day_is_read_under_the_names_of_catalogues(tmp_path: Path, column: str) -> None:
    """A permission that has ended under such a name has ended."""
    assert _row(tmp_path, _source(), **{column: "31/12/2020"})["expires"] == date(2020, 12, 31)


def test_an_unmapped_column_widens_nothing(tmp_path: Path) -> None:
    """The source's licence, days and uses are kept if the record's are more open."""
    days = {"expires": date(2030, 1, 1), "embargo_until": date(2027, 1, 1)}
    source = _source({"statement": "CC-BY-NC-SA-4.0", "basis": "licence", "uses": ["evaluate"], **days})
    wider = {"license": "CC0-1.0", "rights": "CC BY-NC 4.0", "uses": _ALL}
    row = _row(tmp_path, source, **wider, expires="2040-01-01", embargo_until="2020-01-01")
    names = ("rights", "rights_tier", "uses", "expires", "embargo_until")
    terms = ("CC-BY-NC-SA-4.0", "non_commercial", ["evaluate"], date(2030, 1, 1), date(2027, 1, 1))
    assert tuple(row[name] for name in names) == terms
    row = _row(tmp_path, source, expires="31/12/2026", embargo_until="2028-01-01")
    assert (row["expires"], row["embargo_until"]) == (date(2026, 12, 31), date(2028, 1, 1))


def test_an_agreement_covers_its_own_statement(tmp_path: Path) -> None:
    """A record that repeats the source's statement, whatever its words, keeps what was agreed."""
    agreed = {"statement": "© Los herederos", "basis": "contract", "uses": ["train"]}
    source = _source({**agreed, "tier": "permission", "agreement": "carta-3"})
    row = _row(tmp_path, source, license="© Los herederos")
    assert (row["rights_tier"], row["uses"], row["evidence"]) == ("permission", ["train"], None)


def test_a_mapped_column_and_an_unmapped_one_both_count(tmp_path: Path) -> None:
    """The stricter of the two is the document's; `rights = false` leaves out both."""
    columns = {"permiso": "CC BY 4.0", "license": "CC BY-NC 4.0"}
    row = _row(tmp_path, _source(columns={"rights": "permiso"}), **columns)
    assert (row["rights"], row["rights_tier"]) == ("CC BY-NC 4.0", "non_commercial")
    row = _row(tmp_path, _source(columns={"rights": "permiso"}), permiso="CC BY-NC 4.0", license="CC BY 4.0")
    assert (row["rights"], row["rights_tier"]) == ("CC BY-NC 4.0", "non_commercial")
    assert _row(tmp_path, _source(columns={"rights": False}), **columns)["rights_tier"] == "open"


def test_uses_and_days_can_be_mapped(tmp_path: Path) -> None:
    """A column of such a name with another meaning can be left out."""
    source = _source(columns={"uses": "permitido", "expires": "vence"})
    row = _row(tmp_path, source, permitido="evaluar", vence="31/12/2026")
    assert (row["uses"], row["expires"]) == (["evaluate"], date(2026, 12, 31))
    assert _row(tmp_path, _source(columns={"uses": False}), uses=3)["rights_tier"] == "open"


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet", "arrow", "csv.gz"])
def test_every_format_of_records_has_them(tmp_path: Path, suffix: str) -> None:
    """Formats that are read by column have them, too."""
    records = {"text": ["Una copla.", "Otra copla."], "número": ["1", "2"], "license": ["", "CC BY-NC 4.0"]}
    frame = pl.DataFrame(records)
    path = tmp_path / f"a.{suffix}"
    if suffix == "jsonl":
        frame.write_ndjson(path)
    elif suffix == "parquet":
        frame.write_parquet(path)
    elif suffix == "arrow":
        frame.write_ipc(path)
    else:
        frame.write_csv(path, compression="gzip" if suffix.endswith("gz") else "uncompressed")
    assert [row["rights_tier"] for row in _rows(_source(), tmp_path)] == ["open", "non_commercial"]


def test_a_struct_of_metadata_in_parquet_is_read(tmp_path: Path) -> None:
    """The reader takes nothing else of the struct."""
    pl.DataFrame({"text": ["Una copla."], "metadata": [{"license": "CC BY-NC 4.0"}]}).write_parquet(
        tmp_path / "a.parquet"
    )
    assert [row["rights_tier"] for row in _rows(_source(), tmp_path)] == ["non_commercial"]


@pytest.mark.parametrize("columns", [{}, {"rights": "license"}])
def test_a_group_has_the_strictest_terms_of_its_records(tmp_path: Path, columns: dict[str, str]) -> None:
    """All records of a group count, not only the first one, whether they are mapped or not."""
    records = [
        {"libro": "a", "text": f"Verso {n}.", "license": licence}
        for n, licence in enumerate(("CC0-1.0", "CC BY-NC 4.0"))
    ]
    records.append({"libro": "b", "text": "Verso 3.", "license": "CC0-1.0"})
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    rows = _rows(_source(group=["libro"], columns=columns), tmp_path)
    assert [row["rights_tier"] for row in rows] == ["non_commercial", "open"]


def test_all_texts_of_a_record_have_its_terms(tmp_path: Path) -> None:
    """A translation has the terms of the original."""
    record = {"es": "Una copla.", "pt": "Uma trova.", "license": "CC BY-NC 4.0"}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    texts = [{"column": "es", "language": "spa"}, {"column": "pt", "language": "por"}]
    assert {row["rights_tier"] for row in _rows(_source(texts=texts), tmp_path)} == {"non_commercial"}


def test_what_was_read_and_what_was_not_understood_is_named(tmp_path: Path) -> None:
    """`check`, `run`, `run.json` and the ledger report the columns and values."""
    records = [
        {"text": f"Copla {n}.", "Licencia": statement}
        for n, statement in enumerate(("permiso verbal", "CC BY 4.0", None))
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    seen = examine(_source(), str(tmp_path))
    doubts = " / ".join(str(doubt.problem) for doubt in seen.doubts)
    assert "«Licencia» is read as «rights» although it isn't mapped: 2 values" in doubts
    assert "1 value of «Licencia» isn't understood as «rights», such as «permiso verbal», and its document is" in doubts
    assert [str(doubt.problem) for doubt in terms_reported("envio", Facts.of(seen.facts.as_dict()))]
    [mapping] = [
        mapping_row for mapping_row in mapping_rows({"envio": seen.facts}) if mapping_row["from"] == "Licencia"
    ]
    assert (mapping["column"], mapping["filled"], mapping["unread"]) == ("rights", 2, 1)
    unlisted = [{"source": "envio", "file": "dos.txt", "nearest": None}]
    lines = [str(terms_line) for terms_line in terms_lines({"mapping": [mapping], "without_catalogue_row": unlisted})]
    assert ["«dos.txt»" in lines[0], "«Licencia» is read" in lines[1], "«permiso verbal»" in lines[2]] == [True] * 3
    notes = [json.loads(row["evidence"] or "{}") for row in _rows(_source(), tmp_path)]
    assert notes == [{"unread": {"Licencia": "permiso verbal"}}, {"narrowed_by": {"Licencia": "CC BY 4.0"}}, {}]


def test_a_mapped_statement_that_is_no_licence_is_named(tmp_path: Path) -> None:
    """It made the tier unknown before too, without a word."""
    (tmp_path / "a.jsonl").write_text('{"text": "Una copla.", "permiso": "permiso verbal"}\n', encoding="utf-8")
    source = _source(columns={"rights": "permiso"})
    doubts = [str(doubt.problem) for doubt in examine(source, str(tmp_path)).doubts]
    assert any(doubt.startswith("1 value of «permiso» isn't understood as «rights»") for doubt in doubts)
    assert json.loads(_rows(source, tmp_path)[0]["evidence"]) == {"unread": {"rights": "permiso verbal"}}


def test_two_columns_of_one_name_end_the_run(tmp_path: Path) -> None:
    """Only the last of them would be read."""
    (tmp_path / "a.csv").write_text("text,license,license\nUna copla.,CC BY-NC 4.0,CC0-1.0\n", encoding="utf-8")
    breaches = [str(breach.problem) for breach in examine(_source(), str(tmp_path)).breaches]
    assert breaches == ["the column «license» appears twice"]


def test_the_order_of_statements_does_not_matter() -> None:
    """All statements count, in any order."""
    source = _source()
    terms = Terms("CC0-1.0", "open", tuple(_ALL))
    stated = [
        Stated("rights", "license", "CC BY-SA 4.0"),
        Stated("rights", "derechos", "CC BY-NC 4.0"),
        Stated("uses", "uses", ["train", "evaluate"]),
    ]
    in_order, in_reverse = (narrowed(source, terms, narrowing_of(each)) for each in (stated, stated[::-1]))
    assert in_order == in_reverse == Terms("CC BY-NC 4.0", "non_commercial", ("evaluate",))


def test_the_rows_of_a_stage_keep_what_is_stated(tmp_path: Path) -> None:
    """A run that reads the rows of `stage extract` later has the statements of the records."""
    record = {"text": "Una copla.", "license": "CC BY-NC 4.0", "opt_outs": ["noai"], "expires": "2026-12-31"}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    extract = make_stage("extract", {}, "extract")
    assert isinstance(extract, Stage)
    [(_given, frame)] = extract_files(tmp_path / "a.jsonl", extract)
    [row] = frame.to_dicts()
    assert (row["rights"], row["expires"]) == ("CC BY-NC 4.0", date(2026, 12, 31))
    (tmp_path / "a.jsonl").unlink()
    with RowWriter(tmp_path / "b.jsonl") as writer:
        writer.write([{}], frame)
    [reread_row] = _rows(_source(), tmp_path)
    assert (reread_row["rights_tier"], reread_row["uses"]) == ("non_commercial", ["evaluate"])
    assert [opt_out["signal"] for opt_out in reread_row["opt_outs"]] == ["noai"]
