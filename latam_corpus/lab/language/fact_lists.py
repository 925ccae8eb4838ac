"""Read rows of words from FineWeb-2's word lists, for languages with little other freely licensed text.

The folder contains `wordlists_0.85_top400.jsonl.xz`, with the most distinctive words of each language, surest first,
and `configs.tar.xz`, with a YAML file per language that lists its most frequent words (`stopwords`). Both are licensed
under ODC-By.
"""

from __future__ import annotations

import json
import lzma
import random
import re
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import groups
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TELLING: Final = "wordlists_0.85_top400.jsonl.xz"
_FREQUENT: Final = "configs.tar.xz"
_STOP_WORDS: Final = re.compile(r"^stopwords:\n((?:- .*\n)+)", re.MULTILINE)
_ROWS: Final = 320  # rows per language
_WORDS: Final = (5, 40)  # words per row
_FREQUENT_SHARE: Final = 0.4  # approximately the share of function words in a text
_SKEW: Final = 1.6  # exponent of the index: above 1, words at the beginning of a list are drawn more often


def word_list_rows(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the language code and text of random rows of words, for each listed language of the Americas.

    Each call returns the same rows.

    Raises:
        ConfigError: a file is missing or broken.
    """
    try:
        frequent = dict(_frequent(folder / _FREQUENT))
        with lzma.open(folder / TELLING, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        telling = {str(row["subset"]): [str(word) for word in row["words"]] for row in rows}
    except (OSError, tarfile.TarError, lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            str(folder), _("it can't be read: {reason}", reason=error), _("give the folder of FineWeb-2's facts")
        ) from error
    group_of = groups().of
    for subset, words in sorted(telling.items()):
        code, _sep, script = subset.partition("_")
        if code in group_of and script == "Latn":
            rng = random.Random(subset)
            for _time in range(_ROWS):
                yield code, _row(words, frequent.get(subset) or words, rng)


def _frequent(path: Path) -> Iterator[tuple[str, list[str]]]:
    with tarfile.open(path) as archive:
        for member in archive:
            opened = archive.extractfile(member) if member.name.endswith(".yml") else None
            match = _STOP_WORDS.search(opened.read().decode()) if opened else None
            if match:
                words = [_scalar(line[2:].strip()) for line in match[1].splitlines()]
                yield PurePosixPath(member.name).stem, [word for word in words if word.isalpha() or len(word) > 1]


def _scalar(written: str) -> str:
    r"""Return the value of a YAML scalar, quoted or not.

    >>> _scalar('"jar\\xE9"'), _scalar("'no'"), _scalar("echi")
    ('jaré', 'no', 'echi')
    """
    if written.startswith('"'):
        return str(json.loads(re.sub(r"\\x(..)", r"\\u00\1", written)))
    return written[1:-1].replace("''", "'") if written.startswith("'") else written


def _row(words: Sequence[str], frequent: Sequence[str], rng: random.Random) -> str:
    lists = rng.choices((frequent, words), (_FREQUENT_SHARE, 1 - _FREQUENT_SHARE), k=rng.randint(*_WORDS))
    return " ".join(chosen[int(len(chosen) * rng.random() ** _SKEW)] for chosen in lists)
