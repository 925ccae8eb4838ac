"""Count, before a run, the texts in a sample of a source's files whose own terms exclude them from training."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.batch import Batch
from latam_corpus.catalog.optout.opt_out import withheld
from latam_corpus.catalog.rights import uses_under
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.errors import CorpusError
from latam_corpus.extract.stage import Extract
from latam_corpus.extract.stated_rights.licences import narrowing
from latam_corpus.messages import Message, _, enumerated, same
from latam_corpus.pipeline.rows.conserve import pass_through, split_dropped

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.pipeline.rows.conserve import Passed

_FILES: Final = 20
_DOCUMENTS: Final = 25  # documents per file
_TRAIN: Final = "train"
_WHY: Final = {
    "reserved": _("a reservation of rights in words"),
    "claimed": _("a copyright notice and no licence"),
    "unread": _("a statement of rights that the toolkit doesn't understand"),
}
_PROBLEM: Final = _(
    "{n} of {documents} {documents:text|texts} in a sample of {files} of {all} {all:file|files} would be left out of "
    "training by their own terms: {causes}"
)
REMEDY: Final = _(
    "if the rights holder has given a written permission, name it as `agreement` under [rights]: it overrides words "
    "and licences. Only the site's owner can lift a refusal such as noai or TDMRep: ask, or leave these pages out"
)


@dataclass
class OwnTerms:
    """The terms that documents of a sample state in their files.

    Attributes:
        excluded: how many of these exclude themselves from training.
        causes: how often each cause excludes a document: a signal of refusal, a licence, or `reserved`, `claimed` or
            `unread` words.
    """

    files: int = 0
    all_files: int = 0
    documents: int = 0
    excluded: int = 0
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, passed: Passed, *, is_agreed: bool = False) -> None:
        """Add the output of `extract`; an agreement of the source overrides reservations in a file."""
        changed = passed.ledger.filter(pl.col("verdict") == "changed").select("doc_id", "evidence").iter_rows()
        statements = {doc_id: json.loads(evidence or "{}") for doc_id, evidence in changed}
        for row in passed.kept.frame.iter_rows(named=True):
            causes = _causes(row, statements.get(row["doc_id"], {}), is_agreed=is_agreed)
            self.documents += 1
            self.excluded += bool(causes)
            self.causes.update(causes)

    @property
    def problem(self) -> Message | None:
        """A sentence with the counts and causes; None if no document is left out."""
        if not self.excluded:
            return None
        causes = [
            Message("{cause} ({n})", {"cause": _WHY.get(kind) or same(value), "n": f"{n:,}"})
            for (kind, value), n in self.causes.most_common()
        ]
        return _PROBLEM.fill(
            n=self.excluded,
            documents=self.documents,
            files=self.files,
            all=self.all_files,
            causes=enumerated(causes),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the counts and causes as values for JSON."""
        causes = [{"kind": kind, "value": value, "texts": n} for (kind, value), n in self.causes.most_common()]
        return {
            "files": self.files,
            "all_files": self.all_files,
            "texts": self.documents,
            "left_out_of_training": self.excluded,
            "causes": causes,
        }


def own_terms(source: Source, where: str) -> OwnTerms:
    """Read the terms that the first documents of up to 20 evenly spaced files state.

    If the source's uses don't include training, nothing is read.
    """
    terms = OwnTerms()
    if _TRAIN not in source.uses:
        return terms
    files = [file for file in list_inputs(source, where) if not file.description.is_list]
    sample = [files[index * len(files) // _FILES] for index in range(_FILES)] if len(files) > _FILES else files
    terms.all_files = len(files)
    is_agreed = bool(source.rights and source.rights.agreement)
    for file in sample:
        terms.files += 1
        with suppress(CorpusError):  # `check` reports unreadable files
            for frame in read(source, file, limit=_DOCUMENTS, genre=source.genre or "web"):
                passed = split_dropped(Batch(frame), "collect")
                if len(passed.kept) and "raw" in frame.columns:
                    terms.add(pass_through(Extract(), passed.kept), is_agreed=is_agreed)
    return terms


def _causes(row: dict[str, Any], statements: dict[str, Any], *, is_agreed: bool) -> set[tuple[str, str]]:
    """Return those of a document's own terms that exclude it from training."""
    signals = {entry["signal"] for entry in row.get("opt_outs") or ()}
    causes = {("signal", signal) for signal in signals if _TRAIN in withheld([signal])}
    own_rights = statements["rights_before"] if "because" in statements else row.get("rights")
    narrowed = narrowing(statements.get("licences", ()), statements.get("notices", ()), own_rights, is_agreed=is_agreed)
    if narrowed and not uses_under(narrowed[1], [_TRAIN]):
        statement, _tier, because = narrowed
        causes.add(("licence", statement) if because == "licence" else (because, ""))
    return causes
