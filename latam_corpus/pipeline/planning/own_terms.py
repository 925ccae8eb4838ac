"""Pages and files whose own terms leave them out of training: what a sample of a source's files shows before a run."""

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
from latam_corpus.pipeline.rows.conserve import pass_through, set_aside

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.pipeline.rows.conserve import Passed

_FILES: Final = 20
_DOCUMENTS: Final = 25  # of a file
_TRAIN: Final = "train"
_WHY: Final = {
    "reserved": _("rights reserved in words"),
    "claimed": _("a copyright notice and no licence"),
    "unread": _("a statement of rights that isn't understood"),
}
_PROBLEM: Final = _(
    "{n} of {documents} {documents:text|texts} looked at, in {files} of {all} {all:file|files}, would be left out of "
    "training by their own terms: {causes}"
)
REMEDY: Final = _(
    "a written permission of the holder lifts words and licences: name it as `agreement` under [rights]; only the site "
    "can lift a refusal such as noai or TDMRep, so ask its owner, or leave these pages out"
)


@dataclass
class OwnTerms:
    """What a sample of documents states of itself.

    Attributes:
        files: how many files were looked at.
        all_files: how many there are.
        documents: how many documents were looked at.
        excluded: how many of them their own terms leave out of training.
        causes: by what: a signal of refusal, a licence, or `reserved`, `claimed` or `unread` words.
    """

    files: int = 0
    all_files: int = 0
    documents: int = 0
    excluded: int = 0
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, passed: Passed, *, is_agreed: bool = False) -> None:
        """Add documents that `extract` has read.

        Args:
            passed: what the stage gave.
            is_agreed: whether the source names an agreement, which lifts what a file reserves.
        """
        changed = passed.ledger.filter(pl.col("verdict") == "changed").select("doc_id", "evidence").iter_rows()
        states = {doc_id: json.loads(evidence or "{}") for doc_id, evidence in changed}
        for row in passed.kept.frame.iter_rows(named=True):
            causes = _causes(row, states.get(row["doc_id"], {}), is_agreed=is_agreed)
            self.documents += 1
            self.excluded += bool(causes)
            self.causes.update(causes)

    @property
    def problem(self) -> Message | None:
        """The sentence for people; None if no document is left out."""
        if not self.excluded:
            return None
        causes = [
            Message("{cause} ({n})", {"cause": _named(*cause), "n": f"{n:,}"}) for cause, n in self.causes.most_common()
        ]
        return _PROBLEM.fill(
            n=self.excluded,
            documents=self.documents,
            files=self.files,
            all=self.all_files,
            causes=enumerated(causes),
        )

    def as_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        causes = [{"kind": kind, "value": value, "texts": n} for (kind, value), n in self.causes.most_common()]
        return {
            "files": self.files,
            "all_files": self.all_files,
            "texts": self.documents,
            "left_out_of_training": self.excluded,
            "causes": causes,
        }


def own_terms(source: Source, where: str) -> OwnTerms:
    """Return what the first documents of some files state of themselves; the files are spread over all of them.

    Args:
        source: whose files they are; of one that isn't for training nothing is looked at.
        where: a file, a folder, a glob or a URL.
    """
    terms = OwnTerms()
    if _TRAIN not in source.uses:
        return terms
    files = [one for one in list_inputs(source, where) if not one.beside.is_list]
    some = [files[index * len(files) // _FILES] for index in range(_FILES)] if len(files) > _FILES else files
    terms.all_files = len(files)
    is_agreed = bool(source.rights and source.rights.agreement)
    for file in some:
        terms.files += 1
        with suppress(CorpusError):  # `check` reports what can't be read
            for frame in read(source, file, limit=_DOCUMENTS, genre=source.genre or "web"):
                passed = set_aside(Batch(frame), "collect")
                if len(passed.kept) and "raw" in frame.columns:
                    terms.add(pass_through(Extract(), passed.kept), is_agreed=is_agreed)
    return terms


def _causes(row: dict[str, Any], states: dict[str, Any], *, is_agreed: bool) -> set[tuple[str, str]]:
    """Return what of a document's own terms leaves it out of training."""
    signals = {one["signal"] for one in row.get("opt_outs") or ()}
    causes = {("signal", signal) for signal in signals if _TRAIN in withheld([signal])}
    own = states["rights_before"] if "because" in states else row.get("rights")
    found = narrowing(states.get("licences", ()), states.get("notices", ()), own, is_agreed=is_agreed)
    if found and not uses_under(found[1], [_TRAIN]):
        statement, _tier, because = found
        causes.add(("licence", statement) if because == "licence" else (because, ""))
    return causes


def _named(kind: str, value: str) -> Message:
    return _WHY.get(kind) or same(value)
