"""Measure the effect of each rule and bound: pairs whose verdict changes if it is switched off, halved or doubled.

Pairs are measured once, with bounds so loose that nothing is left unmeasured, and judged again for each change.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import numpy as np

from latam_corpus.dedupe import near_duplicates, verify_jobs
from latam_corpus.dedupe.verify.bounds import dedupe_bounds
from latam_corpus.dedupe.verify.pair_facts import PairFacts, Rarity
from latam_corpus.dedupe.verify.rules import BOUND_NAMES, RULES, Effect
from latam_corpus.dedupe.verify.verify_pairs import DUPLICATE, Verdicts, judge, measure_pairs, verify_pairs
from latam_corpus.dedupe.verify_jobs import ROWS_OF, by_number

from ..machine import Table
from .genres import with_genres
from .ours import decide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latam_corpus.dedupe.verify.bounds import Bounds
    from latam_corpus.dedupe.verify.rules import Rule

    from .documents import Document, Planted
    from .judged import Judged

_HUGE: Final = 1e9
_LOOSE: Final = {"share": 0.3, "scattered_share": 0.3, "misread_share": 0.3, "numbers": _HUGE, "names": _HUGE}
_FACTORS: Final = {"0": 0.0, "half": 0.5, "double": 2.0, "endless": _HUGE}  # of a bound's value


class _Counted(Rarity):
    """Precomputed counts of fingerprints; a pair is its position among all pairs, twice."""

    def __init__(self, fingerprint_counts: np.ndarray[Any, Any]) -> None:
        object.__setattr__(self, "made", fingerprint_counts)

    def counts(self, pairs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the counts of these pairs."""
        return np.asarray(self.__dict__["made"][pairs[:, 0]])


@dataclass(frozen=True)
class Measured:
    """The measured candidate pairs of a set of documents.

    Attributes:
        facts: of each pair.
        ids: of both documents of each pair.
        expected: for each pair "copy" (to be dropped), "apart" (to be kept) or "" (not claimed).
        kinds: the kind of each pair, for the tables.
        copy: for each pair which of the two is the planted copy, 0 or 1; -1 if unknown.
        half: "a" or "b" for judged pairs, else "".
    """

    name: str
    facts: PairFacts
    ids: tuple[tuple[str, str], ...]
    expected: tuple[str, ...]
    kinds: tuple[str, ...]
    copy: tuple[int, ...]
    half: tuple[str, ...]


def of_documents(documents: Sequence[Document]) -> tuple[PairFacts, list[tuple[str, str]]]:
    """Return the facts of all candidate pairs of a corpus, and the ids of their documents."""
    parts: list[tuple[PairFacts, np.ndarray[Any, Any]]] = []
    rows: list[np.ndarray[Any, Any]] = []

    def verify_lot(job: verify_jobs.Lot) -> Any:
        pairs = np.fromfile(job.pairs, np.uint32, 2 * (job.end - job.first), offset=8 * job.first).reshape(-1, 2)
        rows.append(by_number(job.workdir, ROWS_OF)[pairs])
        return verify_lot_as_usual(job)

    def measure_too(*args: Any) -> Any:
        streams, pairs, bounds, rarity, document_facts, frequency = args
        facts = measure_pairs(streams, pairs, bounds.with_values(**_LOOSE), document_facts, frequency)
        parts.append((facts, rarity.counts(pairs)))
        return verify_pairs_as_usual(*args)

    verify_lot_as_usual, verify_pairs_as_usual = verify_jobs.verify_lot, verify_pairs
    records = [{"id": d.id, "text": d.text, "source_id": d.source_id, "genre": d.genre} for d in with_genres(documents)]
    with (
        mock.patch.object(near_duplicates, "verify_lot", verify_lot),
        mock.patch.object(verify_jobs, "verify_pairs", measure_too),
    ):
        decide(records)
    ids = [document.id for document in documents]
    named = [(ids[a], ids[b]) for a, b in np.concatenate([np.zeros((0, 2), np.int64), *rows]).tolist()]
    return _joined(parts), named


def _joined(parts: Sequence[tuple[PairFacts, np.ndarray[Any, Any]]]) -> PairFacts:
    arrays = {
        field.name: np.concatenate([getattr(facts, field.name) for facts, _ in parts])
        for field in fields(PairFacts)
        if field.name != "rarity"
    }
    places = np.arange(len(arrays["pairs"]))
    arrays["pairs"] = np.stack([places, places], axis=1)
    return PairFacts(**arrays, rarity=_Counted(np.concatenate([counts for _, counts in parts])))


def of_planted(planted: Planted) -> Measured:
    """Return the candidate pairs of a planted set, with the known copies and the pairs to keep apart."""
    facts, ids = of_documents(planted.documents)
    expected = {frozenset((pair.a, pair.b)): ("copy", pair.kind, pair.b) for pair in planted.pairs}
    expected |= {frozenset((pair.a, pair.b)): ("apart", pair.kind, "") for pair in planted.apart}
    group_of = {
        document_id: (kind, n)
        for kind, groups in planted.groups.items()
        for n, group in enumerate(groups)
        for document_id in group
    }
    rows = []
    for pair in ids:
        grouped = pair[0] in group_of and group_of[pair[0]] == group_of.get(pair[1])
        verdict, kind, copy = expected.get(
            frozenset(pair), ("apart", group_of[pair[0]][0], "") if grouped else ("", "", "")
        )
        rows.append((verdict, kind, pair.index(copy) if copy else -1))
    claimed, kinds, copies = zip(*rows, strict=True)
    return Measured(planted.name, facts, tuple(ids), claimed, kinds, copies, tuple("" for _ in ids))


def judged_pairs(pairs: Sequence[Judged], files: Sequence[Sequence[int]], planted: Any) -> Measured:
    """Return the judged pairs, as they meet in the files in which they are compared."""
    parts, ids, expected, kinds, half = [], [], [], [], []
    for numbers in files:
        facts, named = of_documents(planted("judged", pairs, numbers).documents)
        rows = [n for n, (a, b) in enumerate(named) if a.split("-")[0] == b.split("-")[0]]
        parts.append((facts.take(np.array(rows, np.int64)), facts.rarity.counts(facts.pairs[rows])))  # type: ignore[union-attr]
        for a, b in (named[row] for row in rows):
            pair = pairs[int(a.split("-")[0])]
            ids.append((a, b))
            expected.append("" if not pair.clear else "copy" if pair.falls else "apart")
            kinds.append(pair.kind)
            half.append(pair.half)
    copy = tuple(-1 for _ in ids)
    return Measured("judged", _joined(parts), tuple(ids), tuple(expected), tuple(kinds), copy, tuple(half))


def tables(sets: Sequence[Measured]) -> list[Table]:
    """Return the effect of each change of the rules and bounds, by set."""
    bounds = dedupe_bounds()
    usual = {measured.name: verdicts(measured, bounds) for measured in sets}
    counts = [(measured.name, len(measured.ids), *_claims(measured, usual[measured.name])) for measured in sets]
    names = ("set", "candidate pairs#", "copies dropped#", "worse side may be dropped#", "wrongly dropped#")
    columns = ("without", *(f"{measured.name}#" for measured in sets))
    rules = [(name, *_effects(sets, usual, bounds, without(name))) for name in (rule.name for rule in RULES)]
    by_bound = []
    for name in BOUND_NAMES:
        for label, factor in _FACTORS.items():
            changed = _times(bounds, name, factor)
            by_bound.append((f"{name} {label}", *_effects(sets, usual, changed, RULES)))
    title = "verdicts that change; in brackets copies dropped, copies whose worse side may be dropped, wrongly dropped"
    return [
        Table("Sets", names, tuple(counts)),
        Table(f"A rule less: {title}", columns, tuple(rules)),
        Table(f"A bound of 0, half, double or without an end: {title}", columns, tuple(by_bound)),
        _by_kind(next(measured for measured in sets if measured.name == "judged"), usual["judged"]),
    ]


def _by_kind(judged: Measured, usual: Verdicts) -> Table:
    """Return which rules the judged pairs of each kind need: how many more are treated wrongly without each."""
    wrong = _wrong(judged, usual)
    kinds = np.array(judged.kinds)
    rows = []
    for name in (rule.name for rule in RULES):
        more = _wrong(judged, verdicts(judged, dedupe_bounds(), without(name))).astype(int) - wrong
        by_kind = {kind: int(more[kinds == kind].sum()) for kind in sorted(set(judged.kinds))}
        rows.append((name, ", ".join(f"{kind} {n:+d}" for kind, n in by_kind.items() if n) or "none"))
    return Table("Judged pairs that are treated wrongly without a rule, by kind", ("without", "pairs"), tuple(rows))


def _wrong(judged: Measured, outcome: Verdicts) -> np.ndarray[Any, Any]:
    expected = np.array(judged.expected)
    return np.asarray(((outcome.kind == DUPLICATE) != (expected == "copy")) & (expected != ""))


def _times(bounds: Bounds, name: str, factor: float) -> Bounds:
    """Return the bounds with another value of one, in each genre; ratios that divide stay above 0."""

    def changed(values: Mapping[str, float]) -> Mapping[str, float]:
        return {**values, name: max(_HUGE if factor == _HUGE else values[name] * factor, 1 / _HUGE)}

    return replace(
        bounds, default=changed(bounds.default), by_genre={g: changed(v) for g, v in bounds.by_genre.items()}
    )


def _effects(
    sets: Sequence[Measured], usual: Mapping[str, Verdicts], bounds: Bounds, rules: Sequence[Rule]
) -> list[str]:
    cells = []
    for measured in sets:
        changed_verdicts, usual_verdicts = verdicts(measured, bounds, rules), usual[measured.name]
        changed = (changed_verdicts.kind != usual_verdicts.kind) | (
            (changed_verdicts.kind == DUPLICATE) & (changed_verdicts.inclusion != usual_verdicts.inclusion)
        )
        effects = (
            a - b for a, b in zip(_claims(measured, changed_verdicts), _claims(measured, usual_verdicts), strict=True)
        )
        cells.append(f"{int(changed.sum())} ({', '.join(f'{n:+d}' if n else '0' for n in effects)})")
    return cells


def _claims(measured: Measured, outcome: Verdicts) -> tuple[int, int, int]:
    """Return the dropped copies, those whose worse one may be dropped, and pairs that are wrongly dropped."""
    expected, copy, dropped = np.array(measured.expected), np.array(measured.copy), outcome.kind == DUPLICATE
    side = dropped & (copy >= 0) & ((outcome.inclusion >> np.maximum(copy, 0)) & 1 > 0)
    return int((dropped & (expected == "copy")).sum()), int(side.sum()), int((dropped & (expected == "apart")).sum())


def verdicts(measured: Measured, bounds: Bounds, rules: Sequence[Rule] = RULES) -> Verdicts:
    """Return the verdicts on the pairs of a set."""
    facts = measured.facts
    arrays = {name: np.zeros_like(getattr(facts, name)) for name in ("is_in_other", "template", "added")}
    return judge(replace(facts, **arrays), bounds, rules)


def without(name: str) -> tuple[Rule, ...]:
    """Return the rules with one that matches nothing."""
    nothing = {rule.name: replace(rule, test=_NOTHING[rule.effect in _BY_DOCUMENT]) for rule in RULES}
    return tuple(nothing[rule.name] if rule.name == name else rule for rule in RULES)


_BY_DOCUMENT: Final = (Effect.ACCEPT, Effect.REFUSE, Effect.EXTEND)
_NOTHING: Final = (
    lambda facts, _bounds: np.zeros(len(facts), np.bool_),
    lambda facts, _bounds: np.zeros((len(facts), 2), np.bool_),
)
