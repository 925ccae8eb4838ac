"""What `train_score.py` can be told, apart from it: the command line shows it without training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What a training can be told.

    Attributes:
        seed: of the order of lines and of fastText.
        epoch: passes over the lines.
        lr: the learning rate.
        dim: numbers a vector, while training; the model has one a word.
        bucket: places for pairs of words.
        min_count: how often a word must stand.
    """

    seed: int = 20261125
    epoch: int = 5
    lr: float = 0.5
    dim: int = 16
    bucket: int = 2**18
    min_count: int = 3
