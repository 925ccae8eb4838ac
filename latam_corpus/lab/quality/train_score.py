"""Training a quality model from what somebody vouches for and what they name as bad, and measuring it on the rest.

A tenth of the documents, by the hash of their text, is kept out of training: what is said of a model is counted there.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.__about__ import __version__
from latam_corpus.errors import ConfigError
from latam_corpus.lab.quality.fit_score import BAD, GOOD
from latam_corpus.lab.quality.score_settings import Settings
from latam_corpus.messages import _
from latam_corpus.quality.learned import SUFFIX, cached_model
from latam_corpus.text.fasttext_process import fit_apart
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LEAST: Final = 50  # documents of each kind
_WINDOW: Final = 200  # words a line: documents of any length count alike
_WINDOWS: Final = 20  # lines a document at most
_HELD_OUT: Final = 26  # of 256
LOSSES: Final = (0.01, 0.05)


@dataclass(frozen=True)
class Trained:
    """What a training made, and what was measured on documents that it didn't see.

    Attributes:
        model: the file.
        good: documents trained on; likewise `bad`.
        held_good: documents measured on; likewise `held_bad`.
        auc: how often a good document scores above a bad one; None where one kind has none kept out.
        bounds: for each share of good documents lost, the bound and the share of bad ones below it.
    """

    model: Path
    good: int
    bad: int
    held_good: int
    held_bad: int
    auc: float | None
    bounds: tuple[tuple[float, float, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        named = [{"good_lost": lost, "min": bound, "bad_dropped": dropped} for lost, bound, dropped in self.bounds]
        return asdict(self) | {"model": str(self.model), "bounds": named}


def train(
    good: Sequence[str],
    bad: Sequence[str],
    out: Path,
    settings: Settings | None = None,
    origin: Mapping[str, str] | None = None,
    keep: Path | None = None,
) -> Trained:
    """Return the model written to `out`, and its figures on the documents kept out.

    Args:
        good: texts that somebody vouches for.
        bad: texts that they name as bad.
        out: where the model goes, .npz.
        settings: of training.
        origin: what the texts are, for whoever opens the model.
        keep: where fastText's own model goes, if it is wanted.

    Raises:
        ConfigError: too few texts, a text that is both good and bad, or another suffix.
        CorpusError: fastText failed.
    """
    settings = settings or Settings()
    if out.suffix != SUFFIX:
        raise ConfigError(
            str(out),
            _("a quality model ends in {suffix}", suffix=SUFFIX),
            _("name it {stem}{suffix}", stem=out.stem, suffix=SUFFIX),
        )
    good, bad = _distinct(good), _distinct(bad)
    _check(good, bad)
    seen, held = zip(*(_halves(texts) for texts in (good, bad)), strict=True)
    about = {"toolkit": __version__, "settings": asdict(settings), "good": len(seen[0]), "bad": len(seen[1])}
    about["origin"] = dict(origin or {})
    out.parent.mkdir(parents=True, exist_ok=True)
    _fit(_lines(seen[0], GOOD) + _lines(seen[1], BAD), out, settings, about, keep)
    scores = [cached_model(str(out))(WordTable.of(texts)) for texts in held]
    return Trained(out, len(seen[0]), len(seen[1]), len(held[0]), len(held[1]), auc(*scores), _bounds(*scores))


def _distinct(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text and text.strip()))


def _check(good: Sequence[str], bad: Sequence[str]) -> None:
    for kind, texts in (("GOOD", good), ("BAD", bad)):
        if len(texts) < LEAST:
            problem = _("{n} different {n:text|texts}", n=len(texts))
            raise ConfigError(
                kind, problem, _("a model needs {least} of each kind at least, some thousands better", least=LEAST)
            )
    both = set(good) & set(bad)
    if both:
        text = min(both)
        problem = _(
            "{n} {n:text is|texts are} in both, such as «{names}»", n=len(both), names=" ".join(text.split())[:60]
        )
        raise ConfigError(_("GOOD and BAD"), problem, _("take them out of one"))


def _halves(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    out = [hashlib.sha256(text.encode()).digest()[0] < _HELD_OUT for text in texts]
    seen = [text for text, is_held_out in zip(texts, out, strict=True) if not is_held_out]
    return seen, [text for text, is_held_out in zip(texts, out, strict=True) if is_held_out]


def _lines(texts: Sequence[str], label: str) -> list[str]:
    """Windows of words as fastText reads them: each word its hash in hex."""
    table = WordTable.of(list(texts))
    lines = []
    for document in range(len(table)):
        first, stop = int(table.doc_words[document]), int(table.doc_words[document + 1])
        starts = list(range(first, stop, _WINDOW))
        step = max(1, -(-len(starts) // _WINDOWS))
        for start in starts[::step]:
            words = (f"{word:016x}" for word in table.hashes[start : min(start + _WINDOW, stop)].tolist())
            lines.append(f"{label} {' '.join(words)}\n")
    return lines


def _fit(lines: list[str], out: Path, settings: Settings, about: Mapping[str, Any], keep: Path | None) -> None:
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
        "thread": 1,  # two give another model each time
        "seed": settings.seed,
        "verbose": 0,
    }
    job = {"train": options, "about": dict(about)}
    fit_apart("latam_corpus.lab.quality.fit_score", lines, out, job | ({"keep": str(keep)} if keep else {}))


def auc(good: NDArray[np.float32], bad: NDArray[np.float32]) -> float | None:
    """How often a good document scores above a bad one, ties counted half; None where one kind is empty.

    >>> auc(np.array([0.9, 0.5], np.float32), np.array([0.5, 0.1], np.float32))
    0.875
    """
    if not len(good) or not len(bad):
        return None
    ordered = np.sort(bad)
    below, upto = np.searchsorted(ordered, good, "left"), np.searchsorted(ordered, good, "right")
    return float((below + upto).sum() / 2 / (len(good) * len(bad)))


def _bounds(good: NDArray[np.float32], bad: NDArray[np.float32]) -> tuple[tuple[float, float, float], ...]:
    """For each of LOSSES that the good documents are enough to show, the bound and what it drops of the bad."""
    bounds = []
    for lost in LOSSES:
        if len(good) * lost >= 1 and len(bad):
            bound = float(np.sort(good)[int(lost * len(good))])
            bounds.append((lost, bound, float((bad < bound).mean())))
    return tuple(bounds)
