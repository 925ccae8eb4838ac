"""The request for a new version: its runs, its parent, its terms and its options."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

from latam_corpus.catalog.naming import checked_name, checked_version
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.release.eligibility.admission import ReleaseTerms
from latam_corpus.release.eligibility.splits import SPLIT_SHARES, check_shares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from latam_corpus.pipeline.planning.recipe import ReleaseEntry
    from latam_corpus.release.pages.judgements import Judgement
    from latam_corpus.vocabulary import SplitBy, Variants

NOTHING_TO_BUILD_FROM: Final = (
    _("no run or version to build it from is named"),
    _("name a run, a parent version, or both"),
)


@dataclass(frozen=True)
class BuildRequest:
    """A request for a new version of a release.

    Attributes:
        runs: folders of finished runs; may be empty when there is a parent.
        today: the day on which permissions and embargoes are judged everywhere; when None, the day of `created` in UTC
            and in each document's country, whichever protects the rights holder.
        parent: the parent version, or `latest`.
        version: the version number; the next of the month, such as 2026.11.0, when None.
        splits: the shares of the held-out splits.
        split_by: the documents that must be in the same split: those of a "cluster" of copies, or also all of an
            "author", a "source" or a "file".
        shard_bytes: bytes of text above which a shard is split; when None, it depends on the size of the release and
            is never less than the parent's.
        index: whether to write the fingerprints with which later runs find copies of the version's documents.
        variants: "keep" all variants of a work, only the "longest", or the longest from each country ("by_country").
        accept_loss: why the runs may have lost documents below their recipes' floors; printed on the card.
        runs_on_disk: the folders of other runs, by name, in which copies may be found that replace withdrawn
            documents.
        judged: judgements of readers; those about documents of the version are printed on the card.
        must_be_latest: whether the parent must still be the latest version when this one is published; always so for
            a parent that is the latest when the build begins.

    Raises:
        ConfigError: the name, a number, the terms or the shares are wrong, or there is neither a run nor a parent.
    """

    name: str
    runs: tuple[Path, ...]
    admit: tuple[str, ...]
    uses: tuple[str, ...]
    created: datetime
    today: date | None = None
    parent: str | None = None
    version: str | None = None
    splits: Mapping[str, float] = field(default_factory=lambda: SPLIT_SHARES)
    split_by: SplitBy = "cluster"
    shard_bytes: int | None = None
    index: bool = True
    variants: Variants = "keep"
    accept_loss: str | None = None
    runs_on_disk: Mapping[str, Path] = field(default_factory=dict)
    may_be_empty: bool = False
    judged: tuple[Judgement, ...] = ()
    must_be_latest: bool = False

    def __post_init__(self) -> None:
        checked_name(self.name)
        if self.version is not None:
            checked_version(self.version)
        check_shares(self.splits)
        self.terms.refusal()
        if not self.runs and self.parent is None:
            raise ConfigError(self.name, *NOTHING_TO_BUILD_FROM)

    @classmethod
    def of_recipe(
        cls,
        entry: ReleaseEntry,
        runs: Sequence[Path],
        *,
        created: datetime,
        parent: str | None = None,
        must_be_latest: bool = False,
        judged: Sequence[Judgement] = (),
    ) -> Self:
        """Return the request of a recipe's `[release]`."""
        return cls(
            name=entry.name,
            runs=tuple(runs),
            admit=tuple(entry.admit),
            uses=tuple(entry.uses),
            created=created,
            parent=parent,
            splits=entry.split.model_dump(),
            split_by=entry.split_by,
            index=entry.index,
            variants=entry.variants,
            judged=tuple(judged),
            must_be_latest=must_be_latest,
        )

    @cached_property
    def terms(self) -> ReleaseTerms:
        """The terms on which documents are released."""
        now = None if self.today else self.created.astimezone(UTC)
        admit, uses = (tuple(dict.fromkeys(words)) for words in (self.admit, self.uses))
        return ReleaseTerms(admit, uses, self.today or self.created.date(), now)
