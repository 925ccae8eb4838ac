"""Digests of the results of every stage on a fixed corpus, and the file that stores them with the stages' versions.

`python -m tests.pipeline.fixed_results` stores new digests. It refuses if a stage gives other results under its old
version: cached work of users would be taken for the new results.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import re
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import polars as pl

from latam_corpus import vocabulary
from latam_corpus.batch import Batch
from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read_all, reading_version
from latam_corpus.collect.row_files import frame_as_documents
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.corpus import ROW, Frames
from latam_corpus.language.classifier import ftz
from latam_corpus.language.labels import MODELS
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.planning.supersede import Supersede
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.pipeline.stored_runs.keys import digest_of, made_of
from latam_corpus.signals import BY_NAME
from latam_corpus.stages import Barrier, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STORED: Final = Path(__file__).with_name("fixed_results.json")
COMMAND: Final = "make versions"
_FILES: Final = Path(__file__).with_name("fixed_corpus")
_DEMO: Final = Path(__file__).parents[2] / "pipelines" / "demo" / "pieces"
_SEED: Final = 7
_LONG: Final = 2000  # characters of a text that gives sentences
_WORDS: Final = 5  # of the shortest of these
_OTHER_WORDS: Final = ("nieve", "tarde", "barro", "campana", "azul")
_SHARES: Final = (0.02, 0.06, 0.1, 0.13, 0.15, 0.17, 0.2, 0.25, 0.3, 0.5)  # of the words of a copy that differ
_LANGUAGES: Final = ("spa_Latn", "por_Latn", "quy_Latn", "grn_Latn", "und")
_SOURCE: Final = """
id = "fijo"
title = "Textos fijos"
holder = "Biblioteca de prueba"
genre = "literature"
languages = ["spa", "por"]
[rights]
statement = "CC-BY-4.0"
basis = "licence"
uses = ["train", "redistribute", "evaluate"]
"""
_COLUMNS: Final = """
[collect.columns]
id = "codigo"
title = "titulo"
text = "texto"
rights = "licencia"
published = "fecha"
"""


@dataclass(frozen=True)
class Outcome:
    """The results of one stage, barrier or reader.

    Attributes:
        version: of its code.
        inputs: a digest of what it was given, and of the models, policies, tables and libraries that it used.
        results: digests of what it gave, by the name of a piece of the corpus.
    """

    version: str
    inputs: str
    results: dict[str, str]


def outcomes(only: frozenset[str] = frozenset()) -> dict[str, Outcome]:
    """Run every stage, barrier and reader over the corpus.

    Args:
        only: the names of those that are needed; empty for all.
    """
    all_outcomes: dict[str, Outcome] = {}
    for names, run in _RUNS:
        if not only or only & set(names):
            all_outcomes |= run()
    return all_outcomes


def stored() -> dict[str, Outcome]:
    """Return the outcomes that are stored."""
    values = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    return {name: Outcome(**value) for name, value in values.items()}


def changed(stored_outcome: Outcome, current: Outcome) -> list[str]:
    """Return the pieces of the corpus for which a stage's results differ from the stored ones."""
    return sorted(
        name
        for name in {*stored_outcome.results, *current.results}
        if stored_outcome.results.get(name) != current.results.get(name)
    )


def same_version(stored_outcomes: Mapping[str, Outcome], current: Mapping[str, Outcome]) -> dict[str, list[str]]:
    """Return the stages whose results changed for the same input and version, with the pieces of the corpus."""
    pairs = {name: (stored_outcomes[name], current[name]) for name in current if name in stored_outcomes}
    same_versions = {name: pair for name, pair in pairs.items() if pair[0].version == pair[1].version}
    changes = {name: changed(*pair) for name, pair in same_versions.items() if pair[0].inputs == pair[1].inputs}
    return {name: pieces for name, pieces in changes.items() if pieces}


def digest(value: object) -> str:
    """Return 12 hex digits of a value; numbers count to five digits, since processors differ in the last ones."""
    return hashlib.sha256(json.dumps(_plain(value), sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


def _plain(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _outcome(stage: Stage | Barrier, frame: pl.DataFrame, results: Mapping[str, object]) -> dict[str, Outcome]:
    description = made_of(stage) | {"code": ""}
    inputs = digest([description, digest_of(frame.to_dicts())])
    return {stage.name: Outcome(str(stage.version), inputs, {name: digest(result) for name, result in results.items()})}


def _by_piece(frame: pl.DataFrame, pieces: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each piece of the corpus."""
    rows_by_piece: dict[str, list[dict[str, Any]]] = {}
    for piece, row in zip(pieces, frame.to_dicts(), strict=True):
        rows_by_piece.setdefault(piece, []).append(row)
    return rows_by_piece


def _passed(stage: Stage, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    passed = pass_through(stage, Batch(frame))
    return passed.kept.frame, passed.dropped, passed.ledger


def _run_stage(stage: Stage, frame: pl.DataFrame, pieces: list[str]) -> dict[str, Outcome]:
    """Run a stage over rows; digest its kept, dropped and ledger rows by the piece of each row's `doc_id`."""
    piece_of = dict(zip(frame["doc_id"], pieces, strict=True))
    results: dict[str, object] = {}
    for kind, rows in zip(("kept", "dropped", "ledger"), _passed(stage, frame), strict=True):
        parents = rows["parent_id"].to_list() if "parent_id" in rows.columns else [None] * rows.height
        ids = [one if one in piece_of else parent for one, parent in zip(rows["doc_id"], parents, strict=True)]
        for piece, held in _by_piece(rows, [piece_of.get(one or "", "other") for one in ids]).items():
            results.setdefault(piece, [])
            cast("list[object]", results[piece]).append({kind: held})
    return _outcome(stage, frame, results)


# --- files ---


def _packed(members: Mapping[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as package:
        for name, data in members.items():
            package.writestr(zipfile.ZipInfo(name, (2024, 5, 1, 12, 0, 0)), data)
    return held.getvalue()


_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DOCUMENT: Final = (
    f'<w:document xmlns:w="{_W}"><w:body>'
    '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>La mina</w:t></w:r></w:p>'
    '<w:p><w:r><w:t xml:space="preserve">Bajaron </w:t></w:r><w:ins><w:r><w:t>todos</w:t></w:r></w:ins>'
    "<w:del><w:r><w:delText>nadie</w:delText></w:r></w:del><w:r><w:tab/><w:t>con lámpara.</w:t><w:br/>"
    '<w:t>Otra línea.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Año</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>1931</w:t></w:r></w:p></w:tc>"
    "</w:tr><w:tr><w:tc><w:p><w:r><w:t>Minero más viejo</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Luis</w:t>"
    "</w:r></w:p></w:tc></w:tr></w:tbl><w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>Escondido.</w:t></w:r></w:p>"
    "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>Un punto de la lista.</w:t></w:r></w:p></w:body></w:document>"
)
_NOTES: Final = (
    f'<w:footnotes xmlns:w="{_W}"><w:footnote w:id="2"><w:p><w:r><w:t>Nota al pie.</w:t></w:r></w:p></w:footnote>'
    "</w:footnotes>"
)
_PROPERTIES: Final = (
    '<cp:coreProperties xmlns:cp="c" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>La mina</dc:title>'
    "<dc:creator>Luis Ríos</dc:creator><dc:rights>CC BY-NC 4.0</dc:rights></cp:coreProperties>"
)


def _docx() -> bytes:
    target = '<Relationship Id="r{n}" Type="{kind}" Target="{target}"/>'
    root = [
        target.format(n=1, kind=f"{_RELATIONS}/officeDocument", target="word/document.xml"),
        target.format(n=2, kind="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
                      target="docProps/core.xml"),
    ]  # fmt: skip
    notes = target.format(n=3, kind=f"{_RELATIONS}/footnotes", target="footnotes.xml")
    return _packed({
        "_rels/.rels": f'<Relationships xmlns="r">{"".join(root)}</Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="r">{notes}</Relationships>',
        "word/document.xml": _DOCUMENT, "word/footnotes.xml": _NOTES, "docProps/core.xml": _PROPERTIES,
    })  # fmt: skip


def _odt() -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    names = f'xmlns:o="{office}:office:1.0" xmlns:t="{office}:text:1.0" xmlns:b="{office}:table:1.0"'
    body = (
        '<t:h t:outline-level="1">La cosecha</t:h><t:p>Llegó<t:s t:c="2"/>tarde<t:tab/>este año.<t:line-break/>Nadie '
        "cantó.<t:note><t:note-body><t:p>Nota.</t:p></t:note-body></t:note></t:p><t:list><t:list-item><t:p>Maíz</t:p>"
        "</t:list-item></t:list><b:table><b:table-row><b:table-cell><t:p>Sacos</t:p></b:table-cell></b:table-row></b:table>"
    )
    content = f"<o:document-content {names}><o:body><o:text>{body}</o:text></o:body></o:document-content>"
    meta = (
        f'<o:document-meta {names} xmlns:dc="http://purl.org/dc/elements/1.1/"><o:meta><dc:title>La cosecha</dc:title>'
        "<dc:creator>Ana Paz</dc:creator></o:meta></o:document-meta>"
    )
    return _packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content, "meta.xml": meta})


def _epub() -> bytes:
    pages = {
        "nav": "<nav><ol><li><a href='uno.xhtml'>Uno</a></li></ol></nav>",
        "uno": "<h1>I</h1><p>La barca zarpó al <em>alba</em>.</p><p class='pagenum'>12</p><hr/><p>Volvió de noche.</p>",
        "dos": "<p>La red venía vacía.<sup><a href='#n'>1</a></sup></p><table><tr><td>Sal</td><td>3</td></tr></table>",
        "legal": "<p>© 2024 Ana Paz. Todos los derechos reservados.</p>",
    }
    items = "".join(f'<item id="{page}" href="{page}.xhtml" media-type="application/xhtml+xml"/>' for page in pages)
    spine = "".join(f'<itemref idref="{page}"/>' for page in pages if page != "nav")
    about = "<dc:title>La barca</dc:title><dc:creator>Ana Paz</dc:creator><dc:language>es</dc:language>"
    opf = (
        f'<package><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{about}</metadata><manifest>{items}</manifest>'
    )
    container = '<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>'
    texts = {f"{name}.xhtml": f"<html><body>{page}</body></html>" for name, page in pages.items()}
    return _packed({
        "mimetype": "application/epub+zip", "META-INF/container.xml": container,
        "p.opf": f"{opf}<spine>{spine}</spine></package>", **texts,
    })  # fmt: skip


def _pdf() -> bytes:
    lines = [
        (700, "La barca sali\xf3 del puerto antes del alba y volvi\xf3 con la red vac\xeda, co-"),
        (686, "mo todos los d\xedas de ese invierno que nadie quiso contar."),
        (640, "Otro p\xe1rrafo, m\xe1s corto."),
        (40, "12"),
    ]
    drawn = b" ".join(b"BT /F 12 Tf 72 %d Td (%s) Tj ET" % (y, line.encode("latin-1")) for y, line in lines)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Title(La barca)/Author(Ana Paz)>>",
    ]
    data, places = b"%PDF-1.5\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"xref\n0 7\n0000000000 65535 f \n%strailer<</Size 7/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return data + tail % (table, len(data))


def _made_files() -> dict[str, bytes]:
    """Return the files that aren't text, by name."""
    inside = {"cartas/una.txt": "Querida madre: llegamos bien.", "cartas/dos.html": "<p>Otra carta, más larga.</p>"}
    rows = pl.DataFrame({"id": ["p1", "p2"], "text": ["La sal se acabó.", None], "language": ["es", None]})
    parquet = io.BytesIO()
    rows.write_parquet(parquet)
    page = b"<html><body><p>La radio del pueblo cumple cuarenta a\xc3\xb1os.</p></body></html>"
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nX-Robots-Tag: noai\r\n\r\n" + page
    warc = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
        b"WARC-Target-URI: http://example.org/radio\r\nWARC-Date: 2024-05-01T12:00:00Z\r\n"
        b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(http), http)
    )
    return {
        "mina.docx": _docx(), "cosecha.odt": _odt(), "barca.epub": _epub(), "barca.pdf": _pdf(),
        "roto.docx": _docx()[:400], "cartas.zip": _packed(inside), "filas.parquet": parquet.getvalue(),
        "radio.warc": warc,
    }  # fmt: skip


def _all_files() -> dict[str, bytes]:
    """Return every file of the corpus by its name."""
    paths = [*sorted((_FILES / "files").iterdir()), *sorted((_DEMO / "noticias").glob("*.html"))]
    return {path.name: path.read_bytes() for path in paths} | _made_files()


def _read_files(folder: Path, files: Mapping[str, bytes]) -> tuple[pl.DataFrame, list[str]]:
    """Return the rows that are read from files, and the file of each."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
        os.utime(folder / name, (1_714_564_800, 1_714_564_800))
    source, mapped = (parse_toml(f"{_SOURCE}{more}", Source, "fijo.toml") for more in ("", _COLUMNS))
    frames, pieces = [], []
    for file in list_inputs(source, folder):
        for frame in read_all(mapped if file.relative.endswith(".csv") else source, [file]):
            frames.append(frame)
            pieces += [file.relative] * frame.height
    return pl.concat(frames, how="diagonal"), pieces


def _reading_and_extracting() -> dict[str, Outcome]:
    files = _all_files()
    with tempfile.TemporaryDirectory() as name:
        frame, pieces = _read_files(Path(name), files)
    version, *used = reading_version().split()
    inputs = digest([used, files])
    shown = frame.with_columns(pl.col("raw").is_not_null().alias("has_bytes"))
    all_outcomes = {"reading": Outcome(version, inputs, {k: digest(v) for k, v in _by_piece(shown, pieces).items()})}
    documents = frame
    for name, options in (("skim", {}), ("extract", {"time_limit": 60.0})):  # a busy machine is no reason to fail
        stage = make_stage(name, options, "fijo")
        assert isinstance(stage, Stage)
        all_outcomes |= _run_stage(stage, documents, pieces)
    return all_outcomes


# --- texts ---


def _texts() -> list[tuple[str, dict[str, Any]]]:
    """Return the texts of the corpus, each with the name of its piece."""
    texts: list[tuple[str, dict[str, Any]]] = [
        (path.stem, {"text": path.read_text("utf-8", "replace"), "genre": "literature"})
        for path in sorted(_DEMO.glob("cuentos/*.txt"))
    ]
    for line in (_DEMO / "canciones" / "canciones.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        texts.append((row["id"], {"text": row["text"], "genre": "lyrics"}))
    turns: dict[str, list[str]] = {}
    for line in (_DEMO / "entrevistas" / "entrevistas.jsonl").read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            turns.setdefault(row["interview"], []).append(f"{row['speaker']}: {row['text']}")
    texts += [(name, {"text": "\n".join(lines), "genre": "oral_history"}) for name, lines in turns.items()]
    for block in re.split(r"^=== ", (_FILES / "texts.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, text = block.partition("\n")
        name, genre, *language = head.split()
        text = re.sub(r"\\u([0-9a-f]{4})", lambda sign: chr(int(sign[1], 16)), text)  # signs that editors don't show
        texts.append((name, {"text": text.rstrip("\n"), "genre": genre, "declared_language": (*language, None)[0]}))
    return texts


def _documents(rows: list[dict[str, Any]]) -> pl.DataFrame:
    named = [{"doc_id": f"{n:032x}", "source_id": "fijo", **row} for n, row in enumerate(rows)]
    return frame_as_documents(pl.DataFrame(named, infer_schema_length=None), "fijo")


def _text_stages() -> dict[str, Outcome]:
    pieces, rows = zip(*_texts(), strict=True)
    bare = _documents(list(rows))
    named = bare.with_columns(pl.Series("language", [_language(row["text"]) for row in rows]))
    all_outcomes: dict[str, Outcome] = {}
    for name in ("unmark", "repair", "identify", "redact"):
        stage = make_stage(name, {}, "fijo")
        assert isinstance(stage, Stage)
        all_outcomes |= _run_stage(stage, bare, list(pieces))
    measure = make_stage("measure", {"signals": ["all"]}, "fijo")
    block = make_stage("datatrove:GopherQualityFilter", {"min_doc_words": 40}, "fijo")
    assert isinstance(measure, Stage)
    assert isinstance(block, Stage)
    signals = _passed(measure, named)[0]["signals"].struct.unnest()
    all_outcomes |= _outcome(measure, named, {name: signals[name].to_list() for name in signals.columns})
    return all_outcomes | _run_stage(block, named, list(pieces))


def _language(text: str) -> str:
    """Return a text's language by its most common words, so that stages don't depend on `identify`."""
    words = set(text.lower().split())
    return "por_Latn" if len(words & {"não", "uma", "ele", "ela", "com", "em", "você"}) > 1 else "spa_Latn"


def _filtering() -> dict[str, Outcome]:
    """Run `filter` on random signals of every genre, drawn from the whole range of each signal."""
    chance = random.Random(_SEED)
    values = (
        0.0,
        0.005,
        0.02,
        0.05,
        0.1,
        0.2,
        0.3,
        0.45,
        0.6,
        0.8,
        0.95,
        1.0,
        2.0,
        4.0,
        7.0,
        12.0,
        40.0,
        200.0,
        5000.0,
    )
    rows, pieces = [], []
    for genre in vocabulary.GENRES:
        for number in range(120):
            signals = dict.fromkeys(BY_NAME)
            drawn = chance.sample(list(BY_NAME), 3)
            rows.append({
                "text": "La casa.", "genre": genre, "language": _LANGUAGES[number % len(_LANGUAGES)],
                "signals": signals | {name: chance.choice(values) for name in drawn},
            })  # fmt: skip
            pieces.append(genre)
    stage = make_stage("filter", {}, "fijo")
    assert isinstance(stage, Stage)
    return _run_stage(stage, _documents(rows), pieces)


# --- barriers ---


def _decided(barrier: Barrier, frame: pl.DataFrame) -> pl.DataFrame:
    decided = pl.concat(
        [pl.DataFrame({ROW: []}, schema={ROW: pl.Int64}), *_frames(barrier, frame)], how="diagonal_relaxed"
    )
    return decided.group_by(ROW, maintain_order=True).agg(pl.all().drop_nulls().last()).sort(ROW)


def _frames(barrier: Barrier, frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for decisions in barrier.decide(Frames((frame,))):
        yield decisions.with_columns(pl.col(ROW).cast(pl.Int64))


def _run_barrier(barrier: Barrier, frame: pl.DataFrame, pieces: list[str]) -> tuple[dict[str, Outcome], pl.DataFrame]:
    decided = _decided(barrier, frame)
    decisions_by_piece = _by_piece(decided, [pieces[row] for row in decided[ROW]])
    return _outcome(barrier, frame, decisions_by_piece), decided


def _sentences() -> list[str]:
    texts = [row["text"] for _, row in _texts() if row["genre"] in ("literature", "oral_history")]
    prose = [text for text in texts if len(text) > _LONG]
    sentences = [
        sentence.strip()
        for text in prose
        for sentence in re.split(r"(?<=[.!?])\s+", text)
        if len(sentence.split()) > _WORDS
    ]
    return sorted(set(sentences))


def _edited(words: list[str], share: float, chance: random.Random) -> list[str]:
    return [chance.choice(_OTHER_WORDS) if chance.random() < share else word for word in words]


def _copies() -> tuple[list[dict[str, Any]], list[str]]:
    """Return texts of several lengths and genres, each with copies that differ from it by more and more."""
    chance, bank = random.Random(_SEED), _sentences()
    rows: list[dict[str, Any]] = []
    pieces: list[str] = []
    for number in range(60):
        genre = ("literature", "news", "lyrics", "religious", "oral_history", "legal")[number % 6]
        size = (4, 9, 20, 40)[number % 4]
        lines = [chance.choice(bank) for _ in range(size)]
        ends = "\n" if genre == "lyrics" else " "
        text = ends.join(lines)
        words = text.split(" ")
        more = " ".join(chance.choice(bank) for _ in range(max(2, size // 4)))
        edited = {f"edited {share:g}": " ".join(_edited(words, share, chance)) for share in _SHARES}
        letters = {"l": "1", "e": "c", "m": "rn"}
        kinds = edited | {
            "whole": text,
            "equal": text.upper(),
            "appended": f"{text}{ends}{more}",
            "excerpt": ends.join(lines[: max(2, size // 2)]),
            "short excerpt": ends.join(lines[: max(1, size // 6)]),
            "numbers": re.sub(r"\b(un|una|dos|tres|el)\b", lambda _: str(chance.randrange(2, 90)), text),
            "accents": text.translate(str.maketrans("áéíóúñ", "aeioun")),
            "misread": "".join(letters.get(c, c) if chance.random() < 1 / 25 else c for c in text),
            "mojibake": text.encode().decode("latin-1"),
            "shuffled": ends.join(chance.sample(lines, len(lines))),
            "twice": f"{text}{ends}{text}",
        }  # fmt: skip
        for kind in ["whole", *chance.sample(sorted(set(kinds) - {"whole"}), 9)]:
            rows.append({
                "text": kinds[kind], "genre": genre, "language": "spa_Latn", "source_id": f"fuente-{len(rows) % 3}",
                "obtained": f"2024-0{1 + len(rows) % 9}-01T00:00:00Z", "rights_tier": "open", "uses": ["train"],
                "title": f"Título {number}", "composition": "original", "basis": "licence",
            })  # fmt: skip
            pieces.append(f"{genre}, {kind}")
    return rows, pieces


def _deduplicating() -> dict[str, Outcome]:
    return _deduplicated(*_copies())


def first_deduplicated(count: int) -> dict[str, Outcome]:
    """Run the stage and the barrier of `dedupe` over this many of the corpus's copies."""
    rows, pieces = _copies()
    return _deduplicated(rows[:count], pieces[:count])


def _deduplicated(rows: list[dict[str, Any]], pieces: list[str]) -> dict[str, Outcome]:
    fingerprint, dedupe = make_stage("dedupe", {}, "fijo").expand()
    assert isinstance(fingerprint, Stage)
    assert isinstance(dedupe, Barrier)
    frame = _documents(rows)
    fingerprints = _run_stage(fingerprint, frame, pieces)
    return fingerprints | _run_barrier(dedupe, _passed(fingerprint, frame)[0], pieces)[0]


def _cutting_boilerplate() -> dict[str, Outcome]:
    chance, bank = random.Random(_SEED), _sentences()
    menu = [
        "Inicio | Noticias | Deportes | Contacto",
        "Compartir",
        "Síguenos en todas las redes de la radio del pueblo",
    ]
    rows, pieces = [], []
    for number in range(40):
        few = number % 3 == 0
        body = [chance.choice(bank) for _ in range(2 if few else 8)]
        lines = [
            *(menu if number % 4 else menu[:1]),
            *body,
            *(["Radio del pueblo, calle Sol 12"] if number % 5 else []),
        ]
        text = "\n".join(lines)
        rows.append(
            {"text": text, "genre": "web", "url": f"http://example.org/{number}", "source_id": f"s{number % 7 == 0}"}
        )
        pieces.append("short page" if few else "page")
    keys, common, cut = make_stage("boilerplate", {}, "fijo").expand()
    assert isinstance(keys, Stage)
    assert isinstance(common, Barrier)
    assert isinstance(cut, Stage)
    frame = _documents(rows)
    keys_outcome = _run_stage(keys, frame, pieces)
    keyed = _passed(keys, frame)[0]
    outcome, decided = _run_barrier(common, keyed, pieces)
    [given] = common.gives
    decided_rows = frame.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
    decided_rows = decided_rows.join(decided.select(ROW, given), on=ROW, how="left", maintain_order="left").drop(ROW)
    return keys_outcome | outcome | _run_stage(cut, decided_rows, pieces)


def _superseding() -> dict[str, Outcome]:
    days = ("2024-01-01T00:00:00Z", None, "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z")
    rows = [
        {
            "doc_id": f"{n // 4:032x}", "text": f"Texto {n // 4}.", "obtained": days[(n + n // 4) % 4],
            "source_id": f"s{n % 3}", "genre": "web",
            "origin": {"file": f"{n % 2}.txt", "member": None, "offset": n, "digest": f"sha256:{n}"},
        }
        for n in range(32)
    ]  # fmt: skip
    frame = _with_hash(frame_as_documents(pl.DataFrame(rows, infer_schema_length=None), "fijo"))
    return _run_barrier(Supersede(versions=("s0", "s1", "s2")), frame, [f"id {n // 4}" for n in range(32)])[0]


def _with_hash(frame: pl.DataFrame) -> pl.DataFrame:
    stage = make_stage("fingerprint", {}, "fijo")
    assert isinstance(stage, Stage)
    return _passed(stage, frame)[0]


def _language_arrays() -> dict[str, Outcome]:
    path = MODELS / "americas.ftz"
    parts = ftz.read_parts(path)
    assert parts
    results = {
        "rows": parts.rows.tobytes(),
        "places": parts.row_of.tobytes(),
        "labels": parts.labels,
        "unit": parts.unit,
    }
    inputs = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return {
        "language model": Outcome(str(ftz.VERSION), inputs, {name: digest(array) for name, array in results.items()})
    }


_RUNS: Final[tuple[tuple[tuple[str, ...], Callable[[], dict[str, Outcome]]], ...]] = (
    (("reading", "skim", "extract"), _reading_and_extracting),
    (("unmark", "repair", "identify", "redact", "measure", "datatrove:GopherQualityFilter"), _text_stages),
    (("filter",), _filtering),
    (("fingerprint", "dedupe"), _deduplicating),
    (("line_keys", "common_lines", "boilerplate"), _cutting_boilerplate),
    (("supersede",), _superseding),
    (("language model",), _language_arrays),
)
NAMES: Final = tuple(name for names, _ in _RUNS for name in names)


def _store() -> int:
    current, stored_outcomes = outcomes(), stored()
    wrong = same_version(stored_outcomes, current)
    for name, pieces in wrong.items():
        sys.stderr.write(
            f"{name}: other results under version {current[name].version} ({', '.join(pieces)}); raise `version`\n"
        )
    if wrong:
        return 1
    values = {name: vars(result) for name, result in sorted(current.items())}
    STORED.write_text(json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(_store())
