"""How languages of the Americas are written: their signs for the apostrophe, and one spelling rewritten in another.

The table is `orthography.toml` beside this module, and counts as its code. Identification reads its apostrophes as one
letter and is trained on lines in both spellings; stop words are looked up in all of them; duplicates are compared with
its apostrophes folded.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

TYPED: Final = "'"  # the typewriter's apostrophe, as which all are read
_TABLE: Final = Path(__file__).with_suffix(".toml")
_NO_LETTERS: Final = re.compile(r"\(\?<?[=!][^)]*\)|\\")  # what is looked at and not written, and escapes


@dataclass(frozen=True)
class Spelling:
    """Two spellings of some languages, and how one becomes the other.

    Attributes:
        name: which they are.
        source: where the correspondences are stated.
        codes: ISO 639-3 of the languages.
        old, modern: what shows that a text is in the one or the other.
        pairs: patterns of the old and of the modern spelling, tried in order.
        attested: words in the old and in the modern spelling.
    """

    name: str
    source: str
    codes: frozenset[str]
    old: str
    modern: str
    pairs: tuple[tuple[str, str], ...]
    attested: tuple[tuple[str, str], ...]

    def signs(self, text: str) -> tuple[int, int]:
        """How many signs of the old spelling a normalised text has, and how many of the modern one."""
        return len(re.findall(self.old, text)), len(re.findall(self.modern, text))

    def is_old(self, text: str) -> bool:
        """Whether a normalised text has more signs of the old spelling than of the modern one."""
        old, modern = self.signs(text)
        return old > modern

    def rewritten(self, line: str, *, to_modern: bool) -> str:
        """Rewrite what the pairs name in a normalised line, in the modern spelling or in the old one."""
        pattern, by = _rules(self.pairs, to_modern=to_modern)
        return pattern.sub(lambda match: by[match.lastindex or 1], line)


@cache
def apostrophes() -> dict[str, str]:
    """Return the signs that are one letter where a language has it, by Unicode name; the typewriter's first."""
    return {one["sign"]: one["name"] for one in _read()["apostrophe"]}


@cache
def spellings() -> tuple[Spelling, ...]:
    """Return the spellings of the table."""
    return tuple(
        Spelling(
            one["name"],
            one["source"],
            frozenset(one["codes"]),
            one["old"],
            one["modern"],
            tuple(map(tuple, one["pairs"])),
            tuple(map(tuple, one["attested"])),
        )
        for one in _read()["spelling"]
    )


@cache
def spellings_digest() -> str:
    """Digest what `in_modern` makes of a text; 32 hex digits."""
    rules = [[one["codes"], one["old"], one["modern"], one["pairs"]] for one in _read()["spelling"]]
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:32]


def typed(text: str) -> str:
    """Return the text with every apostrophe the typewriter's.

    >>> typed("k’icheʼ")
    "k'iche'"
    """
    return text.translate(dict.fromkeys(map(ord, apostrophes()), TYPED))


def respelled(code: str, lines: Iterable[str]) -> list[str]:
    """Normalised lines of a language in its other spellings; those that stay as they are, left out.

    Lines that are in an old spelling are written in the modern one, and not in another old one.

    >>> respelled("arn", ["kvme ce"]), respelled("nci", ["cihuatl"]), respelled("spa", ["casa"])
    (['küme che'], ['siwatl'], [])
    """
    all_lines = list(lines)
    sample = "\n".join(all_lines)
    known = [one for one in spellings() if code in one.codes]
    old = [one for one in known if one.is_old(sample)]
    rewritten = ((one.rewritten(line, to_modern=bool(old)), line) for one in old or known for line in all_lines)
    return [new for new, line in rewritten if new != line]


def spelled(codes: Collection[str], words: Iterable[str]) -> dict[str, None]:
    """Return the words, and each as the other spellings of these languages write it, in order, without repeats.

    A word is in the old spelling if it shows more signs of it; where it shows as many of both, if the whole list does.

    Args:
        codes: ISO 639-3 of languages that have the words in common.
        words: in small letters.

    >>> list(spelled({"ayr"}, ["ukax", "mä"]))
    ['ukax', 'mä', 'ucajj', 'ukajj']
    >>> list(spelled({"spa"}, ["casa"]))
    ['casa']
    """
    all_words = list(words)
    variants = dict.fromkeys(all_words)
    for one in spellings():
        if not one.codes.isdisjoint(codes):
            usual = one.is_old("\n".join(all_words))
            for word in all_words:
                old, modern = one.signs(word)
                variants[one.rewritten(word, to_modern=usual if old == modern else old > modern)] = None
    return variants


def in_modern(codes: Collection[str], text: str) -> str:
    """Write the text in each table's modern spelling where it is in the old one; its case stays.

    >>> in_modern({"ayr"}, "Ucajj, uqhama"), in_modern({"ayr"}, "Ukax")
    ('Ukax, ukhama', 'Ukax')
    """
    left = [one for one in spellings() if not one.codes.isdisjoint(codes)]
    while left:
        shown = typed(text).lower()
        # Signs of one old spelling may be signs of another, too: the one that is shown best goes first.
        margins = [old - modern for old, modern in (one.signs(shown) for one in left)]
        if max(margins) <= 0:
            break
        text = _word().sub(partial(_in_modern, left.pop(margins.index(max(margins)))), text)
    return text


def _in_modern(spelling: Spelling, match: re.Match[str]) -> str:
    return _with_case(match[0], spelling.rewritten(typed(match[0]).lower(), to_modern=True))


@cache
def _word() -> re.Pattern[str]:
    """Return a word with the apostrophes in it and at its ends."""
    signs = "".join(map(re.escape, apostrophes()))
    return re.compile(rf"[{signs}]?[^\W\d_](?:[^\W\d_]|[{signs}])*")


def _with_case(word: str, new: str) -> str:
    if word.isupper() and len(word) > 1:
        return new.upper()
    return new[:1].upper() + new[1:] if word[:1].isupper() else new


def seen(codes: Collection[str], text: str) -> dict[str, Any]:
    """Give what of the table stands in a text in one of these languages: its apostrophes, and in which spelling it is.

    Returns:
        `apostrophes`: how often each sign stands beside a letter; and `spellings`: of each with its signs in the text
        the `name`, the `source`, and how many signs of the `old` and of the `modern` one there are.

    >>> seen({"quc"}, "K’icheʼ")["apostrophes"]
    {'’': 1, 'ʼ': 1}
    >>> [(one["old"], one["modern"]) for one in seen({"ayr"}, "Ucajj janiw ukax")["spellings"]]
    [(2, 2), (1, 1)]
    """
    signs = "".join(map(re.escape, apostrophes()))
    beside = Counter(re.findall(rf"(?<=[^\W\d_])[{signs}]|[{signs}](?=[^\W\d_])", text))
    normalised = typed(text).lower()
    respellings = []
    for one in spellings():
        if not one.codes.isdisjoint(codes):
            old, modern = one.signs(normalised)
            if old or modern:
                respellings.append({"name": one.name, "source": one.source, "old": old, "modern": modern})
    return {"apostrophes": dict(beside), "spellings": respellings}


def _read() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text("utf-8"))


@cache
def _rules(pairs: tuple[tuple[str, str], ...], *, to_modern: bool) -> tuple[re.Pattern[str], dict[int, str]]:
    """One expression for all pairs, so that what a rule wrote isn't read by the next, and what each writes."""
    ways = [(old, new) if to_modern else (new, old) for old, new in pairs]
    # Longer signs first where the order of the pairs is that of the other direction.
    ways.sort(key=lambda way: -len(_plain(way[0])))
    compiled = re.compile("|".join(f"({pattern})" for pattern, _ in ways))
    return compiled, {number: _plain(written) for number, (_, written) in enumerate(ways, 1)}


def _plain(pattern: str) -> str:
    return _NO_LETTERS.sub("", pattern)
