"""The descriptor of a file format. Each format is one `Format` object, defined next to the code that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.messages import Message


@dataclass(frozen=True, kw_only=True)
class Marks:
    r"""The marks by which a format is recognised in a file's first bytes; one of them is enough.

    Attributes:
        media_type: the media type of these files; by default the format's.
        magic: fixed bytes with their offset; a plain `bytes` value is at offset 0.
        head: a function of the first bytes, for formats without fixed bytes at a fixed offset.
        mimetypes: values of the member `mimetype` with which a ZIP package begins.
        member: the beginning of the name of a member of a ZIP package.
        members: a function of the names of a ZIP package's members; it is tried after the `mimetypes` and `member` of
            all formats.
        stream: the name of a stream in a Microsoft OLE file.
        without_stream: the name of a stream that must be absent from an OLE file of the format.
        roots: names of an XML file's root element, each optionally with a string that the file must contain.
        text: a regular expression that matches at the start of the text, or a function of the text. Lines end in `\n`.
            XML roots are tried after it.
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
    """A format that the toolkit recognises but can't read.

    Attributes:
        name: the format's usual name.
        remedy: advice on the format in which to save the file.
        marks: the marks in its first bytes.
        sure: whether the marks rule out text, web pages and XML.
    """

    name: Message
    remedy: Message
    marks: Marks = Marks()
    sure: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Format:
    """A format that the toolkit reads.

    Code is named as `"module:function"` and imported when the first file of the format is read.

    A format has one of these: an `extractor`, which converts a file's bytes to text; `records` or a `reader`, which
    yield its records; or `archive`, if it contains other files.

    Attributes:
        name: the value of `collect.format` in a source.
        label: the format's usual name.
        suffixes: the suffixes of its file names.
        marks: its marks, which take precedence over the suffix; without marks, only the suffix decides.
        aliases: other spellings of the name, without accents.
        media_type: the media type of bytes that need extraction; None if its records have text.
        extractor: an `Extractor` (`extract/document.py`). HTML has one for each mode of the stage.
        extractor_names: the first words of its extractors' reported names; by default the format's name.
        also: further media types that the extractor reads.
        records: a function from an open binary file to dicts, one for each record.
        reader: a `Reader` (`collect/records.py`), for formats that need more than `records`: spans, progress, captures.
        splitter: a `Splitter`, which divides a file into parts that can be read separately.
        archive: whether its files contain other files, which are read as if they were in a folder.
        holds: the only format that is read from the archive; None reads all.
        shares_suffix: whether other formats also use its suffix. Then its marks decide, and a file with an unknown XML
            root isn't in the format.
        is_package: whether each file is a ZIP package; a truncated file is then reported as damaged.
        may_be_another: whether a file with its suffix is read as another, non-text format if its bytes show one.
        is_web_archive: whether its records are captures of web pages.
        form: the form of its texts (`collect.form`), if it is the same for all files.
        program: the option of `extract` that is required to read its files.
        ocr: whether the option `ocr` applies to it.
        in_process: whether its extractor runs outside the sandbox: only if its time and memory grow with its bytes.
        in_pieces: whether its extractor reads piece by piece, so that each megabyte adds the time limit once more.
        package: the module of the plug-in package that declares it; empty for built-in formats.
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
