"""A model with one language more: what it knows stays as it is, and a row is added to its output.

A label of a softmax classifier is a row of its output matrix. The input, which turns a line into a vector, and the rows
of all other labels are left byte for byte; the new row is the one that best tells lines in the language from base lines
(logistic regression against all other labels together, by Newton's method, which has one solution). So it takes seconds
and some hundred lines, and costs the others only what the new label takes from them, which can be counted.

Base lines are made of what the model's label map has: rows of the frequent words of each language, nonsense, and rows
of the new language's own syllables and letters.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.lab.language import augment
from latam_corpus.language.evidence import RULE

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.model import Model

_ROWS_A_LANGUAGE: Final = 20
_ROWS_OF_COLONIAL: Final = 600  # on which most of the work falls
_NONSENSE: Final = 1000
_SYLLABLES: Final = 500
_ANAGRAMS: Final = 300
_ROW: Final = (4, 30)  # words
_RIDGE: Final = 1e-3  # of the lines' number: keeps the row as long as others are
_OWN_WEIGHT: Final = 0.5  # of all base lines together: a false name costs more than a lost one
_STEPS: Final = 100
_FARTHEST: Final = 5.0  # a step of Newton's, so that a few lines don't throw it far
_NEAR: Final = 1e-6
_FOREIGN: Final = (
    0.5  # a word that the model takes alone for Spanish, Portuguese, English or French with so much is theirs
)
_TWICE: Final = 2
# Behind the magic number, the version, and the arguments, as `ftz.read_parts` reads them.
_COUNTS_AT: Final = struct.calcsize("<ii12id")
_COUNTS: Final = "<iiiqq"


def base_lines(model: Model, without: str, rng: random.Random) -> list[tuple[str, str]]:
    """Return rows of the frequent words of each language that the label map lists, with the group's code.

    Args:
        model: the identifier.
        without: the group that has none.
        rng: what is drawn by.
    """
    rows = []
    for group in sorted(model.words):
        words = sorted(model.words[group])
        if group != without and words:
            count = _ROWS_OF_COLONIAL if group in RULE.colonial else _ROWS_A_LANGUAGE
            rows += [(group, " ".join(rng.choices(words, k=rng.randint(*_ROW)))) for _ in range(count)]
    return rows


def no_language(lines: Sequence[str], rng: random.Random) -> list[str]:
    """Return rows in no language: nonsense, and rows of the syllables and of the letters of the lines."""
    words = " ".join(lines).split()
    rows = [augment.nonsense(rng) for _ in range(_NONSENSE)]
    rows += [augment.respoken(words, _ROW[1], rng) for _ in range(_SYLLABLES)]
    return rows + [augment.anagram(rng.choice(lines), rng) for _ in range(_ANAGRAMS)]


def fitted_row(model: Model, own: Sequence[str], others: Sequence[str], same: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the row of the output matrix that tells a language's lines from others, float32[dim].

    Args:
        model: the identifier.
        own: normalised lines in the language.
        others: normalised lines that are in others or in none.
        same: bool[labels], the labels that it has for the language already, which aren't rivals.
    """
    across = model.output[~same].astype(np.float64).T
    vectors = model.vectors([*own, *others]).astype(np.float64)
    scores = vectors @ across
    highest = scores.max(axis=1, keepdims=True)
    rivals = (highest + np.log(np.exp(scores - highest).sum(axis=1, keepdims=True)))[:, 0]
    is_own = np.arange(len(vectors)) < len(own)
    weights = np.where(is_own, _OWN_WEIGHT * len(others) / len(own), 1.0)
    ridge = _RIDGE * len(vectors)
    row = np.zeros(vectors.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(vectors @ row - rivals, -50, 50)))
        slope = vectors.T @ (weights * (is_own - chance)) - ridge * row
        bend = (vectors * (weights * chance * (1 - chance))[:, None]).T @ vectors + ridge * np.eye(len(row))
        step = np.linalg.solve(bend, slope)
        row += step * min(1.0, _FARTHEST / max(float(np.abs(step).max()), _NEAR))
        if np.abs(step).max() < _NEAR:
            break
    return row.astype(np.float32)


def telling_words(model: Model, group: str, lines: Sequence[str]) -> list[str]:
    """Return the frequent words of a language that show it: without those of Spanish, Portuguese, English and French.

    Args:
        model: knows words of these four.
        group: the code under which the language is judged; what the label map lists for it comes first.
        lines: normalised lines in the language.
    """
    counts = Counter(word for line in lines for word in set(line.split()))
    taken = {word for code in RULE.colonial for word in model.words.get(code, ())}
    often = [word for word, n in counts.most_common() if n >= _TWICE and word not in taken]
    colonial = [place for place, code in enumerate(model.groups) if code in RULE.colonial]
    theirs = model.by_group(model.probabilities(often))[:, colonial].sum(axis=1) if often else ()
    own = [word for word, share in zip(often, theirs, strict=True) if share < _FOREIGN]
    return list(dict.fromkeys([*sorted(model.words.get(group, ())), *own[: RULE.words]]))


def with_label(data: bytes, label: str, lines: int, row: NDArray[np.float32]) -> bytes:
    """Return the bytes of a quantized model with one label more, the last; all else is as it was.

    Args:
        data: of a `.ftz` that `ftz.read_parts` reads.
        label: the label's name.
        lines: how many it was trained on.
        row: float32[dim], of the output matrix.

    Raises:
        ValueError: its output is of another width.
    """
    size, words, labels, tokens, pruned = struct.unpack_from(_COUNTS, data, _COUNTS_AT)
    start = at = _COUNTS_AT + struct.calcsize(_COUNTS)
    for _ in range(size):
        at = data.index(b"\0", at) + 1 + struct.calcsize("<qb")
    output = len(data) - struct.calcsize("<qq") - 4 * labels * len(row)
    if struct.unpack_from("<qq", data, output) != (labels, len(row)):
        raise ValueError(f"its output isn't {len(row)} wide")
    counts = struct.pack(_COUNTS, size + 1, words, labels + 1, tokens, pruned)
    entry = label.encode() + b"\0" + struct.pack("<qb", lines, 1)
    matrix = struct.pack("<qq", labels + 1, len(row)) + data[output + struct.calcsize("<qq") :]
    return data[:_COUNTS_AT] + counts + data[start:at] + entry + data[at:output] + matrix + row.astype("<f4").tobytes()


def extended_map(text: str, head: Mapping[str, str], tables: Mapping[str, Mapping[str, str]], origin: str) -> str:
    """Return a label map with other values at its head, and with an entry more in each of these tables.

    Args:
        text: TOML as `train` writes it: a key stands on one line, and no table comes twice.
        head: key to TOML value.
        tables: table to key to TOML value; a key that is there is given the new value.
        origin: an entry of `[[trained_on]]`, TOML.
    """
    lines = text.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("["))
    top = [f"{key} = {value}" for key, value in head.items()]
    top += [line for line in lines[:first] if line.partition(" = ")[0] not in head]
    extended = [line for line in top if line.strip()] + [""]
    table = ""
    for line in lines[first:]:
        key = line.partition(" = ")[0]
        if line.startswith("["):
            table = line.strip("[]")
            extended += [*origin.splitlines(), ""] if table == "labels" else []
            extended += [line, *(f"{name} = {value}" for name, value in tables.get(table, {}).items())]
        elif key not in tables.get(table, {}):
            extended.append(line)
    return "\n".join(extended) + "\n"
