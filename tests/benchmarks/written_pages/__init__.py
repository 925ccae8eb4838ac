"""Pages written for the benchmark `manuals`, for kinds without openly licensed pages in Spanish or Portuguese.

Each template has the markup of common software of its kind, with its menus, related items and feet; the paragraphs are
this project's own. Templates in Spanish may be looked at while the extractor is changed; those in Portuguese are held
out.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from jinja2 import Environment, FileSystemLoader
from resiliparse.extract.html2text import extract_plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER: Final = Path(__file__).parent
_HALVES: Final = {"es": "tuned", "pt": "held out"}


class WrittenPage(NamedTuple):
    """A page with its paragraphs and the words around them."""

    kind: str
    software: str
    half: str
    markup: str
    paragraphs: tuple[str, ...]
    boilerplate: str


def written_pages() -> Iterator[WrittenPage]:
    """Yield eleven pages of each template: with the first one to six paragraphs, and with the last one to five."""
    texts = tomllib.loads((_FOLDER / "texts.toml").read_text(encoding="utf-8"))
    templates = Environment(loader=FileSystemLoader(_FOLDER / "templates"), autoescape=False)  # noqa: S701 (own texts)
    for name in sorted(templates.list_templates()):
        kind, software, language, _ = name.split(".")
        text, template = texts[kind][language], templates.get_template(name)
        all_ = text["paragraphs"]
        # All that a reader sees of the page without its title and paragraphs.
        around = extract_plain_text(template.render(title="", paragraphs=[]), main_content=False)
        for some in [all_[:end] for end in range(1, len(all_) + 1)] + [all_[start:] for start in range(1, len(all_))]:
            markup = template.render(title=text["title"], paragraphs=some)
            yield WrittenPage(kind, software, _HALVES[language], markup, tuple(some), around)
