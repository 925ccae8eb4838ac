"""Settings of `train_score.py`, in their own module: the command line shows them without loading the training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreSettings:
    """The settings of a training.

    Attributes:
        seed: the seed of the order of lines and of fastText.
        epoch: passes over the lines.
        lr: the learning rate.
        dim: numbers per vector during training; the written model has one number per word.
        bucket: hash buckets for pairs of words.
        min_count: how often a word must occur.
    """

    seed: int = 20261125
    epoch: int = 5
    lr: float = 0.5
    dim: int = 16
    bucket: int = 2**18
    min_count: int = 3
