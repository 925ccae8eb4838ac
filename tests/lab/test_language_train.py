"""Models are trained on labelled files and measured."""

from __future__ import annotations

import json
import lzma
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.lab.language.sampling import lines_and_names
from latam_corpus.lab.language.texts import Texts, is_held_out, is_untranslated, rows
from latam_corpus.lab.language.train_identifier import train
from latam_corpus.lab.training_settings import IdentifierSettings
from latam_corpus.language.model import load

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

WORDS = {
    "spa": "el la de que los vecinos caminaron hasta puente porque no llegó ayer mañana río casa niño",
    "por": "o a de que os vizinhos caminharam até ponte porque não chegou ontem manhã rio casa menino",
}
SMALL = IdentifierSettings(
    epoch=8, dim=8, bucket=5000, min_count=1, cutoff=2000, nonsense=40, least=20, least_major=20, scraps_major=0
)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A compressed TSV of short lines in two languages."""
    rng = random.Random(3)
    path = tmp_path / "lineas.tsv.xz"
    with lzma.open(path, "wt", encoding="utf-8") as file:
        for _ in range(300):
            for label, words in WORDS.items():
                file.write(f"{label}\t{' '.join(rng.choices(words.split(), k=10))}\n")
    return path


def test_the_same_seed_trains_the_same_model(labelled: Path, tmp_path: Path) -> None:
    """Two trainings with the same seed write the same bytes, which load with their map."""
    models = [train([Texts(labelled)], tmp_path / name / "mini.ftz", SMALL) for name in ("a", "b")]
    assert models[0].model.read_bytes() == models[1].model.read_bytes()
    assert {label.code for label in load(str(models[0].model)).labels} == {"spa", "por", "und"}


def test_a_tenth_of_the_texts_is_never_trained_on(labelled: Path) -> None:
    """Neither kept-out texts nor texts excluded by hand are among the training lines."""
    seen = {line for lines in lines_and_names([Texts(labelled)], SMALL)[0].values() for line in lines}
    texts = [text for _, text in rows(Texts(labelled))]
    kept_out = [text for text in texts if is_held_out(text)]
    assert kept_out
    assert not seen & set(kept_out)
    trained = next(text for text in texts if not is_held_out(text) and text in seen)
    without = lines_and_names([Texts(labelled)], SMALL, {trained})[0]
    assert trained not in {line for lines in without.values() for line in lines}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "spa sin tabulador\n", "line 1: the line has no label before a tab"),
        ("a.tsv", "spaa\thola\n", "unknown language code «spaa»"),
        ("a.tsv", "spa\thola vecina\nspa\tbuenas tardes\nspa\tqué tal\n", "it has texts in only 1 language"),
        ("a.jsonl", '{"text": "hola"}\n', "line 1: it has no label"),
        ("a.jsonl", "{\n", "isn't JSON"),
        ("a.csv", "spa,hola\n", "can't read «.csv» files"),
        ("a.tsv.xz", "spa\thola\n", "can't be read"),
    ],
)
def test_errors_in_training_data_name_the_place(tmp_path: Path, name: str, content: str, message: str) -> None:
    """Each kind of broken file is an error that names the file or the line."""
    path = tmp_path / name
    path.write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=message):
        train([Texts(path)], tmp_path / "m.ftz", SMALL)


def test_text_that_is_not_utf_8_is_an_error_with_its_file(tmp_path: Path) -> None:
    """A TSV in Latin-1 is an error; its encoding isn't guessed."""
    path = tmp_path / "a.tsv"
    path.write_bytes("spa\tmañana\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"a\.tsv: it can't be read.*UTF-8"):
        train([Texts(path)], tmp_path / "m.ftz", SMALL)


def test_the_command_trains_and_evaluates(labelled: Path, tmp_path: Path, command_line: CommandLine) -> None:
    """`language train` writes a model that `language evaluate` can measure, both with `--json`."""
    out = tmp_path / "mini.ftz"
    done = command_line("language", "train", labelled, "--out", out, "--epoch", "8", "--bucket", "5000", "--json")
    assert done.code == 0, done.err
    assert done.json["lines"]["spa_Latn"] > 100
    measured = command_line("language", "evaluate", labelled, "--model", out, "--json")
    assert measured.code == 0, measured.err
    assert measured.json["texts"] == 600
    assert {row["code"] for row in measured.json["languages"] if row["texts"]} == {"spa", "por"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "falta.tsv"),
        ("evaluate", "falta.tsv", "--model", "americus"),
        ("card", "--model", "falta.ftz"),
        ("train", "falta.tsv", "--out", "m.ftz"),
    ],
)
def test_wrong_input_on_the_command_line_exits_with_2(command_line: CommandLine, arguments: tuple[str, ...]) -> None:
    """A missing file or model ends with a message and exit code 2."""
    done = command_line("language", *arguments)
    assert done.code == 2
    assert done.err.strip()


def test_the_card_states_data_licences_and_languages(command_line: CommandLine) -> None:
    """The card of the shipped model has its digest, the licence of each source, and its languages."""
    card = command_line("language", "card", "--json").json
    assert all(entry["licence"] for entry in card["trained_on"])
    assert len(card["americas"]) >= 150
    assert len(card["sha256"]) == 64


def test_lines_are_varied_without_losing_their_label(labelled: Path, tmp_path: Path) -> None:
    """A language with two spellings has lines in both, and some lines quote Spanish or Portuguese."""
    path = tmp_path / "arn.tsv"
    path.write_text("".join(f"arn\tkvme ce xafkiñ zugu {number % 7}\n" for number in range(60)), "utf-8")
    lines = lines_and_names([Texts(labelled), Texts(path)], SMALL)[0]["arn_Latn"]
    words = {word for line in lines for word in line.split()}
    assert {"kvme", "küme", "trafkiñ", "dungu"} <= words
    assert words & set(WORDS["spa"].split() + WORDS["por"].split())
    assert sum("kvme" in line or "küme" in line for line in lines) > len(lines) // 2


def test_neighbours_are_learnt_from_short_stretches_too(tmp_path: Path) -> None:
    """Languages similar to Spanish get stretches of four to twelve words in addition to their texts."""
    path = tmp_path / "a.tsv"
    words = " ".join(f"palabra{chr(97 + number)}" for number in range(20))
    path.write_text(f"glg\t{words}\nspa\t{words}\nspa\totra cosa\n" * 7, "utf-8")
    settings = IdentifierSettings(scraps=50, scraps_major=0, nonsense=0, least=1, least_major=1)
    by_label = lines_and_names([Texts(path)], settings)[0]
    lengths = [len(line.split()) for line in by_label["glg_Latn"]]
    assert sum(4 <= length <= 12 for length in lengths) >= 50
    assert all(len(line.split()) not in range(4, 13) for line in by_label["spa_Latn"])


def test_a_library_of_books_leaves_room_for_the_lines_of_others(tmp_path: Path) -> None:
    """A major language is cut down by shortening its longest texts."""
    book = " ".join(f"libro{n:x}" for n in range(20_000)).translate(str.maketrans("0123456789", "ghijklmnop"))
    path = tmp_path / "textos.jsonl"
    lines = [f"nota {chr(97 + n // 26)}{chr(97 + n % 26)} del periódico de la mañana" for n in range(200)]
    path.write_text("".join(json.dumps({"label": "spa", "text": text}) + "\n" for text in [book, *lines]), "utf-8")
    sampled = lines_and_names([Texts(path)], replace(SMALL, most_major=300))[0]["spa_Latn"]
    notes = {line[:7] for line in lines if not is_held_out(line)}
    assert len({line[:7] for line in sampled if line.startswith("nota")} & notes) > 0.7 * len(notes)
    assert len(sampled) <= 300


def test_a_long_text_with_two_english_words_is_not_english() -> None:
    """A short line with two English words is untranslated; a long text with as many isn't."""
    line = "Pulse en Select the number y después en Guardar."
    assert is_untranslated("spa", line)
    assert not is_untranslated("spa", line + 20 * " la vecina cerró la ventana")


def test_a_few_lines_are_not_repeated_without_end(tmp_path: Path) -> None:
    """A file of few lines is filled up to a few times its size at most."""
    path = tmp_path / "relatos.tsv"
    path.write_text("spa\tla vecina cerró la ventana y se fue por el camino\npor\tuma coisa\n", "utf-8")
    assert len(lines_and_names([Texts(path)], IdentifierSettings())[0]["spa_Latn"]) < 100
