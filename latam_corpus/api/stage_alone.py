"""Apply one stage to a Polars frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, overload

import polars as pl
import pyarrow as pa

from latam_corpus.api.arguments import check_arguments
from latam_corpus.collect.row_files import frame_as_documents
from latam_corpus.config.toml_model import shortened
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.pipeline.execution.one_stage import apply_stages, check_text, with_typed_extra
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.stages import Barrier, Stage  # noqa: TC001  (arguments are checked against these annotations)

_ROWS: Final = 2000


@dataclass(frozen=True)
class StageAlone:
    """A stage that can be called with a frame, as `latam-corpus stage` runs one on a file."""

    stage: Stage | Barrier

    @overload
    def __call__(self, frame: pl.DataFrame) -> pl.DataFrame: ...

    @overload
    def __call__(self, frame: pa.Table) -> pa.Table: ...

    def __call__(self, frame: Any) -> Any:
        """Return the same rows in the same order, with the frame's columns and the columns that the stage adds.

        If the stage needs a language, rows without `language` are identified first. The default `genre` is `web`.

        Args:
            frame: a frame with `text` and any other columns of the schema; `id` or `doc_id` identifies a document. For
                an Arrow table, such as from Ray Data's `map_batches`, an Arrow table is returned.

        Raises:
            ConfigError: the argument isn't a frame or has no column `text`, or the stage reads files instead of rows.
        """
        place = f"stage «{self.stage.name}»"
        if isinstance(frame, pa.Table):
            return self(pl.DataFrame(frame)).to_arrow(compat_level=pl.CompatLevel.oldest())
        if not isinstance(frame, pl.DataFrame):
            problem = _("it was called with a {kind}", kind=type(frame).__name__)
            raise ConfigError(place, problem, _("give it a Polars frame, `pl.DataFrame(…)`, or an Arrow table"))
        if "raw" in self.stage.needs:
            problem = _("it reads the bytes of files, not rows of text")
            raise ConfigError(
                place,
                problem,
                _("latam-corpus stage {stage} INPUT OUTPUT takes a folder of files", stage=self.stage.name),
            )
        stages = self.stage.expand()
        check_text(place, frame.columns, stages)
        documents = frame_as_documents(frame, place)
        pieces = (documents.slice(start, _ROWS) for start in range(0, max(1, documents.height), _ROWS))
        result = pl.concat(list(apply_stages(pieces, stages, lambda _: None)), how="diagonal")
        result = with_typed_extra(result, frame.get_column("extra", default=None), stages)
        if "duplicate_of" in result.columns and not {"id", "doc_id"} & set(frame.columns):
            result = result.with_columns(documents["doc_id"])  # so that `duplicate_of` can be resolved
        return frame.drop([name for name in result.columns if name in frame.columns]).hstack(result)


def stage(name: str | Stage | Barrier, **options: Any) -> StageAlone:
    """Return a stage that can be called with a frame, as in `stage("identify")(frame)`.

    Args:
        name: the key of a stage (see `latam-corpus list stages`), or your own stage, such as `Shorten(longest=100)`.
        **options: the options of the stage, as in a recipe.

    Raises:
        ConfigError: the stage or an option doesn't exist, or a value is wrong.
    """
    check_arguments(stage, locals())
    if isinstance(name, str):
        return StageAlone(make_stage(name, options, f"stage «{name}»"))
    if options:
        problem = _("«{key}» is {given}", key=next(iter(options)), given=shortened(repr(next(iter(options.values())))))
        raise ConfigError(f"stage «{name.name}»", problem, _("set the options when you create the stage"))
    return StageAlone(name)
