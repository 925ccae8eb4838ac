"""Add one language to a model as a row of its output matrix.

A label of a softmax classifier is a row of its output matrix. The input matrix, which turns a line into a vector, and
the rows of all other labels are kept byte for byte. The new row separates lines in the language from base lines: it is
fitted by logistic regression against all other labels together, with Newton's method, and has one solution. That takes
seconds and needs a few hundred lines. Other languages lose only the texts that the new label takes from them, which can
be counted.

Base lines are made from the model's label map: rows of the frequent words of each language, nonsense, and rows of the
new language's own syllables and letters.
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

    from latam_corpus.language.model import LanguageModel

_ROWS_PER_LANGUAGE: Final = 20
_ROWS_OF_COLONIAL: Final = 600  # most texts are in these languages
_NONSENSE: Final = 1000
_SYLLABLES: Final = 500
_ANAGRAMS: Final = 300
_ROW: Final = (4, 30)  # words
_RIDGE: Final = 1e-3  # relative to the number of lines; keeps the new row about as long as other rows
_OWN_WEIGHT: Final = 0.5  # relative to all base lines together: a false identification costs more than a missed one
_STEPS: Final = 100
_MAX_STEP: Final = 5.0  # limit of a Newton step: with few lines, the first steps may be far too long
_TOLERANCE: Final = 1e-6
# A telling word has less than this probability, when read alone, of being in one of the four colonial languages.
_FOREIGN: Final = 0.5
_LEAST_LINES: Final = 2  # minimum number of lines in which a word must occur
# The offset after the magic number, the version, and the arguments: see `ftz.read_parts`.
_COUNTS_AT: Final = struct.calcsize("<ii12id")
_COUNTS: Final = "<iiiqq"


def base_lines(model: LanguageModel, without: str, rng: random.Random) -> list[tuple[str, str]]:
    """Return rows of the frequent words of each language in the label map, with the code of its group."""
    rows = []
    for group in sorted(model.words):
        words = sorted(model.words[group])
        if group != without and words:
            count = _ROWS_OF_COLONIAL if group in RULE.colonial else _ROWS_PER_LANGUAGE
            rows += [(group, " ".join(rng.choices(words, k=rng.randint(*_ROW)))) for _ in range(count)]
    return rows


def no_language(lines: Sequence[str], rng: random.Random) -> list[str]:
    """Return rows in no language: nonsense, and rows of the lines' syllables and letters."""
    words = " ".join(lines).split()
    rows = [augment.nonsense(rng) for _ in range(_NONSENSE)]
    rows += [augment.respoken(words, _ROW[1], rng) for _ in range(_SYLLABLES)]
    return rows + [augment.anagram(rng.choice(lines), rng) for _ in range(_ANAGRAMS)]


def fitted_row(
    model: LanguageModel, own_lines: Sequence[str], other_lines: Sequence[str], is_own_label: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Fit the row of the output matrix that separates a language's lines from other lines, float32[dim].

    Lines are normalised; `other_lines` are in other languages or in none. `is_own_label` is bool[labels], the labels
    that the model already has for the language, which aren't rivals.
    """
    vectors = model.vectors([*own_lines, *other_lines]).astype(np.float64)
    scores = vectors @ model.output[~is_own_label].astype(np.float64).T
    highest = scores.max(axis=1, keepdims=True)
    rivals = (highest + np.log(np.exp(scores - highest).sum(axis=1, keepdims=True)))[:, 0]
    is_own = np.arange(len(vectors)) < len(own_lines)
    weights = np.where(is_own, _OWN_WEIGHT * len(other_lines) / len(own_lines), 1.0)
    ridge = _RIDGE * len(vectors)
    row = np.zeros(vectors.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(vectors @ row - rivals, -50, 50)))
        gradient = vectors.T @ (weights * (is_own - chance)) - ridge * row
        hessian = (vectors * (weights * chance * (1 - chance))[:, None]).T @ vectors + ridge * np.eye(len(row))
        step = np.linalg.solve(hessian, gradient)
        row += step * min(1.0, _MAX_STEP / max(float(np.abs(step).max()), _TOLERANCE))
        if np.abs(step).max() < _TOLERANCE:
            break
    return row.astype(np.float32)


def telling_words(model: LanguageModel, group: str, lines: Sequence[str]) -> list[str]:
    """Return the frequent words that identify a language and aren't Spanish, Portuguese, English or French.

    The words of `group` in the label map come first.
    """
    counts = Counter(word for line in lines for word in set(line.split()))
    colonial_words = {word for code in RULE.colonial for word in model.words.get(code, ())}
    frequent = [word for word, n in counts.most_common() if n >= _LEAST_LINES and word not in colonial_words]
    colonial = [index for index, code in enumerate(model.groups) if code in RULE.colonial]
    shares = model.by_group(model.probabilities(frequent))[:, colonial].sum(axis=1) if frequent else ()
    own_words = [word for word, share in zip(frequent, shares, strict=True) if share < _FOREIGN]
    return list(dict.fromkeys([*sorted(model.words.get(group, ())), *own_words[: RULE.words]]))


def with_label(data: bytes, label: str, lines: int, row: NDArray[np.float32]) -> bytes:
    """Append a label to the bytes of a quantized model; the rows of other labels are unchanged.

    `data` is a `.ftz` file that `ftz.read_parts` can read; `row` is float32[dim], the label's row of the output matrix.

    Raises:
        ValueError: the width of the model's output differs from the row's.
    """
    size, words, labels, tokens, pruned = struct.unpack_from(_COUNTS, data, _COUNTS_AT)
    start = stop = _COUNTS_AT + struct.calcsize(_COUNTS)
    for _ in range(size):
        stop = data.index(b"\0", stop) + 1 + struct.calcsize("<qb")
    output = len(data) - struct.calcsize("<qq") - 4 * labels * len(row)
    if struct.unpack_from("<qq", data, output) != (labels, len(row)):
        raise ValueError(f"its output isn't {len(row)} wide")
    counts = struct.pack(_COUNTS, size + 1, words, labels + 1, tokens, pruned)
    entry = label.encode() + b"\0" + struct.pack("<qb", lines, 1)
    matrix = struct.pack("<qq", labels + 1, len(row)) + data[output + struct.calcsize("<qq") :]
    return (
        data[:_COUNTS_AT] + counts + data[start:stop] + entry + data[stop:output] + matrix + row.astype("<f4").tobytes()
    )


def extended_map(text: str, head: Mapping[str, str], tables: Mapping[str, Mapping[str, str]], origin: str) -> str:
    """Return a label map with new top-level values and new entries in its tables.

    Args:
        text: the map as TOML, in the form that `train` writes: each key is on one line, and no table is repeated.
        head: the new top-level TOML values by key.
        tables: the new TOML values by table and key; they replace existing values.
        origin: a new entry of `[[trained_on]]`, as TOML.
    """
    lines = text.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("["))
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
