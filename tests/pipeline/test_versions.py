"""A stage with changed results needs a new version, so that cached work of the old one is recomputed."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.compiled import PlainWork
from latam_corpus.pipeline.planning.registry import STAGES, stage_class

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIXED: Any = importlib.import_module("tests.pipeline.fixed_results")
_LONG_IN_PLAIN = frozenset() if "LATAM_CORPUS_GATE" in os.environ else frozenset({"fingerprint", "dedupe"})


@pytest.fixture(scope="module", params=[0, sys.maxsize], ids=["compiled", "plain"])
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The current results of every stage on the fixed corpus, by compiled kernels and by plain Python."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlainWork, "most", request.param)
        yield _FIXED.outcomes(frozenset(_FIXED.NAMES) - (_LONG_IN_PLAIN if request.param else frozenset()))


@pytest.mark.parametrize("name", _FIXED.NAMES)
def test_other_results_have_another_version(outcomes: dict[str, Any], name: str) -> None:
    """Results equal the stored ones unless the version or the input has changed."""
    if name not in outcomes:
        pytest.skip("it takes half a minute: `make gate`")
    previous, now = _FIXED.stored().get(name), outcomes[name]
    assert previous, f"«{name}» has no stored results: run `{_FIXED.COMMAND}`"
    pieces = ", ".join(_FIXED.changed(previous, now))
    if previous.version == now.version and previous.inputs == now.inputs:
        assert not pieces, (
            f"«{name}» gives other results for {pieces}, and its version is still {now.version}. Work that users have "
            f"cached would be taken for the new results. If the change is intended, raise `version` of «{name}» (for "
            f"«reading» `VERSION` in collect/files.py, for «language model» in language/classifier/ftz.py), then run "
            f"`{_FIXED.COMMAND}`."
        )
    assert previous == now, f"«{name}» has another version, model, policy, table or library: run `{_FIXED.COMMAND}`"


def test_plain_python_decides_on_copies_as_compiled_kernels_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the first of the fixed copies; on all of them in `make gate`."""
    results = []
    for most in (0, sys.maxsize):
        monkeypatch.setattr(PlainWork, "most", most)
        results.append(_FIXED.first_deduplicated(60))
    assert results[0] == results[1]
    assert results[0].keys() == {"fingerprint", "dedupe"}


def test_every_stage_has_stored_results() -> None:
    """Stages that recipes name and the stages that they expand to have stored results."""
    expanded = {item.name for name in STAGES for item in stage_class(name, "prueba")().expand()}
    assert set(_FIXED.NAMES) >= {*STAGES, *expanded, "supersede", "reading"}
    assert set(_FIXED.stored()) == set(_FIXED.NAMES)


def test_a_change_under_the_same_version_is_not_stored() -> None:
    """Changed results are only stored with a new version or another input."""
    was = _FIXED.Outcome("1", "entrada", {"a": "uno", "b": "dos"})
    second = _FIXED.Outcome("1", "entrada", {"a": "uno", "b": "tres"})
    raised = _FIXED.Outcome("2", "entrada", {"a": "uno", "b": "tres"})
    moved = _FIXED.Outcome("1", "otra", {"a": "uno", "b": "tres"})
    assert _FIXED.same_version({"repair": was}, {"repair": second}) == {"repair": ["b"]}
    assert _FIXED.same_version({"repair": was}, {"repair": raised}) == {}
    assert _FIXED.same_version({"repair": was}, {"repair": moved}) == {}
