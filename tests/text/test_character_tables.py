"""The table of character classes agrees with Unicode for each code point."""

from __future__ import annotations

import unicodedata

import pytest

from latam_corpus.text import characters as c
from latam_corpus.text.orthography import apostrophes

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060"


def _may_need_repair(character: str) -> bool:
    """Apply the rule to one code point: control and format characters, marks, and characters that NFC changes."""
    category = unicodedata.category(character)
    if character in "\n\t" or character in _INVISIBLE:
        return False
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp", "Mn", "Mc", "Me"):
        return True
    if "\ufb00" <= character <= "\ufb06" or "\uff00" <= character <= "\uffef" or character == "\u3000":
        return True
    if "\u1161" <= character <= "\u11c2" or unicodedata.normalize("NFC", character) != character:
        return True
    return category in ("Ll", "Lu", "Lt") and len(unicodedata.normalize("NFKC", character)) > 1


@pytest.mark.parametrize(
    ("flag", "rule"),
    [
        (c.LETTER, lambda sign: unicodedata.category(sign)[0] in "LM" and sign not in apostrophes()),
        (c.UPPER, lambda sign: unicodedata.category(sign) in ("Lu", "Lt") and sign not in apostrophes()),
        (c.APOSTROPHE, lambda sign: sign in apostrophes()),
        (c.DIGIT, lambda character: unicodedata.category(character) == "Nd"),
        (c.SPACE, lambda character: unicodedata.category(character) == "Zs" or character == "\t"),
        (c.REPAIR, _may_need_repair),
    ],
    ids=["letter", "upper", "apostrophe", "digit", "space", "repair"],
)
def test_every_code_point_has_the_classes_of_its_category(flag: int, rule) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """All 1,114,112 code points have the classes of their category, for this Python's version of Unicode."""
    table = c.classes() & flag
    wrong = [hex(point) for point in range(0x110000) if bool(table[point]) != bool(rule(chr(point)))]
    assert wrong == []
