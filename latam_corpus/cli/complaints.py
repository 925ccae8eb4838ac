"""What keeps a command for librarians from being done, said in three languages.

Errors are raised in English, as everywhere in the toolkit; as with `refusals`, the English words find the others. Here
a place, a problem and a remedy are found each by itself, since one remedy goes with many problems.
"""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.column_words import OF_COLUMNS
from latam_corpus.cli.refusals import REMEDIES, found_in
from latam_corpus.errors import ConfigError
from latam_corpus.said import LANGUAGES, Said, same

PLACES: Final = (
    Said("entrada de {source}", "entrada de {source}", "input of {source}"),
    Said("fuente {source}", "fonte {source}", "source {source}"),
    Said("fuente", "fonte", "source"),
)
COMPLAINTS: Final = (
    *REMEDIES,
    # files
    Said("ese archivo no existe", "esse arquivo não existe", "there is no such file"),
    Said("ese archivo no existe", "esse arquivo não existe", "there is no such source file"),
    Said("revise la ruta", "confira o caminho", "check the path"),
    Said("no se puede escribir ahí: {cause}", "não se pode escrever aí: {cause}", "it can't be written: {cause}"),
    Said("no se puede usar: {cause}", "não pode ser usado: {cause}", "it can't be used: {cause}"),
    Said("nombre otro lugar", "indique outro lugar", "name another place"),
    Said("ya existe un archivo con ese nombre", "já existe um arquivo com esse nome", "File exists"),
    Said("es una carpeta", "é uma pasta", "Is a directory"),
    Said("una parte de la ruta no es una carpeta", "uma parte do caminho não é uma pasta", "Not a directory"),
    Said("no hay permiso", "não há permissão", "Permission denied"),
    Said("no hay permiso", "não há permissão", "Operation not permitted"),
    Said("ese lugar es solo de lectura", "esse lugar é só de leitura", "Read-only file system"),
    Said("no queda espacio en el disco", "não há mais espaço no disco", "No space left on device"),
    Said("no existe", "não existe", "No such file or directory"),
    Said("el nombre es demasiado largo", "o nome é longo demais", "File name too long"),
    # new and list
    Said("no hay ninguna plantilla «{name}»", "não há nenhum modelo «{name}»", "there is no template «{name}»"),
    Said("¿qué plantilla?", "que modelo?", "which template?"),
    Said(
        "nómbrela con --template; `sources new --list` las muestra",
        "indique-o com --template; `sources new --list` os mostra",
        "name one with --template; `sources new --list` lists them",
    ),
    Said(
        "en el catálogo no hay ninguna fuente «{name}»",
        "no catálogo não há nenhuma fonte «{name}»",
        "there is no source «{name}» in the catalogue",
    ),
    Said("la lengua «{name}» no se habla aquí", "a língua «{name}» não é falada aqui", "«{name}» isn't spoken here"),
    # sheets
    Said("ese archivo ya existe", "esse arquivo já existe", "that file is there already"),
    Said("dé otro nombre", "dê outro nome", "give another name"),
    Said(
        "«{suffix}» no es una forma de hoja",
        "«{suffix}» não é uma forma de planilha",
        "«{suffix}» is no form of a sheet",
    ),
    Said("termine el nombre en .xlsx o .csv", "termine o nome em .xlsx ou .csv", "end its name in .xlsx or .csv"),
    Said("termine el nombre en {suffix}", "termine o nome em {suffix}", "end its name in {suffix}"),
    Said(
        "«{suffix}» no se lee como hoja", "«{suffix}» não é lido como planilha", "«{suffix}» is no sheet that is read"
    ),
    Said("guárdela como .xlsx o .csv", "salve-a como .xlsx ou .csv", "save it as .xlsx or .csv"),
    Said(
        "se escribiría encima de la hoja que vino",
        "a planilha que veio seria sobrescrita",
        "the sheet that came would be written over",
    ),
    Said("dé otro nombre con --back", "dê outro nome com --back", "give another name with --back"),
    Said(
        "ninguna fila tiene los títulos de las columnas",
        "nenhuma linha tem os títulos das colunas",
        "no row has the heads of the columns",
    ),
    Said(
        "empiece con `sources export`, que los escribe",
        "comece com `sources export`, que os escreve",
        "begin with `sources export`, which writes them",
    ),
    Said("tiene más de {n} filas", "tem mais de {n} linhas", "it has more than {n} rows"),
    Said("repártala en varias hojas", "divida-a em várias planilhas", "cut it into several sheets"),
    Said(
        "es demasiado grande para una hoja de fuentes",
        "é grande demais para uma planilha de fontes",
        "it is too large for a sheet of sources",
    ),
    Said(
        "descomprimida es demasiado grande para una hoja de fuentes",
        "descomprimida é grande demais para uma planilha de fontes",
        "it unpacks to more than a sheet of sources should",
    ),
    Said("no es CSV ({error})", "não é CSV ({error})", "it is no CSV ({error})"),
    Said(
        "guárdela otra vez como CSV o como .xlsx",
        "salve-a outra vez como CSV ou como .xlsx",
        "save it again as CSV, or as .xlsx",
    ),
    Said(
        "no es un libro de Excel ({error})",
        "não é uma pasta de trabalho do Excel ({error})",
        "it is no workbook ({error})",
    ),
    Said(
        "guárdela otra vez como .xlsx o como CSV",
        "salve-a outra vez como .xlsx ou como CSV",
        "save it again as .xlsx, or as CSV",
    ),
    Said(
        "para las hojas .xlsx hace falta el paquete openpyxl",
        "para as planilhas .xlsx é preciso o pacote openpyxl",
        "workbooks need the package openpyxl",
    ),
    Said(
        "pip install 'latam-corpus[sheets]', o use CSV",
        "pip install 'latam-corpus[sheets]', ou use CSV",
        "pip install 'latam-corpus[sheets]', or use CSV",
    ),
    # preview
    Said("en «{named}» no hay nada", "em «{named}» não há nada", "there is nothing at «{named}»"),
    Said("en «{named}» no hay {looked}", "em «{named}» não há {looked}", "«{named}» has no {looked}"),
    Said("ahí hay: {there}", "ali há: {there}", "there: {there}"),
    Said("en {folder} hay: {there}", "em {folder} há: {there}", "in {folder} — there: {there}"),
    Said(
        "«{named}» no se puede leer: {error}",
        "«{named}» não pode ser lido: {error}",
        "«{named}» can't be read: {error}",
    ),
    Said("ningún archivo se llama «{named}»", "nenhum arquivo se chama «{named}»", "no file matches «{named}»"),
    Said("revise el patrón", "confira o padrão", "check the pattern"),
    Said("{there} y {n} más", "{there} e mais {n}", "{there} and {n} more"),
    Said(
        "es un archivo de un formato que no se conoce",
        "é um arquivo de um formato que não se conhece",
        "a file of an unknown format",
    ),
    Said(
        "hay {n} archivos, todos de formatos que no se conocen",
        "há {n} arquivos, todos de formatos que não se conhecem",
        "{n} files, all of unknown formats",
    ),
    Said(
        "se conocen {known}, también con .gz, .xz, .zst; o escriba collect.format",
        "conhecem-se {known}, também com .gz, .xz, .zst; ou escreva collect.format",
        "known are {known}, also with .gz, .xz, .zst; or set collect.format",
    ),
    Said(
        "a «{contact}» no le puede escribir quien administra un sitio",
        "a «{contact}» quem administra um site não pode escrever",
        "«{contact}» is no address that a site's owner can write to",
    ),
    Said(
        "escriba un correo electrónico o una página web",
        "escreva um e-mail ou uma página da web",
        "write an e-mail address or a web page",
    ),
    Said("falta «{name}»", "falta «{name}»", "«{name}» isn't installed"),
    # crawl and rights recheck
    Said(
        "quien recolecta dice a quién escribirle, y la fuente no tiene contacto",
        "quem coleta diz a quem escrever, e a fonte não tem contato",
        "a crawler says whom to write to, and the source has no contact",
    ),
    Said(
        'agregue contact = "nombre@institucion.example"',
        'acrescente contact = "nome@instituicao.example"',
        'add contact = "name@institution.example"',
    ),
    Said(
        "primero hay que pedir permiso a quien la tiene ({holder})",
        "primeiro é preciso pedir permissão a quem a detém ({holder})",
        "its holder must be asked first ({holder})",
    ),
    Said(
        "pídalo, y escriba lo acordado en el archivo de la fuente",
        "peça-a, e escreva o combinado no arquivo da fonte",
        "ask, and state what was agreed in the source's file",
    ),
    Said(
        "sus registros son archivos; no hay nada que recolectar",
        "seus registros são arquivos; não há nada a coletar",
        "its records are files; there is nothing to crawl",
    ),
    Said(
        "corra una receta que la nombre, con --input",
        "execute uma receita que a nomeie, com --input",
        "run a recipe that names it, with --input",
    ),
    Said(
        "«{source}» no se recolecta con un plan",
        "«{source}» não é coletada com um plano",
        "«{source}» isn't collected by a plan",
    ),
    Said("quite esa opción", "retire essa opção", "leave the option out"),
    Said("está en uso ({error})", "está em uso ({error})", "it is in use ({error})"),
    Said(
        "espere a que la otra recolección termine",
        "espere que a outra coleta termine",
        "wait until the other crawl is done",
    ),
    Said("lo escribió otra versión", "foi escrito por outra versão", "it was written by another version"),
    Said(
        "ponga en otro lugar la carpeta de la fuente",
        "ponha em outro lugar a pasta da fonte",
        "move the source's folder away",
    ),
    Said("no se puede leer ({error})", "não pode ser lido ({error})", "it can't be read ({error})"),
    Said("no hay ningún índice «{named}»", "não há nenhum índice «{named}»", "there is no index «{named}»"),
    Said(
        "dé una ruta, un patrón o una dirección",
        "dê um caminho, um padrão ou um endereço",
        "give a path, a glob or an address",
    ),
    Said(
        "ninguno de sus documentos tiene una dirección en la web",
        "nenhum de seus documentos tem um endereço na web",
        "none of its documents has an address on the web",
    ),
    Said("no hay a quién preguntar", "não há a quem perguntar", "there is nothing to ask"),
    # The last, since some of them are little more than «{one} and {other}».
    *OF_COLUMNS,
)


def complaint(english: str, table: tuple[Said, ...] = COMPLAINTS) -> Said:
    """What a problem or a remedy is in three languages, with what it names; in English thrice where nobody has said it.

    Of one that isn't in the table, what stands between semicolons is looked for part by part.

    >>> complaint("it can't be written: Permission denied").pt
    'não se pode escrever aí: não há permissão'
    """
    found = found_in(table, english, complaint)
    if found is None and "; " in english:
        parts = [complaint(part, table) for part in english.split("; ")]
        found = Said(*("; ".join(part[place] for part in parts) for place in range(len(LANGUAGES))))
    return found or same(english)


def translated(error: ConfigError, language: str) -> ConfigError:
    """The error in this language.

    >>> print(translated(ConfigError("source", "there is no source «x» in the catalogue", "choose one of: a"), "es"))
    fuente: en el catálogo no hay ninguna fuente «x»; elija: a
    """
    problem, remedy = (complaint(text).told(language) for text in (error.problem, error.remedy))
    return ConfigError((found_in(PLACES, error.place) or same(error.place)).told(language), problem, remedy)
