"""Settings of `train_score.py`, in a separate module so that the command line shows them without loading it."""

from __future__ import annotations

from dataclasses import dataclass


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
