"""The tables of a page, as a kept result has them.

`python -m tests.benchmarks.language.page RESULT.json PAGE.md` writes every table anew that stands on the page under a
title of the result; the others and the sentences around them stay as they are.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from latam_corpus.errors import ConfigError

from ..dedupe.tables import markdown  # noqa: TID252  (`python -m` and mypy name it differently)
from ..machine import Table  # noqa: TID252  (`python -m` and mypy name it differently)


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
    found = 0
    for table in tables:
        rows = tuple(tuple(map(_cell, row)) for row in table.rows)
        text = markdown(Table(table.title, table.columns, rows)) + "\n"
        old = re.compile(rf"^\*\*{re.escape(table.title)}\*\*\n\n(?:\|.*\n)+", re.MULTILINE)
        page, number = old.subn(lambda _, text=text: text, page)  # type: ignore[misc]
        found += number
    if not found:
        raise ConfigError("the page", "no table has a title of the result", "write a title as **title** above a table")
    return page


def _cell(value: object) -> str:
    """A figure as a page writes it.

    >>> _cell(12033.0), _cell(836687), _cell(0.0), _cell(0.968), _cell("spa")
    ('12,033', '836,687', '0', '0.968', 'spa')
    """
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _main(result: str, page: str) -> None:
    told = json.loads(Path(result).read_text(encoding="utf-8"))
    tables = [Table(one["title"], tuple(one["columns"]), tuple(map(tuple, one["rows"]))) for one in told["tables"]]
    Path(page).write_text(renewed(Path(page).read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
