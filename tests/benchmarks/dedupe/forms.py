"""Documents of one form: decrees, weather, obituaries, advertisements, football, that differ in numbers and names."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

_FOLDER: Final = Path(__file__).resolve().parent / "templates"
_SLOT: Final = re.compile(r"\{(\w+)(?::(\d+)-(\d+))?\}")


@dataclass(frozen=True)
class Form:
    """A form: its kind, its language, its text with slots."""

    kind: str
    language: str
    text: str


@dataclass(frozen=True)
class Forms:
    """The forms of a set, and the words for their slots."""

    forms: tuple[Form, ...]
    words: Mapping[str, Sequence[str]]

    @classmethod
    def load(cls, name: str) -> Forms:
        """The forms of a set."""
        reported = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        return cls(tuple(Form(**form | {"text": form["text"].strip()}) for form in reported["form"]), reported["words"])

    def filled(self, form: Form, chance: random.Random) -> str:
        """The form with every slot filled by chance."""
        return _SLOT.sub(lambda slot: self._word(slot, chance), form.text)

    def _word(self, slot: re.Match[str], chance: random.Random) -> str:
        name, low, high = slot.groups()
        if name == "number":
            return str(chance.randint(int(low), int(high)))
        if name == "person":
            first, second = chance.choice(self.words["name"]), chance.choice(self.words["name"])
            return f"{first} {second} {chance.choice(self.words['surname'])} {chance.choice(self.words['surname'])}"
        return chance.choice(self.words[name])
