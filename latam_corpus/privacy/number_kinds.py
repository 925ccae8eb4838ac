"""What each number of a text may be: a telephone, an identity, an account, a plate, a house, a place.

Spans overlap; the one of the least rank is meant.
"""

from __future__ import annotations

import ipaddress
import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from latam_corpus.privacy.kinds import DASH, IDENTIFIERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from latam_corpus.privacy.kinds import Identifier
    from latam_corpus.privacy.privacy_policy import Words

# Dates, spans of years, amounts with decimals: digits enough for an identifier, and never one.
_PLAIN_NUMBER: Final = re.compile(
    r"(?:1[5-9]|20)\d{2}([/.-])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:1[5-9]|20)\d{2}\s?[\u2010-\u2013/-]\s?(?:\d{2}|(?:1[5-9]|20)\d{2})"
)
_DAY: Final = re.compile(r"(?:0?[1-9]|[12]\d|3[01])([/. -])(?:0?[1-9]|1[0-2])\1(?:\d{2}|(?:1[5-9]|20)\d{2})")
_DAYS_TOO: Final = "PA"  # where a cédula may be written as a day is, 3-11-1981
_MARGIN: Final = 40
# So that a number is told an amount by what stands before it.
_MONEY: Final = re.compile(r"(?:[$€£]|\b(?:R|US|S/|Bs|Gs|Q|L|USD|UYU|ARS|CLP|COP|MXN|BRL)\.?\s?\$?)\s?$")
_ENDS_MONEY: Final = frozenset("$€£.RSsQLDYPNX/")
# An amount's thousands are parted, and what it counts stands after it in the plural. Of the words in small letters that
# end so, these count nothing.
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,'’]\d{3})+|\d{1,2}(?: \d{3}){2}")
_ROUND: Final = re.compile(r"\d{1,3}(?:[.,'’ ]000){2,}")
_NOT_COUNTED: Final = (
    "más|mas|mais|tras|nos|vos|las|los|les|nas|das|dos|aos|sus|seus|suas|mis|tus|pues|pois|antes|después|depois|además"
    "|entonces|apenas|atrás|detrás|jamás|esos|esas|estos|estas|unos|unas|uns|umas|ambos|ambas|todos|todas|quienes"
    "|cuales|cuyos|cuyas|altos|bajos|fondos|tres|seis|tienes|vienes|gracias|saludos|consultas|informes|reservas|ventas"
)
_COUNTED: Final = re.compile(rf" (?:de )?(?!(?:{_NOT_COUNTED}|\w+mos)\b)[a-záéíóúüñãõâêôç]{{2,}}s\b")
# What counts nothing since it is named right before, in the singular, or goes on with a list: `CC 52.345.678 mayores`.
_NAMED_BEFORE: Final = re.compile(
    r"(?:\b[A-Z]{2,6}|\b(?:[A-Z]\.){2,5}"
    r"|\b(?i:c[eé]dula|documento|identidad|identidade|ciudadan[ií]a|cidad[aã]o|extranjer[ií]a|carn[eé]|registro))"
    r"(?: ?[Nn](?:[º°o]|ro|r\.o|[uúU]m(?:ero)?)\.?)?[ :.]{1,3}$|\d(?:,| [yeou]| ou) $"
)
_MONTH: Final = re.compile(
    r" de (?:ene|feb|mar|abr|may|mai|jun|jul|ago|set|sep|oct|out|nov|dic|dez|jan|fev)[a-zç]*\b", re.IGNORECASE
)
_MOST_COUNTED_NEAR_A_STREET: Final = 3  # digits
_BETWEEN_ITEMS: Final = re.compile(r"(?:[ ,;/]| (?:y|e|o|u|ou) )+")
_IPV4: Final = re.compile(r"(?:(?<![\w.])|(?<=IP)|(?<=[Ii]p))(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
# Numbers of versions and sections look like addresses.
_NUMBERING: Final = re.compile(
    r"(?:§+|\b(?:v|ver|vers|versi[oó]n|versiones|vers[aã]o|vers[oõ]es|version|release|build|revisi[oó]n|revis[aã]o"
    r"|firmware|kernel|parche|patch|actualizaci[oó]n|atualiza[cç][aã]o|secci[oó]n|se[cç][aã]o|sec|subsecci[oó]n"
    r"|apartado|ep[ií]grafe|cap[ií]tulo|cap|punto|ponto|numeral|inciso|art[ií]culo|artigo|art|[ií]tem|cl[aá]usula"
    r"|p[aá]rrafo|par[aá]grafo|anexo|tabla|tabela|cuadro|quadro|figura|fig|norma|requisito|regla|regra)s?\.?)"
    r"[ :]{0,2}(?:n(?:[.º°o]|ro)*\s?)?$",
    re.IGNORECASE,
)
# A heading: `3.2.2.4 Alcance`.
_SMALL_PART: Final = 32
_HEADING: Final = re.compile(r"[.)]?[ -]{1,3}[A-ZÁÉÍÓÚÑÂÊÔÃÕÇ][^\W\d_]")
_IPV6: Final = re.compile(r"(?<![\w:.])[\da-fA-F]{1,4}(?::{1,2}[\da-fA-F]{1,4}){2,7}(?![\w:])")
_SHORTEST_PHONE: Final = 8  # digits with the country's; the longest has 15 (ITU-T E.164)
# Spaces that don't break, and the dashes that a word processor makes of a hyphen (U+2010 to U+2013), part digits too.
# A bracket belongs to the number only with its fellow: `(+56) 9 …` and `+56 (9) …` do, the one that closes a remark
# around the number doesn't. Of more than 15 digits the last ones are other numbers.
_PHONE: Final = re.compile(
    r"(?:\(\+\d(?:[ \xa0\u202f.\u2010-\u2013-]?\d){,8}\)|(?<![\w+])\+\d|(?<=wa\.me/|phone=)\d)"
    r"(?:[ \xa0\u202f.\u2010-\u2013-]?(?:\(\d{1,4}\)|\d)){1,14}(?!\d)"
)
# The same with any signs between the groups, and as dialled abroad: `+56-9/8765-4321`, `+ (56) 9`, `0056 9 …`. Such a
# number counts only if a telephone has it.
_GAPS: Final = r"[ \xa0\u202f./\u2010-\u2014-]{0,3}"
_WIDE_PHONE: Final = re.compile(
    rf"(?:\+|\b(?:00|011) ?)(?=[(\d])(?:\d{{1,3}}(?:\)|(?=\d|{_GAPS}))|(?=\())"
    rf"(?:{_GAPS}(?:\(\d{{1,4}}\)|\d)){{6,15}}(?!\d)"
)
_PREFIX: Final = re.compile(r"\+|00|011")
_PREFIX_WITHIN: Final = re.compile(r"(?<= )0(?:0|11)(?=[ (\d./\u2010-\u2014-])")
# Of the region, and of where its people work (ITU-T E.164).
_CALLED: Final = re.compile(r"(?:1|5[0-9]{1,2}|29[79]|3[34]|351|39|4[149])")
# National: an area in brackets or not, and groups of digits.
_NATIONAL: Final = re.compile(
    r"(?<![\d_])(?<!\d[.,/\u2010-\u2013-])(?:\(0?\d{1,5}\)[ /\u2010-\u2013-]{0,3})?\d{1,11}"
    r"(?:(?: ?[/\u2010-\u2014-] ?|[ .\xa0])\d{2,7}){0,4}(?!\w|[.,]\d)"
)
_WITH_AREA: Final = re.compile(r"\(0?\d{2,4}\) ?9?\d{3,4}[ \u2010-\u2013-]?\d{4}(?!\w|[.,]\d)")
_FEWEST_NATIONAL: Final = 6
_NEAR: Final = 4  # words between a telephone's word and a local number without area
_STREET: Final = re.compile(
    r"(?<!\w)(?i:(?:calle|av(?:enida|da)?\.?|avda\.?|rua|r\.|carrera|cra\.?|kra\.?|cl\.|diagonal|diag\.?|transversal"
    r"|pasaje|pje\.?|psje\.?|jir[oó]n|jr\.|alameda|calzada|bou?levard|blvd\.?|bulevar|travessa|pra[çc]a|plaza|camino"
    r"|callej[oó]n|prolongaci[oó]n|estrada|ladeira|largo|privada|cerrada)[ \xa0]+|c/ *)"
    r"((?:(?:[A-ZÁÉÍÓÚÑÂÊÔÃÕÇ][\w.'’]*|de|del|la|las|los|el|da|do|das|dos|e|y|\d{1,3}[A-Z]?(?!\d)"
    r"|(?:sur|norte|este|oeste|bis)\b)[ \xa0]*){1,7})"
    r"(?:, *)?(?i:#|n(?:[.º°o]|ro|r\.o|úm|um)\.?º?|número|nº|no\.|casa)? *\Z"
)
_NAMED: Final = re.compile(r"[A-ZÁÉÍÓÚÑÂÊÔÃÕÇ]|\d")
# A letter after the number is the house's, but for a word that begins a sentence («4930 Y nada más»).
_HOUSE: Final = re.compile(rf"\d{{1,5}}(?: ?(?![AEOY] [a-z])[A-Z](?!\w))?(?: ?{DASH} ?\d{{1,4}}(?!\d))?(?!\w|[.,/:]\d)")
_STREET_WINDOW: Final = 70
_HOME_NEAR: Final = 8  # words between somebody's living and the street
_PLATE: Final = re.compile(
    r"(?<![\w-])(?:[A-Z]{3}[ -]?\d[A-Z]\d{2}|[A-Z]{2}[ -]?\d{3}[ -]?[A-Z]{2}|[A-Z]{3}[ -]\d{2}[ -]\d{2}"
    r"|[A-Z]{1,3}[ -]?\d{3,4}|[A-Z]{2}[ ·.-]?[A-Z]{2}[ ·.-]?\d{2}|\d{3,4}[ -]?[A-Z]{3}|[A-Z]{3}[ -]?\d{2}[A-Z]"
    r"|[A-Z][ -]?\d{3}[ -]?[A-Z]{3}|[A-Z]{3}-\d{3}-[A-Z]|[A-Z]\d[A-Z][ -]?\d{3})(?![\w-])"
)
_MERCOSUL: Final = re.compile(r"(?<![\w-])[A-Z]{3}\d[A-Z]\d{2}(?![\w-])")
_DECIMALS: Final = re.compile(r"(?<![\w.])[-\u2212]?\d{1,2}\.\d{4,}°?\s?[,;]\s?[-\u2212]?\d{1,3}\.\d{4,}(?!\w)")
_SIGNS: Final = re.compile(r"[A-ZÑ\u2010-\u2013-]")
_CAPITAL: Final = re.compile("[A-ZÑ]")
_SHAPE: Final = str.maketrans("123456789" + string.ascii_lowercase.replace("k", ""), "0" * 9 + "a" * 25)
_LINKED: Final = re.compile(r"(?:\bwa\.me/|[?&]phone=)$")  # of addresses that begin a conversation
_BEFORE_LINKED: Final = frozenset("/=")
_OPENERS: Final = frozenset("(+")
_NO_DIGIT: Final = re.compile(r"\D+")
DASHES: Final = frozenset("-\u2010\u2011\u2012\u2013")
_BEFORE_HOUSE: Final = frozenset("#nN°º0123456789")
_BETWEEN_GROUPS: Final = " ./\xa0\u2010\u2011\u2012\u2013\u2014-"
_LAST_GROUP: Final = re.compile(r"[ ./\xa0\u202f\u2010-\u2014-]+\(?\d+\)?$")
_GLUED: Final = re.compile(r"([^\W\d_ºª]+(?:\.[^\W\d_ºª]+)*)\.?[/\u2010-\u2013-]?$")
_JOINS: Final = frozenset("/-\u2010\u2011\u2012\u2013")
_LONGEST_LABEL: Final = 24
_NUMBER_WORDS: Final = frozenset({"n", "no", "nr", "nro", "num", "numero", "xx"})
_SURE: Final = 50  # of so many numbers in its form one passes the rule by chance: no other word refuses it
_SURE_AT_HOME: Final = 10  # in a text of the identifier's country
_MOST_OF_PLATE: Final = 5
_LONG: Final = 13  # digits from which a number without marks may tell itself
_FEWEST_ANYWHERE: Final = 7
_MOST_ANYWHERE: Final = 11
_MOST_OF_COUNTRY: Final = 11
# Ranks: what has a sign of its own, forms in their order, telephones, what a word tells by its nearness, and the rest;
# before them all the listed names of third persons.
NAME, EMAIL, KEY, _NETWORK = range(-1, 3)
_AFTER_FORMS: Final = 100
_BY_WORD: Final = 200
_RANKS: Final = 100
_LAST: Final = 10_000


_Ranked: TypeAlias = "tuple[int, Identifier, re.Pattern[str]]"


class Span(NamedTuple):
    """An identifier in a text: its rank among those that overlap it (the least is meant), where it stands, its kind."""

    rank: int
    start: int
    end: int
    kind: str


def nearest(spoken: Iterable[tuple[int, frozenset[str]]], kind: str) -> int | None:
    """How many words lie between a place and the nearest before it that speaks for a kind; None without one."""
    return next((near for near, kinds in spoken if kind in kinds), None)


class Numbers:
    """The numbers of one text, and what is looked for at each."""

    def __init__(self, text: str, modes: Mapping[str, str], words: Words, country: str | None) -> None:
        self.text, self.modes, self.words, self.country = text, modes, words, country
        # Where the last number ended that a word told, and what the words before it spoke for.
        self.last_told: tuple[int, list[tuple[int, frozenset[str]]]] = (-1, [])
        _, self.lettered, self.bare = _in_order(country)

    def at_short(self, start: int, end: int) -> Iterator[Span]:
        """Yield what a number of few digits may belong to: a plate, an address of a network, a cédula, an account."""
        text = self.text
        before, after = text[max(0, start - 2) : start], text[end : end + 4]
        if ":" in after:
            yield from self.networks(start, end, 0)
        beside = before[-1:] + after[:1]
        # Most numbers have no capital near them, which is seen soonest so.
        if (around := before + after[:2]) != around.lower():
            yield from self.plates(start, end)
        if (before[-1:] in _OPENERS or text[start] == "0") and self.modes["phone"] != "off":
            yield from self.marked_phones(start)
        if before[-1:] in DASHES or after[:1] in DASHES or beside != beside.lower():
            yield from self.forms(start, end, end - start, marked=True)

    def at(self, start: int, end: int) -> Iterator[Span]:
        """Yield what a longer number may be."""
        text, modes = self.text, self.modes
        number = text[start:end]
        if self.dated(number):
            return
        digits = len(_NO_DIGIT.sub("", number))
        if ":" in text[end : end + 4] or number.count(".") >= 3:  # noqa: PLR2004
            yield from self.networks(start, end, digits)
        marked = _SIGNS.search(text, max(0, start - 3), end + 3) is not None
        if marked and digits <= _MOST_OF_PLATE:
            yield from self.plates(start, end)
        if "." in number and modes["coordinates"] != "off" and text[end : end + 2].lstrip("° ")[:1] in (",", ";"):
            yield from self.places(_DECIMALS, max(0, start - 1), end + _MARGIN)
        if marked or digits >= _LONG or text[start - 1 : start] in _OPENERS or not self.counted(start, end):
            yield from self.forms(start, end, digits, marked)

    def forms(self, start: int, end: int, digits: int, marked: bool) -> Iterator[Span]:
        """Telephones and the numbers of IDENTIFIERS; capitals or dashes beside it mark a number."""
        text, phones = self.text, self.modes["phone"]
        if phones != "off":
            yield from self.marked_phones(start)
            # Another number may stand before it, with a blank between them.
            if text.find(" 0", start, end) >= 0:
                later = (self.wide_phone(prefix.start()) for prefix in _PREFIX_WITHIN.finditer(text, start + 1, end))
                yield from filter(None, later)
        if digits >= _LONG or marked:
            yield from self.marked_numbers(start, end)
        spoken = list(self.words.spoken_for(text, start))
        end_of_last, carried = self.last_told
        if not spoken and 0 <= end_of_last < start and _BETWEEN_ITEMS.fullmatch(text, end_of_last, start):
            spoken = carried
        if not spoken or not spoken[0][1]:
            return
        near = {kind: position for position, kinds in reversed(spoken) for kind in kinds}
        told = [*(self.national(start, end, near["phone"]) if phones != "off" and "phone" in near else ())]
        told += self.named_numbers(start, end, near)
        if told:
            self.last_told = max(one.end for one in told), spoken
        yield from told

    def named_numbers(self, start: int, end: int, near: Mapping[str, int]) -> Iterator[Span]:
        """Yield the numbers that words before them name.

        Args:
            start: of the number.
            end: of the number.
            near: kind → how many words lie between the word and the number.
        """
        for rank, one, form in self.bare:
            if one.kind not in near or self.modes[one.kind] == "off":
                continue
            for match in _over(one, form, self.text, start, end):
                if self.is_labelled(one, match.start()) and _holds(one, match) and not self.counted(*match.span()):
                    yield Span(_BY_WORD + near[one.kind] * _RANKS + rank, *match.span(), one.kind)

    def marked_numbers(self, start: int, end: int) -> Iterator[Span]:
        """Numbers that their marks tell."""
        text = self.text
        forms = _shaped(text[max(0, start - 2) : end + 3].translate(_SHAPE), self.country)
        if _CAPITAL.search(text, max(0, start - 3), end + 3):
            forms += self.lettered
        for rank, one, form in forms:
            if self.modes[one.kind] != "off":
                for match in _over(one, form, text, start, end):
                    if self.is_one(one, match):
                        yield Span(rank, *match.span(), one.kind)

    def marked_phones(self, start: int) -> Iterator[Span]:
        """Telephones that marks tell: in international form, or with an area of the row's country in brackets."""
        text = self.text
        opened = text[start - 1 : start] in _OPENERS
        if (opened or text[start] == "0") and (wide := self.wide_phone(start)):
            yield wide
        if text[start - 1 : start] == "+":
            for position in (max(0, start - 2), start - 1):
                match = _PHONE.match(text, position)
                if match and sum(map(str.isdecimal, match.group())) >= _SHORTEST_PHONE:
                    yield Span(_AFTER_FORMS, position, position + len(_international(match.group())), "phone")
                    return
        elif text[start - 1 : start] in _BEFORE_LINKED and _LINKED.search(text, max(0, start - 8), start):
            match = _PHONE.match(text, start)
            if match and _is_international("+" + match.group()):
                yield Span(_AFTER_FORMS, *match.span(), "phone")
        elif self.modes["phone"] == "form" and self.country and text[start - 1 : start] == "(":
            match = _WITH_AREA.match(text, start - 1)
            if match and _is_number(match.group(), self.country):
                yield Span(_AFTER_FORMS, *match.span(), "phone")

    def wide_phone(self, start: int) -> Span | None:
        """Return a telephone in international form, with any signs between its groups, that a telephone may have."""
        text = self.text
        if text.startswith("0", start):
            first = start
        else:
            first = text.rfind("+", max(0, start - 3), start)
            if first < 0 or text[first + 1 : start].strip("("):
                return None
        match = _WIDE_PHONE.match(text, first)
        if match is None or (first and (text[first - 1].isalnum() or text[first - 1] == "+")):
            return None
        prefix = _PREFIX.match(text, first)
        number = _valid("+" + text[prefix.end() : match.end()]) if prefix else ""
        if not prefix or not number:
            return None
        if prefix[0] != "+":  # an inventory number, too, may begin with zeros
            digits = _NO_DIGIT.sub("", number)
            if not _CALLED.match(digits):
                return None
            if number[1:] == digits and nearest(self.words.spoken_for(text, first), "phone") is None:
                return None
        end = prefix.end() + len(number) - 1
        closes = text.count(")", first, end) > text.count("(", first, end)
        return Span(_AFTER_FORMS, first - (closes and text[first - 1] == "("), end, "phone")

    def glued(self, start: int) -> bool:
        """Whether a word stands right before a number, other than `n` or `no`: it must be the number's label."""
        before = self.text[start - 1 : start]
        if not before.isalpha() and before not in _JOINS:
            return False
        word = _GLUED.search(self.text, max(0, start - _LONGEST_LABEL), start)
        return word is not None and word[1].lower() not in _NUMBER_WORDS

    def is_labelled(self, one: Identifier, start: int) -> bool:
        """Whether a word that is glued to a number, if there is one, names this identifier."""
        return not self.glued(start) or nearest(self.words.spoken_for(self.text, start), one.kind) == 0

    def dated(self, number: str) -> bool:
        """Whether a number is a day or a span of years."""
        return bool(_PLAIN_NUMBER.fullmatch(number) or (_DAY.fullmatch(number) and self.country != _DAYS_TOO))

    def counted(self, start: int, end: int) -> bool:
        """Whether what stands there is a day, or an amount: money before it, or what it counts after it."""
        text = self.text
        if self.dated(text[start:end]):
            return True
        low = max(0, start - 6)
        money = text[low:start].rstrip()[-1:] in _ENDS_MONEY and _MONEY.search(text, low, start)
        if money or self.words.units.match(text, end):
            return True
        if not _THOUSANDS.fullmatch(text, start, end):
            return False
        counts = _COUNTED.match(text, end) or _ROUND.fullmatch(text, start, end)
        return bool(counts and not _NAMED_BEFORE.search(text, max(0, start - _MARGIN), start))

    def is_one(self, one: Identifier, match: re.Match[str]) -> bool:
        """Whether its marks tell a number; where it isn't asked for a word, one that speaks against it refuses it."""
        if not _holds(one, match) or self.counted(*match.span()):
            return False
        spoken = list(self.words.spoken_for(self.text, match.start()))
        near = nearest(spoken, one.kind)
        if not self.is_labelled(one, match.start()):
            return False
        if near is not None:
            return True
        against = bool(spoken) and not spoken[0][1] and spoken[0][0] <= _NEAR
        sure = one.chance >= _SURE or (one.chance >= _SURE_AT_HOME and self.country in one.countries)
        return self.modes[one.kind] == "form" and (sure or not against)

    def networks(self, start: int, end: int, digits: int) -> Iterator[Span]:
        """Public addresses of version 4, or 6 where a colon follows."""
        if self.modes["ip"] == "off":
            return
        text = self.text
        if digits >= 4 and text.count(".", start, end) >= 3:  # noqa: PLR2004
            for match in _IPV4.finditer(text, start, end):
                if self.numbers_sections(match):
                    continue
                if not text[match.end() : match.end() + 1].isdecimal() and _is_public(match.group()):
                    yield Span(_NETWORK, *match.span(), "ip")
        if ":" in text[end : end + 4]:
            for match in _IPV6.finditer(text, max(0, start - 3), end + _MARGIN):
                if match.start() <= start and _is_public(match.group()):
                    yield Span(_NETWORK, *match.span(), "ip")

    def numbers_sections(self, match: re.Match[str]) -> bool:
        """Whether what looks like an address of a network numbers a section or a version."""
        low = max(0, match.start() - _MARGIN)
        if _NUMBERING.search(self.text, low, match.start()):
            return True
        begins = match.start() == 0 or self.text[match.start() - 1] == "\n"
        small = all(int(part) < _SMALL_PART for part in match.group().split("."))
        return begins and small and _HEADING.match(self.text, match.end()) is not None

    def national(self, start: int, end: int, near: int) -> Iterator[Span]:
        """Telephones as they are dialled within the country, beside their word."""
        text = self.text
        position = start - 1 if text[start - 1 : start] == "(" else start
        while match := _NATIONAL.search(text, position, end + 1):
            position = match.end()
            if (near and self.glued(match.start())) or self.counted(*match.span()):
                continue
            if first := _first_number(match.group(), self.country, local=near <= _NEAR):
                position = match.start() + len(first)
                yield Span(_BY_WORD + near * _RANKS, match.start(), position, "phone")

    def address(self, start: int) -> Iterator[Span]:
        """Yield a street with a number at this place."""
        text = self.text
        # The word before it is a name, a number or a sign: of few numbers.
        before = text[max(0, start - 16) : start].rstrip(" ,")
        first = before[max(before.rfind(" "), before.rfind("/")) + 1 :][:1]
        if not (first.isupper() or first in _BEFORE_HOUSE):
            return
        house = _HOUSE.match(text, start)
        if house and len(house[0]) <= _MOST_COUNTED_NEAR_A_STREET and self.counts_near_a_street(house.end()):
            return
        street = house and _STREET.search(text, max(0, start - _STREET_WINDOW), start)
        if not house or not street or not _NAMED.search(street[1]):
            return
        if self.modes["address"] == "context":
            near = nearest(self.words.spoken_for(text, street.start()), "address")
            if near is None or near > _HOME_NEAR:
                return
        yield Span(_LAST, street.start(), house.end(), "address")

    def counts_near_a_street(self, end: int) -> bool:
        """Whether a number of few digits is a day of a month, or counts what stands after it: `20 años después`."""
        text = self.text
        return bool(_MONTH.match(text, end) or self.words.units.match(text, end) or _COUNTED.match(text, end))

    def plates(self, start: int, end: int) -> Iterator[Span]:
        """Plates of vehicles that have a number at this place."""
        text, mode = self.text, self.modes["plate"]
        if mode == "off":
            return
        for match in _PLATE.finditer(text, max(0, start - 9), end + 6):
            if not match.start() <= start < match.end():
                continue
            is_mercosul = mode == "form" and _MERCOSUL.fullmatch(match.group())
            if is_mercosul or nearest(self.words.spoken_for(text, match.start()), "plate") is not None:
                yield Span(_LAST, *match.span(), "plate")

    def places(self, form: re.Pattern[str], low: int, high: int) -> Iterator[Span]:
        """Coordinates in a form."""
        for match in form.finditer(self.text, low, high):
            spoken = self.words.spoken_for(self.text, match.start())
            if self.modes["coordinates"] == "form" or nearest(spoken, "coordinates") is not None:
                yield Span(0, *match.span(), "coordinates")


@lru_cache(maxsize=64)
def _in_order(country: str | None) -> tuple[tuple[_Ranked, ...], tuple[_Ranked, ...], tuple[_Ranked, ...]]:
    """Rank the identifiers that marks tell, those of them with letters, and those that a word must tell.

    The country's come first.
    """
    own = sorted(IDENTIFIERS, key=lambda one: country not in one.countries) if country else IDENTIFIERS
    ranked = [*enumerate(own, _NETWORK + 1)]
    return (
        tuple((rank, one, one.written) for rank, one in ranked if one.written is not None),
        tuple((rank, one, one.written) for rank, one in ranked if one.written is not None and one.lettered),
        tuple((rank, one, one.bare) for rank, one in ranked if one.bare is not None),
    )


@lru_cache(maxsize=1 << 16)
def _shaped(shape: str, country: str | None) -> tuple[_Ranked, ...]:
    """Return the identifiers without letters that may stand in a number of this shape.

    In a shape all digits are 0 and all small letters are a.

    Many numbers have one shape: that of a date or a price is looked at once.
    """
    return tuple(ranked for ranked in _in_order(country)[0] if ranked[2].search(shape))


def _over(one: Identifier, form: re.Pattern[str], text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield where a form of an identifier matches over a number."""
    low, high = max(0, start - _MARGIN // 2), end + _MARGIN // 2
    while match := form.search(text, low, high):
        begins = one.start.match(text, match.start()) is not None
        low = match.end() if begins else match.start() + 1
        if begins and match.end() > start and match.start() < end:
            yield match


def _holds(one: Identifier, match: re.Match[str]) -> bool:
    return one.holds is None or one.holds(match.group())


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _international(number: str) -> str:
    """Return a telephone in international form without the groups of digits after it that would make it none."""
    return _valid(number) or number


def _valid(number: str) -> str:
    """Return the valid telephone that an international number begins with, group by group; empty without one."""
    import phonenumbers

    shorter, longer = number, ""
    while shorter != longer:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(shorter)):
                return shorter
        except phonenumbers.NumberParseException:
            return ""
        shorter, longer = _LAST_GROUP.sub("", shorter), shorter
    return ""


def _first_number(number: str, country: str | None, *, local: bool) -> str:
    """Return the telephone that groups of digits begin with, the longest after which nothing or another one stands."""
    longest, shorter, longer = "", number, ""
    while shorter != longer and sum(map(str.isdecimal, shorter)) >= _FEWEST_NATIONAL:
        if _is_number(shorter, country, local=local):
            rest = number[len(shorter) :].lstrip(_BETWEEN_GROUPS)
            if not rest or _first_number(rest, country, local=local):
                return shorter
            longest = longest or shorter
        shorter, longer = _LAST_GROUP.sub("", shorter), shorter
    return longest


def _is_international(number: str) -> bool:
    """Whether a telephone somewhere may have this number, which begins with its country's."""
    import phonenumbers

    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return False


def is_telephone_of(number: str, country: str | None) -> bool:
    """Whether a telephone of a country has this number, or one of the region in international form."""
    import phonenumbers

    digits = _NO_DIGIT.sub("", number)
    if number.startswith("+") or len(digits) > _MOST_OF_COUNTRY:
        return bool(_CALLED.match(digits) and _valid("+" + digits))
    try:
        return country in phonenumbers.SUPPORTED_REGIONS and phonenumbers.is_valid_number_for_region(
            phonenumbers.parse(digits, country), country
        )
    except phonenumbers.NumberParseException:
        return False


def _is_number(number: str, country: str | None, *, local: bool = False) -> bool:
    """Whether a telephone has this number in a country; anywhere where none is stated."""
    import phonenumbers

    digits = sum(map(str.isdecimal, number))
    if country is None or country not in phonenumbers.SUPPORTED_REGIONS:
        return _FEWEST_ANYWHERE <= digits <= _MOST_ANYWHERE
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return False
    if phonenumbers.is_valid_number_for_region(parsed, country):
        return True
    # What is dialled within a town, or with the prefix of mobiles, beside its word.
    possible = (phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY, phonenumbers.ValidationResult.IS_POSSIBLE)
    verdict = phonenumbers.is_possible_number_with_reason(parsed)
    return local and _FEWEST_NATIONAL <= digits < _MOST_ANYWHERE and verdict in possible
