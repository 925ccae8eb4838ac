"""All formats: the built-in ones and those of plug-in packages.

A module of `collect` or `extract` whose name ends in `format` or `formats` describes formats: one as `FORMAT`, several
as `FORMATS`. No other list of formats exists. These modules must load fast, since every command that reads a source
imports them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path, PurePosixPath
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Final

from latam_corpus.entry_points import in_group
from latam_corpus.errors import ConfigError
from latam_corpus.formats.compression import stem
from latam_corpus.formats.format import Format, Unread
from latam_corpus.messages import _, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from importlib.metadata import EntryPoint

    from latam_corpus.messages import Message

# Groups of entry points of plug-in packages. Entries of the first name a `Format`; those of the others name a function,
# under the files' suffix.
FORMAT_ENTRY_POINTS: Final = "latam_corpus.formats"
EXTRACTOR_ENTRY_POINTS: Final = "latam_corpus.extractors"
READER_ENTRY_POINTS: Final = "latam_corpus.readers"
# The format of files with an unknown suffix or none, whose bytes decide.
UNKNOWN: Final = Format(name="unknown", label=same("unknown"), suffixes=(), media_type="application/octet-stream")
_PACKAGES: Final = ("collect", "extract")
_NAME: Final = re.compile(r"[a-z0-9]+")


def _built_in_formats() -> tuple[Format | Unread, ...]:
    """Return the built-in formats, sorted by the names of the modules that describe them."""
    entries: list[Format | Unread] = []
    for package in _PACKAGES:
        folder = Path(__file__).parents[1] / package
        for module in walk_packages([str(folder)], f"latam_corpus.{package}."):
            if not module.ispkg and module.name.endswith(("format", "formats")):
                imported = import_module(module.name)
                entries += [imported.FORMAT] if hasattr(imported, "FORMAT") else imported.FORMATS
    return tuple(entries)


_BUILT_IN: Final = _built_in_formats()
FORMATS: Final = tuple(entry for entry in _BUILT_IN if isinstance(entry, Format))
UNREAD: Final = tuple(entry for entry in _BUILT_IN if isinstance(entry, Unread))
BY_NAME: Final = {entry.name: entry for entry in FORMATS}
SUFFIXES: Final = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}
# The values of `collect.format`. Archives aren't included, since their members have their own formats.
NAMES: Final = tuple(entry.name for entry in FORMATS if not entry.archive)
ALIASES: Final = {alias: entry.name for entry in FORMATS for alias in entry.aliases}


@cache
def plugged_formats() -> tuple[Format, ...]:
    """Return the formats of plug-in packages.

    Raises:
        ConfigError: an entry point's name is invalid, or another format has its name or suffix.
    """
    taken_suffixes, names = set(SUFFIXES), set(BY_NAME)
    formats: list[Format] = []
    for entry in declared():
        place = _("entry point «{group}», {name} = {entry}", group=entry.group, name=entry.name, entry=entry.value)
        plugged = _plugged(entry, place)
        for suffix in plugged.suffixes:
            if suffix in taken_suffixes or plugged.name in names:
                problem = _("another format already has the suffix «{suffix}», or the same name", suffix=suffix)
                raise ConfigError(place, problem, _("use another suffix or name"))
        taken_suffixes.update(plugged.suffixes)
        names.add(plugged.name)
        formats.append(plugged)
    return tuple(formats)


def declared() -> Iterator[EntryPoint]:
    """Yield the entry points by which plug-in packages declare formats."""
    for group in (FORMAT_ENTRY_POINTS, EXTRACTOR_ENTRY_POINTS, READER_ENTRY_POINTS):
        yield from in_group(group)


def _plugged(entry: EntryPoint, place: Message) -> Format:
    name = entry.name
    if not _NAME.fullmatch(name):
        problem = _("«{name}» isn't a valid suffix", name=name)
        remedy = _("name the entry point after the suffix, without its dot, in small letters and digits")
        raise ConfigError(place, problem, remedy)
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
        loaded = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            place, _("it can't be imported: {reason}", reason=error), _("install the package again, or fix it")
        ) from error
    if not isinstance(loaded, Format):
        raise ConfigError(place, _("it isn't a format"), _("name a value of latam_corpus.formats.format.Format"))
    return replace(loaded, package=entry.module)


@cache
def suffixes() -> dict[str, Format]:
    """Return all formats by suffix, including those of plug-in packages.

    Raises:
        ConfigError: a package declares an invalid format (see `plugged_formats`).
    """
    return SUFFIXES | {suffix: entry for entry in plugged_formats() for suffix in entry.suffixes}


def extractors(formats: Iterable[Format]) -> dict[str, str]:
    """Return the extractor of each media type, as `"module:function"`."""
    return {kind: entry.extractor for entry in formats if entry.extractor for kind in entry.media_types}


def media_types_of(is_selected: Callable[[Format], object]) -> frozenset[str]:
    """Return the media types of the formats that pass a test.

    >>> sorted(media_types_of(lambda format: format.in_process))
    ['text/plain']
    """
    return frozenset(kind for entry in FORMATS if is_selected(entry) for kind in entry.media_types)


def extractor_labels() -> dict[str, Message]:
    """Return the labels of formats by the first word of their extractors' names."""
    return {name: entry.label for entry in FORMATS for name in (entry.extractor_names or (entry.name,))}


def unread_suffix(pattern: str) -> str | None:
    """Return the suffix of a glob pattern if no format has it.

    >>> unread_suffix("**/*.pptx"), unread_suffix("**/*.TXT"), unread_suffix("notas/*"), unread_suffix("a.html.gz")
    ('.pptx', None, None, None)
    >>> unread_suffix("**/*.{txt,md}"), unread_suffix("*.[jx]*")
    (None, None)
    """
    suffix = PurePosixPath(stem(pattern)).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix not in suffixes() else None


def format_of(relative: str, named: str | None = None) -> Format | None:
    """Return the format of a file; None for an unknown suffix.

    Args:
        relative: the path of the file.
        named: the name of its format, which takes precedence over the suffix. For an archive, it names the format of
            the members, and the archive format is returned.

    >>> format_of("notas/a.html.gz").name
    'html'
    >>> format_of("portada.gif") is None
    True
    """
    by_suffix = suffixes().get(PurePosixPath(stem(relative)).suffix.lower())
    return BY_NAME[named] if named and not (by_suffix and by_suffix.archive) else by_suffix
