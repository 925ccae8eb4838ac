"""What `list languages` says is there for each language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.codes import groups
from latam_corpus.language.coverage import coverage
from latam_corpus.language.model import load
from latam_corpus.policies.policy import Policies

if TYPE_CHECKING:
    from conftest import CommandLine


def test_every_language_of_the_model_and_of_the_policies_is_there_once() -> None:
    """Nothing that can be named is left out."""
    policies = Policies.load()
    codes = [one.code for one in coverage(policies)]
    assert len(codes) == len(set(codes))
    assert set(codes) == ({label.code for label in load().labels} | set(policies.languages)) - {"und"}


def test_each_language_names_its_policy_text_and_group() -> None:
    """A language has its own policy file or `und`, the lines it was trained on, and its name from ISO 639."""
    found = {one.code: one for one in coverage(Policies.load())}
    assert (found["spa"].policy, found["spa"].policy_file) == ("own", "spa.toml")
    assert found["spa"].stop_words > 200
    assert found["spa"].training_lines > 10_000
    assert (found["quy"].name, found["quy"].group, found["quy"].americas) == ("Ayacucho Quechua", "que", True)
    assert found["quy"].training_lines > 0
    assert not found["fra"].americas
    assert all(one.policy in {"own", "macro", "und"} for one in found.values())


def test_languages_of_the_americas_are_shown_before_all_others(command_line: CommandLine) -> None:
    """A person sees Spanish, Portuguese and the Americas; `--json` has the rest too."""
    rows = command_line("list", "languages", "--json").json
    assert [row["code"] for row in rows[:2]] == ["spa", "por"]
    american = [row["americas"] for row in rows[2:]]
    assert american == sorted(american, reverse=True)
    shown = command_line("list", "languages").out
    assert all(code in shown for code in ("quy", "grn", "arn", "unreviewed"))
    assert "Romanian" not in shown
    assert len(rows) > 1000 > len(shown.splitlines())
    assert {row["code"] for row in rows if row["americas"]} <= set(groups().of)
