"""`latam-corpus pairs`: writes the bilingual pairs of a version's documents."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.cli.interface.show import console, note, number, print_json
from latam_corpus.messages import _
from latam_corpus.train.alignment import write_alignment
from latam_corpus.train.shards.corpus_files import ALL_SPLITS
from latam_corpus.train.streams.stream import CorpusStream


def write_pairs(
    *, spec: str, to: Path, where: str | None, split: str | None, out: Path, store: str | None, as_json: bool
) -> None:
    """Write the bilingual pairs of a version's documents, as texts and as a table."""
    opened = open_store(store, out)
    version = load_version(opened, spec, note).spec

    def stream(columns: tuple[str, ...]) -> CorpusStream:
        return CorpusStream(opened.url, version, columns=columns, where=where, split=split or ALL_SPLITS, shuffle=False)

    summary = write_alignment(stream, to)
    if as_json:
        print_json(asdict(summary) | {"release": version, "to": str(to)})
        return
    console.print(
        _(
            "{version}: {n} {n:pair|pairs} of {documents} {documents:document|documents} in {to}",
            version=version,
            n=number(summary.pairs),
            documents=number(summary.documents),
            to=to,
        )
    )
    for languages, count in sorted(summary.languages.items()):
        console.print(f"  {languages}: {number(count)}")
    if summary.whole:
        console.print(
            _(
                "{n} of them {n:is a pair|are pairs} of whole documents, without aligned lines",
                n=number(summary.whole),
            )
        )
