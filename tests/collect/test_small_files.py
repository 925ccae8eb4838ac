"""Small files are read in packs: the rows are the same, fewer files are written, and a new file redoes little."""

from __future__ import annotations

import gzip
import json
import os
import random
import zipfile
from math import ceil
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.catalog.source import Source
from latam_corpus.collect import files as module
from latam_corpus.collect.files import InputFile, digest, list_inputs, packs, read, read_all, split
from latam_corpus.collect.streams import state_of
from latam_corpus.engine.local import InProcess
from latam_corpus.pipeline.execution.events import PartDone
from latam_corpus.pipeline.execution.run import find_parts, run
from latam_corpus.pipeline.planning import span_cache
from latam_corpus.pipeline.planning.plan import Input, make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.stored_runs.difference import differences, title_of
from latam_corpus.pipeline.stored_runs.run_record import read_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe

    from latam_corpus.collect.spans import Span
    from latam_corpus.pipeline.execution.events import StageEvent

_ANY = Source(id="cuentos", title="Cuentos", holder="Biblioteca")
_TEXT = (
    "La barca número {n} salió del puerto antes del alba y volvió con la red vacía.\n"
    "Mi abuela contaba la historia {n} y nadie se atrevía a decirle que ya la sabíamos de memoria."
)


def _listed(sizes: Sequence[int]) -> list[InputFile]:
    return [InputFile(f"notas/{number:05}.txt", "", size) for number, size in enumerate(sizes)]


@given(st.lists(st.sampled_from([0, 900, 60_000, module.SMALL, module.SMALL + 1, 2**27]), max_size=3000))
@settings(max_examples=settings().max_examples // 4, deadline=None)
def test_packs_are_all_files_in_order_within_bounds(sizes: list[int]) -> None:
    """A pack has a limited number of files and bytes; a large file, and each of a few files, is a pack of its own."""
    files = _listed(sizes)
    all_packs = list(packs(files))
    assert [file for pack in all_packs for file in pack] == files
    assert all(len(pack) <= module.PACK_FILES for pack in all_packs)
    assert all(sum(file.size for file in pack) <= module.PACK_BYTES for pack in all_packs if len(pack) > 1)
    assert all(len(pack) == 1 for pack in all_packs if max(file.size for file in pack) > module.SMALL)
    if sum(size <= module.SMALL for size in sizes) <= module.FEW:
        assert len(all_packs) == len(files)


def test_many_small_files_are_few_packs() -> None:
    """1,500 files of 4 kB or 20 kB are at most 5 packs, and 100,000 files at most 250."""
    assert 2 <= len(list(packs(_listed([4_000] * 1500)))) <= 5
    assert 2 <= len(list(packs(_listed([20_000] * 1500)))) <= 5
    assert 150 < len(list(packs(_listed([4_000] * 100_000)))) < 250


def test_a_file_that_comes_or_goes_changes_one_pack_or_two() -> None:
    """An added, removed or changed file changes mostly one pack and at most three, anywhere among 6,000 files."""
    files = _listed([4_000] * 6000)
    original_packs = set(packs(files))
    chance = random.Random(5)
    changed = []
    for _ in range(60):
        at = chance.randrange(len(files))
        more = sorted([*files, InputFile(f"{files[at].relative}-b.txt", "", 4_000)])
        fewer = [*files[:at], *files[at + 1 :]]
        grown = [*files[:at], InputFile(files[at].relative, "", 30_000), *files[at + 1 :]]
        changed += [len(set(packs(changed_files)) - original_packs) for changed_files in (more, fewer, grown)]
    assert max(changed) <= 3
    assert sum(changed) < 1.1 * len(changed)


def _folder(path: Path, count: int) -> Path:
    """Create a folder of small files in several formats, including unreadable ones."""
    path.mkdir()
    for number in range(count):
        text = _TEXT.format(n=number)
        record = json.dumps({"id": f"r{number}", "text": text}, ensure_ascii=False)
        named: dict[str, bytes] = {
            "txt": text.encode(),
            "html": f"<html><head><title>N</title></head><body><p>{text}</p></body></html>".encode(),
            "jsonl": f"{record}\n{{roto\n{record.replace('r', 'q', 1)}\n".encode(),
            "txt.gz": gzip.compress(text.encode()),
            "csv": f'id,text\nc{number},"{text}"\n'.encode(),
        }
        spoilt = {
            "html": b"",
            "txt.gz": gzip.compress(text.encode())[:-9],
            "csv": b"id,text\nx,y,z\n",
            "png": b"GIF89a",
        }
        suffix = list(named)[number % len(named)]
        (path / f"{number:04}.{suffix}").write_bytes(named[suffix])
        if number % 7 == 0:
            spoilt_suffix = list(spoilt)[number % len(spoilt)]
            (path / f"{number:04}-mala.{spoilt_suffix}").write_bytes(spoilt[spoilt_suffix])
    with zipfile.ZipFile(path / "envio.zip", "w") as archive:
        for number in range(9):
            archive.writestr(f"{number}.txt", _TEXT.format(n=f"z{number}"))
    for file in path.iterdir():
        os.utime(file, (1_700_000_000, 1_700_000_000))
    return path


@pytest.mark.parametrize("options", [{}, {"rows": 7}, {"bytes_": 300}, {"limit": 1}, {"limit": 2, "rows": 5}])
def test_files_read_together_give_the_rows_of_each(tmp_path: Path, options: dict[str, Any]) -> None:
    """Order, failures and limits are the same as for single files, in fewer frames, however small they may be."""
    files = list_inputs(_ANY, _folder(tmp_path / "in", 60))
    single_frames = [frame for file in files for frame in read(_ANY, file, **options)]
    joint_frames = list(read_all(_ANY, files, **options))
    whole = pl.concat(single_frames, how="diagonal")
    assert pl.concat(joint_frames, how="diagonal").select(whole.columns).equals(whole)
    assert whole["drop_reason"].drop_nulls().n_unique() >= 4
    assert len(joint_frames) == 1 if not options else len(joint_frames) <= len(single_frames)
    assert all(frame.height <= options.get("rows", 2000) for frame in joint_frames)


def _worked(folder: Path, out: Path, recipe_of: SmallRecipe) -> tuple[list[tuple[bool, ...]], list[pl.DataFrame]]:
    """Return the reused steps of each part, and the run's kept rows, dropped rows and ledger."""
    recipe = folder.parent / "receta.toml"
    recipe.write_text(recipe_of("extract", "repair", "redact", "dedupe near = false", source=str(folder)))
    plan = make_plan(load_recipe(str(recipe)), {})
    reused: dict[str, tuple[bool, ...]] = {}

    def note(event: StageEvent) -> None:
        if isinstance(event, PartDone):
            outcome = event.outcome
            reused[outcome.part] = reused.get(outcome.part, ()) + outcome.reused

    result = run(plan, find_parts(plan), out, InProcess(), note)
    assert result.failures == {}
    tables = [
        pl.concat([pl.read_parquet(file) for file in sorted((result.folder / kind).glob("*.parquet"))])
        for kind in ("kept", "dropped", "ledger")
    ]
    return list(reused.values()), tables


def test_a_run_tells_the_same_of_packs_as_of_single_files(
    tmp_path: Path, small_recipe: SmallRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept rows, dropped rows and ledger are equal; a damaged file in a pack fails alone."""
    folder = _folder(tmp_path / "in", 40)
    packed, packed_tables = _worked(folder, tmp_path / "together", small_recipe)
    monkeypatch.setattr(module, "FEW", 10**6)
    single, single_tables = _worked(folder, tmp_path / "apart", small_recipe)
    assert (len(packed), len(single)) == (1, 47)
    for packed_table, single_table in zip(packed_tables, single_tables, strict=True):
        by = ["doc_id", "reason"] if "reason" in packed_table.columns else ["doc_id"]
        assert packed_table.sort(by).equals(single_table.sort(by))
    assert packed_tables[0]["doc_id"].equals(single_tables[0]["doc_id"])  # in the order of the files, too
    assert sum(file.is_file() for file in (tmp_path / "together").rglob("*")) < 40


def test_one_file_more_redoes_its_pack_alone(
    tmp_path: Path, small_recipe: SmallRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed, added or removed file redoes one or two packs; without a change, everything is reused."""
    monkeypatch.setattr(module, "PACK_FILES", 12)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(80):
        (folder / f"{number:03}.txt").write_text(_TEXT.format(n=number))

    def fresh() -> tuple[int, int]:
        parts, _ = _worked(folder, tmp_path / "out", small_recipe)
        return sum(not reused[0] for reused in parts), len(parts)

    new, count = fresh()
    assert new == count > 6
    assert fresh() == (0, count)
    (folder / "040.txt").write_text(_TEXT.format(n="cuarenta"))
    assert fresh()[0] == 1
    (folder / "061-b.txt").write_text(_TEXT.format(n="sesenta y uno"))
    assert 1 <= fresh()[0] <= 2
    (folder / "013.txt").unlink()
    assert 0 <= fresh()[0] <= 2


def test_of_two_runs_the_changed_file_of_a_pack_is_told(tmp_path: Path, small_recipe: SmallRecipe) -> None:
    """The diff names the changed and the new file, and not the other files of their pack."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:03}.txt").write_text(_TEXT.format(n=number))
    runs: dict[Path, Any] = {}
    for text in ("uno", "dos"):
        (folder / "012.txt").write_text(text)
        (folder / f"031-{text}.txt").write_text(_TEXT.format(n=31))
        _worked(folder, tmp_path / "out", small_recipe)
        [run_folder] = set((tmp_path / "out" / "runs").glob("receta-*")) - runs.keys()
        runs[run_folder] = read_record(run_folder).values
    changes = differences(*runs.values())
    assert [(change.what, change.name, change.aspect) for change in changes if change.what == "input"] == [
        ("input", "in: 012.txt", "content"),
        ("input", "in: 031-dos.txt", ""),
    ]
    assert len(runs[run_folder]["parts"]) == 1
    assert title_of(runs[run_folder]["parts"][0]) == "000.txt … 031-uno.txt, 32 files"


def test_a_dry_run_says_what_is_taken_together_and_what_is_cut(
    command_line: CommandLine, tmp_path: Path, small_recipe: SmallRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan has small files, a compressed file with several parts, and a large file that can't be cut."""
    for name in ("latam_corpus.pipeline.planning.span_cache", "latam_corpus.cli.running.outcome"):
        monkeypatch.setattr(f"{name}.SPAN_BYTES", 2_000)
    monkeypatch.setattr(module, "SMALL", 2_000)
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:03}.txt").write_text(_TEXT.format(n=number))
    lines = [json.dumps({"id": f"r{n}", "text": f"{random.Random(n).getrandbits(256):x}"}) for n in range(100)]
    (folder / "r.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (folder / "s.txt").write_text(_TEXT * 20)
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("extract", "repair", source=str(folder)))
    result = command_line("run", recipe, "--out", tmp_path / "out", "--dry-run")
    assert (result.code, result.err.count("finding where to split it")) == (0, 2), result.err
    plan = command_line("run", recipe, "--out", tmp_path / "out", "--dry-run", "--json").json
    (cut,) = plan["cut"]
    assert plan["together"] == {"files": 20, "parts": 1}
    assert (cut["file"], cut["bytes"]) == ("r.jsonl.gz", len("\n".join(lines)))
    assert cut["unpacked_again"] > cut["bytes"]
    assert plan["uncut"] == [{"file": "s.txt", "bytes": len((_TEXT * 20).encode())}]
    assert plan["files"] == 22
    assert plan["parts"] == 2 + cut["parts"]
    assert "20 small files are read together, in 1 part" in result.out
    assert f"r.jsonl.gz: {cut['parts']} parts" in result.out
    assert "unpacked once more" in result.out
    assert "s.txt: one part" in result.out


def test_a_small_source_is_cut_into_smaller_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts let workers share a small source; a large source would have too many of them."""
    monkeypatch.setattr(span_cache, "SPAN_BYTES", 4_000)
    monkeypatch.setattr(span_cache, "SMALL_SPAN_BYTES", 1_000)
    monkeypatch.setattr(span_cache, "SMALL_SOURCE", 100_000)
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "r.jsonl"
    path.write_text("".join(f'{{"id": "r{n}", "text": "{_TEXT}"}}\n' for n in range(100)))
    (file,) = list_inputs(_ANY, str(path))
    file_input = Input(file, "00", "00", state_of(file.url))
    small, large = (span_cache.cached_spans(_ANY, file_input, size) for size in (100_000, 100_001))
    assert len(small) > 2 * len(large) > 2


def test_a_file_is_cut_into_parts_of_equal_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A last part with a small rest would leave workers without work."""
    monkeypatch.setattr(span_cache, "SPAN_BYTES", 1_000)
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "r.jsonl"
    path.write_text('{"text": "Vidala."}\n' * 155)  # 3,100 bytes
    (file,) = list_inputs(_ANY, path)
    spans = span_cache.cached_spans(_ANY, Input(file, digest(file), "", state_of(file.url)), file.size)
    sizes = [span.size for span in spans if span]
    assert (len(sizes), sum(sizes), max(sizes) - min(sizes) < 50) == (4, 3_100, True)


def test_where_a_file_is_cut_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut points are cached by content and reader options, and recomputed if the cache is damaged or not writable."""
    monkeypatch.setattr(span_cache, "SPAN_BYTES", 1_000)
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path / "cache"))
    looked: list[str] = []

    def recorded_split(source: Source, file: InputFile, bytes_: int) -> list[Span | None]:
        looked.append(file.relative)
        return split(source, file, bytes_)

    monkeypatch.setattr(span_cache, "split", recorded_split)
    path = tmp_path / "r.jsonl"
    path.write_text('{"text": "Copla de la vidala."}\n' * 100)
    (file,) = list_inputs(_ANY, path)
    file_input = Input(file, digest(file), "", state_of(file.url))
    spans = span_cache.cached_spans(_ANY, file_input, file_input.file.size)
    assert spans == split(_ANY, file, ceil(file.size / ceil(file.size / 1_000)))
    assert span_cache.cached_spans(_ANY, file_input, file_input.file.size) == spans
    assert len(looked) == 1
    grouped = _ANY.model_copy(update={"collect": _ANY.collect.model_copy(update={"group_rows": 3})})
    assert span_cache.cached_spans(grouped, file_input, file_input.file.size) == [None]
    (cached_file,) = [entry for entry in (tmp_path / "cache").rglob("*.json") if "lines" in entry.read_text()]
    for spoilt in (cached_file.read_text()[:-9], cached_file.read_text().replace('"stop": 1', '"stop": 2', 1), "[]"):
        cached_file.write_text(spoilt)
        assert span_cache.cached_spans(_ANY, file_input, file_input.file.size) == spans
    assert len(looked) == 5
    (tmp_path / "plain").write_text("")
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path / "plain"))
    assert span_cache.cached_spans(_ANY, file_input, file_input.file.size) == spans
