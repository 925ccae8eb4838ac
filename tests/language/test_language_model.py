"""Models by name and by path, their label maps, and what is told when they are wrong."""

from __future__ import annotations

import pickle
import random
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import fasttext
import numpy as np
import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.codes import groups, known_code
from latam_corpus.errors import ConfigError
from latam_corpus.language.identify import Identify
from latam_corpus.language.labels import MODELS, labels_of
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
    rng = random.Random(1)
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
        ("labels = 5", "«labels» isn't a table"),
        ("[words]\nspa = 5\n", "the words of «spa» aren't a text"),
        ('[labels]\nptt = "por"\n', "the model has no label «ptt»; did you mean «pt»"),
        ('[labels]\nnone = "por"\n', "the model has no label «none»; its labels look like «"),
        ('[labels]\nes = "123456789"\n', "unknown language code «123456789»; give one of ISO 639-3"),
        ('[labels]\nes = { code = "spa", script = "Latino" }\n', "«Latino» isn't a script code"),
        ('sha256 = "00"\n[labels]\nes = "spa"\n', "its digest differs from the one"),
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


def test_noise_after_the_first_bytes_of_a_model_is_an_error(tmp_path: Path) -> None:
    """Such a file, which fastText would read for minutes, is told by its header."""
    wrong = tmp_path / "modelo.bin"
    rng = random.Random(1)
    wrong.write_bytes((MODELS / "americas.ftz").read_bytes()[:8] + rng.randbytes(100_000))
    with pytest.raises(ConfigError, match="its header isn't that of a model"):
        load(str(wrong))


def test_word_vectors_are_no_identifier(outside: Path, tmp_path: Path) -> None:
    """A fastText file that tells nothing apart is told as such."""
    made = fasttext.train_unsupervised(str(outside.parent / "lines.txt"), dim=4, bucket=100, epoch=1, verbose=0)
    made.save_model(str(tmp_path / "vectores.bin"))
    with pytest.raises(ConfigError, match="word vectors and isn't a classifier"):
        load(str(tmp_path / "vectores.bin"))


def test_a_code_that_a_map_has_otherwise_than_its_label_is_looked_up(tmp_path: Path) -> None:
    """A map that states the model's digest is believed where label and code agree, and nowhere else."""
    shutil.copy(MODELS / "americas.ftz", tmp_path / "copia.ftz")
    told = (MODELS / "americas.toml").read_text("utf-8")
    changed = told.replace('spa_Latn = { code = "spa"', 'spa_Latn = { code = "spaa"', 1)
    assert changed != told
    (tmp_path / "copia.toml").write_text(changed, "utf-8")
    with pytest.raises(ConfigError, match="unknown language code «spaa»"):
        load(str(tmp_path / "copia.ftz"))


def test_a_worker_opens_no_table_of_languages() -> None:
    """To open the shipped model and identify takes neither ISO 639-3's names nor CLDR's, which are 15 MB."""
    script = (
        "import pickle, sys, polars as pl\n"
        "from latam_corpus.batch import Batch\n"
        f"stage = pickle.loads({pickle.dumps(Identify(languages=('que', 'por')))!r})\n"
        f"print(stage(Batch(pl.DataFrame({{'text': [{SPANISH!r}]}}))).frame['drop_reason'].to_list())\n"
        "print([name for name in ('iso639', 'langcodes') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['language=spa']", "[]"]


def test_labels_mean_the_same_with_and_without_a_look_up() -> None:
    """What is believed of the shipped map is what a look-up finds."""
    told = tomllib.loads((MODELS / "americas.toml").read_text("utf-8"))["labels"]
    believed, found = (labels_of(list(told), told, "americas.toml", looked_up=one) for one in (True, False))
    assert believed == found


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
