"""Describe the copies of a document for `explain`: the document that was kept, the share in common, and the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.dedupe.decide.order import RELATIVE_DAMAGE
from latam_corpus.dedupe.verify.rules import RULES
from latam_corpus.messages import Message, _, decimal, same
from latam_corpus.report import side_by_side
from latam_corpus.report.disclosure import Redaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latam_corpus.report.disclosure import Disclosure

_COPY_COLUMNS: Final = ("doc_id", "title", "source_id", "url")
# Why a copy was kept, by `decided_by` in the evidence of `dedupe`.
_WHY: Final = {
    "existing": _("it is in the earlier version"),
    "terms": _("the release may use it, but may not use this one, or only for a shorter time"),
    "rights_tier": _("its rights are more open: {kept}, compared with {mine}"),
    "damage": _("it is less damaged: {kept} words of 1,000, compared with {mine}; {how}"),
    "appended": _("less was added to it: {kept} words of a menu, a summary or questions, compared with {mine}"),
    "words": _("it is longer: {kept} words, compared with {mine}"),
    "obtained": _("it was obtained earlier: {kept}, compared with {mine}"),
    "stated": _("it states when it was obtained ({kept}), and this one doesn't"),
    "doc_id": _("the two have equal rights, damage, length and date; the smaller doc_id is kept"),
}
_COMPARED_DAMAGE: Final = _(
    "it is less damaged: in {kept} words of 1,000, compared with {mine}, a copy has another accent or a much "
    "more frequent word that looks alike"
)
_DAMAGE: Final = {
    "accents_missing": _("accents are missing"),
    "mojibake": _("accents were read with the wrong encoding"),
    "misread": _("letters are misread"),
}
_EQUAL: Final = "equal normalised text"
_RULES: Final = {
    _EQUAL: _("the same text, except for letter case and spacing"),
    "words": _("each has different words throughout"),  # only in runs of earlier versions of the toolkit
    **{rule.name: rule.label for rule in RULES if rule.label},
}


def copies(
    run: Path, row: Mapping[str, Any], evidence: Mapping[str, Any] | None, disclosure: Disclosure
) -> dict[str, Any]:
    """Return facts about the copies of a document in a run: the other document, the share, the rule and the reason.

    The row is redacted; the evidence is that of the ledger row that dropped it, if there is one.
    """
    copy_id = row["duplicate_of"] or row.get("variant_of") or row.get("contained_in")
    facts: dict[str, Any] = {
        "duplicate_of": row["duplicate_of"],
        "contained_in": row.get("contained_in"),
        "variant_of": row.get("variant_of"),
        "containment": row["containment"],
        "cluster": {"id": row["duplicate_cluster"], "size": row["cluster_size"]},
        "other": None,
        "rule": None,
        "why": None,
        "side_by_side": None,
    }
    if copy_id:
        files = sorted((run / "kept").glob("*.parquet"))
        documents = schema.scan(files, schema.DOCUMENT_SCHEMA).filter(pl.col("doc_id") == copy_id)
        rows = documents.select({*_COPY_COLUMNS, *Redaction.READS, *disclosure.reads}).head(1).collect()
        row_of = next(disclosure.redaction.of(disclosure.marked(rows)).iter_rows(named=True), None)
        shown = None
        if row_of:
            shown = {name: row_of[name] for name in (*_COPY_COLUMNS, "readable", "nameable")}
            # A text that is contained in a book isn't compared with it: the book is much longer.
            if row_of["withdrawn"]:
                shown["title"] = None
            elif row["duplicate_of"] or row.get("variant_of"):
                facts["side_by_side"] = side_by_side.side_by_side(row["text"] or "", row_of["text"] or "")
        facts["other"] = shown
    equal = _equal_document(row["duplicate_of"], evidence or {})
    if evidence and not equal and (row["duplicate_of"] or row.get("variant_of")):
        rule = evidence.get("rule")
        facts["rule"] = str(_RULES[rule]) if rule in _RULES else rule
    if evidence and not equal and row["duplicate_of"]:
        why = why_kept(evidence)
        facts["why"] = why and str(why)
    return facts


def _equal_document(duplicate_of: str | None, evidence: Mapping[str, Any]) -> str | None:
    """Return the dropped document with the same text, if that is a near-duplicate of the kept one; else None.

    >>> _equal_document("kept", {"rule": "equal normalised text", "kept": "twin"})
    'twin'
    """
    equal = evidence.get("kept")
    return equal if duplicate_of and evidence.get("rule") == _EQUAL and equal != duplicate_of else None


def why_kept(evidence: Mapping[str, Any]) -> Message | None:
    """Return the reason why the other document was kept: the first criterion by which the two differ.

    >>> print(why_kept({"decided_by": "words", "words": 90, "kept_words": 120}))
    it is longer: 120 words, compared with 90
    >>> print(why_kept({"decided_by": "damage", "accents_missing": 21, "kept_accents_missing": 0, "misread": 1}))
    it is less damaged: 0 words of 1,000, compared with 22; accents are missing
    """
    criterion = str(evidence.get("decided_by"))
    if criterion not in _WHY:  # the evidence is from a barrier other than `dedupe`
        return None
    dropped_facts, kept_facts = (
        {name: evidence.get(f"{prefix}{name}") for name in (criterion, RELATIVE_DAMAGE, *_DAMAGE)}
        for prefix in ("", "kept_")
    )
    if criterion == "obtained" and dropped_facts[criterion] is None:
        return _WHY["stated"].fill(kept=kept_facts[criterion])
    if criterion != "damage":
        return _WHY[criterion].fill(mine=dropped_facts[criterion], kept=kept_facts[criterion])
    dropped_damage, kept_damage = (
        {name: facts[name] or 0 for name in _DAMAGE} for facts in (dropped_facts, kept_facts)
    )
    dropped_total, kept_total = sum(dropped_damage.values()), sum(kept_damage.values())
    if dropped_total <= kept_total and dropped_facts[RELATIVE_DAMAGE]:
        return _COMPARED_DAMAGE.fill(mine=dropped_facts[RELATIVE_DAMAGE], kept=kept_facts[RELATIVE_DAMAGE] or 0)
    worst = max(_DAMAGE, key=lambda name: dropped_damage[name] - kept_damage[name])
    return _WHY[criterion].fill(mine=dropped_total, kept=kept_total, how=_DAMAGE[worst])


def lines(facts: Mapping[str, Any], evidence: Mapping[str, Any] | None = None) -> list[Message]:
    """Describe the copies of a document in sentences, from the result of `copies`; an empty list if it has none."""
    copy = facts["other"] or {}
    name = facts["duplicate_of"] or facts["variant_of"] or facts["contained_in"] or ""
    name += f" «{copy['title']}»" if copy.get("title") else ""
    containment = facts["containment"]
    share = same("?") if containment is None else decimal(f"{100 * containment:.1f} %")
    rule = _RULES.get((evidence or {}).get("rule", ""), same(facts["rule"] or ""))
    comparison = [*side_by_side.lines(facts["side_by_side"])] if facts["side_by_side"] else []
    if facts["duplicate_of"]:
        contained = _("{share} of its words are in {name}", share=share, name=name)
        if equal := _equal_document(facts["duplicate_of"], evidence or {}):
            twin = _(
                "it has the same text as {twin}, except for letter case and spacing, which was dropped too", twin=equal
            )
            return [twin, contained, *comparison]
        if facts["rule"]:
            contained = _("{share} of its words are in {name}, {rule}", share=share, name=name, rule=rule)
        why = why_kept(evidence or {}) or facts["why"] or _("see above")
        return [contained, _("that document is kept: {why}", why=why), *comparison]
    sentences = []
    if facts["variant_of"]:
        values = {"share": share, "name": name, "rule": rule}
        variant = _("a variant of {name}, which contains {share} of its words, {rule}; both are kept", **values)
        sentences += [variant, *comparison]
    elif facts["contained_in"]:
        sentences.append(_("{share} of its words are in the much longer {name}; both are kept", share=share, name=name))
    if facts["cluster"]["size"]:
        sentences.append(
            _(
                "{n} {n:document has|documents have} the same or nearly the same text; this one is kept",
                n=facts["cluster"]["size"],
            )
        )
    return sentences
