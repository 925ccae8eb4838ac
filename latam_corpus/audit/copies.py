"""What `explain` says of copies: which document was kept, how much stands in it, and why that one won."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.dedupe.decide.order import RELATIVE_DAMAGE
from latam_corpus.messages import Message, _, decimal, same
from latam_corpus.report import side_by_side
from latam_corpus.report.disclosure import Redaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latam_corpus.report.disclosure import Disclosure

_OTHER: Final = ("doc_id", "title", "source_id", "url")
# What the choice rested on, as the evidence of `dedupe` names it.
_WHY: Final = {
    "existing": _("it is in the earlier version"),
    "terms": _("the release may use it, and not this one, or this one for a shorter time"),
    "rights_tier": _("its rights are more open: {kept} against {mine}"),
    "damage": _("it is less damaged: {kept} words of 1,000 against {mine}; {how}"),
    "appended": _("nothing was added to it: {kept} words of a menu, a summary or questions against {mine}"),
    "words": _("it is longer: {kept} words against {mine}"),
    "obtained": _("it was obtained earlier: {kept} against {mine}"),
    "stated": _("it states when it was obtained ({kept}), and this one doesn't"),
    "doc_id": _("the two are alike in rights, damage, length and date; the smaller doc_id is kept"),
}
_BESIDE: Final = _(
    "it is less damaged: in {kept} words of 1,000 against {mine} a copy has an accent more, or a far more frequent "
    "word that looks alike"
)
_DAMAGE: Final = {
    "accents_missing": _("accents are missing"),
    "mojibake": _("accents were read in a wrong charset"),
    "misread": _("letters are misread"),
}
_EQUAL: Final = "equal normalised text"
_RULES: Final = {
    _EQUAL: _("the same text, letter case and spacing aside"),
    "equal": _("the same words"),
    "share": _("in runs of three words and more that both have"),
    "scattered": _("in runs of three words and more, the rest scattered as damage is"),
    "misread": _("counting words that look alike, as scanners misread them"),
    "numbers": _("one form with other numbers"),
    "names": _("one form with other names"),
    "denial": _("one form, and one of them denies it"),
    "appended": _("what it has more is a menu, a summary or questions"),
    "passages": _("each has passages of its own throughout"),
    "words": _("each has words of its own throughout"),
    "spelling": _("one is in another spelling"),
    "stated": _("each has words of its own, and they state another country, year or author"),
}


def copies(
    run: Path, row: Mapping[str, Any], evidence: Mapping[str, Any] | None, disclosure: Disclosure
) -> dict[str, Any]:
    """Tell of a document's copies in a run: the other document, the share, the rule and why the other won.

    Args:
        run: the run's folder.
        row: the document as it was kept or set aside, redacted.
        evidence: of the ledger row that set it aside, where there is one.
        disclosure: whether the other one may be shown, and how it is redacted.
    """
    other = row["duplicate_of"] or row.get("variant_of") or row.get("contained_in")
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
    if other:
        files = sorted((run / "kept").glob("*.parquet"))
        others = schema.scan(files, schema.DOCUMENT_SCHEMA).filter(pl.col("doc_id") == other)
        found = others.select({*_OTHER, *Redaction.READS, *disclosure.reads}).head(1).collect()
        row_of = next(disclosure.redacted(disclosure.marked(found)).iter_rows(named=True), None)
        shown = None
        if row_of:
            shown = {name: row_of[name] for name in (*_OTHER, "readable", "nameable")}
            # What stands in a book shares a page of it.
            if row_of["withdrawn"]:
                shown["title"] = None
            elif row["duplicate_of"] or row.get("variant_of"):
                facts["side_by_side"] = side_by_side.side_by_side(row["text"] or "", row_of["text"] or "")
        facts["other"] = shown
    equal = _equal_to_another(row["duplicate_of"], evidence or {})
    if evidence and not equal and (row["duplicate_of"] or row.get("variant_of")):
        rule = evidence.get("rule")
        facts["rule"] = str(_RULES[rule]) if rule in _RULES else rule
    if evidence and not equal and row["duplicate_of"]:
        why = why_kept(evidence)
        facts["why"] = why and str(why)
    return facts


def _equal_to_another(duplicate_of: str | None, evidence: Mapping[str, Any]) -> str | None:
    """Return the document that has the same text, where that one fell as a near-duplicate of the kept one; else None.

    >>> _equal_to_another("kept", {"rule": "equal normalised text", "kept": "twin"})
    'twin'
    """
    kept = evidence.get("kept")
    return kept if duplicate_of and evidence.get("rule") == _EQUAL and kept != duplicate_of else None


def why_kept(evidence: Mapping[str, Any]) -> Message | None:
    """Why the kept document won: the first thing in the order of keeping in which the two differ.

    >>> print(why_kept({"decided_by": "words", "words": 90, "kept_words": 120}))
    it is longer: 120 words against 90
    >>> print(why_kept({"decided_by": "damage", "accents_missing": 21, "kept_accents_missing": 0, "misread": 1}))
    it is less damaged: 0 words of 1,000 against 22; accents are missing
    """
    by = str(evidence.get("decided_by"))
    if by not in _WHY:  # another barrier's than `dedupe`
        return None
    mine, kept = (
        {name: evidence.get(f"{whose}{name}") for name in (by, RELATIVE_DAMAGE, *_DAMAGE)} for whose in ("", "kept_")
    )
    if by == "obtained" and mine[by] is None:
        return _WHY["stated"].fill(kept=kept[by])
    if by != "damage":
        return _WHY[by].fill(mine=mine[by], kept=kept[by])
    lost, left = ({name: row[name] or 0 for name in _DAMAGE} for row in (mine, kept))
    if sum(lost.values()) <= sum(left.values()) and mine[RELATIVE_DAMAGE]:
        return _BESIDE.fill(mine=mine[RELATIVE_DAMAGE], kept=kept[RELATIVE_DAMAGE] or 0)
    worst = max(_DAMAGE, key=lambda name: lost[name] - left[name])
    return _WHY[by].fill(mine=sum(lost.values()), kept=sum(left.values()), how=_DAMAGE[worst])


def lines(facts: Mapping[str, Any], evidence: Mapping[str, Any] | None = None) -> list[Message]:
    """Return the same in words, a sentence a line; none where a document has no copies.

    Args:
        facts: what `copies` gave.
        evidence: of the ledger row that set it aside, as there.
    """
    other = facts["other"] or {}
    name = facts["duplicate_of"] or facts["variant_of"] or facts["contained_in"] or ""
    name += f" «{other['title']}»" if other.get("title") else ""
    known = facts["containment"] is not None
    share = decimal(f"{100 * facts['containment']:.1f} %") if known else same("?")
    rule = _RULES.get((evidence or {}).get("rule", ""), same(facts["rule"] or ""))
    beside = [*side_by_side.lines(facts["side_by_side"])] if facts["side_by_side"] else []
    if facts["duplicate_of"]:
        first = _("{share} of its words stand in {name}", share=share, name=name)
        if equal := _equal_to_another(facts["duplicate_of"], evidence or {}):
            twin = _("it has the same text as {twin}, letter case and spacing aside, which fell too", twin=equal)
            return [twin, first, *beside]
        if facts["rule"]:
            first = _("{share} of its words stand in {name}, {rule}", share=share, name=name, rule=rule)
        why = why_kept(evidence or {}) or facts["why"] or _("see above")
        return [first, _("that one is kept: {why}", why=why), *beside]
    sentences = []
    if facts["variant_of"]:
        values = {"share": share, "name": name, "rule": rule}
        variant = _("a variant of {name}, in which {share} of its words stand, {rule}; both are kept", **values)
        sentences += [variant, *beside]
    elif facts["contained_in"]:
        sentences.append(
            _("{share} of its words stand in the much longer {name}; both are kept", share=share, name=name)
        )
    if facts["cluster"]["size"]:
        sentences.append(
            _("{n} {n:document says|documents say} nearly the same; this one is kept", n=facts["cluster"]["size"])
        )
    return sentences
