"""Pages of templates: one file each, without network or script, in the one language that is asked for.

All that a template is given is escaped; what can't be seen in a text is shown by its code, so that a title can't turn
the line that it stands in.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.messages import Message
from latam_corpus.report.figures import Figures
from latam_corpus.report.page_frame import checked_language, look
from latam_corpus.report.page_words import WORDS
from latam_corpus.text.terminal_text import visible, visible_lines

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).with_name("templates")


def render(template: str, language: str, **values: Any) -> str:
    """Return the page of a template, as HTML.

    Args:
        template: its file's name.
        language: of the page.
        values: what it tells.

    Raises:
        ConfigError: the language is none of the three.
    """
    checked_language(language)
    return _environment(language).get_template(template).render(values)


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
        return WORDS[word].fill(**values).translate(language)

    def plain(value: object) -> str:
        return visible(value.translate(language) if isinstance(value, Message) else str(value))

    environment.globals.update(say=say, language=language, figures=Figures(language), look=look())
    environment.filters.update(plain=plain, lines=lambda text: visible_lines(str(text)))
    return environment
