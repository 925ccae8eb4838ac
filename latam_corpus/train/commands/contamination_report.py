"""`latam-corpus contamination`: finds the documents that contain lines of an evaluation set."""

from __future__ import annotations

from pathlib import Path

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.cli.interface.show import console, note, number, print_json, progress, table
from latam_corpus.messages import _
from latam_corpus.release.reading.exclusions import exclusion_list
from latam_corpus.storage.durable import replace
from latam_corpus.train.contamination import find_matches, read_evaluation
from latam_corpus.train.shards.corpus_files import ALL_SPLITS
from latam_corpus.train.streams.stream import CorpusStream

_SHOWN = 20


def report_contamination(
    *,
    spec: str,
    against: str,
    field: list[str] | None,
    share: float,
    split: str | None,
    write_exclusions: Path | None,
    out: Path,
    store: str | None,
    as_json: bool,
) -> None:
    """Report the documents of a version that contain lines of an evaluation set."""
    lines = read_evaluation(against, field or ())
    opened = open_store(store, out)
    version = load_version(opened, spec, note).spec
    columns = ["doc_id", "text"]
    stream = CorpusStream(opened.url, version, columns=columns, split=split or ALL_SPLITS, shuffle=False)
    with progress() as step:
        contaminated = find_matches(stream, lines, share, step)
    if write_exclusions:
        replace(write_exclusions, exclusion_list(stream.version, contaminated.documents))
    matches = [
        {"eval": line, "doc_id": doc_id, "share": round(line_share, 4)}
        for line, doc_id, line_share in contaminated.matches.iter_rows()
    ]
    if as_json:
        print_json(
            {
                "release": stream.version,
                "lines": contaminated.lines,
                "matches": matches,
                "documents": len(contaminated.documents),
                "too_short": contaminated.too_short,
                "common": contaminated.common,
                "blank": contaminated.blank,
            }
        )
        return
    figures = {
        "n": number(contaminated.matches["eval"].n_unique()),
        "total": number(contaminated.lines),
        "documents": number(len(contaminated.documents)),
    }
    console.print(
        _(
            "{release}: {n} of {total} {total:line|lines} {n:occurs|occur} in {documents} "
            "{documents:document|documents}",
            release=stream.version,
            **figures,
        )
    )
    rows = [(match["eval"], match["doc_id"], f"{match['share']:.0%}") for match in matches[:_SHOWN]]
    if rows:
        table("", [_("line"), "doc_id", _("share#")], rows)
    if len(matches) > _SHOWN:
        console.print(_("and {n} more; --json lists them all", n=number(len(matches) - _SHOWN)))
    if contaminated.too_short:
        n = number(len(contaminated.too_short))
        console.print(_("{n} {n:line has|lines have} fewer than three words, and can't be searched for", n=n))
    if contaminated.blank:
        n = number(len(contaminated.blank))
        console.print(_("{n} {n:line has|lines have} no text, and {n:was|were} skipped", n=n))
    if contaminated.common:
        n = number(len(contaminated.common))
        console.print(
            _(
                "{n} {n:line is a short phrase|lines are short phrases} that very many documents have, which is no "
                "evidence of contamination",
                n=n,
            )
        )
    if write_exclusions:
        console.print(_("{file} has the documents' ids, for --exclude", file=write_exclusions))
