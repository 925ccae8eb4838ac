"""Models by name and by path, their label maps, and what is told when they are wrong."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import fasttext
import numpy as np
import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.language.codes import MODELS, groups, known_code
from latam_corpus.language.identify import Identify
from latam_corpus.language.model import digest, load

if TYPE_CHECKING:
    from pathlib import Path

SPANISH = "los vecinos de la cuadra caminaron hasta el puente porque el ómnibus no llegó"
PORTUGUESE = "os vizinhos da quadra caminharam até a ponte porque o ônibus não chegou"
LINES = [SPANISH, PORTUGUESE, "", "x", "ñandutí y mba'e", "t+xi", "война и мир", "hola " * 90]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fastText model of another maker, unquantized, with two-letter labels."""
    folder = tmp_path_factory.mktemp("outside")
    rng = random.Random(1)  # noqa: S311 - sampling, not secrets
    lines = []
    for label, text in (("es", SPANISH), ("pt", PORTUGUESE)):
        lines += [f"__label__{label} {' '.join(rng.sample(text.split(), 8))}" for _ in range(200)]
    (folder / "lines.txt").write_text("\n".join(lines), "utf-8")
    model = fasttext.train_supervised(
        str(folder / "lines.txt"), dim=8, minn=2, maxn=3, bucket=2000, verbose=0, thread=1
    )
    model.save_model(str(folder / "outside.bin"))
    return folder / "outside.bin"


def test_our_own_pass_gives_the_vectors_of_fasttext() -> None:
    """The compiled pass equals fastText on the shipped model, word for word, but for the rounding to sixteen bits."""
    ours = load()
    theirs = fasttext.load_model(str(MODELS / "americas.ftz"))
    assert ours._vectors is not None  # noqa: SLF001 - the fast path must be the one that is measured
    assert [label.removeprefix("__label__") for label in theirs.get_labels()] == [label.name for label in ours.labels]
    expected = np.array([theirs.get_sentence_vector(line) for line in LINES])
    assert ours._vectors.parts.unit < 5e-4  # noqa: SLF001 - half of it is what a row may be off
    np.testing.assert_allclose(ours._vectors(LINES), expected, atol=2.5e-4)  # noqa: SLF001 - the same


def test_probabilities_are_those_of_fasttext_and_add_up_to_one() -> None:
    """The product with the output layer gives fastText's own probabilities."""
    ours, theirs = load(), fasttext.load_model(str(MODELS / "americas.ftz"))
    made = ours.probabilities(LINES)
    np.testing.assert_allclose(made.sum(axis=1), 1, atol=1e-3)
    _, expected = theirs.f.multilinePredict([f"{SPANISH}\n"], 1, 0.0, "strict")
    assert made[0].max() == pytest.approx(float(np.ravel(expected[0])[0]), abs=1e-3)


def test_a_model_by_path_is_understood_without_a_map(outside: Path) -> None:
    """Labels of two letters become ISO 639-3 with their usual script."""
    frame = Identify(model=str(outside))(Batch(pl.DataFrame({"text": [SPANISH, PORTUGUESE]}))).frame
    assert frame["language"].to_list() == ["spa_Latn", "por_Latn"]


def test_a_label_map_says_what_labels_mean(outside: Path, tmp_path: Path) -> None:
    """A map given by path overrules what the labels look like."""
    told = tmp_path / "mapa.toml"
    told.write_text('[labels]\nes = { code = "glg", script = "Latn" }\n__label__pt = "por"\n', "utf-8")
    names = {label.name for label in load(str(outside), str(told)).labels}
    assert names == {"glg_Latn", "por_Latn"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[labels]\nes = "spaa"\n', "unknown language code «spaa»; did you mean"),
        ("[labels]\nes = 3\n", "label «es» has no code"),
        ("labels = [", "the label map isn't TOML"),
        ('sha256 = "00"\n[labels]\nes = "spa"\n', "its digest is not the one"),
    ],
)
def test_a_wrong_label_map_is_an_error_with_its_cause(outside: Path, tmp_path: Path, content: str, told: str) -> None:
    """Unknown codes, other shapes, broken TOML and a foreign digest are each told."""
    wrong = tmp_path / "mapa.toml"
    wrong.write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=told):
        load(str(outside), str(wrong))


@pytest.mark.parametrize("content", [b"", b"esto no es un modelo", bytes(range(256)) * 20])
def test_a_file_that_is_no_model_is_an_error(tmp_path: Path, content: bytes) -> None:
    """What fastText did not save is not given to it."""
    wrong = tmp_path / "modelo.ftz"
    wrong.write_bytes(content)
    with pytest.raises(ConfigError, match="not a fastText model"):
        load(str(wrong))


def test_half_a_model_is_an_error(tmp_path: Path) -> None:
    """A download that broke off is told, not a traceback."""
    wrong = tmp_path / "medio.ftz"
    data = (MODELS / "americas.ftz").read_bytes()
    wrong.write_bytes(data[: len(data) // 2])
    with pytest.raises(ConfigError, match="not a usable fastText model"):
        load(str(wrong))


def test_missing_files_are_told_with_a_remedy(outside: Path, tmp_path: Path) -> None:
    """A wrong name, path or map is an error before anything is read."""
    with pytest.raises(ConfigError, match="did you mean «americas»"):
        load("america")
    with pytest.raises(ConfigError, match="no such language model file"):
        load(str(tmp_path / "falta.ftz"))
    with pytest.raises(ConfigError, match="no such label map"):
        load(str(outside), str(tmp_path / "falta.toml"))


def test_the_digest_changes_with_the_model_and_with_its_map(tmp_path: Path) -> None:
    """What rests on a digest is redone when either file changes."""
    model, label_map = tmp_path / "copia.ftz", tmp_path / "copia.toml"
    shutil.copy(MODELS / "americas.ftz", model)
    before = digest(str(model))
    label_map.write_text('[labels]\nspa_Latn = "spa"\n', "utf-8")
    with_map = digest(str(model))
    label_map.write_text('[labels]\nspa_Latn = "por"\n', "utf-8")
    with_other_map = digest(str(model))
    model.write_bytes(model.read_bytes() + b" ")
    assert len({before, with_map, with_other_map, digest(str(model))}) == 4


def test_the_shipped_model_is_small_and_knows_the_americas() -> None:
    """At most 8 MB, at least 150 languages of the Americas, and both majors."""
    codes = {label.code for label in load().labels}
    assert (MODELS / "americas.ftz").stat().st_size <= 8_000_000
    assert len(codes & set(groups().of)) >= 150
    assert {"spa", "por", "eng", "fra", "glg", "cat", "ita"} <= codes


def test_every_grouped_code_is_a_language() -> None:
    """The hand-made groups hold no misspelt code."""
    assert [code for code in [*groups().of, *groups().of.values()] if known_code(code) is None] == []
