"""A declared language of the Americas shifts the decision by a fixed prior, and Spanish remains Spanish."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from latam_corpus.audit.lineage_lines import lineage_lines
from latam_corpus.batch import Batch
from latam_corpus.language.declared import WEIGHT, declared_judgements, note
from latam_corpus.language.evidence import RULE
from latam_corpus.language.identify import Identify
from latam_corpus.language.judge import LanguageJudgement
from latam_corpus.language.labels import LanguageLabel
from latam_corpus.pipeline.rows.conserve import pass_through

_DATA = Path(os.environ.get("LATAM_CORPUS_DATA", "no folder"))
_SPANISH = "La señora abrió la puerta y vio que el perro había vuelto con la pata herida, y no dijo nada a nadie."
# Made-up words; only their presence in the lists matters.
_WORDS = "baraka delomi fanuto gasiko lamedo nopira sutake vareno wilano zumeka"
_LOANS = "la casa de la pared el"


def _model(likely: float) -> Any:
    """Return a model of Spanish and a language of the Americas with fixed probabilities."""
    labels = (LanguageLabel("grn", "Latn", "grn"), LanguageLabel("spa", "Latn", "spa"))

    def probabilities(lines: Any) -> Any:
        return np.array([[likely, 1 - likely]] * len(lines), np.float32)

    return SimpleNamespace(
        groups=("grn", "spa"),
        labels=labels,
        members=(np.array([0]), np.array([1])),
        words={"grn": frozenset(_WORDS.split()), "spa": frozenset(["la", "de", "el"])},
        bounds={},
        consonants={},
        probabilities=probabilities,
        by_group=lambda chances: chances,
    )


def _told(likely: float, text: str, declared: str | None, shown: str = "spa_Latn") -> LanguageJudgement | None:
    result = declared_judgements(_model(likely), pl.Series([text]), [LanguageJudgement(shown, 1 - likely)], [declared])
    return result.get(0)


def test_the_odds_are_multiplied_by_what_the_rule_states() -> None:
    """The declaration raises a probability of 1 % to one half."""
    assert round(WEIGHT, 6) == round(RULE.declared / (1 - RULE.declared), 6) == 99
    text = f"{_WORDS} {_LOANS}"
    assert _told(0.1, text, "gn") is not None
    assert _told(0.009, text, "gn") is None


@pytest.mark.parametrize("declared", ["gn", "grn", "gug", "gug_Latn"])
def test_a_mixed_text_is_called_what_its_source_says(declared: str) -> None:
    """A text with words of both languages is mixed, with shares by frequent words, and has the declared code."""
    judged = _told(0.1, f"{_WORDS} {_LOANS}", declared)
    assert judged is not None
    assert (judged.language, round(judged.score, 3)) == ("grn_Latn", 0.917)
    assert [code for code, _ in judged.languages] == ["grn_Latn", "spa_Latn"]
    assert sum(share for _, share in judged.languages) == pytest.approx(1)
    assert judged.languages[0][1] == 0.714


@pytest.mark.parametrize("declared", [None, "", "es", "spa", "qu", "Guaraní", "klingonés"])
def test_other_declarations_change_nothing(declared: str | None) -> None:
    """These are: no declaration, Spanish, another language of the Americas, and an unknown name."""
    assert _told(0.1, f"{_WORDS} {_LOANS}", declared) is None


@pytest.mark.parametrize(
    "text",
    [_LOANS * 3, f"{_WORDS} {'la de el ' * 10}", "12 + 30", ""],
    ids=["no words of its own", "mostly function words of Spanish", "no letters", "nothing"],
)
def test_the_words_must_speak_all_the_same(text: str) -> None:
    """The words must be evidence for the language, however likely the declaration makes it."""
    assert _told(0.5, text, "gn") is None


def test_what_the_text_shows_by_itself_stays() -> None:
    """A text already judged to be in the declared language or its group isn't judged again."""
    assert _told(0.9, _WORDS, "gn", shown="gug_Latn") is None


def test_a_text_that_is_hardly_spanish_is_not_called_mixed() -> None:
    """A text is mixed only if by itself it may be Spanish, Portuguese, English or French."""
    judged = _told(0.85, f"{_WORDS} {_LOANS}", "gn", shown="und")
    assert judged is not None
    assert judged.languages == ()


@pytest.mark.parametrize(("likely", "named"), [(0.95, True), (0.85, False), (0.3, False)])
def test_a_few_words_are_named_if_they_are_likely_without_the_declaration(likely: float, *, named: bool) -> None:
    """Under six words the declared language is accepted only if the model is nearly certain."""
    judged = _told(likely, "zumeka ibare", "gn", shown="und")
    assert (judged is not None) == named


def test_explain_names_the_sources_declaration() -> None:
    """The step shows the declaration, the prior and the result for the text alone."""
    evidence = note(LanguageJudgement("spa_Latn", 0.96), "gn")
    step = {"stage": "identify", "verdict": "changed", "reason": "identify", "evidence": evidence}
    line = "declared by its source as gn (prior 0.99); the text alone: spa_Latn, score 0.96"
    story: dict[str, Any] = {
        **dict.fromkeys(("title", "url", "reason", "genre", "country", "extractor")),
        "beginning": "La casa", "doc_id": "0", "run": "receta-1", "verdict": "kept",
        "stages": [step], "stated": {}, "releases": [],
        "source": {"id": "a", "origin": None, "obtained": None},
        "rights": {"rights": None, "uses": None, "rights_tier": "unknown"},
        "language": dict.fromkeys(("language", "language_score", "declared_language", "variety", "variety_cues")),
    }  # fmt: skip
    assert any(line in "".join(text for _, text in item) for item in lineage_lines(story))


def test_spanish_that_a_source_declares_otherwise_stays_spanish() -> None:
    """Spanish texts of a source that declares another language remain Spanish, without a note."""
    frame = pl.DataFrame({"doc_id": ["a", "b"], "text": [_SPANISH] * 2, "declared_language": ["gn", "quc"]})
    passed = pass_through(Identify(), Batch(frame.with_columns(source_id=pl.lit("s"))))
    assert passed.kept.frame["language"].to_list() == ["spa_Latn"] * 2
    assert passed.ledger.is_empty()


@pytest.mark.skipif(not _DATA.is_dir(), reason="the real texts are not here")
def test_jopara_that_its_source_declares_is_guarani() -> None:
    """Three in five declared Jopara sentences are identified, none of their translations, and the ledger says why."""
    with (_DATA / "indigenous/jojajovai_annotated/annotations.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["dialect_unified"] == "jopara"]
    for column, minimum, limit in (("gn", 0.6, 1.0), ("es", 0.0, 0.0)):
        frame = pl.DataFrame({"text": [row[column] for row in rows]}).with_columns(
            doc_id=pl.int_range(pl.len()).cast(pl.String), source_id=pl.lit("s"), declared_language=pl.lit("gn")
        )
        passed = pass_through(Identify(), Batch(frame))
        named = passed.kept.frame.filter(pl.col("language").str.starts_with("g"))
        assert minimum <= named.height / frame.height <= limit
        notes = [json.loads(item) for item in passed.ledger["evidence"]]
        assert all(item["declared"] == "gn" and item["prior"] == RULE.declared for item in notes)
        assert passed.ledger.height <= named.height
