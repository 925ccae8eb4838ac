"""Reservations in words narrow a document in every format; sentences about them, and old title pages, don't."""

from __future__ import annotations

import importlib
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.catalog.rights_in_words import kind_of
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.stated_rights.licences import narrowing, with_page_terms
from latam_corpus.extract.stated_rights.reservations import (
    LITERALS,
    MAY_RESERVE,
    edge_notices,
    is_notice,
    notices_in,
)

_FILES: Any = importlib.import_module("tests.extract.stating_files")
docx, epub, html, odt, pdf, row_of, tei, xmp = (
    getattr(_FILES, name) for name in ("docx", "epub", "html", "odt", "pdf", "row_of", "tei", "xmp")
)
_ALL = _FILES.ALL_USES

_ES = "Todos los derechos reservados"
_PT = "Todos os direitos reservados"
_EN = "© 2019 Editorial Sur. All rights reserved."
_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def _described(inner: str) -> bytes:
    packet: bytes = xmp(f"<rdf:Description>{inner}</rdf:Description>")
    return packet


_ALT = "<dc:rights><rdf:Alt><rdf:li>{}</rdf:li></rdf:Alt></dc:rights>"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_OPEN = "application/vnd.oasis.opendocument.text"
_LD = '<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "A", "{}": "{}"}}</script>'
_EAF = (
    '<ANNOTATION_DOCUMENT><LICENSE>{}</LICENSE><TIER TIER_ID="tx"><ANNOTATION><ALIGNABLE_ANNOTATION>'
    "<ANNOTATION_VALUE>La barca zarpó</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>"
    "</ANNOTATION_DOCUMENT>"
)

_RESERVED: dict[str, tuple[str, bytes]] = {
    "epub, dc:rights": ("application/epub+zip", epub(f"<dc:rights>{_ES}</dc:rights>")),
    "epub, copyright page that is no text": (
        "application/epub+zip",
        epub("", {"c": f'<section epub:type="copyright-page"><p>{_EN}</p></section>', "uno": "<p>La barca zarpó.</p>"}),
    ),
    "pdf, dc:rights": ("application/pdf", pdf(_described(_ALT.format(_PT)))),
    "pdf, usage terms": ("application/pdf", pdf(_described(f"<xmpRights:UsageTerms>{_EN}</xmpRights:UsageTerms>"))),
    "pdf, marked": ("application/pdf", pdf(xmp('<rdf:Description xmpRights:Marked="True"/>'))),
    "pdf, in UTF-16": ("application/pdf", pdf(_described(_ALT.format(_ES)).decode().encode("utf-16-le"))),
    "pdf, broken packet": ("application/pdf", pdf(_described(_ALT.format(_ES)).partition(b"</rdf:RDF>")[0])),
    "pdf, property": ("application/pdf", pdf(info=f"/Copyright ({_ES})".encode())),
    "pdf, subject": ("application/pdf", pdf(info=f"/Subject (Cuentos. {_ES})".encode())),
    "pdf, foot of a page": ("application/pdf", pdf(second=f"2019 Editorial Sur. {_ES}.".encode())),
    "docx, core": (_WORD, docx({"docProps/core.xml": f"<c {_DC}><dc:rights>{_ES}</dc:rights></c>"})),
    "docx, foot of a page": (_WORD, docx({"word/footer1.xml": f"<f><p><r><t>{_EN}</t></r></p></f>"})),
    "odt, property": (_OPEN, odt(f'<m:user-defined m:name="Derechos">{_ES}</m:user-defined>')),
    "odt, foot of a page": (_OPEN, odt(foot=_EN)),
    "tei, availability": ("application/tei+xml", tei(f"<availability><p>{_ES}.</p></availability>")),
    "tei, restricted": ("application/tei+xml", tei('<availability status="restricted"><p>Uso</p></availability>')),
    "tei, licence": ("application/tei+xml", tei(f"<availability><licence>{_PT}</licence></availability>")),
    "tei, paragraph": ("application/tei+xml", tei(f"<p>{_EN}</p>")),
    "html, Dublin Core": ("text/html", html(f'<meta name="DC.rights" content="{_ES}">')),
    "html, meta": ("text/html", html(f'<meta name="copyright" content="{_EN}">')),
    "html, JSON-LD": ("text/html", html(_LD.format("copyrightNotice", _PT))),
    "html, foot": ("text/html", html(foot=f"<p>© 2024 Diario del Sur | {_ES} | Contacto</p>")),
    "html, own line": ("text/html", html(body=f"<p>La barca zarpó al alba, contó Ana Paz.</p><p>{_EN}</p>")),
    "rtf": (
        "application/rtf",
        rb"{\rtf1\ansi{\*\userprops{\propname License}\proptype30{\staticval All rights reserved}}La barca.\par }",
    ),
    "markdown": ("text/markdown", b"---\nrights: >\n  Todos los derechos\n  reservados\n---\nLa barca.\n"),
    "plain, named": ("text/plain", f"Título: La barca\nDerechos: {_ES}\n\nLa barca zarpó.\n".encode()),
    "plain, last line": ("text/plain", f"La barca zarpó.\n\n{_EN}\n".encode()),
    "elan": ("text/x-eaf+xml", _EAF.format(_ES).encode()),
}  # fmt: skip


@pytest.mark.parametrize("name", _RESERVED)
def test_a_reservation_in_words_closes_the_row_in_every_format(name: str) -> None:
    """A document that reserves all rights in a source under CC BY is for evaluation only, and the ledger states why."""
    row = row_of(*_RESERVED[name])
    assert (row["rights_tier"], row["uses"]) == ("unknown", ["evaluate"])
    assert row["noted"]["tier_before"] == "attribution"
    assert row["noted"]["because"] in ("reserved", "claimed")
    assert row["verdict"] == "changed"


def test_all_modes_of_reading_pages_see_a_notice() -> None:
    """A notice counts in all modes of extraction."""
    rows = [row_of("text/html", html(foot=f"<p>{_EN}</p>"), mode=mode) for mode in ("balanced", "careful", "fast")]
    assert {row["rights"] for row in rows} == {_EN}


@pytest.mark.parametrize(
    "line",
    [
        "Todos los derechos reservados",
        "© 2024 Diario del Sur. Todos los derechos reservados.",
        "Reservados todos los derechos. Queda prohibida la reproducción total o parcial de esta obra.",
        "Derechos reservados © 2020 Revista del Puerto",
        "D.R. © 2018, Editorial Sur, S.A. de C.V.",
        "Prohibida la reproducción total o parcial sin autorización del editor",
        "Prohibida su reproducción total o parcial.",
        "Queda rigurosamente prohibida, sin la autorización escrita de los titulares del copyright, la reproducción.",
        "Queda prohibida, sin permiso y bajo las penas que marca la ley, la reproducción parcial o total de esta obra.",
        "Queda terminantemente prohibida la reproducción total o parcial.",
        "Derechos exclusivos de edición en español reservados para todo el mundo",
        "Todos los derechos reservados - Ley 11.723",
        "DR © Universidad del Sur, 2020",
        "Ninguna parte de esta publicación puede ser reproducida sin permiso.",
        "Todos os direitos reservados à Editora do Sul",
        "Todos os direitos desta edição reservados à Editora do Sul",
        "Direitos reservados © 2011",
        "É proibida a reprodução total ou parcial deste livro.",
        "Nenhuma parte desta obra poderá ser reproduzida",
        "Copyright 2010 by The Lighthouse. All rights reserved.",
        "No part of this book may be reproduced without permission.",
        "No reproduction without permission",
        "All rights reserved worldwide.",
        "Tous droits réservés",
        "Alle Rechte vorbehalten.",
        "© 2020 Edizioni. Tutti i diritti riservati",
        "Tous droits de traduction, de reproduction et d'adaptation réservés pour tous pays",
        "Queda prohibido el uso de este libro para entrenar sistemas de inteligencia artificial.",
        "No se autoriza el uso de este texto para el entrenamiento de modelos de lenguaje.",
        "Este material no puede ser usado para entrenar inteligencia artificial.",
        "Fica proibido o uso desta obra para o treinamento de inteligência artificial.",
        "No part of this book may be used in any manner to train artificial intelligence.",
    ],
)
def test_notices_are_known_in_the_regions_languages(line: str) -> None:
    """Notices of books and newspapers are recognised in the region's languages."""
    assert kind_of(line) in ("reserved", "claimed")
    assert edge_notices(pl.Series([f"La barca zarpó.\n{line}"]))


@pytest.mark.parametrize(
    "line",
    [
        "«Todos los derechos reservados», decía la tapa del cuaderno que encontró el vecino.",
        "El juez dijo que todos los derechos reservados a los pueblos deben respetarse.",
        "No creas que hay derechos reservados para determinados individuos.",
        "“All rights reserved,” he said, and closed the book.",
        "Prohibida la reproducción de mosquitos en el barrio, dijo la ministra.",
        "Foto de Ana Paz, derechos reservados",
        "Algunos derechos reservados",
        "Some rights reserved. CC BY 4.0",
        "© 2024 Diario del Sur",
        "Tiene todos los derechos del mundo.",
        "Prohibido usar libros para entrenar modelos de inteligencia artificial, dice un juez.",
        "Este equipo no puede ser usado para entrenar.",
    ],
)
def test_a_sentence_about_rights_is_not_a_notice(line: str) -> None:
    """Sentences about rights in news and novels withhold nothing."""
    assert not is_notice(line)
    assert edge_notices(pl.Series([line, f"La barca zarpó.\n{line}\nVolvió al alba."])) == {}


def test_a_notice_may_be_broken_over_lines_of_a_foot() -> None:
    """A notice is recognised across line breaks and elements."""
    foot = "<p>© 2024 Diario del Sur.<br>Todos los <b>derechos</b><br>reservados</p>"
    assert row_of("text/html", html(foot=foot))["rights_tier"] == "unknown"
    parts = "<div>Todos los derechos</div><div>reservados</div>"
    assert row_of("text/html", html(foot=parts))["rights_tier"] == "unknown"


def test_a_quoted_notice_does_not_count() -> None:
    """A notice quoted in the main text of a page doesn't count."""
    quoting = "<p>En la portada se lee «Todos los derechos reservados», y nadie sabe quién lo escribió en 1990.</p>"
    row = row_of("text/html", html(foot="<p>© 2024 Diario del Sur</p>", body=quoting * 3))
    assert (row["rights_tier"], row["uses"], row["noted"]) == ("attribution", _ALL, {})


def test_a_notice_in_the_middle_of_a_long_text_is_ignored() -> None:
    """Only notices at the edges of a text count."""
    lines = [f"La barca número {n} salió del puerto al alba, y nadie la vio volver." for n in range(400)]
    assert edge_notices(pl.Series(["\n".join([*lines, _EN, *lines])])) == {}
    assert edge_notices(pl.Series(["\n".join([*lines, *lines, _EN])])) == {0: (_EN,)}


def test_the_last_sentences_of_a_long_line_may_be_a_notice() -> None:
    """A notice in the last sentences of a long line counts, since articles of archives are often one line."""
    article = "La barca salió del puerto al alba, y nadie la vio volver. " * 20
    assert edge_notices(pl.Series([article + "© 2020 El Faro. Todos los derechos reservados."])) == {
        0: ("© 2020 El Faro. Todos los derechos reservados.",)
    }


def test_old_title_pages_reserve_nothing_any_more() -> None:
    """A book of 1889 reserves nothing, whatever its title page states; a new edition does."""
    old = ["Coplas del puerto", "Reservados todos los derechos", "Lima, 1889"]
    assert notices_in(old) == ()
    assert notices_in(["Reservados todos los derechos"], "1885-03-01") == ()
    assert notices_in(["Reservados todos los derechos"]) == ("Reservados todos los derechos",)
    assert notices_in([*old, "© 2019 Editorial Sur. Todos los derechos reservados."]) != ()


@pytest.mark.parametrize(
    ("statements", "notices", "expected"),
    [
        # A line that names the holder contradicts no licence; alone in a field for rights it grants nothing.
        (["CC BY 4.0", "© 2024 Revista"], [], ("attribution", "licence")),
        (["© 2024 Revista"], [], ("unknown", "claimed")),
        (["CC BY 4.0"], ["D.R. © 2024 Revista"], ("attribution", "licence")),
        ([], ["D.R. © 2024 Revista"], ("unknown", "claimed")),
        # «All rights reserved» next to a licence does.
        (["CC BY 4.0"], ["© 2024 Diario. Todos los derechos reservados"], ("unknown", "reserved")),
        (["CC BY 4.0", "All rights reserved"], [], ("unknown", "reserved")),
        # A sentence next to a licence explains it, unless it may take something back.
        (["CC BY 4.0", "Según la licencia"], [], ("attribution", "licence")),
        (["CC BY 4.0", "Solo para investigación"], [], ("unknown", "unread")),
        (["CC0-1.0", "can be re-used without restrictions"], [], ("open", "licence")),
        # Nothing is restricted.
        (["Algunos derechos reservados"], [], None),
        (["info:eu-repo/semantics/openAccess"], [], None),
        (["Dominio público"], [], ("open", "licence")),
        (["Public domain in the USA."], [], None),
        (["restricted access"], [], ("unknown", "reserved")),
    ],
)
def test_statements_next_to_one_another(
    statements: list[str], notices: list[str], expected: tuple[str, str] | None
) -> None:
    """The stricter of two contradictory statements counts."""
    narrowed = narrowing(statements, notices)
    assert (narrowed and narrowed[1:]) == expected


def test_an_agreement_that_the_source_names_lifts_a_reservation() -> None:
    """The source's agreement overrides the book's reservation, and the ledger has both."""
    raw = epub(f"<dc:rights>{_ES}</dc:rights>")
    terms = {"rights": "Carta del titular", "rights_tier": "permission", "uses": ["train"], "agreement": "carta-3"}
    row = row_of("application/epub+zip", raw, **terms)
    assert (row["rights_tier"], row["uses"]) == ("permission", ["train"])
    assert (row["noted"]["agreement"], row["noted"]["licences"]) == ("carta-3", [_ES])


def test_an_agreement_does_not_override_a_licence_next_to_a_reservation() -> None:
    """A book with a reservation and a licence is narrowed by its licence, in spite of an agreement."""
    licence = "https://creativecommons.org/licenses/by-nc/4.0/"
    for stated in (
        f"<dc:rights>{licence}</dc:rights>",
        f"<dc:rights>{licence}</dc:rights><dc:rights>{_ES}</dc:rights>",
    ):
        row = row_of("application/epub+zip", epub(stated), agreement="carta-3")
        assert (row["rights_tier"], row["uses"]) == ("non_commercial", ["evaluate"])


def test_a_reservation_is_the_statement_of_a_file_of_unknown_rights() -> None:
    """A reservation becomes the statement of a row with unknown rights, so that it binds copies; a licence doesn't."""
    for words, rights in ((_ES, _ES), ("CC BY 4.0", None)):
        unknown = {"url": [None], "rights": [None], "rights_tier": ["unknown"], "uses": [["evaluate"]]}
        frame = pl.DataFrame(unknown, schema_overrides={"url": pl.String, "rights": pl.String})
        rows = with_page_terms(frame, [Extracted("La barca.", "x", licences=(words,))])
        assert rows.select("rights", "rights_tier", "uses").row(0) == (rights, "unknown", ["evaluate"])


def test_a_record_that_came_as_text_is_narrowed_by_its_last_line() -> None:
    """Notices at the edges of rows without bytes count too."""
    frame = pl.DataFrame(
        {"url": [None], "text": [f"La barca.\n{_EN}"], "rights": ["CC0-1.0"], "rights_tier": ["open"], "uses": [_ALL]},
        schema_overrides={"url": pl.String},
    )
    assert with_page_terms(frame, [None]).select("rights_tier", "rights").row(0) == ("unknown", _EN)


def test_a_statement_without_end_is_read_and_cut() -> None:
    """A statement counts even if it is long, or comes after many others."""
    row = row_of("application/epub+zip", epub(f"<dc:rights>{'Uso según acuerdo. ' * 200}</dc:rights>"))
    assert (row["rights_tier"], row["noted"]["because"]) == ("unknown", "unread")
    many = "".join(f"<dc:rights>CC BY {n}.0</dc:rights>" for n in range(1, 9)) * 3
    assert row_of("application/epub+zip", epub(f"{many}<dc:rights>{_ES}</dc:rights>"))["rights"] == _ES


def test_entities_of_a_packet_are_not_expanded() -> None:
    """An entity bomb in XMP takes no memory, and its reference is an unrecognised statement."""
    bomb = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(20))
    packet = b'<!DOCTYPE x [<!ENTITY e0 "ja">' + bomb.encode() + b"]>" + _described(_ALT.format("&e20;"))
    row = row_of("application/pdf", pdf(packet))
    assert row["rights_tier"] == "unknown"


@given(st.from_regex(MAY_RESERVE, fullmatch=True, alphabet=st.characters(codec="latin-1")))
def test_every_phrase_has_one_of_the_words_that_are_searched_first(phrase: str) -> None:
    """Otherwise a page's notice would be passed over."""
    assert any(word in phrase.lower() for word in LITERALS)
