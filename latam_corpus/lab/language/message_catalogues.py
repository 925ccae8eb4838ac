r"""Read the translated messages of a program, such as a game's dialogues, in many languages under one licence.

Compiled catalogues are at `<folder>/<language>/LC_MESSAGES/<domain>.mo`, in the format of GNU gettext (manual, section
10.3, "The Format of GNU MO Files"). The stories of a game are everyday prose in languages with little other free text.
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
_LEAST: Final = 40  # characters; shorter texts are mostly names of buttons
_MARKUP: Final = re.compile(r"<[^<>]*>|\$[\w.|]+|\$\(\w+\)|%[a-z]|%[A-Z]+\d*%?|\\n")
_SHORTCUT: Final = re.compile(r"[~_](?=\w)")
_SCRIPT: Final = re.compile(r"@(?!valencia)")  # marks a language in another script than its usual one


def is_catalogue(folder: Path) -> bool:
    """Whether a folder has catalogues in folders of languages."""
    return next(folder.glob(f"*/{MESSAGES}"), None) is not None


def catalogue_rows(folder: Path, domain: str) -> Iterator[tuple[str, str]]:
    """Yield the language code and text of each longer message, without markup, in each language's folder.

    The domain `*` means all catalogues.

    Raises:
        ConfigError: no language has the catalogue, or a catalogue is broken.
    """
    by_language: dict[str, list[Path]] = defaultdict(list)
    name = domain if domain == _ALL else glob.escape(domain)
    for path in sorted(folder.glob(f"*/{MESSAGES}/{name}.mo")):
        if path.is_file():
            by_language[path.parent.parent.name].append(path)
    if not by_language:
        raise ConfigError(
            str(folder), _("no catalogue «{domain}»", domain=domain), _("name an existing one, as PATH#DOMAIN")
        )
    for language, paths in by_language.items():
        if not _SCRIPT.search(language):
            code = re.split("[-_@]", language)[0]
            texts = chain.from_iterable(messages(path, translated=code != _SOURCE) for path in paths)
            yield from ((code, text) for text in dict.fromkeys(texts))


def messages(path: Path, *, translated: bool = False) -> Iterator[str]:
    """Yield the longer translations of a compiled catalogue, without markup.

    With `translated`, leave out messages that equal their key, which is the text in the source language.

    Raises:
        ConfigError: the file isn't a compiled catalogue.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            str(path), _("it can't be read ({reason})", reason=cause_of(error)), _("give a file that can be read")
        ) from error
    try:
        order = "<" if struct.unpack_from("<I", data)[0] == _MAGIC else ">"
        magic, _revision, count, *tables = struct.unpack_from(f"{order}5I", data)
        keys, translations = (
            _texts(data, struct.unpack_from(f"{order}{2 * count}I", data, table), str(path)) for table in tables
        )
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), _("it isn't in UTF-8"), _("msgconv --to-code=UTF-8, then msgfmt")) from error
    except (struct.error, ValueError) as error:
        raise ConfigError(
            str(path), _("it isn't a compiled catalogue: {reason}", reason=error), _("give a file made by msgfmt")
        ) from error
    if magic != _MAGIC:
        raise ConfigError(str(path), _("it isn't a compiled catalogue"), _("give a file made by msgfmt"))
    # The first entry is the header. NUL separates plural forms, and \x04 a key from its context.
    for key, message in zip(keys[1:], translations[1:], strict=True):
        sources = key.rpartition("\x04")[2].split("\0") if translated else ()
        for form in message.split("\0"):
            if form in sources:
                continue
            text = " ".join(_MARKUP.sub(" ", _SHORTCUT.sub("", form)).split())
            if len(text) >= _LEAST:
                yield text


def _texts(data: bytes, table: Sequence[int], path: str) -> list[str]:
    """Return the texts of a table of alternating sizes and offsets."""
    if max(map(sum, zip(table[::2], table[1::2], strict=True)), default=0) > len(data):
        raise ConfigError(path, _("it isn't a compiled catalogue: it is cut off"), _("give a file made by msgfmt"))
    if sum(table[::2]) > len(data):
        raise ConfigError(
            path, _("it isn't a compiled catalogue: its messages overlap"), _("give a file made by msgfmt")
        )
    return [data[offset : offset + size].decode() for size, offset in zip(table[::2], table[1::2], strict=True)]
