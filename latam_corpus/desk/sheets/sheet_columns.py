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
    head: Message
    why: Message
    example: Message
    read: Callable[[str], Any] = str.strip
    names: Mapping[str, Message] = field(default_factory=dict)
    listed: bool = False
    needed: bool = False

    @property
    def paths(self) -> Sequence[tuple[str, ...]]:
        """The places in a file at which the value may stand."""
        if self.key == _ADDRESS:
            return [path for path, _ in _ADDRESSES.values()]
        return [tuple(self.key.split("."))]

    def path_for(self, kind: str) -> tuple[str, ...]:
        """Return the place at which it stands in a source of this kind."""
        return _ADDRESSES.get(kind, _ADDRESSES["crawl"])[0] if self.key == _ADDRESS else self.paths[0]

    def wrapped(self, value: Any, kind: str) -> Any:
        """Return the value as a source of this kind has it."""
        return value[0] if self.key == _ADDRESS and not _ADDRESSES.get(kind, ((), True))[1] else value

    def shown(self, value: Any, language: str) -> str:
        """Return the value as a cell, its words in the sheet's language."""
        if isinstance(value, list):
            between = ", " if self.names or self.key == "languages" else "; "
            return between.join(self.shown(one, language) for one in value)
        return self.names[value].translate(language) if value in self.names else str(value)


_ADDRESS: Final = "collect.address"
_NONE: Final = same("")
FIELDS: Final = (
    Field(
        "id",
        _("Name in the catalogue"),
        _("Small letters without accents, digits and hyphens. It doesn't change later."),
        same("cartas-familia"),
        answers.identifier,
        needed=True,
    ),
    Field(
        "title",
        _("Title"),
        _("What the collection is called."),
        _("Letters of a family"),
        needed=True,
    ),
    Field(
        "holder",
        _("Who holds it"),
        _("The institution, family or community that can give permission."),
        _("Example family"),
        needed=True,
    ),
    Field(
        "homepage",
        _("Page"),
        _("Where it is found or described."),
        same("https://cartas.example/"),
        answers.address,
    ),
    Field(
        "contact",
        _("Contact"),
        _("Whom to write to. Needed for a website."),
        same("familia@cartas.example"),
        answers.contact,
    ),
    Field(
        "status",
        _("Status"),
        _("Whether somebody has checked the rights, or permission must be asked first."),
        STATUSES["unverified"],
        answers.choice(STATUSES, numbered=False),
        STATUSES,
    ),
    Field(
        "genre",
        _("Genre"),
        _("It decides by which rules the texts are judged."),
        GENRES["literature"],
        answers.choice(GENRES, numbered=False, also=genre_of, key="genre"),
        GENRES,
    ),
    Field(
        "country",
        _("Country"),
        _("By its name or code of two letters; empty where there are several."),
        COUNTRIES["CL"],
        answers.country,
        COUNTRIES,
    ),
    Field(
        "languages",
        _("Languages"),
        _("By their names or codes of three letters (ISO 639-3), with commas."),
        same("spa, arn"),
        answers.languages,
        listed=True,
    ),
    Field(
        "composition",
        _("Composition"),
        _("Whether the texts are originals or translations."),
        COMPOSITIONS["original"],
        answers.choice(COMPOSITIONS, numbered=False, also=composition_of),
        COMPOSITIONS,
    ),
    Field(
        "notes",
        _("Notes"),
        _("What should be known and has no other place."),
        _NONE,
    ),
    Field(
        "rights.statement",
        _("Licence or rights"),
        _("A licence by its name or address. Empty where nobody knows: then nothing is released."),
        same("CC-BY-4.0"),
        answers.licence,
        {key: same(key) for key in LICENCES if key},
    ),
    Field(
        "rights.basis",
        _("Basis"),
        _("What it rests on."),
        BASES["licence"],
        answers.choice(BASES, numbered=False),
        BASES,
    ),
    Field(
        "rights.tier",
        _("Tier"),
        _("Only where there is a written permission: “by permission”."),
        _NONE,
        answers.choice(TIERS, numbered=False),
        TIERS,
    ),
    Field(
        "rights.uses",
        _("Uses"),
        _("What it may be used for, with commas."),
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
        _("From which day it may be released."),
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
        _("The person or institution that brings it to the catalogue."),
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
        _("The home page, the feeds or the OAI-PMH door; empty for files."),
        _NONE,
        answers.listed,
        listed=True,
    ),
    Field(
        "collect.files",
        _("Files"),
        _("Which files of the folder are read, with semicolons; empty for all."),
        same("**/*.txt"),
        answers.listed,
        listed=True,
    ),
    Field(
        "collect.form",
        _("Prose or verse"),
        _("In prose, lines of a paragraph are joined; in verse, each is kept. Empty: each text's shape decides."),
        _NONE,
        answers.choice(FORMS, numbered=False),
        FORMS,
    ),
)
OTHER: Final = Field(
    "other",
    _("Other data (TOML)"),
    _("What has no column, as the source's file writes it. Leave it as it is."),
    _NONE,
)
TO_CORRECT: Final = _("What to correct")


def field_of(key: str) -> Field | None:
    """Return the field with this key of the source file; None for one that has no column."""
    return next((one for one in (*FIELDS, OTHER) if one.key == key or key in map(".".join, one.paths)), None)
