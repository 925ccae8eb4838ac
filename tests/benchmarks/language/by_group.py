"""Make the table of a model's card: how each group of the Americas is recognised, from the figures of the gate.

`python -m tests.benchmarks.language.by_group GATE.json CARD.md` writes it anew where it stands on the card.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.codes import groups, name_of
from latam_corpus.errors import ConfigError

from ..dedupe.tables import markdown
from ..machine import Table
from ..tables import cell

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE: Final = "F1 by group of the Americas, of the UDHR"
KEPT_OUT: Final = "F1, UDHR kept out, "
NEVER_SEEN: Final = "F1, UDHR never seen, "


def by_group(figures: Mapping[str, float], labels: Mapping[str, Any]) -> Table:
    """A row a group that has a declaration, the weakest first.

    Args:
        figures: the gate's.
        labels: of the label map, with the lines that each was trained on.

    Raises:
        ConfigError: the gate trained no model without the UDHR.
    """
    lines: Counter[str] = Counter()
    for label in labels.values():
        lines[groups().of.get(label["code"], label["code"])] += label["lines"]
    reported = {key.removeprefix(NEVER_SEEN): value for key, value in figures.items() if key.startswith(NEVER_SEEN)}
    if not reported:
        raise ConfigError(
            "the gate's figures", "none of a model without the UDHR", "LATAM_CORPUS_HELP=FOLDER make gate"
        )
    rows = [
        (code, name_of(code), lines[code], figures.get(f"{KEPT_OUT}{code}", ""), value)
        for code, value in sorted(reported.items(), key=lambda pair: (pair[1], pair[0]))
    ]
    return Table(TITLE, ("group", "name", "lines#", "seen, a tenth kept out#", "never seen#"), tuple(rows))


def renewed(page: str, tables: list[Table]) -> str:
    r"""The page with these tables in the place of those of the same title.

    Raises:
        ConfigError: no table has such a title.

    >>> old = "Lluvia:\n\n**Enero**\n\n| mm |\n|---|\n| 3 |\n\nFin.\n"
    >>> print(renewed(old, [Table("Enero", ("mm#",), ((1234,),))]), end="")
    Lluvia:
    <BLANKLINE>
    **Enero**
    <BLANKLINE>
    | mm |
    |---:|
    | 1,234 |
    <BLANKLINE>
    Fin.
    """
    results = 0
    for table in tables:
        rows = tuple(tuple(map(cell, row)) for row in table.rows)
        text = markdown(Table(table.title, table.columns, rows)) + "\n"
        old = re.compile(rf"^\*\*{re.escape(table.title)}\*\*\n\n(?:\|.*\n)+", re.MULTILINE)
        page, number = old.subn(lambda _, text=text: text, page)  # type: ignore[misc]
        results += number
    if not results:
        raise ConfigError("the page", "no table has a title of the result", "write a title as **title** above a table")
    return page


def _main(result: str, card: str) -> None:
    figures = json.loads(Path(result).read_text("utf-8"))["figures"]
    labels = tomllib.loads(Path(card).with_suffix(".toml").read_text("utf-8"))["labels"]
    Path(card).write_text(renewed(Path(card).read_text("utf-8"), [by_group(figures, labels)]), "utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
