"""The columns of the sheet of sources, with name, purpose, example, and the conversion of cells."""

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
    LICENCES,
    STATUSES,
    TIERS,
    USES,
)
from latam_corpus.catalog.named_values import composition_of, genre_of
from latam_corpus.desk import answers
from latam_corpus.messages import Message, _, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# The key of the URL for each kind of collection, and whether its value is a list.
_ADDRESSES: Final = {
    "crawl": (("collect", "crawl", "start"), True),
    "feeds": (("collect", "feeds", "start"), True),
    "oai": (("collect", "oai", "address"), False),
    "commoncrawl": (("collect", "commoncrawl", "index"), True),
}


@dataclass(frozen=True)
class Field:
    """A column of the sheet.

    Attributes:
        key: the dotted key in the source file.
        head: the name of the column.
        why: its purpose, in a sentence.
        example: an example of a cell.
        read: a function that returns the value of a cell's text.
        names: the display names of the choices; empty if any text is allowed.
        listed: whether the value is a list.
        needed: whether a source requires the value.
    """

    key: str
    head: Message
    why: Message
    example: Message
    read: Callable[[str], Any] = str.strip
    names: Mapping[str, Message] = field(default_factory=dict)
    listed: bool = False
    needed: bool = False

    @property
    def paths(self) -> Sequence[tuple[str, ...]]:
        """The keys under which a file may have the value, each as a path."""
        if self.key == _ADDRESS:
            return [path for path, _ in _ADDRESSES.values()]
        return [tuple(self.key.split("."))]

    def path_for(self, kind: str) -> tuple[str, ...]:
        """Return the path of the value's key in a source that is collected in this way."""
        return _ADDRESSES.get(kind, _ADDRESSES["crawl"])[0] if self.key == _ADDRESS else self.paths[0]

    def wrapped(self, value: Any, kind: str) -> Any:
        """Return the value; if this kind of collection has a single URL, without the list around it."""
        return value[0] if self.key == _ADDRESS and not _ADDRESSES.get(kind, ((), True))[1] else value

    def shown(self, value: Any, language: str) -> str:
        """Return the value as text for a cell, with display names in the sheet's language."""
        if isinstance(value, list):
            between = ", " if self.names or self.key == "languages" else "; "
            return between.join(self.shown(item, language) for item in value)
        return self.names[value].translate(language) if value in self.names else str(value)


_ADDRESS: Final = "collect.address"
_NONE: Final = same("")
FIELDS: Final = (
    Field(
        "id",
        _("Name in the catalogue"),
        _("Lower-case letters without accents, digits and hyphens. It doesn't change later."),
        same("cartas-familia"),
        answers.identifier,
        needed=True,
    ),
    Field(
        "title",
        _("Title"),
        _("The name of the collection."),
        _("Letters of a family"),
        needed=True,
    ),
    Field(
        "holder",
        _("Who keeps it"),
        _("The institution, family or community that keeps the collection and can give permission."),
        _("Example family"),
        needed=True,
    ),
    Field(
        "homepage",
        _("Page"),
        _("The address where the collection is found or described."),
        same("https://cartas.example/"),
        answers.address,
    ),
    Field(
        "contact",
        _("Contact"),
        _("Whom to write to with questions. Required for a website."),
        same("familia@cartas.example"),
        answers.contact,
    ),
    Field(
        "status",
        _("Status"),
        _("Whether the rights have been checked, or permission must be asked first."),
        STATUSES["unverified"],
        answers.choice(STATUSES, numbered=False),
        STATUSES,
    ),
    Field(
        "genre",
        _("Genre"),
        _("The genre decides which rules filter the texts."),
        GENRES["literature"],
        answers.choice(GENRES, numbered=False, synonym_of=genre_of, key="genre"),
        GENRES,
    ),
    Field(
        "country",
        _("Country"),
        _("Its name or two-letter code; empty if there are several."),
        COUNTRIES["CL"],
        answers.country,
        COUNTRIES,
    ),
    Field(
        "languages",
        _("Languages"),
        _("Names or three-letter codes (ISO 639-3), separated by commas."),
        same("spa, arn"),
        answers.languages,
        listed=True,
    ),
    Field(
        "composition",
        _("Composition"),
        _("Whether the texts are originals or translations."),
        COMPOSITIONS["original"],
        answers.choice(COMPOSITIONS, numbered=False, synonym_of=composition_of),
        COMPOSITIONS,
    ),
    Field(
        "notes",
        _("Notes"),
        _("Anything else that users of the collection should know."),
        _NONE,
    ),
    Field(
        "rights.statement",
        _("Licence or rights"),
        _("The name or address of a licence. Empty if it isn't known: then nothing is released."),
        same("CC-BY-4.0"),
        answers.licence,
        {key: same(key) for key in LICENCES if key},
    ),
    Field(
        "rights.basis",
        _("Basis"),
        _("The legal basis of the rights: a licence, the public domain, a contract or consent."),
        BASES["licence"],
        answers.choice(BASES, numbered=False),
        BASES,
    ),
    Field(
        "rights.tier",
        _("Tier"),
        _("Only for a written permission: “by permission”."),
        _NONE,
        answers.choice(TIERS, numbered=False),
        TIERS,
    ),
    Field(
        "rights.uses",
        _("Uses"),
        _("The permitted uses, separated by commas."),
        _("train, redistribute, evaluate"),
        answers.choices(USES, numbered=False),
        USES,
        listed=True,
    ),
    Field(
        "rights.agreement",
        _("Agreement"),
        _("The name or number of the written permission."),
        _NONE,
    ),
    Field(
        "rights.expires",
        _("Holds until"),
        _("A date, such as 2031-12-31."),
        _NONE,
        answers.day,
    ),
    Field(
        "rights.embargo_until",
        _("Not before"),
        _("The first day on which it may be released."),
        _NONE,
        answers.day,
    ),
    Field(
        "rights.quotation",
        _("Sentence that states it"),
        _("The sentence, copied, so that others can check it."),
        _NONE,
    ),
    Field(
        "rights.quoted_from",
        _("Where the sentence stands"),
        _("The address of the page."),
        same("https://cartas.example/derechos"),
        answers.address,
    ),
    Field(
        "rights.quoted_on",
        _("Read on"),
        _("The day on which it was read."),
        same("2026-11-25"),
        answers.day,
    ),
    Field(
        "contributor",
        _("Who brings it"),
        _("The person or institution that brings the collection to the catalogue."),
        _NONE,
    ),
    Field(
        "collect.kind",
        _("How it is collected"),
        _("Files that you have, a website, feeds, an OAI-PMH repository."),
        KINDS["files"],
        answers.choice(KINDS, numbered=False),
        KINDS,
    ),
    Field(
        _ADDRESS,
        _("Address to collect from"),
        _("The home page, the feeds or the OAI-PMH base address; empty for files."),
        _NONE,
        answers.split_list,
        listed=True,
    ),
    Field(
        "collect.files",
        _("Files"),
        _("The files of the folder that are read, separated by semicolons; empty for all."),
        same("**/*.txt"),
        answers.split_list,
        listed=True,
    ),
    Field(
        "collect.form",
        _("Prose or verse"),
        _("Prose joins the lines of a paragraph; verse keeps each line. Empty: the shape of each text decides."),
        _NONE,
        answers.choice(FORMS, numbered=False),
        FORMS,
    ),
)
OTHER: Final = Field(
    "other",
    _("Other data (TOML)"),
    _("Values of the source file without a column. Leave them as they are."),
    _NONE,
)
TO_CORRECT: Final = _("What to correct")
# The key for folded heads of sheets that earlier versions exported and that may still be in use.
FORMER_HEADS: Final = {"holder": ("who holds it", "quien la tiene", "quem a tem"), "status": ("estado",)}


def field_of(key: str) -> Field | None:
    """Return the column for a key of the source file; None if there is none."""
    columns = (*FIELDS, OTHER)
    return next((column for column in columns if column.key == key or key in map(".".join, column.paths)), None)
