"""Read paragraphs of translated GNOME help: everyday prose in forty languages under one licence.

The package `gnome-user-docs` installs the pages in `/usr/share/help/<language>/<book>/*.page` (Mallard XML); the folder
`C` has the English pages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ENGLISH: Final = "C"
_LEAST: Final = 40  # characters; shorter texts are mostly names of buttons


def help_rows(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the language code and text of each paragraph, except paragraphs that were left in English.

    Raises:
        ConfigError: there is no folder with the English pages, with which paragraphs are compared.
    """
    if not (folder / _ENGLISH).is_dir():
        raise ConfigError(str(folder), _("it isn't a folder of help pages"), _("give a folder like /usr/share/help"))
    english = set(_paragraphs(folder / _ENGLISH))
    for language in sorted(path for path in folder.iterdir() if path.is_dir()):
        if language.name == _ENGLISH:
            yield from (("eng", paragraph) for paragraph in sorted(english))
            continue
        code = re.split("[_@]", language.name)[0]
        yield from ((code, p) for p in dict.fromkeys(_paragraphs(language)) if p not in english)


def _paragraphs(folder: Path) -> Iterator[str]:
    for page in sorted(folder.rglob("*.page")):
        tree = etree.parse(page, etree.XMLParser(resolve_entities=False, no_network=True, recover=True))
        for element in tree.iter("{*}p", "{*}title"):
            text = " ".join("".join(str(part) for part in element.itertext()).split())
            if len(text) >= _LEAST:
                yield text
