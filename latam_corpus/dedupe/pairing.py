"""Documents that share values, paired a bucket of values at a time: the compiled loops under `pairs.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.dedupe.pairing_kernels import COMMONS, PLACE, ROOMY, bits_of, paired

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.dedupe.buckets import Laid


class Pairing:
    """A pass over the values laid in buckets that can stop within any value and go on, so that pairs never pile up.

    A bucket is small enough for the processor's nearest caches, and its values are spread evenly. Nearly all that only
    one document has are alone among many more bins than there are values, and done with; the others are sorted.

    Attributes:
        told: int64[3], distinct values, those over the cap and the pairs left out, until now.
    """

    def __init__(self, found: Laid, cap: int, hubs: int, common: int) -> None:
        """Begin at the first bucket.

        Args:
            found: of all pieces.
            cap: see `pairs.partial_pairs`, as what follows.
            hubs: see there.
            common: see there.
        """
        self.told = np.zeros(3, np.int64)
        self._found = found
        self._limits = np.array([cap, min(hubs, cap), common], np.int64)
        self._common = np.empty(len(found.values) // (common + 1) + 1, np.uint64)
        most = int(found.sizes.max(initial=0))
        bits = bits_of(most)
        self._room = (
            np.empty(most + 1, np.uint64),
            np.empty(most + 1, np.uint32),
            np.empty(most + 1, np.uint64),
            np.empty(most + 1, np.uint32),
            np.empty(ROOMY << bits, np.uint8),
            np.empty((1 << bits) + 1, np.int32),
        )
        self._place = np.zeros(PLACE, np.int64)

    @property
    def common(self) -> NDArray[np.uint64]:
        """The values that many documents have, in no order."""
        return self._common[: self._place[COMMONS]]

    def fill(self, keys: NDArray[np.uint64]) -> int:
        """Write the keys of the next pairs, as many as there is room for; 0 when there are no more.

        Args:
            keys: uint64[k], room for at least `cap` of them.
        """
        found = self._found
        laid = found.values, found.owners, found.starts
        return int(
            paired(laid, self._limits, self._place, self.told, keys, self._common, self._room)
        )  # fmt: skip
