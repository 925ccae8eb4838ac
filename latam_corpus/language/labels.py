"""What the labels of a model mean in ISO 639-3 and ISO 15924, as they state it themselves or as a label map says."""

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
    """Return the ISO 15924 code of the script in which a language is most written, `Latn` when unknown.

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
    match = _LABEL.match(label.removeprefix("__label__"))
    code = known_code(match[1].lower()) if match else None
    if not match or code is None:
        return None
    if code == UNDETERMINED:
        return code, ""
    return code, match[2].title() if match[2] else usual_script(code)


def script_of(text: str) -> str:
    """Return the script of most letters in the first part of a text, empty when it has no letter.

    >>> script_of("Ñandutí"), script_of("Война и мир"), script_of("2025")
    ('Latn', 'Cyrl', '')
    """
    count = Counter(script_of_letter(c) for c in text[:400] if c.isalpha())
    return count.most_common(1)[0][0] if count else ""


@cache
def script_of_letter(character: str) -> str:
    """Return the script of a letter, by its Unicode name; `Zyyy` for one that labels have no code for.

    >>> script_of_letter("ñ"), script_of_letter("ж"), script_of_letter("東")
    ('Latn', 'Cyrl', 'Hani')
    """
    first = unicodedata.name(character, "LATIN").split()[0].split("-")[0]
    return _SCRIPTS.get(first, "Zyyy")


_PREFIX: Final = "__label__"
_SCRIPT: Final = re.compile(r"[A-Z][a-z]{3}")  # ISO 15924


@dataclass(frozen=True)
class Label:
    """What a model's label means.

    Attributes:
        code: ISO 639-3, or `und`.
        script: ISO 15924, empty for `und`.
        group: the code under which it is judged: a group of languages of the Americas, else its own.
    """

    code: str
    script: str
    group: str

    @property
    def name(self) -> str:
        """The code and script as the column `language` has them, such as `spa_Latn`."""
        return f"{self.code}_{self.script}" if self.script else self.code


def labels_of(
    raw_labels: Sequence[str], mapped: Mapping[str, Any], place: str, *, looked_up: bool
) -> tuple[Label, ...]:
    """Return what a model's labels mean, in their order.

    Args:
        raw_labels: the labels, such as `__label__spa_Latn`; one that is no language code and isn't mapped is `und`.
        mapped: by label a code, or a table with `code`, `script` and `macro`.
        place: the label map, for errors.
        looked_up: whether `train` wrote the map with the model, and so knew the codes that the labels state.

    Raises:
        ConfigError: the model hasn't such a label, or its code or script isn't one.

    >>> [label.name for label in labels_of(["__label__es", "x1"], {"x1": "quy"}, "mapa.toml", looked_up=False)]
    ['spa_Latn', 'quy_Latn']
    """
    known = {label.removeprefix(_PREFIX): meant for label, meant in mapped.items()}
    names = [name.removeprefix(_PREFIX) for name in raw_labels]
    strange = known.keys() - set(names)
    if strange:
        first = min(strange)
        near = nearest(first, names)
        remedy = (
            _("did you mean «{near}»?", near=near) if near else _("its labels are such as «{names}»", names=names[0])
        )
        raise ConfigError(place, _("the model has no label «{first}»", first=first), remedy)
    return tuple(
        (_as_written(name, known.get(name)) if looked_up else None) or _label(name, known.get(name), place)
        for name in names
    )


def _as_written(name: str, meant: Any) -> Label | None:
    """Give what a label means that states code and script as its map does, so that no table of languages is opened."""
    if not isinstance(meant, dict):
        return None
    code, script = meant.get("code"), meant.get("script")
    group = groups().of.get(str(code), code)
    if name != f"{code}_{script}" or meant.get("macro", group) != group:
        return None
    return Label(str(code), str(script), str(group))


def _label(name: str, meant: Any, place: str) -> Label:
    read = read_label(name)
    if meant is not None:
        here = f"{place}, label «{name}»"
        meant = {"code": meant} if isinstance(meant, str) else meant
        if not isinstance(meant, dict) or not isinstance(meant.get("code"), str):
            raise ConfigError(
                place, _("label «{name}» has no code", name=name), _('write {{ code = "spa", script = "Latn" }}')
            )
        code = iso_code(meant["code"], here)
        usual = read_label(code) or (code, "Latn")
        script = str(meant.get("script", usual[1]))
        if script and not _SCRIPT.fullmatch(script):
            raise ConfigError(
                here, _("«{script}» is no script", script=script), _("ISO 15924 has Latn, Cyrl, Arab and others")
            )
        read = code, script
        if "macro" in meant:
            return Label(*read, iso_code(str(meant["macro"]), here))
    # A label that is no language code, of a model without a map, names nothing that we could write down.
    code, script = read or (UNDETERMINED, "")
    return Label(code, script, groups().of.get(code, code))
