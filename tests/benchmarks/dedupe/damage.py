r"""Damage texts as copying does: edits, bad characters, other line ends, cuts, other spelling.

Each function is pure: it takes its chance as a `random.Random`, so that a seed gives the same copy again.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

_WORD: Final = re.compile(r"\S+")
_LETTERS: Final = "abcdefghijlmnopqrstuvz"
_HYPHENATED_LEAST: Final = 7  # letters of a word that a printer would divide

# Spelling reforms, as (pattern, replacement); each set uses other rules, so that none is tuned to one of them.
SPELLING: Final[Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]]] = {
    "first": {
        # Andrés Bello's spelling, Chile until 1927.
        "es": ((r"g(?=[eiéí])", "j"), (r"\by\b", "i"), (r"(?<=[aeou])y\b", "i"), (r"\bex(?=[cpt])", "es")),
        # Before the reform of 1911: doubled consonants, ph, th.
        "pt": (
            (r"\b(\w*?)el([ea]s?)\b", r"\1ell\2"),
            (r"\baquil", "aquill"),
            (r"(?<=[aeiou])f(?=[aeiou])", "ff"),
            (r"\bcois", "cous"),
            (r"\bdois\b", "dous"),
            (r"ais\b", "aes"),
            (r"\bt(?=eatr|ron|eor)", "th"),
        ),
    },
    "second": {
        # Accents on a, e, o, u and on fue, fui, dio, vio, until 1911 and 1952.
        "es": (
            (r"\ba\b", "á"),
            (r"\be\b", "é"),
            (r"\bo\b", "ó"),
            (r"\bu\b", "ú"),
            (r"\bfue\b", "fué"),
            (r"\bfui\b", "fuí"),
            (r"\bdio\b", "dió"),
            (r"\bvio\b", "vió"),
        ),
        # Apostrophes of contractions, h between vowels, -eo for -eu, in print until 1911.
        "pt": (
            (r"\b([nd])(?=(?:um|est|ess|aquel|ela|ele)\w*\b)", r"\1'"),
            (r"\bsa[ií](?=[ru])", "sahi"),
            (r"\bca[ií](?=[ru])", "cahi"),
            (r"\bmãe", "mãi"),
            (r"\bpai\b", "pae"),
            (r"\bcriança", "creança"),
            (r"\blugar", "logar"),
            (r"\bigual", "egual"),
            (r"\bquase\b", "quasi"),
            (r"(?<=[mstc])eu\b", "eo"),
        ),
    },
    "third": {
        # What the reforms of 1952 and 1999 left out or took back.
        "es": (
            (r"\bobsc", "osc"),
            (r"\bsubst", "sust"),
            (r"\btrans(?=[bcdfglmnpqrtv])", "tras"),
            (r"\bps(?=[ií])", "s"),
            (r"\bsept(?=[ií])", "set"),
            (r"\bsólo\b", "solo"),
            (r"\bés(?=[eto])", "es"),
            (r"\breem", "rem"),
        ),
        # Silent consonants, trema and accents that the agreements of 1943 to 1990 took out.
        "pt": (
            (r"(?<=[aeiou])c(?=[çt][ãaio])", ""),
            (r"(?<=[aeiou])p(?=[çt][ãaio])", ""),
            (r"(\w)\1(?=[aeiou])", r"\1"),
            (r"ph", "f"),
            (r"\bth", "t"),
            (r"éi(?=a)", "ei"),
            (r"ü", "u"),
        ),
    },
}


def edit_words(text: str, share: float, vocabulary: Sequence[str], chance: random.Random) -> str:
    """The text with this share of its words replaced, left out or put in before, a third of each.

    >>> import random
    >>> edit_words("la casa grande del río", 0.2, ["puente"], random.Random(2))
    'puente casa grande del río'
    """
    spans = [match.span() for match in _WORD.finditer(text)]
    chosen = sorted(chance.sample(range(len(spans)), min(len(spans), max(1, round(share * len(spans))))))
    parts: list[str] = []
    at = 0
    for place in chosen:
        start, end = spans[place]
        deed = chance.randrange(3)
        parts.append(text[at:start])
        if deed == 0:
            parts.append(chance.choice(vocabulary))
        elif deed == 1:
            parts.append(f"{chance.choice(vocabulary)} {text[start:end]}")
        at = end
    return "".join(parts) + text[at:]


def misread(text: str, share: float, confusions: Mapping[str, Mapping[str, int]], chance: random.Random) -> str:
    """The text with this share of its letters misread, as the confusions say; a frequent one is drawn more often.

    Args:
        text: any text.
        share: of the letters and marks, white space aside.
        confusions: letters → what they were read as → how often (see `ocr.confusions`).
        chance: the source of chance.

    >>> import random
    >>> misread("la reina", 0.2, {"n": {"u": 9}}, random.Random(1))
    'la reiua'
    """
    places = [place for place, letter in enumerate(text) if not letter.isspace()]
    weights = {letter: sum(result.values()) for letter, result in confusions.items()}
    # Weighted drawing without replacement: the largest of random ** (1 / weight), Efraimidis and Spirakis 2006.
    keys = [(chance.random() ** (1 / (weights.get(text[place], 0) + 0.1)), place) for place in places]
    chosen = {place for _, place in heapq.nlargest(max(1, round(share * len(places))), keys)}
    created: list[str] = []
    for place, letter in enumerate(text):
        if place not in chosen:
            created.append(letter)
        elif results := confusions.get(letter):
            created.append(chance.choices(list(results), list(results.values()))[0])
        else:
            created.append(chance.choice(("", chance.choice(_LETTERS))))
    return "".join(created)


def relined(text: str, width: int, *, hyphen: str = "") -> str:
    r"""The text in lines of this width; with a hyphen, long words are divided at line ends as printers do.

    >>> relined("la tertulia de los martes", 12)
    'la tertulia\nde los\nmartes'
    >>> relined("la tertulia de los martes", 9, hyphen="-")
    'la tertu-\nlia de\nlos\nmartes'
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            room = width - len(line) - 2
            if hyphen and len(word) >= _HYPHENATED_LEAST and 3 <= room <= len(word) - 3:
                lines.append(f"{line} {word[:room]}{hyphen}")
                line = word[room:]
                continue
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def cut(text: str, share: float, *, end: bool = True) -> str:
    """Return the beginning or the end of a text, with this share of its words.

    >>> cut("uno dos tres cuatro", 0.5), cut("uno dos tres cuatro", 0.5, end=False)
    ('uno dos', 'tres cuatro')
    """
    spans = [match.span() for match in _WORD.finditer(text)]
    number = max(1, round(share * len(spans)))
    return text[: spans[number - 1][1]] if end else text[spans[-number][0] :]


def respelled(text: str, rules: Sequence[tuple[str, str]]) -> str:
    """The text after these spelling rules, (pattern, replacement).

    >>> respelled("la gente y el general", SPELLING["first"]["es"])
    'la jente i el jeneral'
    """
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    return text


def without_accents(text: str) -> str:
    """The text without accents; ñ and ç are letters of their own and stay.

    >>> without_accents("El niño salió de la canción; a bênção")
    'El niño salio de la cancion; a bençao'
    """
    kept = {"ñ", "Ñ", "ç", "Ç"}
    return "".join(
        letter if letter in kept or letter.isascii() else _bare(letter) for letter in unicodedata.normalize("NFC", text)
    )


def _bare(letter: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", letter) if unicodedata.category(c) != "Mn")
