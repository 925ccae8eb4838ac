"""Score a tool's decisions on a planted set: copies that it found, and documents that it merged wrongly."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .editions import coverage, runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .documents import Pair, Planted, Result

_WORD: Final = re.compile(r"\w+")
_SHOWN: Final = 160  # characters of a text, for a reader
LOST: Final = 0.6  # of a removed document's words; with less in the kept one, its text is lost
SAME: Final = 0.7  # what nobody has read yet counts as a duplicate from here on


@dataclass(frozen=True)
class Natural:
    """A removal that was not planted, for a person to read.

    Attributes:
        coverage: share of the removed document's words in runs of three that the kept one has.
        verdict: `same` or `other`, as judged by a person; empty when nobody has.
    """

    dropped: str
    kept: str
    coverage: float
    kinds: tuple[str, str]
    works: tuple[str, str]
    begins: tuple[str, str]
    verdict: str = ""

    @property
    def right(self) -> bool:
        """Whether the removal is counted as one of a duplicate."""
        return self.verdict == "same" if self.verdict else self.coverage >= SAME


@dataclass(frozen=True)
class Score:
    """The scores of a tool's decisions.

    Attributes:
        recall: kind → (pairs found, pairs planted); found are those that fell and those recorded as variants.
        varied: kind → (pairs recorded as variants, pairs planted).
        contained: kind → (pairs recorded or merged, pairs there are).
        apart: kind → (pairs merged, pairs that must not be).
        apart_removed: kind → (documents of it removed for one of their own group, documents).
        removed: documents removed.
        planted: of them, for the document that they were planted on, or that contains them.
        wrong: kind → of them, for one that must not be merged with it.
        natural: the others.
        between: of the removed, for one of which nothing is claimed; they count neither way.
        lost: removed though less than 60 % of the text stands in the kept one.
        other_work: removed for a document of another work, forms aside.
    """

    recall: Mapping[str, tuple[int, int]]
    contained: Mapping[str, tuple[int, int]]
    apart: Mapping[str, tuple[int, int]]
    apart_removed: Mapping[str, tuple[int, int]]
    removed: int
    planted: int
    wrong: Mapping[str, int] = field(default_factory=dict)
    natural: tuple[Natural, ...] = ()
    lost: int = 0
    other_work: int = 0
    between: int = 0
    varied: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def precision(self, without: Iterable[str] = ()) -> float:
        """Return the share of right removals, without some kinds of wrong ones."""
        ignored_kinds = set(without)
        wrong = sum(count for kind, count in self.wrong.items() if kind not in ignored_kinds)
        right = self.planted + sum(result.right for result in self.natural)
        wrong += sum(not result.right for result in self.natural)
        return right / (right + wrong) if right + wrong else 1.0

    def told(self) -> dict[str, Any]:
        """The score as JSON."""
        return asdict(self) | {"precision": self.precision(), "precision_outside_forms": self.precision(forms(self))}


def forms(score: Score) -> list[str]:
    """Return the kinds of wrong removals among documents made from one form."""
    return [kind for kind in score.wrong if kind.startswith("form_")]


def score(results: Planted, result: Result, verdicts: Mapping[str, str] | None = None) -> Score:
    """Return the score of a tool's decisions on this set.

    Args:
        results: documents and truth.
        result: the tool's.
        verdicts: "dropped kept" → `same` or `other`, as a person judged removals that were not planted.
    """
    roots = {document.id: root(document.id, result.dropped) for document in results.documents}
    merged = None if result.pairs is None else {frozenset(pair) for pair in result.pairs}
    recorded = {frozenset(pair) for pair in result.contained}

    def together(a: str, b: str) -> bool:
        return roots[a] == roots[b] or (merged is not None and frozenset((a, b)) in merged)

    ends: dict[str, set[str]] = {}
    for later, earlier in result.variants:
        later_root, earlier_root = roots.get(later, later), roots.get(earlier, earlier)
        ends.setdefault(later_root, set()).add(earlier_root)
        ends.setdefault(earlier_root, set()).add(later_root)

    def varies(a: str, b: str) -> bool:
        """Return whether the documents kept for the two, or the first of a work, are recorded as variants."""
        root_a, root_b = roots[a], roots[b]
        return root_a != root_b and (
            root_b in ends.get(root_a, ()) or bool(ends.get(root_a, set()) & ends.get(root_b, set()))
        )

    varied = _counted(results.pairs, lambda pair: varies(pair.a, pair.b))
    recall = _counted(results.pairs, lambda pair: together(pair.a, pair.b) or varies(pair.a, pair.b))
    contained = _counted(
        results.contained, lambda pair: together(pair.a, pair.b) or frozenset((pair.a, pair.b)) in recorded
    )
    apart_counts = dict(_counted(results.apart, lambda pair: together(pair.a, pair.b)))
    removed_of: dict[str, tuple[int, int]] = {}
    group_of: dict[str, tuple[str, int]] = {}
    for kind, groups in results.groups.items():
        pairs = sum(len(group) * (len(group) - 1) // 2 for group in groups)
        if merged is None:
            wrong = sum(n * (n - 1) // 2 for group in groups for n in Counter(roots[d] for d in group).values())
        else:
            members = [set(group) for group in groups]
            wrong = sum(any(pair <= group for group in members) for pair in merged)
        apart_counts[kind] = (wrong, pairs)
        for place, group in enumerate(groups):
            group_of |= dict.fromkeys(group, (kind, place))
        own = [(d, result.dropped[d]) for group in groups for d in group if d in result.dropped]
        of_own = sum(group_of.get(kept_id) == group_of[d] for d, kept_id in own)
        removed_of[kind] = (of_own, sum(map(len, groups)))
    so_far = Score(recall, contained, apart_counts, removed_of, 0, 0, varied=varied)
    return _judged(results, result, verdicts or {}, group_of, so_far)


def _judged(
    results: Planted,
    result: Result,
    verdicts: Mapping[str, str],
    group_of: Mapping[str, tuple[str, int]],
    so_far: Score,
) -> Score:
    """Return the score with every removal judged."""
    by_id = {document.id: document for document in results.documents}
    far = {frozenset((pair.a, pair.b)): pair.kind for pair in results.apart}
    near = {frozenset((pair.a, pair.b)) for pair in (*results.pairs, *results.contained)}
    open_ = {frozenset((pair.a, pair.b)) for pair in results.between}
    planted = lost = other_work = between = 0
    wrong: Counter[str] = Counter()
    natural: list[Natural] = []
    runs_of: dict[str, set[tuple[str, ...]]] = {}
    for dropped_id, kept_id in result.dropped.items():
        dropped_document, kept_document = by_id[dropped_id], by_id[kept_id]
        if kept_id not in runs_of:
            runs_of[kept_id] = runs(_words(kept_document.text))
        covered = coverage(_words(dropped_document.text), runs_of[kept_id])
        lost += covered < LOST
        pair = frozenset((dropped_id, kept_id))
        group = group_of.get(dropped_id)
        other_work += (
            dropped_document.work != kept_document.work
            and pair not in near
            and not dropped_document.kind.startswith("form_")
        )
        if pair in near or dropped_document.origin == kept_document.origin:
            planted += 1
        elif pair in open_:
            between += 1
        elif pair in far:
            wrong[far[pair]] += 1
        elif group and group == group_of.get(kept_id):
            wrong[group[0]] += 1
        else:
            verdict = verdicts.get(f"{dropped_id} {kept_id}") or verdicts.get(f"{kept_id} {dropped_id}", "")
            texts = (dropped_document.text[:_SHOWN], kept_document.text[:_SHOWN])
            natural.append(
                Natural(
                    dropped_id,
                    kept_id,
                    round(covered, 3),
                    (dropped_document.kind, kept_document.kind),
                    (dropped_document.work, kept_document.work),
                    texts,
                    verdict,
                )
            )
    natural.sort(key=lambda pair: pair.coverage)
    return Score(
        so_far.recall,
        so_far.contained,
        so_far.apart,
        so_far.apart_removed,
        len(result.dropped),
        planted,
        dict(wrong),
        tuple(natural),
        lost,
        other_work,
        between,
        so_far.varied,
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def root(document: str, dropped: Mapping[str, str]) -> str:
    """Return the document that replaces a dropped document, or the document itself if it is kept."""
    seen = {document}
    while (kept_id := dropped.get(document)) and kept_id not in seen:
        document = kept_id
        seen.add(kept_id)
    return document


def _counted(pairs: Sequence[Pair], is_found: Any) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for pair in pairs:
        results, of = counts.get(pair.kind, (0, 0))
        counts[pair.kind] = (results + bool(is_found(pair)), of + 1)
    return dict(sorted(counts.items()))
