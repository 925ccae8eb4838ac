"""Bounds proposed from a sample that somebody vouches for: none loses more of it than agreed.

Which signals are bounded, and on which side, is what the present policy says; the sample says where. A bound that loses
no more than agreed stays as it is, since a tighter one can only cost more of what is good, unless it is asked for. One
that moves leaves room beyond the sample's edge: other good documents lie beyond it. What the new bounds would lose is
counted on documents that they weren't chosen on: the sample is halved by the hash of its ids,
each half's bounds are tried on the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _, decimal
from latam_corpus.quality.distribution import signal_values
from latam_corpus.quality.filter import outside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from latam_corpus.policies.policy import Bound, Policies

LEAST: Final = 40  # each half needs some documents beyond its first and last
_SLACK: Final = 0.1  # of the way from the median to the edge: of a normal distribution at 1 % it loses a half of that
_DIGITS: Final = 2


@dataclass(frozen=True)
class Suggestion:
    """Bounds for one language and genre.

    Attributes:
        documents: how many the sample has.
        typical: medians of the signals that a language file calls typical.
        bounds: proposed, in the order of the present ones.
        present: the present ones.
        loses: the share that all proposed bounds together would drop, on documents not chosen on.
        present_loses: the share that the present bounds drop.
    """

    language: str
    genre: str
    documents: int
    typical: dict[str, float]
    bounds: tuple[Bound, ...]
    present: tuple[Bound, ...]
    loses: float
    present_loses: float

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "language": self.language,
            "genre": self.genre,
            "documents": self.documents,
            "typical": self.typical,
            "bounds": {b.signal: {"min": b.minimum, "max": b.maximum, "file": b.file} for b in self.bounds},
            "present": {b.signal: {"min": b.minimum, "max": b.maximum, "file": b.file} for b in self.present},
            "loses": self.loses,
            "present_loses": self.present_loses,
        }


def suggest(frame: pl.DataFrame, policies: Policies, lose: float, *, tighten: bool = False) -> list[Suggestion]:
    """Bounds for each language and genre of a sample, the largest group first.

    Args:
        frame: `doc_id`, `language`, `genre` and `signals` of documents that are all good.
        policies: the present ones.
        lose: the share of good documents that each bound may drop, 0 to 0.2.
        tighten: whether bounds that lose less than that move towards the sample, too.

    Raises:
        ConfigError: `lose` is out of range, or no group has LEAST documents.
    """
    if not 0 <= lose <= 0.2:  # noqa: PLR2004  (a bound that loses a fifth of what is good is no bound)
        problem = _("{share} is no share that a bound may lose", share=decimal(f"{lose:g}"))
        raise ConfigError("--lose", problem, _("give one from 0 to 0.2, as 0.01"))
    parts = sorted(frame.group_by("language", "genre"), key=lambda group: (-group[1].height, group[0]))
    large = [(str(language), str(genre), part) for (language, genre), part in parts if part.height >= LEAST]
    suggestions = [_of_group(part, language, genre, policies, lose, tighten) for language, genre, part in large]
    if not suggestions:
        most = max((part.height for _, part in parts), default=0)
        raise ConfigError(
            "--suggest",
            _("the largest group of one language and genre has {n} {n:document|documents}", n=most),
            _("bounds need {n} good ones at least, some hundreds better", n=LEAST),
        )
    return suggestions


def _of_group(
    part: pl.DataFrame, language: str, genre: str, policies: Policies, lose: float, tighten: bool
) -> Suggestion:
    present = policies.bounds(language, genre)
    values = {name: signal_values(part, name) for name in ("word_count", *(b.signal for b in present))}
    half = np.array([hashlib.sha256(doc_id.encode()).digest()[0] & 1 for doc_id in part["doc_id"]], np.bool_)
    lost = 0
    for mine in (half, ~half):
        bounds = _bounds(present, {name: values_of[mine] for name, values_of in values.items()}, lose, tighten)
        lost += int(_any_outside(bounds, {name: values_of[~mine] for name, values_of in values.items()}).sum())
    typical = {}
    for name in dict.fromkeys(name for file in policies.languages.values() for name in file.typical):
        values_of = signal_values(part, name)
        if np.isfinite(values_of).any() and (median := np.nanmedian(values_of)) > 0:
            typical[name] = float(f"{median:.3g}")
    return Suggestion(
        language,
        genre,
        part.height,
        typical,
        _bounds(present, values, lose, tighten),
        present,
        lost / part.height,
        float(_any_outside(present, values).mean()),
    )


def _bounds(
    present: Sequence[Bound], values: Mapping[str, NDArray[np.float32]], lose: float, tighten: bool
) -> tuple[Bound, ...]:
    suggested = []
    for bound in present:
        finite = np.sort(values[bound.signal][np.isfinite(values[bound.signal])]).astype(float)
        if not len(finite):
            suggested.append(bound)
            continue
        may = int(lose * len(finite))  # so many may lie beyond each end
        below, above = (int(mask.sum()) for mask in outside(values[bound.signal], bound, values["word_count"]))
        middle = float(np.median(finite))
        low, high = bound.minimum, bound.maximum
        if low is not None and (tighten or below > may):
            edge = finite[may] - _SLACK * (middle - finite[may])
            moved = _rounded(max(edge, 0.0) if finite[0] >= 0 else edge, down=True)
            low = moved if below > may else max(low, moved)
        if high is not None and (tighten or above > may):
            edge = finite[-1 - may] + _SLACK * (finite[-1 - may] - middle)
            moved = _rounded(min(edge, 1.0) if bound.signal.endswith("_share") else edge, down=False)
            high = moved if above > may else min(high, moved)
        suggested.append(replace(bound, minimum=low, maximum=high))
    return tuple(suggested)


def _rounded(value: float, *, down: bool) -> float:
    """Return the value with two digits, away from the good documents.

    >>> _rounded(0.4567, down=True), _rounded(0.0123, down=False), _rounded(0.0, down=True)
    (0.45, 0.013, 0.0)
    """
    if value == 0:
        return 0.0
    step = 10.0 ** (np.floor(np.log10(abs(value))) - _DIGITS + 1)
    cut = np.floor(value / step + 1e-6) if down else np.ceil(value / step - 1e-6)
    return float(f"{cut * step:.6g}")


def _any_outside(bounds: Sequence[Bound], values: Mapping[str, NDArray[np.float32]]) -> NDArray[np.bool_]:
    fallen = np.zeros(len(next(iter(values.values()), np.zeros(0))), np.bool_)
    for bound in bounds:
        below, above = outside(values[bound.signal], bound, values["word_count"])
        fallen |= below | above
    return fallen


def as_toml(suggestion: Suggestion, policies: Policies) -> str:
    """Return the suggestion as the lines of its two policy files, with the present bounds beside; ratios as ratios."""
    language = policies.language(suggestion.language)
    ratios = {s for s, entry in policies.genre(suggestion.genre).bounds.items() if entry.of}
    now = {bound.signal: bound for bound in suggestion.present}
    lines = [f"# {suggestion.documents} documents vouched for; a bound that loses none of them stays."]
    lines += [f"# languages/{language.language}.toml", "[typical]"]
    lines += [f"{name} = {value:g}" for name, value in suggestion.typical.items()]
    for kind in ("languages", "genres"):
        mine = [bound for bound in suggestion.bounds if bound.file.startswith(kind)]
        if not mine:
            continue
        lines += [f"# {mine[0].file}"] * (kind == "genres") + ["[bounds]"]
        for bound in mine:
            scale = 1.0
            if bound.signal in ratios:
                scale = suggestion.typical.get(bound.signal) or language.typical[bound.signal]
            lines.append(_line(bound, now[bound.signal], scale, as_ratio=bound.signal in ratios))
    return "\n".join(lines) + "\n"


def _line(bound: Bound, now: Bound, scale: float, *, as_ratio: bool) -> str:
    ends = [
        f"{end} = {value / scale:.4g}"
        for end, value in (("min", bound.minimum), ("max", bound.maximum))
        if value is not None
    ]
    if as_ratio:
        ends.append('of = "typical"')
    was = ", ".join(
        f"{end} {value:g}" for end, value in (("min", now.minimum), ("max", now.maximum)) if value is not None
    )
    line = f"{bound.signal} = {{ {', '.join(ends)} }}"
    stays = (bound.minimum, bound.maximum) == (now.minimum, now.maximum)
    return f"{line:<60} # {'stays' if stays else f'now {was}'}"
