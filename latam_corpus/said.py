"""What is said to people in Spanish, Portuguese and English: sentences of pages, of sheets and of the command line."""

from __future__ import annotations

import os
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LANGUAGES: Final = {"es": "Español", "pt": "Português", "en": "English"}


class Said(NamedTuple):
    """One thing said in three languages; as HTML where a page shows it."""

    es: str
    pt: str
    en: str

    def html(self, tag: str = "span") -> str:
        """All three, each marked with its language."""
        return "".join(f'<{tag} lang="{code}">{text}</{tag}>' for code, text in zip(LANGUAGES, self, strict=True))

    def filled(self, **values: object) -> Said:
        """With these values in the places named in braces, escaped for HTML.

        >>> Said("{n} textos", "{n} textos", "{n} texts").filled(n=3).en
        '3 texts'
        """
        safe = {key: escape(str(value)) for key, value in values.items()}
        return Said(*(text.format(**safe) for text in self))

    def plain(self, **values: object) -> Said:
        """With these values in the places named in braces, for a terminal or a sheet; one may be said thrice itself.

        >>> Said("elija {one}", "escolha {one}", "choose {one}").plain(one=Said("prensa", "imprensa", "news")).pt
        'escolha imprensa'
        """
        return Said(
            *(
                text.format(**{key: v[place] if isinstance(v, Said) else v for key, v in values.items()})
                for place, text in enumerate(self)
            )
        )

    def told(self, language: str) -> str:
        """In one of the three languages.

        >>> Said("sí", "sim", "yes").told("pt")
        'sim'
        """
        return self[list(LANGUAGES).index(language)]


def listed(said: Iterable[Said]) -> Said:
    """Several with commas between them.

    >>> listed([Said("sí", "sim", "yes"), Said("no", "não", "no")]).pt
    'sim, não'
    """
    entries = list(said)
    return Said(*(", ".join(one[place] for one in entries) for place in range(len(LANGUAGES))))


def same(text: str) -> Said:
    """What is written alike in the three languages, such as a code or an example."""
    return Said(text, text, text)


def language_of_user(environ: Mapping[str, str] = os.environ) -> str:
    """The language that the user's machine speaks, by `LC_ALL`, `LC_MESSAGES` or `LANG`; English where it is another.

    >>> language_of_user({"LANG": "pt_BR.UTF-8"}), language_of_user({"LANG": "C"})
    ('pt', 'en')
    """
    named = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return named[:2].lower() if named[:2].lower() in LANGUAGES else "en"
