"""The questions of `sources new`: what is asked, why, and how an answer is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from latam_corpus.catalog.display_names import BASES, FORMS, GENRES, USES
from latam_corpus.catalog.rights import tier_of
from latam_corpus.desk import answers
from latam_corpus.said import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latam_corpus.desk.template import Template

# Statements that allow all uses by themselves; a permission allows what was agreed, which only who asked can say.
_FREE: Final = frozenset({"open", "attribution", "share_alike"})


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        key: of the source file, dotted.
        ask: the question.
        why: what it is for, in a sentence.
        read: the answer as a value.
        needed: whether it can be left out.
        default: what Enter means, by what was answered before; None for nothing.
        names: what can be chosen, shown with numbers.
    """

    key: str
    ask: Said
    why: Said
    read: Callable[[str], Any] = answers.text
    needed: bool = False
    default: Callable[[Mapping[str, Any], Template], str | None] = lambda _, __: None
    names: Mapping[str, Said] = field(default_factory=dict)


def _of_template(key: str) -> Callable[[Mapping[str, Any], Template], str | None]:
    """The template's own word for the key."""

    def default(_: Mapping[str, Any], template: Template) -> str | None:
        value: str | list[str] | None = template.values.get(key)
        return ", ".join(value) if isinstance(value, list) else value

    return default


def _address_on_site(key: str) -> Callable[[Mapping[str, Any], Template], str | None]:
    """The template's address, moved to the site that was named as the homepage."""

    def default(before: Mapping[str, Any], template: Template) -> str | None:
        home: str | None = before.get("homepage")
        example = template.values.get(key)
        if not home or not example:
            return None
        path = urlsplit(example if isinstance(example, str) else example[0]).path
        return home if path == "/" else urljoin(home, path)

    return default


def _uses(before: Mapping[str, Any], template: Template) -> str:
    if tier_of(before.get("rights.statement")) in _FREE and "rights.uses" not in template.own_keys:
        return ", ".join(USES)
    return "evaluate"


STATEMENT: Final = Question(
    "rights.statement",
    Said("¿Con qué derechos?", "Com que direitos?", "Under which rights?"),
    Said(
        "La licencia decide qué se puede publicar. Escriba un número, o el nombre o la dirección de otra licencia. "
        "Si no lo sabe, la fuente se puede medir y no se publica.",
        "A licença decide o que se pode publicar. Escreva um número, ou o nome ou endereço de outra licença. "
        "Se não sabe, a fonte pode ser medida e não é publicada.",
        "The licence decides what may be released. Write a number, or the name or address of another licence. "
        "If you don't know, the source can be measured and isn't released.",
    ),
    answers.statement,
    names=answers.LICENCES,
)
BASIS: Final = Question(
    "rights.basis",
    Said("¿En qué se apoya el permiso?", "Em que se apoia a permissão?", "What does the permission rest on?"),
    Said(
        "Un convenio lo firma una institución; un consentimiento lo dan quienes hablan o escriben.",
        "Um convênio é assinado por uma instituição; um consentimento é dado por quem fala ou escreve.",
        "A contract is signed by an institution; consent is given by those who speak or write.",
    ),
    answers.choice({key: BASES[key] for key in ("contract", "consent")}),
    needed=True,
    names={key: BASES[key] for key in ("contract", "consent")},
)
AGREEMENT: Final = Question(
    "rights.agreement",
    Said("Convenio o carta", "Acordo ou carta", "Agreement or letter"),
    Said(
        "El nombre o número con que otra persona puede encontrar el permiso, como convenio-2026-04.",
        "O nome ou número com que outra pessoa pode encontrar a permissão, como acordo-2026-04.",
        "The name or number by which others can find the permission, such as agreement-2026-04.",
    ),
    needed=True,
)
EXPIRES: Final = Question(
    "rights.expires",
    Said("¿Hasta cuándo vale?", "Até quando vale?", "Until when does it hold?"),
    Said(
        "La fecha en que el permiso termina, como 2031-12-31; «-» si no termina.",
        "A data em que a permissão termina, como 2031-12-31; «-» se não termina.",
        "The date on which the permission ends, such as 2031-12-31; «-» if it doesn't.",
    ),
    answers.day,
)
PURPOSES: Final = Question(
    "rights.uses",
    Said("¿Para qué se puede usar?", "Para que pode ser usada?", "What may it be used for?"),
    Said(
        "Entrenar modelos, redistribuir los textos, evaluar modelos: uno o varios, con comas.",
        "Treinar modelos, redistribuir os textos, avaliar modelos: um ou vários, com vírgulas.",
        "To train models, to redistribute the texts, to evaluate models: one or several, with commas.",
    ),
    answers.choices(USES),
    needed=True,
    default=_uses,
    names=USES,
)
QUOTATION: Final = Question(
    "rights.quotation",
    Said("Frase que lo declara", "Frase que o declara", "Sentence that states it"),
    Said(
        "Copie la frase en que se declara la licencia: así otra persona puede comprobarla.",
        "Copie a frase em que se declara a licença: assim outra pessoa pode conferi-la.",
        "Copy the sentence that states the licence, so that others can check it.",
    ),
)
QUOTED_FROM: Final = Question(
    "rights.quoted_from",
    Said("¿Dónde está esa frase?", "Onde está essa frase?", "Where does that sentence stand?"),
    Said(
        "La dirección de la página donde la leyó.", "O endereço da página onde a leu.",
        "The address of the page where you read it.",
    ),
    answers.address,
)  # fmt: skip
ABOUT: Final = (
    Question(
        "title",
        Said("Título", "Título", "Title"),
        Said(
            "¿Cómo llaman a la colección quienes la conocen?", "Como chamam a coleção os que a conhecem?",
            "What do those who know the collection call it?",
        ),
        needed=True,
    ),
    Question(
        "id",
        Said("Nombre en el catálogo", "Nome no catálogo", "Name in the catalogue"),
        Said(
            "Con este nombre la citan las recetas y cada documento; no se cambia después.",
            "Com este nome a citam as receitas e cada documento; não muda depois.",
            "Recipes and every document name it so; it isn't changed later.",
        ),
        answers.identifier,
        needed=True,
        default=lambda before, _: answers.slug(before["title"]) or None,
    ),
    Question(
        "holder",
        Said("¿Quién la tiene?", "Quem a tem?", "Who holds it?"),
        Said(
            "La institución, familia o comunidad que la guarda y puede dar permiso.",
            "A instituição, família ou comunidade que a guarda e pode dar permissão.",
            "The institution, family or community that keeps it and can give permission.",
        ),
        needed=True,
    ),
    Question(
        "homepage",
        Said("Página", "Página", "Page"),
        Said(
            "La dirección donde la colección se encuentra o se describe.",
            "O endereço onde a coleção se encontra ou se descreve.",
            "The address where the collection is found or described.",
        ),
        answers.address,
    ),
    Question(
        "contact",
        Said("Contacto", "Contato", "Contact"),
        Said(
            "A quién se le escribe con preguntas; hace falta para recolectar un sitio web.",
            "A quem se escreve com perguntas; é necessário para coletar um site.",
            "Whom to write to with questions; it is needed to collect a website.",
        ),
        answers.contact,
    ),
    Question(
        "genre",
        Said("Género", "Gênero", "Genre"),
        Said(
            "De él depende con qué reglas se juzgan los textos: una canción puede repetir su estribillo.",
            "Dele depende com que regras os textos são julgados: uma canção pode repetir seu refrão.",
            "It decides by which rules the texts are judged: a song may repeat its refrain.",
        ),
        answers.choice(GENRES),
        needed=True,
        default=_of_template("genre"),
        names=GENRES,
    ),
    Question(
        "country",
        Said("País", "País", "Country"),
        Said(
            "El país de los textos, por su nombre o código; «-» si son varios.",
            "O país dos textos, pelo nome ou código; «-» se são vários.",
            "The country of the texts, by its name or code; «-» where there are several.",
        ),
        answers.country,
    ),
    Question(
        "languages",
        Said("Lenguas", "Línguas", "Languages"),
        Said(
            "Por su nombre o código de tres letras, con comas: español, quy.",
            "Pelo nome ou código de três letras, com vírgulas: português, gub.",
            "By their names or codes of three letters, with commas: Spanish, quy.",
        ),
        answers.languages,
    ),
)  # fmt: skip
_WHERE: Final = Said("¿Dónde se empieza?", "Onde se começa?", "Where to begin?")
COLLECTED: Final = (
    Question(
        "collect.crawl.start",
        _WHERE,
        Said(
            "La dirección desde la que se encuentran las páginas.",
            "O endereço a partir do qual se encontram as páginas.",
            "The address from which the pages are found.",
        ),
        answers.address,
        needed=True,
        default=_address_on_site("collect.crawl.start"),
    ),
    Question(
        "collect.oai.address",
        Said("Dirección de OAI-PMH", "Endereço de OAI-PMH", "Address of OAI-PMH"),
        Said(
            "La puerta por la que el repositorio da sus registros, sin ?verb=…; si no la sabe, pregunte a quien lo "
            "administra.",
            "A porta pela qual o repositório dá seus registros, sem ?verb=…; se não a sabe, pergunte a quem o "
            "administra.",
            "The door through which the repository gives its records, without ?verb=…; its administrator knows it.",
        ),
        answers.address,
        needed=True,
        default=_address_on_site("collect.oai.address"),
    ),
    Question(
        "collect.files",
        Said("¿Qué archivos son?", "Que arquivos são?", "Which files are they?"),
        Said(
            "Todos los de esa clase, en la carpeta y en las que tenga dentro.",
            "Todos os desse tipo, na pasta e nas que tiver dentro.",
            "All of that kind, in the folder and in those inside it.",
        ),
        answers.files,
        needed=True,
        default=lambda _, __: "text",
        names=answers.FILE_NAMES,
    ),
    Question(
        "collect.form",
        Said("¿Prosa o verso?", "Prosa ou verso?", "Prose or verse?"),
        Said(
            "En verso, cada línea se guarda como línea.", "Em verso, cada linha se guarda como linha.",
            "In verse, each line is kept as a line.",
        ),
        answers.choice(FORMS),
        needed=True,
        default=_of_template("collect.form"),
        names=FORMS,
    ),
)  # fmt: skip
