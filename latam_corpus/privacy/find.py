"""Find personal identifiers in a text by the forms of numbers and the words next to them.

A text is searched once for digits and the few other characters with which an identifier begins. The costly tests run
only at these places, which are rare in prose.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.privacy.normalised_text import is_broken, narrow, normalised
from latam_corpus.privacy.number_kinds import EMAIL, KEY, NAME, IdentifierSpan, Numbers, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from latam_corpus.privacy.privacy_policy import Words

# A run of digits with separators that may occur within a number. Commas and apostrophes also separate numbers, so they
# count only as thousands separators of a number with at least six digits and no other separators.
_RUN: Final = re.compile(
    r"\d(?:(?<!\d[,'’].)(?:\d{0,2}(?:[,'’]\d{3}){2,3}|\d{2}[,'’]\d{3})(?![,'’./\u2010-\u2013-]?\d)"
    r"|(?:[ .\u2010-\u2013/()\xa0\u202f-]{0,2}\d)*)"
)
_EMAIL_NAME: Final = re.compile(r"[\w.+-]+$")
_EMAIL_HOST: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_BEFORE_HANDLE: Final = frozenset("@!")
_MAIL_HOST: Final = re.compile(
    r"(?:gmail|googlemail|hotmail|outlook|live|msn|yahoo|ymail|icloud|proton(?:mail)?|uol|bol|terra|ig|globo)\.",
    re.IGNORECASE,
)
_AT: Final = re.compile(r"[\[({<]\s*(?:at|AT|At|arroba|ARROBA|a)\s*[\])}>]")
_AT_WORD: Final = re.compile(r"\s(?:arroba|ARROBA|Arroba|AT)\s")
_DOT: Final = r"(?:\.|\s?[\[({]\s?(?:punto|ponto|dot|\.)\s?[\])}]\s?|\s(?:punto|ponto|dot|PUNTO|PONTO|DOT)\s)"
_TLD: Final = (
    "com|org|net|edu|gob|gov|gub|mil|info|io|biz|coop|me|tv|"
    "ar|bo|br|cl|co|cr|cu|do|ec|es|gt|hn|ht|mx|ni|pa|pe|pr|pt|py|sv|uy|ve"
)
# With spaces around @, the name of an address must have other characters than letters, or follow a word such as
# «correo», since people also write places in this way: «nos vemos @ casa.com».
_NAME_APART: Final = re.compile(
    r"(?:[\w.+-]*[\d._+-][\w.+-]*|(?<=[(<\[:] )\w+|(?<=[(<\[:])\w+|(?<!.)\w+"
    r"|(?:mail|correo|contact\w*|contato|escrib\w+|escrev\w+)\W+(?:\w+\W+)?\w+)$",
    re.IGNORECASE,
)
_HOST_APART: Final = re.compile(rf"(?:[\w-]+\.)+(?:{_TLD})(?![\w-])", re.IGNORECASE)
_SPOKEN_NAME: Final = re.compile(rf"(?:[\w+-]+{_DOT}){{,3}}[\w+-]+\s?$")
_SPOKEN_HOST: Final = re.compile(rf"\s?[\w-]+(?:{_DOT}[\w-]+){{,2}}?(?:{_DOT}(?:{_TLD})){{1,2}}(?!\w)", re.IGNORECASE)
_UUID: Final = re.compile(r"(?<!\w)[\da-fA-F]{8}-(?:[\da-fA-F]{4}-){3}[\da-fA-F]{12}(?!\w)")
_DEGREES: Final = re.compile(
    r"(?<!\w)\d{1,2}°\s?\d{1,2}['′’]\s?(?:\d{1,2}(?:[.,]\d+)?(?:[\"″”]|'')\s?)?[NSns]\w*[\s,;y e]{,4}"
    r"\d{1,3}°\s?\d{1,2}['′’]\s?(?:\d{1,2}(?:[.,]\d+)?(?:[\"″”]|'')\s?)?[WOEwoe]\w*"
)
_SIGN: Final = re.compile("[0-9@\uff10-\uff19]")  # including full-width digits
# The number of characters of context before and after a digit or @.
_BEFORE: Final = 400
_AFTER: Final = 300
_SHORT: Final = 4  # number of characters of a number that isn't longer than a year
# The number of characters that are read before the @ of an address (RFC 5321 allows 64), and on both sides of a spoken
# address.
_LONGEST_NAME: Final = 256
_LONGEST_SPOKEN: Final = 80


class Hints(NamedTuple):
    """Whether a text may contain spoken e-mail addresses, PIX keys and streets, by a search of the whole column."""

    spoken_at: bool = True
    keys: bool = True
    streets: bool = True


def find(
    text: str,
    modes: Mapping[str, str],
    words: Words,
    country: str | None = None,
    names: re.Pattern[str] | None = None,
    hints: Hints = Hints(),  # noqa: B008  (it is a value)
) -> list[IdentifierSpan]:
    """Return the identifiers in a text, in order and without overlaps.

    Args:
        text: any.
        modes: the mode of each kind: `off`, `context` or `form`.
        words: words that indicate the kinds of numbers.
        country: the country whose identifiers have precedence.
        names: the pattern of third persons' names; None without a list.
        hints: the identifiers that the text may contain.
    """
    identifiers = without_overlaps(_candidates(text, modes, words, country, hints))
    if names is None:
        return identifiers
    # A name inside an e-mail or street address belongs to the address; any other name has precedence.
    name_spans = [IdentifierSpan(NAME, *match.span(), "name") for match in names.finditer(text)]
    return without_overlaps([*identifiers, *(name for name in name_spans if not _is_part(name, identifiers))])


def _candidates(
    text: str, modes: Mapping[str, str], words: Words, country: str | None, hints: Hints
) -> Iterator[IdentifierSpan]:
    """Yield all candidates with their spans in the text; a candidate may contain at most one line end."""
    signs = [sign.start() for sign in _SIGN.finditer(text)]
    if "＠" in text or "﹫" in text or max(map(text.__getitem__, signs), default="") > "@":
        text = narrow(text)
        signs = [sign.start() for sign in _SIGN.finditer(text)]
    if hints.spoken_at:
        signs = sorted([*signs, *(sign.start() for form in (_AT, _AT_WORD) for sign in form.finditer(text))])
    for first, last in _stretches(signs):
        stretch = text[first:last]
        for joined in (False, True) if is_broken(stretch) else (False,):
            read = normalised(stretch, joined=joined)
            for span in _in_normalised(read.text, modes, words, country, hints):
                start, end = read.original_span(span.start, span.end)
                if stretch.count("\n", start, end) <= 1:
                    yield span._replace(start=first + start, end=first + end)


def _stretches(signs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text around digits and @, with their context."""
    if not signs:
        return
    start = last = signs[0]
    for sign in signs:
        if sign - last > _BEFORE + _AFTER:
            yield max(0, start - _BEFORE), last + _AFTER
            start = sign
        last = sign
    yield max(0, start - _BEFORE), last + _AFTER


def _in_normalised(
    text: str, modes: Mapping[str, str], words: Words, country: str | None, hints: Hints
) -> list[IdentifierSpan]:
    spans: list[IdentifierSpan] = []
    if modes["email"] != "off":
        spans += _emails(text)
        if hints.spoken_at:
            spans += _spoken_emails(text)
    if modes["pix"] != "off" and hints.keys:
        spans += _pix_keys(text, modes, words)
    streets = modes["address"] != "off" and hints.streets
    numbers = Numbers(text, modes, words, country)
    for run in _RUN.finditer(text):
        start, end = run.span()
        spans += numbers.long_number(start, end) if end - start > _SHORT else numbers.short_number(start, end)
        if streets:
            spans += numbers.address(start)
    if modes["coordinates"] != "off" and "°" in text:
        spans += numbers.places(_DEGREES, 0, len(text))
    return spans


def _is_part(name: IdentifierSpan, identifiers: list[IdentifierSpan]) -> bool:
    """Whether one of the identifiers, which are sorted and don't overlap, contains the name and more text."""
    index = bisect(identifiers, name.start, key=lambda span: span.start)
    return any(name.end <= span.end and name[1:3] != span[1:3] for span in identifiers[:index][-1:])


def without_overlaps(spans: Iterable[IdentifierSpan]) -> list[IdentifierSpan]:
    """Resolve overlaps in favour of the lowest rank, then the earliest start, then the longest span."""
    disjoint: list[IdentifierSpan] = []
    for span in sorted(spans, key=lambda span: (span.rank, span.start, -span.end)):
        index = bisect(disjoint, span.start, key=lambda neighbour: neighbour.start)
        neighbours = disjoint[max(index - 1, 0) : index + 1]
        if all(neighbour.end <= span.start or span.end <= neighbour.start for neighbour in neighbours):
            disjoint.insert(index, span)
    return disjoint


def replaced(text: str, spans: Iterable[IdentifierSpan], mark: str = "[{}]") -> tuple[str, list[str]]:
    """Replace identifiers by marks; return the text and the kinds of the identifiers.

    Args:
        text: any.
        spans: the result of `find`.
        mark: the format of a mark.
    """
    pieces: list[str] = []
    kinds: list[str] = []
    end = 0
    for span in spans:
        pieces += [text[end : span.start], mark.format(span.kind.upper())]
        end = span.end
        kinds.append(span.kind)
    return "".join([*pieces, text[end:]]), kinds


def _emails(text: str) -> Iterator[IdentifierSpan]:
    for sign in re.finditer("@", text):
        start, end, form = sign.start(), sign.end(), _EMAIL_HOST
        if text[start - 1 : end + 1] == " @ ":
            start, end, form = start - 1, end + 1, _HOST_APART
            if not _NAME_APART.search(text, max(0, start - _LONGEST_NAME), start):
                continue
        name = _EMAIL_NAME.search(text, max(0, start - _LONGEST_NAME), start)
        host = form.match(text, end)
        if name and host and not _is_handle(text, name.start(), host.group()):
            yield IdentifierSpan(EMAIL, name.start(), host.end(), "email")


def _is_handle(text: str, start: int, host: str) -> bool:
    """Whether `name@host` is a public handle of the fediverse, `@name@host` or `!group@host`, not an address."""
    return text[start - 1 : start] in _BEFORE_HANDLE and not _MAIL_HOST.match(host)


def _spoken_emails(text: str) -> Iterator[IdentifierSpan]:
    signs = [*_AT.finditer(text), *_AT_WORD.finditer(text)]
    for sign in signs:
        name = _SPOKEN_NAME.search(text, max(0, sign.start() - _LONGEST_SPOKEN), sign.start())
        host = _SPOKEN_HOST.match(text, sign.end(), sign.end() + _LONGEST_SPOKEN)
        if name and host:
            yield IdentifierSpan(EMAIL, name.start(), host.end(), "email")


def _pix_keys(text: str, modes: Mapping[str, str], words: Words) -> Iterator[IdentifierSpan]:
    """Yield the random keys of PIX; they need a word next to them unless the mode is `form`."""
    for key in _UUID.finditer(text):
        if modes["pix"] == "form" or nearest(words.indications(text, key.start()), "pix") is not None:
            yield IdentifierSpan(KEY, *key.span(), "pix")


def names_pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern for a list of names: whole words, any case, any white space between them; None without names.

    >>> names_pattern(["Rosa Quispe"]).sub("[NAME]", "La señora ROSA  QUISPE y Rosa Quispes")
    'La señora [NAME] y Rosa Quispes'
    """
    composed = (unicodedata.normalize("NFC", name).split() for name in names)  # texts are composed too
    parts = sorted({r"\s+".join(map(re.escape, words)) for words in composed if words}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE) if parts else None
