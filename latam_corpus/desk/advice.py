"""What could be better in a valid file of a source: what keeps it from being released, crawled or understood."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.display_names import TIERS
from latam_corpus.catalog.source import SOURCES
from latam_corpus.said import Said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source

# Tiers under which nobody may train or redistribute unless somebody has said so.
_NOT_FREE: Final = frozenset({"non_commercial", "no_derivatives", "unknown"})
_NO_RIGHTS: Final = (
    Said(
        "la fuente no dice nada de derechos: puede recolectarse y medirse, y no se publica jamás",
        "a fonte não diz nada de direitos: pode ser coletada e medida, e nunca é publicada",
        "the source says nothing of rights: it can be collected and measured, and is never released",
    ),
    Said(
        "cuando los sepa, agregue la tabla [rights]",
        "quando os souber, acrescente a tabela [rights]",
        "when you know them, add the table [rights]",
    ),
)
_NO_LICENCE: Final = (
    Said(
        "«{statement}» no se reconoce como licencia, así que nada de la fuente se publica",
        "«{statement}» não é reconhecida como licença, portanto nada da fonte é publicado",
        "«{statement}» isn't known as a licence, so nothing of the source is released",
    ),
    Said(
        "escriba una licencia por su nombre o dirección, como CC-BY-4.0 o https://creativecommons.org/licenses/by/4.0/",
        "escreva uma licença pelo nome ou endereço, como CC-BY-4.0 ou https://creativecommons.org/licenses/by/4.0/",
        "write a licence by its name or address, such as CC-BY-4.0 or https://creativecommons.org/licenses/by/4.0/",
    ),
)
_MORE_THAN_SAID: Final = (
    Said(
        "permite {uses}, y la declaración de derechos es del nivel «{tier}»",
        "permite {uses}, e a declaração de direitos é do nível «{tier}»",
        "it allows {uses}, and the statement of rights is of the tier «{tier}»",
    ),
    Said(
        "si nadie dio permiso, deje evaluate; si lo dio, nombre el convenio en agreement",
        "se ninguém deu permissão, deixe evaluate; se deu, nomeie o acordo em agreement",
        "where nobody gave permission, leave evaluate; where somebody did, name the agreement",
    ),
)
_NO_QUOTATION: Final = (
    Said(
        "nadie puede comprobar de dónde sale la licencia",
        "ninguém pode conferir de onde vem a licença",
        "nobody can check where the licence is from",
    ),
    Said(
        "copie la frase que la declara en quotation, y su dirección en quoted_from",
        "copie a frase que a declara em quotation, e o endereço em quoted_from",
        "copy the sentence that states it into quotation, and its address into quoted_from",
    ),
)
NO_CONTACT: Final = (
    Said(
        "sin contacto no se pide ninguna página: quien recolecta dice a quién escribirle",
        "sem contato não se pede nenhuma página: quem coleta diz a quem escrever",
        "without a contact no page is asked for: a crawler says whom to write to",
    ),
    Said('agregue contact = "correo@…"', 'acrescente contact = "correio@…"', 'add contact = "name@…"'),
)
ASK_FIRST: Final = (
    Said(
        "primero hay que pedir permiso a {holder}: hasta entonces no se recolecta",
        "primeiro é preciso pedir permissão a {holder}: até então não se coleta",
        "{holder} must be asked first: until then nothing is collected",
    ),
    Said(
        "cuando haya respuesta, escriba lo acordado en [rights] y cambie status",
        "quando houver resposta, escreva o combinado em [rights] e mude status",
        "once there is an answer, write what was agreed into [rights] and change status",
    ),
)
_NO_GENRE: Final = (
    Said(
        "sin género, los textos se juzgan como los demás de la receta",
        "sem gênero, os textos são julgados como os demais da receita",
        "without a genre, texts are judged as the others of the recipe",
    ),
    Said('agregue genre = "…"', 'acrescente genre = "…"', 'add genre = "…"'),
)
_NO_LANGUAGES: Final = (
    Said(
        "no dice en qué lenguas están los textos",
        "não diz em que línguas estão os textos",
        "it doesn't say which languages the texts are in",
    ),
    Said('agregue languages = ["spa"]', 'acrescente languages = ["por"]', 'add languages = ["spa"]'),
)
_EXAMPLE: Final = (
    Said(
        "todavía tiene el valor de ejemplo («{value}»)",
        "ainda tem o valor de exemplo («{value}»)",
        "it still has the example's value («{value}»)",
    ),
    Said("escriba el suyo", "escreva o seu", "write your own"),
)
_FILE_NAME: Final = (
    Said(
        "el archivo se llama «{name}»", "o arquivo se chama «{name}»", "the file is called «{name}»",
    ),
    Said(
        "en el catálogo un archivo lleva el nombre de su id: {id}.toml",
        "no catálogo um arquivo leva o nome do seu id: {id}.toml",
        "in the catalogue a file has the name of its id: {id}.toml",
    ),
)  # fmt: skip

_SHIPPED_TOO: Final = (
    Said(
        "el catálogo ya tiene una fuente con ese id", "o catálogo já tem uma fonte com esse id",
        "the catalogue has a source with that id already",
    ),
    Said(
        "si es otra fuente, dele otro id; dos con un id no pueden ir en una receta",
        "se é outra fonte, dê-lhe outro id; duas com um id não podem estar em uma receita",
        "if it is another source, give it another id; two with one id can't be in one recipe",
    ),
)  # fmt: skip


def advice(source: Source, name: str = "") -> Iterator[tuple[str, Said, Said]]:
    """The key, the problem and the remedy of each.

    Args:
        source: valid.
        name: its file's; empty for none.
    """
    yield from _of_rights(source)
    if source.status == "ask_first":
        yield "status", ASK_FIRST[0].plain(holder=source.holder), ASK_FIRST[1]
    if source.collect.kind != "files" and not source.contact and source.status != "ask_first":
        yield "", *NO_CONTACT
    if source.genre is None:
        yield "", *_NO_GENRE
    if not source.languages:
        yield "", *_NO_LANGUAGES
    for key, value in _examples(source):
        yield key, _EXAMPLE[0].plain(value=value), _EXAMPLE[1]
    if name.endswith(".toml") and PurePath(name).stem != source.id:
        yield "id", _FILE_NAME[0].plain(name=PurePath(name).name), _FILE_NAME[1].plain(id=source.id)
    shipped = SOURCES / f"{source.id}.toml"
    if name and shipped.exists() and Path(name).resolve() != shipped.resolve():
        yield "id", *_SHIPPED_TOO


def _of_rights(source: Source) -> Iterator[tuple[str, Said, Said]]:
    rights = source.rights
    if rights is None:
        yield "", *_NO_RIGHTS
        return
    wide = [use for use in rights.uses if use != "evaluate"]
    if wide and source.tier in _NOT_FREE and not rights.agreement:
        told = _MORE_THAN_SAID[0].plain(uses=", ".join(wide), tier=TIERS[source.tier])
        yield "rights.uses", told, _MORE_THAN_SAID[1]
    elif source.tier == "unknown" and "://" not in rights.statement:
        yield "rights.statement", _NO_LICENCE[0].plain(statement=rights.statement), _NO_LICENCE[1]
    if rights.basis == "licence" and not (rights.quotation and rights.quoted_from):
        yield "rights.statement", *_NO_QUOTATION


def _examples(source: Source) -> Iterator[tuple[str, str]]:
    """The values that a template left: addresses of the domains that stand for any (RFC 2606)."""
    asked = source.collect.asked
    addresses = {"homepage": source.homepage, "contact": source.contact}
    if source.rights:
        addresses["rights.quoted_from"] = source.rights.quoted_from
    for place in ("start", "address"):
        value = getattr(asked, place, None)
        if value:
            addresses[f"collect.{source.collect.kind}.{place}"] = value if isinstance(value, str) else value[0]
    for key, value in addresses.items():
        if value and re.search(r"[@/.](?:[\w-]+\.)*example(?:[:/]|\.(?:org|com|net)\b|$)", value):
            yield key, value
