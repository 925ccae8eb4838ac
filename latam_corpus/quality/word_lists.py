"""Word lists of languages, which a recipe may name: `<code>.txt`, a word a line; none ships with the toolkit.

What stands after a slash, a tab or a space is left out, so that the stems of a Hunspell dictionary can be used as
they are; without its affixes the rate is lower, and comparable only with itself.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from latam_corpus.codes import iso_code
from latam_corpus.durable import digest_of
from latam_corpus.errors import ConfigError
from latam_corpus.quality.signals import WordSet

ALL: Final = "all"  # the list for languages without one
_FIRST: Final = re.compile(r"[^/\t \n]+")


def cached_word_lists(folder: str) -> dict[str, WordSet]:
    """The word lists in the folder by language code, read anew when a file has changed; none when it is empty.

    Raises:
        ConfigError: there is no such folder, it holds no list, or a list isn't UTF-8.
    """
    return {path.stem: _load(path, path.stat().st_mtime_ns) for path in _files(folder)} if folder else {}


def word_lists_digest(folder: str) -> str:
    """Changes when a list does."""
    told = hashlib.sha256()
    for path in _files(folder) if folder else ():
        told.update(path.stem.encode() + b"\0" + bytes.fromhex(digest_of(path)))
    return told.hexdigest()[:16]


def _files(folder: str) -> list[Path]:
    found = sorted(Path(folder).glob("*.txt"))
    if not found:
        raise ConfigError(folder, "there are no word lists", "name a folder with files such as spa.txt, a word a line")
    for path in found:
        if path.stem != ALL and (code := iso_code(path.stem, str(path))) != path.stem:
            raise ConfigError(
                str(path), "a word list has its language's ISO 639-3 code as its name", f"name it {code}.txt"
            )
    return found


@lru_cache(maxsize=256)  # all of a folder: they are walked in order, so that a smaller one never hits
def _load(path: Path, _stamp: int) -> WordSet:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), f"not UTF-8: {error.reason} at byte {error.start}", "save it as UTF-8") from None
    return WordSet.of(word[0] for word in map(_FIRST.match, lines) if word)
