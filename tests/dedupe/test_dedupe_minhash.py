from __future__ import annotations

import numpy as np
import pytest

from latam_corpus.dedupe.fingerprints.anchors import word_stream
from latam_corpus.dedupe.fingerprints.minhash import bands_of, minhash_of, signature_of
from latam_corpus.dedupe.fingerprints.scheme import Scheme
from latam_corpus.errors import ConfigError
from latam_corpus.text.words import WordTable

SIZE = 1024
STORY = (
    "El correo llegaba los jueves en una mula parda que conocía sola el camino del páramo. Don Anselmo la esperaba "
    "sentado en la puerta de la tienda con los anteojos puestos aunque no sabía leer, y cuando la veía asomar por la "
    "curva del molino mandaba al muchacho a avisar a las comadres que pusieran agua para el café. Las cartas se leían "
    "en voz alta, una por una, y nadie se iba hasta la última."
)
OTHER = STORY.replace("una mula parda", "un caballo viejo").replace("a las comadres", "a las vecinas").replace(
    "y nadie se iba hasta la última", "y después se guardaban en una lata de galletas"
)  # fmt: skip


def shingles(text: str, size: int) -> set[str]:
    """Return the runs of words of a text, as strings."""
    words = [word.strip(".,").lower() for word in text.split()]
    return {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}


def test_the_estimate_is_the_true_share() -> None:
    """The share of equal positions is the Jaccard similarity of the runs of words, within the sampling error."""
    first, second = shingles(STORY, 3), shingles(OTHER, 3)
    true = len(first & second) / len(first | second)
    assert 0.3 < true < 0.9
    result = signature_of(word_stream(WordTable.of([STORY, OTHER])), SIZE, shingle=3)
    assert abs(float((result[0] == result[1]).mean()) - true) < 4 * (true * (1 - true) / SIZE) ** 0.5


def test_a_seed_gives_its_own_signatures() -> None:
    """Different seeds give different signatures, and seeds beyond datasketch's limit are refused."""
    stream = word_stream(WordTable.of([STORY]))
    assert (signature_of(stream, SIZE, seed=20) == signature_of(stream, SIZE, seed=21)).mean() < 0.1
    assert Scheme(seed=2**32).seed == 2**32
    with pytest.raises(ConfigError, match="under 4294967296"):
        Scheme(name="minhash", seed=2**32)


def test_fingerprints_of_our_own_are_refused() -> None:
    """An index of signatures that datasketch didn't compute is refused."""
    ours = Scheme(name="minhash").to_dict() | {"version": 1}
    with pytest.raises(ConfigError, match="version 1, this toolkit makes version 2"):
        Scheme.from_dict(ours)
    assert Scheme.from_dict(Scheme().to_dict()) == Scheme()
    assert Scheme().version == 1


def test_different_texts_agree_nowhere() -> None:
    """Two texts without a common run of words have no position and no key in common."""
    stream = word_stream(WordTable.of([STORY, " ".join(reversed(STORY.split()))]))
    assert (signature_of(stream, SIZE, shingle=5)[0] == signature_of(stream, SIZE, shingle=5)[1]).sum() == 0
    keys = minhash_of(stream, 14, 8)
    assert not set(keys[0].tolist()) & set(keys[1].tolist())


def test_keys_are_of_their_band() -> None:
    """A document has fourteen different keys, equal for the same words in any batch."""
    single = minhash_of(word_stream(WordTable.of([STORY])), 14, 8)
    batch = minhash_of(word_stream(WordTable.of([OTHER, STORY.upper()])), 14, 8)
    assert len(set(single[0].tolist())) == 14
    assert np.array_equal(single[0], batch[1])


def test_texts_without_a_run_have_no_keys() -> None:
    """Texts under eight words have no keys, and short texts have keys of shorter runs."""
    texts = ["", "nada que ver", "más vale pájaro en mano que cien volando", STORY]
    result = bands_of(word_stream(WordTable.of(texts)), Scheme(name="minhash"))
    assert result.counts.tolist() == [0, 0, 14, 14]
