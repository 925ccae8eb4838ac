"""What a token budget means: how much of it each slice of the data gives, and how often a run then sees that slice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METHODS: Final = ("proportional", "temperature", "unimax", "given")
# What repeats bring no more of: after four epochs new text is worth much more (Muennighoff and others,
# arXiv 2305.16264).
MOST_EPOCHS: Final = 4.0
_WRITE_WEIGHT: Final = _("write such as {example}", example="quy_Latn=0.2")
_NUMBER: Final = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?(?:e[0-9]+)?)([kmbt]?)", re.IGNORECASE)
_SCALE: Final = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}


@dataclass(frozen=True)
class Weighting:
    """How a budget is divided.

    Attributes:
        method: of METHODS: in proportion to tokens; to their power 1/temperature; UniMax, each slice alike as far as
            its cap allows (Chung and others, arXiv 2304.09151); or by given weights.
        temperature: 1 is proportional, more is flatter.
        cap: epochs of a slice at most, of UniMax; above it another method's slice counts as exhausted.
        weights: by slice, of `given`.
    """

    method: str = "proportional"
    temperature: float = 1.0
    cap: float = MOST_EPOCHS
    weights: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError(
                "--weights", _("unknown method «{method}»", method=self.method), closest(self.method, METHODS)
            )
        for option, value in (("--temperature", self.temperature), ("--cap", self.cap)):
            if not 0 < value < float("inf"):
                raise ConfigError(option, _("{value} isn't a number above 0", value=value), _("give one, such as 2"))


def weighting_of(method: str | None, temperature: float | None, cap: float, weights: Mapping[str, float]) -> Weighting:
    """Return the weighting that options describe: an option of one method implies it, and is refused with another.

    Raises:
        ConfigError: options of different methods, an unknown method or a number out of range.

    >>> weighting_of(None, 5, 4, {}).method, weighting_of(None, None, 4, {}).method
    ('temperature', 'proportional')
    """
    own = {"--temperature": "temperature"} if temperature is not None else {}
    own |= {"--weight": "given"} if weights else {}
    chosen = method or next(iter(own.values()), METHODS[0])
    for option, of_method in own.items():
        if chosen in METHODS and chosen != of_method:
            problem = _("it has no effect if the weights are {method}", method=chosen)
            raise ConfigError(option, problem, _("leave it out, or give --weights {method}", method=of_method))
    return Weighting(chosen, 2.0 if temperature is None else temperature, cap, weights)


def token_budget(text: str) -> int:
    """Return a number of tokens as people write it.

    Raises:
        ConfigError: it is none.

    >>> token_budget("1.5B"), token_budget("20_000"), token_budget("1e9")
    (1500000000, 20000, 1000000000)
    """
    match = _NUMBER.fullmatch(text.strip())
    tokens = float(match[1].replace("_", "")) * _SCALE[match[2].lower()] if match else 0.0
    if not 1 <= tokens < float("inf"):
        problem = _("«{text}» is no number of tokens", text=text)
        raise ConfigError("--tokens", problem, _("write such as 20000, 1.5B or 300M"))
    return int(tokens)


def divide(budget: int, slices: Mapping[str, int], weighting: Weighting) -> dict[str, int]:
    """How many tokens each slice gives.

    Args:
        budget: tokens in all.
        slices: tokens of each slice.
        weighting: how it is divided.

    Returns:
        By slice; they add up to the budget, to less where UniMax's caps are all reached.

    Raises:
        ConfigError: a given weight is of no slice, or none is above 0.

    >>> divide(100, {"spa": 900, "quy": 10}, Weighting("unimax", cap=2))
    {'spa': 80, 'quy': 20}
    >>> divide(100, {"spa": 900, "quy": 100}, Weighting("temperature", temperature=2))
    {'spa': 75, 'quy': 25}
    """
    filled = {name: tokens for name, tokens in slices.items() if tokens}
    if not filled:
        raise ConfigError("mix", _("there are no tokens to draw from"), _("name a release that has documents"))
    if weighting.method == "unimax":
        tokens_of = _unimax(budget, filled, weighting.cap)
        return {name: round(tokens_of.get(name, 0.0)) for name in slices}
    shares = _by_weights(filled, weighting.weights or {}) if weighting.method == "given" else _powers(filled, weighting)
    return _rounded(budget, {name: shares.get(name, 0.0) for name in slices})


def _powers(slices: Mapping[str, int], weighting: Weighting) -> dict[str, float]:
    power = 1 / weighting.temperature if weighting.method == "temperature" else 1.0
    most = max(slices.values())
    raised = {name: (tokens / most) ** power for name, tokens in slices.items()}
    total = sum(raised.values())
    return {name: value / total for name, value in raised.items()}


def _by_weights(slices: Mapping[str, int], weights: Mapping[str, float]) -> dict[str, float]:
    for name, weight in weights.items():
        if name not in slices:
            raise ConfigError("--weight", _("there is no slice «{name}»", name=name), closest(name, slices))
        if not 0 <= weight < float("inf"):
            raise ConfigError(
                "--weight", _("{weight} is no weight", weight=f"{name}={weight}"), _("give numbers from 0 on")
            )
    most = max(weights.values(), default=0.0)
    if not most:
        remedy = _("write such as {example}", example=f"{next(iter(slices))}=0.5")
        raise ConfigError("--weight", _("no slice has a weight above 0"), remedy)
    total = sum(weight / most for weight in weights.values())  # of any size, without an overflow
    return {name: weight / most / total for name, weight in weights.items()}


def _unimax(budget: int, slices: Mapping[str, int], cap: float) -> dict[str, float]:
    """Algorithm 1 of arXiv 2304.09151: the smallest slices first, each an equal part of what is left, to its cap."""
    left = float(budget)
    tokens_of = {}
    ordered = sorted(slices, key=lambda name: (slices[name], name))
    for index, name in enumerate(ordered):
        tokens_of[name] = min(left / (len(ordered) - index), slices[name] * cap)
        left -= tokens_of[name]
    return tokens_of


def _rounded(budget: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Whole tokens that add up to the budget: what is over goes to the largest remainders."""
    exact = {name: budget * share for name, share in shares.items()}
    whole = {name: int(value) for name, value in exact.items()}
    over = budget - sum(whole.values())
    for name in sorted(exact, key=lambda name: (whole[name] - exact[name], name))[:over]:
        whole[name] += 1
    return whole


def parse_weights(texts: Sequence[str]) -> dict[str, float]:
    """Weights as they are typed, each `SLICE=NUMBER`.

    Raises:
        ConfigError: one isn't so, or a slice has two.

    >>> parse_weights(["quy_Latn=0.2", "spa_Latn=0.8"])
    {'quy_Latn': 0.2, 'spa_Latn': 0.8}
    """
    weights: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        try:
            weight = float(value) if equals and name else None
        except ValueError:
            weight = None
        if weight is None:
            raise ConfigError("--weight", _("{weight} is no weight", weight=text), _WRITE_WEIGHT)
        if name in weights:
            raise ConfigError("--weight", _("«{name}» has two weights", name=name), _("leave one out"))
        weights[name] = weight
    return weights
