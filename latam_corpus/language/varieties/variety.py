"""Predict the variety of a document in Spanish or Portuguese from cues; None if they don't suffice.

A region is reported only if enough different words support it against each other region; a cue that two regions share
doesn't decide between them. A country of the region is reported by the same rule, never by a looser one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.language.varieties.variety_cues import Matches, lexicons
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.varieties.variety_cues import VarietyLexicon

# Chosen on one half of the labelled texts and evaluated on the other half, see docs/language.md.
LEAST_WORDS: Final = 200
# Against each other region: the number of cues that the other region lacks, and that number plus all cues of the
# region. Three cues of its own are enough, or two and some shared ones.
LEAST_OWN: Final = 2
LEAST_TOGETHER: Final = 6
MARGIN: Final = 3.0
LEAST_OF_A_COUNTRY: Final = 3
TAGS: Final = {"spa": "es", "por": "pt"}


def predict(words: WordTable, languages: Sequence[str], folder: str = "") -> list[str | None]:
    """Return the variety of each document as a BCP 47 tag, or None if its cues don't suffice.

    Args:
        words: the word table of n documents.
        languages: n ISO 639-3 codes; only `spa` and `por` have varieties; "" skips a document.
        folder: a `filters/` folder; the shipped one if empty.

    Raises:
        ConfigError: a file of `varieties/` is wrong.
    """
    varieties: list[str | None] = [None] * len(words)
    enough = words.word_count >= LEAST_WORDS
    if not folder and not enough.any():  # the shipped cues needn't be loaded, but a user's own cues are checked
        return varieties
    for language, lexicon in lexicons(folder).items():
        is_selected = enough & np.array([code == language for code in languages], np.bool_)
        if is_selected.any():
            matches = Matches.of(words, lexicon, is_selected)
            for row, tag in _decide(matches, lexicon).items():
                varieties[row] = tag
    return varieties


def cues(text: str, language: str, folder: str = "") -> dict[str, list[str]]:
    """Return the cues of a text by the region that they support, most frequent first.

    Args:
        text: any text, even if it is too short for a prediction.
        language: `spa` or `por`; other languages have no cues.
        folder: a `filters/` folder; the shipped one if empty.

    >>> cues("¿Vos sabés si pasa el bondi, che? Es que laburo lejos.", "spa")
    {'mesoamerica': ['vos', 'sabés'], 'rioplatense': ['vos', 'sabés', 'bondi', 'che', 'laburo']}
    >>> cues("O autocarro parou à porta e o telemóvel tocou.", "por")
    {'portugal': ['autocarro', 'telemóvel']}
    """
    lexicon = lexicons(folder).get(language)
    if lexicon is None:
        return {}
    matches = Matches.of(WordTable.of([text]), lexicon, np.ones(1, np.bool_))
    order = np.argsort(-matches.count, kind="stable")
    speaks_for = lexicon.speaks_for[lexicon.group_of]
    by_region = {
        region: [lexicon.words[cue] for cue in matches.cue[order] if speaks_for[cue, region_index]]
        for region_index, region in enumerate(lexicon.regions)
    }
    return {region: region_cues for region, region_cues in by_region.items() if region_cues}


def _decide(matches: Matches, lexicon: VarietyLexicon) -> dict[int, str]:
    """Return the tags of the documents whose cues suffice."""
    documents, inverse = np.unique(matches.document, return_inverse=True)
    by_group = np.zeros((len(documents), len(lexicon.groups)), np.int64)
    np.add.at(by_group, (inverse, lexicon.group_of[matches.cue]), 1)
    evidence = np.minimum(by_group, lexicon.most)
    best = supported_place(evidence, lexicon.speaks_for, LEAST_OWN, LEAST_TOGETHER)
    varieties = {}
    for number in np.flatnonzero(best >= 0).tolist():
        region = lexicon.regions[best[number]]
        varieties[int(documents[number])] = _country(evidence[number], region, lexicon) or lexicon.files[region].variety
    return varieties


def _country(evidence: NDArray[np.int64], region: str, lexicon: VarietyLexicon) -> str | None:
    """Return the tag of the region's country that the cues support; None if they don't suffice."""
    file = lexicon.files[region]
    names_country = [home == region and bool(group.countries) for home, group in lexicon.groups]
    if len(file.countries) < 2 or not any(names_country):  # noqa: PLR2004  (a region of one country has its tag)
        return None
    speaks_for = np.array([[country in group.countries for country in file.countries] for _, group in lexicon.groups])
    best = int(
        supported_place((evidence * names_country)[None, :], speaks_for, LEAST_OF_A_COUNTRY, 2 * LEAST_OF_A_COUNTRY)[0]
    )
    return f"{TAGS[file.language]}-{file.countries[best]}" if best >= 0 else None


def supported_place(
    evidence: NDArray[np.int64], speaks_for: NDArray[np.bool_], least_own: int, least_total: int
) -> NDArray[np.int64]:
    """Return the index of the place that each document's evidence supports against every other place, or -1.

    Args:
        evidence: int64[n, groups], the number of different cues of each group.
        speaks_for: bool[groups, places].
        least_own: for each other place, the minimum number of cues that support this place and not the other.
        least_total: the minimum of that number plus the number of all cues that support this place.

    >>> of = np.array([[True, False], [False, True], [True, True]])
    >>> supported_place(np.array([[3, 1, 0], [3, 2, 0], [0, 0, 9]]), of, 2, 6).tolist()
    [0, -1, -1]
    """
    n, places = len(evidence), speaks_for.shape[1]
    # own_cues[d, a, b]: the number of cues that support a and not b.
    own_cues = np.empty((n, places, places))
    for a in range(places):
        own_cues[:, a, :] = evidence @ (speaks_for[:, [a]] & ~speaks_for)
    total = evidence @ speaks_for
    beats = (
        (own_cues >= least_own)
        & (own_cues + total[:, :, None] >= least_total)
        & (own_cues >= MARGIN * own_cues.transpose(0, 2, 1))
    )
    beats[:, np.arange(places), np.arange(places)] = True
    wins = beats.all(axis=2)
    best: NDArray[np.int64] = np.where(wins.sum(axis=1) > 0, wins.argmax(axis=1), -1)
    return best
