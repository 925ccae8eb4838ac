"""The values that all documents of one file, or of one member of an archive, share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from latam_corpus.catalog.source import Form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.documents.contract import Watch
    from latam_corpus.formats.format import Format

FORMS = frozenset(get_args(Form))


@dataclass(frozen=True)
class RecordContext:
    """The values that all documents of one file, or of one member of an archive, share.

    Attributes:
        member: the member's path in the archive; None for a file that isn't an archive.
        part: the part of the file that is read, for the name of a failure of the whole part.
        catalogued: the columns that a catalogue states of the file; None if it has no row.
        rows: the catalogue's rows that name the file, and the labels of its bag; their terms narrow the source's terms.
        has_row: whether the catalogue names the file, or the archive that contains it.
        near: the name in the catalogue that is closest to the file's name, if the file has no row.
        unnamed: the catalogues that may restrict the file and that the source doesn't name, each with the line of TOML
            that reads it.
        watch: the checker of the records that are read.
    """

    source: Source
    file: str
    format: Format
    genre: str | None = None
    member: str | None = None
    part: str | None = None
    catalogued: Mapping[str, Any] | None = None
    rows: tuple[Mapping[str, Any], ...] = ()
    has_row: bool = False
    near: str = ""
    unnamed: tuple[tuple[str, str], ...] = ()
    watch: Watch | None = field(default=None, compare=False, repr=False)

    @property
    def relative(self) -> str:
        """The path in the source, as if archives were folders."""
        return self.file if self.member is None else f"{self.file}/{self.member}"

    @property
    def is_unlisted(self) -> bool:
        """Whether the file is held back because the source has a catalogue without a row for it."""
        return self.source.collect.index is not None and not self.has_row

    @property
    def media_type(self) -> str | None:
        """The media type of bytes whose text must be extracted; None if the records contain text."""
        collect = self.source.collect
        if self.format.media_type is not None:
            return self.with_form(collect.media_type or self.format.media_type)
        if collect.columns.raw is not None:
            # A text column has characters: they are decoded already, whatever charset the HTML declares.
            return self.with_form(f"{collect.media_type or 'text/html'}; charset=utf-8")
        return None

    def with_form(self, media_type: str) -> str:
        """Add parameters to the media type: the stated form of the text, and the properties of the file."""
        collect = self.source.collect
        stated = (self.catalogued or {}).get("form")
        form = stated if stated in FORMS else collect.form
        media_type += f"; form={form}" if form else ""
        return media_type + (f"; properties={'+'.join(collect.properties)}" if collect.properties else "")

    def named(self, member: str | None) -> str | None:
        """Return the name of a record in the file, after the name of its member if the file is an archive."""
        if self.member is None or member is None:
            return member if self.member is None else self.member
        return f"{self.member}#{member}"

    def defaults(self) -> dict[str, Any]:
        """Return the default values of columns, for records without their own."""
        values = self.source.column_values
        return {**values, "genre": values["genre"] or self.genre}
