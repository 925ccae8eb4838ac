"""TEI documents yield their reading text, and nothing that they reference is fetched or expanded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.extract.bounded_xml import parse_xml
from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.documents import tei
from latam_corpus.extract.documents.tei import extract
from latam_corpus.extract.stage import Extract

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = """<teiHeader><fileDesc><titleStmt><title type="sub">Novela</title><title type="main">El puerto
 viejo</title><author><name type="short">RuizA</name>
<name type="full">Ruiz, Ana</name><idno>7</idno></author></titleStmt>
<publicationStmt><date when="2020"/><idno type="url">https://libros.example/puerto</idno></publicationStmt>
<sourceDesc><bibl type="digital-source"><date when="1999"/></bibl><bibl type="print-source"><date when="1943"/></bibl>
<bibl type="edition-first"><date when="1901-05">mayo</date></bibl></sourceDesc></fileDesc>
<profileDesc><langUsage><language ident="es">español</language></langUsage></profileDesc></teiHeader>"""


def _tei(body: str, front: str = "", prolog: str = "") -> bytes:
    text = f"<text>{front}<body>{body}</body><back><p>Fin.</p></back></text>"
    return f'{prolog}<TEI xmlns="http://www.tei-c.org/ns/1.0">{_HEADER}{text}</TEI>'.encode()


def _text(body: str, front: str = "") -> str:
    return extract(_tei(body, front), {}).text


def test_the_header_describes_the_work_and_not_the_file() -> None:
    """The main title, the full name, the first edition's date, the language and the address are read."""
    extracted = extract(_tei("<p>Era la hora.</p>"), {})
    assert (extracted.title, extracted.creators) == ("El puerto viejo", ("Ruiz, Ana",))
    assert (extracted.published, extracted.declared_language) == ("1901-05", "es")
    assert extracted.url == "https://libros.example/puerto"


def test_front_matter_notes_and_running_heads_are_left_out() -> None:
    """Front and back matter, notes, page breaks and running heads are left out of their sentences."""
    front = '<front><div type="titlepage"><p>Barcelona, 1901</p></div></front>'
    body = (
        '<pb n="7"/><fw type="header">EL PUERTO VIEJO</fw><head>I</head>'
        "<p>La barca<note place='foot'>Embarcación menor.</note> salió <pb n='8'/>del\n   puer<lb break='no'/>to al "
        "ama-<pb break='no'/>\n necer.</p><p>Volvió<lb/>vacía.</p>"
    )
    assert _text(body, front) == "I\n\nLa barca salió del puerto al amanecer.\n\nVolvió vacía."


def test_verse_keeps_its_lines_and_stanzas() -> None:
    """A verse is a line, a blank line separates stanzas, and the title is above; marked words don't break lines."""
    body = (
        "<lg type='soneto'><head>Palma</head><lg><l>Yo soy un <hi>hombre</hi>\n sincero</l><l>de donde crece la"
        " <w>palma</w>,</l></lg><lg><l>y antes de morirme quiero</l></lg></lg>"
    )
    assert _text(body) == ("Palma\n\nYo soy un hombre sincero\nde donde crece la palma,\n\ny antes de morirme quiero")


def test_a_play_keeps_its_speakers() -> None:
    """The speaker's name is a line of its own, directly above the speech."""
    body = (
        "<stage>Salen dos.</stage><sp><speaker>JUANA</speaker><p>¿Quién vive?</p><p>¡Hable!</p></sp>"
        "<sp><speaker>PEDRO</speaker><lg><l>Un vecino</l><l>del camino.</l></lg></sp>"
    )
    assert _text(body) == "Salen dos.\n\nJUANA\n¿Quién vive?\n¡Hable!\n\nPEDRO\nUn vecino\ndel camino."


def test_printers_errors_are_corrected_and_spellings_kept() -> None:
    """`corr` is preferred to `sic`, `orig` to `reg`, `expan` to `abbr`, and the lemma to variants."""
    body = (
        "<p>El <choice><sic>pueto</sic><corr>puerto</corr></choice> que <choice><reg>nadie</reg><orig>naides</orig>"
        "</choice> vio, <choice><abbr>Ud.</abbr><expan>usted</expan></choice> <del>no</del>sabe, "
        "<app><lem>dijo</lem><rdg>habló</rdg></app>.</p>"
    )
    assert _text(body) == "El puerto que naides vio, usted sabe, dijo."


def test_quotations_and_letters_within_a_text() -> None:
    """A quotation within a sentence is part of it; quotations of paragraphs, and letters, are blocks."""
    body = (
        "<p>Dijo <quote>basta</quote> y leyó:</p><floatingText><front><p>Portada</p></front><body>"
        "<opener>Señor:</opener><p>Le escribo.</p></body></floatingText>"
        "<quote><p>Ayer.</p></quote><list><item>pan</item><item>sal</item></list>"
    )
    assert _text(body) == "Dijo basta y leyó:\n\nSeñor:\n\nLe escribo.\n\nAyer.\n\npan\nsal"


def test_nothing_is_fetched_and_no_entity_is_expanded(tmp_path: Path) -> None:
    """External entities, remote document types and entity bombs fail one row each; HTML's entity names are resolved."""
    (tmp_path / "secreto.txt").write_text("clave", encoding="utf-8")
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    prologs = {
        "&x;": f'<!DOCTYPE TEI [<!ENTITY x SYSTEM "file://{tmp_path}/secreto.txt">]>',
        "&l9;": f'<!DOCTYPE TEI [<!ENTITY l0 "ja">{lol}]>',
        "a&ntilde;o": '<!DOCTYPE TEI SYSTEM "http://nadie.invalid/tei.dtd">',
    }
    raw = [_tei(f"<p>Había {entity}</p>", prolog=prolog) for entity, prolog in prologs.items()]
    frame = Extract()(Batch(pl.DataFrame({"raw": raw, "media_type": ["application/tei+xml"] * 3}))).frame
    assert frame["text"].to_list() == [None, None, "Había año"]
    assert frame["drop_reason"].to_list() == ["extract:own entity", "extract:not XML", None]
    assert "«&x;»" in frame["evidence"][0]
    assert "clave" not in str(frame.to_dicts())


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"<alto><Page/></alto>", "extract:not TEI"),
        (b"<TEI><text><body><p>cortado", "extract:not XML"),
        (b"<TEI><text><body>" + b"<div>" * 5000 + b"</div>" * 5000 + b"</body></text></TEI>", "extract:not XML"),
        (b"<TEI><text><body><note>solo</note></body></text></TEI>", "extract:no text"),
    ],
)
def test_other_xml_is_not_read_as_tei(raw: bytes, reason: str) -> None:
    """Other XML, truncated XML, endlessly nested XML, and a text of only notes fail."""
    frame = Extract()(Batch(pl.DataFrame({"raw": [raw], "media_type": ["application/tei+xml"]}))).frame
    assert frame["drop_reason"].to_list() == [reason]


def test_words_dont_run_together_where_elements_touch() -> None:
    """Adjacent elements of dictionaries, sentences, tokens and pages are separated; parts of a word are joined."""
    entry = "<entry><form><orth>wasi</orth></form><sense><def>casa</def></sense></entry>"
    body = (
        f"{entry}{entry.replace('wasi', 'allqu').replace('casa', 'perro')}<listBibl><bibl>Libro A</bibl><bibl>Libro B"
        "</bibl></listBibl><p>del<pb/>puerto</p><p><s>Era tarde.</s><s>Llovió.</s></p><p><w>Hola</w><pc>,</pc><w>Ana"
        "</w> <pc>¿</pc><w>vienes</w><pc>?</pc></p><p><hi>B</hi><hi>arca</hi><note>x</note>s y <forename>Ana</forename>"
        "<note>y</note><surname>Ruiz</surname></p><address><addrLine>Calle 1</addrLine><addrLine>Lima</addrLine>"
        "</address>"
    )
    lines = _text(body).split("\n")
    assert [line for line in lines if line] == [
        "wasi casa", "allqu perro", "Libro A", "Libro B", "del puerto", "Era tarde. Llovió.", "Hola, Ana ¿vienes?",
        "Barcas y Ana Ruiz", "Calle 1", "Lima",
    ]  # fmt: skip


_NOBODY = [(None, None)] * 2  # a heading and the blank line under it


def test_an_utterance_is_a_line_with_its_speaker() -> None:
    """Utterances have the speaker's name from the header; laughter is left out, and empty utterances have no turn."""
    people = '<particDesc><listPerson><person xml:id="R"><persName>Rosa</persName></person></listPerson></particDesc>'
    body = (
        '<head>Cinta 1</head><u who="#E">¿Dónde nació<pause/>usted</u><u who="#R">En <vocal><desc>risas</desc></vocal>'
        'Loja</u><u who="#E"><vocal/></u><annotationBlock who="#R"><u xml:lang="qu"><seg>Arí</seg></u><spanGrp>'
        "<span>sí</span></spanGrp></annotationBlock><u>Fin.</u>"
    )
    extracted = extract(_tei(body).replace(b"</profileDesc>", f"{people}</profileDesc>".encode()), {})
    assert extracted.text.replace("\n\n", "\n").split("\n") == [
        "Cinta 1", "E: ¿Dónde nació usted", "Rosa: En Loja", "Rosa: Arí", "Fin.",
    ]  # fmt: skip
    assert [(turn.speaker, turn.language) for turn in extracted.turns] == [
        *_NOBODY, ("E", None), ("Rosa", None), ("Rosa", "qu"), (None, None),
    ]  # fmt: skip
    assert [extracted.text[turn.offset :].split("\n")[0] for turn in extracted.turns] == extracted.text.split("\n")


def test_works_of_several_authors_are_not_one_document() -> None:
    """A corpus with works of several authors is refused; works of one author are joined."""
    work = _tei("<p>Uno.</p>").decode()
    corpus = f"<teiCorpus><teiHeader/>{work}{work}</teiCorpus>"
    extracted = extract(corpus.encode(), {})
    assert (extracted.text, extracted.creators) == ("Uno.\n\nUno.", ("Ruiz, Ana",))
    with pytest.raises(UnusableError, match="Ruiz, Ana; Paz, Luis") as caught:
        extract(corpus[::-1].replace("anA ,ziuR", "siuL ,zaP", 1)[::-1].encode(), {})
    assert caught.value.cause == "several works"


@pytest.mark.parametrize("large", [False, True])
def test_text_in_another_file_is_refused(monkeypatch: pytest.MonkeyPatch, *, large: bool) -> None:
    """An included chapter or body is refused; an inclusion in the header is ignored."""
    monkeypatch.setattr(tei, "_LARGE", 0 if large else 2**20)
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="cap2.xml"/>'
    outside_body = _tei("<p>Uno.</p>").replace(b"<body>", include.encode() + b"<body>")
    for raw in (_tei(f"<div><p>Uno.</p>{include}</div>"), outside_body):
        with pytest.raises(UnusableError, match="cap2") as caught:
            extract(raw, {})
        assert caught.value.cause == "text elsewhere"
    assert extract(_tei("<p>Uno.</p>").replace(b"</teiHeader>", f"{include}</teiHeader>".encode()), {}).text == "Uno."


def test_a_break_within_a_word_looks_at_the_last_piece_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A paragraph of many broken words is joined once, in linear time."""
    pieces = []

    def counted(writer: tei._Writer, ends: int) -> bool:
        pieces.append(len(writer._open))  # noqa: SLF001  (time is measured by no test)
        return stop(writer, ends)

    stop = tei._Writer.stop  # noqa: SLF001
    monkeypatch.setattr(tei._Writer, "stop", counted)  # noqa: SLF001
    lines = "".join(f'pala-\n<lb break="no"/>bra{n} ' for n in range(500))
    raw = f'<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader/><text><body><ab>{lines}</ab></body></text></TEI>'
    assert tei.extract(raw.encode(), {}).text == " ".join(f"palabra{n}" for n in range(500))
    assert max(pieces) > 500


@pytest.mark.parametrize(
    ("raw", "remedy"),
    [
        (b"<TEI>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</TEI>", "256 deep"),
        (b"<TEI>" + b"x" * 11_000_000 + b"</TEI>", "divide it"),
        ("<?xml version='1.0' encoding='UTF-8'?><TEI>año</TEI>".encode("latin-1"), "another charset"),
        (b"<TEI><text>", "check that the file is whole"),
    ],
)
def test_the_remedy_fits_the_problem_of_the_xml(raw: bytes, remedy: str) -> None:
    """XML that is too deep, too large or in another charset has its own remedy."""
    with pytest.raises(UnusableError) as caught:
        parse_xml(raw)
    assert remedy in str(caught.value)
