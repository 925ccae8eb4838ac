"""`latam-corpus export`: writes a version's documents as tokens in the formats of other loaders."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.cli.interface.show import console, note, number, print_json, progress
from latam_corpus.messages import _
from latam_corpus.release.reading.lock_check import MAP
from latam_corpus.train.export.write_export import COLUMNS, write_export
from latam_corpus.train.shards.corpus_files import held_out_note
from latam_corpus.train.streams.stream import CorpusStream
from latam_corpus.train.tokens.tokenizer import load_tokenizer


def export_version(
    *,
    spec: str,
    form: str,
    tokenizer: str,
    to: Path,
    where: str | None,
    split: str | None,
    exclude: list[Path] | None,
    end_token: str | None,
    seed: int,
    shuffle: bool,
    out: Path,
    store: str | None,
    as_json: bool,
) -> None:
    """Write the documents of a version as tokens for other loaders."""
    loaded = load_tokenizer(tokenizer, end_token)
    opened = open_store(store, out)
    stream = CorpusStream(
        opened.url,
        load_version(opened, spec, note).spec,
        seed=seed,
        columns=COLUMNS,
        where=where,
        split=split,
        exclude=exclude or (),
        shuffle=shuffle,
    )
    if split is None and stream.files.held_out:
        note(held_out_note(stream.files))
    with progress() as step:
        exported = write_export(stream, loaded, form, to, progress=step)
    if as_json:
        print_json(asdict(exported) | {"release": stream.version, "format": form, "to": str(to), "map": str(to / MAP)})
        return
    figures = {"n": number(exported.documents), "tokens": number(exported.tokens), "files": number(len(exported.files))}
    console.print(
        _(
            "{release}: {n} {n:document|documents}, {tokens} {tokens:token|tokens} in {files} {files:file|files} of "
            "{folder}",
            **figures,
            release=stream.version,
            folder=to,
        )
    )
    console.print(_("{file} has the position of each document's tokens", file=to / MAP))
