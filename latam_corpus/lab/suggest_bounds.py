"""Suggest bounds from a sample of good documents, so that each bound drops at most a given share of them.

The current policy decides which signals have bounds, and on which side; the sample decides their values. A bound that
drops at most the given share isn't moved, since a tighter one would only drop more good documents; `tighten` moves it
anyway. A moved bound leaves some room beyond the sample's edge for other good documents. The share that the new bounds
drop is measured by cross-validation: the sample is split in two by the hash of its ids, and each half is measured with
the other half's bounds.
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

LEAST: Final = 40  # documents: each half needs more than its smallest and largest values
_SLACK: Final = 0.1  # share of the distance from median to edge; at 1 % of a normal distribution it halves the loss
_DIGITS: Final = 2  # significant digits


@dataclass(frozen=True)
class Suggestion:
    """Suggested bounds for one language and genre.

    Attributes:
        typical: the medians of the signals that a language file has in `[typical]`.
        bounds: the suggested bounds, in the order of the current ones.
        loses: the share of documents that all suggested bounds together drop, by cross-validation.
        present_loses: the share of documents that the current bounds drop.
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
        """Return the values for JSON."""
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
    """Suggest bounds for each language and genre of a sample, the largest group first.

    `frame` has `doc_id`, `language`, `genre` and `signals` of good documents. `lose` is the share of them that each
    side of a bound may drop, from 0 to 0.2. With `tighten`, bounds that drop less are moved towards the sample too.

    Raises:
        ConfigError: `lose` is out of range, or no group has LEAST documents.
    """
    if not 0 <= lose <= 0.2:  # noqa: PLR2004  (a bound that drops more is useless)
        problem = _("a bound may not lose a share of {share}", share=decimal(f"{lose:g}"))
        raise ConfigError("--lose", problem, _("give a share from 0 to 0.2, such as 0.01"))
    groups = sorted(frame.group_by("language", "genre"), key=lambda group: (-group[1].height, group[0]))
    suggestions = [
        _of_group(group, str(language), str(genre), policies, lose, tighten)
        for (language, genre), group in groups
        if group.height >= LEAST
    ]
    if not suggestions:
        largest = max((group.height for _, group in groups), default=0)
        raise ConfigError(
            "--suggest",
            _("the largest group of one language and genre has {n} {n:document|documents}", n=largest),
            _("bounds need at least {n} good documents; a few hundred are better", n=LEAST),
        )
    return suggestions


def _of_group(
    group: pl.DataFrame, language: str, genre: str, policies: Policies, lose: float, tighten: bool
) -> Suggestion:
    present = policies.bounds(language, genre)
    values = {name: signal_values(group, name) for name in ("word_count", *(b.signal for b in present))}
    half = np.array([hashlib.sha256(doc_id.encode()).digest()[0] & 1 for doc_id in group["doc_id"]], np.bool_)
    dropped = 0
    for chosen in (half, ~half):
        bounds = _bounds(present, {name: values_of[chosen] for name, values_of in values.items()}, lose, tighten)
        dropped += int(_any_outside(bounds, {name: values_of[~chosen] for name, values_of in values.items()}).sum())
    typical = {}
    for name in dict.fromkeys(name for file in policies.languages.values() for name in file.typical):
        values_of = signal_values(group, name)
        if np.isfinite(values_of).any() and (median := np.nanmedian(values_of)) > 0:
            typical[name] = float(f"{median:.3g}")
    return Suggestion(
        language,
        genre,
        group.height,
        typical,
        _bounds(present, values, lose, tighten),
        present,
        dropped / group.height,
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
        limit = int(lose * len(finite))  # number of documents that each side may drop
        below, above = (int(mask.sum()) for mask in outside(values[bound.signal], bound, values["word_count"]))
        middle = float(np.median(finite))
        low, high = bound.minimum, bound.maximum
        if low is not None and (tighten or below > limit):
            edge = finite[limit] - _SLACK * (middle - finite[limit])
            moved = _rounded(max(edge, 0.0) if finite[0] >= 0 else edge, down=True)
            low = moved if below > limit else max(low, moved)
        if high is not None and (tighten or above > limit):
            edge = finite[-1 - limit] + _SLACK * (finite[-1 - limit] - middle)
            moved = _rounded(min(edge, 1.0) if bound.signal.endswith("_share") else edge, down=False)
            high = moved if above > limit else min(high, moved)
        suggested.append(replace(bound, minimum=low, maximum=high))
    return tuple(suggested)


def _rounded(value: float, *, down: bool) -> float:
    """Round a value to two significant digits, away from the good documents.

    >>> _rounded(0.4567, down=True), _rounded(0.0123, down=False), _rounded(0.0, down=True)
    (0.45, 0.013, 0.0)
    """
    if value == 0:
        return 0.0
    step = 10.0 ** (np.floor(np.log10(abs(value))) - _DIGITS + 1)
    steps = np.floor(value / step + 1e-6) if down else np.ceil(value / step - 1e-6)
    return float(f"{steps * step:.6g}")


def _any_outside(bounds: Sequence[Bound], values: Mapping[str, NDArray[np.float32]]) -> NDArray[np.bool_]:
    is_outside = np.zeros(len(next(iter(values.values()), np.zeros(0))), np.bool_)
    for bound in bounds:
        below, above = outside(values[bound.signal], bound, values["word_count"])
        is_outside |= below | above
    return is_outside


def as_toml(suggestion: Suggestion, policies: Policies) -> str:
    """Return the suggestion as lines for the language and genre files, with the current bounds in comments.

    Bounds that are ratios of a typical value are written as ratios.
    """
    language = policies.language(suggestion.language)
    ratios = {s for s, entry in policies.genre(suggestion.genre).bounds.items() if entry.of}
    present = {bound.signal: bound for bound in suggestion.present}
    lines = [f"# {suggestion.documents} documents vouched for; a bound that loses none of them stays."]
    lines += [f"# languages/{language.language}.toml", "[typical]"]
    lines += [f"{name} = {value:g}" for name, value in suggestion.typical.items()]
    for kind in ("languages", "genres"):
        bounds = [bound for bound in suggestion.bounds if bound.file.startswith(kind)]
        if not bounds:
            continue
        lines += [f"# {bounds[0].file}"] * (kind == "genres") + ["[bounds]"]
        for bound in bounds:
            scale = 1.0
            if bound.signal in ratios:
                scale = suggestion.typical.get(bound.signal) or language.typical[bound.signal]
            lines.append(_line(bound, present[bound.signal], scale, as_ratio=bound.signal in ratios))
    return "\n".join(lines) + "\n"


def _line(bound: Bound, present: Bound, scale: float, *, as_ratio: bool) -> str:
    ends = [
        f"{end} = {value / scale:.4g}"
        for end, value in (("min", bound.minimum), ("max", bound.maximum))
        if value is not None
    ]
    if as_ratio:
        ends.append('of = "typical"')
    shown_present = ", ".join(
        f"{end} {value:g}" for end, value in (("min", present.minimum), ("max", present.maximum)) if value is not None
    )
    line = f"{bound.signal} = {{ {', '.join(ends)} }}"
    is_unchanged = (bound.minimum, bound.maximum) == (present.minimum, present.maximum)
    return f"{line:<60} # {'stays' if is_unchanged else f'now {shown_present}'}"
