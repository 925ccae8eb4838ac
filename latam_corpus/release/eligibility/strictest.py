"""The terms that apply to a document: the strictest of all statements about it and about copies of its text.

1. One document, or copies from one source: the tier, the uses and the dates are the strictest of all statements,
whatever their times and order. A statement that only an earlier version makes is lifted if a run's source names an
agreement that the document didn't have before. 2. Copies from other sources: only restrictions apply to them. A
restriction is a reservation, a refusal, a label, an
   embargo, or a term of a record that is stricter than its source's. A licence is no restriction: it limits what one
   source permits, and another source may permit more.
3. If the copies have different holders, an agreement named by the document's own source overrides rule 2, except for a
community's label.

A row without a rights statement doesn't affect other documents.
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

STRICTER: Final = "stricter:"  # prefix of a reason that comes from a statement about another row
_EMPTY: Final = text_hash("")
# The columns of a light row that an outcome changes. `terms` (JSON) replaces the row's own columns when it is written;
# `stricter` (JSON) names the statement that applies.
_CHANGED: Final = pl.Schema(
    dict.fromkeys(("doc_id", *TERMS, "refusal", "terms", "stricter"), pl.String())
    | dict.fromkeys(("expires", "embargo_until"), pl.Date())
)
OUTCOME: Final = pl.Schema(dict.fromkeys(("terms", "stricter"), pl.String()))
_READS: Final = (
    *("doc_id", "source_id", "run", "country", "text_hash", "refusal", "unstated", "over"),
    *(*TERMS, *RESTRICTING),
)
# Reasons that concern one record or text, but not its copies.
_NO_TERMS: Final = frozenset({"text=null", "withdrawn", "held"})


@dataclass(frozen=True)
class BindingTerms:
    """Documents with the terms that apply to them.

    Attributes:
        rows: one light row per document, with the strictest terms and OUTCOME; `refusal` begins with STRICTER if
            a statement about another row keeps the document out.
        remembered: statements that apply to later versions too, REMEMBERED.
        lifted: documents whose earlier statements a later agreement lifts.
        overruled: statements of runs that stricter ones overrule, with their number of documents.
    """

    rows: pl.DataFrame
    remembered: pl.DataFrame
    lifted: frozenset[str] = frozenset()
    overruled: Counter[Overruled] = field(default_factory=Counter)


def binding_terms(
    latest: pl.DataFrame, light: pl.DataFrame, links: pl.DataFrame, holders: Mapping[str, str]
) -> BindingTerms:
    """Apply the strictest terms that are stated about each document of a version.

    `latest` has the row of each document whose text is released, and `light` all rows of these documents and of their
    copies, `latest` included.
    """
    unchanged = latest.with_columns(pl.lit(None, kind).alias(name) for name, kind in OUTCOME.items())
    rows = _contradictory(_grouped(light, links)).sort("group", "doc_id", "run", "row_hash")
    if rows.is_empty():
        return BindingTerms(unchanged, pl.DataFrame(schema=REMEMBERED))
    about = latest.filter(pl.col("doc_id").is_in(rows["doc_id"].unique().implode()))
    released = {row["doc_id"]: _Statement(row) for row in about.select(_READS).iter_rows(named=True)}
    changed: list[dict[str, Any]] = []
    remembered: list[dict[str, Any]] = []
    lifted: set[str] = set()
    overruled = Counter[Overruled]()
    for _group, members in groupby(rows.select("group", *_READS).iter_rows(named=True), itemgetter("group")):
        statements = [_Statement(row) for row in members]
        # Thousands of documents may share a text, with nearly always equal statements.
        different = {statement.key(): statement for statement in reversed(statements)}
        for doc_id, own_statements in groupby(statements, attrgetter("doc_id")):
            if doc_id not in released:
                continue
            outcome = _Outcome(released[doc_id], list(own_statements), different.values(), holders)
            changed += [outcome.columns()] if outcome.changes() else []
            remembered += outcome.memory()
            lifted |= {doc_id} if outcome.lifts else set()
            overruled.update(outcome.overruled())
    changes = pl.DataFrame(changed, schema=_CHANGED)
    is_changed = pl.col("doc_id").is_in(changes["doc_id"].implode())
    own_columns = unchanged.filter(is_changed).drop(name for name in _CHANGED if name != "doc_id")
    rewritten = own_columns.join(changes, on="doc_id").select(unchanged.columns).cast(unchanged.schema)
    memory = pl.DataFrame(remembered, schema=REMEMBERED).unique(maintain_order=True)
    return BindingTerms(pl.concat([unchanged.filter(~is_changed), rewritten]), memory, frozenset(lifted), overruled)


def _grouped(light: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with the number of their `group`: documents with the same text, cluster, or a link."""
    numbers = light.select("doc_id").unique(maintain_order=True).with_row_index("node")
    rows = light.join(numbers, on="doc_id", how="left", maintain_order="left")
    dropped = rows.filter(pl.col("copy_of").is_not_null()).select("doc_id", duplicate_of="copy_of")
    links = pl.concat([links, dropped])
    texts = rows.filter(pl.col("text_hash").is_not_null() & (pl.col("text_hash") != _EMPTY)).select("node", "text_hash")
    by_text = texts.unique().with_columns(pl.col("node").min().over("text_hash").alias("neighbour"))
    # Both copies are kept if one has more text than the other; a variant is a different work.
    clusters = rows.filter(pl.col("duplicate_cluster").is_not_null() & pl.col("variant_of").is_null())
    by_cluster = clusters.select("node", pl.col("node").min().over("duplicate_cluster").alias("neighbour")).unique()
    neighbours = numbers.rename({"doc_id": "duplicate_of", "node": "neighbour"})
    linked = links.join(numbers, on="doc_id").join(neighbours, on="duplicate_of")
    edges = [by_text.select("node", "neighbour"), by_cluster, linked.select("node", "neighbour")]
    pairs = pl.concat(edges).to_numpy().astype(np.int64)
    group = components(pairs, numbers.height)
    return rows.with_columns(pl.Series("group", group[rows["node"].to_numpy()], dtype=pl.Int64)).drop("node")


def _contradictory(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of groups whose statements may change the terms of one of their documents.

    These are groups with different statements from one source, and groups of several documents with a restriction.
    """
    stated = pl.struct(pl.col(name).cast(pl.String) for name in (*TERMS, "unstated", *RESTRICTING)).hash()
    differ = stated.n_unique().over("group", pl.col("source_id").cast(pl.String)) > 1
    restricts = pl.any_horizontal(pl.col(name).is_not_null() for name in RESTRICTING)
    has_copies = pl.col("doc_id").n_unique().over("group") > 1
    return rows.filter(differ.any().over("group") | (has_copies & restricts.any().over("group")))


class _Statement:
    """The terms that a light row states.

    Attributes:
        refusal: why these terms keep the document out; None if they admit it.
        over: agreements over which this statement has already prevailed.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.doc_id: str = values["doc_id"]
        self.source: str = values["source_id"]
        self.agreement: str | None = values["agreement"]
        self.tier: str = values["rights_tier"]
        self.uses = _items(values["uses"], ",")
        self.withheld = _items(values["withheld"], ",")
        self.labels = _items(values["labels"], "\n")
        self.over = _items(values["over"], "\n")
        self.earlier: bool = values["run"] == ""
        self.unstated: bool = values["unstated"]
        self.refusal: str | None = None if values["refusal"] in _NO_TERMS else values["refusal"]

    def strictness(self) -> tuple[int, int, str, str]:
        """Return a sort key that puts the strictest statement last."""
        rights = self.values["rights"]
        return (openness(self.tier), _obligation_count(rights, self.tier), rights or "", self.values["basis"] or "")

    def key(self) -> tuple[Any, ...]:
        """Return a key that is equal for statements with the same effect on copies."""
        names = (*TERMS, "refusal", "unstated", *RESTRICTING, "over", "source_id")
        return (self.earlier, *(self.values[name] for name in names))

    def remembered(self, over: frozenset[str]) -> dict[str, Any]:
        """Return the row of REMEMBERED, with the agreements over which the statement has prevailed."""
        row = {name: self.values[name] for name in REMEMBERED if name not in ("uses", "over")}
        return row | {"uses": sorted(self.uses), "over": "\n".join(sorted(over)) or None}

    def facts(self) -> dict[str, Any]:
        """Return the evidence for the ledger, without empty values."""
        names = ("doc_id", "source_id", "run", "rights", "rights_tier", "uses", "agreement", "labels")
        facts = {name: self.values[name] for name in names} | {"run": self.values["run"] or "an earlier version"}
        facts |= {name: self.values[name] and str(self.values[name]) for name in ("expires", "embargo_until")}
        return {name: value for name, value in facts.items() if value}


@lru_cache(maxsize=4096)
def _obligation_count(rights: str | None, tier: str) -> int:
    return len(obligations_of(rights, tier))


@lru_cache(maxsize=4096)
def _items(text: str | None, separator: str) -> frozenset[str]:
    return frozenset((text or "").split(separator)) - {""}


class _Outcome:
    """The terms that apply to one document.

    Args:
        own: the statement of the row whose text is released.
        group_statements: different statements about the document and its copies.
    """

    def __init__(
        self,
        own: _Statement,
        own_statements: Sequence[_Statement],
        group_statements: Iterable[_Statement],
        holders: Mapping[str, str],
    ) -> None:
        self.own = own
        self.own_statements = own_statements
        statements = [*own_statements, *(statement for statement in group_statements if statement.doc_id != own.doc_id)]
        # A record of unknown rights applies only to its own document, not to copies.
        of_source = [
            statement
            for statement in statements
            if statement.source == own.source and (statement in own_statements or not statement.unstated)
        ]
        # The agreements that the runs of this version name, each with its source.
        self.agreements = {
            (statement.source, statement.agreement)
            for statement in statements
            if statement.agreement and not statement.earlier
        }
        binding = [statement for statement in of_source if not self._is_lifted(statement)]
        self.binding = binding or [own]
        earlier = [statement for statement in self.own_statements if statement.earlier]
        self.lifts = bool(earlier) and all(map(self._is_lifted, earlier))
        self.copies = [] if own.unstated else self._restricting(statements, holders)
        self.refusal, self.refused_by = self._refusal()
        self._set_terms()

    def _is_lifted(self, statement: _Statement) -> bool:
        """Whether a run names an agreement newer than this statement, which only an earlier version makes."""
        about_document = self.own_statements if statement.doc_id == self.own.doc_id else ()
        over = statement.over.union(*(own_statement.over for own_statement in about_document))
        return statement.earlier and any(
            source == statement.source and name != statement.agreement and name not in over
            for source, name in self.agreements
        )

    def _restricting(self, statements: Sequence[_Statement], holders: Mapping[str, str]) -> list[_Statement]:
        """Return the statements of other sources, and of rows without rights, that restrict the document."""
        holder = holders.get(self.own.source, "")
        has_agreement = self.own.agreement or any(source == self.own.source for source, _name in self.agreements)
        restricting = []
        for statement in statements:
            if self._is_lifted(statement) or (statement.source == self.own.source and not statement.unstated):
                continue
            of_other_holder = statement.source != self.own.source and (
                not holder or holder != holders.get(statement.source, "")
            )
            restricts = any(statement.values[name] for name in RESTRICTING)
            if statement.values["closed_label"] or (restricts and not (of_other_holder and has_agreement)):
                restricting.append(statement)
        return restricting

    def _refusal(self) -> tuple[str | None, _Statement | None]:
        """Return the reason why the document is left out, and the statement of another record that gives it, if any."""
        own: str | None = self.own.values["refusal"]
        if own and (own in _NO_TERMS or self.own.unstated or not self._is_lifted(self.own)):
            return own, None
        reasons = [(statement.refusal, statement) for statement in self.binding if statement.refusal]
        for statement in self.copies:
            closed = (statement.values["closed_label"], statement.values["closed_copies"])
            reasons += [(reason, statement) for reason in closed if reason]
        first = min(reasons, key=lambda pair: (pair[0], pair[1].doc_id, pair[1].values["run"]), default=None)
        return (STRICTER + first[0], first[1]) if first else (None, None)

    def _set_terms(self) -> None:
        """Set the strictest of all terms that apply to the document."""
        own = self.own
        lead = max(self.binding, key=_Statement.strictness)
        if not self._is_lifted(own) and own.strictness()[:2] == lead.strictness()[:2]:
            lead = own
        agreements = sorted({statement.agreement for statement in self.binding if statement.agreement})
        self.tier = max(
            [lead.tier, *(statement.values["bound_tier"] or "open" for statement in self.copies)], key=openness
        )
        self.uses = frozenset.intersection(*(statement.uses for statement in self.binding)).difference(
            *(statement.withheld for statement in self.copies)
        )
        self.labels = own.labels.union(*(statement.labels for statement in self.binding))
        ends, begins = ([statement.values[name] for statement in self.binding] for name in ("expires", "embargo_until"))
        ends += [statement.values["bound_end"] for statement in self.copies]
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
        """Whether the terms or the reason differ from those of the document's own row."""
        own = self.own.values
        return self.refusal != own["refusal"] or any(own[name] != value for name, value in self.terms.items())

    def _overruled_statements(self) -> list[_Statement]:
        """Return the statements about the document that permit more than the terms that apply."""
        return [
            statement
            for statement in self.own_statements
            if not statement.unstated
            and (
                (self.refusal and not statement.refusal and self.refusal not in _NO_TERMS)
                or statement.uses - self.uses
                or openness(statement.tier) < openness(self.tier)
                or (self.ends and (statement.values["expires"] or date.max) > self.ends)
                or (self.begins and (statement.values["embargo_until"] or date.min) < self.begins)
            )
        ]

    def _deciding_statement(self) -> _Statement | None:
        """Return the statement that keeps the document out, else the first that isn't overruled."""
        if self.refused_by:
            return self.refused_by
        overruled = {id(statement) for statement in self._overruled_statements()}
        return next((statement for statement in [*self.binding, *self.copies] if id(statement) not in overruled), None)

    def columns(self) -> dict[str, Any]:
        """Return the changed columns of the document's light row, _CHANGED."""
        own = self.own.values
        deciding = self._deciding_statement() if self._overruled_statements() else None
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
            "stricter": json.dumps(deciding.facts(), ensure_ascii=False) if deciding else None,
        }

    def memory(self) -> list[dict[str, Any]]:
        """Return the statements that also apply to later versions, REMEMBERED.

        These are the statements about other documents, and those about this one if an earlier version had it.
        """
        overruled = self._overruled_statements()
        if self.own.unstated or not overruled or self.refusal in _NO_TERMS:
            return []
        was_released = any(statement.earlier for statement in self.own_statements)
        over = frozenset[str]().union(*(statement.over for statement in self.own_statements))
        over |= {statement.agreement for statement in overruled if statement.agreement}
        of_copies = [statement for statement in [*self.binding, *self.copies] if statement.doc_id != self.own.doc_id]
        of_document = [statement for statement in self.binding if statement.doc_id == self.own.doc_id and was_released]
        return [statement.remembered(statement.over) for statement in of_copies] + [
            statement.remembered(over) for statement in of_document
        ]

    def overruled(self) -> list[Overruled]:
        """Describe the statement that overrules a run's wider terms; empty if there is none."""
        deciding = self._deciding_statement()
        if deciding is None or all(statement.earlier for statement in self._overruled_statements()):
            return []
        kind: Kind = "earlier" if deciding.earlier else "same source"
        if deciding.source != self.own.source:
            kind = "label" if deciding.values["closed_label"] else "copy"
        why = (self.refusal or "").removeprefix(STRICTER)
        terms = ("", self.terms["rights"] or "", self.terms["uses"]) if not why else (why, "", "")
        return [Overruled(self.own.source, deciding.source, kind, *terms)]


Kind: TypeAlias = Literal["earlier", "same source", "copy", "label"]


class Overruled(NamedTuple):
    """A statement of a run that gives way to a stricter one.

    Attributes:
        kind: the origin of the stricter statement: an earlier version, the same source, a copy, or a copy's label.
        why: why the documents are left out; empty if they are released on the stricter terms.
    """

    source: str
    other: str
    kind: Kind
    why: str
    rights: str = ""
    uses: str = ""


_OVERRULED: Final[dict[Kind, Message]] = {
    "earlier": _(
        "«{source}»: an earlier version has stricter terms for {n} {n:document|documents}, and they apply ({why}); "
        'if a later agreement lifts them, write its name as agreement = "…" under [rights] of «{source}», and run the '
        "source again"
    ),
    "same source": _(
        "«{source}»: there are stricter terms for {n} {n:document|documents} or for copies of their texts, and they "
        "apply ({why}); correct them in the records or the catalogue, or leave out the run whose terms are out of date"
    ),
    "copy": _(
        "«{source}»: {n} {n:document|documents} {n:has|have} a text that is restricted in «{other}», and the "
        "restriction applies ({why}); if the rights holders allow this copy, write the name of their agreement "
        'as agreement = "…" under [rights] of «{source}», and run the source again'
    ),
    "label": _(
        "«{source}»: {n} {n:document|documents} {n:has|have} a text that a label of its community restricts in "
        "«{other}» ({why}); if the community has agreed in writing, write the name of the agreement as "
        'agreement = "…" under [rights] of «{other}», and run that source again'
    ),
}


def overruled_lines(overruled: Mapping[Overruled, int]) -> Iterator[Message]:
    """Yield a sentence for each contradiction between statements: which terms apply, and how to change them."""
    for contradiction, count in sorted(overruled.items()):
        terms = {
            "rights": contradiction.rights or same("–"),
            "uses": contradiction.uses.replace(",", ", ") or same("–"),
        }
        why = meaning(contradiction.why) if contradiction.why else _("{rights}; uses: {uses}", **terms)
        yield _OVERRULED[contradiction.kind].fill(
            source=contradiction.source, other=contradiction.other, n=decimal(f"{count:,}"), why=why
        )


_WRITTEN: Final = tuple(name for name in TERMS if name != "labels")


def on_terms(frame: pl.DataFrame, changes: pl.DataFrame, first: int) -> pl.DataFrame:
    """Return rows of a version, with their own terms replaced by the terms that apply.

    Args:
        frame: rows to be written.
        changes: `row`, and the `terms` of OUTCOME that replace its columns.
        first: the row number of the frame's first row.
    """
    in_frame = changes.filter(pl.col("row").is_between(first, first + frame.height, closed="left"))
    if in_frame.is_empty():
        return frame
    rows = {row - first: json.loads(terms) for row, terms in in_frame.iter_rows()}
    columns = []
    for name in _WRITTEN:
        values = {row: terms[name] for row, terms in rows.items() if name in terms}
        if values:
            own_values = frame[name].to_list()
            replaced = [_parsed(values[row], name) if row in values else own for row, own in enumerate(own_values)]
            columns.append(pl.Series(name, replaced, dtype=frame.schema[name]))
    if any("labels" in terms for terms in rows.values()):
        consents = frame["consent"].to_list()
        for row, terms in rows.items():
            added = [{"id": None, "label": label, "community": None} for label in terms.get("labels", ())]
            consents[row] = [*(consents[row] or ()), *added] or None
        columns.append(pl.Series("consent", consents, dtype=frame.schema["consent"]))
    return frame.with_columns(columns)


def _parsed(value: Any, name: str) -> Any:
    """Convert a value of OUTCOME's JSON to the column's type."""
    return date.fromisoformat(value) if value and name in ("expires", "embargo_until") else value
