"""Lines of a language rewritten in its other spelling: the old one for the modern, and the other way round."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from latam_corpus.language.labels import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    def other(self, lines: Iterable[str]) -> list[str]:
        """The lines in the spelling that most of them are not in; those that stay as they are, left out."""
        given = list(lines)
        sample = "\n".join(given)
        is_old = len(re.findall(self.old, sample)) > len(re.findall(self.modern, sample))
        made = (self.rewritten(line, to_modern=is_old) for line in given)
        return [new for new, line in zip(made, given, strict=True) if new != line]

    def rewritten(self, line: str, *, to_modern: bool) -> str:
        """The normalised line with all that the pairs name written as the modern spelling has it, or the old one."""
        found, by = _rules(self.pairs, to_modern=to_modern)
        return found.sub(lambda match: by[match.lastindex or 1], line)


@cache
def spellings() -> tuple[Spelling, ...]:
    """The spellings of `models/spellings.toml`."""
    told = tomllib.loads((MODELS / "spellings.toml").read_text("utf-8"))["spelling"]
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
        for one in told
    )


def respelled(code: str, lines: Iterable[str]) -> list[str]:
    """Normalised lines of a language in its other spellings; none for a language with one.

    >>> respelled("arn", ["kvme ce"]), respelled("nci", ["cihuatl"]), respelled("spa", ["casa"])
    (['küme che'], ['siwatl'], [])
    """
    given = list(lines)
    return [line for one in spellings() if code in one.codes for line in one.other(given)]


@cache
def _rules(pairs: tuple[tuple[str, str], ...], *, to_modern: bool) -> tuple[re.Pattern[str], dict[int, str]]:
    """One expression for all pairs, so that what a rule wrote isn't read by the next, and what each writes."""
    ways = [(old, new) if to_modern else (new, old) for old, new in pairs]
    # Longer signs first where the order of the pairs is that of the other direction.
    ways.sort(key=lambda way: -len(_plain(way[0])))
    found = re.compile("|".join(f"({pattern})" for pattern, _ in ways))
    return found, {place: _plain(written) for place, (_, written) in enumerate(ways, 1)}


def _plain(pattern: str) -> str:
    return _NO_LETTERS.sub("", pattern)
