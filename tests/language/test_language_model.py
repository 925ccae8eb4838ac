"""Models by name and by path, their label maps, and the errors for invalid ones."""

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
    """Return a fastText model of another maker, unquantized, with two-letter labels."""
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
    """The compiled pass gives fastText's vectors on the shipped model, except for rounding to 16 bits."""
    ours = load()
    other_part = fasttext.load_model(str(MODELS / "americas.ftz"))
    assert ours._vectors is not None  # noqa: SLF001 - the fast path must be the one that is measured
    assert [label.removeprefix("__label__") for label in other_part.get_labels()] == [
        label.name for label in ours.labels
    ]
    expected = np.array([other_part.get_sentence_vector(line) for line in LINES])
    assert ours._vectors.parts.unit < 5e-4  # noqa: SLF001 - half of it is what a row may be off
    np.testing.assert_allclose(ours._vectors(LINES), expected, atol=2.5e-4)  # noqa: SLF001 - the same


def test_probabilities_are_those_of_fasttext_and_add_up_to_one() -> None:
    """The product with the output layer gives fastText's probabilities, which add up to 1."""
    ours, other_part = load(), fasttext.load_model(str(MODELS / "americas.ftz"))
    result = ours.probabilities(LINES)
    np.testing.assert_allclose(result.sum(axis=1), 1, atol=1e-3)
    _, expected = other_part.f.multilinePredict([f"{SPANISH}\n"], 1, 0.0, "strict")
    assert result[0].max() == pytest.approx(float(np.ravel(expected[0])[0]), abs=1e-3)


def test_a_model_by_path_is_understood_without_a_map(outside: Path) -> None:
    """Labels of two letters become ISO 639-3 codes with their usual script."""
    frame = Identify(model=str(outside))(Batch(pl.DataFrame({"text": [SPANISH, PORTUGUESE]}))).frame
    assert frame["language"].to_list() == ["spa_Latn", "por_Latn"]


def test_a_label_map_says_what_labels_mean(outside: Path, tmp_path: Path) -> None:
    """A label map given by path overrides the form of the labels."""
    label_map = tmp_path / "mapa.toml"
    label_map.write_text('[labels]\nes = { code = "glg", script = "Latn" }\n__label__pt = "por"\n', "utf-8")
    names = {label.name for label in load(str(outside), str(label_map)).labels}
    assert names == {"glg_Latn", "por_Latn"}


@pytest.mark.parametrize(
    ("content", "expected"),
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
def test_a_wrong_label_map_is_an_error_with_its_cause(
    outside: Path, tmp_path: Path, content: str, expected: str
) -> None:
    """Unknown codes, other shapes, broken TOML and another model's digest are errors."""
    wrong = tmp_path / "mapa.toml"
    wrong.write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=expected):
        load(str(outside), str(wrong))


@pytest.mark.parametrize("content", [b"", b"esto no es un modelo", bytes(range(256)) * 20])
def test_a_file_that_is_no_model_is_an_error(tmp_path: Path, content: bytes) -> None:
    """A file that fastText didn't save isn't passed to fastText."""
    wrong = tmp_path / "modelo.ftz"
    wrong.write_bytes(content)
    with pytest.raises(ConfigError, match="it isn't a fastText model"):
        load(str(wrong))


def test_noise_after_the_first_bytes_of_a_model_is_an_error(tmp_path: Path) -> None:
    """A file with an invalid header is refused at once, though fastText would read it for minutes."""
    wrong = tmp_path / "modelo.bin"
    rng = random.Random(1)
    wrong.write_bytes((MODELS / "americas.ftz").read_bytes()[:8] + rng.randbytes(100_000))
    with pytest.raises(ConfigError, match="its header isn't that of a model"):
        load(str(wrong))


def test_word_vectors_are_no_identifier(outside: Path, tmp_path: Path) -> None:
    """A fastText file of word vectors is refused."""
    result = fasttext.train_unsupervised(str(outside.parent / "lines.txt"), dim=4, bucket=100, epoch=1, verbose=0)
    result.save_model(str(tmp_path / "vectores.bin"))
    with pytest.raises(ConfigError, match="word vectors and isn't a classifier"):
        load(str(tmp_path / "vectores.bin"))


def test_a_code_that_a_map_has_otherwise_than_its_label_is_looked_up(tmp_path: Path) -> None:
    """A code in a map is looked up unless the map has the model's digest and the label agrees."""
    shutil.copy(MODELS / "americas.ftz", tmp_path / "copia.ftz")
    label_map = (MODELS / "americas.toml").read_text("utf-8")
    changed = label_map.replace('spa_Latn = { code = "spa"', 'spa_Latn = { code = "spaa"', 1)
    assert changed != label_map
    (tmp_path / "copia.toml").write_text(changed, "utf-8")
    with pytest.raises(ConfigError, match="unknown language code «spaa»"):
        load(str(tmp_path / "copia.ftz"))


def test_a_worker_opens_no_table_of_languages() -> None:
    """Opening the shipped model and identifying loads neither ISO 639-3's names nor CLDR's, which take 15 MB."""
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
    """The labels of the shipped map have the same meaning with and without a look-up."""
    mapped = tomllib.loads((MODELS / "americas.toml").read_text("utf-8"))["labels"]
    believed, result = (
        labels_of(list(mapped), mapped, "americas.toml", looked_up=looked_up) for looked_up in (True, False)
    )
    assert believed == result


def test_half_a_model_is_an_error(tmp_path: Path) -> None:
    """A truncated model file is a ConfigError."""
    wrong = tmp_path / "medio.ftz"
    data = (MODELS / "americas.ftz").read_bytes()
    wrong.write_bytes(data[: len(data) // 2])
    with pytest.raises(ConfigError, match="it isn't a usable fastText model"):
        load(str(wrong))


def test_missing_files_are_told_with_a_remedy(outside: Path, tmp_path: Path) -> None:
    """A wrong name, path or map is an error with a remedy."""
    with pytest.raises(ConfigError, match="did you mean «americas»"):
        load("america")
    with pytest.raises(ConfigError, match="no such language model file"):
        load(str(tmp_path / "falta.ftz"))
    with pytest.raises(ConfigError, match="no such label map"):
        load(str(outside), str(tmp_path / "falta.toml"))


def test_the_digest_changes_with_the_model_and_with_its_map(tmp_path: Path) -> None:
    """The digest changes with the model file and with the label map."""
    model, label_map = tmp_path / "copia.ftz", tmp_path / "copia.toml"
    shutil.copy(MODELS / "americas.ftz", model)
    previous = digest(str(model))
    label_map.write_text('[labels]\nspa_Latn = "spa"\n', "utf-8")
    with_map = digest(str(model))
    label_map.write_text('[labels]\nspa_Latn = "por"\n', "utf-8")
    with_other_map = digest(str(model))
    model.write_bytes(model.read_bytes() + b" ")
    assert len({previous, with_map, with_other_map, digest(str(model))}) == 4


def test_the_shipped_model_is_small_and_knows_the_americas() -> None:
    """The shipped model has at most 8 MB, 150 languages of the Americas or more, Spanish and Portuguese."""
    codes = {label.code for label in load().labels}
    assert (MODELS / "americas.ftz").stat().st_size <= 8_000_000
    assert len(codes & set(groups().of)) >= 150
    assert {"spa", "por", "eng", "fra", "glg", "cat", "ita"} <= codes


def test_every_grouped_code_is_a_language() -> None:
    """Every code in the groups is a language."""
    assert [code for code in [*groups().of, *groups().of.values()] if known_code(code) is None] == []
