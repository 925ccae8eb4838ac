"""The questions of `sources new`: what is asked, why, and how an answer is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from latam_corpus.catalog.display_names import BASES, FORMS, GENRES, LICENCES, USES
from latam_corpus.catalog.named_values import genre_of
from latam_corpus.catalog.rights import tier_of
from latam_corpus.desk import answers
from latam_corpus.messages import Message, _

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
    ask: Message
    why: Message
    read: Callable[[str], Any] = answers.text
    needed: bool = False
    default: Callable[[Mapping[str, Any], Template], str | None] = lambda _, __: None
    names: Mapping[str, Message] = field(default_factory=dict)


def _of_template(key: str) -> Callable[[Mapping[str, Any], Template], str | None]:
    """Return the template's own word for the key."""

    def default(_: Mapping[str, Any], template: Template) -> str | None:
        value: str | list[str] | None = template.values.get(key)
        return ", ".join(value) if isinstance(value, list) else value

    return default


def _address_on_site(key: str) -> Callable[[Mapping[str, Any], Template], str | None]:
    """Return the template's address, moved to the site that was named as the homepage."""

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
    _("Under which rights?"),
    _(
        "The licence decides what may be released. Write a number, or the name or address of another licence. "
        "If you don't know, the source can be measured and isn't released."
    ),
    answers.statement,
    names=LICENCES,
)
BASIS: Final = Question(
    "rights.basis",
    _("What does the permission rest on?"),
    _("A contract is signed by an institution; consent is given by those who speak or write."),
    answers.choice({key: BASES[key] for key in ("contract", "consent")}),
    needed=True,
    names={key: BASES[key] for key in ("contract", "consent")},
)
AGREEMENT: Final = Question(
    "rights.agreement",
    _("Agreement or letter"),
    _("The name or number by which others can find the permission, such as agreement-2026-04."),
    needed=True,
)
EXPIRES: Final = Question(
    "rights.expires",
    _("Until when does it hold?"),
    _("The date on which the permission ends, such as 2031-12-31; «-» if it doesn't."),
    answers.day,
)
PURPOSES: Final = Question(
    "rights.uses",
    _("What may it be used for?"),
    _("To train models, to redistribute the texts, to evaluate models: one or several, with commas."),
    answers.choices(USES),
    needed=True,
    default=_uses,
    names=USES,
)
QUOTATION: Final = Question(
    "rights.quotation",
    _("Sentence that states it"),
    _("Copy the sentence that states the licence, so that others can check it."),
)
QUOTED_FROM: Final = Question(
    "rights.quoted_from",
    _("Where does that sentence stand?"),
    _("The address of the page where you read it."),
    answers.address,
)
ABOUT: Final = (
    Question(
        "title",
        _("Title"),
        _("What do those who know the collection call it?"),
        needed=True,
    ),
    Question(
        "id",
        _("Name in the catalogue"),
        _("Recipes and every document name it so; it isn't changed later."),
        answers.identifier,
        needed=True,
        default=lambda before, _: answers.slug(before["title"]) or None,
    ),
    Question(
        "holder",
        _("Who holds it?"),
        _("The institution, family or community that keeps it and can give permission."),
        needed=True,
    ),
    Question(
        "homepage",
        _("Page"),
        _("The address where the collection is found or described."),
        answers.address,
    ),
    Question(
        "contact",
        _("Contact"),
        _("Whom to write to with questions; it is needed to collect a website."),
        answers.contact,
    ),
    Question(
        "genre",
        _("Genre"),
        _("It decides by which rules the texts are judged: a song may repeat its refrain."),
        answers.choice(GENRES, also=genre_of, key="genre"),
        needed=True,
        default=_of_template("genre"),
        names=GENRES,
    ),
    Question(
        "country",
        _("Country"),
        _("The country of the texts, by its name or code; «-» where there are several."),
        answers.country,
    ),
    Question(
        "languages",
        _("Languages"),
        _("By their names or codes of three letters, with commas: Spanish, quy."),
        answers.languages,
    ),
)
_WHERE: Final = _("Where to begin?")
_AS_IT_IS: Final = "as-it-is"
_FORMS: Final = {_AS_IT_IS: _("as it is"), **FORMS}


def _form(typed: str) -> str | None:
    """Return prose or verse; None for texts whose form the source leaves open."""
    form = answers.choice(_FORMS)(typed)
    return None if form == _AS_IT_IS else form


COLLECTED: Final = (
    Question(
        "collect.crawl.start",
        _WHERE,
        _("The address from which the pages are found."),
        answers.address,
        needed=True,
        default=_address_on_site("collect.crawl.start"),
    ),
    Question(
        "collect.oai.address",
        _("Address of OAI-PMH"),
        _("The door through which the repository gives its records, without ?verb=…; its administrator knows it."),
        answers.address,
        needed=True,
        default=_address_on_site("collect.oai.address"),
    ),
    Question(
        "collect.files",
        _("Which files are they?"),
        _("One kind or several, with commas; in the folder and in those inside it."),
        answers.files,
        needed=True,
        default=lambda _, __: "text",
        names=answers.FILE_NAMES,
    ),
    Question(
        "collect.form",
        _("Prose or verse?"),
        _("In prose, lines of a paragraph are joined; in verse, each is kept. As it is: each text's shape decides."),
        _form,
        default=lambda before, template: _of_template("collect.form")(before, template) or _AS_IT_IS,
        names=_FORMS,
    ),
    Question(
        "collect.index.file",
        _("Is there a catalogue of the files?"),
        _(
            "A table in the folder that says what each file is and under which terms: its name, such as catalogo.xlsx; "
            "«-» if there is none. Texts for which it has no row aren't released."
        ),
        answers.catalogue,
    ),
)
