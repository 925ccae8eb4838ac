"""A catalogue in a folder describes its files: tables, MARC, MODS, METS, Dublin Core."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pymarc
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import digest, list_inputs, read_all
from latam_corpus.collect.readers.workbook import tables
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.execution.part import input_key

if TYPE_CHECKING:
    from pathlib import Path

_HEADS = ("Archivo", "Título", "Autores", "Año", "Lengua")
_ROWS = (
    ("cantos/uno.txt", "La barca", "Paz, Ana; Ríos, Luis", "1931", "es"),
    ("dos.txt", "El río", "", "", "quy"),
    ("tres.txt", "No está", "", "", ""),
)
_MAPPED = {"title": "Título", "creators": "Autores", "published": "Año", "declared_language": "Lengua"}


def _source(**collect: Any) -> Source:
    return Source.model_validate({"id": "envio", "title": "Envío", "holder": "Biblioteca", "collect": collect})


def _folder(root: Path) -> Path:
    (root / "cantos").mkdir()
    for name, text in (("cantos/uno.txt", "La barca salió."), ("dos.txt", "Baja el río."), ("suelto.txt", "Sin fila.")):
        (root / name).write_text(text, encoding="utf-8")
    return root


def _read(source: Source, where: Path) -> list[dict[str, Any]]:
    return [row for frame in read_all(source, list_inputs(source, where)) for row in frame.iter_rows(named=True)]


def _by_file(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["origin"]["file"]: row for row in rows if row["drop_reason"] is None}


def _csv(path: Path, rows: tuple[tuple[str, ...], ...] = _ROWS, charset: str = "utf-8") -> None:
    path.write_text("\n".join(";".join(f'"{cell}"' for cell in row) for row in (_HEADS, *rows)), encoding=charset)


def _xlsx(path: Path, rows: tuple[tuple[str, ...], ...] = _ROWS) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Notas"
    sheet = book.create_sheet("Catálogo")
    for row in ((None,), _HEADS, *rows):
        sheet.append(row)
    book.save(path)


@pytest.mark.parametrize(("name", "write"), [("catalogo.csv", _csv), ("catalogo.xlsx", _xlsx)])
def test_a_row_describes_its_file(tmp_path: Path, name: str, write: Any) -> None:
    """Its cells become columns; a row without a file is a failed row, a file without a row is reported."""
    write(_folder(tmp_path) / name)
    source = _source(index={"file": name}, columns=_MAPPED)
    rows = _read(source, tmp_path)
    by_file = _by_file(rows)
    row = by_file["cantos/uno.txt"]
    assert (row["title"], row["creators"], row["published"]) == ("La barca", ["Paz, Ana", "Ríos, Luis"], "1931")
    assert (by_file["dos.txt"]["declared_language"], by_file["suelto.txt"]["title"]) == ("quy", None)
    (failed,) = [row for row in rows if row["drop_reason"]]
    reported = json.loads(failed["evidence"])
    assert (failed["drop_reason"], reported["names"], reported["file"]) == (
        "unreadable:missing file",
        ["tres.txt"],
        name,
    )
    assert (failed["title"], failed["origin"]["member"]) == ("No está", "tres.txt")
    seen = examine(source, str(tmp_path))
    doubts = [str(doubt.problem) for doubt in seen.doubts]
    assert any("suelto.txt" in doubt for doubt in doubts)
    assert any(doubt.startswith("1 of its rows names a missing file") and "tres.txt" in doubt for doubt in doubts)
    assert seen.unread == {}  # it is told already


def test_a_document_is_named_by_its_file(tmp_path: Path) -> None:
    """Two volumes with one address and one number in the catalogue stay two documents."""
    rows = "file,url,id,title\ncantos/uno.txt,https://b.example/1,7,Tomo\ndos.txt,https://b.example/1,7,Tomo\n"
    (_folder(tmp_path) / "indice.csv").write_text(rows, encoding="utf-8")
    described = _by_file(_read(_source(index={"file": "indice.csv"}), tmp_path))
    assert len({row["doc_id"] for row in described.values()}) == 3
    assert described["dos.txt"]["url"] == "https://b.example/1"


def test_one_file_in_two_rows_is_told(tmp_path: Path) -> None:
    """Equal rows count once; differing rows end the run, because no one knows which is right."""
    _csv(_folder(tmp_path) / "c.csv", (_ROWS[0], ("uno.txt", *_ROWS[0][1:])))
    source = _source(index={"file": "c.csv"}, columns=_MAPPED)
    rows = _read(source, tmp_path)
    assert _by_file(rows)["cantos/uno.txt"]["title"] == "La barca"
    assert [row["drop_reason"] for row in rows if row["drop_reason"]] == ["unreadable:named twice"]
    _csv(tmp_path / "c.csv", (_ROWS[0], ("uno.txt", "La barca", "Paz, Ana; Ríos, Luis", "1932", "es")))
    with pytest.raises(ConfigError, match=r"row 3 and c\.csv, 2 disagree about «cantos/uno\.txt»: Año"):
        list_inputs(source, tmp_path)


@pytest.mark.parametrize(
    ("collect", "message"),
    [
        ({"index": {"file": "catalogo.xlsx"}}, "no file matches «catalogo.xlsx»"),
        ({"index": {"file": "c.csv", "column": "Archivos"}}, "did you mean «Archivo»?"),
        ({"index": {"file": "c.csv"}, "columns": {"title": "Titulo"}}, "did you mean «Título»?"),
        ({"index": {"file": "dos.txt"}}, "MARC, MODS, METS or Dublin Core"),
    ],
)
def test_a_wrong_catalogue_is_told_before_anything_is_read(tmp_path: Path, collect: Any, message: str) -> None:
    """A misspelt name would leave every document without its data."""
    _csv(_folder(tmp_path) / "c.csv")
    (tmp_path / "dos.txt").write_text("<lista/>", encoding="utf-8")
    with pytest.raises(ConfigError, match=r".") as caught:
        list_inputs(_source(**collect), tmp_path)
    assert message in str(caught.value)


def test_a_single_file_has_no_catalogue_beside_it(tmp_path: Path) -> None:
    """A single file is an error, because it would be read without its catalogue data and without a note."""
    _csv(_folder(tmp_path) / "c.csv")
    with pytest.raises(ConfigError, match="isn't a folder"):
        list_inputs(_source(index={"file": "c.csv"}), tmp_path / "dos.txt")


def _field(tag: str, **subfields: str) -> pymarc.Field:
    marks = pymarc.Indicators("1", " ")
    parts = [pymarc.Subfield(code, text) for code, text in subfields.items()]
    return pymarc.Field(tag=tag, indicators=marks, subfields=parts)


def _marc(number: str, title: str, link: str = "") -> pymarc.Record:
    fields = [
        pymarc.Field(tag="001", data=number),
        pymarc.Field(tag="008", data="760101s1896    cl            000 0 spa d"),
        _field("245", a=f"{title} /", c="por otra persona."),
        _field("100", a="Paz, Ana,"),
        _field("700", a="Ríos, Luis", e="entrevistado"),
        _field("700", a="Sol, Eva", e="ilustradora"),
        _field("540", u="https://creativecommons.org/licenses/by/4.0/"),
        *([_field("856", u=link)] if link else []),
    ]
    return pymarc.Record(force_utf8=True, fields=fields)


@pytest.mark.parametrize("xml", [False, True])
def test_records_of_marc_describe_files_by_address_or_number(tmp_path: Path, xml: bool) -> None:
    """As pymarc writes them, in both of their formats; persons who made no text are no creators."""
    records = [_marc("0001", "La barca", "https://b.example/d/uno.txt"), _marc("dos", "El río"), _marc("9", "Perdido")]
    buffer = io.BytesIO()
    writer = pymarc.XMLWriter(buffer) if xml else pymarc.MARCWriter(buffer)
    for record in records:
        writer.write(record)
    writer.close(close_fh=False)
    (_folder(tmp_path) / "catalogo.mrc").write_bytes(buffer.getvalue())
    rows = _read(_source(index={"file": "*.mrc"}, columns={"rights": "rights"}), tmp_path)
    first_row, second_row = (_by_file(rows)[name] for name in ("cantos/uno.txt", "dos.txt"))
    assert (first_row["title"], first_row["creators"], first_row["published"]) == (
        "La barca",
        ["Paz, Ana", "Ríos, Luis"],
        "1896",
    )
    assert (first_row["declared_language"], first_row["url"]) == ("spa", "https://b.example/d/uno.txt")
    assert (first_row["rights"], second_row["title"]) == ("https://creativecommons.org/licenses/by/4.0/", "El río")
    assert [row["title"] for row in rows if row["drop_reason"]] == ["Perdido"]


def test_a_broken_record_of_marc_is_one_failed_row(tmp_path: Path) -> None:
    """The other records still describe their files."""
    sound = _marc("dos", "El río").as_marc()
    (_folder(tmp_path) / "c.mrc").write_bytes(sound + sound[:30] + b"\x1d" + _marc("suelto", "Suelto").as_marc())
    rows = _read(_source(index={"file": "c.mrc"}), tmp_path)
    assert _by_file(rows)["dos.txt"]["title"] == "El río"
    assert [row["drop_reason"] for row in rows if row["drop_reason"]] == ["unreadable:malformed record"]


def _recoded(record: pymarc.Record, coding: str, charset: str) -> bytes:
    """Return a record whose leader states one coding and whose bytes are in another charset."""
    fields = [
        field.as_marc("utf-8").decode().translate(_MARC_8).encode("latin-1")
        if charset == "marc-8"
        else field.as_marc(charset)
        for field in record.fields
    ]
    heads = [
        f"{field.tag}{len(data):04}{sum(map(len, fields[:number])):05}"
        for number, (field, data) in enumerate(zip(record.fields, fields, strict=True))
    ]
    body = "".join(heads).encode() + b"\x1e" + b"".join(fields) + b"\x1d"
    base = 24 + 12 * len(fields) + 1
    return f"{24 + len(body):05}nam {coding}22{base:05}   4500".encode() + body


_MARC_8 = str.maketrans({"í": "\xe2i", "ó": "\xe2o", "á": "\xe2a", "ñ": "\xe4n", "ã": "\xe4a", "ç": "\xf0c"})


@pytest.mark.parametrize(
    ("coding", "charset", "title", "doubt"),
    [
        (" ", "utf-8", "El río de María", ["MARC-8", "UTF-8"]),
        ("a", "utf-8", "El río de María", None),
        (" ", "marc-8", "El río de María", None),
        (" ", "marc-8", "Canção do pão", None),
        ("a", "marc-8", "El río de María", ["UTF-8", "MARC-8"]),
        ("a", "cp1252", "El río del Perú", ["UTF-8", "cp1252"]),
        (" ", "cp1252", "Canción del río, el niño y la mañana", ["MARC-8", "cp1252"]),
        (" ", "cp850", "Canción del niño en el río", ["MARC-8", "cp850"]),
    ],
)
def test_a_record_of_marc_is_read_in_the_charset_of_its_bytes(
    tmp_path: Path, coding: str, charset: str, title: str, doubt: list[str] | None
) -> None:
    """If the leader states another charset, the ledger and `check` report it, and the file is still described."""
    (_folder(tmp_path) / "c.mrc").write_bytes(_recoded(_marc("dos", title), coding, charset))
    source = _source(index={"file": "c.mrc"})
    rows = _read(source, tmp_path)
    assert _by_file(rows)["dos.txt"]["title"] == title
    failed = [(row["drop_reason"], json.loads(row["evidence"])) for row in rows if row["drop_reason"]]
    assert [(why, [report["declared"], report["read_as"]]) for why, report in failed] == (
        [("unreadable:charset differs", doubt)] if doubt else []
    )
    doubts = [str(finding.problem) for finding in examine(source, str(tmp_path)).doubts]
    assert any("aren't in the charset" in problem for problem in doubts) == bool(doubt)


_MODS = """<m:mods xmlns:m="http://www.loc.gov/mods/v3">
<m:titleInfo><m:nonSort>La</m:nonSort><m:title>barca</m:title><m:subTitle>cantos</m:subTitle></m:titleInfo>
<m:titleInfo type="alternative"><m:title>Otra</m:title></m:titleInfo>
<m:name type="personal"><m:namePart type="family">Paz</m:namePart><m:namePart type="given">Ana</m:namePart>
<m:namePart type="date">1870-1931</m:namePart><m:role><m:roleTerm>autora</m:roleTerm></m:role></m:name>
<m:name><m:namePart>Casa Editora</m:namePart><m:role><m:roleTerm>pbl</m:roleTerm></m:role></m:name>
<m:originInfo><m:dateIssued>[c1896]</m:dateIssued></m:originInfo>
<m:language><m:languageTerm type="code">spa</m:languageTerm></m:language></m:mods>"""
_DSPACE = """<?xml version="1.0" encoding="utf-8"?><dublin_core schema="dc">
<dcvalue element="contributor" qualifier="author">Paz, Ana</dcvalue>
<dcvalue element="contributor" qualifier="advisor">Otro</dcvalue>
<dcvalue element="title" qualifier="none">La barca</dcvalue>
<dcvalue element="date" qualifier="issued">1896</dcvalue>
<dcvalue element="date" qualifier="accessioned">1801-01-01</dcvalue>
<dcvalue element="language" qualifier="iso">es</dcvalue></dublin_core>"""
_OAI = """<o:dc xmlns:o="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>La barca</dc:title><dc:creator>Paz, Ana</dc:creator><dc:date>1896</dc:date>
<dc:language>spa</dc:language></o:dc>"""


@pytest.mark.parametrize(
    ("name", "xml", "title"),
    [
        ("cantos/uno.mods.xml", _MODS, "La barca: cantos"),
        ("cantos/dublin_core.xml", _DSPACE, "La barca"),
        ("cantos/uno.xml", _OAI, "La barca"),
    ],
)
def test_a_record_describes_what_it_lies_beside(tmp_path: Path, name: str, xml: str, title: str) -> None:
    """A record describes the file of the same name, or under a general name all files of its folder."""
    (_folder(tmp_path) / name).write_text(xml, encoding="utf-8")
    rows = _by_file(_read(_source(index={"file": "**/*.xml"}), tmp_path))
    row = rows["cantos/uno.txt"]
    assert (row["title"], row["creators"], row["published"]) == (title, ["Paz, Ana"], "1896")
    assert row["declared_language"] in ("es", "spa")
    assert rows["dos.txt"]["title"] is None


def test_mets_gives_each_file_its_own_description(tmp_path: Path) -> None:
    """The structure map links files and descriptions; paths are relative to the METS file."""
    described = "".join(
        f'<dmdSec ID="d{n}"><mdWrap MDTYPE="DC"><xmlData><dc:title xmlns:dc="http://purl.org/dc/elements/1.1/">{title}'
        "</dc:title></xmlData></mdWrap></dmdSec>"
        for n, title in ((1, "La barca"), (2, "El río"))
    )
    files = "".join(
        f'<file ID="f{n}"><FLocat LOCTYPE="URL" xlink:href="{href}"/></file>'
        for n, href in ((1, "file:///cantos/uno.txt"), (2, "../dos.txt"))
    )
    divided = "".join(f'<div DMDID="d{n}"><div><fptr FILEID="f{n}"/></div></div>' for n in (1, 2))
    mets = '<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink">'
    whole = f"{mets}{described}<fileSec><fileGrp>{files}</fileGrp></fileSec>"
    whole += f"<structMap><div>{divided}</div></structMap></mets>"
    (_folder(tmp_path) / "cantos/mets.xml").write_text(whole, encoding="utf-8")
    rows = _by_file(_read(_source(index={"file": "**/mets.xml"}), tmp_path))
    assert [rows[name]["title"] for name in ("cantos/uno.txt", "dos.txt")] == ["La barca", "El río"]


def test_a_hostile_catalogue_expands_nothing(tmp_path: Path) -> None:
    """An entity that names a file of the machine stays unread."""
    (tmp_path / "secreto").write_text("NO", encoding="utf-8")
    xml = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secreto">]>' + _OAI.replace("La barca", "&e;La barca")
    (_folder(tmp_path) / "cantos/uno.xml").write_text(xml, encoding="utf-8")
    rows = _by_file(_read(_source(index={"file": "**/*.xml"}, files=["**/*.txt"]), tmp_path))
    assert rows["cantos/uno.txt"]["title"] == "&e;La barca"


def test_a_changed_row_redoes_its_file_alone(tmp_path: Path) -> None:
    """A file's results depend on its row in the list."""
    _csv(_folder(tmp_path) / "c.csv")
    source = _source(index={"file": "c.csv"}, columns=_MAPPED)

    def keys() -> dict[str, str]:
        return {file.relative: input_key(file, digest(file), "") for file in list_inputs(source, tmp_path)}

    previous = keys()
    _csv(tmp_path / "c.csv", (_ROWS[0], ("dos.txt", "El arroyo", "", "", ""), _ROWS[2]))
    current = keys()
    assert {name for name in previous if previous[name] != current[name]} == {"dos.txt", "c.csv"}


@pytest.mark.parametrize("suffix", ["zip", "xztar"])
@pytest.mark.parametrize("where", ["archivo", "carpeta"])
def test_a_catalogue_inside_an_archive_describes_its_members(tmp_path: Path, suffix: str, where: str) -> None:
    """Its members are described as in a folder, and missing files or rows are reported in the same way."""
    (tmp_path / "a").mkdir()
    _xlsx(_folder(tmp_path / "a") / "c.xlsx")
    (tmp_path / "envios").mkdir()
    archive = shutil.make_archive(str(tmp_path / "envios/envio"), suffix, tmp_path / "a")
    source = _source(index={"file": "**/c.xlsx"}, columns=_MAPPED)
    given = tmp_path / "envios" if where == "carpeta" else archive
    rows = _read(source, given)  # type: ignore[arg-type]
    titles = {row["origin"]["member"]: row["title"] for row in rows if not row["drop_reason"]}
    assert titles == {"cantos/uno.txt": "La barca", "dos.txt": "El río", "suelto.txt": None}
    (failed,) = [row for row in rows if row["drop_reason"]]
    assert json.loads(failed["evidence"])["names"] == ["tres.txt"]
    doubts = [str(doubt.problem) for doubt in examine(source, str(given)).doubts]
    assert any("/suelto.txt" in doubt for doubt in doubts)
    assert any(doubt.startswith("1 of its rows") for doubt in doubts)


def test_an_archive_without_its_catalogue_is_told(tmp_path: Path) -> None:
    """The error comes before anything is read, also if the catalogue lacks a column."""
    (tmp_path / "a").mkdir()
    _csv(_folder(tmp_path / "a") / "c.csv")
    archive = shutil.make_archive(str(tmp_path / "envio"), "zip", tmp_path / "a")
    with pytest.raises(ConfigError, match=r"no file in «envio\.zip» matches «indice\.csv»"):
        list_inputs(_source(index={"file": "indice.csv"}), archive)
    with pytest.raises(ConfigError, match="did you mean «Título»"):
        list_inputs(_source(index={"file": "c.csv"}, columns={"title": "Titulo"}), archive)


def test_a_catalogue_of_which_nothing_is_read_is_told(tmp_path: Path) -> None:
    """The source maps none of the catalogue's unknown heads."""
    _csv(_folder(tmp_path) / "c.csv")
    doubts = [str(doubt.problem) for doubt in examine(_source(index={"file": "c.csv"}), str(tmp_path)).doubts]
    assert any(doubt.startswith("none of the catalogue's columns is read") for doubt in doubts)


def test_a_catalogue_in_another_encoding_is_told_and_read(tmp_path: Path) -> None:
    """The error names the setting; with the charset of the source the catalogue is read."""
    _csv(_folder(tmp_path) / "catalogo.csv", charset="cp1252")
    with pytest.raises(ConfigError, match=r"its heads aren't UTF-8 text: .+charset = "):
        list_inputs(_source(index={"file": "catalogo.csv"}, columns=_MAPPED), tmp_path)
    source = _source(index={"file": "catalogo.csv"}, columns=_MAPPED, charset="cp1252")
    assert _by_file(_read(source, tmp_path))["dos.txt"]["title"] == "El río"


def _examined(tmp_path: Path, cells: str) -> tuple[dict[str, Any], list[str], tuple[Any, ...]]:
    """Return the document, the doubts and the errors of a catalogue row with these cells."""
    (tmp_path / "uno.txt").write_text("La barca salió.", encoding="utf-8")
    (tmp_path / "catalogo.csv").write_text(f"archivo;país;fecha;género\nuno.txt;{cells}\n", encoding="utf-8")
    columns = {"country": "país", "published": "fecha", "genre": "género"}
    source = _source(index={"file": "catalogo.csv"}, columns=columns)
    source = source.model_copy(update={"country": "MX", "genre": "literature"})
    seen = examine(source, str(tmp_path))
    return _by_file(_read(source, tmp_path))["uno.txt"], [str(doubt.problem) for doubt in seen.doubts], seen.breaches


def test_cells_are_read_as_people_write_them(tmp_path: Path) -> None:
    """Countries and genres may be names, and dates may have the day first, as in the sheet of sources."""
    row, doubts, _ = _examined(tmp_path, "Guatemala;31/12/1999;Prensa")
    assert (row["country"], row["published"], row["genre"], row["evidence"]) == ("GT", "1999-12-31", "news", None)
    assert not any("understood" in doubt for doubt in doubts)


def test_what_is_not_understood_is_told_and_takes_no_default(tmp_path: Path) -> None:
    """The source's country isn't used; the genre, which every document has, is."""
    row, doubts, breaches = _examined(tmp_path, "Ruritania;c. 1950;cachivaches")
    assert (row["country"], row["published"], row["genre"]) == (None, None, "literature")
    unread = {"country": "Ruritania", "published": "c. 1950", "genre": "cachivaches"}
    assert (row["verdict"], json.loads(row["evidence"])) == ("changed", {"unread": unread})
    assert "1 value of «país» isn't understood as «country», such as «Ruritania», and its" in str(doubts)
    assert "«género» isn't understood as «genre», such as «cachivaches», and counts as an empty one" in str(doubts)
    assert breaches == ()


def test_an_address_says_nothing_of_a_country_that_is_stated(tmp_path: Path) -> None:
    """It counts only if no country is stated."""
    stated = [("Ruritania", None), ("", "CL")]
    rows = [
        {"text": f"Copla {n}.", "pais": country, "url": f"https://diario.cl/{n}"}
        for n, (country, _) in enumerate(stated)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = _source(columns={"country": "pais", "url": "url"})
    assert [row["country"] for row in _read(source, tmp_path)] == [country for _, country in stated]


def test_an_empty_cell_has_what_the_source_says(tmp_path: Path) -> None:
    """An empty cell takes the source's value, also in a column without any value."""
    row, doubts, breaches = _examined(tmp_path, ";;")
    assert (row["country"], row["published"], row["genre"], row["evidence"]) == ("MX", None, "literature", None)
    assert not any("understood" in doubt for doubt in doubts)
    assert breaches == ()


def test_a_value_that_a_table_of_values_lacks_is_not_understood(tmp_path: Path) -> None:
    """The source's `default` applies to unknown values; an empty value counts as an empty cell."""
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"text": f"La barca {n}.", "lugar": lugar}) + "\n" for n, lugar in enumerate("abc")),
        encoding="utf-8",
    )
    pick: dict[str, Any] = {"column": "lugar", "values": {"a": "AR", "b": ""}}
    for default, country, unread in ((None, None, 1), ("UY", "UY", 0)):
        source = _source(columns={"country": {**pick, "default": default}}).model_copy(update={"country": "MX"})
        rows = _read(source, tmp_path)
        assert [row["country"] for row in rows] == ["AR", "MX", country]
        assert examine(source, str(tmp_path)).facts.fills["country"].unread == unread


def _workbook(cells: str, properties: str = "") -> bytes:
    """Return a workbook of one sheet with these cells as XML."""
    created, packed = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(created)
    names = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{names}"><sheetData>{cells}</sheetData></worksheet>'
    with zipfile.ZipFile(created) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/workbook.xml":
                data = re.sub(rb"<calcPr[^>]*/>", properties.encode(), data)
            target.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else data)
    return packed.getvalue()


_TITLES = '<row><c t="inlineStr"><is><t>Archivo</t></is></c><c t="inlineStr"><is><t>Autor</t></is></c></row>'


def test_a_formula_that_was_never_computed_is_refused() -> None:
    """A program that isn't a spreadsheet writes 0 as its value, and asks for it to be computed when it is opened."""
    row = '<row><c t="inlineStr"><is><t>a.txt</t></is></c><c><f>B9</f><v>0</v></c></row>'
    requested = _workbook(_TITLES + row, '<calcPr calcId="124519" fullCalcOnLoad="1"/>')
    with pytest.raises(ConfigError, match=r"lista\.xlsx: it has formulas without a value"):
        list(tables("lista.xlsx", requested, "Archivo".__eq__))
    (table,) = tables("lista.xlsx", _workbook(_TITLES + row, '<calcPr calcId="191029"/>'), "Archivo".__eq__)
    assert list(table.rows) == [(2, {"Archivo": "a.txt", "Autor": "0"})]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("<row>" + "<c/>" * 20_000 + "</row>", "a row has more than 16384 cells"),
        (
            _TITLES + '<row><c t="inlineStr"><is><t>a</t></is></c></row>' * 400_000,
            "it is too large for a sheet of sources",
        ),
    ],
)
def test_a_workbook_that_takes_much_memory_is_refused_by_name(cells: str, problem: str) -> None:
    """A workbook that unpacks to over 100 times its size, or has a too wide row, isn't read; the error names it."""
    with pytest.raises(ConfigError, match=rf"lista\.xlsx: {problem}"):
        list(tables("lista.xlsx", _workbook(cells), "archivo".__eq__))
