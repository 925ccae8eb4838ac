"""Forms change a collection's source file and leave the rest of it as people wrote it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.web.source_values import change_source
from latam_corpus.web.workspace import source_file, write_source

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("desk")

_TEXT = """\
# Los cantos del pueblo; pregunte a doña Luz antes de cambiar algo.
id = "cantos"
title = "Cantos"  # así lo llamamos

collect.files = ["*.txt"]  # sin los borradores

[rights]
statement = "CC-BY-4.0"
uses = [
    "train",  # lo dijo la asamblea
    "redistribute",
]

# Lo que firmaron.
[[consent.records]]
id = "asamblea"  # de 2024
document = "acta.pdf"

[[consent.records]]
id = "luz"
"""


@pytest.fixture
def source(person: Callable[..., Any], collection: Callable[..., Any]) -> Any:
    """A collection whose source file a person wrote by hand."""
    owned = collection(person("contributor"), "cantos")
    write_source(owned)
    source_file(owned).write_text(_TEXT, encoding="utf-8")
    return owned


def test_a_form_changes_its_values_and_keeps_comments(source: Any) -> None:
    change_source(source, {"rights.statement": "CC0-1.0", "genre": "lyrics", "rights.expires": None})
    text = source_file(source).read_text(encoding="utf-8")
    lines = _TEXT.replace("CC-BY-4.0", "CC0-1.0").splitlines()
    assert [line for line in lines if line not in text.splitlines()] == []
    assert tomllib.loads(text) == {
        **tomllib.loads(_TEXT),
        "genre": "lyrics",
        "rights": {"statement": "CC0-1.0", "uses": ["train", "redistribute"]},
    }


_CONSENT = tomllib.loads(_TEXT)["consent"]
_NEW = [{"id": "nueva", "document": "n.pdf"}]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"consent.records": []}, {"consent": None}),
        ({"consent.records": _NEW}, {"consent": {"records": _NEW}}),
        ({"consent.third_persons": "n.txt"}, {"consent": {**_CONSENT, "third_persons": "n.txt"}}),
        ({"collect.files": ""}, {"collect": None}),
        ({"collect.index.file": "catálogo.csv"}, {"collect": {"files": ["*.txt"], "index": {"file": "catálogo.csv"}}}),
        ({"a.b.c": 1, "título «raro»": "x\u007f"}, {"a": {"b": {"c": 1}}, "título «raro»": "x\u007f"}),
        ({"rights.statement": None, "rights.uses": ()}, {"rights": None}),
        ({"rights": "x"}, {"rights": "x"}),
    ],
)
def test_each_kind_of_change_gives_the_values_that_were_asked_for(
    source: Any, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    before, after = change_source(source, changes)
    assert before != after
    text = source_file(source).read_text(encoding="utf-8")
    values = {key: value for key, value in {**tomllib.loads(_TEXT), **expected}.items() if value is not None}
    assert tomllib.loads(text) == values
    assert "# Los cantos del pueblo" in text


_SCATTERED = "[a.b]\nx = 1\n[c]\ny = 1\n[a.d]\nz = 2\n[a]\nk = 1\n"


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        (_SCATTERED, {"a": "x"}),
        (_SCATTERED, {"a.d": None}),
        (_SCATTERED, {"a.k": None, "a.l.t": 1}),
        (_SCATTERED, {"c.d.e": 1, "a": None}),
        ("a.b.c = 1\nt = 2\n", {"a": {}}),  # tomlkit forgets the table without an error
    ],
)
def test_tables_in_several_places_are_changed_even_if_comments_are_lost(
    source: Any, text: str, changes: dict[str, Any]
) -> None:
    source_file(source).write_text(text, encoding="utf-8")
    expected = tomllib.loads(text)
    for key, value in changes.items():
        *tables, name = key.split(".")
        table = expected
        for outer in tables:
            table = table.setdefault(outer, {})
        table.pop(name, None)
        table |= {} if value is None else {name: value}
    change_source(source, changes)
    assert tomllib.loads(source_file(source).read_text(encoding="utf-8")) == expected


def test_values_as_they_are_leave_the_file_unchanged(source: Any) -> None:
    before, after = change_source(source, {"title": "Cantos", "rights.uses": ["train", "redistribute"]})
    assert before == after
    assert source_file(source).read_text(encoding="utf-8") == _TEXT
