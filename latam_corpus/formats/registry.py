"""All formats, from the modules that describe them and from plug-in packages.

A module of `collect` or `extract` whose name ends in `format` or `formats` describes formats: one as `FORMAT`, several
as `FORMATS`. No other list of formats exists. These modules import nothing heavy, since every command that reads a
source loads them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from importlib import import_module, metadata
from pathlib import Path, PurePosixPath
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError
from latam_corpus.formats.compression import stem
from latam_corpus.formats.format import Format, Unread
from latam_corpus.messages import _, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from importlib.metadata import EntryPoint

    from latam_corpus.messages import Message

# Entry points of plug-in packages. The first names a `Format`; the others name a function, under the files' suffix.
FORMAT_ENTRY_POINTS: Final = "latam_corpus.formats"
EXTRACTOR_ENTRY_POINTS: Final = "latam_corpus.extractors"
READER_ENTRY_POINTS: Final = "latam_corpus.readers"
# Files with another suffix, or none; their bytes decide.
UNKNOWN: Final = Format(name="unknown", label=same("unknown"), suffixes=(), media_type="application/octet-stream")
_ROOMS: Final = ("collect", "extract")
_NAME: Final = re.compile(r"[a-z0-9]+")


def _described() -> tuple[Format | Unread, ...]:
    """Return what the describing modules of the toolkit declare, in the order of their names."""
    found: list[Format | Unread] = []
    for room in _ROOMS:
        folder = Path(__file__).parents[1] / room
        for module in walk_packages([str(folder)], f"latam_corpus.{room}."):
            if not module.ispkg and module.name.endswith(("format", "formats")):
                described = import_module(module.name)
                found += [described.FORMAT] if hasattr(described, "FORMAT") else described.FORMATS
    return tuple(found)


_DESCRIBED: Final = _described()
FORMATS: Final = tuple(entry for entry in _DESCRIBED if isinstance(entry, Format))
UNREAD: Final = tuple(entry for entry in _DESCRIBED if isinstance(entry, Unread))
BY_NAME: Final = {entry.name: entry for entry in FORMATS}
SUFFIXES: Final = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}
# The values of `collect.format`: an archive isn't one, since its members have formats.
NAMES: Final = tuple(entry.name for entry in FORMATS if not entry.archive)
ALIASES: Final = {alias: entry.name for entry in FORMATS for alias in entry.aliases}


@cache
def plugged_formats() -> tuple[Format, ...]:
    """Return the formats of plug-in packages.

    Raises:
        ConfigError: a package names no suffix, or a name or suffix that is taken.
    """
    known, names = set(SUFFIXES), set(BY_NAME)
    formats: list[Format] = []
    for entry in entry_points():
        place = _("entry point «{group}», {name} = {entry}", group=entry.group, name=entry.name, entry=entry.value)
        one = _plugged(entry, place)
        for suffix in one.suffixes:
            if suffix in known or one.name in names:
                raise ConfigError(
                    place, _("«{suffix}» is read by something else", suffix=suffix), _("take another suffix")
                )
        known.update(one.suffixes)
        names.add(one.name)
        formats.append(one)
    return tuple(formats)


def entry_points() -> Iterator[EntryPoint]:
    """Yield the entry points by which plug-in packages bring formats."""
    for group in (FORMAT_ENTRY_POINTS, EXTRACTOR_ENTRY_POINTS, READER_ENTRY_POINTS):
        yield from sorted(metadata.entry_points(group=group))


def _plugged(entry: EntryPoint, place: Message) -> Format:
    name = entry.name
    if not _NAME.fullmatch(name):
        problem = _("«{name}» is no suffix", name=name)
        raise ConfigError(place, problem, _("name it by the suffix without its dot, in small letters and digits"))
    if entry.group == EXTRACTOR_ENTRY_POINTS:
        return Format(
            name=name,
            label=same(name),
            suffixes=(f".{name}",),
            media_type=f"application/x-plug-in.{name}",
            extractor=entry.value,
            package=entry.module,
        )
    if entry.group == READER_ENTRY_POINTS:
        return Format(name=name, label=same(name), suffixes=(f".{name}",), records=entry.value, package=entry.module)
    return _described_by(entry, place)


def _described_by(entry: EntryPoint, place: Message) -> Format:
    """Return the descriptor that an entry point names."""
    try:
        described = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            place, _("it can't be imported: {reason}", reason=error), _("install the package again, or mend it")
        ) from error
    if not isinstance(described, Format):
        raise ConfigError(place, _("it is no format"), _("name a value of latam_corpus.formats.format.Format"))
    return replace(described, package=entry.module)


@cache
def suffixes() -> dict[str, Format]:
    """Return the format of each suffix: the toolkit's own, and those of plug-in packages.

    Raises:
        ConfigError: a package names no suffix, or one that is taken.
    """
    return SUFFIXES | {suffix: entry for entry in plugged_formats() for suffix in entry.suffixes}


def extractors(formats: Iterable[Format]) -> dict[str, str]:
    """Return the extractor of each media type, as `"module:function"`."""
    return {kind: entry.extractor for entry in formats if entry.extractor for kind in entry.media_types}


def media_types_of(is_meant: Callable[[Format], object]) -> frozenset[str]:
    """Return the media types of the formats that pass a test.

    >>> sorted(media_types_of(lambda format: format.in_process))
    ['text/plain']
    """
    return frozenset(kind for entry in FORMATS if is_meant(entry) for kind in entry.media_types)


def extractor_labels() -> dict[str, Message]:
    """Return the label of the format that an extractor reads, by the first word of the extractor's name."""
    return {name: entry.label for entry in FORMATS for name in (entry.extractor_names or (entry.name,))}


def unread_suffix(pattern: str) -> str | None:
    """Return the suffix of a pattern's files if no reader knows it.

    >>> unread_suffix("**/*.pptx"), unread_suffix("**/*.TXT"), unread_suffix("notas/*"), unread_suffix("a.html.gz")
    ('.pptx', None, None, None)
    >>> unread_suffix("**/*.{txt,md}"), unread_suffix("*.[jx]*")
    (None, None)
    """
    suffix = PurePosixPath(stem(pattern)).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix not in suffixes() else None


def format_of(relative: str, named: str | None = None) -> Format | None:
    """Return the format of a file: the one named, else the one of its suffix; None for an unknown suffix.

    An archive stays one: the named format is that of its members.

    >>> format_of("notas/a.html.gz").name
    'html'
    >>> format_of("portada.gif") is None
    True
    """
    by_suffix = suffixes().get(PurePosixPath(stem(relative)).suffix.lower())
    return BY_NAME[named] if named and not (by_suffix and by_suffix.archive) else by_suffix
