"""Settings of trainings, in a separate module so that the command line shows them without loading fastText."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IdentifierSettings:
    """The settings of a training; the shipped model was trained with the defaults.

    Settings without a description here are fastText's.

    Attributes:
        seed: the seed of sampling and of fastText.
        most: the maximum number of lines per label; more are sampled down.
        most_major: the maximum number of lines of Spanish and of Portuguese, in which most texts are written.
        most_neighbour: the maximum number of lines, without scraps, of each language that resembles these two
            (`sampling.NEIGHBOURS`).
        least: the minimum number of lines per label; pieces of lines are added if there are fewer.
        least_american: the minimum for a language of the Americas; many have only a few hundred rows of words.
        least_major: the minimum for Spanish and for Portuguese.
        scraps: the number of short stretches added to each language that resembles Spanish and Portuguese.
        scraps_major: the number of short stretches added to Spanish and to Portuguese.
        nonsense: the number of lines in no language, for `und`.
        epoch_after: passes over the lines after quantization keeps only `cutoff` vectors.
        lr_after: the learning rate of these passes.
        threads: the number of threads; training is reproducible only with one.
    """

    seed: int = 20261124
    most: int = 8000
    most_major: int = 90_000
    most_neighbour: int = 12_000
    least: int = 150
    least_american: int = 800
    least_major: int = 85_000
    scraps: int = 9000
    scraps_major: int = 20_000
    nonsense: int = 10_000
    epoch: int = 6
    lr: float = 0.6
    dim: int = 32
    minn: int = 2
    maxn: int = 5
    bucket: int = 1_000_000
    min_count: int = 15
    cutoff: int = 300_000
    epoch_after: int = 1
    lr_after: float = 0.3
    threads: int = 1


@dataclass(frozen=True)
class ScoreSettings:
    """The settings of a training.

    Attributes:
        seed: the seed of the order of lines and of fastText.
        epoch: the number of passes over the lines.
        dim: the length of vectors during training; the written model has one number per word.
        bucket: the number of hash buckets for pairs of words.
        min_count: the minimum number of times that a word must occur.
    """

    seed: int = 20261125
    epoch: int = 5
    lr: float = 0.5
    dim: int = 16
    bucket: int = 2**18
    min_count: int = 3
