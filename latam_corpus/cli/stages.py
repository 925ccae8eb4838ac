"""`latam-corpus stage`: one stage alone."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_origin, get_type_hints

import polars as pl
import typer

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.catalog.source import Source
from latam_corpus.cli.rows import RowWriter, as_documents, kind_of, read_chunks
from latam_corpus.cli.show import console, errors, number, print_json
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.corpus import ROW, Frames
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.registry import Barrier, expanded, make_stage, stage_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.batch import Stage

_GIVEN_BY_EXTRACT = (
    "doc_id",
    "text",
    "title",
    "creators",
    "published",
    "declared_language",
    "url",
    "extractor",
    "origin",
)


def stage(
    name: Annotated[str, typer.Argument(help="The stage's key: see `latam-corpus list stages`.")],
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="JSONL or Parquet; for extract a file or folder.")],
    output: Annotated[Path, typer.Argument(help="JSONL or Parquet, by its suffix.")],
    settings: Annotated[list[str], typer.Option("--set", help="An option of the stage: key=value.")] = [],  # noqa: B006
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run one stage alone; the output has one row a row of the input, in its order."""
    made = make_stage(name, dict(_setting(name, entry) for entry in settings), f"stage «{name}»")
    kind_of(output)
    rows, dropped = 0, 0
    chunks = _extracted(source, made) if name == "extract" else _worked(source, expanded(made))
    with RowWriter(output) as writer:
        for originals, given in chunks:
            writer.write(originals, given)
            rows += given.height
            dropped += given["drop_reason"].drop_nulls().len() if "drop_reason" in given.columns else 0
    if as_json_:
        print_json({"stage": name, "rows": rows, "dropped": dropped, "output": str(output)})
    else:
        console.print(f"{name}: {number(rows)} rows, {number(dropped)} with a drop reason, in {output}")


def _setting(stage_name: str, entry: str) -> tuple[str, Any]:
    """The option's key and value, read as TOML or else as text; a list may be written `spa,por`."""
    key, separator, value = entry.partition("=")
    if not separator:
        raise ConfigError("--set", f"«{entry}» has no =", "write key=value")
    hint = get_type_hints(stage_class(stage_name, "stage")).get(key.strip())
    listed = get_origin(hint) is tuple
    try:
        read: Any = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        read = value.split(",") if listed else value
    return key.strip(), [read] if listed and not isinstance(read, list) else read


def _extracted(where: Path, extract: Stage | Barrier) -> Iterator[tuple[list[dict[str, Any]], pl.DataFrame]]:
    assert not isinstance(extract, Barrier)  # noqa: S101  (the registry's own stage)
    origin = Source(id="input", title=str(where), holder="not stated")
    for frame in read_all(origin, list_inputs(origin, str(where)), genre="web"):
        after = schema.conform(extract(Batch(frame)).frame, schema.DOCUMENT_SCHEMA)
        shown = after.select(*_GIVEN_BY_EXTRACT, "drop_reason")
        yield [{} for _ in range(shown.height)], shown


Chunk = tuple[list[dict[str, Any]], pl.DataFrame]


def _worked(where: Path, stages: Sequence[Stage | Barrier]) -> Iterator[Chunk]:
    at = next((place for place, one in enumerate(stages) if isinstance(one, Barrier)), len(stages))
    before = [one for one in stages[:at] if not isinstance(one, Barrier)]
    # What a stage gives for the barrier after it is of no use to a reader.
    gives = [c.name for c in schema.DOCUMENT if any(c.name in one.gives for one in stages[at:] or stages)]
    held: list[Chunk] = []
    start = 0
    for rows in read_chunks(where):
        if not start:
            _check_text(where, rows, stages)
        batch = Batch(with_language(as_documents(rows, start), before))
        for one in before:
            batch = one(batch)
        start += len(rows)
        if at < len(stages):
            # A stage after the barrier may read any column.
            held.append((rows, batch.frame if stages[at + 1 :] else batch.frame.select(_decided_by(stages[at]))))
        else:
            yield rows, schema.conform(batch.frame, schema.DOCUMENT_SCHEMA).select(gives)
    if held:
        yield from _decided(held, stages[at:], gives)


def _check_text(where: Path, rows: Sequence[dict[str, Any]], stages: Sequence[Stage | Barrier]) -> None:
    """Refuse rows none of which has a text, where one is needed: all would be judged as if they were empty."""
    fields = sorted({field for row in rows for field in row})
    if rows and "text" not in fields and any("text" in one.needs for one in stages):
        raise ConfigError(str(where), "no row has a field «text»", f"name it so: there are {', '.join(fields)}")


def _decided(held: Sequence[Chunk], stages: Sequence[Stage | Barrier], gives: Sequence[str]) -> Iterator[Chunk]:
    """The chunks after a barrier and the stages that follow it."""
    barrier, *after = stages
    assert isinstance(barrier, Barrier)  # noqa: S101  (`_worked` cuts there)
    corpus = Frames(tuple(frame.select(_decided_by(barrier)) for _, frame in held))
    nothing = pl.DataFrame(schema={ROW: pl.Int64})
    decided = pl.concat([nothing, *barrier.decide(corpus)], how="diagonal")
    given = [name for name in decided.columns if name != ROW]
    start = 0
    for rows, frame in held:
        numbered = frame.drop(given, strict=False).with_row_index(ROW, start).with_columns(pl.col(ROW).cast(pl.Int64))
        batch = Batch(numbered.join(decided, on=ROW, how="left", maintain_order="left"))
        for one in after:
            assert not isinstance(one, Barrier)  # noqa: S101  (a stage stands for one barrier at most)
            batch = one(batch)
        yield rows, schema.conform(batch.frame, schema.DOCUMENT_SCHEMA).select(gives)
        start += frame.height


def _decided_by(barrier: Stage | Barrier) -> list[str]:
    return sorted({*barrier.needs, *getattr(barrier, "aside", ())})


def with_language(documents: pl.DataFrame, stages: Sequence[Stage]) -> pl.DataFrame:
    """The documents with `language`, where a stage needs one and rows have none: as declared, else identified."""
    if not any("language" in stage.needs for stage in stages):
        return documents
    documents = documents.with_columns(pl.coalesce("language", "declared_language").alias("language"))
    missing = documents["language"].is_null()
    if missing.any():
        errors.print("rows without «language» are identified first")
        identified = make_stage("identify", {}, "identify")
        assert not isinstance(identified, Barrier)  # noqa: S101  (the registry's own stage)
        found = identified(Batch(documents.filter(missing))).frame["language"]
        documents = documents.with_columns(documents["language"].scatter(missing.arg_true(), found))
    return documents
