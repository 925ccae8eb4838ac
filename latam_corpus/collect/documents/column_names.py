"""Names of table columns in Spanish, Portuguese and English, by the corresponding column of the documents.

The names only serve advice and drafts, which a person checks; no value is read because of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.source import Columns
from latam_corpus.collect.documents.mapping import head_key, stated_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latam_corpus.catalog.source import Collect

# The names by the document's column, as `head_key` returns them, the closest first: if a table has both "Autor" and
# "Compositor", the first in this order is suggested.
_NAMES: Final = {
    "title": ("titulo", "title", "titulo de la obra", "titulo da obra", "titulo del documento", "titulo do documento",
              "nombre de la obra", "nome da obra"),
    "creators": ("autor", "autora", "autores", "autoras", "autor a", "autor es", "autoria", "author", "authors",
                 "creator", "creators", "creador", "creadora", "criador", "criadora", "entrevistado", "entrevistada",
                 "entrevistados", "entrevistadas", "entrevistado a", "narrador", "narradora", "compositor",
                 "compositora", "letrista"),
    "published": ("fecha", "fecha de publicacion", "fecha de edicion", "data", "data de publicacao", "data de edicao",
                  "ano", "ano de publicacion", "ano de publicacao", "date", "publication date", "date issued", "issued",
                  "year", "published", "fecha de la entrevista", "data da entrevista"),
    "declared_language": ("idioma", "lengua", "lingua", "idioma del texto", "idioma do texto", "language", "lang"),
    "country": ("pais", "country"),
    "genre": ("genero", "genero literario", "genre"),
    "composition": ("composicion", "composicao", "composition"),
    "url": ("url", "direccion web", "endereco web", "enlace", "link", "uri"),
}  # fmt: skip
_UNSURE: Final = ("consent", "opt_outs")


def suggested_columns(collect: Collect, heads: Iterable[str]) -> dict[str, str]:
    """Suggest a document's column for each unmapped column with a known name.

    Args:
        collect: the source's mapping.
        heads: the columns of a table.

    >>> from latam_corpus.catalog.source import Collect
    >>> suggested_columns(Collect(), ["archivo", "Título", "Autor", "Compositor", "Gênero", "Data", "Tomo"])
    {'Título': 'title', 'Autor': 'creators', 'Gênero': 'genre', 'Data': 'published'}
    """
    columns = collect.columns
    mapped = {pick.column for name in Columns.model_fields if (pick := getattr(columns, name))}
    by_key: dict[str, str] = {}
    for head in heads:
        if head not in mapped:
            by_key.setdefault(head_key(head), head)
    matches = {stated_by(head): head for head in reversed(by_key.values())}
    matches |= {name: by_key[key] for name, keys in _NAMES.items() for key in reversed(keys) if key in by_key}
    # Only the collection's own people know whether a cell that names a document states a consent.
    suggested = {
        head: name for name, head in matches.items() if name and name not in _UNSURE and getattr(columns, name) is None
    }
    return {head: suggested[head] for head in by_key.values() if head in suggested}
