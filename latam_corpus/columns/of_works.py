"""The columns that describe a document: its identity, its languages, and its catalogue entry."""

from __future__ import annotations

from typing import Final

from latam_corpus.columns.descriptor import Column, RecordKey, names
from latam_corpus.messages import _
from latam_corpus.vocabulary import COMPOSITIONS, COUNTRY_CODES, GENRES, VARIETY_BASES

# The record's own name, from which `doc_id` is computed.
RECORD_ID: Final = RecordKey(
    1, "the identifier that distinguishes the records of the source.", read_from=("id", "doc_id"), of_pages=True
)
COLUMNS: Final = (
    Column(
        "doc_id", "string", _("first 128 bits, hex, of SHA-256 over source_id, NUL and the canonical locator"),
        set_by="collect", statistics=True,
    ),
    Column("parent_id", "string", _("the document this was cut from"), nullable=True, set_by="record"),
    Column(
        "text", "string", _("NFC; lines and stanzas kept; glottal stops and apostrophes kept"), set_by="record",
        key=RecordKey(2, "the text.", read_from=("text",)),
    ),
    Column(
        "declared_language", "string", _("the language that the source states, in its words"), nullable=True,
        label=_("stated language"), set_by="collect", source="only_language", free=("declared_language",), repeats=True,
        key=RecordKey(
            8, "the language that the record states.", value="text", read_from=("declared_language", "language"),
            of_pages=True, heads=names("idioma, lengua, lingua, idioma del texto, idioma do texto, language, lang"),
        ),
    ),
    Column(
        "language", "string", _("ISO 639-3 and script as identified; und when unsure"),
        pattern="[a-z]{3}_[A-Z][a-z]{3}|und", advice=_("write it as spa_Latn"), repeats=True, statistics=True,
    ),
    Column("language_score", "float32", _("confidence of the identification, 0 to 1"), nullable=True, statistics=True),
    Column(
        "languages", [{"code": "string", "share": "float32"}],
        _("the languages of a mixed document and their shares, `und` for a part in no known language"), nullable=True,
    ),
    Column(
        "variety", "string", _("BCP 47, such as es-CL; null when unsure"), nullable=True, repeats=True, statistics=True,
    ),
    Column("variety_basis", "string", _("declared or predicted"), nullable=True, words=VARIETY_BASES, repeats=True),
    Column(
        "country", "string", _("ISO 3166-1 alpha-2"), nullable=True, set_by="collect", source="country",
        words=COUNTRY_CODES, advice=_("a code of ISO 3166-1, such as CL or BR"), repeats=True, statistics=True,
        key=RecordKey(
            9, "ISO 3166-1, such as CL.", value="country", read_from=("country",), heads=names("pais, country"),
        ),
    ),
    Column(
        "genre", "string", _("one of the twelve genres"), set_by="collect", source="genre", words=GENRES, repeats=True,
        statistics=True,
        key=RecordKey(
            10, "one of the genres, if the records of a source have several.", value="genre", read_from=("genre",),
            heads=names("genero, genero literario, genre"),
        ),
    ),
    Column(
        "composition", "string", _("original, translation, machine or synthetic, as declared"), label=_("composition"),
        set_by="collect", source="composition", words=COMPOSITIONS, repeats=True, statistics=True,
        key=RecordKey(
            11, "whether it is original or translated.", value="composition", read_from=("composition",),
            heads=names("composicion, composicao, composition"),
        ),
    ),
    Column(
        "title", "string", _("as catalogued"), nullable=True, label=_("title"), set_by="collect", free=("title",),
        key=RecordKey(
            5, "the title.", value="text", read_from=("title",), of_pages=True,
            heads=names(
                "titulo, title, titulo de la obra, titulo da obra, titulo del documento, titulo do documento, "
                "nombre de la obra, nome da obra"
            ),
        ),
    ),
    Column(
        "creators", "list[string]", _("as catalogued"), nullable=True, label=_("creators"), set_by="collect",
        free=("creators",),
        key=RecordKey(
            6, "the authors, speakers or singers; several are separated by ; or |.", value="names",
            read_from=("creators",), of_pages=True,
            heads=names(
                "autor, autora, autores, autoras, autor a, autor es, autoria, author, authors, creator, creators, "
                "creador, creadora, criador, criadora, entrevistado, entrevistada, entrevistados, entrevistadas, "
                "entrevistado a, narrador, narradora, compositor, compositora, letrista"
            ),
        ),
    ),
    Column(
        "published", "string", _("ISO 8601, partial dates allowed"), nullable=True, label=_("published"),
        set_by="collect",
        key=RecordKey(
            7, "the day or year of publication.", value="date", read_from=("published",), of_pages=True,
            heads=names(
                "fecha, fecha de publicacion, fecha de edicion, data, data de publicacao, data de edicao, ano, "
                "ano de publicacion, ano de publicacao, date, publication date, date issued, issued, year, "
                "published, fecha de la entrevista, data da entrevista"
            ),
        ),
    ),
    Column(
        "url", "string", _("its address"), nullable=True, label=_("address"), set_by="collect", free=("url",),
        key=RecordKey(
            4, "the address.", value="url", read_from=("url",), of_pages=True,
            heads=names("url, direccion web, endereco web, enlace, link, uri"),
        ),
    ),
    Column(
        "source_id", "string", _("the catalogue's id of the source"), set_by="collect", source="id", repeats=True,
        statistics=True,
    ),
    Column(
        "contributor", "string", _("the person or institution that contributed it"), nullable=True, set_by="collect",
        source="contributor", free=("contributor",), repeats=True,
        key=RecordKey(12, "the person or institution that contributed it.", value="text", read_from=("contributor",)),
    ),
)  # fmt: skip
