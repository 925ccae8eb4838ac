"""`list languages` lists the resources for each language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.codes import groups
from latam_corpus.language.coverage import coverage
from latam_corpus.language.model import load
from latam_corpus.policies.policy import Policies

if TYPE_CHECKING:
    from conftest import CommandLine


def test_every_language_of_the_model_and_of_the_policies_is_there_once() -> None:
    """Every language of the model and of the policies is listed once."""
    policies = Policies.load()
    codes = [item.code for item in coverage(policies)]
    assert len(codes) == len(set(codes))
    assert set(codes) == ({label.code for label in load().labels} | set(policies.languages)) - {"und"}


def test_each_language_names_its_policy_text_and_group() -> None:
    """Each language has its policy file, its number of training lines, and its name from ISO 639."""
    result = {item.code: item for item in coverage(Policies.load())}
    assert (result["spa"].policy, result["spa"].policy_file) == ("own", "spa.toml")
    assert result["spa"].stop_words > 200
    assert result["spa"].training_lines > 10_000
    assert (result["quy"].name, result["quy"].group, result["quy"].americas) == ("Ayacucho Quechua", "que", True)
    assert result["quy"].training_lines > 0
    assert not result["fra"].americas
    assert all(item.policy in {"own", "macro", "und"} for item in result.values())


def test_languages_of_the_americas_are_shown_before_all_others(command_line: CommandLine) -> None:
    """Spanish, Portuguese and the Americas are shown, and `--json` lists all languages."""
    rows = command_line("list", "languages", "--json").json
    assert [row["code"] for row in rows[:2]] == ["spa", "por"]
    american = [row["americas"] for row in rows[2:]]
    assert american == sorted(american, reverse=True)
    shown = command_line("list", "languages").out
    assert all(code in shown for code in ("quy", "grn", "arn", "unreviewed"))
    assert "Romanian" not in shown
    assert len(rows) > 1000 > len(shown.splitlines())
    assert {row["code"] for row in rows if row["americas"]} <= set(groups().of)
