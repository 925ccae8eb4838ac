"""The line of a key is found in the author's own file."""

from __future__ import annotations

import pytest

from latam_corpus.config.toml_model import line_of

_TEXT = """id = "a"
[rights]
uses = ["train"]

[[collect.texts]]
column = "arn"
[[collect.texts]]
column = "spa"
[collect.columns.country]
"values" = { CL = "CL" }
collect.form = 1
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("id",), 1),
        (("rights", "uses"), 3),
        (("rights", "uses", 0), 3),
        (("rights", "basis"), 2),
        (("collect", "texts", 1, "column"), 8),
        (("collect", "columns", "country", "values", "CL"), 10),
        (("nothing",), None),
    ],
)
def test_a_key_or_its_table_is_found(place: tuple[int | str, ...], line: int | None) -> None:
    """The key itself, else the table that it would stand in."""
    assert line_of(_TEXT, place) == line
