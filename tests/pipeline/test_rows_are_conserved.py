"""Every row that enters a stage or a run is kept, or dropped with a reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latam_corpus.batch import Batch
from latam_corpus.engine.local import InProcess
from latam_corpus.errors import PartError, SourceError
from latam_corpus.pipeline.execution.run import find_parts, run
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from conftest import SmallRecipe


@dataclass(frozen=True)
class _Losing(Stage):
    """A stage that loses a row."""

    how: str
    name: ClassVar[str] = "losing"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})

    def __call__(self, batch: Batch) -> Batch:
        frame = batch.frame
        created = {"head": frame.head(1), "reverse": frame.reverse(), "double": pl.concat([frame, frame])}
        return Batch(created[self.how])


@pytest.mark.parametrize("how", ["head", "reverse", "double"])
def test_a_stage_that_loses_adds_or_reorders_rows_is_stopped(how: str) -> None:
    """The runner refuses the batch and names the stage."""
    batch = Batch(pl.DataFrame({"doc_id": ["a", "b"], "source_id": ["s", "s"], "text": ["uno", "dos"]}))
    with pytest.raises(PartError, match="losing"):
        pass_through(_Losing(how), batch)


def test_a_dropped_row_is_set_aside_with_its_ledger_row() -> None:
    """The ledger has the reason, the evidence and the exact text's hash."""

    @dataclass(frozen=True)
    class Short(Stage):
        name: ClassVar[str] = "short"
        needs: ClassVar[frozenset[str]] = frozenset({"text"})
        gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})

        def __call__(self, batch: Batch) -> Batch:
            short = [len(text) < 4 for text in batch.frame["text"]]
            return batch.drop(["chars<4" if s else None for s in short], [{"chars": 3} if s else None for s in short])

    batch = Batch(pl.DataFrame({"doc_id": ["a", "b"], "source_id": ["s", "s"], "text": ["uno", "cuatro"]}))
    passed = pass_through(Short(), batch)
    assert passed.kept.frame["doc_id"].to_list() == ["b"]
    assert passed.dropped["doc_id"].to_list() == ["a"]
    [row] = passed.ledger.to_dicts()
    assert (row["verdict"], row["reason"], json.loads(row["evidence"]), row["chars"]) == (
        "dropped",
        "chars<4",
        {"chars": 3},
        3,
    )
    assert row["text_hash_before"] is not None


_PIECES = st.sampled_from(
    [
        "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno.",
        "Mi abuela decía que el río no perdona a los que se olvidan de saludarlo cuando pasan por la orilla.",
        "Não há quem não saiba que os homens do mar têm sempre uma história para contar à noite, junto do fogo.",
        "Inicio\nContacto\nAviso legal\nInicio\nContacto",
        "MaÃ±ana serÃ¡ otro dÃ\xada, dijo la vieja, y se fue a dormir sin apagar la vela que habÃ\xada encendido.",
        "Escríbame a rosa@ejemplo.org, que yo le contesto en cuanto vuelva de la chacra con los demás.",
        "",
        "\x00\x01",
        "12345 67890 2024",
    ]
)


@given(st.lists(st.tuples(_PIECES, st.integers(0, 6)), max_size=25))
@settings(
    max_examples=settings().max_examples // 10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_run_conserves_rows(
    tmp_path_factory: pytest.TempPathFactory, small_recipe: SmallRecipe, records: list[tuple[str, int]]
) -> None:
    """For any records, empty, damaged or repeated: in = kept + dropped, each with a reason.

    Where all are empty the column was named wrongly, and the run says so.
    """
    room = tmp_path_factory.mktemp("run")
    stages = ("extract", "repair", 'identify languages = ["spa"]', "filter", "redact", "dedupe")
    (room / "recipe.toml").write_text(small_recipe(*stages, source=str(room / "datos.jsonl")))
    lines = [
        json.dumps({"id": f"d{number}", "text": text, "obtained": f"2024-05-01T12:00:{second:02d}Z"})
        for second, (text, number) in enumerate(records)
    ]
    (room / "datos.jsonl").write_text("".join(line + "\n" for line in [*lines, "{not json"]))
    plan = make_plan(load_recipe(str(room / "recipe.toml")), {})
    if records and not any(text for text, _ in records):
        with pytest.raises(SourceError, match=r"has no text in (any|the only record)"):
            run(plan, find_parts(plan), room / "out", InProcess())
        return
    result = run(plan, find_parts(plan), room / "out", InProcess())
    rows = {
        kind: pl.concat([pl.read_parquet(f) for f in sorted(Path(result.folder, kind).glob("*.parquet"))])
        for kind in ("kept", "dropped", "ledger")
    }
    assert result.rows_in == len(records) + 1 == rows["kept"].height + rows["dropped"].height
    assert rows["kept"]["drop_reason"].null_count() == rows["kept"].height
    assert rows["dropped"]["drop_reason"].null_count() == 0
    assert rows["kept"]["doc_id"].is_unique().all()
    falls = rows["ledger"].filter(pl.col("verdict") != "changed")
    assert sorted(zip(falls["doc_id"], falls["reason"], strict=True)) == sorted(
        zip(rows["dropped"]["doc_id"], rows["dropped"]["drop_reason"], strict=True)
    )
    assert not rows["kept"]["text"].str.contains("rosa@").any()
