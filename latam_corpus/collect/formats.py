"""The registry of formats: a file's suffix to its format. What reads each is in `files.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from latam_corpus.collect.sniff import DOCX, ODT
from latam_corpus.collect.streams import stem
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.vocabulary import (
    FILE_FORMATS,
    RECORD_FORMATS,
    plugged_extractors,
    plugged_media_type,
    plugged_readers,
)


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
        name: what a source calls it.
        suffixes: the ends of its files' names.
        media_type: of bytes that still need extraction; None where records bring text.
        archive: whether its files hold others, which are read as if they were a folder's.
        holds: the only format that counts among those; None for all.
    """

    name: str
    suffixes: tuple[str, ...]
    media_type: str | None = None
    archive: bool = False
    holds: str | None = None


FORMATS: Final = (
    Format("jsonl", (".jsonl", ".ndjson")),
    Format("csv", (".csv", ".tsv", ".tab")),
    Format("parquet", (".parquet",)),
    Format("arrow", (".arrow", ".feather", ".ipc")),
    Format("warc", (".warc", ".wet"), "text/html"),
    Format("arc", (".arc",), "text/html"),
    Format("text", (".txt", ".text"), "text/plain"),
    Format("markdown", (".md", ".markdown"), "text/markdown"),
    Format("html", (".html", ".htm", ".xhtml"), "text/html"),
    # XML by its root, whatever the suffix; see `sniff.py`.
    Format("tei", (".xml", ".tei"), "application/tei+xml"),
    Format("epub", (".epub",), "application/epub+zip"),
    Format("docx", (".docx", ".docm", ".dotx"), DOCX),
    Format("odt", (".odt", ".ott", ".fodt"), ODT),
    Format("rtf", (".rtf",), "application/rtf"),
    Format("pdf", (".pdf",), "application/pdf"),
    Format("image", (".png", ".jpg", ".jpeg", ".tif", ".tiff"), "image/png"),
    Format("doc", (".doc",), "application/msword"),
    Format("alto", (".alto",), "application/alto+xml"),
    Format("hocr", (".hocr",), "text/vnd.hocr+html"),
    Format("captions", (".srt", ".vtt"), "text/vtt"),
    Format("lrc", (".lrc",), "text/x-lrc"),
    Format("elan", (".eaf",), "text/x-eaf+xml"),
    Format("chat", (".cha",), "text/x-chat"),
    Format("conllu", (".conllu", ".conll"), "text/x-conllu"),
    # Of the AVENUE project's conversations; `.trl` are their transcriptions.
    Format("avenue", (".trl",), "text/x-avenue"),
    Format("tmx", (".tmx",), "application/x-tmx+xml"),
    Format("flex", (".flextext",), "application/x-flextext+xml"),
    Format("toolbox", (".sfm",), "text/x-toolbox"),
    Format("musicxml", (".musicxml", ".mxl"), "application/vnd.recordare.musicxml"),
    Format("archive", (".zip", ".tar", ".tgz", ".txz"), archive=True),
    # A zip of WARC files with indexes, lists of pages and logs (WACZ 1.1.1), which are no documents.
    Format("wacz", (".wacz",), archive=True, holds="warc"),
)
# Of a file with another suffix, or none, the bytes say what it is.
UNKNOWN: Final = Format("unknown", (), "application/octet-stream")
# Read as one document, in bytes that `extract` makes text of.
WHOLE: Final = frozenset(FILE_FORMATS).difference(RECORD_FORMATS)
SUFFIXES: Final = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}
BY_NAME: Final = {entry.name: entry for entry in FORMATS}
_PLUGGED: Final = re.compile(r"[a-z0-9]+")


@cache
def suffixes() -> dict[str, Format]:
    """Return the format of each suffix: the toolkit's own, and those that plug-in packages extract or read.

    Raises:
        ConfigError: a package names no suffix, or one that is taken.
    """
    known = dict(SUFFIXES)
    for entries, has_bytes in ((plugged_extractors(), True), (plugged_readers(), False)):
        for name, entry in entries.items():
            suffix = f".{name}"
            place = _("entry point «{group}», {name} = {entry}", group=entry.group, name=name, entry=entry.value)
            if not _PLUGGED.fullmatch(name):
                problem = _("«{name}» is no suffix", name=name)
                raise ConfigError(
                    place, problem, _("name it by the suffix without its dot, in small letters and digits")
                )
            if suffix in known or name in BY_NAME:
                raise ConfigError(
                    place, _("«{suffix}» is read by something else", suffix=suffix), _("take another suffix")
                )
            known[suffix] = Format(name, (suffix,), plugged_media_type(name) if has_bytes else None)
    return known


def unread_suffix(pattern: str) -> str | None:
    """Return the suffix of a pattern's files where no reader knows it; None where one does, or the pattern says none.

    >>> unread_suffix("**/*.pptx"), unread_suffix("**/*.TXT"), unread_suffix("notas/*"), unread_suffix("a.html.gz")
    ('.pptx', None, None, None)
    >>> unread_suffix("**/*.{txt,md}"), unread_suffix("*.[jx]*")
    (None, None)
    """
    suffix = PurePosixPath(stem(pattern)).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix not in suffixes() else None


def format_of(relative: str, named: str | None = None) -> Format | None:
    """Return the format of a file: the one named, else the one of its suffix; None for an unknown one.

    An archive is one whatever is named, which then is the format of its members.

    >>> format_of("notas/a.html.gz").name
    'html'
    >>> format_of("portada.gif") is None
    True
    """
    by_suffix = suffixes().get(PurePosixPath(stem(relative)).suffix.lower())
    return BY_NAME[named] if named and not (by_suffix and by_suffix.archive) else by_suffix
