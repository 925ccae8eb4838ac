"""Files, their rows and corrections: the jobs run in the test, on real small files."""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from latam_corpus.formats.registry import FORMATS, UNREAD
from latam_corpus.formats.sniff import OTHER_XML
from latam_corpus.intake.survey import UNKNOWN_FORMAT
from latam_corpus.web.files.jobs import replace_catalogue
from latam_corpus.web.jobs import worker
from latam_corpus.web.models import Collection, CollectionFile, Job, LogEntry
from latam_corpus.web.templatetags.desk import kind_name, problem_of
from latam_corpus.web.workspace import collection_folder, files_folder, source_file, store_upload

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SONG = "Río que bajas cantando,\nllévame el nombre contigo,\nque en la orilla está esperando\nla sombra de un amigo.\n"
_PROSE = (
    "En el año de 1932 la biblioteca de la ciudad recibió una donación de libros que venían de la casa de un maestro. "
    "Los vecinos ayudaron a llevarlos en carretas, y durante muchas semanas se reunieron por las tardes para "
    "ordenarlos. Quien quiera consultarlos puede escribir a archivo@biblioteca.mx, como hacía Rosa Ruiz.\n"
)
_TABLE = (
    "Catálogo de cantos 2024;;;;\n;;;;\nArchivo;Titulo;Lengua;Derechos;Tomo\n"
    "cancion 1;Canto del río;español;CC BY / CC BY-NC;I\nHISTORIA.TXT;Historia;mixteco;permiso verbal;I\n"
    "canto_dos;El segundo;español;CC BY 4.0;II\nperdido.txt;Un texto perdido;español;;\nTotal: 4;;;;\n"
)


@pytest.fixture(autouse=True)
def _jobs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do each job when it is queued, in this process."""

    def enqueue(kind: str, person: Any, collection: Any = None, **arguments: Any) -> Job:
        job = Job.objects.create(kind=kind, person=person, collection=collection, arguments=arguments, state="running")
        monkeypatch.setattr("sys.argv", ["job", str(job.pk)])
        worker.main()
        job.refresh_from_db()
        return job

    for module in ("files.views", "files.catalogue_views", "texts.views", "jobs.queue"):
        monkeypatch.setattr(f"latam_corpus.web.{module}.enqueue", enqueue)


def _upload(client: Any, **files: str | bytes) -> Any:
    parts = [
        SimpleUploadedFile(name.replace("__", "."), text if isinstance(text, bytes) else text.encode())
        for name, text in files.items()
    ]
    return client.post("/collections/cantos/files/upload", {"files": parts})


def _catalogue() -> dict[str, dict[str, str]]:
    path = collection_folder(Collection.objects.get()) / "catalogue.csv"
    return {row["file"]: row for row in csv.DictReader(io.StringIO(path.read_text("utf-8")))}


@pytest.fixture
def client(person: Callable[..., Any], client_of: Callable[..., Any], collection: Any) -> Any:
    owner = person("contributor")
    collection(owner)
    return client_of(owner)


def _file(path: str) -> CollectionFile:
    return CollectionFile.objects.get(path=path)


def test_each_file_has_a_row_with_its_problem_language_and_form(client: Any) -> None:
    _upload(
        client,
        canto__txt=_SONG * 3,
        historia__txt=_PROSE,
        viejo__doc=bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600,
        video__srt="1\n00:00:01,000 --> 00:00:02,000\nLa lluvia cae despacio.\n",
    )
    page = client.get("/collections/cantos/files").content.decode()
    assert page.index("viejo.doc") < page.index("canto.txt")
    assert "save it as DOCX" in page
    assert "subtitles" in page
    assert "captions" not in page
    assert _file("canto.txt").facts["form"] == "verse"
    assert _file("historia.txt").facts["language"] == "spa"
    assert tomllib.loads(source_file(Collection.objects.get()).read_text())["collect"]["files"] == ["files/**/*"]
    assert "canto.txt" not in client.get("/collections/cantos/files?problem=unread").content.decode()
    assert "viejo.doc" not in client.get("/collections/cantos/files?form=verse").content.decode()


@pytest.mark.parametrize(("language", "unknown"), [("es", "no se conoce"), ("pt-br", "não se conhece"), ("en", "its")])
def test_a_file_of_any_format_that_is_not_read_has_a_problem_in_the_readers_language(
    language: str, unknown: str
) -> None:
    kinds = [*(entry.name for entry in UNREAD), OTHER_XML.fill(root="libro"), *(entry.label for entry in FORMATS)]
    stored = [*(str(entry.name) for entry in UNREAD), "XML with the root <libro>", *(entry.name for entry in FORMATS)]
    with translation.override(language):
        for kind, text in zip(kinds, stored, strict=True):
            name = kind.translate(language[:2])
            assert kind_name(text) == name
            problem = problem_of({"kind": text, "problem": "-", "reason": "unreadable:unknown format"})
            assert problem.endswith(f": {name}")
        facts = {"kind": str(UNKNOWN_FORMAT), "problem": "-", "reason": "unreadable:unknown format"}
        assert problem_of(facts).startswith(unknown)


def test_a_table_among_the_files_becomes_the_catalogue(client: Any) -> None:
    _upload(client, Canción_1__txt=_SONG * 3, historia__txt=_PROSE, catalogo__csv=_TABLE.encode("cp1252"))
    assert not CollectionFile.objects.filter(path="catalogo.csv").exists()
    assert not (files_folder(Collection.objects.get()) / "catalogo.csv").exists()
    rows = _catalogue()
    assert rows["files/Canción_1.txt"] | {"file": ""} == {
        "file": "", "title": "Canto del río", "declared_language": "spa", "rights": "CC BY / CC BY-NC",
        "Archivo": "cancion 1", "Tomo": "I",
    }  # fmt: skip
    page = client.get("/collections/cantos/catalogue").content.decode()
    assert "perdido.txt" in page
    assert "Which language is that?" in page
    client.post("/collections/cantos/catalogue/language", {"typed": "mixteco", "meant": "mixteco, no sé cuál"})
    assert _catalogue()["files/historia.txt"]["declared_language"] == "omq-x-mixtec"
    assert "Which language is that?" not in client.get("/collections/cantos/catalogue").content.decode()


def test_columns_are_mapped_with_drop_downs_and_two_cannot_mean_the_same(client: Any) -> None:
    _upload(client, historia__txt=_PROSE, catalogo__csv=_TABLE)
    names = {"column": "Archivo", "c0": "title", "c1": "declared_language", "c2": "rights", "c3": "title"}
    page = client.post("/collections/cantos/catalogue/columns", names)
    assert page.status_code == 422
    assert "has this meaning already" in page.content.decode()
    client.post("/collections/cantos/catalogue/columns", names | {"c0": "", "c3": "title"})
    assert _catalogue()["files/historia.txt"]["title"] == "I"
    client.post("/collections/cantos/catalogue/remove")
    assert "index" not in tomllib.loads(source_file(Collection.objects.get()).read_text())["collect"]


def test_a_file_is_joined_with_the_row_that_it_looks_like(client: Any) -> None:
    _upload(client, canto_dos_x__txt=_SONG * 3, historia__txt=_PROSE, catalogo__csv=_TABLE)
    file = _file("canto_dos_x.txt")
    assert file.row is None
    page = client.get("/collections/cantos/files?problem=no-row").content.decode()
    assert "Looks like «6: canto_dos" in page
    client.post(f"/collections/cantos/files/{file.pk}/set", {"row": "6"})
    assert _file("canto_dos_x.txt").row["Titulo"] == "El segundo"
    assert _catalogue()["files/canto_dos_x.txt"]["rights"] == "CC BY 4.0"
    client.post(f"/collections/cantos/files/{_file('historia.txt').pk}/set", {"row": "6"})
    assert _file("historia.txt").row["Titulo"] == "Historia"
    client.post("/collections/cantos/catalogue/columns", {"column": "Archivo", "c0": "title"})
    assert _file("canto_dos_x.txt").row["Titulo"] == "El segundo"


@pytest.mark.parametrize("head", ["rights", "Licencia", "license", "uses"])
def test_a_second_column_about_rights_counts_too(client: Any, head: str) -> None:
    client.post("/collections/cantos/edit", _SOURCE | {"licence": "CC-BY-4.0"})
    cell = "evaluate" if head == "uses" else "Todos los derechos reservados"
    table = f"Archivo;Titulo;Derechos;{head}\nhistoria;Historia;CC BY 4.0;{cell}\n"
    _upload(client, historia__txt=_PROSE, catalogo__csv=table)
    client.post("/collections/cantos/catalogue/columns", {"column": "Archivo", "c0": "title", "c1": "rights"})
    facts = _file("historia.txt").facts
    assert facts["uses"] == ["evaluate"] if head == "uses" else facts["held_because"]
    page = client.get("/collections/cantos/files").content.decode()
    assert ("?problem=rights" in page) == bool(facts["held_because"])


def test_a_file_that_rows_describe_differently_has_none_until_one_is_chosen(client: Any) -> None:
    table = (
        "Archivo;Titulo;Derechos\nhistoria;Historia;CC0-1.0\nHISTORIA.TXT;Historia;permiso verbal\n"
        "cancion;Canto;CC0-1.0\nCANCION.TXT;Canto;CC0-1.0\n"
    )
    _upload(client, historia__txt=_PROSE, cancion__txt=_SONG * 3, catalogo__csv=table)
    assert _file("historia.txt").row is None
    assert _file("cancion.txt").row["Derechos"] == "CC0-1.0"
    page = client.get("/collections/cantos/catalogue").content.decode()
    assert "Several rows name these files and differ" in page
    client.post("/collections/cantos/catalogue/join")
    assert _file("historia.txt").row is None
    client.post(f"/collections/cantos/files/{_file('historia.txt').pk}/set", {"row": "3"})
    assert _catalogue()["files/historia.txt"]["rights"] == "permiso verbal"
    client.post("/collections/cantos/catalogue/columns", {"column": "Archivo", "c0": "title", "c1": "rights"})
    assert _file("historia.txt").row["Derechos"] == "permiso verbal"


def test_a_damaged_source_file_is_named_and_never_overwritten(client: Any) -> None:
    _upload(client, historia__txt=_PROSE)
    path = source_file(Collection.objects.get())
    damaged = path.read_text("utf-8") + '\n[rights]\nstatement = "CC-BY-4.0\n'
    path.write_text(damaged, encoding="utf-8")
    page = client.post("/collections/cantos/edit", _SOURCE)
    assert page.status_code == 409
    assert "source.toml" in page.content.decode()
    _upload(client, otro__txt=_PROSE)
    job = Job.objects.filter(kind="survey").first()
    assert job.state == "failed"
    assert job.result["error"]["place"]
    assert path.read_text("utf-8") == damaged
    path.write_bytes(b"\xef\xbb\xbf" + damaged.replace("CC-BY-4.0\n", 'CC-BY-4.0"\n').encode())  # as Windows saves it
    client.post("/collections/cantos/edit", _SOURCE | {"title": "Otro título"})
    values = tomllib.loads(path.read_text("utf-8-sig"))
    assert (values["title"], values["rights"]["statement"]) == ("Otro título", "CC-BY-4.0")


def test_all_files_are_joined_with_the_rows_that_they_look_like(client: Any) -> None:
    similar = {"canto_dos_x__txt": _SONG * 3, "perdidos__txt": _PROSE}
    _upload(client, historia__txt=_PROSE, otro__txt=_PROSE, catalogo__csv=_TABLE, **similar)
    assert "Join all 2" in client.get("/collections/cantos/catalogue").content.decode()
    client.post("/collections/cantos/catalogue/join")
    assert _file("canto_dos_x.txt").row["Titulo"] == "El segundo"
    assert _file("perdidos.txt").row["Titulo"] == "Un texto perdido"
    assert _file("otro.txt").row is None
    assert LogEntry.objects.filter(action="rows joined").exists()


def test_an_edited_copy_of_the_catalogue_replaces_rows_that_were_joined_by_hand(client: Any, tmp_path: Path) -> None:
    _upload(client, canto_dos_x__txt=_SONG * 3, historia__txt=_PROSE, catalogo__csv=_TABLE)
    client.post(f"/collections/cantos/files/{_file('canto_dos_x.txt').pk}/set", {"row": "6"})
    rows = "".join(f"files/{name},{title}\n" for name, title in [("canto_dos_x.txt", "Segundo"), *[("x", "Otro")] * 4])
    copy = tmp_path / "copia.csv"
    copy.write_text(f"file,title\n{rows}", encoding="utf-8")
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    store_upload(copy, digest)
    replace_catalogue(Collection.objects.get(), digest)
    assert _file("canto_dos_x.txt").row["title"] == "Segundo"
    assert not Collection.objects.get().draft["catalogue"]["joined"]


def test_a_correction_never_makes_a_file_without_a_row_releasable(client: Any) -> None:
    _upload(client, suelto__txt=_PROSE, historia__txt=_PROSE, catalogo__csv=_TABLE)
    client.post("/collections/cantos/edit", _SOURCE | {"licence": "CC-BY-4.0"})
    file = _file("suelto.txt")
    assert file.facts["held_because"] == "rights_tier=unknown:catalogue_row"
    client.post(f"/collections/cantos/files/{file.pk}/set", {"is": "song", "next": "text"})
    assert _catalogue()["files/suelto.txt"]["genre"] == "lyrics"
    assert _file("suelto.txt").facts["held_because"] == "rights_tier=unknown:rights"


def test_the_catalogues_languages_are_those_of_files_with_a_row(client: Any) -> None:
    _upload(client, suelto__txt=_PROSE, historia__txt=_PROSE, catalogo__csv=_TABLE)
    CollectionFile.objects.filter(path="suelto.txt").update(correction={"declared_language": "nah"})
    named = client.get("/collections/cantos/catalogue").context["named"]
    assert [(row["typed"], row["n"]) for row in named] == [("mixteco", 1)]


def test_a_song_keeps_its_lines_after_one_click(client: Any) -> None:
    lines = [f"{line} y sigue el camino largo hasta llegar a la orilla" for line in _SONG.splitlines()]
    _upload(client, canto__txt="\n".join(lines) + "\n")
    file = _file("canto.txt")
    path = f"/collections/cantos/texts/{file.pk}"
    assert '<span class="number">4</span>' not in client.get(path).content.decode()
    answer = client.post(f"/collections/cantos/files/{file.pk}/set", {"is": "song", "next": "text"})
    assert answer["Location"] == path
    assert '<span class="number">4</span>' in client.get(path).content.decode()
    assert _catalogue()["files/canto.txt"]["form"] == "verse"
    client.post(f"/collections/cantos/files/{file.pk}/set", {"is": "as found"})
    assert not (collection_folder(Collection.objects.get()) / "catalogue.csv").exists()


def test_what_is_hidden_is_marked_and_a_name_is_hidden_in_all_texts(client: Any) -> None:
    _upload(client, historia__txt=_PROSE)
    path = f"/collections/cantos/texts/{_file('historia.txt').pk}"
    page = client.get(path).content.decode()
    assert "archivo@biblioteca.mx" not in page
    assert "[EMAIL]</mark>" in page
    assert "Rosa Ruiz" in page
    client.post(f"{path}/note", {"name": "Rosa  Ruiz", "lines": "falta <b>la última</b>"})
    page = client.get(path).content.decode()
    assert "Rosa Ruiz" not in page
    assert "falta &lt;b&gt;la última&lt;/b&gt;" in page
    values = tomllib.loads(source_file(Collection.objects.get()).read_text())
    assert values["consent"]["third_persons"] == "names.txt"
    assert not LogEntry.objects.filter(reason__contains="Rosa").exists()


def test_a_text_says_why_it_is_dropped_with_numbers(client: Any) -> None:
    _upload(client, corto__txt="Sí. " * 12)
    page = client.get(f"/collections/cantos/texts/{_file('corto.txt').pk}", headers={"accept-language": "es"})
    assert 'class="verdict dropped"' in page.content.decode()
    assert "palabras gramaticales" in page.content.decode()


def test_a_reader_sees_no_text_that_its_terms_hold(client: Any, person: Any, client_of: Any) -> None:
    _upload(client, historia__txt=_PROSE)
    reviewer = client_of(person("reviewer"))
    path = f"/collections/cantos/texts/{_file('historia.txt').pk}"
    assert reviewer.get(path).status_code == 404
    client.post("/collections/cantos/edit", _SOURCE | {"licence": "CC-BY-4.0"})
    assert reviewer.get(path).status_code == 200


def test_a_picture_is_shown_to_those_who_may_change_the_collection(client: Any, person: Any, client_of: Any) -> None:
    _upload(client, foto__png=b"\x89PNG\r\n\x1a\n" + b"\0" * 40, falsa__png=b"<svg onload='alert(1)'/>")
    path = f"/collections/cantos/texts/{_file('foto.png').pk}/pages/1"
    page = client.get(path)
    assert page["Content-Type"] == "image/png"
    assert "sandbox" in page["Content-Security-Policy"]
    assert client.get(f"/collections/cantos/texts/{_file('falsa.png').pk}/pages/1").status_code == 404
    assert client_of(person("reviewer")).get(path).status_code == 403


_SOURCE = {
    "title": "Cantos del río", "custodian": "Biblioteca de Xico", "rights_holder": "", "country": "MX",
    "languages": "español; náhuatl, no sé cuál", "genre": "lyrics", "version": 1,
}  # fmt: skip


def test_the_source_file_is_written_from_the_form_and_keeps_other_keys(client: Any) -> None:
    path = source_file(Collection.objects.get())
    path.write_text(path.read_text("utf-8") + '\n[collect.columns]\ntitle = "Obra"\n', encoding="utf-8")
    page = client.post("/collections/cantos/edit", _SOURCE | {"languages": "mixteco"})
    assert "many languages are called «mixteco»" in page.content.decode()
    client.post("/collections/cantos/edit", _SOURCE | {"languages": "español, náhuatl, no sé cuál"})
    values = tomllib.loads(path.read_text("utf-8"))
    assert (values["country"], values["genre"], values["languages"]) == ("MX", "lyrics", ["spa", "nah"])
    assert values["collect"]["columns"] == {"title": "Obra"}
    page = client.get("/collections/cantos/edit").content.decode()
    assert "the source doesn&#x27;t state any rights" in page


def test_an_uploaded_catalogue_may_be_ods_and_a_damaged_one_is_a_problem(client: Any) -> None:
    _upload(client, historia__txt=_PROSE, canto__txt=_SONG)
    cell = "<table:table-cell{0}><text:p>{1}</text:p></table:table-cell>"
    covered = "<table:covered-table-cell/>"
    rows = [
        cell.format("", "Documento") + cell.format("", "Fecha"),
        cell.format("", "historia")
        + cell.format(' table:number-rows-spanned="2" office:date-value="1932-05-01"', "1/5/32"),
        cell.format("", "canto") + covered,
    ]
    xml = (
        '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><table:table>'
        + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
        + '<table:table-row table:number-rows-repeated="1048570">'
        '<table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
        "</table:table></office:document-content>"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("content.xml", xml)
    client.post("/collections/cantos/catalogue/upload", {"catalogue": SimpleUploadedFile("c.ods", packed.getvalue())})
    assert [row["published"] for row in _catalogue().values()] == ["1932-05-01", "1932-05-01"]
    client.post("/collections/cantos/catalogue/upload", {"catalogue": SimpleUploadedFile("c.xlsx", b"PK no")})
    page = client.get("/collections/cantos/catalogue").content.decode()
    assert "save it again as .xlsx" in page
    assert _catalogue()


@pytest.mark.slow
def test_a_run_says_what_became_of_each_file_and_releases_nothing(client: Any) -> None:
    _upload(client, historia__txt=_PROSE, corto__txt="Sí.")
    terms = {"licence": "CC-BY-4.0", "languages": "español", "genre": "literature"}
    client.post("/collections/cantos/edit", _SOURCE | terms)
    client.post("/collections/cantos/files/run")
    assert _file("historia.txt").fate["reasons"] == []
    assert _file("corto.txt").fate["dropped"] == 1
    page = client.get("/collections/cantos/files").content.decode()
    assert "Kept in the last run." in page
    assert not (collection_folder(Collection.objects.get()).parents[1] / "out" / "store").exists()


def _bomb(inner: str, head: bytes) -> bytes:
    """A ZIP file of about 300 kB whose one long member has 300 MB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open(inner, "w", force_zip64=True) as member:
            member.write(head)
            for _ in range(300):
                member.write(b" " * 1_000_000)
    return packed.getvalue()


@pytest.mark.slow
def test_a_zip_bomb_is_a_row_with_a_reason_and_other_files_are_read(client: Any) -> None:
    """Neither the server nor the job that examines them ends by it."""
    document = _bomb("word/document.xml", b'<?xml version="1.0"?><w:document xmlns:w="urn:w">')
    table = _bomb("xl/worksheets/sheet1.xml", b'<?xml version="1.0"?><worksheet><sheetData>')
    _upload(client, bomba__docx=document, bomba__zip=document, bomba__xlsx=table, canto__txt=_SONG)
    facts = {file.path: file.facts for file in CollectionFile.objects.all()}
    assert not facts["canto.txt"]["problem"]
    assert all(facts[name]["problem"] for name in ("bomba.docx", "bomba.zip", "bomba.xlsx")), facts
    assert "bomba.docx" in client.get("/collections/cantos/files?problem=unread").content.decode()
