"""Train a quality model on good and bad documents, and measure it on documents that are kept out.

A tenth of the documents, chosen by the hash of their text, is kept out of training; all figures are measured on it.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.__about__ import __version__
from latam_corpus.errors import ConfigError
from latam_corpus.lab.fasttext_process import fit_apart
from latam_corpus.lab.fit_score import BAD, GOOD
from latam_corpus.lab.training_settings import ScoreSettings
from latam_corpus.messages import _
from latam_corpus.quality.learned import SUFFIX, cached_model
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LEAST: Final = 50  # documents of each kind
_WINDOW: Final = 200  # words per line, so that long and short documents have similar lines
_MAX_WINDOWS: Final = 20  # windows per document
_HELD_OUT: Final = 26  # values, of 256, of a hash's first byte
LOSSES: Final = (0.01, 0.05)


@dataclass(frozen=True)
class TrainedScore:
    """The model of a training, and its figures on the documents kept out.

    Attributes:
        good, bad: the number of documents of each kind in training.
        held_good, held_bad: the number of documents of each kind kept out for measuring.
        auc: the share of pairs in which the good document scores above the bad one; None if a kind has no kept-out
            document.
        bounds: triples: a share of good documents, the bound below which they score, and the share of bad documents
            below it.
    """

    model: Path
    good: int
    bad: int
    held_good: int
    held_bad: int
    auc: float | None
    bounds: tuple[tuple[float, float, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the values for JSON."""
        bounds = [{"good_lost": lost, "min": bound, "bad_dropped": dropped} for lost, bound, dropped in self.bounds]
        return asdict(self) | {"model": str(self.model), "bounds": bounds}


def train(
    good: Sequence[str],
    bad: Sequence[str],
    out: Path,
    settings: ScoreSettings | None = None,
    origin: Mapping[str, str] | None = None,
    keep: Path | None = None,
) -> TrainedScore:
    """Train a model, write it, and measure it on the documents kept out.

    `out` ends in .npz. `origin` is stored in the model; `keep` is a path for fastText's own model.

    Raises:
        ConfigError: there are too few texts, a text is both good and bad, or `out` has another suffix.
        CorpusError: fastText failed.
    """
    settings = settings or ScoreSettings()
    if out.suffix != SUFFIX:
        raise ConfigError(
            str(out),
            _("the file name of a quality model ends in {suffix}", suffix=SUFFIX),
            _("name it {stem}{suffix}", stem=out.stem, suffix=SUFFIX),
        )
    good, bad = _distinct(good), _distinct(bad)
    _check(good, bad)
    trained, held_out = zip(*(_split(texts) for texts in (good, bad)), strict=True)
    about = {"toolkit": __version__, "settings": asdict(settings), "good": len(trained[0]), "bad": len(trained[1])}
    about["origin"] = dict(origin or {})
    out.parent.mkdir(parents=True, exist_ok=True)
    _fit(_lines(trained[0], GOOD) + _lines(trained[1], BAD), out, settings, about, keep)
    scores = [cached_model(str(out))(WordTable.of(texts)) for texts in held_out]
    return TrainedScore(
        out, len(trained[0]), len(trained[1]), len(held_out[0]), len(held_out[1]), auc(*scores), _bounds(*scores)
    )


def _distinct(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text and text.strip()))


def _check(good: Sequence[str], bad: Sequence[str]) -> None:
    for kind, texts in (("GOOD", good), ("BAD", bad)):
        if len(texts) < LEAST:
            problem = _("it has only {n} different {n:text|texts}", n=len(texts))
            raise ConfigError(
                kind, problem, _("a model needs at least {least} of each kind; a few thousand are better", least=LEAST)
            )
    shared_texts = set(good) & set(bad)
    if shared_texts:
        text = min(shared_texts)
        problem = _(
            "{n} {n:text is|texts are} in both, such as «{names}»",
            n=len(shared_texts),
            names=" ".join(text.split())[:60],
        )
        raise ConfigError(_("GOOD and BAD"), problem, _("remove them from one"))


def _split(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split the texts into those for training and those for measuring."""
    trained: list[str] = []
    held_out: list[str] = []
    for text in texts:
        (held_out if hashlib.sha256(text.encode()).digest()[0] < _HELD_OUT else trained).append(text)
    return trained, held_out


def _lines(texts: Sequence[str], label: str) -> list[str]:
    """Return windows of words as lines for fastText, with each word written as its hash in hexadecimal."""
    table = WordTable.of(list(texts))
    lines = []
    for document in range(len(table)):
        first, stop = int(table.doc_words[document]), int(table.doc_words[document + 1])
        starts = list(range(first, stop, _WINDOW))
        step = max(1, -(-len(starts) // _MAX_WINDOWS))
        for start in starts[::step]:
            words = (f"{word:016x}" for word in table.hashes[start : min(start + _WINDOW, stop)].tolist())
            lines.append(f"{label} {' '.join(words)}\n")
    return lines


def _fit(lines: list[str], out: Path, settings: ScoreSettings, about: Mapping[str, Any], keep: Path | None) -> None:
    random.Random(settings.seed).shuffle(lines)
    options = {
        "lr": settings.lr,
        "dim": settings.dim,
        "epoch": settings.epoch,
        "wordNgrams": 2,
        "minn": 0,
        "maxn": 0,
        "bucket": settings.bucket,
        "minCount": settings.min_count,
        "thread": 1,  # with more threads, training isn't reproducible
        "seed": settings.seed,
        "verbose": 0,
    }
    job = {"train": options, "about": dict(about)}
    fit_apart("latam_corpus.lab.fit_score", lines, out, job | ({"keep": str(keep)} if keep else {}))


def auc(good: NDArray[np.float32], bad: NDArray[np.float32]) -> float | None:
    """Return the share of pairs in which the good document scores above the bad one; None if one kind is empty.

    Ties count as half.

    >>> auc(np.array([0.9, 0.5], np.float32), np.array([0.5, 0.1], np.float32))
    0.875
    """
    if not len(good) or not len(bad):
        return None
    ordered = np.sort(bad)
    below, up_to = np.searchsorted(ordered, good, "left"), np.searchsorted(ordered, good, "right")
    return float((below + up_to).sum() / 2 / (len(good) * len(bad)))


def _bounds(good: NDArray[np.float32], bad: NDArray[np.float32]) -> tuple[tuple[float, float, float], ...]:
    """Return the triples of `TrainedScore.bounds`, one per value of LOSSES that enough good documents can measure."""
    bounds = []
    for lost in LOSSES:
        if len(good) * lost >= 1 and len(bad):
            bound = float(np.sort(good)[int(lost * len(good))])
            bounds.append((lost, bound, float((bad < bound).mean())))
    return tuple(bounds)
