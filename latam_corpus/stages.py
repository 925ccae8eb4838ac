"""The contract of a stage and of a barrier: what a recipe can name, the toolkit's own and those of plug-ins.

A batch in, the same rows out: a stage adds columns, rewrites `text`, or gives rows a `drop_reason`; it can't lose one.
A barrier needs the whole corpus, and gives decisions by row. Each is a frozen dataclass whose fields are the options
that a recipe may set, so that it can be compared, printed and sent to a worker. Models are named by path and opened in
the worker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from latam_corpus.batch import Batch
    from latam_corpus.catalog.source import Source
    from latam_corpus.corpus import Corpus
    from latam_corpus.vocabulary import Tier, Use


@dataclass(frozen=True)
class Operation(ABC):  # noqa: B024  (what is abstract differs)
    """What stages and barriers have in common. Only `name` must be given; the rest has defaults.

    Attributes:
        name: as the ledger and `run.json` have it.
        needs: the columns that must be there.
        gives: the columns that it sets; of a column that no document has its type too, `readability: float64`, which
            `adds` has then.
        adds: these columns and their types, which releases have in `extra`. Taken from `gives`.
        rewrites: the columns that it changes too, where they are there.
        by_content: options that name a file or a folder for which `fingerprint` speaks: its path doesn't count.
        libraries: distributions whose version changes the result.
        version: raised when a change of the code changes results; stored results of another version aren't reused.
    """

    name: ClassVar[str] = ""
    needs: ClassVar[frozenset[str]] = frozenset()
    gives: ClassVar[frozenset[str]] = frozenset()
    adds: ClassVar[Mapping[str, str]] = {}
    rewrites: ClassVar[frozenset[str]] = frozenset()
    by_content: ClassVar[tuple[str, ...]] = ()
    libraries: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[int | str] = 1

    def __init_subclass__(cls) -> None:
        """Separate the names in `gives` from the types of those that are declared with one."""
        super().__init_subclass__()
        declared = vars(cls).get("gives")
        if declared is None:
            return
        pairs = declared.items() if isinstance(declared, Mapping) else (one.partition(":")[::2] for one in declared)
        types = {name.strip().removeprefix("extra."): str(kind).strip() for name, kind in pairs}
        cls.adds = {name: kind for name, kind in types.items() if kind}
        cls.gives = frozenset(types) | ({"extra"} if cls.adds else frozenset())

    def fingerprint(self) -> str:
        """Tell what the result rests on beside options and code: a digest of a model or of a folder of policies."""
        return ""

    def expand(self) -> tuple[Stage | Barrier, ...]:
        """List what a plan runs for it: stages before a cut, a barrier, stages after it; itself by default."""
        return (self,)  # type: ignore[return-value]  # it is the one or the other

    def for_release(self, admit: tuple[Tier, ...], uses: tuple[Use, ...]) -> Self:  # noqa: ARG002
        """Take over the terms of the recipe's release, if it weighs terms and states none.

        Args:
            admit: the rights tiers that the release admits.
            uses: what the release needs each document to allow.
        """
        return self

    def for_sources(self, sources: Sequence[Source]) -> Self:  # noqa: ARG002
        """Take over what these sources ask of it.

        Args:
            sources: those of the plan.
        """
        return self

    @property
    def policy_folder(self) -> Path | None:
        """The folder of policies that it decides by, of which a run keeps a copy."""
        return None


@dataclass(frozen=True)
class Stage(Operation):
    """A step of a pipeline: maps a batch to a batch.

    Attributes:
        makes_rows: whether it makes several rows out of one; each child names its `parent_id`.
        stored_before: whether the plan stores what enters it, so that a change of it redoes nothing before.
        stored_after: whether the plan stores what it gives, so that a change after it doesn't redo it.
    """

    makes_rows: ClassVar[bool] = False
    stored_before: ClassVar[bool] = False
    stored_after: ClassVar[bool] = False

    def fingerprint_for(self, entering: Collection[tuple[str, str]]) -> str | None:  # noqa: ARG002
        """Tell the same as `fingerprint` for some rows alone: what it rests on for others doesn't count then.

        Args:
            entering: the languages and genres of the rows.

        Returns:
            None where it rests on the same for all rows.
        """
        return None

    @abstractmethod
    def __call__(self, batch: Batch) -> Batch:
        """Return the same rows, in order, with the stage's columns."""


@dataclass(frozen=True)
class Barrier(Operation):
    """A step that needs the whole corpus: the plan cuts the pipeline there."""

    @property
    def aside(self) -> Mapping[str, pl.DataType]:
        """The columns that it needs and no document has: names and types, stored beside the rows until it decides."""
        return {}

    @abstractmethod
    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """Yield decisions, by `row`, for the rows that it decides on: `drop_reason`, what it gives, `evidence`."""
