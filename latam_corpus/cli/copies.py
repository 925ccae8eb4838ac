"""What `explain` says of copies: which document was kept, how much stands in it, and why that one won."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

# How the evidence of `dedupe` names what the choice rests on, in the order of the choice.
_ORDER: Final = (
    ("rights_tier", "its rights are more open: {kept} against {mine}"),
    ("words", "it is longer: {kept} words against {mine}"),
    ("obtained", "it was obtained earlier: {kept} against {mine}"),
)
_RULES: Final = {
    "equal normalised text": "the same text, letter case and spacing aside",
    "equal": "the same words",
    "share": "in runs of three words and more that both have",
    "scattered": "in runs of three words and more, the rest scattered as damage is",
    "misread": "counting words that look alike, as scanners misread them",
    "numbers": "one form with other numbers",
    "names": "one form with other names",
}


def copies(run: Path, row: Mapping[str, Any], evidence: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is known of a document's copies in a run: the other document, the share, the rule and why the other won.

    Args:
        run: the run's folder.
        row: the document as it was kept or set aside.
        evidence: of the ledger row that set it aside, where there is one.
    """
    other = row["duplicate_of"] or row.get("contained_in")
    told: dict[str, Any] = {
        "duplicate_of": row["duplicate_of"],
        "contained_in": row.get("contained_in"),
        "containment": row["containment"],
        "cluster": {"id": row["duplicate_cluster"], "size": row["cluster_size"]},
        "other": None,
        "rule": None,
        "why": None,
    }
    if other:
        found = pl.scan_parquet(run / "kept" / "*.parquet").filter(pl.col("doc_id") == other)
        told["other"] = next(found.select("doc_id", "title", "source_id", "url").collect().iter_rows(named=True), None)
    if evidence and row["duplicate_of"]:
        told["rule"] = _RULES.get(str(evidence.get("rule")), evidence.get("rule"))
        told["why"] = why_kept(evidence)
    return told


def why_kept(evidence: Mapping[str, Any]) -> str:
    """Why the kept document won: the first thing in the order of keeping in which the two differ.

    >>> why_kept({"rights_tier": "open", "kept_rights_tier": "open", "words": 90, "kept_words": 120})
    'it is longer: 120 words against 90'
    """
    if evidence.get("existing"):
        return "it is in the earlier version"
    for name, words in _ORDER:
        mine, kept = evidence.get(name), evidence.get(f"kept_{name}")
        if mine != kept:
            return words.format(kept=kept, mine=mine)
    return "the two are alike in rights, length and date; the smaller doc_id is kept"


def lines(told: Mapping[str, Any]) -> list[str]:
    """The same in words, a sentence a line; none where a document has no copies."""
    other = told["other"] or {}
    name = told["duplicate_of"] or told["contained_in"] or ""
    title = f" «{other['title']}»" if other.get("title") else ""
    share = f"{100 * told['containment']:.1f} %" if told["containment"] is not None else "?"
    if told["duplicate_of"]:
        rule = f", {told['rule']}" if told["rule"] else ""
        return [f"{share} of its words stand in {name}{title}{rule}", f"that one is kept: {told['why'] or 'see above'}"]
    made = []
    if told["contained_in"]:
        made.append(f"{share} of its words stand in the much longer {name}{title}; both are kept")
    if told["cluster"]["size"]:
        made.append(f"{told['cluster']['size']} documents say nearly the same; this one is kept")
    return made
