"""Decisions of barriers depend neither on how rows are cut into parts, nor on memory limits, nor on order."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latam_corpus import schema, vocabulary
from latam_corpus.batch import Batch
from latam_corpus.corpus import Frames
from latam_corpus.dedupe import candidate_jobs, near_duplicates, notices, on_disk, verify_jobs
from latam_corpus.dedupe.candidates import pairs
from latam_corpus.dedupe.decide import equal_texts, numbering, pair_components
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.dedupe.fingerprints.scheme import SKETCH, Scheme
from latam_corpus.dedupe.verify.bounds import dedupe_bounds
from latam_corpus.engine.local import InProcess
from latam_corpus.errors import PartError
from latam_corpus.pipeline.execution import barriers as decide_module
from latam_corpus.pipeline.execution.barriers import Output, decide, no_step
from latam_corpus.pipeline.execution.events import returned
from latam_corpus.pipeline.planning.supersede import Supersede
from latam_corpus.pipeline.rows.step_file import ASIDE, DROPPED, ROWS, StepCounts

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.stages import Barrier

_START = datetime(2020, 1, 1, tzinfo=UTC)
_LETTER = (
    "Querida hermana: llegué al puerto con la marea alta y nadie me esperaba en el muelle, porque la carta que mandé "
    "desde la sierra se perdió con el correo de enero. Dormí dos noches en la fonda de la viuda, comí pescado frito y "
    "escuché a los viejos contar la historia del barco que salió con naranjas y volvió con nieve en la bodega."
)
# The second says nearly the same as the first, the third a part of it, the fourth something else.
_TEXTS = (
    _LETTER,
    _LETTER.replace("hermana", "prima"),
    _LETTER.partition(". ")[0] + ".",
    "No hay más remedio que esperar a que baje el río, dijo el arriero, y se sentó a liar un cigarro bajo el alero.",
)
_DECIDED = ("duplicate_of", "contained_in", "duplicate_cluster", "cluster_size")
_ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=30)


def _frame(rows: list[tuple[int, int, int, bool]]) -> pl.DataFrame:
    """Documents with few different ids, texts and times, so that many are equal; the third is also the tier."""
    result = [
        {
            "doc_id": f"{doc:032x}",
            "text": _TEXTS[text],
            "obtained": _START + timedelta(days=day),
            "rights_tier": vocabulary.RIGHTS_TIERS[day],
            "origin": {"file": "f.jsonl", "member": str(place), "offset": None, "digest": None},
        }
        for place, (doc, text, day, _) in enumerate(rows)
    ]
    frame = schema.conform(pl.DataFrame(result) if result else pl.DataFrame({"doc_id": []}), schema.DOCUMENT_SCHEMA)
    return Fingerprint(sketch=True)(Batch(frame)).frame


def _decided(
    room: Path,
    rows: list[tuple[int, int, int, bool]],
    cut: int,
    at_once: int,
    barriers: list[Barrier],
    on_step: OnStep = no_step,
) -> dict[int, tuple[str, ...]]:
    """Return the decision on each row, with rows in parts of `cut`; marked rows were dropped before."""
    outputs = {}
    live: list[int] = []
    for number, start in enumerate(range(0, max(len(rows), 1), cut)):
        folder = room / f"{len(list(room.iterdir()))}-{number}"
        folder.mkdir()
        every = _frame(rows).slice(start, cut)
        chunk = every.select(schema.DOCUMENT_SCHEMA.names())
        gone = pl.Series([row[3] for row in rows[start : start + cut]], dtype=pl.Boolean)
        chunk.filter(~gone).write_parquet(folder / ROWS)
        chunk.filter(gone).write_parquet(folder / DROPPED)
        every.filter(~gone).select(SKETCH.names()).write_parquet(folder / ASIDE, row_group_size=2)
        StepCounts().write(folder)
        outputs[f"p{number}"] = [folder]
        live += [start + place for place, dropped in enumerate(gone) if not dropped]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide_module, "_AT_ONCE", at_once)
        patch.setattr(decide_module, "_VALUES_A_PIECE", 60 * at_once)
        patch.setattr(pairs, "PAIRS_A_RUN", pairs.CAP + at_once)
        patch.setattr(candidate_jobs, "_MARK", 2)
        patch.setattr(pair_components, "_DOCUMENTS_A_PACK", at_once)
        patch.setattr(on_disk, "_SPAN", at_once)
        patch.setattr(on_disk, "_WINDOW_BYTES", 64 * at_once)
        patch.setattr(equal_texts, "_BLOCK_BITS", 1 if at_once < 10 else 17)
        patch.setattr(decide_module, "_KEYS_AT_ONCE", at_once)
        patch.setattr(numbering, "RANGE_ROWS", at_once)
        patch.setattr(numbering, "_SAMPLED_ROWS", 1)
        patch.setattr(near_duplicates, "VALUES_A_RANGE", at_once)
        patch.setattr(near_duplicates, "KEYS_A_MERGE", at_once)
        patch.setattr(verify_jobs, "WORDS_A_LOT", at_once)
        patch.setattr(notices, "_BATCH_RUNS", at_once)
        stored = returned(decide(barriers, outputs, room, InProcess(), on_step=on_step)).parts
    actual: dict[int, tuple[str, ...]] = {}
    for (name, folders), start in zip(
        outputs.items(),
        itertools.accumulate((pl.read_parquet(f[0] / ROWS).height for f in outputs.values()), initial=0),
        strict=False,
    ):
        path = stored[name][0]
        if path:
            for row in pl.read_parquet(path).iter_rows(named=True):
                key = live[start + row["place"]]
                result = (row["stage"], row["drop_reason"], *(row.get(name) for name in _DECIDED), row["evidence"])
                actual[key] = (*actual.get(key, ()), *map(str, result))
        assert folders
    return actual


@given(_ROWS, st.integers(1, 7), st.integers(1, 5))
@settings(
    max_examples=settings().max_examples // 10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_parts_and_memory_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int, bool]], cut: int, at_once: int
) -> None:
    """Decisions are the same with one part in memory and with small parts and a few rows at once."""
    room = tmp_path_factory.mktemp("decide")
    barriers: list[Barrier] = [Supersede(), Dedupe()]
    whole = _decided(room, rows, len(rows) + 1, 10**6, barriers)
    assert _decided(room, rows, cut, at_once, barriers) == whole


def test_a_record_dropped_before_supersedes_an_earlier_one(tmp_path: Path) -> None:
    """An earlier record is superseded even if a rule dropped the later one."""
    rows = [(1, 1, 0, False), (1, 2, 1, True), (2, 3, 0, False)]
    assert {row: result[:2] for row, result in _decided(tmp_path, rows, 1, 10, [Supersede()]).items()} == {
        0: ("supersede", "superseded")
    }


def test_what_one_barrier_drops_the_next_does_not_see(tmp_path: Path) -> None:
    """No text is a duplicate of a superseded record."""
    rows = [(1, 1, 0, False), (1, 3, 1, False), (3, 1, 2, False)]
    assert set(_decided(tmp_path, rows, 2, 10, [Supersede(), Dedupe()])) == {0}


def test_stored_and_in_memory_are_one(tmp_path: Path) -> None:
    """`latam-corpus stage dedupe` makes the same decisions as a run."""
    rows = [(1, 1, 0, False), (2, 1, 1, False), (3, 3, 0, False), (4, 1, 2, False)]
    frame = _frame(rows)
    held = pl.concat(Dedupe().decide(Frames((frame.head(1), frame.tail(3)))), how="diagonal").filter(
        pl.col("drop_reason").is_not_null()
    )
    stored = _decided(tmp_path, rows, 3, 10, [Dedupe()])
    assert (
        held["row"].to_list() == [row for row, result in sorted(stored.items()) if result[1] == "duplicate"] == [1, 3]
    )
    assert set(held["duplicate_of"]) == {f"{1:032x}"}


def test_a_large_output_is_read_in_pieces(tmp_path: Path) -> None:
    """Each piece is limited in its values or is one row group, and the pieces have all rows."""
    counts = [3, 1, 4, 1, 5, 9, 2, 6]
    pl.DataFrame({"doc_id": [str(n) for n in range(len(counts))]}).write_parquet(tmp_path / ROWS)
    aside = pl.DataFrame({"words": counts, "stream": [list(range(n)) for n in counts]})
    aside.write_parquet(tmp_path / ASIDE, row_group_size=1)
    whole = Output(tmp_path / ROWS, 100, len(counts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide_module, "_VALUES_A_PIECE", 8)
        pieces = list(whole.cut())
    assert [piece.height for piece in pieces] == [2, 2, 1, 1, 1, 1]
    assert [piece.start for piece in pieces] == [100, 102, 104, 105, 106, 107]
    for columns in (["doc_id", "stream"], ["words"], ["doc_id"]):
        assert pl.concat([piece.read(columns) for piece in pieces]).equals(whole.read(columns))


def test_each_step_of_a_barrier_is_told_until_it_is_done(tmp_path: Path) -> None:
    """Progress is reported for reading, pairing and comparing, each to its end."""
    steps: list[tuple[str, int, int]] = []
    rows = [(number, number % 4, 0, False) for number in range(12)]
    _decided(tmp_path, rows, 3, 2, [Supersede(), Dedupe()], lambda *step: steps.append(step))
    titles = list(dict.fromkeys(title for title, _, _ in steps))
    assert "reading every doc_id" in titles
    assert titles.index("laying out fingerprints") < titles.index("pairing documents that share passages")
    assert titles.index("adding up what pairs share") < titles.index("comparing pairs of documents")
    for title in titles:
        result = [(done, total) for name, done, total in steps if name == title]
        assert result[-1][0] == result[-1][1], title
        assert result == sorted(result), title


def test_a_job_without_memory_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names a remedy and has no traceback."""

    def scatter(_job: object) -> None:
        raise MemoryError

    monkeypatch.setattr(near_duplicates, "scatter", scatter)
    with pytest.raises(PartError) as raised:
        _decided(tmp_path, [(number, number, 0, False) for number in range(4)], 3, 2, [Dedupe()])
    assert str(raised.value).startswith("scatter 1 of 3: its worker ran out of memory; give it more (on a cluster, ")


def test_a_jobs_error_tells_its_remedy_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the job, the place, the problem and its remedy, each once."""

    def scatter(_job: object) -> None:
        raise PartError("pares", "están cortados", "repítalo")

    monkeypatch.setattr(near_duplicates, "scatter", scatter)
    with pytest.raises(PartError) as raised:
        _decided(tmp_path, [(number, number, 0, False) for number in range(4)], 3, 2, [Dedupe()])
    assert str(raised.value) == "scatter 1 of 3: pares: están cortados; repítalo"


def test_a_word_stream_that_is_cut_off_is_told(tmp_path: Path) -> None:
    """A stream that a full disk cut off is an error, not a shorter document."""
    np.array([[0, 1]], np.uint32).tofile(tmp_path / "pairs")
    np.zeros(0, np.uint64).tofile(tmp_path / verify_jobs.COMMON)
    held = {verify_jobs.ROWS_OF: [0, 1], verify_jobs.WORDS_OF: [3, 3], verify_jobs.FACTS_OF: np.zeros(2)}
    for name, values in held.items():
        np.array(values).astype(verify_jobs.BY_NUMBER[name]).tofile(tmp_path / name)
    corpus = Frames((pl.DataFrame({"stream": pl.Series([[1, 2, 3], [1, 2, 3]], dtype=pl.List(pl.UInt32))}),))
    [job] = verify_jobs.gather_jobs([tmp_path / "pairs"], corpus.pieces(), tmp_path)
    np.save(tmp_path / verify_jobs.FREQUENCY, verify_jobs.gather(job))
    lot = verify_jobs.Lot(tmp_path / "pairs", 0, 1, Scheme(), dedupe_bounds(), tmp_path, tmp_path / "lot")
    assert verify_jobs.verify_lot(lot)[0] == tmp_path / "lot"
    job.file.write_bytes(job.file.read_bytes()[:-4])
    with pytest.raises(PartError, match=r"a word stream is cut off"):
        verify_jobs.verify_lot(lot)
