"""Pages written for the benchmark `manuals`, for kinds without openly licensed pages in Spanish or Portuguese.

Each template has the markup of common software of its kind, with its menus, related items and feet; the paragraphs are
this project's own. Templates of the halves `tuned` may be looked at while the extractor is changed. Those of
`written_blind` have another author, who didn't know the extractor.
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
_GROUPS: Final = ("written", "written_blind")


class WrittenPage(NamedTuple):
    """A page with its paragraphs and the words around them; its group is the folder of its template."""

    kind: str
    group: str
    software: str
    half: str
    markup: str
    paragraphs: tuple[str, ...]
    boilerplate: str


def written_pages() -> Iterator[WrittenPage]:
    """Yield eleven pages of each template: with the first one to six paragraphs, and with the last one to five."""
    for group in _GROUPS:
        texts = tomllib.loads((_FOLDER / group / "texts.toml").read_text(encoding="utf-8"))
        templates = Environment(loader=FileSystemLoader(_FOLDER / group), autoescape=False)  # noqa: S701 (own texts)
        for path in sorted(templates.list_templates(extensions=("html",))):
            half, name = path.split("/")
            kind, software, language, _ = name.split(".")
            text, template = texts[kind][language], templates.get_template(path)
            all_ = text["paragraphs"]
            # All that a reader sees of the page without its title and paragraphs.
            around = extract_plain_text(template.render(title="", paragraphs=[]), main_content=False)
            for some in [all_[: at + 1] for at in range(len(all_))] + [all_[at:] for at in range(1, len(all_))]:
                yield WrittenPage(
                    kind,
                    group.replace("_", " "),
                    software,
                    half.replace("_", " "),
                    template.render(title=text["title"], paragraphs=some),
                    tuple(some),
                    around,
                )
