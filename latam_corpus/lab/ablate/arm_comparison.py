"""Models trained alike on each arm's documents, and what they make of texts that none of them has seen.

A difference has an interval: held-out documents, the same for every arm, and seeds are drawn again a thousand times
(paired bootstrap), and the middle 95 of 100 differences are its bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.errors import ConfigError
from latam_corpus.lab.ablate.arms import draw, lines_of
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from latam_corpus.lab.ablate.arms import Arm, Text

    # Trains on texts by a seed, and returns the bits of each held-out text.
    Trainer = Callable[[Sequence[bytes], Sequence[bytes], int], NDArray[np.float64]]

_DRAWS: Final = 1000
# Of fewer held-out documents an interval would say nothing.
_LEAST: Final = 10


@dataclass(frozen=True)
class Score:
    """What the models of an arm make of held-out texts.

    Attributes:
        genre: of the texts; empty for all of the language.
        trained: bytes that each model was trained on.
        held: held-out documents.
        bits: a byte, over the seeds.
        difference: from the first arm's, in bits a byte; below 0 is better.
        low, high: its interval; None where there are too few documents.
    """

    language: str
    genre: str
    arm: str
    trained: int
    held: int
    bits: float
    difference: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Ablation:
    """A comparison.

    Attributes:
        scores: by language, genre and arm.
        lacking: languages that aren't compared, with the arms that have nothing in them.
        left_out: by arm, how many documents have a line of a held-out one, and were trained on by nobody.
    """

    scores: tuple[Score, ...]
    lacking: dict[str, tuple[str, ...]]
    left_out: dict[str, int]


def ablate(
    arms: Sequence[Arm],
    held_out: Sequence[Text],
    trainer: Trainer,
    seeds: int,
    budget: int | None = None,
    *,
    whole: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Ablation:
    """Return what models of each arm make of held-out texts, language by language.

    Args:
        arms: at least two; the others are compared with the first.
        held_out: texts of which no arm should have a copy; what has one of their lines is left out of every arm.
        trainer: makes a model and measures it.
        seeds: how many times documents are drawn and models trained.
        budget: bytes of a language that a model is trained on at most.
        whole: whether each arm gives all it has, up to the budget; else all give as much as the one with the least.
        progress: told how many models are trained, and of how many.

    Raises:
        ConfigError: there are fewer than two arms, two of one name, or no language that all have.
    """
    names = [arm.name for arm in arms]
    if len(names) == 1 or len(set(names)) < len(names):
        raise ConfigError(" ".join(names), _("these aren't two arms of different names"), _("name two or more"))
    if seeds < 1:
        raise ConfigError("--seeds", _("{value} isn't a number above 0", value=seeds), _("give one, such as {n}", n=3))
    away = lines_of(held_out)
    languages = sorted({one.language for one in held_out})
    pools = {(arm.name, language): arm.of(language, away) for arm in arms for language in languages}
    lacking = {
        language: tuple(name for name in names if not pools[name, language])
        for language in languages
        if not all(pools[name, language] for name in names)
    }
    compared = [language for language in languages if language not in lacking]
    if not compared:
        raise ConfigError("--held-out", _("no language of it is in every arm"), _("name texts in the arms' languages"))
    scores: list[Score] = []
    done = 0
    for language in compared:
        held = [one for one in held_out if one.language == language]
        sizes = {name: sum(map(len, pools[name, language])) for name in names}
        equal = min(sizes.values())
        wanted = {name: min(sizes[name] if whole else equal, budget or sizes[name]) for name in names}
        bits = {}
        for name in names:
            each = []
            for seed in range(seeds):
                texts = draw(pools[name, language], wanted[name], seed)
                if not texts:
                    problem = _("{n} bytes of {language} hold no text", n=wanted[name], language=language)
                    raise ConfigError("--bytes", problem, _("give more"))
                each.append(trainer(texts, [one.text for one in held], seed))
                done += 1
                if progress:
                    progress(N_("training models"), done, len(compared) * len(names) * seeds)
            bits[name] = np.array(each)
        scores += _scores(language, held, bits, wanted)
    left_out = {
        arm.name: sum(one.language in compared for one in arm.texts)
        - sum(len(pools[arm.name, language]) for language in compared)
        for arm in arms
    }
    return Ablation(tuple(scores), lacking, left_out)


def _scores(
    language: str, held: Sequence[Text], bits: dict[str, NDArray[np.float64]], trained: dict[str, int]
) -> Iterator[Score]:
    sizes = np.array([len(one.text) for one in held])
    genres = sorted({one.genre for one in held} - {""})
    first = next(iter(bits.values()))
    for genre in ("", *(genres if len(genres) > 1 or not all(one.genre for one in held) else ())):
        mine = np.array([not genre or one.genre == genre for one in held])
        total = sizes[mine].sum()
        for name, each in bits.items():
            apart = (each - first)[:, mine]
            low, high = interval(apart, sizes[mine]) if mine.sum() >= _LEAST and each is not first else (None, None)
            a_byte = each[:, mine].mean(axis=0).sum() / total
            difference = apart.mean(axis=0).sum() / total
            yield Score(
                language, genre, name, trained[name], int(mine.sum()), float(a_byte), float(difference), low, high
            )


def interval(apart: NDArray[np.float64], sizes: NDArray[np.int64]) -> tuple[float, float]:
    """Return the bounds of a difference in bits a byte, by documents (columns) and seeds (rows) drawn again."""
    draws = np.random.Generator(np.random.Philox(key=1))
    seeds, documents = apart.shape
    of_seeds = draws.multinomial(seeds, np.full(seeds, 1 / seeds), _DRAWS) / seeds
    of_documents = draws.multinomial(documents, np.full(documents, 1 / documents), _DRAWS)
    differences = ((of_seeds @ apart) * of_documents).sum(axis=1) / (of_documents @ sizes)
    low, high = np.quantile(differences, (0.025, 0.975))
    return float(low), float(high)
