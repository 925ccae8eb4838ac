"""The survival gate: what a stage left of each source, language, genre and country, held against the recipe's floors.

A stage that keeps nine documents in ten may still have taken all the verse, or all of one small language. Parts count
their rows by group (`step_file.py`); `losses` puts the counts together and finds the groups below their floor.
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
# Of two records of one document the later stays: the document survives. What is withdrawn is meant to go.
_UNJUDGED: Final = frozenset({"supersede", "withdrawals"})
_MOST_REASONS: Final = 3
_COUNTRY: Final = re.compile("[A-Z]{2}")

Share = Annotated[float, Field(ge=0, le=1)]


class Floors(BaseModel):
    """`[survival]`: the share of the documents entering a stage that must leave it, for every group.

    The group's own floor counts first, then the stage's, then `floor`; 0 judges nothing. A language's own floor is that
    of its code, else the highest of those whose code admits it; one that is stated for `que` also holds for all Quechua
    together.

    Attributes:
        floor: for every stage and group.
        least: groups with fewer documents at a stage aren't judged there, since one document would decide.
        stage: floors of single stages, by name.
        source: floors of single sources, by id.
        language: floors of single languages, by code.
        genre: floors of single genres.
        country: floors of single countries, by code.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
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
        own: Mapping[str, float] = getattr(self, kind)
        if kind == "language":
            own = self.by_language
            if value not in own:
                return max((own[code] for code in self.admitting(value)), default=self.stage.get(stage, self.floor))
        return own.get(value, self.stage.get(stage, self.floor))

    def of_sources(self, ids: Collection[str]) -> Self:
        """Return the floors of a run of these sources alone."""
        return self.model_copy(update={"source": {name: floor for name, floor in self.source.items() if name in ids}})

    @cached_property
    def by_language(self) -> dict[str, float]:
        """The floors of languages by their ISO 639-3 codes."""
        return {_code(named): floor for named, floor in self.language.items()}

    def admitting(self, language: str) -> list[str]:
        """Return the codes with a floor that admit a language."""
        return [asked for asked in self.by_language if admits(asked, language)]


@dataclass(frozen=True)
class Loss:
    """A group of which a stage kept less than its floor.

    Attributes:
        stage: where it happened.
        kind: source, language, genre or country.
        value: which one.
        rows_in: its documents that entered the stage.
        kept: those that left it.
        floor: the share that had to.
        reasons: the most frequent reasons and their counts.
    """

    stage: str
    kind: str
    value: str
    rows_in: int
    kept: int
    floor: float
    reasons: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """One sentence.

        >>> print(Loss("filter", "genre", "lyrics", 80, 12, 0.5, {"stop_word_share<0.29": 68}))
        filter kept 12 of 80 documents of the genre lyrics (15 %, floor 50 %): stop_word_share<0.29 68
        """
        return str(self.message)

    @property
    def message(self) -> Message:
        """The sentence, which can be translated."""
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
        """As `run.json` has it."""
        return asdict(self)


def losses(kept: Tally, dropped: Tally, stages: Sequence[str], identified: str | None, floors: Floors) -> list[Loss]:
    """Return the groups that fell below their floor, in the order of the stages, the hardest hit first.

    Before a language is identified, and where it stays undetermined, a document counts under the one that its source
    declares.

    Args:
        kept: rows kept at the end, by GROUP.
        dropped: rows set aside, by stage, GROUP and reason.
        stages: the run's stages, in order.
        identified: the stage that gives `language`; None where none does.
        floors: the recipe's.
    """
    before = set(stages[: stages.index(identified) + 1]) if identified in stages else set()
    live: Counter[tuple[str, ...]] = Counter(kept)  # what left the stage that is looked at, the last one first
    all_losses: list[Loss] = []
    by_stage: dict[str, Tally] = {}
    for (stage, *rest), rows in dropped.items():
        by_stage.setdefault(stage, Counter())[tuple(rest)] += rows
    for stage in reversed(stages):
        fallen = by_stage.get(stage, Counter())
        if fallen and stage not in _UNJUDGED:
            all_losses = [*_of_stage(stage, live, fallen, stage in before, floors), *all_losses]
        for key, rows in fallen.items():
            live[key[:-1]] += rows
    return all_losses


def _of_stage(stage: str, live: Tally, fallen: Tally, declared: bool, floors: Floors) -> list[Loss]:
    left: Counter[tuple[str, str]] = Counter()
    dropped: Counter[tuple[str, str]] = Counter()
    reasons: dict[tuple[str, str], Counter[str]] = {}
    for group, rows in live.items():
        for label in _labels(group, declared, floors):
            left[label] += rows
    for key, rows in fallen.items():
        for label in _labels(key[:-1], declared, floors):
            dropped[label] += rows
            reasons.setdefault(label, Counter())[key[-1]] += rows
    stage_losses = []
    for label, lost in dropped.items():
        rows_in, floor = left[label] + lost, floors.of(stage, *label)
        if rows_in >= floors.least and left[label] < floor * rows_in:
            why = dict(reasons[label].most_common(_MOST_REASONS))
            stage_losses.append(Loss(stage, *label, rows_in, left[label], floor, why))
    return sorted(stage_losses, key=lambda loss: (loss.kept / loss.rows_in, KINDS.index(loss.kind), loss.value))


def _labels(group: Sequence[str], declared: bool, floors: Floors) -> Iterator[tuple[str, str]]:
    """Yield what documents count under: a language also under each code that has a floor and admits it."""
    genre, source, language, declared_language, country = group
    spoken = _code(declared_language if declared or language == UNDETERMINED else language or declared_language)
    for kind, value in zip(KINDS, (source, spoken, genre, country), strict=True):
        if value:
            yield kind, value
    for asked in floors.admitting(spoken) if spoken else ():
        if asked != spoken:
            yield "language", asked


def _code(language: str) -> str:
    """Return the ISO 639-3 code of a language as a source or an identifier writes it; unchanged when it is none.

    >>> _code("es-CL"), _code("spa_Latn"), _code("castellano")
    ('spa', 'spa', 'castellano')
    """
    return known_code(short(language)) or language


def check_floors(floors: Floors, stages: Sequence[str], sources: Sequence[str], place: str) -> None:
    """Refuse floors for stages, sources, genres, languages and countries that there aren't.

    Raises:
        ConfigError: one is named; the message has the closest that there is.
    """
    for table, known in (("stage", stages), ("source", sources), ("genre", vocabulary.GENRES)):
        for name in getattr(floors, table):
            if name not in known:
                problem = _("no {kind} here is «{name}»", kind=LOSS_KINDS.get(table, table), name=name)
                raise ConfigError(f"{place}, [survival.{table}]", problem, closest(name, known))
    for name in floors.language:
        iso_code(short(name), f"{place}, [survival.language]")
    for name in floors.country:
        if not _COUNTRY.fullmatch(name):
            capital = name.upper()
            is_code = _COUNTRY.fullmatch(capital)
            remedy = _("write {code}", code=capital) if is_code else _("two capital letters, such as CL or BR")
            problem = _("«{name}» is no ISO 3166-1 alpha-2 code", name=name)
            raise ConfigError(f"{place}, [survival.country]", problem, remedy)


def accepted(reason: str | None) -> str | None:
    """Return the written reason for which losses are accepted, None where there is none.

    Raises:
        ConfigError: it is empty.
    """
    if reason is not None and not reason.strip():
        remedy = _("write why the loss is right; it goes on the card")
        raise ConfigError("--accept-loss", _("the reason is empty"), remedy)
    return reason and reason.strip()
