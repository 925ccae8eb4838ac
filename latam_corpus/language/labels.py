"""Map the labels of a model to ISO 639-3 and ISO 15924 codes, by their form or by a label map."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.codes import UNDETERMINED, groups, iso_code, known_code
from latam_corpus.errors import ConfigError, nearest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODELS: Final = Path(__file__).resolve().parent / "models"
_LABEL: Final = re.compile(r"^([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?$")
# Unicode names begin with the script. These scripts have much text, and labels of their own.
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
    """Return the ISO 15924 code of the script in which a language is usually written; `Latn` if unknown.

    >>> usual_script("spa"), usual_script("rus"), usual_script("quy")
    ('Latn', 'Cyrl', 'Latn')
    """
    import langcodes  # importing its tables takes a moment, and workers seldom need them

    script = langcodes.Language.get(code).maximize().script
    return str(script) if script else "Latn"


def read_label(label: str) -> tuple[str, str] | None:
    """Return the code and script of a model's label; None if it isn't a language code.

    >>> read_label("__label__spa_Latn"), read_label("__label__pt"), read_label("__label__x1")
    (('spa', 'Latn'), ('por', 'Latn'), None)
    """
    match = _LABEL.match(label.removeprefix("__label__"))
    code = known_code(match[1].lower()) if match else None
    if not match or code is None:
        return None
    if code == UNDETERMINED:
        return code, ""
    return code, match[2].title() if match[2] else usual_script(code)


def script_of(text: str) -> str:
    """Return the script of most letters in the first part of a text; empty if it has no letters.

    >>> script_of("Ñandutí"), script_of("Война и мир"), script_of("2025")
    ('Latn', 'Cyrl', '')
    """
    count = Counter(script_of_letter(c) for c in text[:400] if c.isalpha())
    return count.most_common(1)[0][0] if count else ""


@cache
def script_of_letter(character: str) -> str:
    """Return the script of a letter by its Unicode name; `Zyyy` for a script without labels.

    >>> script_of_letter("ñ"), script_of_letter("ж"), script_of_letter("東")
    ('Latn', 'Cyrl', 'Hani')
    """
    first = unicodedata.name(character, "LATIN").split()[0].split("-")[0]
    return _SCRIPTS.get(first, "Zyyy")


_PREFIX: Final = "__label__"
_SCRIPT: Final = re.compile(r"[A-Z][a-z]{3}")  # ISO 15924


@dataclass(frozen=True)
class LanguageLabel:
    """The meaning of a model's label.

    Attributes:
        code: the ISO 639-3 code, or `und`.
        script: the ISO 15924 code; empty for `und`.
        group: the code as which it is judged: a group of languages of the Americas, or its own code.
    """

    code: str
    script: str
    group: str

    @property
    def name(self) -> str:
        """Code and script as in the column `language`, such as `spa_Latn`."""
        return f"{self.code}_{self.script}" if self.script else self.code


def labels_of(
    raw_labels: Sequence[str], mapped: Mapping[str, Any], place: str, *, looked_up: bool
) -> tuple[LanguageLabel, ...]:
    """Return the meanings of a model's labels, in their order.

    Args:
        raw_labels: the labels, such as `__label__spa_Latn`; a label that isn't a language code or mapped means `und`.
        mapped: for a label, a code or a table with `code`, `script` and `macro`.
        place: the label map, for errors.
        looked_up: whether `train` wrote the map together with the model, and has checked the codes in the labels.

    Raises:
        ConfigError: the model has no such label, or its code or script is invalid.

    >>> [label.name for label in labels_of(["__label__es", "x1"], {"x1": "quy"}, "mapa.toml", looked_up=False)]
    ['spa_Latn', 'quy_Latn']
    """
    mapped_by_name = {label.removeprefix(_PREFIX): meaning for label, meaning in mapped.items()}
    names = [name.removeprefix(_PREFIX) for name in raw_labels]
    unknown_labels = mapped_by_name.keys() - set(names)
    if unknown_labels:
        first = min(unknown_labels)
        near = nearest(first, names)
        remedy = _("did you mean «{near}»?", near=near) if near else _("its labels look like «{names}»", names=names[0])
        raise ConfigError(place, _("the model has no label «{first}»", first=first), remedy)
    return tuple(
        (_as_written(name, mapped_by_name.get(name)) if looked_up else None)
        or _label(name, mapped_by_name.get(name), place)
        for name in names
    )


def _as_written(name: str, meaning: Any) -> LanguageLabel | None:
    """Return a label whose code and script equal its map's, without loading tables of languages."""
    if not isinstance(meaning, dict):
        return None
    code, script = meaning.get("code"), meaning.get("script")
    group = groups().of.get(str(code), code)
    if name != f"{code}_{script}" or meaning.get("macro", group) != group:
        return None
    return LanguageLabel(str(code), str(script), str(group))


def _label(name: str, meaning: Any, place: str) -> LanguageLabel:
    code_and_script = read_label(name)
    if meaning is not None:
        label_place = f"{place}, label «{name}»"
        meaning = {"code": meaning} if isinstance(meaning, str) else meaning
        if not isinstance(meaning, dict) or not isinstance(meaning.get("code"), str):
            raise ConfigError(
                place, _("label «{name}» has no code", name=name), _('write {{ code = "spa", script = "Latn" }}')
            )
        code = iso_code(meaning["code"], label_place)
        usual = read_label(code) or (code, "Latn")
        script = str(meaning.get("script", usual[1]))
        if script and not _SCRIPT.fullmatch(script):
            raise ConfigError(
                label_place,
                _("«{script}» isn't a script code", script=script),
                _("use an ISO 15924 code such as Latn, Cyrl or Arab"),
            )
        code_and_script = code, script
        if "macro" in meaning:
            return LanguageLabel(*code_and_script, iso_code(str(meaning["macro"]), label_place))
    # Without a map, a label that isn't a language code names no known language.
    code, script = code_and_script or (UNDETERMINED, "")
    return LanguageLabel(code, script, groups().of.get(code, code))
