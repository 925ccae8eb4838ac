"""Recall of languages of the Americas, on texts that were not trained on: minimum values that only rise."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.codes import groups
from latam_corpus.lab.language.evaluate import score
from latam_corpus.lab.language.texts import Texts, is_held_out, is_word_list, rows
from latam_corpus.lab.language.train_identifier import train
from latam_corpus.language.model import load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latam_corpus.lab.language.evaluate import LanguageScores

DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")
pytestmark = [pytest.mark.real, pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here")]

# Share of a few sentences taken together that get their group; texts that the model never saw.
UNSEEN_FLOORS = {
    "AmericasNLP dev, five sentences, aym": 0.99,
    "AmericasNLP dev, five sentences, cni": 0.97,
    "AmericasNLP dev, five sentences, bzd": 0.6,
    "AmericasNLP dev, five sentences, gn": 0.98,
    "AmericasNLP dev, five sentences, hch": 0.92,
    "AmericasNLP dev, five sentences, nah": 0.98,
    "AmericasNLP dev, five sentences, oto": 0.35,
    "AmericasNLP dev, five sentences, quy": 0.99,
    "AmericasNLP dev, five sentences, shp": 0.99,
    "AmericasNLP dev, five sentences, tar": 0.96,
    "Mapudungun conversations, ten turns": 0.86,
    "Mbyá Guaraní treebank, five sentences": 0.99,
    "treebank, tenth kept out, five sentences, quc": 0.94,
    "treebank, tenth kept out, five sentences, azz": 0.99,
    "treebank, tenth kept out, five sentences, gub": 0.99,
    "treebank, tenth kept out, five sentences, bor": 0.99,
}
# Bribri, Wixárika and Rarámuri are known from lists of words, Chatino from relatives: a share of texts at most is named
# after another group.
UNKNOWN_CEILINGS = {
    "AmericasNLP dev, five sentences, bzd": 0.005,
    "AmericasNLP dev, five sentences, czn": 0.02,
    "AmericasNLP dev, five sentences, hch": 0.0,
    "AmericasNLP dev, five sentences, tar": 0.03,
}
# By two paragraphs of the UDHR that are kept out: macro-F1 and macro recall over groups of the Americas.
DECLARATION_FLOORS = (0.985, 0.98)
# Macro-F1 by four paragraphs, of a model that never saw the UDHR: over groups that have other text, and over all.
CROSS_DOMAIN_FLOORS = (0.93, 0.81)

# A model is trained by `make gate`, where LATAM_CORPUS_HELP names the folder of Debian's manuals and help
# (python tests/benchmarks/language/packages.py FOLDER).
HELP = os.environ.get("LATAM_CORPUS_HELP") if "LATAM_CORPUS_GATE" in os.environ else None


@pytest.fixture(scope="module")
def unseen(bench: Callable[[str], Any]) -> dict[str, list[Any]]:
    """Texts that the model never saw, by kind."""
    created: dict[str, list[Any]] = defaultdict(list)
    for sample in bench("samples").unseen(DATA):
        created[sample.kind].append(sample)
    return created


def declared(samples: Sequence[Any], names: Sequence[str]) -> list[LanguageScores]:
    """Return the recall of each group of the Americas that has a declaration."""
    results = score(zip((sample.language for sample in samples), names, strict=True)).languages
    return [row for row in results if row.texts and row.code in groups().of]


def test_kept_out_paragraphs_of_the_human_rights_are_told(
    figures: dict[str, float], bench: Callable[[str], Any], named: Callable[..., list[str]]
) -> None:
    """Macro-F1 and recall after rejection over the groups of the Americas, by documents that were not trained on."""
    samples = bench("samples").declarations(DATA)
    results = declared(samples, named([sample.text for sample in samples]))
    figures |= {f"F1, UDHR kept out, {row.code}": round(row.f1, 4) for row in results}
    least_f1, least_recall = DECLARATION_FLOORS
    figures["macro-F1, UDHR kept out"] = round(mean(row.f1 for row in results), 4)
    figures["macro recall, UDHR kept out"] = round(mean(row.recall or 0 for row in results), 4)
    assert figures["macro-F1, UDHR kept out"] >= least_f1
    assert figures["macro recall, UDHR kept out"] >= least_recall


@pytest.mark.slow
@pytest.mark.skipif(not HELP, reason="a training takes minutes: `make gate` with LATAM_CORPUS_HELP")
def test_a_model_that_never_saw_the_human_rights_tells_their_languages(
    tmp_path: Path, figures: dict[str, float], bench: Callable[[str], Any], named: Callable[..., list[str]]
) -> None:
    """Macro-F1 by four paragraphs of the UDHR, of a model trained on the shipped one's other texts."""
    data = bench("seen").training_files(DATA, Path(HELP or ""))
    away = [Texts(DATA / f"indigenous/udhr/udhr_{part}.jsonl.xz", "und") for part in ("latam", "world")]
    trained = train(data, tmp_path / "without.ftz", without=away)
    model = load(str(trained.model), str(trained.label_map))
    samples = bench("samples").declarations(DATA, 4, trained_on=True)
    results = declared(samples, named([sample.text for sample in samples], model))
    removed = {" ".join(text.split()) for texts in away for _, text in rows(texts)}
    # Rows of words are no text: a language that is known from them alone counts among all groups.
    known = {
        groups().of.get(label)
        for texts in data
        if not is_word_list(texts)
        for label, text in rows(texts)
        if not is_held_out(text) and " ".join(text.split()) not in removed
    }
    with_text = [row.f1 for row in results if row.code in known]
    reported = mean(with_text)
    figures |= {f"F1, UDHR never seen, {row.code}": round(row.f1, 4) for row in results}
    figures["groups of the Americas with text beside the UDHR"] = len(with_text)
    figures["macro-F1, UDHR never seen, groups with other text"] = round(reported, 4)
    figures["macro-F1, UDHR never seen, all groups"] = round(mean(row.f1 for row in results), 4)
    assert reported >= CROSS_DOMAIN_FLOORS[0]
    assert mean(row.f1 for row in results) >= CROSS_DOMAIN_FLOORS[1]


@pytest.mark.parametrize("kind", sorted(UNSEEN_FLOORS))
def test_unseen_sources_are_told(
    kind: str, figures: dict[str, float], unseen: dict[str, list[Any]], named: Callable[..., list[str]]
) -> None:
    """A few sentences together, of texts that the model never saw, get their group."""
    results = named([sample.text for sample in unseen[kind]])
    right = sum(name == sample.language for name, sample in zip(results, unseen[kind], strict=True))
    figures[f"told, {kind}"] = round(right / len(results), 4)
    assert figures[f"told, {kind}"] >= UNSEEN_FLOORS[kind]


@pytest.mark.parametrize("kind", sorted(UNKNOWN_CEILINGS))
def test_languages_without_training_text_are_hardly_named_after_another(
    kind: str, figures: dict[str, float], unseen: dict[str, list[Any]], named: Callable[..., list[str]]
) -> None:
    """They should come out `und`."""
    own = {sample.language for sample in unseen[kind]}
    results = named([sample.text for sample in unseen[kind]])
    false = sum(name in groups().of and name not in own for name in results)
    figures[f"misnamed, {kind}"] = round(false / len(results), 4)
    assert figures[f"misnamed, {kind}"] <= UNKNOWN_CEILINGS[kind]
