"""`learned`: what a learned quality score separates on novels that it wasn't trained on, and its cost."""

from __future__ import annotations

import random
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.lab.train_score import auc, train
from latam_corpus.quality.learned import QualityModel, cached_model
from latam_corpus.text.words import WordTable

from .machine import Report, Table, rounded
from .quality_kept.good import good
from .quality_kept.junk import salad
from .texts import NOVELS, SEED, checksums, chunks, read_texts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

_WORDS: Final = 400
_SOME_WORDS: Final = 100
_ELSEWHERE: Final = ("texts", "documents#", "AUC#", "good lost#", "salad dropped#")
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+")
_CONFUSED: Final = str.maketrans("aeocltimn", "oca(1!lrm")  # what OCR takes for what


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--runs", type=int, default=7, help="how often the scoring is timed, 7 by default")


def measure(args: argparse.Namespace) -> Report:
    """A model for each kind of damage, trained on half of the novels and tried on the other half."""
    novels = read_texts(args.data, NOVELS)
    halves = [list(chunks(novels[start::2], _WORDS)) for start in (0, 1)]
    chance = random.Random(SEED)
    rows: list[tuple[object, ...]] = []
    timed: tuple[object, ...] = ()
    salads: tuple[tuple[object, ...], ...] = ()
    with tempfile.TemporaryDirectory() as folder:
        for name, damaged in _KINDS.items():
            bad = [[worse for text in half if (worse := damaged(text, chance)) != text] for half in halves]
            created = train(halves[0], bad[0], Path(folder) / f"{len(rows)}.npz")
            model = cached_model(str(created.model))
            good_scores, bad_scores = (model(WordTable.of(texts)) for texts in (halves[1], bad[1]))
            bound = created.bounds[0][1]
            lost, dropped = float((good_scores < bound).mean()), float((bad_scores < bound).mean())
            size = rounded(created.model.stat().st_size / 1e6)
            ranked = f"{auc(good_scores, bad_scores):.3f}"
            rows.append(
                (name, created.good, len(halves[1]), ranked, f"{100 * lost:.1f} %", f"{100 * dropped:.1f} %", size)
            )
            timed = timed or _timed(model, halves[1], args.runs)
            # The first kind is shuffled words, which no bound on other signals tells.
            salads = salads or tuple(_elsewhere(args.data, model, bound))
    heads = ("damage", "trained on#", "tried on#", "AUC#", "good lost#", "damaged dropped#", "MB#")
    tables = (
        Table("Learned quality, on novels not trained on", heads, tuple(rows)),
        Table("The model of shuffled words, on other texts than novels", _ELSEWHERE, salads),
        Table("Scoring, one core", ("MB#", "words#", "best MB/s#", "median MB/s#"), (timed,)),
    )
    notes = (
        f"Stretches of {_WORDS} words of every second novel, and the same damaged; the other novels are tried.",
        "Some of the novels tried are by authors of those trained on.",
        "The bound loses 1 % of the stretches that were kept out of training; it isn't chosen on the novels tried.",
        "Other texts: the Spanish ones of `quality_kept` of 100 words and more, and the same, their words shuffled.",
        "Scoring is from the word table, which is there already; process time.",
    )
    return Report("learned", checksums(args.data, NOVELS), {"words": _WORDS, "seed": SEED}, tables, notes)


def _elsewhere(data: Path, model: QualityModel, bound: float) -> Iterator[tuple[object, ...]]:
    """A row a kind of good text that isn't a novel: what the bound loses of it, and drops of the same as word salad."""
    kinds: dict[str, list[str]] = {}
    for text in good(data):
        if text.language == "spa" and text.genre != "literature" and len(text.text.split()) >= _SOME_WORDS:
            kinds.setdefault(text.kind, []).append(text.text)
    dice = random.Random(SEED)
    for kind, texts in kinds.items():
        sound = model(WordTable.of(texts))
        mixed = model(WordTable.of([salad(dice, text, ()) for text in texts]))
        lost, dropped = float((sound < bound).mean()), float((mixed < bound).mean())
        yield kind, len(texts), f"{auc(sound, mixed):.3f}", f"{100 * lost:.1f} %", f"{100 * dropped:.1f} %"


def _timed(model: QualityModel, texts: list[str], runs: int) -> tuple[object, ...]:
    table = WordTable.of(texts)
    model(table)
    speeds = []
    for _ in range(runs):
        started = time.process_time()
        model(table)
        speeds.append(len(table.data) / 1e6 / (time.process_time() - started))
    return rounded(len(table.data) / 1e6), len(table.hashes), rounded(max(speeds)), rounded(float(np.median(speeds)))


def shuffled_words(text: str, chance: random.Random) -> str:
    """Return the words in another order, without lines.

    >>> sorted(shuffled_words("la luz se fue", random.Random(1)).split())
    ['fue', 'la', 'luz', 'se']
    """
    words = text.split()
    chance.shuffle(words)
    return " ".join(words)


def shuffled_sentences(text: str, chance: random.Random) -> str:
    """The sentences in another order."""
    sentences = _SENTENCE.split(text)
    chance.shuffle(sentences)
    return " ".join(sentences)


def stuffed(text: str, chance: random.Random) -> str:
    """A hundred times one of six long words of the text, as pages that sell are written."""
    long_ones = sorted({word for word in text.split() if len(word) > 6})
    chosen = chance.sample(long_ones, min(6, len(long_ones))) or ["oferta"]
    return " ".join(chance.choice(chosen) for _ in range(100))


def misread(text: str, chance: random.Random) -> str:
    """One letter in twelve taken for another sign, as by OCR."""
    return "".join(sign.translate(_CONFUSED) if chance.random() < 1 / 12 else sign for sign in text)


_KINDS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "words shuffled": shuffled_words,
    "sentences shuffled": shuffled_sentences,
    "keywords repeated": stuffed,
    "8 % of letters misread": misread,
}
