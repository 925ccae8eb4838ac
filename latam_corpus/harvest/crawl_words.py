"""What `crawl`, `rights recheck` and `sources preview` say of addresses and hosts, in three languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.said import Said, same

if TYPE_CHECKING:
    from collections.abc import Mapping

# By `harvest.crawl.causes.Cause`.
CAUSES: Final[Mapping[str, Said]] = {
    "credentials in address": Said(
        "la dirección lleva una contraseña", "o endereço leva uma senha", "the address holds a password"
    ),
    "address too long": Said("la dirección es demasiado larga", "o endereço é longo demais", "the address is too long"),
    "malformed address": Said(
        "la dirección está mal escrita", "o endereço está malformado", "the address is malformed"
    ),
    "private address": Said(
        "la dirección es de una red privada", "o endereço é de uma rede privada", "the address is in a private network"
    ),
    "shut out by robots": Said("robots.txt no lo permite", "o robots.txt não permite", "robots.txt doesn't allow it"),
    "excluded path": Said(
        "la fuente deja fuera esa ruta", "a fonte deixa fora esse caminho", "the source leaves that path out"
    ),
    "too deep": Said("a demasiados enlaces del comienzo", "a links demais do começo", "too many links from the start"),
    "repeating path": Said("la ruta se repite", "o caminho se repete", "the path repeats itself"),
    "too many parameters": Said(
        "la dirección tiene demasiados parámetros",
        "o endereço tem parâmetros demais",
        "the address has too many parameters",
    ),
    "too many variants": Said(
        "demasiadas variantes de una página", "variantes demais de uma página", "too many variants of one page"
    ),
    "endless calendar": Said("calendario sin fin", "calendário sem fim", "a calendar without end"),
    "same content again": Said(
        "el mismo contenido en muchas direcciones",
        "o mesmo conteúdo em muitos endereços",
        "the same content at many addresses",
    ),
    "too many links": Said(
        "demasiados enlaces en una página", "links demais em uma página", "too many links on a page"
    ),
    "no connection": Said("no se pudo conectar", "não foi possível conectar", "no connection could be made"),
    "bad certificate": Said("el certificado no es válido", "o certificado não é válido", "the certificate isn't valid"),
    "timed out": Said("tardó demasiado", "demorou demais", "it took too long"),
    "malformed response": Said("la respuesta no se entiende", "a resposta não se entende", "the answer can't be read"),
    "too large": Said("es demasiado grande", "é grande demais", "it is too large"),
    "unpacks too large": Said(
        "descomprimida es demasiado grande", "descompactada é grande demais", "it unpacks to too much"
    ),
    "damaged encoding": Said("la compresión está dañada", "a compressão está danificada", "its encoding is damaged"),
    "too many redirects": Said("demasiadas redirecciones", "redirecionamentos demais", "too many redirects"),
    "redirect out of scope": Said(
        "redirige fuera de la fuente", "redireciona para fora da fonte", "it redirects out of the source"
    ),
    "not a page": Said("no es una página", "não é uma página", "it is no page"),
    "error status": Said(
        "el servidor responde con un error", "o servidor responde com um erro", "the server answers with an error"
    ),
    "gone": Said("la página ya no está", "a página não está mais lá", "the page is gone"),
    "server busy": Said(
        "el servidor pide que se espere", "o servidor pede que se espere", "the server asks to come back later"
    ),
    "robots unavailable": Said(
        "robots.txt no se pudo leer, y sin él no se pide nada",
        "o robots.txt não pôde ser lido, e sem ele nada se pede",
        "robots.txt couldn't be read, and without it nothing is asked for",
    ),
    "robots is a page": Said("robots.txt es una página", "o robots.txt é uma página", "robots.txt is a page"),
    "damaged XML": Said("el XML está dañado", "o XML está danificado", "the XML is damaged"),
    "out of scope": Said("está fuera de la fuente", "está fora da fonte", "it is out of the source"),
    "not a feed": Said("no es RSS ni Atom", "não é RSS nem Atom", "it is neither RSS nor Atom"),
    "endless list": Said("lista sin fin", "lista sem fim", "a list without end"),
    "not a repository": Said(
        "no es un repositorio OAI-PMH", "não é um repositório OAI-PMH", "it is no OAI-PMH repository"
    ),
    "repository error": Said(
        "el repositorio responde con un error",
        "o repositório responde com um erro",
        "the repository answers with an error",
    ),
    "broken token": Said(
        "el repositorio no continúa su lista",
        "o repositório não continua sua lista",
        "the repository doesn't go on with its list",
    ),
    "closed access": Said("el texto no es abierto", "o texto não é aberto", "the text isn't open"),
    "not read": Said("no hay un texto que se lea", "não há um texto que se leia", "there is no text that is read"),
    "range refused": Said(
        "el servidor no da partes de archivos",
        "o servidor não dá partes de arquivos",
        "the server gives no parts of files",
    ),
    "not the record": Said(
        "no es el registro que dice el índice",
        "não é o registro que o índice diz",
        "it isn't the record that the index says",
    ),
}

# What isn't a cause that is counted.
_OTHERS: Final = {"not asked yet": Said("todavía no se le preguntó", "ainda não se perguntou", "it wasn't asked yet")}

LEFT: Final = Said(
    "{host} queda para otro día: {why}", "{host} fica para outro dia: {why}", "{host} is left for another day: {why}"
)
# crawl
PROGRESS: Final = Said(
    "páginas: {pages}; servidores con más: {hosts}; la última: {url}",
    "páginas: {pages}; servidores com mais: {hosts}; a última: {url}",
    "pages: {pages}; hosts with more: {hosts}; the last: {url}",
)
PAGES: Final = Said(
    "páginas en {folder}: {pages}, en {seconds} s",
    "páginas em {folder}: {pages}, em {seconds} s",
    "pages in {folder}: {pages}, in {seconds} s",
)
NO_PAGE: Final = Said("no hay página, porque", "não há página, porque", "no page, because")
ADDRESSES: Final = Said("direcciones", "endereços", "addresses")
NAMED: Final = Said("{file} las nombra", "{file} os nomeia", "{file} names them")
GONE: Final = Said(
    "páginas que ya no están: {n}; {file} las nombra, y se quedan como se leyeron",
    "páginas que não estão mais lá: {n}; {file} as nomeia, e ficam como foram lidas",
    "pages that are gone: {n}; {file} names them, and they stay as they were read",
)
WITHDRAWN: Final = Said(
    "páginas que ya no están: {n}; {file} las nombra, y salen de la próxima versión",
    "páginas que não estão mais lá: {n}; {file} as nomeia, e saem da próxima versão",
    "pages that are gone: {n}; {file} names them, and they leave the next version",
)
WAITING: Final = Said(
    "direcciones que esperan: {n}; la misma orden sigue desde aquí",
    "endereços que esperam: {n}; o mesmo comando continua daqui",
    "addresses that wait: {n}; the same command goes on from here",
)
CAPTURES: Final = Said(
    "capturas: {captures}, de {hosts} servidores; bytes por pedir: {bytes}",
    "capturas: {captures}, de {hosts} servidores; bytes a pedir: {bytes}",
    "captures: {captures}, of {hosts} hosts; bytes to fetch: {bytes}",
)
HOST: Final = Said("servidor", "servidor", "host")
OF_HOST: Final = Said("capturas", "capturas", "captures")
LEFT_OUT: Final = Said("quedan fuera, porque", "ficam fora, porque", "left out, because")
# By `collect.commoncrawl.plan`, beside the causes above.
OUT_OF_PLAN: Final[Mapping[str, Said]] = {
    "malformed line": Said("la línea no se entiende", "a linha não se entende", "the line can't be read"),
    "host": Said("es de otro servidor", "é de outro servidor", "it is of another host"),
    "status": Said("el servidor no dio la página", "o servidor não deu a página", "the server didn't give the page"),
    "media type": CAUSES["not a page"],
    "language": Said("está en otro idioma", "está em outro idioma", "it is in another language"),
    "path": CAUSES["excluded path"],
    "its file is elsewhere": Said(
        "su archivo está en otra parte", "seu arquivo está em outra parte", "its file is elsewhere"
    ),
    "the plan is full (max_records)": Said(
        "el plan está lleno (max_records)", "o plano está cheio (max_records)", "the plan is full (max_records)"
    ),
    "another capture of the page is later": Said(
        "hay otra captura posterior de la página",
        "há outra captura posterior da página",
        "another capture of the page is later",
    ),
}
READ_PLAN: Final = Said(
    "{file} las nombra: quite las líneas que no quiera y dé la misma orden sin --plan-only",
    "{file} as nomeia: tire as linhas que não quiser e dê o mesmo comando sem --plan-only",
    "{file} names them: take out the lines that you don't want and give the same command without --plan-only",
)
NEXT: Final = Said("ahora", "agora", "next")
WITH_SOURCE: Final = Said(
    "latam-corpus run RECETA, con «{source}» entre sus fuentes",
    "latam-corpus run RECEITA, com «{source}» entre suas fontes",
    "latam-corpus run RECIPE, with «{source}» among its sources",
)
# rights recheck
SITES_READ: Final = Said(
    "sitios leídos: {done} de {total}", "sites lidos: {done} de {total}", "sites read: {done} of {total}"
)
HEADS: Final = (
    Said("sitio", "site", "site"),
    Said("señal", "sinal", "signal"),
    Said("valor", "valor", "value"),
    Said("dirección", "endereço", "address"),
    Said("leído", "lido", "read"),
    Said("documentos", "documentos", "documents"),
)
MORE: Final = Said(
    "y {n} negativas más, en el archivo", "e mais {n} recusas, no arquivo", "and {n} refusals more, in the file"
)
UNREAD: Final = Said(
    "{site} no se pudo leer, y vale lo que dijo antes: {why}",
    "{site} não pôde ser lido, e vale o que disse antes: {why}",
    "{site} couldn't be read, and what it said before stands: {why}",
)
UNREAD_FILE: Final = Said(
    "{file} no se pudo leer, y vale lo que dijo antes",
    "{file} não pôde ser lido, e vale o que disse antes",
    "{file} couldn't be read, and what it said before stands",
)
LEAVING: Final = Said(
    "{spec}: {n} de {total} documentos con dirección deben salir de la próxima versión",
    "{spec}: {n} de {total} documentos com endereço devem sair da próxima versão",
    "{spec}: {n} of {total} documents with an address must leave the next version",
)
LISTED: Final = Said(
    "{file} los nombra; cada versión nueva de {name} lo lee",
    "{file} os nomeia; cada nova versão de {name} o lê",
    "{file} names them; every build of {name} reads it",
)
EVIDENCE: Final = Said(
    "lo que dijeron los sitios está en {folder}",
    "o que os sites disseram está em {folder}",
    "what the sites said is in {folder}",
)


def told_cause(cause: str) -> Said:
    """A cause in three languages; of one that has a cause of its own, both.

    >>> told_cause("robots unavailable: no connection").es
    'robots.txt no se pudo leer, y sin él no se pide nada: no se pudo conectar'
    """
    first, _, second = cause.partition(": ")
    told = CAUSES.get(first) or _OTHERS.get(first) or same(first)
    if not second:
        return told
    return Said(*(f"{one}: {other}" for one, other in zip(told, CAUSES.get(second, same(second)), strict=True)))
