"""`latam-corpus judge sign` signs a policy, and shows whether it has changed since."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from latam_corpus.language.coverage import coverage
from latam_corpus.policies.policy import Policies
from latam_corpus.policies.policy_reviews import KEY, content_digest, reviews

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_POLICY = """# leído en Cusco
language = "quz"
name = "Cusco Quechua"
reviewed_by = []

[bounds]
stop_word_count = { min = 1 }
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Return an unsigned policy in a folder of policies."""
    path = tmp_path / "filters" / "languages" / "quz.toml"
    path.parent.mkdir(parents=True)
    (tmp_path / "filters" / "genres").mkdir()
    (path.parent / "und.toml").write_text('language = "und"\nname = "Undetermined"\n')
    path.write_text(_POLICY)
    return path


def _sign(command_line: CommandLine, path: Path, reader: str) -> None:
    ended = command_line("judge", "sign", path, "--reader", reader, "--lang", "es")
    assert (ended.code, f"firmado por {reader}" in ended.out) == (0, True), ended.err


def _readers(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    [item] = [item for item in coverage(Policies.load(folder)) if item.code == "quz"]
    return tuple(name.rpartition(", ")[0] for name in item.reviewed_by), item.read_before


def test_a_file_that_changed_since_is_unreviewed_again(policy: Path, command_line: CommandLine) -> None:
    """A changed bound invalidates a signature; comments, order and other signatures don't."""
    folder = policy.parents[1]
    _sign(command_line, policy, "Rosa Quispe, Cusco")
    _sign(command_line, policy, "Juan Mamani")
    assert policy.read_text().startswith("# leído en Cusco\n")
    assert _readers(folder) == (("Rosa Quispe, Cusco", "Juan Mamani"), ())
    policy.write_text("# otra cosa\n" + policy.read_text())
    assert _readers(folder)[0] == ("Rosa Quispe, Cusco", "Juan Mamani")
    policy.write_text(policy.read_text().replace("min = 1", "min = 2"))
    assert _readers(folder) == ((), ("Rosa Quispe, Cusco", "Juan Mamani"))
    _sign(command_line, policy, "Juan Mamani")
    assert _readers(folder) == (("Juan Mamani",), ("Rosa Quispe, Cusco",))
    assert len(tomllib.loads(policy.read_text())[KEY]) == 2


def test_a_name_alone_is_no_signature(policy: Path) -> None:
    """A name without a digest isn't a signature."""
    policy.write_text(_POLICY.replace("[]", '["Rosa, Cusco, 2026-11"]'))
    assert _readers(policy.parents[1]) == ((), ("Rosa, Cusco, 2026-11",))


@pytest.mark.parametrize(
    "entries",
    ['reviewed_by = ["Ana [Lima]",\n  "Luis",  # por carta\n]', "reviewed_by = ['Ana \"la\" Rojas']", ""],
)
def test_the_other_readers_and_the_rest_of_the_file_stay(policy: Path, command_line: CommandLine, entries: str) -> None:
    """Other signatures and the rest of the file are kept, and a new list comes before the first table."""
    policy.write_text(_POLICY.replace("reviewed_by = []", entries))
    previous = tomllib.loads(policy.read_text())
    _sign(command_line, policy, "Rosa Quispe")
    following = tomllib.loads(policy.read_text())
    signature = following[KEY].pop()
    assert following == previous | {KEY: previous.get(KEY, [])}
    assert [item.state for item in reviews([signature], content_digest(policy.read_text()))] == ["current"]


@pytest.mark.parametrize(
    ("text", "reader", "problem"),
    [
        (None, "Rosa", "no existe"),
        ("id = 'x'\n", "Rosa", "no es una política"),
        ("language = \n", "Rosa", "no es TOML"),
        (_POLICY, "  ", "está vacío"),
        (_POLICY.replace("[]", '["""\nAna]"""]'), "Rosa", "escríbalo a mano: reviewed_by"),
        (_POLICY, "Rosa\x7f", "escríbalo a mano"),
    ],
)
def test_what_cannot_be_signed_is_left_as_it_is(
    policy: Path, command_line: CommandLine, text: str | None, reader: str, problem: str
) -> None:
    """A file that can't be signed isn't changed, and the command reports why."""
    policy.unlink()
    if text is not None:
        policy.write_text(text)
    ended = command_line("judge", "sign", policy, "--reader", reader, "--lang", "es")
    assert (ended.code, problem in ended.err) == (2, True), ended.err
    assert text is None or policy.read_text() == text
