"""The questions of `sources new`, each with its purpose, its default, and a function that reads the answer."""

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

# Tiers whose statement of rights allows all uses. For other tiers, the user, who knows the agreement, names the uses.
_FREE: Final = frozenset({"open", "attribution", "share_alike"})


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        key: the dotted key in the source file.
        ask: the question.
        why: its purpose, in one or two sentences.
        read: a function that returns the value of a typed answer.
        needed: whether it must be answered.
        default: a function of the previous answers and the template that returns the answer for Enter; None for no
            answer.
        names: the display names of the choices, which are shown numbered.
    """

    key: str
    ask: Message
    why: Message
    read: Callable[[str], Any] = answers.text
    needed: bool = False
    default: Callable[[Mapping[str, Any], Template], str | None] = lambda _, __: None
    names: Mapping[str, Message] = field(default_factory=dict)


def _of_template(key: str) -> Callable[[Mapping[str, Any], Template], str | None]:
    """Return a `default` function that returns the template's value for the key."""

    def default(_: Mapping[str, Any], template: Template) -> str | None:
        value: str | list[str] | None = template.values.get(key)
        return ", ".join(value) if isinstance(value, list) else value

    return default


def _address_on_site(key: str) -> Callable[[Mapping[str, Any], Template], str | None]:
    """Return a `default` function that returns the template's URL with the host of the homepage."""

    def default(answers_so_far: Mapping[str, Any], template: Template) -> str | None:
        homepage: str | None = answers_so_far.get("homepage")
        example = template.values.get(key)
        if not homepage or not example:
            return None
        path = urlsplit(example if isinstance(example, str) else example[0]).path
        return homepage if path == "/" else urljoin(homepage, path)

    return default


def _uses(answers_so_far: Mapping[str, Any], template: Template) -> str:
    if tier_of(answers_so_far.get("rights.statement")) in _FREE and "rights.uses" not in template.own_keys:
        return ", ".join(USES)
    return "evaluate"


STATEMENT: Final = Question(
    "rights.statement",
    _("Which licence or rights apply?"),
    _(
        "The licence decides what may be released. Write a number, or the name or address of another licence. "
        "If you don't know it, the source can be measured, but not released."
    ),
    answers.statement,
    names=LICENCES,
)
BASIS: Final = Question(
    "rights.basis",
    _("What kind of permission is it?"),
    _("An institution signs a contract; speakers or authors give their consent."),
    answers.choice({key: BASES[key] for key in ("contract", "consent")}),
    needed=True,
    names={key: BASES[key] for key in ("contract", "consent")},
)
AGREEMENT: Final = Question(
    "rights.agreement",
    _("Agreement or letter"),
    _("Its name or number, with which others can find it, such as agreement-2026-04."),
    needed=True,
)
EXPIRES: Final = Question(
    "rights.expires",
    _("Until when is it valid?"),
    _("The last day of the permission, such as 2031-12-31; «-» if it has no end."),
    answers.day,
)
PURPOSES: Final = Question(
    "rights.uses",
    _("What may it be used for?"),
    _("To train models, to redistribute the texts, to evaluate models: one or more uses, separated by commas."),
    answers.choices(USES),
    needed=True,
    default=_uses,
    names=USES,
)
QUOTATION: Final = Question(
    "rights.quotation",
    _("Which sentence states the licence?"),
    _("Copy it, so that others can check it."),
)
QUOTED_FROM: Final = Question(
    "rights.quoted_from",
    _("Where is that sentence?"),
    _("The address of the page where you read it."),
    answers.address,
)
ABOUT: Final = (
    Question(
        "title",
        _("Title"),
        _("The name by which the collection is known."),
        needed=True,
    ),
    Question(
        "id",
        _("Name in the catalogue"),
        _("Recipes and documents refer to the source by this name, which doesn't change later."),
        answers.identifier,
        needed=True,
        default=lambda answers_so_far, _: answers.slug(answers_so_far["title"]) or None,
    ),
    Question(
        "holder",
        _("Who keeps it?"),
        _("The institution, family or community that keeps the collection and can give permission."),
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
        _("Whom to write to with questions; required to collect a website."),
        answers.contact,
    ),
    Question(
        "genre",
        _("Genre"),
        _("The genre decides which rules filter the texts: a song, for example, may repeat its refrain."),
        answers.choice(GENRES, synonym_of=genre_of, key="genre"),
        needed=True,
        default=_of_template("genre"),
        names=GENRES,
    ),
    Question(
        "country",
        _("Country"),
        _("The country of the texts, by name or code; «-» if there are several."),
        answers.country,
    ),
    Question(
        "languages",
        _("Languages"),
        _("By name or three-letter code, separated by commas: Spanish, quy."),
        answers.languages,
    ),
)
_START: Final = _("Where does collecting begin?")
_UNSTATED: Final = "as-it-is"
_FORMS: Final = {_UNSTATED: _("as it is"), **FORMS}


def _form(typed: str) -> str | None:
    """Return `prose` or `verse`; None if the source doesn't state a form."""
    form = answers.choice(_FORMS)(typed)
    return None if form == _UNSTATED else form


COLLECTED: Final = (
    Question(
        "collect.crawl.start",
        _START,
        _("The address from which the other pages are found."),
        answers.address,
        needed=True,
        default=_address_on_site("collect.crawl.start"),
    ),
    Question(
        "collect.oai.address",
        _("OAI-PMH base address"),
        _(
            "The address at which the repository provides its records, without ?verb=…; if "
            "you don't know it, ask its administrator."
        ),
        answers.address,
        needed=True,
        default=_address_on_site("collect.oai.address"),
    ),
    Question(
        "collect.files",
        _("What kind of files are they?"),
        _("One or more kinds, separated by commas; files in subfolders are included."),
        answers.files,
        needed=True,
        default=lambda _, __: "text",
        names=answers.FILE_NAMES,
    ),
    Question(
        "collect.form",
        _("Prose or verse?"),
        _("Prose joins the lines of a paragraph; verse keeps each line. As it is: the shape of each text decides."),
        _form,
        default=lambda answers_so_far, template: _of_template("collect.form")(answers_so_far, template) or _UNSTATED,
        names=_FORMS,
    ),
    Question(
        "collect.index.file",
        _("Is there a catalogue of the files?"),
        _(
            "A table in the folder that describes each file and its terms. Write its name, such as catalogo.xlsx, or "
            "«-» if there is none. Texts without a row in it aren't released."
        ),
        answers.catalogue,
    ),
)
