"""What tells two texts of one template, or two texts around one licence, from two copies of one text.

No bound on the shared share can: decrees, weather reports and obituaries share .72 to .91 of their words. Between two
shared runs a copy has the same numbers and names, misread at most; another text of the template has others there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.dedupe.guards_kernels import rare_shared
from latam_corpus.dedupe.minhash import proposals_of
from latam_corpus.dedupe.scheme import Ragged, Scheme, sampling_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Rarity:
    """Which fingerprints are boilerplate.

    Attributes:
        streams: the word stream of each document, numbered as in the pairs, of which its fingerprints are made again
            when they are asked for: few pairs are.
        scheme: how.
        common: uint64, sorted: the fingerprints that many documents have (`pairs.Candidates.common`).
    """

    streams: Ragged
    scheme: Scheme
    common: NDArray[np.uint64]

    def shared(self, pairs: NDArray[np.uint32]) -> NDArray[np.float32]:
        """The share of each one's rare fingerprints that the other has too, float32[k, 2]; 0 where it has none.

        >>> streams = Ragged(np.array([*range(9), *range(5), *range(20, 24)], np.uint32), np.array([0, 9, 18]))
        >>> pairs, scheme = np.array([[0, 1]], np.uint32), Scheme()
        >>> Rarity(streams, scheme, np.zeros(0, np.uint64)).shared(pairs)
        array([[0.33333334, 0.33333334]], dtype=float32)
        >>> Rarity(streams, scheme, proposals_of(streams, scheme).of(0)).shared(pairs).tolist()
        [[0.0, 0.0]]
        """
        made = np.empty((len(pairs), 2), np.float32)
        numbers, places = np.unique(pairs, return_inverse=True)
        streams = self.streams.some(numbers)
        found = proposals_of(streams, self.scheme)
        sampling = sampling_of(streams.counts)
        rare_shared(found.values, found.offsets, self.common, sampling, places.reshape(pairs.shape), made)
        return made
