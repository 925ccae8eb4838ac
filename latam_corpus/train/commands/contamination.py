"""`latam-corpus contamination`: which documents hold lines of an evaluation set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.release import Json, Out, Spec, StoreUrl  # noqa: TC001  (Typer reads annotations at run time)
from latam_corpus.cli.show import console, note, number, print_json, progress, table

_SHOWN = 20


def contamination(
    spec: Spec,
    against: Annotated[
        str, typer.Option(help="JSON lines or plain lines; or NAME=FILE of a registered set, such as xcopa=val.jsonl.")
    ],
    field: Annotated[list[str] | None, typer.Option(help="Of JSON, a field that is looked for.")] = None,
    share: Annotated[float, typer.Option(help="Of a line's words that a document must have.")] = 0.5,
    split: Annotated[str | None, typer.Option(help="train, validation or test alone.")] = None,
    write_exclusions: Annotated[
        Path | None, typer.Option("--write-exclusions", help="Write the documents' ids here, for --exclude.")
    ] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Find documents that hold lines of an evaluation set, inside longer ones and with words changed too."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.durable import replace
    from latam_corpus.train.contamination import find_matches, read_evaluation
    from latam_corpus.train.stream import CorpusStream

    lines = read_evaluation(against, field or ())
    opened = open_store(store, out)
    stream = CorpusStream(
        opened.url, load_version(opened, spec, note).spec, columns=["doc_id", "text"], split=split, shuffle=False
    )
    with progress() as told:
        found = find_matches(stream, lines, share, told)
    if write_exclusions:
        replace(write_exclusions, "".join(f"{doc_id}\n" for doc_id in found.documents).encode())
    matches = [
        {"eval": line, "doc_id": doc_id, "share": round(part, 4)} for line, doc_id, part in found.matches.iter_rows()
    ]
    if as_json:
        print_json(
            {
                "release": stream.version,
                "lines": found.lines,
                "matches": matches,
                "documents": len(found.documents),
                "too_short": found.too_short,
                "common": found.common,
            }
        )
        return
    hit, held = found.matches["eval"].n_unique(), len(found.documents)
    console.print(f"{stream.version}: {number(hit)} of {number(found.lines)} lines stand in {number(held)} documents")
    rows = [(one["eval"], one["doc_id"], f"{one['share']:.0%}") for one in matches[:_SHOWN]]
    if rows:
        table("", ["line", "doc_id", "share#"], rows)
    if len(matches) > _SHOWN:
        console.print(f"and {number(len(matches) - _SHOWN)} more; --json has them all")
    for lines_apart, why in ((found.too_short, "have fewer than three words, and can't be looked for"), (
        found.common, "are short phrases that a great many documents have, and show nothing"
    )):  # fmt: skip
        if lines_apart:
            console.print(f"{number(len(lines_apart))} lines {why}")
    if write_exclusions:
        console.print(f"{write_exclusions} has the documents' ids, for --exclude")
