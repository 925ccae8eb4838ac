"""What a label means in ISO 639-3 and ISO 15924, and which languages of the Americas go together."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from latam_corpus.errors import ConfigError, nearest

MODELS: Final = Path(__file__).resolve().parent / "models"
UNDETERMINED: Final = "und"
_LABEL: Final = re.compile(r"^([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?$")
# Unicode names begin with the script; these are the ones with much text and a label of their own.
_SCRIPTS: Final = {
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "ARABIC": "Arab",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "GURMUKHI": "Guru",
    "GUJARATI": "Gujr",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "SINHALA": "Sinh",
    "THAI": "Thai",
    "LAO": "Laoo",
    "TIBETAN": "Tibt",
    "MYANMAR": "Mymr",
    "KHMER": "Khmr",
    "GEORGIAN": "Geor",
    "ARMENIAN": "Armn",
    "ETHIOPIC": "Ethi",
    "HANGUL": "Hang",
    "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan",
    "CJK": "Hani",
    "CHEROKEE": "Cher",
    "CANADIAN": "Cans",
    "MONGOLIAN": "Mong",
    "TIFINAGH": "Tfng",
    "VAI": "Vaii",
    "YI": "Yiii",
    "THAANA": "Thaa",
    "SYRIAC": "Syrc",
    "NKO": "Nkoo",
    "ADLAM": "Adlm",
    "BALINESE": "Bali",
    "JAVANESE": "Java",
    "BAMUM": "Bamu",
    "CHAKMA": "Cakm",
    "TAI": "Tale",
    "OL": "Olck",
    "SYLOTI": "Sylo",
}


@dataclass(frozen=True)
class Groups:
    """Which languages are of the Americas, and which are judged together.

    Attributes:
        of: group code by member code; a language of the Americas without kin here is its own group.
        collections: names of the ISO 639-5 collections among the group codes.
    """

    of: dict[str, str]
    collections: dict[str, str]

    def members(self, code: str) -> frozenset[str]:
        """The codes that a wish for `code` accepts: itself, and its members when it is a group.

        >>> sorted(groups().members("aym"))
        ['ayc', 'aym', 'ayr']
        >>> sorted(groups().members("spa"))
        ['spa']
        """
        own = {member for member, group in self.of.items() if group == code}
        return frozenset(own | {code} | _iso_members(code))


@cache
def groups() -> Groups:
    """The groups of `models/groups.toml`."""
    data = tomllib.loads((MODELS / "groups.toml").read_text("utf-8"))
    of = {code: code for code in data["alone"]["codes"]}
    for group, members in data["groups"].items():
        of |= dict.fromkeys(members, group)
    return Groups(of, data["collections"])


def iso_code(code: str, place: str) -> str:
    """The ISO 639-3 (or collection) code that `code` means.

    Args:
        code: an ISO 639 code of two or three letters.
        place: what the error names.

    Raises:
        ConfigError: no language has this code.

    >>> iso_code("es", "mapa.toml"), iso_code("que", "mapa.toml")
    ('spa', 'que')
    >>> iso_code("spx2", "mapa.toml")
    Traceback (most recent call last):
    ...
    latam_corpus.errors.ConfigError: mapa.toml: unknown language code «spx2»; did you mean «spx»?
    """
    known = known_code(code)
    if known is None:
        near = nearest(code, _all_codes())
        remedy = f"did you mean «{near}»?" if near else "give one of ISO 639-3, such as spa, por or quy"
        raise ConfigError(place, f"unknown language code «{code}»", remedy)
    return known


@cache
def known_code(code: str) -> str | None:
    """The ISO 639-3 (or collection) code, or None when no language has it."""
    if code == UNDETERMINED or code in groups().collections:
        return code
    import iso639  # noqa: PLC0415  (its tables take 13 MB and a moment to load, and a worker seldom needs them)

    for look_up in (iso639.Language.from_part3, iso639.Language.from_part1, iso639.Language.from_part2b):
        try:
            return str(look_up(code).part3)
        except iso639.LanguageNotFoundError:
            continue
    return None


@cache
def usual_script(code: str) -> str:
    """The ISO 15924 code of the script in which a language is most written, `Latn` when unknown.

    >>> usual_script("spa"), usual_script("rus"), usual_script("quy")
    ('Latn', 'Cyrl', 'Latn')
    """
    import langcodes  # noqa: PLC0415  (the same)

    script = langcodes.Language.get(code).maximize().script
    return str(script) if script else "Latn"


def read_label(label: str) -> tuple[str, str] | None:
    """Code and script of a model's label, or None when it is not a language code.

    >>> read_label("__label__spa_Latn"), read_label("__label__pt"), read_label("__label__x1")
    (('spa', 'Latn'), ('por', 'Latn'), None)
    """
    found = _LABEL.match(label.removeprefix("__label__"))
    code = known_code(found[1].lower()) if found else None
    if not found or code is None:
        return None
    if code == UNDETERMINED:
        return code, ""
    return code, found[2].title() if found[2] else usual_script(code)


def script_of(text: str) -> str:
    """The script of most letters in the first part of a text, empty when it has no letter.

    >>> script_of("Ñandutí"), script_of("Война и мир"), script_of("2025")
    ('Latn', 'Cyrl', '')
    """
    count = Counter(script_of_letter(c) for c in text[:400] if c.isalpha())
    return count.most_common(1)[0][0] if count else ""


@cache
def script_of_letter(character: str) -> str:
    """The script of a letter, by its Unicode name; `Zyyy` for one that labels have no code for.

    >>> script_of_letter("ñ"), script_of_letter("ж"), script_of_letter("東")
    ('Latn', 'Cyrl', 'Hani')
    """
    first = unicodedata.name(character, "LATIN").split()[0].split("-")[0]
    return _SCRIPTS.get(first, "Zyyy")


@cache
def _iso_members(code: str) -> frozenset[str]:
    import iso639  # noqa: PLC0415  (the same)

    return frozenset(lang.part3 for lang in iso639.ALL_LANGUAGES if lang.macrolanguage == code)


@cache
def _all_codes() -> tuple[str, ...]:
    import iso639  # noqa: PLC0415  (the same)

    return tuple(sorted({lang.part3 for lang in iso639.ALL_LANGUAGES} | set(groups().collections)))
