"""What differs between two runs, as their records tell it: what was asked for, of what, and what came of it."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from latam_corpus.messages import N_
from latam_corpus.pipeline.stored_runs.run_record import is_removed, read_digests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from latam_corpus.pipeline.stored_runs.run_record import Record

_MADE_OF: Final = ("options", "models", "code", "libraries")
_ABSENT: Final = None
THERE: Final = N_("there")
_COMPARED: Final = 10_000  # changed documents whose columns are compared


class Difference(NamedTuple):
    """One thing that two runs have otherwise; None stands for what a run hasn't.

    Attributes:
        what: `recipe`, `stage`, `policy`, `source`, `input` or `run`.
        name: which key, stage, source or file; of a policy its file and key.
        aspect: of a stage `options`, `models`, `code` or `libraries`; of an input `content` or `reading`.
        a: in the one.
        b: in the other.
    """

    what: str
    name: str
    aspect: str
    a: Any
    b: Any


class Counted(NamedTuple):
    """Rows of a stage or a source in two runs; None where a run hasn't it."""

    name: str
    in_a: int | None
    in_b: int | None
    kept_a: int | None
    kept_b: int | None


class Documents(NamedTuple):
    """How the kept documents of two runs differ.

    Attributes:
        only_a: how many one run alone has.
        only_b: how many the other alone has.
        changed: how many both have, with other values.
        columns: in how many of these each column differs, of at most 10,000 compared.
    """

    only_a: int = 0
    only_b: int = 0
    changed: int = 0
    columns: dict[str, int] = {}  # noqa: RUF012  (a default that nobody changes)


def documents(a: Record, b: Record) -> Documents | None:
    """Return how the kept documents of two runs differ; None where a run's documents were removed.

    Raises:
        PartError: a file of documents is damaged.
    """
    import polars as pl

    if is_removed(a.folder) or is_removed(b.folder):
        return None
    if _kept_digests(a) == _kept_digests(b):
        return Documents()
    files = a.files("kept"), b.files("kept")
    mine, theirs = (_row_hashes(listed) for listed in files)
    both = mine.join(theirs, on="doc_id", suffix="_b")
    changed = both.filter(pl.col("hash") != pl.col("hash_b"))["doc_id"].sort()
    columns = _columns_that_differ(*files, changed.head(_COMPARED))
    return Documents(mine.height - both.height, theirs.height - both.height, changed.len(), columns)


def _kept_digests(record: Record) -> list[str]:
    digests = read_digests(record.folder)
    return sorted(digest for name, digest in digests.items() if name.startswith("kept/"))


def _row_hashes(files: Sequence[Path]) -> pl.DataFrame:
    import polars as pl

    frames = [pl.DataFrame(schema={"doc_id": pl.String, "hash": pl.UInt64})]
    for file in files:
        frame = pl.read_parquet(file)
        frames.append(frame.select("doc_id", frame.hash_rows().alias("hash")))
    return pl.concat(frames)


def _columns_that_differ(a: Sequence[Path], b: Sequence[Path], ids: pl.Series) -> dict[str, int]:
    """Return in how many of these documents each column differs, those that differ in most first."""
    import polars as pl

    from latam_corpus import schema

    wanted = pl.col("doc_id").is_in(ids.implode())
    rows = [schema.scan(files, schema.DOCUMENT_SCHEMA).filter(wanted).sort("doc_id").collect() for files in (a, b)]
    counted = {name: int(rows[0][name].ne_missing(rows[1][name]).sum()) for name in schema.DOCUMENT_SCHEMA}
    return dict(sorted(((name, n) for name, n in counted.items() if n), key=lambda one: -one[1]))


def differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Difference]:
    """Return what two runs rest on that isn't the same: recipe, stages, sources, input, and what else they were given.

    Args:
        a: what `run.json` says of the one.
        b: of the other.
    """
    return [
        *(Difference("recipe", key, "", *pair) for key, pair in _unequal(a["recipe"], b["recipe"])),
        *_stages(a, b),
        *_sources(a, b),
        *_inputs(a, b),
        *(
            Difference("run", key, "", a.get(key), b.get(key))
            for key in ("toolkit", "reading", "limit")
            if a.get(key) != b.get(key)
        ),
    ]


def _unequal(a: Any, b: Any, place: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the places in two values at which they differ, and what is there.

    >>> list(_unequal({"stage": [{"use": "dedupe"}]}, {"stage": [{"use": "dedupe", "near": False}]}))
    [('stage.1.near', (None, False))]
    """
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys((*a, *b)):
            yield from _unequal(a.get(key, _ABSENT), b.get(key, _ABSENT), f"{place}.{key}" if place else key)
    elif isinstance(a, list) and isinstance(b, list) and any(isinstance(one, dict) for one in (*a, *b)):
        for number in range(max(len(a), len(b))):
            mine, theirs = (one[number] if number < len(one) else _ABSENT for one in (a, b))
            yield from _unequal(mine, theirs, f"{place}.{number + 1}")
    elif a != b:
        yield place, (a, b)


def _stages(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what stages of one name are made of otherwise; a stage that one run lacks."""
    mine, theirs = _numbered(a["made_of"]), _numbered(b["made_of"])
    for name in dict.fromkeys((*mine, *theirs)):
        if name not in mine or name not in theirs:
            yield Difference("stage", name, "", *(THERE if name in one else _ABSENT for one in (mine, theirs)))
            continue
        for aspect in _MADE_OF:
            if mine[name][aspect] != theirs[name][aspect]:
                yield Difference("stage", name, aspect, mine[name][aspect], theirs[name][aspect])


def _numbered(stages: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the stages by name, a second one of a name with its number."""
    seen: Counter[str] = Counter()
    numbered = {}
    for stage in stages:
        seen[stage["stage"]] += 1
        number = seen[stage["stage"]]
        numbered[stage["stage"] + (f" {number}" if number > 1 else "")] = stage
    return numbered


def policy_differences(a: Record, b: Record) -> list[Difference]:
    """Return the keys in which the policies of two runs differ; of lists, the values that the other run lacks.

    Raises:
        PartError: a run's copy of a policy is damaged.
    """
    own, others = _policies(a), _policies(b)
    found = []
    for name in sorted({*own, *others}):
        if name not in own or name not in others:
            found.append(Difference("policy", name, "", *(THERE if name in one else _ABSENT for one in (own, others))))
            continue
        for key, pair in _unequal(own[name], others[name]):
            found.append(Difference("policy", f"{name}: {key}", "", *_without_common(*pair)))
    return found


def _policies(run: Record) -> dict[str, dict[str, Any]]:
    """Return the policies of which a run has a copy, by their path in the folder of policies."""
    files = [file for file in run.files("filters") if file.suffix == ".toml"]
    return {str(file.relative_to(run.folder / "filters")): tomllib.loads(file.read_text("utf-8")) for file in files}


def _without_common(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two lists without the values that both have; other values are returned as they are.

    >>> _without_common(["el", "la"], ["la", "los"])
    (['el'], ['los'])
    """
    if not (isinstance(a, list) and isinstance(b, list)):
        return a, b
    return [one for one in a if one not in b], [one for one in b if one not in a]


def _sources(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    mine, theirs = ({source["id"]: source for source in one["sources"]} for one in (a, b))
    for name in dict.fromkeys((*mine, *theirs)):
        if name not in mine or name not in theirs:
            yield Difference("source", name, "", *(THERE if name in one else _ABSENT for one in (mine, theirs)))
            continue
        for key, pair in _unequal(mine[name], theirs[name]):
            yield Difference("source", f"{name}: {key}", "", *pair)


def _inputs(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    """Files that one run lacks, or that have other bytes; and those that have the same and were read otherwise."""
    mine, theirs = (_files(one["parts"]) for one in (a, b))
    for name in dict.fromkeys((*mine, *theirs)):
        here, there = mine.get(name), theirs.get(name)
        if here is None or there is None:
            yield Difference("input", name, "", *(THERE if one else _ABSENT for one in (here, there)))
        elif here[0] != there[0]:
            yield Difference("input", name, "content", here[0], there[0])
        elif here[1] != there[1]:  # the source, what lists beside the file say of it, or the code that reads
            yield Difference("input", name, "reading", here[1], there[1])


def _files(parts: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, Any]]:
    """Return each file's digest and the keys of its parts."""
    files: dict[str, tuple[Any, list[Any]]] = {}
    for part in parts:
        for file in part["files"]:
            files.setdefault(f"{part['source']}: {file['file']}", (file["sha256"], []))[1].append(file["key"])
    return {name: (content, keys) for name, (content, keys) in files.items()}


def title_of(part: Mapping[str, Any]) -> str:
    """Return what a part read, for people.

    >>> title_of({"files": [{"file": "a.txt"}, {"file": "b.txt"}, {"file": "c.txt"}]})
    'a.txt … c.txt, 3 files'
    """
    first, *more = (file["file"] for file in part["files"])
    return f"{first} … {more[-1]}, {len(more) + 1} files" if more else str(first)


def counts(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, list[Counted]]:
    """Rows in and kept by stage and by source, in both runs, as far as they differ."""
    by_stage = [{name: (c["rows_in"], c["kept"]) for name, c in one["stages"].items()} for one in (a, b)]
    by_source = [_by_source(one["by_genre"]) for one in (a, b)]
    return {"stages": _counted(*by_stage), "sources": _counted(*by_source)}


def _by_source(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    totals: dict[str, tuple[int, int]] = {}
    for row in rows:
        rows_in, kept = totals.get(row["source"], (0, 0))
        totals[row["source"]] = rows_in + row["in"], kept + row["kept"]
    return totals


def _counted(a: Mapping[str, tuple[int, int]], b: Mapping[str, tuple[int, int]]) -> list[Counted]:
    nothing = (None, None)
    pairs = ((name, a.get(name, nothing), b.get(name, nothing)) for name in dict.fromkeys((*a, *b)))
    return [Counted(name, one[0], other[0], one[1], other[1]) for name, one, other in pairs if one != other]
