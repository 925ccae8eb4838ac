"""Why a document falls, in plain words of three languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import language_name
from latam_corpus.report.names import signal_name
from latam_corpus.said import Said, same

if TYPE_CHECKING:
    from collections.abc import Mapping

_BOUND: Final = re.compile(r"(\w+)([<>])([-\d.e+]+)")
_TOO_LOW: Final = Said(
    "{name}: {value}; se piden {bound} o más", "{name}: {value}; pedem-se {bound} ou mais",
    "{name}: {value}; {bound} or more are asked for",
)  # fmt: skip
_TOO_HIGH: Final = Said(
    "{name}: {value}; se admiten {bound} o menos", "{name}: {value}; admitem-se {bound} ou menos",
    "{name}: {value}; {bound} or less are admitted",
)  # fmt: skip
_UNREADABLE: Final = Said(
    "el registro no se puede leer: {cause}",
    "o registro não pode ser lido: {cause}",
    "the record can't be read: {cause}",
)
_NO_TEXT: Final = Said(
    "no se pudo sacar texto: {cause}", "não foi possível tirar texto: {cause}", "no text could be extracted: {cause}"
)
_CAUSES: Final[Mapping[str, Said]] = {
    "empty file": Said("el archivo está vacío", "o arquivo está vazio", "the file is empty"),
    "encrypted member": Said("está cifrado", "está cifrado", "it is encrypted"),
    "nested archive": Said(
        "es un archivo comprimido dentro de otro", "é um arquivo compactado dentro de outro",
        "it is an archive in another",
    ),
    "unsafe name": Said("su nombre no es seguro", "seu nome não é seguro", "its name isn't safe"),
    "empty page": Said("la página está vacía", "a página está vazia", "the page is empty"),
    "line too long": Said("una línea es demasiado larga", "uma linha é longa demais", "a line is too long"),
    "malformed record": Said("el registro está mal formado", "o registro está malformado", "the record is malformed"),
    "not an object": Said(
        "la línea no es un objeto JSON", "a linha não é um objeto JSON", "the line is no JSON object",
    ),
    "not CSV": Said("no es CSV", "não é CSV", "it isn't CSV"),
    "wrong number of columns": Said(
        "a la fila le faltan o le sobran columnas", "faltam ou sobram colunas na linha",
        "the row has too few or too many columns",
    ),
    "not read": Said("no se pudo pedir", "não pôde ser pedido", "it couldn't be asked for"),
    "own entity": Said(
        "declara una entidad propia", "declara uma entidade própria", "it declares an entity of its own",
    ),
    "parser error": Said("no se entiende su marcado", "não se entende sua marcação", "its markup can't be read"),
    "stalled": Said("tarda demasiado", "demora demais", "it takes too long"),
    "killed": Said("el proceso se interrumpió", "o processo foi interrompido", "the process was ended"),
    "no text": Said("no tiene texto", "não tem texto", "it has no text"),
    "no extractor": Said(
        "ese formato todavía no se lee", "esse formato ainda não é lido", "that format isn't read yet",
    ),
    "unknown format": Said(
        "no se conoce ese formato de archivo", "não se conhece esse formato de arquivo",
        "that format of files isn't known",
    ),
    "damaged file": Said("el archivo está dañado", "o arquivo está danificado", "the file is damaged"),
    "not UTF-8": Said("no es texto UTF-8", "não é texto UTF-8", "it isn't UTF-8 text"),
    "not JSON": Said("la línea no es JSON", "a linha não é JSON", "the line isn't JSON"),
    "not TEI": Said("no es TEI", "não é TEI", "it isn't TEI"),
    "not XML": Said("no es XML", "não é XML", "it isn't XML"),
    "too large": Said("es demasiado grande", "é grande demais", "it is too large"),
    "timeout": Said("tarda demasiado", "demora demais", "it takes too long"),
    "memory": Said("pide demasiada memoria", "pede memória demais", "it takes too much memory"),
}  # fmt: skip
# Where nothing was measured of a single document, as in counts of a run.
_BELOW: Final = Said("{name}: menos de {bound}", "{name}: menos de {bound}", "{name}: less than {bound}")
_ABOVE: Final = Said("{name}: más de {bound}", "{name}: mais de {bound}", "{name}: more than {bound}")
_IN_LANGUAGE: Final = Said(
    "está en otra lengua: {name}", "está em outra língua: {name}", "it is in another language: {name}"
)
_OTHERS: Final[Mapping[str, Said]] = {
    "withdrawn": Said("su titular lo retiró", "quem o detém o retirou", "its holder has taken it back"),
    "duplicate": Said("dice lo mismo que otro", "diz o mesmo que outro", "it says the same as another"),
    "superseded": Said("hay un registro más nuevo", "há um registro mais novo", "there is a newer record of it"),
}
UNSURE: Final = Said(
    "no está claro en qué lengua está", "não está claro em que língua está", "it isn't clear which language it is in"
)


def in_plain_words(reason: str, evidence: Mapping[str, Any] | None) -> tuple[Said, ...]:
    """What a drop reason means, with all the bounds that the evidence names.

    >>> in_plain_words("stop_word_count<2", {"stop_word_count<2": 1.0})[0].es
    'palabras gramaticales distintas: 1; se piden 2 o más'
    >>> in_plain_words("extract:no text", None)[0].pt
    'não foi possível tirar texto: não tem texto'
    >>> in_plain_words("stop_word_count<2", None)[0].es, in_plain_words("language=eng", None)[0].en
    ('palabras gramaticales distintas: menos de 2', 'it is in another language: English')
    """
    bounds = [(one, value) for one, value in (evidence or {}).items() if _BOUND.fullmatch(one)]
    if bounds:
        return tuple(_bound(one, value) for one, value in bounds)
    kind, _, cause = reason.partition(":")
    if kind in ("unreadable", "extract"):
        told = _CAUSES.get(cause, same(cause))
        return ((_UNREADABLE if kind == "unreadable" else _NO_TEXT).plain(cause=told),)
    if match := _BOUND.fullmatch(reason):
        return ((_BELOW if match[2] == "<" else _ABOVE).plain(name=signal_name(match[1]), bound=match[3]),)
    kind, _, code = reason.partition("=")
    if kind == "language" and code:
        return (UNSURE if code == "und" else _IN_LANGUAGE.plain(name=language_name(code)),)
    return (_OTHERS.get(reason, same(reason)),)


def _bound(reason: str, value: float) -> Said:
    match = _BOUND.fullmatch(reason)
    assert match is not None  # noqa: S101  (the caller has looked)
    said = _TOO_LOW if match[2] == "<" else _TOO_HIGH
    return said.plain(name=signal_name(match[1]), value=f"{value:.3g}", bound=match[3])
