"""The documents on which verdicts are compared: real ones, and real ones damaged so that every rule acts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from ..texts import NOVELS, SEED, VERSES, chunks, read_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WORDS: Final = 120
_LONG: Final = 900  # stretches that make more than 100,000 words, the most that Gopher keeps
_PLACEHOLDER: Final = "Lorem ipsum dolor sit amet, consectetur adipiscing elit."


def compared(data: Path, chunks_: int = 2500, damaged: int = 3000) -> list[str]:
    """All verses, so many stretches of novels of 120 words, so many damaged ones, and a long one; no text twice."""
    chance = random.Random(SEED)
    prose = list(chunks(read_texts(data, NOVELS), _WORDS))
    chance.shuffle(prose)
    verses = [text.strip() for text in read_texts(data, VERSES)]
    whole = [*verses, *prose[:chunks_]]
    sources = prose[chunks_ : chunks_ + damaged]
    created = [_DAMAGE[n % len(_DAMAGE)](text, chance) for n, text in enumerate(sources)]
    book = " ".join(prose[:_LONG])
    return [text for text in dict.fromkeys([*whole, *created, book]) if "\u00ad" not in text and "\u200b" not in text]


def _lines_repeated(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    return "\n".join(lines + chance.choices(lines, k=chance.randint(1, 2 * len(lines))))


def _paragraphs_repeated(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    return "\n\n".join(lines + chance.choices(lines, k=chance.randint(1, len(lines))))


def _words_repeated(text: str, chance: random.Random) -> str:
    words = text.split()
    n = chance.randint(2, 14)
    at = chance.randrange(len(words))
    return " ".join(words + words[at : at + n] * chance.randint(1, 12))


def _bullets(text: str, chance: random.Random) -> str:
    sign = chance.choice(["• ", "- ", "-", "* "])
    return "\n".join((sign if chance.random() < 0.92 else "") + line for line in text.split("\n"))


def _ellipses(text: str, chance: random.Random) -> str:
    share, sign = chance.random(), chance.choice(["...", "…", " ..."])
    return "\n".join(line.rstrip(".") + sign if chance.random() < share else line for line in text.split("\n"))


def _short_lines(text: str, chance: random.Random) -> str:
    words = text.split()
    n = chance.randint(1, 8)
    return "\n".join(" ".join(words[i : i + n]) for i in range(0, len(words), n))


def _symbols(text: str, chance: random.Random) -> str:
    sign = chance.choice(["#", "12 ", "3/4 ", "{", "x ", "...", "77 "])
    share = chance.uniform(0, 0.4)
    return " ".join((sign if chance.random() < share else "") + word for word in text.split())


def _placeholder(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(chance.randrange(len(lines) + 1), _PLACEHOLDER)
    return "\n".join(lines)


def _cut(text: str, chance: random.Random) -> str:
    return " ".join(text.split()[: chance.randint(1, 80)])


def _no_function_words(text: str, chance: random.Random) -> str:
    least = chance.randint(3, 12)
    return " ".join(word for word in text.split() if len(word) > least) or text


_DAMAGE: Final[tuple[Callable[[str, random.Random], str], ...]] = (
    _lines_repeated,
    _paragraphs_repeated,
    _words_repeated,
    _bullets,
    _ellipses,
    _short_lines,
    _symbols,
    _placeholder,
    _cut,
    _no_function_words,
)
