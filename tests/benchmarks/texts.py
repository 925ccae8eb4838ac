"""The public texts that benchmarks read, and the documents that are made of them, by a seed."""

from __future__ import annotations

import hashlib
import json
import lzma
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SEED: Final = 3


@dataclass(frozen=True)
class PublicTexts:
    """A file of public texts: where it is under `--data`, its SHA-256 when figures were published, whose it is."""

    path: str
    sha256: str
    origin: str


NOVELS: Final = (
    PublicTexts(
        "literature/conha19/novels.jsonl.xz",
        "0e35a1ba7e1cdda005ca1f1b65421460590f0d49ecdcb164226efd08880862c3",
        "71 novels of Argentina, Cuba and Mexico, github.com/cligs/conha19, Public Domain Mark 1.0",
    ),
    PublicTexts(
        "literature/eltec_por/novels.jsonl.xz",
        "93a804f3c99b47337942205c7ae2baeab06c31a0593dda8f4c1458e04b764a98",
        "17 novels of Portugal, github.com/COST-ELTeC/ELTeC-por, public domain, markup CC BY 4.0",
    ),
)
VERSES: Final = (
    PublicTexts(
        "lyrics/disco_sonnets/sonnets.jsonl.xz",
        "bcb48e8384d797c94f53fe8cbb1b82b540aee6bd1fc2cd4fbb2de9e8edf7411d",
        "1,497 sonnets in Spanish, github.com/pruizf/disco, CC BY 4.0",
    ),
    PublicTexts(
        "lyrics/tango_pd/lyrics.jsonl.xz",
        "8332ef5fd0c816553072341f0375cf2995de4f34d7ba32a96443ac6d33e489fb",
        "58 tangos by lyricists dead more than 70 years, github.com/MLsound/tango-lyrics-corpus",
    ),
)


def read_texts(data: Path, files: Iterable[PublicTexts]) -> list[str]:
    """The texts of these files, in order.

    Raises:
        ConfigError: a file isn't there.
    """
    return [str(row["text"]) for file in files for row in records(data, file)]


def records(data: Path, file: PublicTexts) -> list[dict[str, Any]]:
    """The rows of a file of public texts.

    Raises:
        ConfigError: it isn't there.
    """
    return jsonl(data, file.path, file.origin)


def jsonl(data: Path, path: str, origin: str = "") -> list[dict[str, Any]]:
    """The rows of a file under the data folder.

    Raises:
        ConfigError: it isn't there.
    """
    if not (data / path).is_file():
        reported = f"; origin: {origin}" if origin else ""
        raise ConfigError(str(data / path), "the texts are not there", f"name their folder by --data{reported}")
    with lzma.open(data / path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def checksums(data: Path, files: Iterable[PublicTexts]) -> dict[str, str]:
    """Return the SHA-256 of each file; a file that differs from the published one is reported."""
    results = {}
    for file in files:
        seen = hashlib.sha256((data / file.path).read_bytes()).hexdigest()
        results[file.path] = seen if seen == file.sha256 else f"{seen}, not as published: {file.sha256}"
    return results


def chunks(texts: Iterable[str], words: int) -> Iterator[str]:
    r"""Yield each text in stretches of whole lines with at least so many words, without the rest.

    >>> list(chunks(["Se fue la luz\nen todo\nel barrio"], 5))
    ['Se fue la luz\nen todo']
    """
    for text in texts:
        held: list[str] = []
        count = 0
        for line in text.splitlines():
            held.append(line.strip())
            count += len(line.split())
            if count >= words:
                yield re.sub(r"\n{3,}", "\n\n", "\n".join(held)).strip()
                held, count = [], 0


def paragraphs(texts: Iterable[str]) -> list[str]:
    r"""The lines of five words and more.

    >>> paragraphs(["I\nSe fue la luz en todo el barrio"])
    ['Se fue la luz en todo el barrio']
    """
    lines = (line.strip() for text in texts for line in text.splitlines())
    return [line for line in lines if line.count(" ") >= 4]


def collections(data: Path, files: Iterable[PublicTexts]) -> list[list[str]]:
    """The paragraphs of each file."""
    return [paragraphs(read_texts(data, [file])) for file in files]


def recombined(
    lines: Sequence[Sequence[str]], number: int, size: int, seed: int = SEED, unit: str = "words"
) -> Iterator[str]:
    """So many documents of lines drawn by chance, each with at least `size` words or UTF-8 bytes.

    A document's lines are of one collection, which is drawn first, by its number of lines: a text of two languages
    is judged piece by piece, and a corpus half of which were such texts would measure that.

    >>> [len(text.split()) for text in recombined([["uno dos tres"], ["um dois"]], 3, 4, seed=1)]
    [6, 6, 4]
    """
    chance = random.Random(seed)
    weights = [len(result) for result in lines]
    sizes = [[len(line.split()) if unit == "words" else len(line.encode()) + 1 for line in result] for result in lines]
    for _ in range(number):
        [which] = chance.choices(range(len(lines)), weights)
        held = []
        count = 0
        while count < size:
            at = chance.randrange(len(lines[which]))
            held.append(lines[which][at])
            count += sizes[which][at]
        yield "\n".join(held)


def write_jsonl(path: Path, texts: Iterable[str], ids: str = "doc") -> int:
    """Write a record a line, with `id` (which begins with `ids`) and `text`; gives how many."""
    number = 0
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts, 1):
            file.write(json.dumps({"id": f"{ids}-{number:07d}", "text": text}, ensure_ascii=False) + "\n")
    return number
