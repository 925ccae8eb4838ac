"""Bytes to text: UTF-8 and UTF-16 by their form, the charsets of old files by what Spanish and Portuguese look like.

General detectors guess from the frequencies of long texts and confuse cp850 or Mac Roman with Eastern European
charsets on short ones. Here four charsets are left to choose from, and in each the same byte is either an accented
letter where a word has one, or a sign that no word has.
"""

from __future__ import annotations

import codecs
import math
import re
from typing import Final

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# cp1252 stands for ISO-8859-1 too, as on the web: it has the dashes and quotation marks that files called Latin-1 use.
_CANDIDATES: Final = ("cp1252", "cp850", "mac_roman")
_AS_CP1252: Final = frozenset({"iso8859-1", "ascii", "cp1252"})
_LOWER: Final = frozenset("áéíóúüñçãõâêôàï")
_UPPER: Final = frozenset("ÁÉÍÓÚÜÑÇÃÕÂÊÔÀ")
_VOWELS: Final = frozenset("aeiouáéíóúüãõâêô")
# Letters that are words by themselves: é, à and ô today, the others in old spellings.
_WORDS: Final = frozenset("àáéóôúÀÁÉÓÔÚ")
_OPENING: Final = frozenset("¿¡«“‘—–…")
_CLOSING: Final = frozenset("»”’…ºª°—–·§")
# Signs that stand by themselves: dashes in dialogues, plays and songs, and what begins the lines of a list.
_ALONE: Final = frozenset("—–…•·«»")
# An apostrophe within a word, and «no—dijo».
_INSIDE: Final = {"’": 1.0, "—": 0.0}
_BEFORE_VOWELS: Final = frozenset("çñÇÑ")
# A letter right after these is a space in another charset.
_BEFORE_SPACE: Final = frozenset(",;:.!?)")
_SAMPLE: Final = 2**16
# Bytes that are no UTF-8, as `surrogateescape` gives them, and the two halves of a character, each as if it were one.
_BROKEN: Final = re.compile("[\udc80-\udcff]+")
_SURROGATES: Final = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
# Sound characters of UTF-8 a broken place, where another charset is declared. Where none is, one is enough: in 40,000
# stretches of novels, verse and speech in Windows-1252, cp850 and Mac Roman there was at most one in seven.
_LEAST_SOUND: Final = 20
_NUL_SHARE: Final = 0.2
_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# As far as browsers look for a charset, with room for the scripts that pages put before it.
_HEAD: Final = 8192


def decode(raw: bytes, declared: str | None = None) -> tuple[str, str]:
    """Return the text of the bytes and the charset they are in.

    Args:
        raw: a text file's bytes.
        declared: the charset that the file claims, believed where the bytes are neither marked nor UTF-8. What is
            UTF-8 but for some broken places is so too, and what stands there is read as Windows-1252 or lost.

    >>> decode("Año de ñandúes".encode("cp1252"))
    ('Año de ñandúes', 'cp1252')
    >>> decode("Coração".encode("utf-16-le"))
    ('Coração', 'utf-16-le')
    """
    for mark, charset in _BOMS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(charset, "replace"), charset
    wide = _utf16(raw)
    if wide:
        return raw.decode(wide, "replace"), wide
    known = _known(declared)
    text = _utf8(raw, _LEAST_SOUND if known else 1)
    if text is not None:
        return text, "utf-8"
    charset = known or max(_CANDIDATES, key=lambda one: _score(raw, one))
    return raw.decode(charset, "replace"), charset


def meta_charset(page: bytes) -> str | None:
    """Return the charset that an HTML page claims in its head.

    >>> meta_charset(b"<html><head><meta charset=iso-8859-1>")
    'iso-8859-1'
    """
    match = _META_CHARSET.search(page[:_HEAD])
    return match[1].decode("ascii", "replace") if match else None


def _utf16(raw: bytes) -> str | None:
    """UTF-16 without a mark: in Latin script every second byte is NUL."""
    head = raw[:4096]
    if len(head) < 4:  # noqa: PLR2004  (two characters)
        return None
    share = _NUL_SHARE * len(head)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd >= share and odd > 2 * even:
        return "utf-16-le"
    return "utf-16-be" if even >= share and even > 2 * odd else None


def _utf8(raw: bytes, least: int) -> str | None:
    r"""Decode as UTF-8; None where it hasn't more than `least` sound characters beyond ASCII for each broken place.

    >>> _utf8(b"la ni\xc3\xb1a so\xc3\xb1\xc3\xb3 \x93hola\x94, y \xed\xa0\xbd\xed\xb8\x80 nada m\xc3", 1)
    'la niña soñó “hola”, y 😀 nada m�'
    >>> _utf8("Canción del niño".encode("cp1252"), 1)
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        text = _SURROGATES.sub(_joined, raw).decode("utf-8", "surrogateescape")
    broken = len(_BROKEN.findall(text))
    sound = len(re.findall(r"[^\x00-\x7f\udc80-\udcff]", text))
    return _BROKEN.sub(_as_pasted, text) if sound > least * broken else None


def _joined(pair: re.Match[bytes]) -> bytes:
    """Return a character that Java or MySQL wrote as two halves, as UTF-8."""
    halves = pair[0].decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    return halves.decode("utf-16-le").encode()


def _as_pasted(broken: re.Match[str]) -> str:
    """Return broken bytes as Windows-1252, where each makes sense between its neighbours; else what was lost."""
    raw = broken[0].encode("utf-8", "surrogateescape")
    pasted = raw.decode("cp1252", "replace")
    text, start, end = broken.string, broken.start(), broken.end()
    around = f"{text[start - 1] if start else ' '}{pasted}{text[end : end + 1] or ' '}"
    makes_sense = all(_sense(around[n], around[n - 1], around[n + 1]) > 0 for n in range(1, len(pasted) + 1))
    return pasted if makes_sense else raw.decode("utf-8", "replace")


def _known(charset: str | None) -> str | None:
    """Return the codec of a charset's name, if Python has it; UTF-8 was tried before.

    >>> _known("ISO-8859-1"), _known("windows-1252"), _known("klingon"), _known("utf-8")
    ('cp1252', 'cp1252', None, None)
    """
    if not charset:
        return None
    try:
        codec = codecs.lookup(charset.strip())
    except LookupError:
        return None
    # The likes of base64 and rot13 are codecs too, and no charsets.
    if not codec._is_text_encoding or codec.name.startswith("utf"):  # noqa: SLF001
        return None
    return "cp1252" if codec.name in _AS_CP1252 else codec.name


def _score(raw: bytes, charset: str) -> float:
    """How much the bytes look like Spanish or Portuguese in a charset: each kind of character says so once.

    Of a kind that is frequent, such as the dash of a dialogue, every further place counts less: a few accents in
    words say more than a thousand dashes, which may be letters elsewhere.
    """
    text = _around_high_bytes(raw).decode(charset, "replace")
    senses: dict[str, list[float]] = {}
    for match in re.finditer(r"[^\x00-\x7f]", text):
        before = text[match.start() - 1] if match.start() else " "
        after = text[match.end()] if match.end() < len(text) else " "
        senses.setdefault(match[0], []).append(_sense(match[0], before, after))
    return sum(sum(places) / len(places) * math.log2(1 + len(places)) for places in senses.values())


def _sense(char: str, before: str, after: str) -> float:
    """How much sense a character makes between two others: 1 where a text has it so, less than 0 where none has."""
    if char in _LOWER or char in _UPPER:
        return _sense_of_letter(char, before, after)
    if char.isalpha() and char not in _CLOSING:  # ª and º are letters to Unicode
        return -2.0 if before.islower() and char.isupper() else -0.5
    if char == "\xa0":
        return 0.0 if before.isalnum() and after.isalnum() else 0.5
    is_inside = before.isalpha() and after.isalpha()
    if is_inside and char in _INSIDE:
        return _INSIDE[char]
    is_alone = char in _ALONE and not (before.isalnum() or after.isalnum()) and (before.isspace() or after.isspace())
    opens = char in _OPENING and not before.isalnum() and not after.isspace()
    closes = char in _CLOSING and (before.isalnum() or not before.isspace()) and not after.isalpha()
    if not (is_alone or opens or closes):
        return -2.0
    # «tute—», which may have been «tuteó».
    return 0.75 if char == "—" and before.islower() else 1.0


def _sense_of_letter(char: str, before: str, after: str) -> float:
    if not before.isalnum() and not after.isalnum():
        return 0.5 if char in _WORDS else -1.0
    if char in _BEFORE_VOWELS and after.lower() not in _VOWELS:
        return -1.0
    is_odd = before == char or after.isupper() if char in _LOWER else before.islower()
    return -1.0 if is_odd or before in _BEFORE_SPACE else 1.0


def _around_high_bytes(raw: bytes) -> bytes:
    """Return the bytes beyond ASCII with one before and one after each run, of the first few thousand places."""
    runs = re.finditer(rb"[\x00-\x7f]?[\x80-\xff]+[\x00-\x7f]?", raw)
    pieces: list[bytes] = []
    size = 0
    for match in runs:
        pieces.append(match[0])
        size += len(match[0])
        if size > _SAMPLE:
            break
    return b" ".join(pieces)
