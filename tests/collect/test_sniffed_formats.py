"""The bytes of a file decide its format; an unreadable file is reported with a format to save it as."""

from __future__ import annotations

import io
import json
import signal
import tarfile
import zipfile
from importlib import import_module
from typing import TYPE_CHECKING, Any

import docx
import pytest

from latam_corpus.catalog.display_names import extractor_name
from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.errors import ConfigError
from latam_corpus.formats import registry, sniff
from latam_corpus.pipeline.stored_runs.reasons import in_plain_words

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

    from latam_corpus.formats.format import Format

_ANY = Source(id="envios", title="Envíos", holder="Biblioteca")
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


_SCORE = "application/vnd.recordare.musicxml"


def _docx(text: str) -> bytes:
    document = docx.Document()
    document.add_paragraph(text)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def _zip(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as package:
        for name, data in members.items():
            package.writestr(name.replace("__", "/"), data)
    return held.getvalue()


def _rows(where: Path) -> list[dict[str, Any]]:
    return [row for frame in read_all(_ANY, list_inputs(_ANY, where)) for row in frame.iter_rows(named=True)]


@pytest.mark.parametrize("name", ["a.docx", "a.txt", "a.jsonl", "a.csv", "a.zip", "a.pdf", "a.xyz", "a"])
def test_a_wrong_suffix_is_no_matter(tmp_path: Path, name: str) -> None:
    """A Word document is recognised under any name, with others and alone."""
    (tmp_path / name).write_bytes(_docx("Hola."))
    (row,) = _rows(tmp_path)
    assert (row["media_type"], row["drop_reason"]) == (_WORD, None)


def test_a_pdf_within_a_file_makes_none_of_it(tmp_path: Path) -> None:
    """In an archive that isn't compressed it may be the first member; in a line its mark may be a word."""
    pdf = b"%PDF-1.4\n%%EOF\n"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as package:
        for name in ("a.pdf", "b.txt"):
            member = zipfile.ZipInfo(name)
            member.extra = b"UT\x05\0\x01\0\0\0\0"  # a time, as other programs write it
            package.writestr(member, pdf if name == "a.pdf" else b"Hola.")
    with tarfile.open(tmp_path / "b.tar", "w") as tape:
        for name, data in (("a.pdf", pdf), ("b.txt", b"Hola.")):
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tape.addfile(header, io.BytesIO(data))
    (tmp_path / "c.jsonl").write_text('{"text": "Un PDF empieza con %PDF-1.4."}\n{"text": "Hola."}\n')
    (tmp_path / "d.txt").write_bytes(b"\xef\xbb\xbf\n" + pdf)
    assert [(row["origin"]["file"], row["origin"]["member"], row["media_type"]) for row in _rows(tmp_path)] == [
        ("a.zip", "a.pdf", "application/pdf"),
        ("a.zip", "b.txt", "text/plain"),
        ("b.tar", "a.pdf", "application/pdf"),
        ("b.tar", "b.txt", "text/plain"),
        ("c.jsonl", "1", None),
        ("c.jsonl", "2", None),
        ("d.txt", None, "application/pdf"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "format_"),
    [
        ("a.txt", b"GIF89a", "a GIF picture"),
        ("a.csv", _zip(xl__workbook=b"x"), "an Excel workbook"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
         "an Office document with a password"),
        ("a.xml", b"<?xml version='1.0'?>\n<!-- x --><ead:ead xmlns:ead='urn:x'/>", "a finding aid (EAD)"),
        ("a.xml", b"<receta/>", "XML with the root <receta>"),
        ("a.lift", b'<lift version="0.13"/>', "a dictionary (LIFT)"),
        ("a.xml", b'<mods xmlns="http://www.loc.gov/mods/v3"/>', "metadata (MODS)"),
        ("a.xml", b'<mets:mets xmlns:mets="http://www.loc.gov/METS/"/>', "metadata (METS)"),
        ("a.xml", b'<record xmlns="http://www.loc.gov/MARC21/slim"/>', "catalogue records (MARC)"),
        ("a.mrc", b"00714cam a2200205 a 4500001001200000\x1e12883376 \x1e", "catalogue records (MARC)"),
        ("a.TextGrid", b'File type = "ooTextFile"\nObject class = "TextGrid"\n', "a TextGrid (Praat)"),
        ("bagit.txt", b"BagIt-Version: 1.0\n", "a list of a bag (BagIt)"),
        ("manifest-md5.txt", b"d41d8cd98f00b204e9800998ecf8427e  data/a.txt\n", "a list of a bag (BagIt)"),
        ("a.mp4", b"\0\0\0\x18ftypmp42", "an MP4 video or recording"),
        ("a.bin", b"\x01\0\x02\x03\xff\0\0\0\x07\x08" * 9, "a binary file of an unknown format"),
        ("a.docx", _zip(otra__cosa=b"x"), "a ZIP archive"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named(tmp_path: Path, name: str, data: bytes, format_: str) -> None:
    """A failed row that names the format and what to save it as; the others are read."""
    (tmp_path / name).write_bytes(data)
    (tmp_path / "z.txt").write_text("Buenos días.", encoding="utf-8")
    row, other = _rows(tmp_path)
    reported = json.loads(row["evidence"])
    assert (row["drop_reason"], reported["format"], other["drop_reason"]) == (
        "unreadable:unknown format",
        format_,
        None,
    )
    assert reported["remedy"]


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.musicxml", b'<?xml version="1.0"?>\n<!DOCTYPE score-partwise SYSTEM "x.dtd">\n<score-partwise/>', _SCORE),
        ("a.txt", b"<score-timewise><lyric><text>no</text></lyric></score-timewise>", _SCORE),
        ("a.mxl", _zip(**{"META-INF__container.xml": b"x", "obra.xml": b"<score-partwise/>"}), _SCORE),
        ("a.xml", b"PK\x03\x04" + b"." * 26 + b"mimetypeapplication/vnd.recordare.musicxmlPK", _SCORE),
        ("a.png", b"\xff\xd8\xff\xe0....JFIF", "image/jpeg"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "application/msword"),
        ("a.xml", b'<?xml version="1.0"?><tmx version="1.4"><body/></tmx>', "application/x-tmx+xml"),
        ("a.xml", b'<document version="2"><interlinear-text/></document>', "application/x-flextext+xml"),
        ("a.txt", b"\\_sh v3.0  400  Text\n\n\\id canto\n\\tx kawsay\n", "text/x-toolbox"),
        ("a.txt", b"\\ref 1\r\n\\tx kawsay\r\n\\ge vivir\r\n", "text/x-toolbox"),
    ],
)  # fmt: skip
def test_what_is_read_is_known_by_its_bytes(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    """Whatever its suffix."""
    (tmp_path / name).write_bytes(data)
    assert [row["media_type"] for row in _rows(tmp_path)] == [kind]


@pytest.mark.parametrize(
    ("begins", "piece"),
    [
        (b"", b" "),
        (b"", b"\n"),
        (b"[ti:Copla]", b"\n"),
        (b"[ti:Copla]", b" \n \n[ar:Rosa]"),
        (b"\\id canto\n", b"\n"),
        (b"\\id canto\n", b"\\palabra casa\n"),
        (b"", b"<!-- nota -->\n"),
        (b"<?xml version='1.0'?>", b"<!-- nota -->"),
        (b"", b"<!-- nota <!-- otra --> y sigue -->\n"),
        (b"", b"<!--"),
        (b"", b"<!DOCTYPE TEI ["),
        (b"<!DOCTYPE TEI [", b"<!-- ]> '\" ] "),
        (b"<!DOCTYPE TEI [", b"<?b "),
        (b"<!DOCTYPE TEI ", b"'\" <"),
        (b"", b'<!DOCTYPE TEI [<!ENTITY b "]>'),
    ],
)
def test_a_head_that_is_made_to_be_searched_for_ever_is_read_once(begins: bytes, piece: bytes) -> None:
    """Repetitions can match in only one way, so matching takes linear time."""

    def too_long(*_: object) -> None:
        pytest.fail("it is searched again and again")

    previous = signal.signal(signal.SIGVTALRM, too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, 2.0)  # of a processor, which other work doesn't take
    try:
        assert sniff.sniffed((begins + piece * sniff.HEAD)[: sniff.HEAD]) is None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)


def test_comments_before_a_page_and_blank_lines_before_words_hide_nothing() -> None:
    """Each format is recognised after any allowed prefix."""
    blank, note, subset = b" \n\n", b"<!-- nota -->\n" * 40, b"<!DOCTYPE TEI [<!ENTITY b ']'>] >\n"
    for head, kind in (
        (blank + note + b"<html>", "text/html"),
        (b"<?xml version='1.0'?>" + note + subset + b"<?a b?>" + note + b"<TEI>", "application/tei+xml"),
        (blank + b"# sent_id = 1\n" + b"1\tcasa" + b"\t_" * 8 + b"\n", "text/x-conllu"),
        (b"[ti:Copla] \n\n[ar:Rosa]\n \n[00:12.5]Vidalita", "text/x-lrc"),
        (b"\\id canto\n\n\\ge vivir\n \n\\ps v\n\n\\tx kawsay\n", "text/x-toolbox"),
        (b"<!-- nota <!-- otra --> y sigue -->\n<!-- a -->\n<html>", "text/html"),
        (b"<!-- nota --> y sigue --> <p>", None),
        (b"<?xml version='1.0'?><!DOCTYPE TEI [<!ENTITY b \"x ]> y\">\n%c;]><TEI>", "application/tei+xml"),
        (b"<!DOCTYPE TEI [<!-- it's ]> --><?b ' ]> ?><!ENTITY b '\" ]>'>\n] >\n<TEI>", "application/tei+xml"),
        (b"<!DOCTYPE TEI SYSTEM 'a>b.dtd' [\n<!ENTITY b ''>]><TEI>", "application/tei+xml"),
        (b'<!DOCTYPE TEI SYSTEM "a.dtd>\n<TEI>', "application/tei+xml"),
    ):
        assert sniff.sniffed(head) == kind


def test_a_transcript_with_times_is_no_song() -> None:
    """Hours have a third figure, speakers a label; a song has a time before most verses."""
    for text, kind in (
        ("[00:00:00] Ana Ríos: ¿Y usted?\n[00:00:07] Rosa Paz: Aquí nací.\n", None),
        ("[00:01] E1: ¿Y usted?\n[00:07] H1: Aquí nací.\n[00:09] E1: ¿Y su madre?\n", None),
        ("[00:01] Grabación del archivo\nAna: ¿Y usted?\nRosa: Aquí nací.\n", None),
        ("[ti:Copla]\n[00:01.20]Él: Palomita\n[00:04.00][00:09.00]blanca,\n\n[00:06]vidalitá\n", "text/x-lrc"),
    ):
        assert sniff.sniffed(text.encode()) == kind


def test_the_sentence_is_told_in_the_readers_language() -> None:
    """Librarians read what the file is, and what to do."""
    reported = {"format": "a GIF picture", "remedy": "export each sheet as CSV"}
    (sentence,) = in_plain_words("unreadable:unknown format", reported)
    assert sentence.translate("es").endswith("es una imagen GIF; exporte cada hoja como CSV")


def test_latex_and_a_package_of_pages_are_no_other_format(tmp_path: Path) -> None:
    """A text that begins with a backslash is one; a book without its media type in front is a book."""
    (tmp_path / "a.txt").write_text("\\section{Canto}\n\\textit{kawsay}\n", encoding="utf-8")
    (tmp_path / "b.epub").write_bytes(_zip(**{"META-INF__container.xml": b"x", "OPS__libro.opf": b"x"}))
    assert [row["drop_reason"] for row in _rows(tmp_path)] == [None, None]


def test_a_single_file_of_another_format_is_named(tmp_path: Path) -> None:
    """No other file could be read, so the command ends with the sentence."""
    (tmp_path / "tapa.gif").write_bytes(b"GIF89a")
    with pytest.raises(ConfigError, match="it is a GIF picture"):
        list_inputs(_ANY, tmp_path / "tapa.gif")


def test_a_stated_format_is_believed(tmp_path: Path) -> None:
    """Who describes the source has seen the files."""
    (tmp_path / "a.txt").write_text("<html> es la etiqueta con que empieza una página.", encoding="utf-8")
    source = Source(id="e", title="E", holder="B", collect={"format": "text"})  # type: ignore[arg-type]
    (frame,) = read_all(source, list_inputs(source, tmp_path))
    assert frame["media_type"].to_list() == ["text/plain"]


def test_stage_extract_reads_a_folder_of_mixed_formats(command_line: CommandLine, tmp_path: Path) -> None:
    """Each file is a row, in order; a damaged one has its reason and the rest goes on."""
    folder = tmp_path / "entrega"
    folder.mkdir()
    (folder / "a.docx").write_bytes(_docx("Hola."))
    (folder / "b.docx").write_bytes(_docx("Roto.")[:900])
    (folder / "c.rtf").write_bytes(rb"{\rtf1\ansi Ma\'f1ana.}")
    (folder / "d.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (folder / "e.txt").write_text("Buenos días.", encoding="utf-8")
    result = command_line("stage", "extract", folder, tmp_path / "out.jsonl")
    assert result.code == 0, result.err
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["origin"]["file"] for row in rows] == ["a.docx", "b.docx", "c.rtf", "d.jpg", "e.txt"]
    assert [row["text"] for row in rows] == ["Hola.", None, "Mañana.", None, "Buenos días."]
    assert [row["drop_reason"] for row in rows] == [
        None, "extract:damaged file", None, "extract:no text", None,
    ]  # fmt: skip
    assert "ocr" in json.loads(rows[3]["evidence"])["remedy"]


@pytest.mark.parametrize("name", [entry.name for entry in registry.FORMATS if entry.extractor and entry.name != "html"])
def test_people_read_the_name_of_the_format_that_gave_a_text(name: str) -> None:
    """An AVENUE transcript is called one; `explain` takes the name from what the extractor calls itself."""
    entry = registry.BY_NAME[name]
    module = import_module(str(entry.extractor).partition(":")[0])
    for extractor in (getattr(module, "EXTRACTOR", name), *entry.extractor_names):
        assert extractor_name(extractor) == entry.label


@pytest.mark.parametrize("entry", registry.FORMATS, ids=lambda entry: entry.name)
def test_the_code_that_a_format_names_is_there(entry: Format) -> None:
    """A format is read in one way: a whole file, its records, or as an archive."""
    assert [bool(entry.extractor), bool(entry.reader or entry.records), entry.archive].count(True) == 1
    for named in filter(None, (entry.extractor, entry.reader, entry.records, entry.splitter)):
        module, _colon, function = named.format(mode="fast").partition(":")
        assert callable(getattr(import_module(module), function))
