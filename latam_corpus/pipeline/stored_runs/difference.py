"""Compare two runs according to their records: inputs, settings and results."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from latam_corpus.messages import N_
from latam_corpus.pipeline.stored_runs.run_record import is_removed, read_digests

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from latam_corpus.pipeline.stored_runs.run_record import Record

_MADE_OF: Final = ("options", "models", "code", "libraries")
PRESENT: Final = N_("there")  # a value of the JSON output
_COMPARED: Final = 10_000  # changed documents whose columns are compared at most


class Difference(NamedTuple):
    """A value that differs between two runs.

    Attributes:
        what: the kind of value: `recipe`, `stage`, `policy`, `source`, `input` or `run`.
        aspect: for a stage `options`, `models`, `code` or `libraries`; for an input `content` or `reading`.
    """

    what: str
    name: str
    aspect: str
    a: Any
    b: Any


class RowCounts(NamedTuple):
    """Row counts of a stage or a source in two runs; None for a run that lacks it."""

    name: str
    in_a: int | None
    in_b: int | None
    kept_a: int | None
    kept_b: int | None


class DocumentDifferences(NamedTuple):
    """The differences between the kept documents of two runs.

    Attributes:
        columns: for each column, the number of changed documents in which it differs; at most 10,000 documents are
            compared.
    """

    only_a: int = 0
    only_b: int = 0
    changed: int = 0
    columns: dict[str, int] = {}  # noqa: RUF012  (the default is never changed)


def documents(a: Record, b: Record) -> DocumentDifferences | None:
    """Return the differences between the kept documents of two runs; None if the documents of a run were removed.

    Raises:
        PartError: a file of documents is damaged.
    """
    import polars as pl

    if is_removed(a.folder) or is_removed(b.folder):
        return None
    if _kept_digests(a) == _kept_digests(b):
        return DocumentDifferences()
    files = a.files("kept"), b.files("kept")
    rows_a, rows_b = (_row_hashes(kept_files) for kept_files in files)
    common = rows_a.join(rows_b, on="doc_id", suffix="_b")
    changed = common.filter(pl.col("hash") != pl.col("hash_b"))["doc_id"].sort()
    columns = _columns_that_differ(*files, changed.head(_COMPARED))
    return DocumentDifferences(rows_a.height - common.height, rows_b.height - common.height, changed.len(), columns)


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
    """Return the number of these documents in which each column differs, the largest number first."""
    import polars as pl

    from latam_corpus import schema

    is_compared = pl.col("doc_id").is_in(ids.implode())
    rows = [schema.scan(files, schema.DOCUMENT_SCHEMA).filter(is_compared).sort("doc_id").collect() for files in (a, b)]
    counted = {name: int(rows[0][name].ne_missing(rows[1][name]).sum()) for name in schema.DOCUMENT_SCHEMA}
    return dict(sorted(((name, n) for name, n in counted.items() if n), key=lambda item: -item[1]))


def differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Difference]:
    """Return the differing inputs and settings of two runs: recipe, stages, sources, input files and options."""
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
    """Yield the paths at which two nested values differ, each with both values.

    >>> list(_unequal({"stage": [{"use": "dedupe"}]}, {"stage": [{"use": "dedupe", "near": False}]}))
    [('stage.1.near', (None, False))]
    """
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys((*a, *b)):
            yield from _unequal(a.get(key), b.get(key), f"{place}.{key}" if place else key)
    elif isinstance(a, list) and isinstance(b, list) and any(isinstance(item, dict) for item in (*a, *b)):
        for number in range(max(len(a), len(b))):
            item_a, item_b = (item[number] if number < len(item) else None for item in (a, b))
            yield from _unequal(item_a, item_b, f"{place}.{number + 1}")
    elif a != b:
        yield place, (a, b)


def _stages(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the stages that only one run has, and the differing inputs of those that both have."""
    stages_a, stages_b = _numbered(a["made_of"]), _numbered(b["made_of"])
    for name in dict.fromkeys((*stages_a, *stages_b)):
        if name not in stages_a or name not in stages_b:
            yield _only_in_one("stage", name, stages_a, stages_b)
            continue
        for aspect in _MADE_OF:
            if stages_a[name][aspect] != stages_b[name][aspect]:
                yield Difference("stage", name, aspect, stages_a[name][aspect], stages_b[name][aspect])


def _only_in_one(what: str, name: str, a: Container[str], b: Container[str]) -> Difference:
    return Difference(what, name, "", PRESENT if name in a else None, PRESENT if name in b else None)


def _numbered(stages: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the stages by name; if several have the same name, a number is appended from the second on."""
    occurrences: Counter[str] = Counter()
    numbered = {}
    for stage in stages:
        occurrences[stage["stage"]] += 1
        number = occurrences[stage["stage"]]
        numbered[stage["stage"] + (f" {number}" if number > 1 else "")] = stage
    return numbered


def policy_differences(a: Record, b: Record) -> list[Difference]:
    """Return the keys in which the policies of two runs differ; lists contain only values that the other lacks.

    Raises:
        PartError: a run's copy of a policy is damaged.
    """
    policies_a, policies_b = _policies(a), _policies(b)
    changes = []
    for name in sorted({*policies_a, *policies_b}):
        if name not in policies_a or name not in policies_b:
            changes.append(_only_in_one("policy", name, policies_a, policies_b))
            continue
        for key, pair in _unequal(policies_a[name], policies_b[name]):
            changes.append(Difference("policy", f"{name}: {key}", "", *_without_common(*pair)))
    return changes


def _policies(run: Record) -> dict[str, dict[str, Any]]:
    """Return the policies copied into a run, by their path in the folder of policies."""
    files = [file for file in run.files("filters") if file.suffix == ".toml"]
    return {str(file.relative_to(run.folder / "filters")): tomllib.loads(file.read_text("utf-8")) for file in files}


def _without_common(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two lists without their common values; return other values unchanged.

    >>> _without_common(["el", "la"], ["la", "los"])
    (['el'], ['los'])
    """
    if not (isinstance(a, list) and isinstance(b, list)):
        return a, b
    return [value for value in a if value not in b], [value for value in b if value not in a]


def _sources(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    sources_a, sources_b = ({source["id"]: source for source in sources["sources"]} for sources in (a, b))
    for name in dict.fromkeys((*sources_a, *sources_b)):
        if name not in sources_a or name not in sources_b:
            yield _only_in_one("source", name, sources_a, sources_b)
            continue
        for key, pair in _unequal(sources_a[name], sources_b[name]):
            yield Difference("source", f"{name}: {key}", "", *pair)


def _inputs(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the input files that only one run has, whose bytes differ, or that were read differently."""
    files_a, files_b = (_files(file["parts"]) for file in (a, b))
    for name in dict.fromkeys((*files_a, *files_b)):
        file_a, file_b = files_a.get(name), files_b.get(name)
        if file_a is None or file_b is None:
            yield _only_in_one("input", name, files_a, files_b)
        elif file_a[0] != file_b[0]:
            yield Difference("input", name, "content", file_a[0], file_b[0])
        elif file_a[1] != file_b[1]:  # the source, lists next to the file or the reader's version differ
            yield Difference("input", name, "reading", file_a[1], file_b[1])


def _files(parts: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, Any]]:
    """Return the digest of each file and the keys of its parts."""
    files: dict[str, tuple[Any, list[Any]]] = {}
    for part in parts:
        for file in part["files"]:
            files.setdefault(f"{part['source']}: {file['file']}", (file["sha256"], []))[1].append(file["key"])
    return {name: (content, keys) for name, (content, keys) in files.items()}


def title_of(part: Mapping[str, Any]) -> str:
    """Return a label for the files of a part.

    >>> title_of({"files": [{"file": "a.txt"}, {"file": "b.txt"}, {"file": "c.txt"}]})
    'a.txt … c.txt, 3 files'
    """
    first, *more = (file["file"] for file in part["files"])
    return f"{first} … {more[-1]}, {len(more) + 1} files" if more else str(first)


def counts(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, list[RowCounts]]:
    """Return the row counts by stage and by source that differ between two runs."""
    by_stage = [{name: (c["rows_in"], c["kept"]) for name, c in values["stages"].items()} for values in (a, b)]
    by_source = [_by_source(values["by_genre"]) for values in (a, b)]
    return {"stages": _counted(*by_stage), "sources": _counted(*by_source)}


def _by_source(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    totals: dict[str, tuple[int, int]] = {}
    for row in rows:
        rows_in, kept = totals.get(row["source"], (0, 0))
        totals[row["source"]] = rows_in + row["in"], kept + row["kept"]
    return totals


def _counted(a: Mapping[str, tuple[int, int]], b: Mapping[str, tuple[int, int]]) -> list[RowCounts]:
    nothing = (None, None)
    rows = ((name, a.get(name, nothing), b.get(name, nothing)) for name in dict.fromkeys((*a, *b)))
    return [
        RowCounts(name, counts_a[0], counts_b[0], counts_a[1], counts_b[1])
        for name, counts_a, counts_b in rows
        if counts_a != counts_b
    ]
