"""A partner's folder is surveyed offline; files can be previewed before a source describes them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import bagit
import docx
import pypdfium2
import pytest

from latam_corpus.catalog.source import Collect, Source
from latam_corpus.collect.input_files.listing import list_inputs
from latam_corpus.intake.check_source import check_source

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_TEXT = "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno.\n"


def _word(text: str) -> bytes:
    document = docx.Document()
    document.core_properties.title = "Relato del puerto"
    document.core_properties.author = "Ana Paz"
    document.add_paragraph(text)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _scan(pages: int) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(200, 300)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Create texts in two charsets, a scan, a copy, a catalogue, a damaged bag, a picture and a hidden file."""
    folder = tmp_path / "Envío 2019"
    (folder / "bolsa").mkdir(parents=True)
    (folder / "bolsa/uno.txt").write_text(_TEXT, encoding="utf-8")
    bagit.make_bag(str(folder / "bolsa"))
    (folder / "bolsa/data/uno.txt").write_text(_TEXT + "Otra.", encoding="utf-8")
    (folder / "dos.txt").write_bytes((_TEXT * 3).encode("cp1252"))
    (folder / "tres.docx").write_bytes(_word(_TEXT * 3))
    (folder / "copia.docx").write_bytes((folder / "tres.docx").read_bytes())
    (folder / "escaneo.pdf").write_bytes(_scan(3))
    (folder / "roto.pdf").write_bytes(b"%PDF-1.7\nnada")
    (folder / "foto.gif").write_bytes(b"GIF89a")
    (folder / ".oculto").write_text("no", encoding="utf-8")
    (folder / "~$tres.docx").write_bytes(b"\x04Ana")  # tres.docx is open in Word
    rows = "Archivo;Título\ndos.txt;Dos\ntres.docx;Tres\nfalta.txt;Falta\n"
    (folder / "catálogo.csv").write_text(rows, encoding="utf-8")
    return folder


def test_inventory_needs_no_extra(tmp_path: Path) -> None:
    """`sources inventory` runs if the packages of the crawler aren't installed."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['warcio', 'protego', 'httpcore2']));"
        "import latam_corpus.desk.commands.inventory"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)


def test_a_disk_is_surveyed(disk: Path, tmp_path: Path, command_line: CommandLine) -> None:
    """The survey has formats, checksums, charsets, scans and languages; it writes a draft source and a page."""
    previous = sorted(path.relative_to(disk) for path in disk.rglob("*"))
    draft, html = tmp_path / "borrador.toml", tmp_path / "disco.html"
    result = command_line("sources", "inventory", disk, "--draft", draft, "--html", html, "--json")
    assert result.code == 0, result.err
    seen = json.loads(result.out)
    files = {file["path"]: file for file in seen["files"]}
    assert sorted(path.relative_to(disk) for path in disk.rglob("*")) == previous
    assert (files["dos.txt"]["format"], files["dos.txt"]["charset"], files["dos.txt"]["language"]) == (
        "text",
        "cp1252",
        "spa",
    )
    assert (files["tres.docx"]["format"], files["tres.docx"]["charset"], files["tres.docx"]["language"]) == (
        "docx", None, "spa",
    )  # fmt: skip
    assert (files["escaneo.pdf"]["pages"], files["escaneo.pdf"]["scans"]) == (3, 3)
    assert files["roto.pdf"]["problem"] == "damaged file"
    assert (files["foto.gif"]["read"], bool(files["foto.gif"]["remedy"])) == (False, True)
    assert files["bolsa/data/uno.txt"]["problem"] == "checksum differs"
    assert files["dos.txt"]["sha256"] == hashlib.sha256((disk / "dos.txt").read_bytes()).hexdigest()
    assert (seen["hidden"], seen["same_bytes"], seen["catalogue"], seen["described"]) == (
        2, [["copia.docx", "tres.docx"]], "catálogo.csv", 2,
    )  # fmt: skip
    text = draft.read_text(encoding="utf-8")
    refused, findings = check_source(text)
    assert (refused, [finding.key for finding in findings]) == (None, ["holder"])  # nobody has said who holds it
    result = command_line("run", draft, "--input", disk, "--out", tmp_path / "out")
    assert (result.code, "«holder»: «…» is the template's placeholder" in result.err) == (2, True)
    source, findings = check_source(text.replace('holder = "…"', 'holder = "Biblioteca del puerto"'))
    assert source is not None, findings
    assert (source.rights, source.country, source.genre, source.homepage) == (None, None, None, None)
    assert (source.id, source.languages, source.collect.index and source.collect.index.file) == (
        "envio-2019", ("spa",), "catálogo.csv",
    )  # fmt: skip
    assert "<script" not in html.read_text(encoding="utf-8")


def test_what_a_run_reads_when_asked_is_told_what_to_ask(tmp_path: Path, command_line: CommandLine) -> None:
    """Pictures and old Word files aren't read by a default run; a draft chooses them all the same."""
    (tmp_path / "fotos").mkdir()
    (tmp_path / "fotos/carta.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    (tmp_path / "fotos/vieja.doc").write_bytes(bytes(64))
    seen = command_line("sources", "inventory", tmp_path / "fotos", "--draft", tmp_path / "b.toml", "--json").json
    files = {file["path"]: file for file in seen["files"]}
    assert [file["read"] for file in files.values()] == [False, False]
    assert 'ocr = ["spa"]' in files["carta.png"]["remedy"]
    assert "libreoffice = true" in files["vieja.doc"]["remedy"]
    assert 'files = ["**/*.doc", "**/*.png"]' in (tmp_path / "b.toml").read_text(encoding="utf-8")
    assert "para el OCR: " in command_line("sources", "inventory", tmp_path / "fotos", "--lang", "es").out


def test_a_draft_is_never_written_over_another_file(disk: Path, command_line: CommandLine) -> None:
    """It is an error, and so are a folder surveyed together with sources and a draft without a folder."""
    result = command_line("sources", "inventory", disk, "--draft", disk / "dos.txt")
    assert (result.code, "the file already exists" in result.err) == (2, True)
    assert command_line("sources", "inventory", disk, "conha19").code == 2
    assert command_line("sources", "inventory", "--draft", "x.toml").code == 2


def test_what_lies_at_a_path_is_previewed(disk: Path, command_line: CommandLine) -> None:
    """A file whose bytes aren't text is shown next to its metadata, without those that programs wrote."""
    result = command_line("sources", "preview", disk / "tres.docx", "--json")
    assert result.code == 0, result.err
    (item,) = json.loads(result.out)["items"]
    assert item["text"].startswith("La barca salió")
    assert item["original"].split("\n")[0] == "composition: original"
    assert "Ana Paz" not in item["original"]


def test_an_id_of_the_catalogue_is_one_beside_a_folder_of_its_name(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id of the catalogue names the source even if the current folder has a folder of this name."""
    (tmp_path / "conha19").mkdir()
    monkeypatch.chdir(tmp_path)
    result = command_line("sources", "inventory", "conha19", "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)[0]["source"] == "conha19"


def test_a_draft_says_in_which_encoding_its_tables_are(tmp_path: Path, command_line: CommandLine) -> None:
    """If all have that encoding: catalogues of spreadsheet programs are recognised, and the draft can read them."""
    folder, draft = tmp_path / "envio", tmp_path / "borrador.toml"
    folder.mkdir()
    (folder / "dos.txt").write_text(_TEXT * 3, encoding="utf-8")
    (folder / "lista.csv").write_text("Archivo;Título\ndos.txt;El niño\n", encoding="cp1252")
    result = command_line("sources", "inventory", folder, "--draft", draft, "--json")
    assert json.loads(result.out)["catalogue"] == "lista.csv"
    text = draft.read_text(encoding="utf-8")
    assert '\ncharset = "cp1252"\n' in text
    assert 'title = "Título"' in text
    draft.write_text(text.replace('holder = "…"', 'holder = "B"'))
    assert command_line("sources", "check", draft, "--input", folder).code == 0
    (folder / "otra.csv").write_text("título\nEl niño\n", encoding="utf-8")
    command_line("sources", "inventory", folder, "--draft", tmp_path / "otro.toml")
    assert '# charset = "cp1252"' in (tmp_path / "otro.toml").read_text(encoding="utf-8")


def test_compressed_files_are_surveyed_as_what_they_hold(tmp_path: Path, command_line: CommandLine) -> None:
    """The draft's patterns name their formats, sound ones aren't called damaged, and all have a language."""
    folder = tmp_path / "envío"
    folder.mkdir()
    line = json.dumps({"text": _TEXT * 3}, ensure_ascii=False).encode()
    files = {
        "a.jsonl": line,
        "b.jsonl.gz": gzip.compress(line),
        "c.csv.gz": gzip.compress(f'text\n"{_TEXT * 3}"\n'.encode("cp1252")),
        "d.pdf.gz": gzip.compress(_scan(2)),
        "e.txt.gz": gzip.compress((_TEXT * 3).encode()),
        "f.txt.gz": gzip.compress((_TEXT * 3).encode())[:-9],
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    draft = tmp_path / "fuente.toml"
    reported = command_line("sources", "inventory", folder, "--draft", draft, "--json").json
    seen = {file["path"]: file for file in reported["files"]}
    assert {name for name, file in seen.items() if file["problem"] == "damaged file"} == {"f.txt.gz"}
    assert (seen["d.pdf.gz"]["pages"], seen["d.pdf.gz"]["format"]) == (2, "pdf")
    assert [seen[name]["language"] for name in ("a.jsonl", "b.jsonl.gz", "c.csv.gz", "e.txt.gz")] == ["spa"] * 4
    assert (reported["texts"], reported["looked_at"]) == (6, 6)
    patterns = tomllib.loads(draft.read_text(encoding="utf-8"))["collect"]["files"]
    assert patterns == ["**/*.csv", "**/*.jsonl", "**/*.pdf", "**/*.txt"]
    source = Source(id="envio", title="Envío", holder="Archivo", collect=Collect(files=tuple(patterns)))
    assert [file.relative for file in list_inputs(source, folder)] == sorted(files)


def test_a_draft_leaves_out_no_file_that_is_read(tmp_path: Path, command_line: CommandLine) -> None:
    """Files recognised by their bytes may have other suffixes or none; the draft's patterns match them, too."""
    folder = tmp_path / "envío"
    folder.mkdir()
    (folder / "tres").write_bytes(_word(_TEXT * 3))
    draft = tmp_path / "fuente.toml"
    command_line("sources", "inventory", folder, "--draft", draft)
    assert tomllib.loads(draft.read_text(encoding="utf-8"))["collect"]["files"] == ["**/*"]


def test_a_survey_says_of_how_many_files_it_read_the_text(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only some of many files are read, and their number is reported."""
    monkeypatch.setattr("latam_corpus.intake.sampled_texts._SAMPLED_FILES", 2)
    for n in range(4):
        (tmp_path / f"{n}.txt").write_text(f"{_TEXT} {n}", encoding="utf-8")
    result = command_line("sources", "inventory", tmp_path)
    assert "files with text: 4; sampled to identify their language: 2" in result.out
