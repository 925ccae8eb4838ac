"""What a label means in ISO 639-3 and ISO 15924, and the script of letters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

from latam_corpus.codes import UNDETERMINED, known_code

MODELS: Final = Path(__file__).resolve().parent / "models"
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


@cache
def usual_script(code: str) -> str:
    """The ISO 15924 code of the script in which a language is most written, `Latn` when unknown.

    >>> usual_script("spa"), usual_script("rus"), usual_script("quy")
    ('Latn', 'Cyrl', 'Latn')
    """
    import langcodes  # its tables take a moment to load, and a worker seldom needs them

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
