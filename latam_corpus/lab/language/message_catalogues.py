r"""Translated messages of a program: what its people say in ten languages, under one licence.

Compiled catalogues stand in `<folder>/<language>/LC_MESSAGES/<domain>.mo`, in the format of GNU gettext ("The Format of
GNU MO Files", its manual, 10.3). The stories of a game are everyday prose in languages that have else little but help.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MESSAGES: Final = "LC_MESSAGES"
_MAGIC: Final = 0x950412DE
_LEAST: Final = 40  # characters; shorter ones are names of buttons
_MARKUP: Final = re.compile(r"<[^<>]*>|\$[\w.|]+|%[a-z]|\\n|_(?=\w)")
_SCRIPT: Final = re.compile(r"@(?!valencia)")  # a language in another script than its usual one


def is_catalogue(folder: Path) -> bool:
    """Whether a folder holds catalogues by language."""
    return next(folder.glob(f"*/{MESSAGES}"), None) is not None


def catalogue_rows(folder: Path, domain: str) -> Iterator[tuple[str, str]]:
    """Language code and text of each longer message, without markup; each message of a language once.

    Args:
        folder: where the languages' folders are.
        domain: the name of the catalogue.

    Raises:
        ConfigError: no language has the catalogue, or one isn't what it should be.
    """
    places = (language / MESSAGES / f"{domain}.mo" for language in sorted(folder.iterdir()))
    files = [candidate for candidate in places if candidate.is_file()]
    if not files:
        raise ConfigError(str(folder), f"no catalogue «{domain}»", "name one that is there, as PATH#DOMAIN")
    for path in files:
        language = path.parent.parent.name
        if _SCRIPT.search(language):
            continue
        code = re.split("[_@]", language)[0]
        yield from ((code, text) for text in dict.fromkeys(messages(path)))


def messages(path: Path) -> Iterator[str]:
    """Yield the longer translations of a compiled catalogue, without markup.

    Raises:
        ConfigError: the file isn't one.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), f"can't be read ({error.strerror})", "give a file that can be read") from error
    try:
        order = "<" if struct.unpack_from("<I", data)[0] == _MAGIC else ">"
        magic, _, count, _, table = struct.unpack_from(f"{order}5I", data)
        places = struct.unpack_from(f"{order}{2 * count}I", data, table)
        if max(map(sum, zip(places[::2], places[1::2], strict=True)), default=0) > len(data):
            raise ConfigError(str(path), "not a compiled catalogue: it is cut off", "give what msgfmt made")
        if sum(places[::2]) > len(data):
            raise ConfigError(str(path), "not a compiled catalogue: its messages overlap", "give what msgfmt made")
        held = [data[at : at + size].decode() for size, at in zip(places[::2], places[1::2], strict=True)]
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "not in UTF-8", "msgconv --to-code=UTF-8, then msgfmt") from error
    except (struct.error, ValueError) as error:
        raise ConfigError(str(path), f"not a compiled catalogue: {error}", "give what msgfmt made") from error
    if magic != _MAGIC:
        raise ConfigError(str(path), "not a compiled catalogue", "give what msgfmt made")
    # The first is the catalogue's own head; plural forms are apart by a null.
    for message in held[1:]:
        for form in message.split("\0"):
            text = " ".join(_MARKUP.sub(" ", form).split())
            if len(text) >= _LEAST:
                yield text
