"""Where documents come from: what those of one file, or of one member of an archive, share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.documents.contract import Watch
    from latam_corpus.formats.format import Format


@dataclass(frozen=True)
class RecordContext:
    """What the documents of one file, or of one member of an archive, share.

    Attributes:
        source: what the catalogue says of them.
        file: the file's path in the source.
        format: its format, or the member's.
        genre: what to fall back to.
        member: the member's path in the archive; None for a file that is no archive.
        part: the part of the file that is read, for the name of a failure of all of it.
        catalogued: what a catalogue beside the file says of it, by its columns; None where none does.
        rows: the rows of the catalogue that name the file, and the labels of its bag: their terms narrow its own.
        has_row: whether the catalogue names the file, or the archive in which it is.
        near: the name in the catalogue that is closest to the file's, if it has no row.
        unnamed: the catalogues that may restrict the file and that the source doesn't name, each with the line of TOML
            that reads it.
        watch: what looks at the records meanwhile.
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
        """Whether the source has a catalogue and it has no row for the file, which is held back then."""
        return self.source.collect.index is not None and not self.has_row

    @property
    def media_type(self) -> str | None:
        """The media type of bytes that still need extraction; None where records bring text."""
        collect = self.source.collect
        if self.format.media_type is not None:
            return self.with_form(collect.media_type or self.format.media_type)
        if collect.columns.raw is not None:
            # A text column holds characters; whatever charset its HTML declares was undone before.
            return self.with_form(f"{collect.media_type or 'text/html'}; charset=utf-8")
        return None

    def with_form(self, media_type: str) -> str:
        """Return the media type with the form and the file properties that the source states."""
        collect = self.source.collect
        media_type += f"; form={collect.form}" if collect.form else ""
        return media_type + (f"; properties={'+'.join(collect.properties)}" if collect.properties else "")

    def named(self, member: str | None) -> str | None:
        """Return what finds a record in the file: its name there, in an archive after that of its member."""
        if self.member is None or member is None:
            return member if self.member is None else self.member
        return f"{self.member}#{member}"

    def defaults(self) -> dict[str, Any]:
        """Return the values that stand where a record has none."""
        source, rights = self.source, self.source.rights
        return {
            "declared_language": source.languages[0] if len(source.languages) == 1 else None,
            "country": source.country,
            "genre": source.genre or self.genre,
            "composition": source.composition,
            "contributor": source.contributor,
            "rights": rights.statement if rights else None,
        }
