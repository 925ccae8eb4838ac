"""Exchange documents, their truth and a tool's decisions between sets and tools."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .genres import with_genres

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Document:
    """A document of a set.

    Attributes:
        kind: what it is: `book_part`, `edits_5`, `decree` …
        source_id: the source a catalogue would name; a menu repeats inside one.
        work: the book, poem, form or page that it is from.
        origin: the id of the document that this is a damaged copy of, else its own id.
        genre: as a librarian would state it; empty if it isn't known.
    """

    id: str
    text: str
    kind: str
    source_id: str
    work: str
    origin: str = ""
    genre: str = ""

    def __post_init__(self) -> None:
        if not self.origin:
            object.__setattr__(self, "origin", self.id)


@dataclass(frozen=True)
class Pair:
    """Two documents that belong together or must not: `a` is the original, or the larger, or the earlier one."""

    kind: str
    a: str
    b: str


@dataclass(frozen=True)
class Planted:
    """Documents with the known truth about them.

    Attributes:
        pairs: near-duplicates, which a tool should find.
        contained: `b` stands whole in `a`, which is much longer.
        apart: pairs that must not be merged.
        between: pairs of which nothing is claimed: they may be merged or not.
        groups: kind → groups of documents of which no two must be merged.
    """

    name: str
    documents: tuple[Document, ...]
    pairs: tuple[Pair, ...] = ()
    contained: tuple[Pair, ...] = ()
    apart: tuple[Pair, ...] = ()
    between: tuple[Pair, ...] = ()
    groups: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    def truth(self) -> dict[str, Any]:
        """Return the truth about the documents as JSON, without texts."""
        return {
            "name": self.name,
            "documents": [[d.id, d.kind, d.source_id, d.work, d.origin] for d in self.documents],
            "pairs": [list(asdict(pair).values()) for pair in self.pairs],
            "contained": [list(asdict(pair).values()) for pair in self.contained],
            "apart": [list(asdict(pair).values()) for pair in self.apart],
            "between": [list(asdict(pair).values()) for pair in self.between],
            "groups": {kind: [list(group) for group in groups] for kind, groups in self.groups.items()},
        }


@dataclass(frozen=True)
class Used:
    """The resources of a run: CPU seconds in all and until the first document was read, and peak resident MB.

    Attributes:
        stages: CPU seconds by step, where the tool tells them.
    """

    cpu: float
    started: float
    wall: float
    peak_mb: float
    stages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """The decisions of a tool.

    Attributes:
        dropped: removed document → the one kept in its place.
        contained: (smaller, larger) pairs that the tool recorded without a removal.
        pairs: the pairs that it held to be duplicates, where it tells them; else they are derived from `dropped`.
        variants: (later, earlier) pairs that it recorded as variants, of which both stay.
    """

    dropped: Mapping[str, str]
    contained: tuple[tuple[str, str], ...] = ()
    pairs: tuple[tuple[str, str], ...] | None = None
    variants: tuple[tuple[str, str], ...] = ()


def write_documents(path: Path, documents: Iterable[Document]) -> None:
    """Write what a tool may see, a JSON record a line: `id`, `text`, `source_id` and `genre`."""
    with path.open("w", encoding="utf-8") as file:
        for document in with_genres(documents):
            file.write(_record(document))


def write_beginnings(paths: Mapping[int, Path], documents: Iterable[Document]) -> None:
    """Write so many of the first documents to each file, as `write_documents` does; they are made once.

    Args:
        paths: number of documents → file; there are as many documents as the largest number.
        documents: read once.
    """
    with ExitStack() as stack:
        files = {size: stack.enter_context(path.open("w", encoding="utf-8")) for size, path in paths.items()}
        for number, document in enumerate(documents):
            line = _record(document)
            for size, file in files.items():
                if number < size:
                    file.write(line)


def _record(document: Document) -> str:
    reported = {"id": document.id, "text": document.text, "source_id": document.source_id}
    if document.genre:
        reported["genre"] = document.genre
    return json.dumps(reported, ensure_ascii=False) + "\n"


def read_records(path: Path) -> Iterator[dict[str, str]]:
    """The records that `write_documents` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def write_result(path: Path, result: Result, used: Used) -> None:
    """Write what a tool decided and used, as one JSON object."""
    reported = {
        "dropped": dict(result.dropped),
        "contained": [list(pair) for pair in result.contained],
        "pairs": None if result.pairs is None else [list(pair) for pair in result.pairs],
        "variants": [list(pair) for pair in result.variants],
        "used": asdict(used),
    }
    path.write_text(json.dumps(reported), encoding="utf-8")


def read_result(path: Path) -> tuple[Result, Used]:
    """Read the result that `write_result`, or a rival's script, wrote."""
    reported = json.loads(path.read_text(encoding="utf-8"))
    pairs = reported["pairs"]
    result = Result(
        reported["dropped"],
        tuple((a, b) for a, b in reported["contained"]),
        None if pairs is None else tuple((a, b) for a, b in pairs),
        tuple((a, b) for a, b in reported.get("variants", ())),
    )
    return result, Used(**reported["used"])
