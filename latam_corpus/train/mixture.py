"""Divides a token budget among slices of the data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METHODS: Final = ("proportional", "temperature", "unimax", "given")
# After four epochs, repeated text is worth much less than new text (Muennighoff and others, arXiv 2305.16264).
MAX_EPOCHS: Final = 4.0
_WRITE_WEIGHT: Final = _("write, for example, {example}", example="quy_Latn=0.2")
_NUMBER: Final = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?(?:e[0-9]+)?)([kmbt]?)", re.IGNORECASE)
_SCALE: Final = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}


@dataclass(frozen=True)
class Weighting:
    """The method of dividing a budget.

    Attributes:
        method: one of METHODS: in proportion to tokens; in proportion to their power 1/temperature; UniMax, equally up
            to each slice's cap (Chung and others, arXiv 2304.09151); or by given weights.
        temperature: 1 is proportional; higher values are flatter.
        cap: maximum epochs of a slice for UniMax; with other methods, epochs above which a slice counts as exhausted.
        weights: for `given`, the weight of each slice.
    """

    method: str = "proportional"
    temperature: float = 1.0
    cap: float = MAX_EPOCHS
    weights: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError(
                "--weights", _("unknown method «{method}»", method=self.method), closest(self.method, METHODS)
            )
        for option, value in (("--temperature", self.temperature), ("--cap", self.cap)):
            if not 0 < value < float("inf"):
                raise ConfigError(
                    option, _("{value} isn't a number above 0", value=value), _("give a number, such as 2")
                )


def weighting_of(method: str | None, temperature: float | None, cap: float, weights: Mapping[str, float]) -> Weighting:
    """Return the weighting for these options; an option of one method implies it, and is refused with another one.

    Raises:
        ConfigError: the options belong to different methods, the method is unknown, or a number is out of range.

    >>> weighting_of(None, 5, 4, {}).method, weighting_of(None, None, 4, {}).method
    ('temperature', 'proportional')
    """
    implied = {"--temperature": "temperature"} if temperature is not None else {}
    implied |= {"--weight": "given"} if weights else {}
    chosen = method or next(iter(implied.values()), METHODS[0])
    for option, implied_method in implied.items():
        if chosen in METHODS and chosen != implied_method:
            problem = _("it has no effect if the weights are {method}", method=chosen)
            raise ConfigError(option, problem, _("leave it out, or give --weights {method}", method=implied_method))
    return Weighting(chosen, 2.0 if temperature is None else temperature, cap, weights)


def token_budget(text: str) -> int:
    """Parse a number of tokens.

    Raises:
        ConfigError: the text isn't a number of at least 1.

    >>> token_budget("1.5B"), token_budget("20_000"), token_budget("1e9")
    (1500000000, 20000, 1000000000)
    """
    match = _NUMBER.fullmatch(text.strip())
    tokens = float(match[1].replace("_", "")) * _SCALE[match[2].lower()] if match else 0.0
    if not 1 <= tokens < float("inf"):
        problem = _("«{text}» isn't a number of tokens", text=text)
        raise ConfigError("--tokens", problem, _("write a number such as 20000, 1.5B or 300M"))
    return int(tokens)


def divide(budget: int, slices: Mapping[str, int], weighting: Weighting) -> dict[str, int]:
    """Divide a budget among slices.

    Returns:
        The number of tokens drawn from each slice. They add up to the budget, or to less if UniMax reaches all caps.

    Raises:
        ConfigError: there are no tokens, a weight names an unknown slice, or no weight is above 0.

    >>> divide(100, {"spa": 900, "quy": 10}, Weighting("unimax", cap=2))
    {'spa': 80, 'quy': 20}
    >>> divide(100, {"spa": 900, "quy": 100}, Weighting("temperature", temperature=2))
    {'spa': 75, 'quy': 25}
    """
    nonempty = {name: tokens for name, tokens in slices.items() if tokens}
    if not nonempty:
        raise ConfigError("mix", _("there are no tokens to draw from"), _("name a release that has documents"))
    if weighting.method == "unimax":
        drawn = _unimax(budget, nonempty, weighting.cap)
        return {name: round(drawn.get(name, 0.0)) for name in slices}
    is_given = weighting.method == "given"
    shares = _by_weights(nonempty, weighting.weights or {}) if is_given else _powers(nonempty, weighting)
    return _rounded(budget, {name: shares.get(name, 0.0) for name in slices})


def _powers(slices: Mapping[str, int], weighting: Weighting) -> dict[str, float]:
    power = 1 / weighting.temperature if weighting.method == "temperature" else 1.0
    largest = max(slices.values())
    raised = {name: (tokens / largest) ** power for name, tokens in slices.items()}
    total = sum(raised.values())
    return {name: value / total for name, value in raised.items()}


def _by_weights(slices: Mapping[str, int], weights: Mapping[str, float]) -> dict[str, float]:
    for name, weight in weights.items():
        if name not in slices:
            raise ConfigError("--weight", _("there is no slice «{name}»", name=name), closest(name, slices))
        if not 0 <= weight < float("inf"):
            raise ConfigError(
                "--weight", _("{weight} isn't a weight", weight=f"{name}={weight}"), _("give numbers from 0 on")
            )
    largest = max(weights.values(), default=0.0)
    if not largest:
        remedy = _("write, for example, {example}", example=f"{next(iter(slices))}=0.5")
        raise ConfigError("--weight", _("no slice has a weight above 0"), remedy)
    total = sum(weight / largest for weight in weights.values())  # scaled, so that huge weights don't overflow
    return {name: weight / largest / total for name, weight in weights.items()}


def _unimax(budget: int, slices: Mapping[str, int], cap: float) -> dict[str, float]:
    """Divide the budget equally up to the caps, starting with the smallest slices (arXiv 2304.09151, algorithm 1)."""
    remaining = float(budget)
    drawn = {}
    ordered = sorted(slices, key=lambda name: (slices[name], name))
    for index, name in enumerate(ordered):
        drawn[name] = min(remaining / (len(ordered) - index), slices[name] * cap)
        remaining -= drawn[name]
    return drawn


def _rounded(budget: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Round to whole tokens that add up to the budget, by the method of largest remainders."""
    exact = {name: budget * share for name, share in shares.items()}
    tokens = {name: int(value) for name, value in exact.items()}
    missing = budget - sum(tokens.values())
    for name in sorted(exact, key=lambda name: (tokens[name] - exact[name], name))[:missing]:
        tokens[name] += 1
    return tokens


def parse_weights(texts: Sequence[str]) -> dict[str, float]:
    """Parse weights in the form `SLICE=NUMBER`.

    Raises:
        ConfigError: a text has another form, or a slice has two weights.

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
            raise ConfigError("--weight", _("{weight} isn't a weight", weight=text), _WRITE_WEIGHT)
        if name in weights:
            raise ConfigError("--weight", _("«{name}» has two weights", name=name), _("leave one out"))
        weights[name] = weight
    return weights
