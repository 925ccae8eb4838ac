"""Identifiers in what people wrote about a document are replaced in every column of the schema; names are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.audit.lineage import matches_query
from latam_corpus.batch import Batch
from latam_corpus.catalog.identity import canonical_url
from latam_corpus.privacy.metadata import redacted_address, redacted_file_name, redacted_name
from latam_corpus.privacy.privacy_policy import privacy_policies
from latam_corpus.privacy.redact import Redact
from latam_corpus.release.refusals.tombstones import matching, settled
from latam_corpus.report.disclosure import Redaction

if TYPE_CHECKING:
    from pathlib import Path

EMAIL = "rosa.vera@correo.example"
# Columns and fields that the toolkit, the catalogue or a closed vocabulary sets: nobody writes words in them.
MACHINE = {
    *("doc_id", "parent_id", "language", "languages", "variety", "variety_basis", "country", "genre", "composition"),
    *("published", "source_id", "rights_tier", "basis", "uses", "extractor", "redactions", "duplicate_cluster"),
    *("contained_in", "variant_of", "split", "origin.digest", "consent.label", "opt_outs.signal", "turns.language"),
}


def _filled(dtype: Any, name: str = "") -> Any:
    """A value of a type with the address in each text but those of machines."""
    if isinstance(dtype, pl.List):
        return [_filled(dtype.inner, name)]
    if isinstance(dtype, pl.Struct):
        return {field.name: _filled(field.dtype, f"{name}.{field.name}") for field in dtype.fields}
    return f"a {EMAIL}" if dtype == pl.String() and name not in MACHINE else None


def _row(**values: Any) -> pl.DataFrame:
    return pl.DataFrame([values], schema={name: schema.DOCUMENT_SCHEMA[name] for name in values})


def _redacted(**values: Any) -> dict[str, Any]:
    return Redact()(Batch(_row(**values))).frame.row(0, named=True)


def test_no_column_of_a_release_keeps_an_address() -> None:
    """A new column of words is in the schema's list, or this test names it as a machine's."""
    values = {name: _filled(dtype, name) for name, dtype in schema.RELEASE_SCHEMA.items() if name not in MACHINE}
    row = _redacted(**{name: value for name, value in values.items() if name in schema.DOCUMENT_SCHEMA}, genre="lyrics")
    assert EMAIL not in str({name: value for name, value in row.items() if name != "signals"})
    repeated = Redact()(Batch(_row(**{name: row[name] for name in (*values, "genre")}))).frame.row(0, named=True)
    assert repeated["evidence"] is None
    assert {name: repeated[name] for name in values if name != "redactions"} == {
        name: row[name] for name in values if name != "redactions"
    }


def test_the_free_fields_are_texts_of_the_schema() -> None:
    """A field that the schema names is one of the column's, and holds words."""
    for name, fields in schema.FREE_FIELDS.items():
        kind: Any = schema.DOCUMENT_SCHEMA[name]
        kind = kind.inner if isinstance(kind, pl.List) else kind
        texts = {item.name: item.dtype for item in kind.fields} if isinstance(kind, pl.Struct) else {name: kind}
        assert fields <= {field for field, dtype in texts.items() if dtype == pl.String()}, name


def test_names_of_authors_are_kept() -> None:
    """Years of life and institutions too; what leads to a person isn't."""
    creators = [f"Rosa Vera <{EMAIL}>", "Sarmiento, Domingo Faustino, 1811-1888", "Gil, Luis. CPF 868.958.372-64"]
    row = _redacted(
        text="x", creators=creators, genre="literature", country="BR", contributor="Museo, tel. 11 3456-7890"
    )
    assert row["creators"] == ["Rosa Vera <[EMAIL]>", "Sarmiento, Domingo Faustino, 1811-1888", "Gil, Luis. CPF [CPF]"]
    assert row["contributor"] == "Museo, tel. [PHONE]"
    assert {item["key"]: item["value"] for item in row["redactions"]} == {"cpf": 1, "email": 1, "phone": 1}


@pytest.mark.parametrize(
    ("country", "name", "redacted"),
    [
        ("MX", "voces/entrevista_maria_5512345678.wav", "voces/entrevista_maria_[PHONE].wav"),
        ("BR", "CPF_86895837264.pdf", "CPF_[CPF].pdf"),
        ("BR", "ata-86895837264.pdf", "ata-[CPF].pdf"),
        (None, "ana_paz@correo.example.txt", "[EMAIL]"),
        ("CL", "rut_15.976.796-5_acta.txt", "rut_[RUT]_acta.txt"),
        (None, "+56987654321.ogg", "[PHONE].ogg"),
        ("MX", "tomo_03/folio-0012.txt", "tomo_03/folio-0012.txt"),
        ("MX", "IMG_20240512_101530.jpg", "IMG_20240512_101530.jpg"),
        ("CL", "documento-1234567.xml", "documento-1234567.xml"),
        ("CO", "2024/05/12/acta 3.html", "2024/05/12/acta 3.html"),
    ],
)
def test_file_names(country: str | None, name: str, redacted: str) -> None:
    """A telephone in a file's name needs no word; days and numbers of a series are kept."""
    policies = privacy_policies()
    modes = policies.modes("web", country)
    assert redacted_file_name(name, modes, policies.words, country)[0] == redacted
    assert redacted_file_name(redacted, modes, policies.words, country)[0] == redacted


@pytest.mark.parametrize(
    ("address", "redacted"),
    [
        (
            "https://diario.example/nota?mail=ana%40correo.example&p=2",
            "https://diario.example/nota?mail=%5BEMAIL%5D&p=2",
        ),
        ("https://diario.example/~ana@correo.example/a", "https://diario.example/~%5BEMAIL%5D/a"),
        ("https://diario.example/?tel=%2B56%209%208765%204321&v=3", "https://diario.example/?tel=%5BPHONE%5D&v=3"),
        ("https://diario.example/cpf/86895837264", "https://diario.example/cpf/%5BCPF%5D"),
        ("https://r.example/handle/123456789/98765", "https://r.example/handle/123456789/98765"),
        ("https://r.example/documento/1234567?doc=12345678", "https://r.example/documento/1234567?doc=12345678"),
        ("https://d.example/2024/05/12/nota-20240512.html", "https://d.example/2024/05/12/nota-20240512.html"),
        ("https://d.example/a%FF%20b", "https://d.example/a%FF%20b"),
    ],
)
def test_addresses_keep_their_host(address: str, redacted: str) -> None:
    """A redacted address is still a valid address in canonical form, and redacting it again changes nothing."""
    assert redacted_address(address)[0] == redacted
    assert redacted_address(redacted)[0] == redacted
    assert canonical_url(redacted) == redacted


def test_who_knows_the_address_or_the_file_finds_the_document() -> None:
    """`explain` is given the original, before and after redaction."""
    url, file = f"https://diario.example/nota?mail={EMAIL}", "voces/entrevista_maria_5512345678.wav"
    raw = {"text": "Nada.", "title": None, "country": "MX", "url": url, "origin": {"file": file}}
    origin = {"file": file, "member": None, "offset": None, "digest": None}
    rows = _row(**{**raw, "origin": origin}, genre="web")
    redacted = Redact()(Batch(rows)).frame
    assert EMAIL not in str(redacted.to_dicts())
    for frame in (rows, redacted):
        for query in (url, file, "entrevista_maria_5512345678", redacted["url"][0]):
            if frame is redacted or query != redacted["url"][0]:
                assert frame.filter(matches_query(query)).height == 1, query


def test_a_withdrawal_names_the_original_address() -> None:
    """A release has the redacted address; runs before `redact` and older entries of the log have the original."""
    url = f"https://diario.example/nota?mail={EMAIL}"
    rows = pl.Series([url, redacted_address(url)[0], "https://diario.example/otra", None])
    for pattern in (url, settled("url", url), "https://diario.example/nota*"):
        assert matching(rows, pattern).to_list() == [True, True, False, False], pattern
    assert EMAIL not in settled("url", url)
    assert settled("creator", f"Rosa Vera <{EMAIL}>") == settled("creator", redacted_name(f"Rosa Vera <{EMAIL}>"))


def test_pages_show_metadata_redacted() -> None:
    """Documents dropped before `redact` are included; those whose list of names was withdrawn aren't shown."""
    origin = {"file": f"{EMAIL}.txt", "member": None, "offset": None, "digest": None}
    values = {"text": "x", "title": "t", "creators": [EMAIL], "url": f"https://a.example/{EMAIL}", "origin": origin}
    row = {**values, "genre": "news", "country": None, "source_id": "s", "drop_reason": "short", "turns": None}
    redaction = Redaction(names=(("s", "/no/list"),))
    shown = redaction.metadata({**dict.fromkeys(Redaction.READS), **row})
    assert EMAIL not in str(shown)
    assert shown["title"] == "t"
    frame = Redaction().of(_row(**row))
    assert EMAIL not in str(frame.to_dicts())


def test_additional_columns_keep_no_identifier(tmp_path: Path) -> None:
    """A column's name is the word before its number; third persons' names are replaced as in the text."""
    (tmp_path / "personas.txt").write_text("Rosa Vera\n", encoding="utf-8")
    entries = [
        ("Teléfono", "5512345678"),
        ("año", "1872"),
        ("nota", f"escribir a {EMAIL}, o a Rosa Vera"),
        ("precio", "1234567890.5"),
        ("temas", "mar"),
    ]
    values = [{"key": key, "value": value} for key, value in entries]
    row = _row(text="La barca.", genre="literature", country="MX", source_id="cartas", extra=values)
    redact = Redact(names=(("cartas", str(tmp_path / "personas.txt")),))
    redacted = redact(Batch(row)).frame.row(0, named=True)
    assert {item["key"]: item["value"] for item in redacted["extra"]} == {
        "Teléfono": "[PHONE]", "año": "1872", "nota": "escribir a [EMAIL], o a [NAME]", "precio": "1234567890.5",
        "temas": "mar",
    }  # fmt: skip
    assert {item["key"]: item["value"] for item in redacted["redactions"]} == {"email": 1, "name": 1, "phone": 1}
    plain = Redact()(Batch(_row(text="x", genre="lyrics", country="MX", extra=values[4:]))).frame
    assert plain["extra"].to_list() == [values[4:]]
