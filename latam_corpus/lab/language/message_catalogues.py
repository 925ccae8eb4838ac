r"""Translated messages of a program: what its people say in ten languages, under one licence.

Compiled catalogues stand in `<folder>/<language>/LC_MESSAGES/<domain>.mo`, in the format of GNU gettext ("The Format of
GNU MO Files", its manual, 10.3). The stories of a game are everyday prose in languages that have else little but help.
"""

from __future__ import annotations

import glob
import re
import struct
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MESSAGES: Final = "LC_MESSAGES"
_MAGIC: Final = 0x950412DE
_ALL: Final = "*"
_SOURCE: Final = "en"  # the language of the keys
_LEAST: Final = 40  # characters; shorter ones are names of buttons
_MARKUP: Final = re.compile(r"<[^<>]*>|\$[\w.|]+|\$\(\w+\)|%[a-z]|%[A-Z]+\d*%?|\\n")
_SHORTCUT: Final = re.compile(r"[~_](?=\w)")
_SCRIPT: Final = re.compile(r"@(?!valencia)")  # a language in another script than its usual one


def is_catalogue(folder: Path) -> bool:
    """Whether a folder holds catalogues by language."""
    return next(folder.glob(f"*/{MESSAGES}"), None) is not None


def catalogue_rows(folder: Path, domain: str) -> Iterator[tuple[str, str]]:
    """Language code and text of each longer message, without markup; each message of a language's folder once.

    Args:
        folder: where the languages' folders are.
        domain: the name of the catalogue; `*` is all that a language has.

    Raises:
        ConfigError: no language has the catalogue, or one isn't what it should be.
    """
    by_language: dict[str, list[Path]] = defaultdict(list)
    name = domain if domain == _ALL else glob.escape(domain)
    for path in sorted(folder.glob(f"*/{MESSAGES}/{name}.mo")):
        if path.is_file():
            by_language[path.parent.parent.name].append(path)
    if not by_language:
        raise ConfigError(
            str(folder), _("no catalogue «{domain}»", domain=domain), _("name one that is there, as PATH#DOMAIN")
        )
    for language, paths in by_language.items():
        if not _SCRIPT.search(language):
            code = re.split("[-_@]", language)[0]
            read = (messages(path, translated=code != _SOURCE) for path in paths)
            yield from ((code, text) for text in dict.fromkeys(chain.from_iterable(read)))


def messages(path: Path, *, translated: bool = False) -> Iterator[str]:
    """Yield the longer translations of a compiled catalogue, without markup.

    Args:
        path: the catalogue.
        translated: without those that say what their key says, which is that of the source.

    Raises:
        ConfigError: the file isn't one.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            str(path), _("can't be read ({reason})", reason=cause_of(error)), _("give a file that can be read")
        ) from error
    try:
        order = "<" if struct.unpack_from("<I", data)[0] == _MAGIC else ">"
        magic, _revision, count, *tables = struct.unpack_from(f"{order}5I", data)
        keys, held = (
            _texts(data, struct.unpack_from(f"{order}{2 * count}I", data, table), str(path)) for table in tables
        )
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), _("not in UTF-8"), _("msgconv --to-code=UTF-8, then msgfmt")) from error
    except (struct.error, ValueError) as error:
        raise ConfigError(
            str(path), _("not a compiled catalogue: {reason}", reason=error), _("give what msgfmt made")
        ) from error
    if magic != _MAGIC:
        raise ConfigError(str(path), _("not a compiled catalogue"), _("give what msgfmt made"))
    # The first is the catalogue's own head; plural forms are apart by a null, and a key has a context before it.
    for key, message in zip(keys[1:], held[1:], strict=True):
        sources = key.rpartition("\x04")[2].split("\0") if translated else ()
        for form in message.split("\0"):
            if form in sources:
                continue
            text = " ".join(_MARKUP.sub(" ", _SHORTCUT.sub("", form)).split())
            if len(text) >= _LEAST:
                yield text


def _texts(data: bytes, places: Sequence[int], path: str) -> list[str]:
    """Return the texts of a table of sizes and places."""
    if max(map(sum, zip(places[::2], places[1::2], strict=True)), default=0) > len(data):
        raise ConfigError(path, _("not a compiled catalogue: it is cut off"), _("give what msgfmt made"))
    if sum(places[::2]) > len(data):
        raise ConfigError(path, _("not a compiled catalogue: its messages overlap"), _("give what msgfmt made"))
    return [data[at : at + size].decode() for size, at in zip(places[::2], places[1::2], strict=True)]
