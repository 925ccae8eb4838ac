"""A learned score, an outside score and flagged words are signals: they drop a document only by a bound."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import fasttext
import numpy as np
import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.lab.train_score import TrainedScore, auc, train
from latam_corpus.lab.training_settings import ScoreSettings
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.quality.learned import cached_model
from latam_corpus.stages import Stage
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

WHO = ("la abuela", "el pescador", "mi hermano", "una vecina", "el maestro", "la niña", "don Anselmo", "el cartero")
DID = ("volvió a", "salió de", "se acordó de", "habló con los de", "caminó hasta", "esperó frente a", "soñó con")
WHERE = ("la plaza", "el río", "la estación", "la escuela vieja", "el mercado", "su casa", "la otra orilla")
WHEN = ("cuando llovía", "antes del alba", "aquel domingo", "sin decir nada", "después de la misa", "con su perro")
SOLD = ("colchones", "baratos", "online", "oferta", "comprar", "precio", "envío", "gratis", "descuento", "ahora")


def good(rng: random.Random) -> str:
    """Some sentences of a story."""
    sentences = (f"{rng.choice(WHO)} {rng.choice(DID)} {rng.choice(WHERE)} {rng.choice(WHEN)}." for _ in range(12))
    return " ".join(sentences).capitalize()


def bad(rng: random.Random) -> str:
    """Words that sell."""
    return " ".join(rng.choice(SOLD) for _ in range(100))


@pytest.fixture(scope="session")
def material() -> tuple[list[str], list[str]]:
    """400 stories and 400 advertisements."""
    rng = random.Random(20261125)
    return [good(rng) for _ in range(400)], [bad(rng) for _ in range(400)]


@pytest.fixture(scope="session")
def trained(material: tuple[list[str], list[str]], tmp_path_factory: pytest.TempPathFactory) -> TrainedScore:
    """A model trained on them, and fastText's own model next to it."""
    folder = tmp_path_factory.mktemp("modelo")
    return train(*material, folder / "m.npz", ScoreSettings(bucket=4096), keep=folder / "m.bin")


def test_the_folded_model_scores_as_fasttext_does(trained: TrainedScore, material: tuple[list[str], list[str]]) -> None:
    """The scores equal fastText's, for unseen words, single words and mixed texts, too."""
    texts = [
        *material[0][:20],
        *material[1][:20],
        "Colchones",
        "palabra jamás vista aquí",
        f"{WHO[0]} compró colchones baratos",
    ]
    table = WordTable.of(texts)
    scores = cached_model(str(trained.model))(table)
    whole = fasttext.load_model(str(trained.model.with_suffix(".bin")))
    for number, text in enumerate(texts):
        words = table.hashes[table.doc_words[number] : table.doc_words[number + 1]].tolist()
        line = " ".join(f"{word:016x}" for word in words)
        labels, chances = whole.f.multilinePredict([f"{line}\n"], 2, 0.0, "strict")
        expected = dict(zip(labels[0], chances[0], strict=True))["__label__good"]
        assert scores[number] == pytest.approx(expected, abs=2e-4), text


def test_the_model_is_measured_on_documents_kept_out(trained: TrainedScore) -> None:
    """A tenth of the documents is kept out, and among them stories score above advertisements."""
    assert 20 <= trained.held_good <= 60
    assert trained.good + trained.held_good == 400
    assert trained.auc is not None
    assert trained.auc > 0.99
    assert len(trained.bounds) == 1
    assert auc(np.array([0.1], np.float32), np.array([0.9, 0.1], np.float32)) == 0.25


def test_a_training_can_be_repeated(
    trained: TrainedScore, material: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    """The same texts and settings give the same scores, in whatever order the texts come."""
    again = train(*material, tmp_path / "m.npz", ScoreSettings(bucket=4096))
    table = WordTable.of([*material[0][:5], *material[1][:5]])
    assert np.array_equal(cached_model(str(trained.model))(table), cached_model(str(again.model))(table))
    assert cached_model(str(again.model))(WordTable.of(["", "¡!"])).tolist() == [0.5, 0.5]


@pytest.fixture
def policies(tmp_path: Path) -> Any:
    """A maker of policies with these bounds for news."""

    def make(bounds: str) -> str:
        (tmp_path / "filters" / "languages").mkdir(parents=True, exist_ok=True)
        (tmp_path / "filters" / "genres").mkdir(exist_ok=True)
        (tmp_path / "filters" / "languages" / "und.toml").write_text('language = "und"\nname = "Undetermined"\n')
        (tmp_path / "filters" / "genres" / "news.toml").write_text(f'genre = "news"\n[bounds]\n{bounds}\n')
        return str(tmp_path / "filters")

    return make


def filtered(texts: list[str], **options: Any) -> pl.DataFrame:
    """The documents after the stage `filter` with these options."""
    rows = {"doc_id": [f"d{n}" for n in range(len(texts))], "text": texts}
    batch = Batch(pl.DataFrame(rows).with_columns(language=pl.lit("spa_Latn"), genre=pl.lit("news")))
    for stage in make_stage("filter", options, "prueba").expand():
        assert isinstance(stage, Stage)
        batch = stage(batch)
    return batch.frame


def drop_reasons(frame: pl.DataFrame) -> list[str]:
    """The reasons of the dropped documents."""
    return frame["drop_reason"].drop_nulls().to_list() if "drop_reason" in frame.columns else []


def test_a_bound_on_the_learned_score_decides(trained: TrainedScore, material: Any, policies: Any) -> None:
    """The drop reason names the bound; without a bound, no document is dropped."""
    texts = [material[0][0], material[1][0]]
    model = str(trained.model)
    frame = filtered(texts, quality_model=model, policies=policies("learned_quality = { min = 0.5 }"))
    assert frame["drop_reason"].to_list() == [None, "learned_quality<0.5"]
    frame = filtered(texts, quality_model=model, policies=policies("word_count = { min = 1 }"))
    assert drop_reasons(frame) == []
    assert frame["signals"].struct.field("learned_quality").to_list()[1] < 0.5


def test_an_outside_score_is_joined_by_document(tmp_path: Path, policies: Any) -> None:
    """Scores are joined by `doc_id`, and a document without a score passes."""
    pl.DataFrame({"doc_id": ["d2", "d0"], "score": [1, 9]}).write_parquet(tmp_path / "s.parquet")
    scores = str(tmp_path / "s.parquet")
    frame = filtered(["Uno.", "Dos.", "Tres."], scores=scores, policies=policies("outside_score = { min = 5 }"))
    assert frame["drop_reason"].to_list() == [None, None, "outside_score<5"]


def test_flagged_words_are_counted_and_drop_nothing_by_themselves(tmp_path: Path, policies: Any) -> None:
    """The share of flagged words is a signal, from the list of the language or else the list for all."""
    (tmp_path / "listas").mkdir()
    (tmp_path / "listas" / "all.txt").write_text("colchones\n")
    frame = filtered(
        ["Colchones y más colchones", "Nada"],
        flagged_words=str(tmp_path / "listas"),
        policies=policies("word_count = { min = 1 }"),
    )
    assert frame["signals"].struct.field("flagged_word_share").to_list() == [0.5, 0.0]
    assert drop_reasons(frame) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quality_model": "nada.npz"}, "there is no such quality model"),
        ({"quality_model": "texto.npz"}, "it isn't a quality model"),
        ({"scores": "nada.parquet"}, "it isn't a file of scores"),
        ({"scores": "otro.parquet"}, "doc_id and score"),
        ({"scores": "doble.parquet"}, "has more than one score"),
        ({"flagged_words": "nada"}, "there are no word lists"),
    ],
)
def test_a_wrong_file_is_an_error_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str], message: str
) -> None:
    """The fingerprint of the stage, which a plan needs before it runs, raises for a missing or broken file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texto.npz").write_text("no es un modelo")
    pl.DataFrame({"id": ["a"], "nota": [1]}).write_parquet("otro.parquet")
    pl.DataFrame({"doc_id": ["a", "a"], "score": [1, 2]}).write_parquet("doble.parquet")
    measure: Any = make_stage("measure", options, "prueba")
    with pytest.raises(ConfigError, match=message):
        measure.fingerprint()


@pytest.mark.parametrize(
    ("signal", "option"),
    [
        ("learned_quality", "quality_model"),
        ("outside_score", "scores"),
        ("flagged_word_share", "flagged_words"),
        ("dictionary_word_rate", "word_lists"),
    ],
)
def test_a_bound_that_nothing_can_measure_is_refused(policies: Any, signal: str, option: str) -> None:
    """A bound on a signal that nothing measures is an error with its file and line and the missing option."""
    with pytest.raises(
        ConfigError, match=f"«{signal}» has a bound, but nothing measures it; set the stage's option «{option}»"
    ) as caught:
        filtered(["Uno."], policies=policies(f"{signal} = {{ min = 0.5 }}"))
    assert re.search(r"genres/\w+\.toml, line \d+: ", str(caught.value))


def test_the_command_trains_and_reports_its_measurements(
    command_line: CommandLine, tmp_path: Path, material: tuple[list[str], list[str]]
) -> None:
    """The command writes a small model and states what it was measured on."""
    for name, texts in zip(("bueno", "malo"), material, strict=True):
        rows = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        (tmp_path / f"{name}.jsonl").write_text(rows)
    arguments = ("quality", "train", tmp_path / "bueno.jsonl", tmp_path / "malo.jsonl", "--out", tmp_path / "m.npz")
    ended = command_line(*arguments)
    assert ended.code == 0, ended.err
    assert "held out of training: a good one scores above a bad one" in ended.out
    assert "measured on documents like these only" in ended.out
    assert (tmp_path / "m.npz").stat().st_size < 2_000_000


@pytest.mark.parametrize(
    ("good_rows", "bad_rows", "out", "message"),
    [
        (60, 0, "m.npz", "no row has a «text»"),
        (60, 10, "m.npz", "BAD: it has only 10 different texts"),
        (60, 60, "m.bin", "ends in .npz"),
        (60, -60, "m.npz", "60 texts are in both"),
    ],
)
def test_unusable_training_texts_are_refused(
    command_line: CommandLine, tmp_path: Path, good_rows: int, bad_rows: int, out: str, message: str
) -> None:
    """Too few texts, texts on both sides and another suffix are errors with exit code 2."""
    first = [{"text": f"Cuento número {n}"} for n in range(good_rows)]
    second = first if bad_rows < 0 else [{"text": f"Oferta número {n}"} for n in range(bad_rows)] or [{"id": "a"}]
    for name, rows in (("a", first), ("b", second)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ended = command_line("quality", "train", tmp_path / "a.jsonl", tmp_path / "b.jsonl", "--out", tmp_path / out)
    assert ended.code == 2
    assert message in ended.err
    assert not (tmp_path / "m.npz").exists()
