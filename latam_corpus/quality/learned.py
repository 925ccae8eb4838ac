"""A learned quality score: fastText's linear model over words and word pairs, reduced to one number per word.

fastText scores a text by the mean vector of its words and word pairs. With two labels, only the product of a vector
with the difference of the labels' vectors matters. So a model is a table from word hash to one number, with one number
for each bucket of pairs. It is applied to the existing word table, contains no readable word, and is opened without
fastText. The score is a signal like any other: a policy's bound decides, never the model.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.quality.learned_kernels import fill, score
from latam_corpus.storage.durable import digest_of
from latam_corpus.text.words import hash_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from latam_corpus.text.words import WordTable

SUFFIX: Final = ".npz"
_FORMAT: Final = 1
_PROBE: Final = "ñandú"  # its hash shows whether the model and this version hash words in the same way
END: Final = "</s>"  # fastText's token for the end of a text


@dataclass(frozen=True, eq=False)
class QualityModel:
    """An opened model.

    Attributes:
        keys: uint64[capacity], an open-addressing table of word hashes, 0 if free.
        weights: float32[capacity], the weight of each word.
        pairs: float32[buckets], the weight of each pair of words.
        end: the weight of the end of a text.
        about: its training data and settings.
    """

    keys: NDArray[np.uint64]
    weights: NDArray[np.float32]
    pairs: NDArray[np.float32]
    end: float
    about: Mapping[str, Any]

    def __call__(self, words: WordTable) -> NDArray[np.float32]:
        """Return the probability that each document is good, float32[n]; 0.5 for a text without words."""
        scores = np.zeros(len(words), np.float32)
        score(words.hashes, words.doc_words, self.keys, self.weights, self.pairs, np.float32(self.end), scores)
        return scores


def save_model(
    path: Path,
    hashes: NDArray[np.uint64],
    weights: NDArray[np.float32],
    pairs: NDArray[np.float32],
    end: float,
    about: Mapping[str, Any],
) -> None:
    """Write a model: the hashes and weights of words, the weights of pairs, and its description."""
    metadata = {"format": _FORMAT, "probe": str(hash_words([_PROBE])[0])} | dict(about)
    order = np.argsort(hashes)
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            hashes=hashes[order],
            weights=weights[order].astype(np.float32),
            pairs=pairs.astype(np.float32),
            end=np.float32(end),
            about=np.frombuffer(json.dumps(metadata, ensure_ascii=False).encode(), np.uint8),
        )


def cached_model(path: str) -> QualityModel:
    """Return the model in a file; it is opened once per worker, and again if the file changes.

    Raises:
        ConfigError: the file doesn't exist, isn't a quality model, or was trained with another hash of words.
    """
    file = Path(path)
    if not file.is_file():
        raise ConfigError(path, _("there is no such quality model"), _("`latam-corpus quality train` makes one"))
    return _load(file, file.stat().st_mtime_ns)


def model_digest(path: str) -> str:
    """Return a digest of the model."""
    cached_model(path)
    return digest_of(Path(path))[:16]


@lru_cache(maxsize=4)
def _load(path: Path, _stamp: int) -> QualityModel:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            hashes, weights = arrays["hashes"].astype(np.uint64), arrays["weights"].astype(np.float32)
            pairs, end = arrays["pairs"].astype(np.float32), float(arrays["end"])
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        problem = _("it isn't a quality model: {reason}", reason=error)
        raise ConfigError(str(path), problem, _("`latam-corpus quality train` makes one")) from None
    if about.get("format") != _FORMAT or about.get("probe") != str(hash_words([_PROBE])[0]):
        raise ConfigError(str(path), _("it was made for another version's word table"), _("train it again"))
    capacity = 1 << max(4, (2 * len(hashes)).bit_length())
    keys, values = np.zeros(capacity, np.uint64), np.zeros(capacity, np.float32)
    fill(hashes, weights, keys, values)
    return QualityModel(keys, values, pairs, end, about)
