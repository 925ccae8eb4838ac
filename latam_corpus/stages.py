"""The base classes of stages and barriers, of the toolkit and of plug-ins.

A stage turns a batch into a batch with the same rows: it adds columns, rewrites `text`, or gives rows a `drop_reason`;
it can't lose a row. A barrier reads the whole corpus and yields decisions by row. Both are frozen dataclasses whose
fields are the options of a recipe, so that they can be compared, printed and sent to a worker. Models are named by path
and opened in the worker.
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
class Operation(ABC):  # noqa: B024  (subclasses have different abstract methods)
    """The common base of stages and barriers. Only `name` is required; everything else has a default.

    Attributes:
        name: the name in the ledger and in `run.json`.
        needs: the required columns.
        gives: the columns that it sets. A column outside the schema is declared with its type: `readability: float64`.
        adds: the columns of `gives` with a type; releases have them in `extra`.
        rewrites: further columns that it changes if they exist.
        by_content: options that name a file or folder. `fingerprint` covers its content, so its path doesn't count.
        libraries: distributions whose version changes the result.
        version: increased when a code change affects results; stored results of another version aren't reused.
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
        """Separate the names in `gives` from their types."""
        super().__init_subclass__()
        declared = vars(cls).get("gives")
        if declared is None:
            return
        pairs = declared.items() if isinstance(declared, Mapping) else (entry.partition(":")[::2] for entry in declared)
        types = {name.strip().removeprefix("extra."): str(kind).strip() for name, kind in pairs}
        cls.adds = {name: kind for name, kind in types.items() if kind}
        cls.gives = frozenset(types) | ({"extra"} if cls.adds else frozenset())

    def fingerprint(self) -> str:
        """Return a digest of further inputs of the result, such as a model or a policy folder."""
        return ""

    def expand(self) -> tuple[Stage | Barrier, ...]:
        """Return the stages and barriers that a plan runs in its place; by default only itself."""
        return (self,)  # type: ignore[return-value]  # it is a Stage or a Barrier

    def for_release(self, admit: tuple[Tier, ...], uses: tuple[Use, ...]) -> Self:  # noqa: ARG002
        """Return the operation with the terms of the recipe's release, if it needs terms and has none.

        Args:
            admit: the rights tiers that the release admits.
            uses: the uses that each document must allow.
        """
        return self

    def for_sources(self, sources: Sequence[Source]) -> Self:  # noqa: ARG002
        """Return the operation with the settings that these sources require.

        Args:
            sources: the sources of the plan.
        """
        return self

    @property
    def policy_folder(self) -> Path | None:
        """The policy folder that it applies; a run keeps a copy of it."""
        return None


@dataclass(frozen=True)
class Stage(Operation):
    """A step of a pipeline that turns a batch into a batch.

    Attributes:
        makes_rows: whether it turns one row into several; each child names its `parent_id`.
        stored_before: whether the plan stores its input, so that a change of the stage repeats no earlier stage.
        stored_after: whether the plan stores its output, so that a change of a later stage doesn't repeat it.
    """

    makes_rows: ClassVar[bool] = False
    stored_before: ClassVar[bool] = False
    stored_after: ClassVar[bool] = False

    def fingerprint_for(self, entering: Collection[tuple[str, str]]) -> str | None:  # noqa: ARG002
        """Return the fingerprint for rows of some languages and genres only.

        Args:
            entering: the languages and genres of the rows.

        Returns:
            None if all rows depend on the same inputs.
        """
        return None

    @abstractmethod
    def __call__(self, batch: Batch) -> Batch:
        """Return the same rows, in order, with the stage's columns."""


@dataclass(frozen=True)
class Barrier(Operation):
    """A step that reads the whole corpus; the plan cuts the pipeline there."""

    @property
    def aside(self) -> Mapping[str, pl.DataType]:
        """Names and types of required columns that aren't in the schema; they are stored separately."""
        return {}

    @abstractmethod
    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """Yield decisions by `row`: `drop_reason`, the columns that the barrier sets, and `evidence`."""
