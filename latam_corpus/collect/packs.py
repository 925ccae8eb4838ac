"""Packs: many small files that a worker takes as one part, cut so that a new file changes one of them or two."""

from __future__ import annotations

import hashlib
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.collect.listing import InputFile

# A part takes a tenth of a second and some twenty files on disk, whatever is in it: as much as the stages take for
# 400 kB of text. A larger file than this is worth a part of its own.
SMALL: Final = 2**20
# So few small files are a part each: what that costs isn't felt, and workers can share them.
FEW: Final = 16
# What a pack may hold; on the average it holds half of one or the other. Small enough that a changed file redoes some
# seconds of work, and that there are packs for all workers.
PACK_FILES: Final = 1024
PACK_BYTES: Final = 32 * 2**20


def packs(files: Sequence[InputFile]) -> Iterator[tuple[InputFile, ...]]:
    """The files of a source, in their order, as those that are read together; a large file stands alone.

    Args:
        files: those of `list_inputs`.
    """
    few = sum(file.size <= SMALL for file in files) <= FEW
    for alone, run in groupby(files, key=lambda file: few or file.size > SMALL):
        mine = tuple(run)
        yield from ((file,) for file in mine) if alone else _cut(mine, [_lot(file) for file in mine])


def _cut(files: tuple[InputFile, ...], lots: list[bytes]) -> Iterator[tuple[InputFile, ...]]:
    """The files in packs, cut before the one with the least lot, and again what is still too large.

    Where a cut falls rests on the paths around it alone. A file that comes or goes changes its own pack, or where it
    has the least lot or makes a pack too large, two; counted from the first file, all that follow would change.
    """
    if len(files) <= PACK_FILES and sum(file.size for file in files) <= PACK_BYTES:
        yield files
        return
    place = min(range(1, len(files)), key=lots.__getitem__)
    yield from _cut(files[:place], lots[:place])
    yield from _cut(files[place:], lots[place:])


def _lot(file: InputFile) -> bytes:
    """What is drawn for a file by its path."""
    return hashlib.sha256(file.relative.encode()).digest()
