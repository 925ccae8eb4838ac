"""Render pages from templates; each page is one file in one language, without scripts or network access.

All values are escaped for HTML. Invisible characters are shown as their codes, so that a title can't change the
direction of its line.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

from latam_corpus.__about__ import __version__
from latam_corpus.catalog.display_names import stage_names
from latam_corpus.codes import UNDETERMINED, known_code, short, two_letters
from latam_corpus.messages import Message
from latam_corpus.paths import cache_folder, use_folder
from latam_corpus.report.figures import Figures
from latam_corpus.report.page_frame import checked_language, look
from latam_corpus.report.page_words import WORDS
from latam_corpus.text.display.terminal_text import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2.bccache import Bucket


_CODE: Final = re.compile("[a-z]{2,3}")
_TEMPLATES: Final = Path(__file__).with_name("templates")


def render(
    template: str,
    language: str,
    *,
    kind: str,
    title: Message | str,
    sections: Iterable[tuple[str, Message | str]],
    internal: bool = False,
    **values: Any,
) -> str:
    """Return the page of a template, as HTML.

    `kind` is a key of `WORDS`; the sections are the id and the text of each heading. An internal page is marked, since
    it has texts whose terms don't allow showing them.

    Raises:
        ConfigError: pages aren't available in the language.
    """
    checked_language(language)
    return (
        _environment(language)
        .get_template(template)
        .render(
            values,
            kind=WORDS[kind].translate(language),
            title=title,
            sections=list(sections),
            internal=internal,
        )
    )


def sections_of(keys: Iterable[str]) -> list[tuple[str, Message]]:
    """Return the sections for `render` from keys of `WORDS`."""
    return [(key, WORDS[key]) for key in keys]


@cache
def language_tag(code: str | None) -> str:
    """Return the BCP 47 tag of a language for HTML; empty if it isn't known.

    >>> language_tag("spa_Latn"), language_tag("quy"), language_tag("und"), language_tag("<b>"), language_tag(None)
    ('es', 'quy', '', '', '')
    """
    short_code = short(code or UNDETERMINED)
    if short_code == UNDETERMINED or not _CODE.fullmatch(short_code) or (known := known_code(short_code)) is None:
        return ""
    return two_letters(known) or known


class _CompiledTemplates(FileSystemBytecodeCache):
    """A cache of compiled templates in the user's cache; a template that can't be read or stored there is compiled."""

    def __init__(self, language: str) -> None:
        # Jinja computes filters of constants when it compiles, so that each language has files of its own.
        folder = cache_folder() / "templates" / f"{__version__}-{jinja2.__version__}-{language}"
        use_folder(folder)
        super().__init__(str(folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load a compiled template; a damaged file counts as missing."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # noqa: BLE001  (unpickling damaged bytes can raise anything)
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store a compiled template."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        bytecode_cache=_CompiledTemplates(language),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def say(word: str, **values: object) -> str:
        return visible(WORDS[word].fill(**values).translate(language))

    def plain(value: object) -> str:
        return visible(value.translate(language) if isinstance(value, Message) else str(value))

    environment.globals.update(
        say=say,
        language=language,
        figures=Figures(language),
        look=look(),
        toolkit=__version__,
        tag=language_tag,
        stage_names=stage_names,
    )
    environment.filters.update(plain=plain, lines=lambda text: visible_lines(str(text)))
    return environment
