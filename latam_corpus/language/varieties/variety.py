"""The variety of a document in Spanish or Portuguese, told by cues; nothing is said rather than a guess.

A region is named only when enough different words speak for it against each other region: a cue that two regions
share decides nothing between them. A country of the region is named by the same rule, a looser one never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.language.varieties.variety_cues import Matches, lexicons
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.varieties.variety_cues import Lexicon

# Chosen on one half of the labelled texts and reported on the other, see docs/varieties.md.
LEAST_WORDS: Final = 200
# Cues that the other region lacks, and how many they must be together with all that speak for the region: three of its
# own, or two and others that it shares.
LEAST_OWN: Final = 2
LEAST_TOGETHER: Final = 6
MARGIN: Final = 3.0
LEAST_OF_A_COUNTRY: Final = 3
TAGS: Final = {"spa": "es", "por": "pt"}


def predict(words: WordTable, languages: Sequence[str], folder: str = "") -> list[str | None]:
    """Return the variety of each document as a BCP 47 tag, None where its cues don't suffice.

    Args:
        words: the word table of n documents.
        languages: n ISO 639-3 codes; only `spa` and `por` can be told, "" stands for a document to leave alone.
        folder: a `filters/` folder; the shipped one when empty.

    Raises:
        ConfigError: a file of `varieties/` is wrong.
    """
    varieties: list[str | None] = [None] * len(words)
    enough = words.word_count >= LEAST_WORDS
    for language, lexicon in lexicons(folder).items():
        wanted = enough & np.array([code == language for code in languages], np.bool_)
        if wanted.any():
            matches = Matches.of(words, lexicon, wanted)
            for row, tag in _decide(matches, lexicon).items():
                varieties[row] = tag
    return varieties


def cues(text: str, language: str, folder: str = "") -> dict[str, list[str]]:
    """Return the cues that a text has, by the region that they speak for, the most frequent first.

    Args:
        text: any text; also one that is too short to be told.
        language: `spa` or `por`; other languages have no cues.
        folder: a `filters/` folder; the shipped one when empty.

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
    return {region: listed for region, listed in by_region.items() if listed}


def _decide(matches: Matches, lexicon: Lexicon) -> dict[int, str]:
    """Return the tags of the documents whose cues suffice."""
    documents, inverse = np.unique(matches.document, return_inverse=True)
    by_group = np.zeros((len(documents), len(lexicon.groups)), np.int64)
    np.add.at(by_group, (inverse, lexicon.group_of[matches.cue]), 1)
    evidence = np.minimum(by_group, lexicon.most)
    best = winner(evidence, lexicon.speaks_for, LEAST_OWN, LEAST_TOGETHER)
    varieties = {}
    for number in np.flatnonzero(best >= 0).tolist():
        region = lexicon.regions[best[number]]
        varieties[int(documents[number])] = _country(evidence[number], region, lexicon) or lexicon.files[region].variety
    return varieties


def _country(evidence: NDArray[np.int64], region: str, lexicon: Lexicon) -> str | None:
    """Return the tag of the region's country that the groups which name countries speak for, None where they don't."""
    file = lexicon.files[region]
    named = [own == region and bool(group.countries) for own, group in lexicon.groups]
    if len(file.countries) < 2 or not any(named):  # noqa: PLR2004  (a region of one country has its tag)
        return None
    of = np.array([[country in group.countries for country in file.countries] for _, group in lexicon.groups])
    best = int(winner((evidence * named)[None, :], of, LEAST_OF_A_COUNTRY, 2 * LEAST_OF_A_COUNTRY)[0])
    return f"{TAGS[file.language]}-{file.countries[best]}" if best >= 0 else None


def winner(evidence: NDArray[np.int64], speaks_for: NDArray[np.bool_], least_own: int, least: int) -> NDArray[np.int64]:
    """Return the place that each document's evidence speaks for against every other one, -1 where there is none.

    Args:
        evidence: int64[n, groups], how many different cues of each group.
        speaks_for: bool[groups, places].
        least_own: how many cues must speak for the place and not for the other one, for each other place.
        least: how many these must be together with all that speak for the place.

    >>> of = np.array([[True, False], [False, True], [True, True]])
    >>> winner(np.array([[3, 1, 0], [3, 2, 0], [0, 0, 9]]), of, 2, 6).tolist()
    [0, -1, -1]
    """
    n, places = len(evidence), speaks_for.shape[1]
    # own[d, a, b]: cues that speak for a and not for b.
    own = np.empty((n, places, places))
    for a in range(places):
        own[:, a, :] = evidence @ (speaks_for[:, [a]] & ~speaks_for)
    total = evidence @ speaks_for
    beats = (own >= least_own) & (own + total[:, :, None] >= least) & (own >= MARGIN * own.transpose(0, 2, 1))
    beats[:, np.arange(places), np.arange(places)] = True
    wins = beats.all(axis=2)
    best: NDArray[np.int64] = np.where(wins.sum(axis=1) > 0, wins.argmax(axis=1), -1)
    return best
