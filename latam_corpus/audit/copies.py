"""What `explain` says of copies: which document was kept, how much stands in it, and why that one won."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.report import side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What the choice rested on, as the evidence of `dedupe` names it.
_WHY: Final = {
    "existing": "it is in the earlier version",
    "terms": "the release may use it, and not this one, or for a time only",
    "rights_tier": "its rights are more open: {kept} against {mine}",
    "damage": "it is less damaged: {kept} words of 1,000 against {mine}{how}",
    "appended": "nothing was added to it: {kept} words of a menu, a summary or questions against {mine}",
    "words": "it is longer: {kept} words against {mine}",
    "obtained": "it was obtained earlier: {kept} against {mine}",
    "doc_id": "the two are alike in rights, damage, length and date; the smaller doc_id is kept",
}
_DAMAGE: Final = {
    "accents_missing": "accents are missing",
    "mojibake": "accents were read in a wrong charset",
    "misread": "letters are misread",
}
_RULES: Final = {
    "equal normalised text": "the same text, letter case and spacing aside",
    "equal": "the same words",
    "share": "in runs of three words and more that both have",
    "scattered": "in runs of three words and more, the rest scattered as damage is",
    "misread": "counting words that look alike, as scanners misread them",
    "numbers": "one form with other numbers",
    "names": "one form with other names",
    "denial": "one form, and one of them denies it",
    "appended": "what it has more is a menu, a summary or questions",
    "passages": "each has passages of its own throughout",
    "words": "each has words of its own throughout",
    "spelling": "one is in another spelling",
    "stated": "each has words of its own, and they state another country, year or author",
}


def copies(run: Path, row: Mapping[str, Any], evidence: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is known of a document's copies in a run: the other document, the share, the rule and why the other won.

    Args:
        run: the run's folder.
        row: the document as it was kept or set aside.
        evidence: of the ledger row that set it aside, where there is one.
    """
    other = row["duplicate_of"] or row.get("variant_of") or row.get("contained_in")
    told: dict[str, Any] = {
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
        found = schema.scan(files, schema.DOCUMENT_SCHEMA).filter(pl.col("doc_id") == other)
        shown = next(found.select("doc_id", "title", "source_id", "url", "text").collect().iter_rows(named=True), None)
        if shown:
            text = shown.pop("text")
            # What stands in a book shares a page of it.
            if row["duplicate_of"] or row.get("variant_of"):
                told["side_by_side"] = side_by_side.side_by_side(row["text"] or "", text or "")
        told["other"] = shown
    if evidence and (row["duplicate_of"] or row.get("variant_of")):
        told["rule"] = _RULES.get(str(evidence.get("rule")), evidence.get("rule"))
    if evidence and row["duplicate_of"]:
        told["why"] = why_kept(evidence)
    return told


def why_kept(evidence: Mapping[str, Any]) -> str | None:
    """Why the kept document won: the first thing in the order of keeping in which the two differ.

    >>> why_kept({"decided_by": "words", "words": 90, "kept_words": 120})
    'it is longer: 120 words against 90'
    >>> why_kept({"decided_by": "damage", "accents_missing": 21, "kept_accents_missing": 0, "misread": 1})
    'it is less damaged: 0 words of 1,000 against 22; accents are missing'
    """
    by = str(evidence.get("decided_by"))
    if by not in _WHY:  # a run of an earlier toolkit
        return None
    mine, kept = ({name: evidence.get(f"{whose}{name}") for name in (by, *_DAMAGE)} for whose in ("", "kept_"))
    if by != "damage":
        return _WHY[by].format(mine=mine[by], kept=kept[by])
    lost, left = ({name: told[name] or 0 for name in _DAMAGE} for told in (mine, kept))
    worst = max(_DAMAGE, key=lambda name: lost[name] - left[name])
    return _WHY[by].format(mine=sum(lost.values()), kept=sum(left.values()), how=f"; {_DAMAGE[worst]}")


def lines(told: Mapping[str, Any]) -> list[str]:
    """The same in words, a sentence a line; none where a document has no copies."""
    other = told["other"] or {}
    name = told["duplicate_of"] or told["variant_of"] or told["contained_in"] or ""
    title = f" «{other['title']}»" if other.get("title") else ""
    rule = f", {told['rule']}" if told["rule"] else ""
    beside = side_by_side.lines(told["side_by_side"]) if told["side_by_side"] else ()
    share = f"{100 * told['containment']:.1f} %" if told["containment"] is not None else "?"
    if told["duplicate_of"]:
        return [
            f"{share} of its words stand in {name}{title}{rule}",
            f"that one is kept: {told['why'] or 'see above'}",
            *beside,
        ]
    made = []
    if told["variant_of"]:
        made += [f"a variant of {name}{title}, in which {share} of its words stand{rule}; both are kept", *beside]
    elif told["contained_in"]:
        made.append(f"{share} of its words stand in the much longer {name}{title}; both are kept")
    if told["cluster"]["size"]:
        made.append(f"{told['cluster']['size']} documents say nearly the same; this one is kept")
    return made
