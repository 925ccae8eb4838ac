"""What `train_identifier.py` can be told, apart from it: the command line shows it without training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What a training can be told; the defaults made the shipped model.

    Attributes:
        seed: of the sampling and of fastText.
        most: lines a label at most; the surplus is sampled away.
        most_major: the same for Spanish and Portuguese, on which most of the work falls.
        most_neighbour: the same for the languages beside them, before the scraps.
        least: lines a label at least; what is missing is repeated, in pieces.
        least_american: the same for languages of the Americas, many of which have a few hundred rows of words alone.
        least_major: the same for Spanish and Portuguese.
        scraps: short stretches of the languages beside Spanish and Portuguese.
        scraps_major: the same of these.
        nonsense: lines in no language, for `und`.
        epoch_after: passes over the lines after the rows of vectors were cut to `cutoff`.
        lr_after: their learning rate.
        threads: one thread gives the same model each time, two don't.
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
