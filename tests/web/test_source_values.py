"""Forms change a collection's source file and leave the rest of it as people wrote it."""

from __future__ import annotations

import hashlib
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.web.source_values import change_source
from latam_corpus.web.workspace import source_file

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
_SCATTERED = "[a.b]\nx = 1\n[c]\ny = 1\n[a.d]\nz = 2\n[a]\nk = 1\n"
_DOTTED = "[u]\nv.w = 1\nl = 2\n"
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
    old_digest, new_digest = change_source(source, changes)
    assert old_digest != new_digest
    text = source_file(source).read_text(encoding="utf-8")
    values = {key: value for key, value in {**tomllib.loads(_TEXT), **expected}.items() if value is not None}
    assert tomllib.loads(text) == values
    assert "# Los cantos del pueblo" in text


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        (_SCATTERED, {"a": "x"}, {"a": "x", "c": {"y": 1}}),
        (_SCATTERED, {"a.d": None}, {"a": {"b": {"x": 1}, "k": 1}, "c": {"y": 1}}),
        (_SCATTERED, {"a.k": None, "a.l.t": 1}, {"a": {"b": {"x": 1}, "d": {"z": 2}, "l": {"t": 1}}, "c": {"y": 1}}),
        (_SCATTERED, {"c.d.e": 1, "a": None}, {"c": {"y": 1, "d": {"e": 1}}}),
        (_SCATTERED, {"a.b": None, "a.k": None}, {"a": {"d": {"z": 2}}, "c": {"y": 1}}),
        (_DOTTED, {"u.v.t.k": 1, "v": "x"}, {"u": {"v": {"w": 1, "t": {"k": 1}}, "l": 2}, "v": "x"}),
        # tomlkit writes other values without an error
        (_DOTTED, {"u.v.t.k": 1}, {"u": {"v": {"w": 1, "t": {"k": 1}}, "l": 2}}),
        ("a.b.c = 1\nt = 2\n", {"a": {}}, {"a": {}, "t": 2}),
    ],
)
def test_tables_in_several_places_are_changed_even_if_comments_are_lost(
    source: Any, text: str, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    source_file(source).write_text(text, encoding="utf-8")
    change_source(source, changes)
    assert tomllib.loads(source_file(source).read_text(encoding="utf-8")) == expected


@pytest.mark.parametrize("value", [True, 1.0])
def test_a_value_of_another_type_is_written(source: Any, value: object) -> None:
    """Python's `True == 1 == 1.0` doesn't make them one value of TOML."""
    source_file(source).write_text("a = 1  # nota\nb.c = 1\n", encoding="utf-8")
    change_source(source, {"a": value})
    change_source(source, {"b.c": value})
    text = source_file(source).read_text(encoding="utf-8")
    assert repr(tomllib.loads(text)) == repr({"a": value, "b": {"c": value}})
    assert "# nota" in text


@pytest.mark.parametrize("stored", [b"\xef\xbb\xbf" + _TEXT.encode(), _TEXT.replace("\n", "\r\n").encode()])
def test_a_file_from_another_editor_keeps_its_comments(source: Any, stored: bytes) -> None:
    source_file(source).write_bytes(stored)
    old_digest, new_digest = change_source(source, {"genre": "lyrics"})
    written = source_file(source).read_bytes()
    assert (old_digest, new_digest) == tuple(hashlib.sha256(data).hexdigest() for data in (stored, written))
    assert [line for line in _TEXT.splitlines() if line not in written.decode().split("\n")] == []
    assert tomllib.loads(written.decode())["genre"] == "lyrics"


def test_values_as_they_are_leave_the_file_unchanged(source: Any) -> None:
    old_digest, new_digest = change_source(source, {"title": "Cantos", "rights.uses": ["train", "redistribute"]})
    assert old_digest == new_digest
    assert source_file(source).read_text(encoding="utf-8") == _TEXT
