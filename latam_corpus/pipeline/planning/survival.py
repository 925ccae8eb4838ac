"""The survival gate: compare the share of each source, language, genre and country that a stage kept with its floor.

A stage that keeps nine documents out of ten may still have dropped all verse, or all texts in a small language. Parts
count their rows by group (`step_file.py`); `losses` finds the groups below their floor.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from latam_corpus import vocabulary
from latam_corpus.codes import UNDETERMINED, admits, iso_code, known_code, short
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import Message, _

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from latam_corpus.pipeline.rows.step_file import Tally

LOSS_KINDS: Final = {"source": _("source"), "language": _("language"), "genre": _("genre"), "country": _("country")}
KINDS: Final = tuple(LOSS_KINDS)
# `supersede` drops records, not documents; withdrawn documents are dropped on purpose.
_UNJUDGED: Final = frozenset({"supersede", "withdrawals"})
_MOST_REASONS: Final = 3
_COUNTRY: Final = re.compile("[A-Z]{2}")

Share = Annotated[float, Field(ge=0, le=1)]


class Floors(BaseModel):
    """`[survival]`: the share of documents of each group that every stage must keep.

    A group's own floor takes precedence over the stage's floor, and this over `floor`; 0 turns the check off. A
    language's own floor is the floor of its code, or else the highest floor of a code that admits it; a floor for `que`
    also applies to all Quechua languages together.

    Attributes:
        floor: the default for all stages and groups.
        least: a group with fewer documents at a stage isn't judged there, since one document would decide.
        stage: floors of single stages, by name.
        source: floors of single sources, by id.
        language: floors of single languages, by code.
        genre: floors of single genres.
        country: floors of single countries, by code.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    floor: Share = 0.5
    least: int = Field(default=20, ge=1)
    stage: dict[str, Share] = Field(default_factory=dict)
    source: dict[str, Share] = Field(default_factory=dict)
    language: dict[str, Share] = Field(default_factory=dict)
    genre: dict[str, Share] = Field(default_factory=dict)
    country: dict[str, Share] = Field(default_factory=dict)

    def of(self, stage: str, kind: str, value: str) -> float:
        """Return the floor of a group at a stage.

        >>> floors = Floors(floor=0.6, stage={"dedupe": 0.2}, language={"ayr": 0.9})
        >>> floors.of("filter", "genre", "news"), floors.of("dedupe", "genre", "news")
        (0.6, 0.2)
        >>> floors.of("filter", "language", "ayr"), floors.of("filter", "language", "aym")
        (0.9, 0.9)
        """
        group_floors: Mapping[str, float] = getattr(self, kind)
        if kind == "language":
            group_floors = self.by_language
            if value not in group_floors:
                return max(
                    (group_floors[code] for code in self.admitting(value)), default=self.stage.get(stage, self.floor)
                )
        return group_floors.get(value, self.stage.get(stage, self.floor))

    def of_sources(self, ids: Collection[str]) -> Self:
        """Return the floors for a run that is restricted to these sources."""
        return self.model_copy(update={"source": {name: floor for name, floor in self.source.items() if name in ids}})

    @cached_property
    def by_language(self) -> dict[str, float]:
        """The floors of languages by their ISO 639-3 codes."""
        return {_code(name): floor for name, floor in self.language.items()}

    def admitting(self, language: str) -> list[str]:
        """Return the codes that have a floor and admit a language."""
        return [code for code in self.by_language if admits(code, language)]


@dataclass(frozen=True)
class Loss:
    """A group of which a stage kept a smaller share than the group's floor.

    Attributes:
        kind: `source`, `language`, `genre` or `country`.
        value: the source, language, genre or country.
        reasons: the counts of the most frequent drop reasons.
    """

    stage: str
    kind: str
    value: str
    rows_in: int
    kept: int
    floor: float
    reasons: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the loss as a sentence in English.

        >>> print(Loss("filter", "genre", "lyrics", 80, 12, 0.5, {"stop_word_share<0.29": 68}))
        filter kept 12 of 80 documents of the genre lyrics (15 %, floor 50 %): stop_word_share<0.29 68
        """
        return str(self.message)

    @property
    def message(self) -> Message:
        """The loss as a translatable sentence."""
        return _(
            "{stage} kept {kept} of {rows} {rows:document|documents} of the {kind} {value} ({share} %, floor "
            "{floor} %): {reasons}",
            stage=self.stage,
            kept=self.kept,
            rows=self.rows_in,
            kind=LOSS_KINDS[self.kind],
            value=self.value,
            share=f"{100 * self.kept / self.rows_in:.3g}",
            floor=f"{100 * self.floor:g}",
            reasons=", ".join(f"{reason} {n}" for reason, n in self.reasons.items()),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the entry in `run.json`."""
        return asdict(self)


def losses(kept: Tally, dropped: Tally, stages: Sequence[str], identified: str | None, floors: Floors) -> list[Loss]:
    """Return the groups below their floors, in the order of the stages, and by rising share within a stage.

    A document counts under its declared language until its language is identified, or if that fails. `kept` counts rows
    by GROUP, `dropped` by stage, GROUP and reason; `identified` is the stage that sets `language`.
    """
    undetermined_stages = set(stages[: stages.index(identified) + 1]) if identified in stages else set()
    # Rows after the current stage; the loop goes from the last stage to the first.
    remaining: Counter[tuple[str, ...]] = Counter(kept)
    all_losses: list[Loss] = []
    by_stage: dict[str, Tally] = {}
    for (stage, *group), rows in dropped.items():
        by_stage.setdefault(stage, Counter())[tuple(group)] += rows
    for stage in reversed(stages):
        stage_drops = by_stage.get(stage, Counter())
        if stage_drops and stage not in _UNJUDGED:
            all_losses = [*_of_stage(stage, remaining, stage_drops, stage in undetermined_stages, floors), *all_losses]
        for key, rows in stage_drops.items():
            remaining[key[:-1]] += rows
    return all_losses


def _of_stage(stage: str, remaining: Tally, stage_drops: Tally, declared: bool, floors: Floors) -> list[Loss]:
    kept_counts: Counter[tuple[str, str]] = Counter()
    dropped: Counter[tuple[str, str]] = Counter()
    reasons: dict[tuple[str, str], Counter[str]] = {}
    for group, rows in remaining.items():
        for label in _labels(group, declared, floors):
            kept_counts[label] += rows
    for key, rows in stage_drops.items():
        for label in _labels(key[:-1], declared, floors):
            dropped[label] += rows
            reasons.setdefault(label, Counter())[key[-1]] += rows
    stage_losses = []
    for label, lost in dropped.items():
        rows_in, floor = kept_counts[label] + lost, floors.of(stage, *label)
        if rows_in >= floors.least and kept_counts[label] < floor * rows_in:
            why = dict(reasons[label].most_common(_MOST_REASONS))
            stage_losses.append(Loss(stage, *label, rows_in, kept_counts[label], floor, why))
    return sorted(stage_losses, key=lambda loss: (loss.kept / loss.rows_in, KINDS.index(loss.kind), loss.value))


def _labels(group: Sequence[str], declared: bool, floors: Floors) -> Iterator[tuple[str, str]]:
    """Yield the groups of a document; its language also counts under each code that has a floor and admits it."""
    genre, source, language, declared_language, country = group
    counted_language = _code(
        declared_language if declared or language == UNDETERMINED else language or declared_language
    )
    for kind, value in zip(KINDS, (source, counted_language, genre, country), strict=True):
        if value:
            yield kind, value
    for code in floors.admitting(counted_language) if counted_language else ():
        if code != counted_language:
            yield "language", code


def _code(language: str) -> str:
    """Return the ISO 639-3 code of a language; return a name that isn't a known code unchanged.

    >>> _code("es-CL"), _code("spa_Latn"), _code("castellano")
    ('spa', 'spa', 'castellano')
    """
    return known_code(short(language)) or language


def check_floors(floors: Floors, stages: Sequence[str], sources: Sequence[str], place: str) -> None:
    """Raise `ConfigError` if a floor is for an unknown stage, source, genre, language or country."""
    for table, known_names in (("stage", stages), ("source", sources), ("genre", vocabulary.GENRES)):
        for name in getattr(floors, table):
            if name not in known_names:
                problem = _("there is no {kind} «{name}»", kind=LOSS_KINDS.get(table, table), name=name)
                raise ConfigError(f"{place}, [survival.{table}]", problem, closest(name, known_names))
    for name in floors.language:
        iso_code(short(name), f"{place}, [survival.language]")
    for name in floors.country:
        if not _COUNTRY.fullmatch(name):
            capital = name.upper()
            is_code = _COUNTRY.fullmatch(capital)
            remedy = _("write {code}", code=capital) if is_code else _("write two capital letters, such as CL or BR")
            problem = _("«{name}» is not an ISO 3166-1 alpha-2 code", name=name)
            raise ConfigError(f"{place}, [survival.country]", problem, remedy)


def accepted(reason: str | None) -> str | None:
    """Return the reason for accepting losses without surrounding spaces, or None; an empty one is a `ConfigError`."""
    if reason is not None and not reason.strip():
        remedy = _("write why the loss is acceptable; the card quotes the reason")
        raise ConfigError("--accept-loss", _("the reason is empty"), remedy)
    return reason and reason.strip()
