"""Spellings of languages of the Americas: forms of the apostrophe, and rules that convert between spellings.

The table is `orthography.toml` next to this module, and counts as code. Language identification reads all apostrophes
as the same letter and is trained on lines in both spellings; stop words are looked up in all spellings; duplicates are
compared with apostrophes folded.
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

TYPED: Final = "'"  # the typewriter apostrophe, to which all forms are folded
_TABLE: Final = Path(__file__).with_suffix(".toml")
_NO_LETTERS: Final = re.compile(r"\(\?<?[=!][^)]*\)|\\")  # look-around assertions and escapes in a pattern


@dataclass(frozen=True)
class SpellingPair:
    """An old and a modern spelling of some languages, and the rules that convert one to the other.

    Attributes:
        name: the name of the two spellings.
        source: the publication that states the correspondences.
        codes: the ISO 639-3 codes of the languages. old, modern: patterns of the signs of each spelling.
        pairs: patterns of the old and the modern spelling, tried in order.
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
        """Return the numbers of signs of the old and the modern spelling in a normalised text."""
        return len(re.findall(self.old, text)), len(re.findall(self.modern, text))

    def is_old(self, text: str) -> bool:
        """Return whether a normalised text has more signs of the old spelling than of the modern one."""
        old, modern = self.signs(text)
        return old > modern

    def rewritten(self, line: str, *, to_modern: bool) -> str:
        """Return a normalised line in the modern or the old spelling."""
        pattern, replacements = _rules(self.pairs, to_modern=to_modern)
        return pattern.sub(lambda match: replacements[match.lastindex or 1], line)


@cache
def apostrophes() -> dict[str, str]:
    """Return the forms of the apostrophe with their Unicode names, the typewriter apostrophe first."""
    return {entry["sign"]: entry["name"] for entry in _read()["apostrophe"]}


@cache
def spellings() -> tuple[SpellingPair, ...]:
    """Return the pairs of spellings in the table."""
    return tuple(
        SpellingPair(
            entry["name"],
            entry["source"],
            frozenset(entry["codes"]),
            entry["old"],
            entry["modern"],
            tuple(map(tuple, entry["pairs"])),
            tuple(map(tuple, entry["attested"])),
        )
        for entry in _read()["spelling"]
    )


@cache
def spellings_digest() -> str:
    """Return a digest of the rules of `in_modern`, 32 hex digits."""
    rules = [[entry["codes"], entry["old"], entry["modern"], entry["pairs"]] for entry in _read()["spelling"]]
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:32]


def typed(text: str) -> str:
    """Return the text with all apostrophes replaced by the typewriter apostrophe.

    >>> typed("k’icheʼ")
    "k'iche'"
    """
    return text.translate(dict.fromkeys(map(ord, apostrophes()), TYPED))


def respelled(code: str, lines: Iterable[str]) -> list[str]:
    """Return the lines of a language in its other spellings, without lines that don't change.

    Lines in an old spelling are converted only to the modern spelling, not to another old one.

    Args:
        code: the language's ISO 639-3 code.
        lines: normalised lines.

    >>> respelled("arn", ["kvme ce"]), respelled("nci", ["cihuatl"]), respelled("spa", ["casa"])
    (['küme che'], ['siwatl'], [])
    """
    all_lines = list(lines)
    sample = "\n".join(all_lines)
    pairs = [pair for pair in spellings() if code in pair.codes]
    old = [pair for pair in pairs if pair.is_old(sample)]
    rewritten = ((pair.rewritten(line, to_modern=bool(old)), line) for pair in old or pairs for line in all_lines)
    return [new for new, line in rewritten if new != line]


def all_spellings(codes: Collection[str], words: Iterable[str]) -> dict[str, None]:
    """Return the words and their other spellings in these languages, in order and without repetitions.

    A word with more signs of the old spelling is in the old spelling; in a tie, the signs of the complete list decide.

    Args:
        codes: the ISO 639-3 codes of languages that share the words.
        words: words in lower case.

    >>> list(all_spellings({"ayr"}, ["ukax", "mä"]))
    ['ukax', 'mä', 'ucajj', 'ukajj']
    >>> list(all_spellings({"spa"}, ["casa"]))
    ['casa']
    """
    all_words = list(words)
    variants = dict.fromkeys(all_words)
    for pair in spellings():
        if not pair.codes.isdisjoint(codes):
            list_is_old = pair.is_old("\n".join(all_words))
            for word in all_words:
                old, modern = pair.signs(word)
                variants[pair.rewritten(word, to_modern=list_is_old if old == modern else old > modern)] = None
    return variants


def in_modern(codes: Collection[str], text: str) -> str:
    """Return the text with each old spelling converted to the modern one; case is kept.

    >>> in_modern({"ayr"}, "Ucajj, uqhama"), in_modern({"ayr"}, "Ukax")
    ('Ukax, ukhama', 'Ukax')
    """
    pairs = [pair for pair in spellings() if not pair.codes.isdisjoint(codes)]
    while pairs:
        normalised = typed(text).lower()
        # Old spellings may share signs, so the one with the largest margin is converted first.
        margins = [old - modern for old, modern in (pair.signs(normalised) for pair in pairs)]
        if max(margins) <= 0:
            break
        text = _word().sub(partial(_in_modern, pairs.pop(margins.index(max(margins)))), text)
    return text


def _in_modern(spelling: SpellingPair, match: re.Match[str]) -> str:
    return _with_case(match[0], spelling.rewritten(typed(match[0]).lower(), to_modern=True))


@cache
def _word() -> re.Pattern[str]:
    """Return the pattern of a word, which may have apostrophes inside and at its edges."""
    signs = "".join(map(re.escape, apostrophes()))
    return re.compile(rf"[{signs}]?[^\W\d_](?:[^\W\d_]|[{signs}])*")


def _with_case(word: str, new: str) -> str:
    if word.isupper() and len(word) > 1:
        return new.upper()
    return new[:1].upper() + new[1:] if word[:1].isupper() else new


def describe_spelling(codes: Collection[str], text: str) -> dict[str, Any]:
    """Return the apostrophes and spellings in a text in one of these languages.

    Returns:
        `apostrophes`: how often each form occurs next to a letter. `spellings`: for each pair with signs in the text,
        its `name` and `source`, and the numbers of signs of the `old` and the `modern` spelling.

    >>> describe_spelling({"quc"}, "K’icheʼ")["apostrophes"]
    {'’': 1, 'ʼ': 1}
    >>> [(one["old"], one["modern"]) for one in describe_spelling({"ayr"}, "Ucajj janiw ukax")["spellings"]]
    [(2, 2), (1, 1)]
    """
    signs = "".join(map(re.escape, apostrophes()))
    apostrophe_counts = Counter(re.findall(rf"(?<=[^\W\d_])[{signs}]|[{signs}](?=[^\W\d_])", text))
    normalised = typed(text).lower()
    respellings = []
    for pair in spellings():
        if not pair.codes.isdisjoint(codes):
            old, modern = pair.signs(normalised)
            if old or modern:
                respellings.append({"name": pair.name, "source": pair.source, "old": old, "modern": modern})
    return {"apostrophes": dict(apostrophe_counts), "spellings": respellings}


def _read() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text("utf-8"))


@cache
def _rules(pairs: tuple[tuple[str, str], ...], *, to_modern: bool) -> tuple[re.Pattern[str], dict[int, str]]:
    """Return one pattern for all pairs, so that no rule reads another's output, and the replacement for each group."""
    rules = [(old, new) if to_modern else (new, old) for old, new in pairs]
    # Longer signs first: the pairs may be ordered for the other direction.
    rules.sort(key=lambda rule: -len(_plain(rule[0])))
    compiled = re.compile("|".join(f"({pattern})" for pattern, _ in rules))
    return compiled, {number: _plain(replacement) for number, (_, replacement) in enumerate(rules, 1)}


def _plain(pattern: str) -> str:
    return _NO_LETTERS.sub("", pattern)
