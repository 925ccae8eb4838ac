"""Read sources: collections with their holders, their mapping to documents, their rights and their consent.

A source is one TOML file. The shipped ones are in `sources/` and are identified by their id, others by their path. A
source without `[rights]` can be collected and measured, but never released.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, create_model, model_validator

from latam_corpus import vocabulary
from latam_corpus.catalog.community_labels import closing, known_label, narrowed_tier
from latam_corpus.catalog.display_names import near_word
from latam_corpus.catalog.fields import Charset, Country, Language, Pattern, TomlModel, as_tuple
from latam_corpus.catalog.harvest_tables import CommonCrawl, Crawl, Feeds, Oai
from latam_corpus.catalog.named_values import genre_of
from latam_corpus.catalog.rights import tier_of
from latam_corpus.columns import DOCUMENT, KEYS
from latam_corpus.config.toml_model import load_toml, path_remedy
from latam_corpus.errors import ConfigError, closest
from latam_corpus.formats.registry import BY_NAME, NAMES
from latam_corpus.messages import _
from latam_corpus.vocabulary import Tier, Use

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCES = Path(__file__).resolve().parent / "sources"


def _genre(value: object) -> object:
    """Return the genre of a name; an unknown name is returned unchanged, for the error message."""
    return genre_of(value) or value if isinstance(value, str) else value


# The schema's vocabularies. Pydantic supports unpacked literals, but mypy doesn't.
Genre = Literal[*vocabulary.GENRES]  # type: ignore[valid-type]
NamedGenre = Annotated[Genre, BeforeValidator(_genre)]
Composition = Literal[*vocabulary.COMPOSITIONS]  # type: ignore[valid-type]
Basis = Literal[*vocabulary.BASES]  # type: ignore[valid-type]
Format = Literal[*NAMES]  # type: ignore[valid-type]
ExtraType = Literal[*vocabulary.EXTRA_TYPES]  # type: ignore[valid-type]
Form = Literal["prose", "verse", "interview"]
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]

# The columns of web archives, written by their reader and by the crawler.
METADATA_COLUMNS: Final = tuple(name for name, key in KEYS.items() if key.of_pages)
PAGE_COLUMNS: Final = frozenset({*METADATA_COLUMNS, "obtained", "raw"})


def _pick(value: object) -> object:
    """Expand a shorthand: a text is the record's column, and `false` turns the column off."""
    if isinstance(value, str):
        return {"column": value}
    return {"leave": True} if value is False else value


class Rights(TomlModel):
    """The terms of a source, their basis, and the allowed uses.

    Attributes:
        statement: a licence by its name or address: SPDX, Creative Commons or rightsstatements.org.
        basis: the legal basis of the permission.
        uses: the allowed uses of the texts.
        tier: the rights tier, only if the statement doesn't determine it, as with a written permission.
        agreement: the name or number of a written permission.
        expires: the last day of the permission.
        embargo_until: the day on which the embargo ends; nothing is released before it.
        quotation: the sentence that states the licence, word for word.
        quoted_from: the address of the page with that sentence.
        quoted_on: the day on which it was read.
        jurisdiction: the country whose law applies to the basis; for the public domain, the country where it is free.
        free_since: for the public domain, the first year in which it is free there.
    """

    statement: str
    jurisdiction: Country | None = None
    free_since: Annotated[int, Field(ge=1500, le=2200)] | None = None
    basis: Basis | None = None
    uses: Annotated[tuple[Use, ...], BeforeValidator(as_tuple)]
    tier: Tier | None = None
    agreement: str | None = None
    expires: date | None = None
    embargo_until: date | None = None
    quotation: str | None = None
    quoted_from: str | None = None
    quoted_on: date | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        derived = tier_of(self.statement)
        if self.tier is not None and derived not in ("unknown", self.tier):
            raise ValueError(
                _(
                    "the statement gives the tier «{derived}», not «{tier}»; leave `tier` out",
                    derived=derived,
                    tier=self.tier,
                )
            )
        if self.basis is None and set(self.uses) - {"evaluate"}:
            raise ValueError(_('training and redistribution need a legal basis; name it: basis = "licence", …'))
        if self.free_since is not None and (self.basis != "public_domain" or self.jurisdiction is None):
            raise ValueError(
                _('free_since is only for the public domain; write basis = "public_domain" and jurisdiction = "CL"')
            )
        if self.expires and self.embargo_until and self.expires < self.embargo_until:
            raise ValueError(_("it expires before its embargo ends; correct one of the two dates"))
        if self.tier == "permission" and not self.agreement:
            raise ValueError(_('the tier «permission» needs an agreement; name it: agreement = "…"'))
        return self


class ConsentRecord(TomlModel):
    """A record of free, prior and informed consent, or a label that a community attached to the material.

    Attributes:
        id: the identifier under which it is stored.
        label: the address of a Local Contexts label.
        community: the name of the community, or of its body that gave consent.
        given: the day on which it was given.
        scope: the uses that it covers; by default, all that the rights allow.
        expires: the last day on which it is valid.
        withdrawal_contact: the contact for withdrawing it.
        language: the language in which it was asked for and given.
    """

    id: str
    label: Annotated[str, AfterValidator(known_label)] | None = None
    community: str | None = None
    given: date | None = None
    scope: Annotated[tuple[Use, ...], BeforeValidator(as_tuple)] | None = None
    expires: date | None = None
    withdrawal_contact: str | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.given and self.expires and self.expires < self.given:
            raise ValueError(_("the consent expires before it was given; correct one of the two dates"))
        return self


class Consent(TomlModel):
    """The consent terms of a source.

    Attributes:
        records: consent records and labels.
        third_persons: a file next to the source's, with the names of persons who didn't speak for themselves, one per
            line; `redact` replaces them.
        speakers: a table next to the source's file, with a code for each speaker of the archive, as `sources speakers`
            writes it; `redact` replaces names by codes if the genre's policy says so.
        records: consent records and labels.
    """

    third_persons: str | None = None
    speakers: str | None = None
    records: Annotated[tuple[ConsentRecord, ...], BeforeValidator(as_tuple)] = ()


class Pick(TomlModel):
    """The origin of a document's column: a record's column, the file's path, or one value for all.

    Attributes:
        column: the record's column.
        path: a regular expression for the file's path; its first group is the value (or the whole match).
        value: one value for all documents.
        pattern: a regular expression for the value; its first group is kept (or the whole match).
        values: the replacement of each value; "" for values without meaning.
        default: the value if there is none, or if `values` lacks it.
        leave: whether to ignore the record's column of the same name; written as `false` in place of the table.
    """

    column: str | None = None
    path: Pattern | None = None
    value: str | None = None
    pattern: Pattern | None = None
    values: dict[str, str] | None = None
    default: str | None = None
    leave: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [self.column, self.path, self.value, self.leave or None]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError(
                _('it needs exactly one origin; write one: column = "…", path = "regular expression" or value = "…"')
            )
        return self


Picked = Annotated[Pick | None, BeforeValidator(_pick, json_schema_input_type=Pick | str | Literal[False] | None)]


class _Columns(TomlModel):
    """The origins of the document's columns; by default, a column is read from the record's column of the same name."""

    if TYPE_CHECKING:

        def __init__(self, **picks: Pick | str | Literal[False] | None) -> None: ...

        def __getattr__(self, column: str) -> Pick | None: ...


# The keys are those of `columns.KEYS`.
if TYPE_CHECKING:
    Columns = _Columns
else:
    Columns = create_model(
        "Columns",
        __base__=_Columns,
        __doc__=_Columns.__doc__,
        __module__=__name__,
        **{name: (Picked, Field(default=None, description=key.help)) for name, key in KEYS.items()},
    )


class Extra(TomlModel):
    """An additional column of the records, which releases have in `extra`.

    Attributes:
        column: the record's column.
        type: the type of its values.
    """

    column: str
    type: ExtraType


class TextMapping(TomlModel):
    """One of several texts of a record: its column, its language, and the parts to delete.

    Attributes:
        column: the record's column with the text.
        language: ISO 639-3, such as quy.
        composition: whether it is original or translated.
        remove: regular expressions, whose matches are deleted.
    """

    column: str
    language: Language | None = None
    composition: Composition | None = None
    remove: Annotated[tuple[Pattern, ...], BeforeValidator(as_tuple)] = ()


class FileIndex(TomlModel):
    """A catalogue in a folder that describes the folder's files.

    Attributes:
        file: its path in the folder or archive, or a pattern. Supported are CSV, XLSX, JSON lines, MARC, MARCXML, MODS,
            METS and Dublin Core.
        column: the column of a table that names each row's file; only needed if it isn't called `archivo`, `arquivo`,
            `file` or the like.
    """

    file: Annotated[str, Field(min_length=1)]
    column: str | None = None


class Collect(TomlModel):
    """The mapping of a source: its files, their format, the joining of records, and the columns.

    Every column that is named here must be in each table, and in at least one record of each file of JSON lines. If one
    is missing, the run fails, and if this is evident from the first records, it fails before it starts.

    Attributes:
        kind: the origin of the records: files, or the servers in the table of this name.
        crawl: a website.
        feeds: RSS and Atom feeds.
        oai: a repository, journal or library, by OAI-PMH.
        commoncrawl: an archive of the web.
        files: patterns of the files' paths, `**` for any folder; by default, all files.
        format: the files' format; by default, according to the suffix.
        delimiter: for CSV, the character that separates columns, if it can't be detected.
        charset: for CSV and catalogues, the charset of files that aren't UTF-8.
        header: for CSV, the columns' names, if the file has no header.
        media_type: the media type of `raw`, if the format doesn't determine it.
        form: whether a text's lines are paragraphs, verses or turns of talk.
        properties: the properties of office documents, PDF and ELAN files that describe the work. The default is none,
            since programs fill them in with the name of their user or of a file.
        group: columns; consecutive records with equal values in these columns form one document.
        group_rows: the maximum number of records in one document.
        gather: whether to join records of a group even if they aren't consecutive in a file.
        remove: regular expressions, whose matches are deleted from every text of records.
        texts: the columns with texts, if a record has several.
        columns: the origin of each column of the documents.
        extra: additional columns of the records, by their names in releases.
        index: a catalogue among the files, with columns for the files' documents.
        optional: columns that files may lack.
        required: columns that must not be empty in any record.
        unique: columns whose values must differ between all records of the source.
        max_null_share: the largest share of the source's records in which each column may be empty, 0 to 1.
        versions: whether records with the same id and different texts are versions of one document. The last one
            obtained is kept; if no record states a time, the one in the last file by name.
    """

    kind: Literal["files", "crawl", "feeds", "oai", "commoncrawl"] = "files"
    crawl: Crawl | None = None
    feeds: Feeds | None = None
    oai: Oai | None = None
    commoncrawl: CommonCrawl | None = None
    files: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    format: Format | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    charset: Charset | None = None
    header: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    media_type: str | None = None
    form: Form | None = None
    properties: Annotated[tuple[Literal["title", "creators"], ...], BeforeValidator(as_tuple)] = ()
    group: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    group_rows: Annotated[int, Field(gt=0)] | None = None
    gather: bool = False
    remove: Annotated[tuple[Pattern, ...], BeforeValidator(as_tuple)] = ()
    texts: Annotated[tuple[TextMapping, ...], BeforeValidator(as_tuple)] = ()
    index: FileIndex | None = None
    columns: Columns = Columns()
    extra: dict[str, Extra] = Field(default_factory=dict)
    optional: Names = ()
    required: Names = ()
    unique: Names = ()
    max_null_share: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    versions: bool = False

    @model_validator(mode="before")
    @classmethod
    def _rights_of_records(cls, values: object) -> object:
        """Map the rights of each record of a repository, unless the source maps them itself or turns them off."""
        if isinstance(values, dict) and values.get("kind") == "oai" and isinstance(values.get("columns", {}), dict):
            return {**values, "columns": {"rights": "rights", **values.get("columns", {})}}
        return values

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.texts and (self.columns.text or self.columns.raw):
            raise ValueError(_("[[collect.texts]] and collect.columns.text exclude each other; keep one of them"))
        tables = {"crawl": self.crawl, "feeds": self.feeds, "oai": self.oai, "commoncrawl": self.commoncrawl}
        for name, table in tables.items():
            if (self.kind == name) != (table is not None):
                raise ValueError(
                    _(
                        'kind = "{name}" and the table [collect.{table}] go together; write both or neither',
                        name=name,
                        table=name,
                    )
                )
        if self.index and self.kind != "files":
            raise ValueError(_('[collect.index] is only for files; write kind = "files", or leave it out'))
        if self.gather and not self.group:
            raise ValueError(_("`gather` needs `group`; name the columns that belong together"))
        self._check_names()
        self._check_extra()
        return self

    def _check_extra(self) -> None:
        if not self.extra:
            return
        from latam_corpus.schema.extra_columns import merged, wrong_declaration

        for name, extra in self.extra.items():
            if wrong := wrong_declaration(name, extra.type):
                raise ValueError(_("{problem}; {remedy}", problem=wrong[0], remedy=wrong[1]))
        try:
            merged((f"[collect.extra] {name}", {name: extra.type}) for name, extra in self.extra.items())
        except ConfigError as error:
            raise ValueError(_("{problem}; {remedy}", problem=error.problem, remedy=error.remedy)) from None

    def _check_names(self) -> None:
        keys_by_column = self.named
        for column in self.optional:
            if column not in keys_by_column:
                raise ValueError(
                    _(
                        "`optional` has «{column}», which nothing else names; {remedy}",
                        column=column,
                        remedy=closest(column, keys_by_column),
                    )
                )
            if column in self.required:
                raise ValueError(_("«{column}» is both required and optional; keep one of them", column=column))
        possible_columns = self._possible_columns
        for column, key in keys_by_column.items():
            if possible_columns is None or not key or column in possible_columns:
                continue
            if len(possible_columns) == 1:
                raise ValueError(
                    _(
                        "these files are read whole and have no column «{column}»; {remedy}",
                        column=column,
                        remedy=closest(column, possible_columns),
                    )
                )
            raise ValueError(
                _(
                    "these are pages and have no column «{column}»; {remedy}",
                    column=column,
                    remedy=closest(column, possible_columns),
                )
            )

    @property
    def _possible_columns(self) -> frozenset[str] | None:
        """The columns that records can have; None if the format doesn't determine them."""
        if self.format and BY_NAME[self.format].extractor:
            return None if self.index else frozenset({"raw"})
        is_archived = self.format is not None and BY_NAME[self.format].is_web_archive
        return PAGE_COLUMNS if self.kind != "files" or is_archived else None

    @property
    def named(self) -> dict[str, str]:
        """The record's columns that the source names, each with the first key that names it.

        By default, the column with the texts is `text`, without a key.

        >>> Collect(group=("libro",), columns=Columns(title=Pick(column="libro"))).named
        {'libro': 'columns.title', 'text': ''}
        """
        picks = [(f"columns.{name}", getattr(self.columns, name)) for name in Columns.model_fields]
        columns = [(pick.column, key) for key, pick in picks if pick and pick.column]
        columns += [(text.column, "texts") for text in self.texts]
        columns += [(extra.column, f"extra.{name}") for name, extra in self.extra.items()]
        columns += [(column, "group") for column in self.group]
        columns += [(column, "required") for column in self.required]
        columns += [(column, "unique") for column in self.unique]
        columns += [(column, "max_null_share") for column in self.max_null_share]
        if not (self.texts or self.columns.text or self.columns.raw):
            columns.append(("text", ""))
        named: dict[str, str] = {}
        for column, key in columns:
            named.setdefault(column, key)
        return named

    @property
    def joins_records(self) -> bool:
        """Whether several records form one document."""
        return bool(self.group) or self.group_rows is not None

    @property
    def asked(self) -> Crawl | Feeds | Oai | CommonCrawl | None:
        """The table of the servers to fetch from; None for a source of files."""
        return self.crawl or self.feeds or self.oai or self.commoncrawl


class Source(TomlModel):
    """A source of the catalogue.

    Attributes:
        id: its name in recipes and in every document; it must not change later.
        title: the name of the collection.
        holder: the person or institution that holds it and can give permission.
        homepage: the page that describes it.
        contact: the address for questions; needed for a website.
        status: whether the rights have been checked, or permission must be asked first.
        genre: the genre, which determines the rules for the texts.
        country: the country of the texts, ISO 3166-1, such as CL.
        languages: the languages of the texts, ISO 639-3, such as spa.
        composition: whether the texts are originals or translations.
        contributor: the person or institution that adds it to the catalogue.
        notes: other information for which there is no key.
        rights: the terms; without them, the source is measured and never released.
        consent: records of consent.
        collect: how its records are read.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: str
    holder: str
    homepage: str | None = None
    contact: str | None = None
    status: Literal["verified", "unverified", "ask_first"] = "unverified"
    genre: NamedGenre | None = None
    country: Country | None = None
    languages: Annotated[tuple[Language, ...], BeforeValidator(as_tuple)] = ()
    composition: Composition = "original"
    contributor: str | None = None
    notes: str | None = None
    rights: Rights | None = None
    consent: Consent = Consent()
    collect: Collect = Collect()
    _file: Path | None = PrivateAttr(default=None)

    def __eq__(self, value: object) -> bool:
        """Whether both sources have the same content, regardless of the files from which they were read."""
        return type(value) is type(self) and value.__dict__ == self.__dict__

    __hash__ = TomlModel.__hash__

    def read_from(self, path: Path) -> Self:
        """Record the source's file, next to which its lists are stored, and return the source."""
        self._file = path
        return self

    @property
    def names_file(self) -> Path | None:
        """The list of third persons' names, relative to the source's file; None if there is no list."""
        named = self.consent.third_persons
        return None if named is None else (self._file.parent if self._file else Path()) / named

    @property
    def speakers_file(self) -> Path | None:
        """The key of its speakers, relative to the source's file; None if there is no key."""
        named = self.consent.speakers
        return None if named is None else (self._file.parent if self._file else Path()) / named

    @property
    def tier(self) -> str:
        """The stated rights tier, or else that of the statement, narrowed by labels; `unknown` without rights."""
        if self.rights is None:
            return "unknown"
        return narrowed_tier(self.rights.tier or tier_of(self.rights.statement), self.labels)

    @property
    def uses(self) -> tuple[str, ...]:
        """The uses that rights, consents and labels allow; none without rights."""
        return self.consented(self.rights.uses if self.rights else ())

    @property
    def labels(self) -> tuple[str, ...]:
        """The addresses of the labels on the source."""
        return tuple(record.label for record in self.consent.records if record.label)

    @property
    def closed_by(self) -> list[str]:
        """The codes of the labels that close the source; none if it has the holder's written agreement."""
        return [] if self.rights and self.rights.agreement else closing(self.labels)

    @property
    def expires(self) -> date | None:
        """The last day on which its rights and all of its consents are valid."""
        days = [self.rights.expires if self.rights else None, *(record.expires for record in self.consent.records)]
        return min((day for day in days if day), default=None)

    @property
    def only_language(self) -> str | None:
        """Its language; None if it has several or states none."""
        return self.languages[0] if len(self.languages) == 1 else None

    @property
    def consent_rows(self) -> list[dict[str, Any]] | None:
        """Its records of consent in the form of documents, `schema.CONSENT`; None if it has none."""
        return [record.model_dump(include={"id", "label", "community"}) for record in self.consent.records] or None

    @property
    def column_values(self) -> dict[str, Any]:
        """The values for the columns of documents whose records state none."""
        return {column.name: _value_at(self, column.source) for column in DOCUMENT if column.source}

    def consented(self, uses: Iterable[Use]) -> tuple[Use, ...]:
        """Return those of the uses that every consent covers; none if a label closes the source."""
        scopes = [record.scope for record in self.consent.records if record.scope is not None]
        return () if self.closed_by else tuple(use for use in uses if all(use in scope for scope in scopes))


def _value_at(source: Source, path: str) -> Any:
    """Return the attribute of a source at a dotted path; None if one of its tables is missing."""
    value: Any = source
    for name in path.split("."):
        value = None if value is None else getattr(value, name)
    return list(value) if isinstance(value, tuple) else value


def load_source(id_or_path: str | Path) -> Source:
    """Return the source with this catalogue id, or the source in the file with this path.

    Raises:
        ConfigError: there is no such source, or its file has an error.

    >>> load_source("conha19").genre
    'literature'
    """
    name = str(id_or_path)
    if name.endswith(".toml"):
        path = Path(name).expanduser()
        return load_toml(path, Source, "source", near_word).read_from(path)
    if "." in name or "/" in name:  # ids contain neither
        raise ConfigError(name, _("there is no such file"), path_remedy(Path(name).expanduser()))
    if name not in _shipped_ids():
        problem = _("there is no source «{name}» in the catalogue", name=name)
        raise ConfigError(_("source"), problem, closest(name, _shipped_ids()))
    return _shipped(name)


def shipped_sources() -> list[Source]:
    """Return the sources of the catalogue, sorted by id.

    >>> "conha19" in [source.id for source in shipped_sources()]
    True
    """
    return [_shipped(source_id) for source_id in _shipped_ids()]


def _shipped_ids() -> list[str]:
    return sorted(path.stem for path in SOURCES.glob("*.toml"))


@lru_cache
def _shipped(source_id: str) -> Source:
    return load_toml(SOURCES / f"{source_id}.toml", Source, "source", near_word)
