"""Pages of templates: one file each, without network or script, in the one language that is asked for.

All that a template is given is escaped; what can't be seen in a text is shown by its code, so that a title can't turn
the line that it stands in.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.__about__ import __version__
from latam_corpus.catalog.display_names import stage_names
from latam_corpus.codes import UNDETERMINED, known_code, short
from latam_corpus.messages import Message
from latam_corpus.report.figures import Figures
from latam_corpus.report.page_frame import checked_language, look
from latam_corpus.report.page_words import WORDS
from latam_corpus.text.display.terminal_text import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Environment

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
    served: bool = False,
    asked: str = "",
    **values: Any,
) -> str:
    """Return the page of a template, as HTML.

    Args:
        template: its file's name.
        language: of the page.
        kind: what kind of page it is, as `WORDS` calls it.
        title: what it is about.
        sections: what is on it: the id of each heading, and what it is called.
        internal: whether it holds texts that may not be shown outside; the page is stamped then.
        served: whether it has a search, which `report --serve` answers.
        asked: what was searched for.
        values: what it tells.

    Raises:
        ConfigError: the language is none of the three.
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
            served=served,
            asked=asked,
        )
    )


def sections_of(keys: Iterable[str]) -> list[tuple[str, Message]]:
    """Return the headings that `WORDS` names, as `render` has them."""
    return [(key, WORDS[key]) for key in keys]


@cache
def language_tag(code: str | None) -> str:
    """Return what a page calls a text's language (BCP 47); empty where it isn't known.

    >>> language_tag("spa_Latn"), language_tag("quy"), language_tag("und"), language_tag("<b>"), language_tag(None)
    ('es', 'quy', '', '', '')
    """
    named = short(code or UNDETERMINED)
    if named == UNDETERMINED or not _CODE.fullmatch(named) or known_code(named) is None:
        return ""
    from latam_corpus.release.pages.card import hub_language

    return hub_language(str(known_code(named)))


@cache
def _environment(language: str) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
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
