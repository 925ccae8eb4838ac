"""Bytes to text: UTF-8 and UTF-16 by their structure, older charsets by the spelling of Spanish and Portuguese.

General detectors rely on the frequencies of long texts; in short ones they confuse cp850 or Mac Roman with Eastern
European charsets. Here only a few charsets are candidates, and in each of them the same byte is either an accented
letter that fits its word, or a sign that no word has.
"""

from __future__ import annotations

import codecs
import math
import re
from typing import Final

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is a prefix of this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# cp1252 is used for ISO-8859-1 too, as on the web: files labelled Latin-1 have its dashes and quotation marks.
_CANDIDATES: Final = ("cp1252", "cp850", "mac_roman")
_AS_CP1252: Final = frozenset({"iso8859-1", "ascii", "cp1252"})
_LOWER: Final = frozenset("áéíóúüñçãõâêôàï")
_UPPER: Final = frozenset("ÁÉÍÓÚÜÑÇÃÕÂÊÔÀ")
_VOWELS: Final = frozenset("aeiouáéíóúüãõâêô")
# Letters that are words by themselves: é, à and ô today, the others in old spellings.
_WORDS: Final = frozenset("àáéóôúÀÁÉÓÔÚ")
_OPENING: Final = frozenset("¿¡«“‘—–…")
_CLOSING: Final = frozenset("»”’…ºª°—–·§")
# Signs that may be surrounded by spaces: dashes in dialogues, plays and songs, and bullets of lists.
_ALONE: Final = frozenset("—–…•·«»")
# Signs between two letters, with their plausibility: an apostrophe, and a dash as in «no—dijo».
_INSIDE: Final = {"’": 1.0, "—": 0.0}
_BEFORE_VOWELS: Final = frozenset("çñÇÑ")
# An accented letter right after one of these is probably a space in another charset.
_BEFORE_SPACE: Final = frozenset(",;:.!?)")
_SAMPLE: Final = 2**16
# Bytes that aren't UTF-8, as `surrogateescape` decodes them; and a surrogate pair encoded as two characters.
_BROKEN: Final = re.compile("[\udc80-\udcff]+")
_SURROGATES: Final = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
# Required valid UTF-8 characters per invalid place if another charset is declared. Without a declaration one is enough:
# 40,000 passages of novels, verse and speech in Windows-1252, cp850 and Mac Roman had at most one valid character per
# seven invalid places.
_MIN_VALID: Final = 20
_NUL_SHARE: Final = 0.2
_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# Bytes searched for a charset: more than browsers read, since pages put scripts before it.
_HEAD: Final = 8192


def decode(raw: bytes, declared: str | None = None) -> tuple[str, str]:
    """Return the text of the bytes and the charset they are in.

    Args:
        raw: a text file's bytes.
        declared: the charset that the file claims; used if the bytes have no byte order mark and aren't UTF-8. Text
            that is UTF-8 except for a few places counts as UTF-8, and those places are read as Windows-1252 or
            replaced.

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
    codec = _codec_of(declared)
    text = _utf8(raw, _MIN_VALID if codec else 1)
    if text is not None:
        return text, "utf-8"
    charset = codec or max(_CANDIDATES, key=lambda candidate: _score(raw, candidate))
    return raw.decode(charset, "replace"), charset


def meta_charset(page: bytes) -> str | None:
    """Return the charset that an HTML page declares in its head.

    >>> meta_charset(b"<html><head><meta charset=iso-8859-1>")
    'iso-8859-1'
    """
    match = _META_CHARSET.search(page[:_HEAD])
    return match[1].decode("ascii", "replace") if match else None


def _utf16(raw: bytes) -> str | None:
    """Return the codec of UTF-16 without a byte order mark: in Latin script every second byte is NUL."""
    head = raw[:4096]
    if len(head) < 4:  # noqa: PLR2004  (two characters)
        return None
    share = _NUL_SHARE * len(head)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd >= share and odd > 2 * even:
        return "utf-16-le"
    return "utf-16-be" if even >= share and even > 2 * odd else None


def _utf8(raw: bytes, least: int) -> str | None:
    r"""Decode as UTF-8; None unless there are more than `least` valid characters beyond ASCII per invalid place.

    >>> _utf8(b"la ni\xc3\xb1a so\xc3\xb1\xc3\xb3 \x93hola\x94, y \xed\xa0\xbd\xed\xb8\x80 nada m\xc3", 1)
    'la niña soñó “hola”, y 😀 nada m�'
    >>> _utf8("Canción del niño".encode("cp1252"), 1)
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        text = _SURROGATES.sub(_joined, raw).decode("utf-8", "surrogateescape")
    invalid = len(_BROKEN.findall(text))
    valid = len(re.findall(r"[^\x00-\x7f\udc80-\udcff]", text))
    return _BROKEN.sub(_as_pasted, text) if valid > least * invalid else None


def _joined(pair: re.Match[bytes]) -> bytes:
    """Return a surrogate pair, encoded as two characters by Java or MySQL, as UTF-8."""
    halves = pair[0].decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    return halves.decode("utf-16-le").encode()


def _as_pasted(invalid: re.Match[str]) -> str:
    """Return invalid bytes as Windows-1252 if each character fits between its neighbours, else as U+FFFD."""
    raw = invalid[0].encode("utf-8", "surrogateescape")
    pasted = raw.decode("cp1252", "replace")
    text, start, end = invalid.string, invalid.start(), invalid.end()
    context = f"{text[start - 1] if start else ' '}{pasted}{text[end : end + 1] or ' '}"
    fits = all(_sense(context[n], context[n - 1], context[n + 1]) > 0 for n in range(1, len(pasted) + 1))
    return pasted if fits else raw.decode("utf-8", "replace")


def _codec_of(charset: str | None) -> str | None:
    """Return Python's codec for a charset, or None if there is none or the charset is a UTF, which was already tried.

    >>> _codec_of("ISO-8859-1"), _codec_of("windows-1252"), _codec_of("klingon"), _codec_of("utf-8")
    ('cp1252', 'cp1252', None, None)
    """
    if not charset:
        return None
    try:
        codec = codecs.lookup(charset.strip())
    except LookupError:
        return None
    # base64 and rot13 are codecs too, but not charsets.
    if not codec._is_text_encoding or codec.name.startswith("utf"):  # noqa: SLF001
        return None
    return "cp1252" if codec.name in _AS_CP1252 else codec.name


def _score(raw: bytes, charset: str) -> float:
    """Return the plausibility of the bytes as Spanish or Portuguese in a charset: a sum over distinct characters.

    Further occurrences of a frequent character, such as the dash of a dialogue, count less and less: a few accents in
    words are stronger evidence than a thousand dashes, which may be letters in another charset.
    """
    text = _around_high_bytes(raw).decode(charset, "replace")
    senses: dict[str, list[float]] = {}
    for match in re.finditer(r"[^\x00-\x7f]", text):
        previous = text[match.start() - 1] if match.start() else " "
        following = text[match.end()] if match.end() < len(text) else " "
        senses.setdefault(match[0], []).append(_sense(match[0], previous, following))
    return sum(sum(places) / len(places) * math.log2(1 + len(places)) for places in senses.values())


def _sense(char: str, previous: str, following: str) -> float:
    """Return the plausibility of a character between two others: 1 if it is usual, negative if it never occurs."""
    if char in _LOWER or char in _UPPER:
        return _sense_of_letter(char, previous, following)
    if char.isalpha() and char not in _CLOSING:  # Unicode classifies ª and º as letters
        return -2.0 if previous.islower() and char.isupper() else -0.5
    if char == "\xa0":
        return 0.0 if previous.isalnum() and following.isalnum() else 0.5
    is_inside = previous.isalpha() and following.isalpha()
    if is_inside and char in _INSIDE:
        return _INSIDE[char]
    is_alone = (
        char in _ALONE
        and not (previous.isalnum() or following.isalnum())
        and (previous.isspace() or following.isspace())
    )
    opens = char in _OPENING and not previous.isalnum() and not following.isspace()
    closes = char in _CLOSING and (previous.isalnum() or not previous.isspace()) and not following.isalpha()
    if not (is_alone or opens or closes):
        return -2.0
    # «tute—», which may have been «tuteó».
    return 0.75 if char == "—" and previous.islower() else 1.0


def _sense_of_letter(char: str, previous: str, following: str) -> float:
    if not previous.isalnum() and not following.isalnum():
        return 0.5 if char in _WORDS else -1.0
    if char in _BEFORE_VOWELS and following.lower() not in _VOWELS:
        return -1.0
    is_odd = previous == char or following.isupper() if char in _LOWER else previous.islower()
    return -1.0 if is_odd or previous in _BEFORE_SPACE else 1.0


def _around_high_bytes(raw: bytes) -> bytes:
    """Return the runs of bytes beyond ASCII with their neighbours, up to a limit."""
    runs = re.finditer(rb"[\x00-\x7f]?[\x80-\xff]+[\x00-\x7f]?", raw)
    pieces: list[bytes] = []
    size = 0
    for match in runs:
        pieces.append(match[0])
        size += len(match[0])
        if size > _SAMPLE:
            break
    return b" ".join(pieces)
