"""Which statements bind a document: the strictest of all that are made about it, or about a copy of its text.

1. One document, or copies from one source: the tier, the uses and the days are the strictest of all statements,
   whatever their times and order. Where only an earlier version states something, a run whose source names an agreement
   that is new to the document lifts it.
2. Copies from other sources: a restriction binds them, which is a reservation, a refusal, a label, an embargo, or what
   a record states beyond its source. A licence isn't one: the terms of a source say how far that source's permission
   reaches, and another source's permission may reach further.
3. Between two holders, an agreement that the copy's own source names settles rule 2, but for a label of a community.

A row of which nobody has stated the rights binds none.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
import polars as pl

from latam_corpus import vocabulary
from latam_corpus.catalog.rights import obligations_of, openness
from latam_corpus.corpus import components
from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.messages import Message, _, decimal, same
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.release.eligibility.statements import REMEMBERED, RESTRICTING, TERMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

STRICTER: Final = "stricter:"  # before the reason by which another statement keeps a document out
_EMPTY: Final = text_hash("")
# What an outcome changes of a light row. `terms` (JSON) is written in the place of the row's own columns; `stricter`
# (JSON) names the statement that binds it.
_CHANGED: Final = pl.Schema(
    dict.fromkeys(("doc_id", *TERMS, "refusal", "terms", "stricter"), pl.String())
    | dict.fromkeys(("expires", "embargo_until"), pl.Date())
)
OUTCOME: Final = pl.Schema(dict.fromkeys(("terms", "stricter"), pl.String()))
# What decides of a light row.
_READS: Final = (
    *("doc_id", "source_id", "run", "country", "text_hash", "refusal", "unstated", "over"),
    *(*TERMS, *RESTRICTING),
)
# Reasons that aren't terms: they say something of one record or text, and nothing of another.
_NO_TERMS: Final = frozenset({"text=null", "withdrawn", "held"})


@dataclass(frozen=True)
class Bound:
    """Documents under the terms that bind them.

    Attributes:
        rows: light rows, one a document, with the strictest terms and OUTCOME; `refusal` begins with STRICTER if
            another statement keeps one out.
        remembered: statements that later versions must heed, REMEMBERED.
        lifted: documents whose earlier statements a later agreement lifts.
        overruled: how many documents of a run are bound by stricter terms than the run states.
    """

    rows: pl.DataFrame
    remembered: pl.DataFrame
    lifted: frozenset[str] = frozenset()
    overruled: Counter[Overruled] = field(default_factory=Counter)


def bound(latest: pl.DataFrame, light: pl.DataFrame, links: pl.DataFrame, holders: Mapping[str, str]) -> Bound:
    """Return the documents of a version under the terms that bind them.

    Args:
        latest: light rows, one a document: those whose text counts.
        light: all light rows about them and their copies, these among them.
        links: pairs of documents of which one is a copy of the other, LINKS; equal texts need none.
        holders: who holds each source, by its id.
    """
    plain = latest.with_columns(pl.lit(None, kind).alias(name) for name, kind in OUTCOME.items())
    rows = _contradictory(_grouped(light, links)).sort("group", "doc_id", "run", "row_hash")
    about = latest.filter(pl.col("doc_id").is_in(rows["doc_id"].unique().implode()))
    chosen = {one["doc_id"]: _Statement(one) for one in about.select(_READS).iter_rows(named=True)}
    changed: list[dict[str, Any]] = []
    remembered: list[dict[str, Any]] = []
    lifted: set[str] = set()
    overruled = Counter[Overruled]()
    for _group, found in groupby(rows.select("group", *_READS).iter_rows(named=True), itemgetter("group")):
        statements = [_Statement(one) for one in found]
        # Of a text that thousands of documents have, few statements differ.
        shared = {one.key(): one for one in reversed(statements)}
        for doc_id, mine in groupby(statements, attrgetter("doc_id")):
            if doc_id not in chosen:
                continue
            outcome = _Outcome(chosen[doc_id], list(mine), shared.values(), holders)
            changed += [outcome.columns()] if outcome.changes() else []
            remembered += outcome.memory()
            lifted |= {doc_id} if outcome.lifts else set()
            overruled.update(outcome.overruled())
    changes = pl.DataFrame(changed, schema=_CHANGED)
    is_changed = pl.col("doc_id").is_in(changes["doc_id"].implode())
    kept = plain.filter(is_changed).drop(name for name in _CHANGED if name != "doc_id")
    others = kept.join(changes, on="doc_id").select(plain.columns).cast(plain.schema)
    memory = pl.DataFrame(remembered, schema=REMEMBERED).unique(maintain_order=True)
    return Bound(pl.concat([plain.filter(~is_changed), others]), memory, frozenset(lifted), overruled)


def _grouped(light: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with the number of their `group`: of documents with one text, in one cluster, or with a link."""
    numbers = light.select("doc_id").unique(maintain_order=True).with_row_index("node")
    rows = light.join(numbers, on="doc_id", how="left", maintain_order="left")
    dropped = rows.filter(pl.col("copy_of").is_not_null()).select("doc_id", duplicate_of="copy_of")
    links = pl.concat([links, dropped])
    texts = rows.filter(pl.col("text_hash").is_not_null() & (pl.col("text_hash") != _EMPTY)).select("node", "text_hash")
    by_text = texts.unique().with_columns(pl.col("node").min().over("text_hash").alias("other"))
    # Copies of which one holds more than the other are both kept; a variant is another work.
    clusters = rows.filter(pl.col("duplicate_cluster").is_not_null() & pl.col("variant_of").is_null())
    by_cluster = clusters.select("node", pl.col("node").min().over("duplicate_cluster").alias("other")).unique()
    others = numbers.rename({"doc_id": "duplicate_of", "node": "other"})
    linked = links.join(numbers, on="doc_id").join(others, on="duplicate_of")
    edges = [by_text.select("node", "other"), by_cluster, linked.select("node", "other")]
    pairs = pl.concat(edges).to_numpy().astype(np.int64)
    group = components(pairs, numbers.height)
    return rows.with_columns(pl.Series("group", group[rows["node"].to_numpy()], dtype=pl.Int64)).drop("node")


def _contradictory(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of groups in which the statements of one source differ, or one restricts another document."""
    stated = pl.struct(pl.col(name).cast(pl.String) for name in (*TERMS, "unstated", *RESTRICTING)).hash()
    differ = stated.n_unique().over("group", pl.col("source_id").cast(pl.String)) > 1
    restricts = pl.any_horizontal(pl.col(name).is_not_null() for name in RESTRICTING)
    several = pl.col("doc_id").n_unique().over("group") > 1
    return rows.filter(differ.any().over("group") | (several & restricts.any().over("group")))


class _Statement:
    """What a light row states.

    Attributes:
        values: its columns.
        earlier: whether an earlier version states it, and no run of this one.
        refusal: the reason by which its terms keep it out.
        over: agreements over which it has prevailed.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.doc_id: str = values["doc_id"]
        self.source: str = values["source_id"]
        self.agreement: str | None = values["agreement"]
        self.tier: str = values["rights_tier"]
        self.uses = _listed(values["uses"], ",")
        self.withheld = _listed(values["withheld"], ",")
        self.labels = _listed(values["labels"], "\n")
        self.over = _listed(values["over"], "\n")
        self.earlier: bool = values["run"] == ""
        self.unstated: bool = values["unstated"]
        self.refusal: str | None = None if values["refusal"] in _NO_TERMS else values["refusal"]

    def strictness(self) -> tuple[int, int, str, str]:
        """Return what statements are put in order by, the strictest last."""
        rights = self.values["rights"]
        return (openness(self.tier), _owed(rights, self.tier), rights or "", self.values["basis"] or "")

    def key(self) -> tuple[Any, ...]:
        """Return what is the same of statements that bind copies alike."""
        named = (*TERMS, "refusal", "unstated", *RESTRICTING, "over", "source_id")
        return (self.earlier, *(self.values[name] for name in named))

    def remembered(self, over: frozenset[str]) -> dict[str, Any]:
        """Return what a release remembers of it, REMEMBERED.

        Args:
            over: agreements over which it has prevailed.
        """
        row = {name: self.values[name] for name in REMEMBERED if name not in ("uses", "over")}
        return row | {"uses": sorted(self.uses), "over": "\n".join(sorted(over)) or None}

    def facts(self) -> dict[str, Any]:
        """Return what the ledger names of it."""
        names = ("doc_id", "source_id", "run", "rights", "rights_tier", "uses", "agreement", "labels")
        named = {name: self.values[name] for name in names} | {"run": self.values["run"] or "an earlier version"}
        named |= {name: self.values[name] and str(self.values[name]) for name in ("expires", "embargo_until")}
        return {name: value for name, value in named.items() if value}


def _reasons_for_copies(one: _Statement) -> list[str]:
    """Return the reasons by which a statement keeps out copies in other sources."""
    return [reason for reason in (one.values["closed_label"], one.values["closed_copies"]) if reason]


@lru_cache(maxsize=4096)
def _owed(rights: str | None, tier: str) -> int:
    """Return how many obligations a statement has."""
    return len(obligations_of(rights, tier))


@lru_cache(maxsize=4096)
def _listed(text: str | None, between: str) -> frozenset[str]:
    return frozenset((text or "").split(between)) - {""}


class _Outcome:
    """What binds one document."""

    def __init__(
        self, own: _Statement, mine: Sequence[_Statement], shared: Iterable[_Statement], holders: Mapping[str, str]
    ) -> None:
        self.own = own
        self.mine = mine
        statements = [*mine, *(one for one in shared if one.doc_id != own.doc_id)]
        # A record of unknown rights binds its own document, and no copy.
        same = [one for one in statements if one.source == own.source and (one in mine or not one.unstated)]
        # Of each source the agreements that this version's runs name.
        self.agreements = {(one.source, one.agreement) for one in statements if one.agreement and not one.earlier}
        binding = [one for one in same if not self._is_lifted(one)]
        self.binding = binding or [own]
        earlier = [one for one in self.mine if one.earlier]
        self.lifts = bool(earlier) and all(map(self._is_lifted, earlier))
        self.copies = [] if own.unstated else self._restricting(statements, holders)
        self.refusal, self.refused_by = self._refusal()
        self._set_terms()

    def _is_lifted(self, one: _Statement) -> bool:
        """Whether a run's source names an agreement that is new to what an earlier version states."""
        mine = self.mine if one.doc_id == self.own.doc_id else ()
        over = one.over.union(*(other.over for other in mine))
        return one.earlier and any(
            source == one.source and name != one.agreement and name not in over for source, name in self.agreements
        )

    def _restricting(self, statements: Sequence[_Statement], holders: Mapping[str, str]) -> list[_Statement]:
        """Return the restricted copies of other sources that bind it, and what a row without rights refuses."""
        mine = holders.get(self.own.source, "")
        settled = self.own.agreement or any(source == self.own.source for source, _name in self.agreements)
        found = []
        for one in statements:
            if self._is_lifted(one) or (one.source == self.own.source and not one.unstated):
                continue
            is_other = one.source != self.own.source and (not mine or mine != holders.get(one.source, ""))
            restricts = any(one.values[name] for name in RESTRICTING)
            if one.values["closed_label"] or (restricts and not (is_other and settled)):
                found.append(one)
        return found

    def _refusal(self) -> tuple[str | None, _Statement | None]:
        """Return why it stays out, and by which statement if another one keeps it out."""
        own: str | None = self.own.values["refusal"]
        if own and (own in _NO_TERMS or self.own.unstated or not self._is_lifted(self.own)):
            return own, None
        reasons = [(one.refusal, one) for one in self.binding if one.refusal]
        for one in self.copies:
            reasons += [(reason, one) for reason in _reasons_for_copies(one)]
        first = min(reasons, key=lambda pair: (pair[0], pair[1].doc_id, pair[1].values["run"]), default=None)
        return (STRICTER + first[0], first[1]) if first else (None, None)

    def _set_terms(self) -> None:
        """Set the strictest of all terms that bind it."""
        own = self.own
        lead = max(self.binding, key=_Statement.strictness)
        if not self._is_lifted(own) and own.strictness()[:2] == lead.strictness()[:2]:
            lead = own
        agreements = sorted({one.agreement for one in self.binding if one.agreement})
        self.tier = max([lead.tier, *(one.values["bound_tier"] or "open" for one in self.copies)], key=openness)
        self.uses = frozenset.intersection(*(one.uses for one in self.binding)).difference(
            *(one.withheld for one in self.copies)
        )
        self.labels = own.labels.union(*(one.labels for one in self.binding))
        ends, begins = ([one.values[name] for one in self.binding] for name in ("expires", "embargo_until"))
        ends += [one.values["bound_end"] for one in self.copies]
        self.ends: date | None = min((day for day in ends if day), default=None)
        self.begins: date | None = max((day for day in begins if day), default=None)
        self.terms = {
            "rights": lead.values["rights"],
            "rights_tier": self.tier,
            "basis": lead.values["basis"],
            "uses": ",".join(sorted(self.uses)),
            "agreement": lead.agreement or next(iter(agreements), None),
            "expires": self.ends,
            "embargo_until": self.begins,
            "labels": "\n".join(sorted(self.labels)),
        }
        if own.unstated:
            self.terms = {name: own.values[name] for name in TERMS}

    def changes(self) -> bool:
        """Whether something else is released, or another reason given, than by its own row."""
        own = self.own.values
        return self.refusal != own["refusal"] or any(own[name] != value for name, value in self.terms.items())

    def _overruled(self) -> list[_Statement]:
        """Return the rows about it that state wider terms than bind it."""
        return [
            one
            for one in self.mine
            if not one.unstated
            and (
                (self.refusal and not one.refusal and self.refusal not in _NO_TERMS)
                or one.uses - self.uses
                or openness(one.tier) < openness(self.tier)
                or (self.ends and (one.values["expires"] or date.max) > self.ends)
                or (self.begins and (one.values["embargo_until"] or date.min) < self.begins)
            )
        ]

    def _by(self) -> _Statement | None:
        """Return the statement that binds it: that of the reason, else the first that states the strictest."""
        if self.refused_by:
            return self.refused_by
        overruled = {id(one) for one in self._overruled()}
        return next((one for one in [*self.binding, *self.copies] if id(one) not in overruled), None)

    def columns(self) -> dict[str, Any]:
        """Return what changes of its light row, _CHANGED."""
        own = self.own.values
        by = self._by() if self._overruled() else None
        added = sorted(self.labels - self.own.labels)
        written = {name: value for name, value in self.terms.items() if own[name] != value and name != "labels"}
        if "uses" in written:
            written["uses"] = [use for use in vocabulary.USES if use in self.uses]
        written |= {"labels": added} if added else {}
        return {
            "doc_id": self.own.doc_id,
            **self.terms,
            "refusal": self.refusal,
            "terms": json.dumps(written, default=str, ensure_ascii=False) if written and not self.refusal else None,
            "stricter": json.dumps(by.facts(), ensure_ascii=False) if by else None,
        }

    def memory(self) -> list[dict[str, Any]]:
        """Return what later versions must heed, REMEMBERED: rows that a version had, and what restricts copies."""
        overruled = self._overruled()
        if self.own.unstated or not overruled or self.refusal in _NO_TERMS:
            return []
        had = any(one.earlier for one in self.mine)
        over = frozenset[str]().union(*(one.over for one in self.mine))
        over |= {one.agreement for one in overruled if one.agreement}
        others = [one for one in [*self.binding, *self.copies] if one.doc_id != self.own.doc_id]
        mine = [one for one in self.binding if one.doc_id == self.own.doc_id and had]
        return [one.remembered(one.over) for one in others] + [one.remembered(over) for one in mine]

    def overruled(self) -> list[Overruled]:
        """Return which statement binds it, if a run states wider terms."""
        by = self._by()
        if by is None or all(one.earlier for one in self._overruled()):
            return []
        kind: Kind = "earlier" if by.earlier else "same source"
        if by.source != self.own.source:
            kind = "label" if by.values["closed_label"] else "copy"
        why = (self.refusal or "").removeprefix(STRICTER)
        told = ("", self.terms["rights"] or "", self.terms["uses"]) if not why else (why, "", "")
        return [Overruled(self.own.source, by.source, kind, *told)]


Kind: TypeAlias = Literal["earlier", "same source", "copy", "label"]


class Overruled(NamedTuple):
    """A statement of a run to which a stricter one is preferred.

    Attributes:
        source: the run's.
        other: the source of the stricter statement.
        kind: an earlier version states it, or the same source, or a copy's, or a label of a copy does.
        why: the reason by which documents stay out; empty where they are released on stricter terms.
        rights: these terms' statement.
        uses: their uses.
    """

    source: str
    other: str
    kind: Kind
    why: str
    rights: str = ""
    uses: str = ""


_OVERRULED: Final[dict[Kind, Message]] = {
    "earlier": _(
        "«{source}»: an earlier version states stricter terms of {n} {n:document|documents}, and they apply ({why}); "
        'if a later agreement lifts them, write its name as agreement = "…" under [rights] of «{source}», and run it '
        "again"
    ),
    "same source": _(
        "«{source}»: stricter terms are stated of {n} {n:document|documents} or of copies of their texts, and they "
        "apply ({why}); correct them in the records or the catalogue, or leave out the run whose terms are out of date"
    ),
    "copy": _(
        "«{source}»: {n} {n:document|documents} {n:has|have} a text that is restricted in «{other}», and the "
        "restriction applies ({why}); if those who hold the rights allow this copy, write the name of their agreement "
        'as agreement = "…" under [rights] of «{source}», and run it again'
    ),
    "label": _(
        "«{source}»: {n} {n:document|documents} {n:has|have} a text that a label of its community closes in «{other}» "
        '({why}); if the community has agreed in writing, write the name of the agreement as agreement = "…" under '
        "[rights] of «{other}», and run it again"
    ),
}


def overruled_lines(overruled: Mapping[Overruled, int]) -> Iterator[Message]:
    """Yield a sentence for each contradiction between statements: what applies, and how it can be settled."""
    for one, n in sorted(overruled.items()):
        terms = {"rights": one.rights or same("–"), "uses": one.uses.replace(",", ", ") or same("–")}
        why = meaning(one.why) if one.why else _("{rights}; uses: {uses}", **terms)
        yield _OVERRULED[one.kind].fill(source=one.source, other=one.other, n=decimal(f"{n:,}"), why=why)


_WRITTEN: Final = tuple(name for name in TERMS if name != "labels")


def on_terms(frame: pl.DataFrame, changes: pl.DataFrame, first: int) -> pl.DataFrame:
    """Return rows of a version with the terms that bind them in the place of their own.

    Args:
        frame: rows, the first of which has the number `first`.
        changes: by `row` what replaces its columns, `terms` of OUTCOME.
        first: the number of the first row.
    """
    here = changes.filter(pl.col("row").is_between(first, first + frame.height, closed="left"))
    if here.is_empty():
        return frame
    rows = {row - first: json.loads(terms) for row, terms in here.iter_rows()}
    columns = []
    for name in _WRITTEN:
        values = {row: terms[name] for row, terms in rows.items() if name in terms}
        if values:
            own = frame[name].to_list()
            told = [_as_day(values[row], name) if row in values else one for row, one in enumerate(own)]
            columns.append(pl.Series(name, told, dtype=frame.schema[name]))
    if any("labels" in terms for terms in rows.values()):
        consents = frame["consent"].to_list()
        for row, terms in rows.items():
            added = [{"id": None, "label": label, "community": None} for label in terms.get("labels", ())]
            consents[row] = [*(consents[row] or ()), *added] or None
        columns.append(pl.Series("consent", consents, dtype=frame.schema["consent"]))
    return frame.with_columns(columns)


def _as_day(value: Any, name: str) -> Any:
    return date.fromisoformat(value) if value and name in ("expires", "embargo_until") else value
