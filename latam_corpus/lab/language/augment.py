"""Make training lines from texts: stretches of many lengths, damaged lines, mixed languages, names and nonsense."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from latam_corpus.language.evidence import RULE

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

# Lengths in characters and their weights: windows as `identify` cuts them, sentences, verses and titles.
_LENGTHS: Final = ((400, 2), (250, 2), (120, 3), (60, 4), (30, 2))
_WITHOUT_ACCENTS: Final = 0.08
_SCANNED: Final = 0.04
_MISREAD: Final = 0.06  # share of a scanned line's letters that are misread
_SWAPS: Final = {"e": "c", "c": "e", "l": "i", "i": "l", "n": "u", "u": "n", "m": "in", "h": "b", "o": "0", "s": "f"}
_SCRAP: Final = (4, 12)  # words
_MAX_QUOTED: Final = 3  # at most one in this many words of a line is a quotation in another language
_NAME: Final = re.compile(r"(?<=[^\W\d_] )[^\W\d_a-z][a-záéíóúâêôãõçñ]{2,}")
_LAUGHTER: Final = 0.2
_OPEN: Final = 0.4
_FEW: Final = (4, 9)  # number of onsets in a line with few sounds, as in a real language
_ONSETS: Final = (*"bcdfghjklmnpqrstvwxyz", "ch", "tr", "pl", "sh", "qu")
_VOWELS: Final = ("a", "e", "i", "o", "u", "ai", "ou", "ee", "y", "á", "ö")
_CODAS: Final = ["", "", "", "n", "s", "r", "l", "k", "m", "t", "x"]
# A written syllable: all consonants before its vowels, even if some end the previous syllable, and the vowels.
_SYLLABLE: Final = re.compile(rf"([^\W\d_{RULE.vowels}]*)([{RULE.vowels}]+)")
_SOURCE: Final = 60  # words from which syllables are drawn
_DRAWN: Final = (4, 10)  # syllables that are drawn


def cut(text: str, limit: int, rng: random.Random) -> list[str]:
    r"""Cut a text between words into at most `limit` stretches, from a few words to a window long.

    >>> from random import Random
    >>> cut("Buenos días,\nvecina.", 5, Random(1))
    ['Buenos días, vecina.']
    """
    if len(text) <= _LENGTHS[1][0]:
        return [" ".join(text.split())]
    lengths, weights = zip(*_LENGTHS, strict=True)
    mean = sum(length * weight for length, weight in _LENGTHS) / sum(weights)
    count = min(limit, max(1, int(len(text) / mean)))
    pieces = []
    for _ in range(count):
        length = rng.choices(lengths, weights)[0]
        start = rng.randrange(max(1, len(text) - length))
        # The first and the last word may be incomplete.
        words = text[start : start + length].split()[1:-1]
        pieces.append(" ".join(words))
    return pieces


def scraps(lines: Sequence[str], number: int, rng: random.Random) -> list[str]:
    """Draw stretches of four to twelve words, about as long as a title, a verse or an answer.

    >>> from random import Random
    >>> scraps(["la canción del río"], 1, Random(1))
    ['la canción del río']
    """
    pieces = []
    for _ in range(number):
        words = rng.choice(lines).split()
        length = rng.randint(*_SCRAP)
        start = rng.randrange(max(1, len(words) - length + 1))
        pieces.append(" ".join(words[start : start + length]))
    return pieces


def switched(line: str, quoted: str, rng: random.Random) -> str:
    """Insert a stretch of a line in another language; it has at most a third as many words as the line.

    >>> from random import Random
    >>> switched("os vizinhos da quadra", "la orilla del río", Random(1))
    'os vizinhos da quadra la'
    """
    words, quoted_words = line.split(), quoted.split()
    size = rng.randint(1, max(1, len(words) // _MAX_QUOTED))
    position, start = rng.randrange(len(words) + 1), rng.randrange(max(1, len(quoted_words) - size + 1))
    return " ".join([*words[:position], *quoted_words[start : start + size], *words[position:]])


def names(text: str) -> set[str]:
    """Return the capitalised words inside sentences; most of them are names.

    >>> sorted(names("Ayer vino Remedios con Juan de Dios."))
    ['Dios', 'Juan', 'Remedios']
    """
    return set(_NAME.findall(text))


def worn(line: str, rng: random.Random) -> str:
    """Damage some lines in the way of real texts: 8 % lose their accents, 4 % get scanning errors.

    >>> from random import Random
    >>> worn("la canción del río", Random(3))
    'la canción del río'
    """
    chance = rng.random()
    if chance < _WITHOUT_ACCENTS:
        return without_accents(line)
    if chance < _WITHOUT_ACCENTS + _SCANNED:
        return "".join(_SWAPS.get(c, c) if rng.random() < _MISREAD else c for c in line)
    return line


def without_accents(line: str) -> str:
    """Return the line without its accents, tildes and cedillas.

    >>> without_accents("o coração e a canción")
    'o coracao e a cancion'
    """
    return "".join(c for c in unicodedata.normalize("NFD", line) if unicodedata.category(c) != "Mn")


def nonsense(rng: random.Random) -> str:
    """Return a line of random syllables in no language, to train the label `und`.

    >>> from random import Random
    >>> len(nonsense(Random(1)).split()) >= 3
    True
    """
    words = rng.randint(3, 40)
    kind = rng.random()
    if kind < _LAUGHTER:
        # Imitates laughter, refrains and repeated letters.
        syllable = rng.choice(_ONSETS) + rng.choice(_VOWELS)
        return " ".join(rng.choice((syllable, 2 * syllable, syllable[-1] * rng.randint(1, 9))) for _ in range(words))
    # Texts with only open syllables resemble many languages of the tropics.
    codas = ("",) if kind < _OPEN else _CODAS
    onsets = rng.sample(_ONSETS, rng.randint(*_FEW)) if rng.random() < _OPEN else _ONSETS

    def word() -> str:
        return "".join(rng.choice(onsets) + rng.choice(_VOWELS) + rng.choice(codas) for _ in range(rng.randint(1, 4)))

    return " ".join(word() for _ in range(words))


def respoken(words: Sequence[str], length: int, rng: random.Random, *, few: bool = True) -> str:
    """Make up words of one to four syllables, with consonants and vowels drawn from given words.

    With `few`, draw from at most ten syllables; otherwise, from the syllables of sixty words.

    >>> from random import Random
    >>> respoken("los vecinos caminaron hasta la orilla".split(), 4, Random(4))
    'llaha lla cicari rollilla'
    """
    syllables = _SYLLABLE.findall(" ".join(rng.choices(words, k=_SOURCE))) or [("t", "a")]
    onsets, vowels = zip(*(rng.choices(syllables, k=rng.randint(*_DRAWN)) if few else syllables), strict=True)

    def word() -> str:
        return "".join(rng.choice(onsets) + rng.choice(vowels) for _ in range(rng.randint(1, 4)))

    return " ".join(word() for _ in range(length))


def anagram(line: str, rng: random.Random) -> str:
    """Shuffle the letters of each word; the result has a language's letters but not its words."""
    return " ".join("".join(rng.sample(word, len(word))) for word in line.split())
