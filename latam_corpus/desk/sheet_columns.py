"""The columns of the sheet of sources: what each is called, what it is for, and how a cell is read and written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import (
    BASES,
    COMPOSITIONS,
    COUNTRIES,
    FORMS,
    GENRES,
    KINDS,
    STATUSES,
    TIERS,
    USES,
)
from latam_corpus.desk import answers
from latam_corpus.said import Said, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Where a kind of collecting has its address, and whether it takes several.
_ADDRESSES: Final = {
    "crawl": (("collect", "crawl", "start"), True),
    "feeds": (("collect", "feeds", "start"), True),
    "oai": (("collect", "oai", "address"), False),
    "commoncrawl": (("collect", "commoncrawl", "index"), True),
}


@dataclass(frozen=True)
class Field:
    """A column.

    Attributes:
        key: of the source file, dotted.
        head: what it is called.
        why: what belongs there, in a sentence.
        example: a cell.
        read: a cell's text as the value.
        names: what the words that may stand there are called; empty where any text may.
        listed: whether the value is a list.
        needed: whether a source can't be without it.
    """

    key: str
    head: Said
    why: Said
    example: Said
    read: Callable[[str], Any] = str.strip
    names: Mapping[str, Said] = field(default_factory=dict)
    listed: bool = False
    needed: bool = False

    @property
    def paths(self) -> Sequence[tuple[str, ...]]:
        """The places in a file at which the value may stand."""
        if self.key == _ADDRESS:
            return [path for path, _ in _ADDRESSES.values()]
        return [tuple(self.key.split("."))]

    def path_for(self, kind: str) -> tuple[str, ...]:
        """The place at which it stands in a source of this kind."""
        return _ADDRESSES.get(kind, _ADDRESSES["crawl"])[0] if self.key == _ADDRESS else self.paths[0]

    def wrapped(self, value: Any, kind: str) -> Any:
        """The value as a source of this kind has it."""
        return value[0] if self.key == _ADDRESS and not _ADDRESSES.get(kind, ((), True))[1] else value

    def shown(self, value: Any, language: str) -> str:
        """The value as a cell, its words in the sheet's language."""
        if isinstance(value, list):
            between = ", " if self.names or self.key == "languages" else "; "
            return between.join(self.shown(one, language) for one in value)
        return self.names[value].told(language) if value in self.names else str(value)


_ADDRESS: Final = "collect.address"
_NONE: Final = same("")
FIELDS: Final = (
    Field(
        "id",
        Said("Nombre en el catálogo", "Nome no catálogo", "Name in the catalogue"),
        Said(
            "Minúsculas sin acentos, cifras y guiones. No cambia después.",
            "Minúsculas sem acentos, algarismos e hifens. Não muda depois.",
            "Small letters without accents, digits and hyphens. It doesn't change later.",
        ),
        same("cartas-familia"),
        answers.identifier,
        needed=True,
    ),
    Field(
        "title",
        Said("Título", "Título", "Title"),
        Said("Cómo se llama la colección.", "Como se chama a coleção.", "What the collection is called."),
        Said("Cartas de una familia", "Cartas de uma família", "Letters of a family"),
        needed=True,
    ),
    Field(
        "holder",
        Said("Quién la tiene", "Quem a tem", "Who holds it"),
        Said(
            "La institución, familia o comunidad que puede dar permiso.",
            "A instituição, família ou comunidade que pode dar permissão.",
            "The institution, family or community that can give permission.",
        ),
        Said("Familia Ejemplo", "Família Exemplo", "Example family"),
        needed=True,
    ),
    Field(
        "homepage",
        Said("Página", "Página", "Page"),
        Said(
            "Dónde se encuentra o se describe.", "Onde se encontra ou se descreve.", "Where it is found or described.",
        ),
        same("https://cartas.example/"),
        answers.address,
    ),
    Field(
        "contact",
        Said("Contacto", "Contato", "Contact"),
        Said(
            "A quién se le escribe. Obligatorio para un sitio web.", "A quem se escreve. Obrigatório para um site.",
            "Whom to write to. Needed for a website.",
        ),
        same("familia@cartas.example"),
        answers.contact,
    ),
    Field(
        "status",
        Said("Estado", "Estado", "Status"),
        Said(
            "Si alguien comprobó los derechos, o si hay que pedir permiso antes.",
            "Se alguém verificou os direitos, ou se é preciso pedir permissão antes.",
            "Whether somebody has checked the rights, or permission must be asked first.",
        ),
        STATUSES["unverified"],
        answers.choice(STATUSES, numbered=False),
        STATUSES,
    ),
    Field(
        "genre",
        Said("Género", "Gênero", "Genre"),
        Said(
            "De él depende con qué reglas se juzgan los textos.", "Dele depende com que regras os textos são julgados.",
            "It decides by which rules the texts are judged.",
        ),
        GENRES["literature"],
        answers.choice(GENRES, numbered=False),
        GENRES,
    ),
    Field(
        "country",
        Said("País", "País", "Country"),
        Said(
            "Por su nombre o su código de dos letras; vacío si son varios.",
            "Pelo nome ou código de duas letras; vazio se são vários.",
            "By its name or code of two letters; empty where there are several.",
        ),
        COUNTRIES["CL"],
        answers.country,
        COUNTRIES,
    ),
    Field(
        "languages",
        Said("Lenguas", "Línguas", "Languages"),
        Said(
            "Por su nombre o código de tres letras (ISO 639-3), con comas.",
            "Pelo nome ou código de três letras (ISO 639-3), com vírgulas.",
            "By their names or codes of three letters (ISO 639-3), with commas.",
        ),
        same("spa, arn"),
        answers.languages,
        listed=True,
    ),
    Field(
        "composition",
        Said("Composición", "Composição", "Composition"),
        Said(
            "Si los textos son originales o traducidos.", "Se os textos são originais ou traduzidos.",
            "Whether the texts are originals or translations.",
        ),
        COMPOSITIONS["original"],
        answers.choice(COMPOSITIONS, numbered=False),
        COMPOSITIONS,
    ),
    Field(
        "notes",
        Said("Notas", "Notas", "Notes"),
        Said(
            "Lo que haya que saber y no cabe en otra parte.", "O que é preciso saber e não cabe em outra parte.",
            "What should be known and has no other place.",
        ),
        _NONE,
    ),
    Field(
        "rights.statement",
        Said("Licencia o derechos", "Licença ou direitos", "Licence or rights"),
        Said(
            "Una licencia por su nombre o dirección. Vacío si no se sabe: entonces no se publica.",
            "Uma licença pelo nome ou endereço. Vazio se não se sabe: então não se publica.",
            "A licence by its name or address. Empty where nobody knows: then nothing is released.",
        ),
        same("CC-BY-4.0"),
        answers.licence,
        {key: same(key) for key in answers.LICENCES if key},
    ),
    Field(
        "rights.basis",
        Said("Fundamento", "Fundamento", "Basis"),
        Said("En qué se apoya.", "Em que se apoia.", "What it rests on."),
        BASES["licence"],
        answers.choice(BASES, numbered=False),
        BASES,
    ),
    Field(
        "rights.tier",
        Said("Nivel", "Nível", "Tier"),
        Said(
            "Solo cuando hay un permiso por escrito: «con permiso».",
            "Só quando há permissão por escrito: «com permissão».",
            "Only where there is a written permission: “by permission”.",
        ),
        _NONE,
        answers.choice(TIERS, numbered=False),
        TIERS,
    ),
    Field(
        "rights.uses",
        Said("Usos", "Usos", "Uses"),
        Said(
            "Para qué se puede usar, con comas.", "Para que pode ser usada, com vírgulas.",
            "What it may be used for, with commas.",
        ),
        Said("entrenar, redistribuir, evaluar", "treinar, redistribuir, avaliar", "train, redistribute, evaluate"),
        answers.choices(USES, numbered=False),
        USES,
        listed=True,
    ),
    Field(
        "rights.agreement",
        Said("Convenio", "Acordo", "Agreement"),
        Said(
            "El nombre o número del permiso escrito.", "O nome ou número da permissão escrita.",
            "The name or number of the written permission.",
        ),
        _NONE,
    ),
    Field(
        "rights.expires",
        Said("Vale hasta", "Vale até", "Holds until"),
        Said("Una fecha, como 2031-12-31.", "Uma data, como 2031-12-31.", "A date, such as 2031-12-31."),
        _NONE,
        answers.day,
    ),
    Field(
        "rights.embargo_until",
        Said("No antes de", "Não antes de", "Not before"),
        Said(
            "Desde qué día se puede publicar.", "A partir de que dia se pode publicar.",
            "From which day it may be released.",
        ),
        _NONE,
        answers.day,
    ),
    Field(
        "rights.quotation",
        Said("Frase que lo declara", "Frase que o declara", "Sentence that states it"),
        Said(
            "La frase copiada, para que otra persona pueda comprobarla.",
            "A frase copiada, para que outra pessoa possa conferi-la.",
            "The sentence, copied, so that others can check it.",
        ),
        _NONE,
    ),
    Field(
        "rights.quoted_from",
        Said("Dónde está la frase", "Onde está a frase", "Where the sentence stands"),
        Said("La dirección de la página.", "O endereço da página.", "The address of the page."),
        same("https://cartas.example/derechos"),
        answers.address,
    ),
    Field(
        "rights.quoted_on",
        Said("Leída el", "Lida em", "Read on"),
        Said("El día en que se leyó.", "O dia em que foi lida.", "The day on which it was read."),
        same("2026-11-25"),
        answers.day,
    ),
    Field(
        "contributor",
        Said("Quién la aporta", "Quem a traz", "Who brings it"),
        Said(
            "La persona o institución que la trae al catálogo.", "A pessoa ou instituição que a traz ao catálogo.",
            "The person or institution that brings it to the catalogue.",
        ),
        _NONE,
    ),
    Field(
        "collect.kind",
        Said("Cómo se recolecta", "Como se coleta", "How it is collected"),
        Said(
            "Archivos que usted tiene, un sitio web, canales RSS, un repositorio OAI-PMH.",
            "Arquivos que você tem, um site, canais RSS, um repositório OAI-PMH.",
            "Files that you have, a website, feeds, an OAI-PMH repository.",
        ),
        KINDS["files"],
        answers.choice(KINDS, numbered=False),
        KINDS,
    ),
    Field(
        _ADDRESS,
        Said("Dirección para recolectar", "Endereço para coletar", "Address to collect from"),
        Said(
            "La portada, los canales RSS o la puerta OAI-PMH; vacío para archivos.",
            "A página inicial, os canais RSS ou a porta OAI-PMH; vazio para arquivos.",
            "The home page, the feeds or the OAI-PMH door; empty for files.",
        ),
        _NONE,
        answers.listed,
        listed=True,
    ),
    Field(
        "collect.files",
        Said("Archivos", "Arquivos", "Files"),
        Said(
            "Qué archivos se leen de la carpeta, con punto y coma; vacío para todos.",
            "Que arquivos da pasta são lidos, com ponto e vírgula; vazio para todos.",
            "Which files of the folder are read, with semicolons; empty for all.",
        ),
        same("**/*.txt"),
        answers.listed,
        listed=True,
    ),
    Field(
        "collect.form",
        Said("Prosa o verso", "Prosa ou verso", "Prose or verse"),
        Said(
            "En verso, cada línea se guarda como línea.", "Em verso, cada linha se guarda como linha.",
            "In verse, each line is kept as a line.",
        ),
        FORMS["prose"],
        answers.choice(FORMS, numbered=False),
        FORMS,
    ),
)  # fmt: skip
OTHER: Final = Field(
    "other",
    Said("Otros datos (TOML)", "Outros dados (TOML)", "Other data (TOML)"),
    Said(
        "Lo que no tiene columna, como lo escribe el archivo de la fuente. Déjelo como está.",
        "O que não tem coluna, como o escreve o arquivo da fonte. Deixe-o como está.",
        "What has no column, as the source's file writes it. Leave it as it is.",
    ),
    _NONE,
)
TO_CORRECT: Final = Said("Qué corregir", "O que corrigir", "What to correct")


def field_of(key: str) -> Field | None:
    """The field with this key of the source file; None for one that has no column."""
    return next((one for one in (*FIELDS, OTHER) if one.key == key or key in map(".".join, one.paths)), None)
