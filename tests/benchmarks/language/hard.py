"""Texts that are easily taken for a language of the Americas and aren't in one: worn ones, lists, and no language."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Final

from latam_corpus.lab.language.augment import without_accents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEED: Final = 52_711
# Letters that scanning takes for one another, with the longer ones first.
_MISREAD: Final = {
    "rn": "m",
    "ni": "m",
    "ri": "n",
    "cl": "d",
    "ll": "U",
    "m": "rn",
    "n": "ii",
    "u": "n",
    "e": "c",
    "c": "e",
    "a": "o",
    "o": "0",
    "l": "1",
    "i": "l",
    "t": "f",
    "f": "t",
    "s": "a",
    "h": "b",
    "b": "h",
    "v": "y",
    "g": "q",
    "ñ": "n~",
    "ã": "à",
    "ç": "g",
}
_MESSAGE: Final = {
    "spa": {
        "que": "q",
        "porque": "xq",
        "por": "x",
        "también": "tb",
        "para": "pa",
        "de": "d",
        "te": "t",
        "me": "m",
        "es": "s",
        "estoy": "toy",
        "bien": "bn",
        "mucho": "mxo",
        "siempre": "smpre",
        "como": "cmo",
        "más": "+",
        "todo": "to",
    },
    "por": {
        "que": "q",
        "porque": "pq",
        "também": "tb",
        "você": "vc",
        "não": "naum",
        "de": "d",
        "quando": "qdo",
        "muito": "mto",
        "mais": "+",
        "está": "tá",
        "para": "p",
        "com": "c/",
        "hoje": "hj",
        "beleza": "blz",
        "mesmo": "msm",
        "tudo": "td",
    },
}
_ENDINGS: Final = ("", "", "!!!", " xd", " jajaja", " kkkk", " :)", " rsrs", " jeje", " 😂")
_NAME: Final = re.compile(r"(?<=[a-záéíóúñãõç,] )[A-ZÁÉÍÓÚÂÊ][a-záéíóúñãõçâêô]{2,}\b")
_SOUNDS: Final = {
    "plain": ((*"bcdfghjklmnpqrstvwxyz", "ch", "sh", "tr", "pl", "qu"), tuple("aeiou")),
    # The letters of languages of the Americas, without their words: harder than what a corpus meets.
    "American": (
        (*"bcdfghjklmnñpqrstvwxyz'", "ch", "ll", "tz", "k'", "hu", "qu", "sh", "ts", "mb", "nd", "ng"),
        (*"aeiouáéíóúãõɨëïüâêô", "aa", "ii", "uu", "ai", "ay", "ui", "ua"),
    ),
}
_LISTS: Final = (" ", " ", ", ", "\n", " · ")


def hard_texts(windows: Sequence[tuple[str, str]], number: int, seed: int = SEED) -> dict[str, list[tuple[str, str]]]:
    """Return a number of texts of each kind, with the language of each.

    Args:
        windows: language and text of clean stretches, from which worn ones are made.
        number: texts per kind.
        seed: of the random choices.
    """
    chance = random.Random(seed)
    ours = [window for window in windows if window[0] in _MESSAGE]
    names = sorted({name for language, text in ours if language in _MESSAGE for name in _NAME.findall(text)})
    worn: dict[str, tuple[Sequence[tuple[str, str]], Callable[[str, str], str]]] = {
        "scanning errors": (windows, lambda _, text: scanned(text, chance)),
        "message style": (ours, lambda language, text: as_message(text, language, chance)),
        "capitals": (windows, lambda _, text: text.upper()),
        "without accents": (windows, lambda _, text: without_accents(text)),
        "capitals without accents": (windows, lambda _, text: without_accents(text).upper()),
    }
    created = {}
    for kind, (texts, wear) in worn.items():
        drawn = chance.choices(texts, k=number)
        created[kind] = [(language, wear(language, text)) for language, text in drawn]
    created["names"] = [("und", chance.choice(_LISTS).join(chance.choices(names, k=30))) for _ in range(number)]
    for kind, few in (("syllables", False), ("syllables of few sounds", True)):
        created[kind] = [("und", syllables(chance, "plain", few=few)) for _ in range(number)]
        created[f"{kind}, American letters"] = [("und", syllables(chance, "American", few=few)) for _ in range(number)]
    return created


def scanned(text: str, chance: random.Random) -> str:
    """The text as bad scanning gives it: one in fifty to one in six letters misread, words broken and run together.

    >>> scanned("la canción del río", random.Random(1)) != "la canción del río"
    True
    """
    rate = chance.uniform(0.02, 0.16)
    created: list[str] = []
    place = 0
    while place < len(text):
        size = 2 if text[place : place + 2] in _MISREAD and chance.random() < rate else 1
        letters = text[place : place + size]
        place += size
        if chance.random() < rate or size > 1:
            letters = _MISREAD.get(letters, letters)
        if letters == " " and chance.random() < rate / 4:
            letters = ""
        elif letters.isalpha() and chance.random() < rate / 10:
            letters += "-\n"
        created.append(letters)
    return "".join(created)


def as_message(text: str, language: str, chance: random.Random) -> str:
    """The text as it is typed on a telephone: shortened, without accents and marks, with laughter.

    >>> as_message("También creo que está bien", "spa", random.Random(6)).split()[:4]
    ['tb', 'creo', 'q', 'esta']
    """
    short = _MESSAGE[language]
    created = []
    for word in re.findall(r"\w+", text.lower()):
        typed = short.get(word, word)
        if typed == word and len(word) > 4 and chance.random() < 0.15:
            typed = word[0] + re.sub("[aeiouáéíóú]", "", word[1:])
        created.append(typed.replace("qu", "k") if chance.random() < 0.3 else typed)
    return without_accents(" ".join(created)) + chance.choice(_ENDINGS)


def syllables(chance: random.Random, sounds: str, *, few: bool = False) -> str:
    """Thirty words of random syllables; with `few` of a handful of sounds, as a real language has them."""
    consonants, vowels = _SOUNDS[sounds]
    if few:
        consonants = tuple(chance.sample(consonants, chance.randint(4, 9)))
        vowels = tuple(chance.sample(vowels, chance.randint(2, 5)))
    closed = chance.choice((0.0, 0.2, 0.5))

    def word() -> str:
        created = [
            chance.choice(consonants) + chance.choice(vowels) + (chance.choice(consonants) * (chance.random() < closed))
            for _ in range(chance.randint(1, 4))
        ]
        return "".join(created)

    words = [word() for _ in range(30)]
    if few:
        # A few words are repeated, as function words are.
        often = words[:4]
        words = [chance.choice(often) if chance.random() < 0.25 else random_word for random_word in words]
    return " ".join(words)
