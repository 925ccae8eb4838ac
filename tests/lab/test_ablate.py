"""Arms are compared fairly: equal bytes, no held-out documents in training, and intervals."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.lab.ablate import arm_comparison as compare
from latam_corpus.lab.ablate import byte_ngrams
from latam_corpus.lab.ablate.arm_comparison import Arm, Text, ablate, draw
from latam_corpus.lab.ablate.byte_ngrams import ByteNgrams
from latam_corpus.lab.ablate.byte_transformer import Shape, train_and_measure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import CommandLine
    from numpy.typing import NDArray

_NOUNS = [
    "barca",
    "puerto",
    "red",
    "marea",
    "pescador",
    "viento",
    "faro",
    "arena",
    "gaviota",
    "muelle",
    "isla",
    "vela",
    "remo",
    "ancla",
    "espuma",
    "roca",
]
_VERBS = ["llega", "sale", "vuelve", "espera", "mira", "canta", "duerme", "rompe", "sube", "baja", "cruza", "busca"]


def prose(seed: int, sentences: int = 12) -> str:
    """Random sentences of one pattern."""
    rng = random.Random(seed)
    line = "La {} {} antes del alba y el {} no {} todavía."
    drawn = ((rng.choice(_NOUNS), rng.choice(_VERBS), rng.choice(_NOUNS), rng.choice(_VERBS)) for _ in range(sentences))
    return " ".join(line.format(*words) for words in drawn)


def noise(seed: int) -> str:
    """Random letters."""
    rng = random.Random(seed)
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(500))


def arm(name: str, texts: Sequence[str], language: str = "spa_Latn") -> Arm:
    """An arm of texts in one language."""
    return Arm(name, tuple(Text(text.encode(), language, "literature") for text in texts))


def held(count: int = 20, language: str = "spa_Latn") -> list[Text]:
    """Unseen texts in two genres."""
    genres = ("literature", "news")
    return [Text(prose(10_000 + n).encode(), language, genres[n % 2]) for n in range(count)]


def ngrams(texts: Sequence[bytes], unseen: Sequence[bytes], _seed: int) -> NDArray[np.float64]:
    """The bits of unseen texts in a model of other texts."""
    return ByteNgrams.fit(texts, 5).bits(unseen)


@pytest.mark.parametrize("context", [b"la b", b"zzzz", b" alb", b"\0\0\0\0"])
def test_chances_of_all_bytes_add_up_to_one(context: bytes) -> None:
    """The probabilities of all bytes add up to 1 after frequent, rare and unseen contexts."""
    model = ByteNgrams.fit([prose(n).encode() for n in range(20)], 5)
    runs = np.array([int.from_bytes(context + bytes([byte]), "big") for byte in range(256)], np.uint64)
    chances = np.full(256, 1 / 256)
    for size, level in enumerate(model.levels, 1):
        chances = level.probabilities(chances, runs & byte_ngrams.mask(size))
    assert chances.min() > 0
    assert chances.sum() == pytest.approx(1)


def test_a_model_counts_as_kneser_and_ney_do() -> None:
    """Bigram probabilities equal a calculation by hand, with the default discounts."""
    model = ByteNgrams.fit([b"ab", b"ab", b"ac"], 2)
    # Bigrams: 0a 3 times, ab 2, ac 1, b0 2, c0 1. Each byte follows so many different bytes: a 1, b 1, c 1, end 2.
    discount_1, discount_2 = 0.5, 0.75
    of_b = (1 - discount_1) / 5 + (3 * discount_1 + discount_2) / 5 / 256
    chance = (2 - discount_2) / 3 + (discount_1 + discount_2) / 3 * of_b
    [bits] = model.bits([b"ab"])
    of_a = (1 - discount_1) / 5 + (3 * discount_1 + discount_2) / 5 / 256
    first = (3 - 0.9) / 3 + 0.9 / 3 * of_a
    of_end = (2 - discount_2) / 5 + (3 * discount_1 + discount_2) / 5 / 256
    end = (2 - discount_2) / 2 + discount_2 / 2 * of_end
    assert bits == pytest.approx(-np.log2([first, chance, end]).sum())


def test_the_bits_of_a_text_do_not_depend_on_other_texts() -> None:
    """The bits are the same in any order, for an empty text and one with a zero byte, too."""
    model = ByteNgrams.fit([prose(1).encode()], 6)
    texts = [b"La barca", b"", b"a\0b", "puerto ñandú".encode()]
    separate_bits = [model.bits([text])[0] for text in texts]
    assert model.bits(texts).tolist() == pytest.approx(separate_bits)
    assert model.bits(texts[::-1]).tolist() == pytest.approx(separate_bits[::-1])


def test_better_documents_score_better() -> None:
    """An arm with better documents has a negative difference in each genre; one with the same documents has 0."""
    good = [prose(n) for n in range(60)]
    mixed = [prose(n) if n % 2 else noise(n) for n in range(60)]
    ablation = ablate([arm("all", mixed), arm("good", good), arm("same", mixed)], held(), ngrams, 2)
    scores = {(score.genre, score.arm): score for score in ablation.scores}
    assert {genre for genre, _ in scores} == {"", "literature", "news"}
    for genre in ("", "literature", "news"):
        better, equal = scores[genre, "good"], scores[genre, "same"]
        assert better.high is not None
        assert better.difference < better.high < 0
        assert (equal.difference, equal.low, equal.high) == (0, 0, 0)
        assert better.bits - scores[genre, "all"].bits == pytest.approx(better.difference)


def test_arms_are_trained_on_equal_bytes() -> None:
    """Arms have as many bytes as the smallest one or the budget; with `whole`, each has all its bytes."""
    small, large = arm("small", [prose(n) for n in range(5)]), arm("large", [prose(n) for n in range(40)])
    sizes = [sum(len(text.text) for text in arm_.texts) for arm_ in (small, large)]
    trained: list[int] = []

    def counting(texts: Sequence[bytes], unseen: Sequence[bytes], seed: int) -> NDArray[np.float64]:
        trained.append(sum(map(len, texts)))
        return ngrams(texts, unseen, seed)

    ablate([small, large], held(), counting, 1)
    ablate([small, large], held(), counting, 1, 700)
    ablate([small, large], held(), counting, 1, whole=True)
    assert [abs(a - b) < 2 for a, b in zip(trained, [sizes[0], sizes[0], 700, 700, *sizes], strict=True)] == [True] * 6


def test_documents_are_drawn_by_the_seed() -> None:
    """Arms that share texts draw the same ones, and no character is cut in two."""
    texts = [f"Niño número {n} del año".encode() for n in range(50)]
    assert draw(texts, 300, 1) == draw([*texts[25:], *texts[:25]], 300, 1) != draw(texts, 300, 2)
    assert all(text.decode() for budget in range(1, 60) for text in draw(texts, budget, 3))
    assert draw(texts, 10**9, 0) == sorted(draw(texts, 10**9, 0), key=draw(texts, 10**9, 0).index)
    assert len(draw(texts, 10**9, 0)) == 50


def test_copies_of_held_out_documents_are_not_trained_on() -> None:
    """A document with a line of an unseen one is left out of every arm, and counted."""
    unseen = held()
    copied = unseen[3].text.decode() + "\n" + prose(1)
    ablation = ablate([arm("a", [prose(n) for n in range(9)]), arm("b", [copied, prose(5)])], unseen, ngrams, 1)
    assert ablation.left_out == {"a": 0, "b": 1}
    assert {score.trained for score in ablation.scores} == {len(prose(5).encode())}


def test_languages_that_an_arm_lacks_are_reported() -> None:
    """Other languages are compared; arms without a common language are an error."""
    both = Arm("both", (*arm("", [prose(n) for n in range(5)]).texts, *arm("", [prose(1)], "quy_Latn").texts))
    ablation = ablate([both, arm("one", [prose(7)])], [*held(), *held(4, "quy_Latn")], ngrams, 1)
    assert ablation.lacking == {"quy_Latn": ("one",)}
    assert {score.language for score in ablation.scores} == {"spa_Latn"}
    with pytest.raises(ConfigError, match="none of its languages is in every arm"):
        ablate([both, arm("one", [prose(7)])], held(4, "quy_Latn"), ngrams, 1)


def test_a_budget_without_a_character_is_refused() -> None:
    """A budget too small for any text is an error; texts and n-grams of one byte make a model."""
    with pytest.raises(ConfigError, match="1 bytes of spa_Latn hold no text"):
        ablate([arm("a", ["ñandú"]), arm("b", ["ñire"])], held(), ngrams, 1, 1)
    [bits] = ByteNgrams.fit([b"a"], 1).bits([b"\0"])
    assert bits > 0


def test_few_documents_have_no_interval() -> None:
    """Nine held-out documents are too few for an interval."""
    ablation = ablate([arm("a", [prose(1)]), arm("b", [prose(2)])], held(9), ngrams, 1)
    assert {(score.low, score.high) for score in ablation.scores} == {(None, None)}


def test_an_interval_contains_a_known_difference() -> None:
    """Intervals contain the true difference of 0.1 bits per byte in at least 85 of 100 trials, and not in all."""
    rng = np.random.default_rng(5)
    sizes = np.full(60, 100)
    inside = 0
    for _ in range(100):
        low, high = compare.interval(rng.normal(10, 30, (1, 60)), sizes)
        inside += low < 0.1 < high
    assert 85 <= inside < 100


def test_the_command_compares_files(tmp_path: Path, command_line: CommandLine) -> None:
    """The command prints JSON, or a table in three languages, and refuses wrong arguments."""

    def write(name: str, texts: Sequence[str]) -> Path:
        rows = [{"text": text, "language": "spa_Latn", "genre": "news"} for text in texts]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return tmp_path / name

    unseen = write("unseen.jsonl", [prose(10_000 + n) for n in range(12)])
    good, bad = write("good.jsonl", [prose(n) for n in range(20)]), write("bad.jsonl", [noise(n) for n in range(20)])
    line: list[Any] = ["lab", "ablate", f"bad={bad}", f"good={good}"]
    options: list[Any] = ["--held-out", unseen, "--seeds", "1"]
    first, second = command_line(*line, *options, "--json").json["scores"]
    assert (first["arm"], second["arm"], first["difference"]) == ("bad", "good", 0)
    assert second["high"] < 0
    assert "bits por byte" in command_line(*line, *options, "--lang", "es").out
    assert "diferença" in command_line(*line, *options, "--lang", "pt").out
    for more, message in (
        ((f"bad={bad}", *options), "a comparison needs two arms with different names"),
        (("solo", *options), "this isn't an arm"),
        (("x=no-such-run", *options), "no such run or release"),
        (("--model", "ngram", *options), "did you mean «ngrams»"),
        ((*options[:2], "--seeds", "0"), "isn't a number above 0"),
        (("--held-out", tmp_path / "none.jsonl"), "there is no such file"),
    ):
        wrong = command_line(*line, *more)
        assert (wrong.code, message in wrong.err) == (2, True), wrong.err
    damaged = write("damaged.jsonl", ["uno"])
    damaged.write_text(damaged.read_text() + '{"text": 3, "language": "spa_Latn"}\n')
    wrong = command_line(*line[:2], f"a={damaged}", *line[3:], *options)
    assert (wrong.code, "row 2 has no text or no language" in wrong.err) == (2, True), wrong.err


def test_a_transformer_learns_too() -> None:
    """A tiny transformer learns, and the same seed gives the same bits; skipped without PyTorch."""
    pytest.importorskip("torch")
    shape = Shape(width=32, layers=1, heads=2, context=32, batch=8, passes=6)
    texts = [prose(n).encode() for n in range(10)]
    unseen = [prose(99).encode(), b"", noise(1).encode()]
    bits = train_and_measure(texts, unseen, 0, shape)
    assert bits[0] / len(unseen[0]) < 5 < bits[2] / len(unseen[2])
    assert bits.tolist() == train_and_measure(texts, unseen, 0, shape).tolist()
