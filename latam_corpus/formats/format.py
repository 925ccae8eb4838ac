"""The descriptor of a file format. Each format is one value of `Format`, next to the code that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.messages import Message


@dataclass(frozen=True, kw_only=True)
class Marks:
    r"""How to recognise a format in a file's first bytes. One mark is enough.

    Attributes:
        media_type: of these files; by default the format's.
        magic: bytes with their offset; a plain `bytes` value is at the start.
        head: whether the first bytes are of the format, if fixed bytes at a fixed place can't tell.
        mimetypes: in the member `mimetype` with which a ZIP package begins.
        member: how the name of a ZIP package's member begins.
        members: whether the names of a ZIP package's members are those of the format; asked after `mimetypes` and
            `member` of all formats.
        stream: the name of a stream in a Microsoft OLE file.
        without_stream: the name of a stream that an OLE file of the format doesn't have.
        roots: names of an XML file's root element, each alone or with a string that the file must contain.
        text: a regular expression that matches at the start of the text, or a function of the text. Lines end in `\n`.
            XML roots are asked after it.
    """

    media_type: str | None = None
    magic: tuple[bytes | tuple[int, bytes], ...] = ()
    head: Callable[[bytes], bool] | None = None
    mimetypes: tuple[str, ...] = ()
    member: str | None = None
    members: Callable[[list[str]], bool] | None = None
    stream: str | None = None
    without_stream: str | None = None
    roots: tuple[str | tuple[str, str], ...] = ()
    text: str | Callable[[str], bool] | None = None


@dataclass(frozen=True)
class Unread:
    """A format that the toolkit recognises and doesn't read.

    Attributes:
        name: what people call it.
        remedy: what to save the file as.
        marks: how to recognise it.
        sure: whether no file of text, pages or XML can look so.
    """

    name: Message
    remedy: Message
    marks: Marks = Marks()
    sure: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Format:
    """A format that the toolkit reads.

    Code is named as `"module:function"` and imported when the first file of the format is read.

    A format has one of these: an `extractor` makes text of a whole file's bytes, `records` or `reader` give its
    records, and an archive holds other files.

    Attributes:
        name: the value of `collect.format` in a source.
        label: what people call it.
        suffixes: the ends of its files' names.
        marks: how to recognise it, whatever the suffix; without marks the suffix alone decides.
        aliases: other words that people write for the name, without accents.
        media_type: of bytes that still need extraction; None if records bring text.
        extractor: an `Extractor` (`extract/document.py`). HTML has one for each mode of the stage.
        extractor_names: the first words of what its extractors call themselves; by default the format's name.
        also: other media types that the extractor reads.
        records: a function from an open binary file to dicts, one for each record.
        reader: a `Reader` (`collect/records.py`), for formats that need more than `records`: spans, progress, captures.
        splitter: a `Splitter`: finds parts inside a file that can be read on their own.
        archive: whether its files contain others, which are read as if they were in a folder.
        holds: the only format that counts among those; None for all.
        shares_suffix: whether files of other formats have its suffix; its marks decide then, and an unknown XML root is
            no file of the format.
        is_package: whether each of its files is a ZIP package; a truncated one is damaged, and is no other format.
        may_be_another: whether the bytes of a file with its suffix may show another format that is no text.
        is_web_archive: whether its records are captures of web pages.
        form: of the texts (`collect.form`), where all files of the format have the same.
        program: the option of `extract` without which none of its files is read.
        ocr: whether the option `ocr` applies to it.
        in_process: whether its extractor runs outside the sandbox: only if its time and memory grow with its bytes.
        in_pieces: whether its extractor reads piece by piece: each megabyte may take the time limit once more.
        package: the module of the plug-in package that brings it; empty for the toolkit's own.
    """

    name: str
    label: Message
    suffixes: tuple[str, ...]
    marks: tuple[Marks, ...] = ()
    aliases: tuple[str, ...] = ()
    media_type: str | None = None
    extractor: str | None = None
    extractor_names: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    records: str | None = None
    reader: str | None = None
    splitter: str | None = None
    archive: bool = False
    holds: str | None = None
    shares_suffix: bool = False
    is_package: bool = False
    may_be_another: bool = False
    is_web_archive: bool = False
    form: Literal["verse"] | None = None
    program: Literal["ocr", "libreoffice"] | None = None
    ocr: bool = False
    in_process: bool = False
    in_pieces: bool = False
    package: str = ""

    @property
    def media_types(self) -> tuple[str, ...]:
        """All media types of its bytes, the usual one first."""
        return tuple(filter(None, (self.media_type, *self.also)))
