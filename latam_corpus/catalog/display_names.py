"""What the words of a source file are called in three languages, for questions, sheets, sentences and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.codes import known_code
from latam_corpus.said import Said, same
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Mapping

GENRES: Final = {
    "news": Said("prensa", "imprensa", "news"),
    "literature": Said("literatura", "literatura", "literature"),
    "lyrics": Said("letras de canciones", "letras de canções", "lyrics"),
    "oral_history": Said("historia oral", "história oral", "oral history"),
    "government": Said("documentos de gobierno", "documentos de governo", "government"),
    "legal": Said("textos legales", "textos legais", "legal"),
    "academic": Said("textos académicos", "textos acadêmicos", "academic"),
    "education": Said("textos educativos", "textos educativos", "education"),
    "reference": Said("obras de consulta", "obras de referência", "reference"),
    "dictionary": Said("diccionarios", "dicionários", "dictionary"),
    "religious": Said("textos religiosos", "textos religiosos", "religious"),
    "web": Said("páginas web", "páginas da web", "web"),
}
COMPOSITIONS: Final = {
    "original": Said("original", "original", "original"),
    "translation": Said("traducción", "tradução", "translation"),
    "machine": Said("traducción automática", "tradução automática", "machine translation"),
    "synthetic": Said("escrito por una máquina", "escrito por uma máquina", "written by a machine"),
}
STATUSES: Final = {
    "verified": Said("comprobada", "verificada", "verified"),
    "unverified": Said("sin comprobar", "não verificada", "unverified"),
    "ask_first": Said("hay que pedir permiso", "é preciso pedir licença", "ask first"),
}
BASES: Final = {
    "licence": Said("licencia", "licença", "licence"),
    "public_domain": Said("dominio público", "domínio público", "public domain"),
    "contract": Said("convenio", "convênio", "contract"),
    "consent": Said("consentimiento", "consentimento", "consent"),
}
USES: Final = {
    "train": Said("entrenar", "treinar", "train"),
    "redistribute": Said("redistribuir", "redistribuir", "redistribute"),
    "evaluate": Said("evaluar", "avaliar", "evaluate"),
}
TIERS: Final = {
    "open": Said("sin condiciones", "sem condições", "open"),
    "attribution": Said("con atribución", "com atribuição", "attribution"),
    "share_alike": Said("compartir igual", "compartilhar igual", "share alike"),
    "non_commercial": Said("no comercial", "não comercial", "non-commercial"),
    "no_derivatives": Said("sin obras derivadas", "sem obras derivadas", "no derivatives"),
    "permission": Said("con permiso", "com permissão", "by permission"),
    "unknown": Said("desconocido", "desconhecido", "unknown"),
}
KINDS: Final = {
    "files": Said("archivos", "arquivos", "files"),
    "crawl": Said("sitio web", "site", "website"),
    "feeds": Said("canales RSS o Atom", "canais RSS ou Atom", "feeds"),
    "oai": Said("repositorio OAI-PMH", "repositório OAI-PMH", "OAI-PMH repository"),
    "commoncrawl": Said("Common Crawl", "Common Crawl", "Common Crawl"),
}
FORMS: Final = {
    "prose": Said("prosa", "prosa", "prose"),
    "verse": Said("verso", "verso", "verse"),
}
COUNTRIES: Final = {
    "AR": Said("Argentina", "Argentina", "Argentina"),
    "BO": Said("Bolivia", "Bolívia", "Bolivia"),
    "BR": Said("Brasil", "Brasil", "Brazil"),
    "BZ": Said("Belice", "Belize", "Belize"),
    "CL": Said("Chile", "Chile", "Chile"),
    "CO": Said("Colombia", "Colômbia", "Colombia"),
    "CR": Said("Costa Rica", "Costa Rica", "Costa Rica"),
    "CU": Said("Cuba", "Cuba", "Cuba"),
    "DO": Said("República Dominicana", "República Dominicana", "Dominican Republic"),
    "EC": Said("Ecuador", "Equador", "Ecuador"),
    "ES": Said("España", "Espanha", "Spain"),
    "GT": Said("Guatemala", "Guatemala", "Guatemala"),
    "HN": Said("Honduras", "Honduras", "Honduras"),
    "HT": Said("Haití", "Haiti", "Haiti"),
    "MX": Said("México", "México", "Mexico"),
    "NI": Said("Nicaragua", "Nicarágua", "Nicaragua"),
    "PA": Said("Panamá", "Panamá", "Panama"),
    "PE": Said("Perú", "Peru", "Peru"),
    "PR": Said("Puerto Rico", "Porto Rico", "Puerto Rico"),
    "PT": Said("Portugal", "Portugal", "Portugal"),
    "PY": Said("Paraguay", "Paraguai", "Paraguay"),
    "SV": Said("El Salvador", "El Salvador", "El Salvador"),
    "UY": Said("Uruguay", "Uruguai", "Uruguay"),
    "VE": Said("Venezuela", "Venezuela", "Venezuela"),
}
# By the key of a source file whose value is one of these words, or a list of them.
VOCABULARIES: Final[Mapping[str, Mapping[str, Said]]] = {
    "genre": GENRES,
    "composition": COMPOSITIONS,
    "status": STATUSES,
    "rights.basis": BASES,
    "rights.uses": USES,
    "rights.tier": TIERS,
    "collect.kind": KINDS,
    "collect.form": FORMS,
}
# Keys as people call them who look for them in their own language.
KEYS: Final = {
    "titulo": "title", "nombre": "title", "nome": "title", "titular": "holder", "institucion": "holder",
    "instituicao": "holder", "detentor": "holder", "sitio": "homepage", "pagina": "homepage", "site": "homepage",
    "contacto": "contact", "contato": "contact", "correo": "contact", "correio": "contact", "email": "contact",
    "estado": "status", "genero": "genre", "pais": "country", "idioma": "languages", "idiomas": "languages",
    "lengua": "languages", "lenguas": "languages", "lingua": "languages", "linguas": "languages",
    "language": "languages", "composicion": "composition", "composicao": "composition", "notas": "notes",
    "derechos": "rights", "direitos": "rights", "consentimiento": "consent", "consentimento": "consent",
    "declaracion": "statement", "declaracao": "statement", "licencia": "statement", "licenca": "statement",
    "license": "statement", "licence": "statement", "fundamento": "basis", "usos": "uses", "cita": "quotation",
    "citacao": "quotation", "convenio": "agreement", "acordo": "agreement", "vence": "expires",
    "archivos": "files", "arquivos": "files", "formato": "format", "columnas": "columns", "colunas": "columns",
    "inicio": "start", "direccion": "address", "endereco": "address",
}  # fmt: skip
# The languages that people here name rather than code; every other one by its code or its English name. Mixteco isn't
# here: no code stands for all of it, and a source names the variety.
_LANGUAGES: Final = {
    "espanol": "spa", "castellano": "spa", "espanhol": "spa", "castelhano": "spa",
    "portugues": "por", "ingles": "eng", "frances": "fra",
    "quechua": "que", "guarani": "grn", "aimara": "aym", "aymara": "aym", "mapudungun": "arn", "mapuche": "arn",
    "maya": "yua", "zapoteco": "zap", "rapa nui": "rap", "wayuunaiki": "guc", "papiamento": "pap",
    "nahuatl": "nah", "mexicano": "nah", "otomi": "oto",
    "criollo haitiano": "hat", "crioulo haitiano": "hat",
}  # fmt: skip


# What the languages that a preview mostly finds are called; every other one is told by its code.
_NAMES: Final = {
    "spa": Said("español", "espanhol", "Spanish"),
    "por": Said("portugués", "português", "Portuguese"),
    "eng": Said("inglés", "inglês", "English"),
    "fra": Said("francés", "francês", "French"),
    "cat": Said("catalán", "catalão", "Catalan"),
    "glg": Said("gallego", "galego", "Galician"),
    "ita": Said("italiano", "italiano", "Italian"),
}


def language_name(code: str) -> Said:
    """What the language with this ISO 639-3 code is called; the code where it isn't named here.

    >>> language_name("por").es, language_name("quy").es
    ('portugués', 'quy')
    """
    return _NAMES.get(code, same(code))


def word_of(vocabulary: Mapping[str, Said], typed: str) -> str | None:
    """The word of a vocabulary that somebody typed: as the file writes it, or as it is called in any of the languages.

    >>> word_of(GENRES, "História oral"), word_of(GENRES, "oral_history"), word_of(GENRES, "poesía")
    ('oral_history', 'oral_history', None)
    """
    wanted = folded(typed)
    for word, said in vocabulary.items():
        if wanted in {word, word.replace("_", " "), *(folded(one) for one in said)}:
            return word
    return None


def language_of(typed: str) -> str | None:
    """The ISO 639-3 code of a language that somebody typed: a code, or a name in Spanish, Portuguese or English.

    >>> language_of("español"), language_of("pt"), language_of("Náhuatl"), language_of("klingonés")
    ('spa', 'por', 'nah', None)
    """
    import iso639  # its tables take a moment to load

    wanted = folded(typed)
    named = _LANGUAGES.get(wanted, wanted)
    if found := known_code(named):
        return found
    for form in (named, typed.strip(), typed.strip().title()):
        try:
            return str(iso639.Language.match(form).part3)
        except iso639.LanguageNotFoundError:
            continue
    return None


def country_of(typed: str) -> str | None:
    """The ISO 3166-1 code of a country of the region that somebody typed; two letters stand for themselves.

    >>> country_of("méxico"), country_of("br"), country_of("Ruritania")
    ('MX', 'BR', None)
    """
    plain = typed.strip().upper()
    if len(plain) == len("CL") and plain.isascii() and plain.isalpha():
        return plain
    return word_of(COUNTRIES, typed)
