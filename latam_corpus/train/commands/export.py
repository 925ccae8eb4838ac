"""`latam-corpus export`: writes a version's documents as tokens in the formats of other loaders."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface.options import Json, Out, StoreUrl
from latam_corpus.cli.interface.show import console, note, number, print_json, progress
from latam_corpus.cli.release.options import Spec
from latam_corpus.messages import N_, _
from latam_corpus.train.commands.tokens import TokenizerFile
from latam_corpus.train.tokens.tokenizer import load_tokenizer


def export(
    spec: Spec,
    form: Annotated[str, typer.Option("--format", help=N_("ds, megatron, mds, litdata or jsonl."))],
    tokenizer: TokenizerFile,
    to: Annotated[Path, typer.Option("--to", help=N_("A new or empty folder."))],
    where: Annotated[str | None, typer.Option(help=N_("Only rows that meet this condition, as in `pull`."))] = None,
    split: Annotated[str | None, typer.Option(help=N_("train (the default), validation, test, or all."))] = None,
    exclude: Annotated[list[Path] | None, typer.Option(help=N_("A file with ids of documents to leave out."))] = None,
    end_token: Annotated[
        str | None,
        typer.Option("--end-token", help=N_("The token that ends a document; by default the tokenizer's own.")),
    ] = None,
    seed: Annotated[int, typer.Option(help=N_("Seed of the documents' order."))] = 0,
    shuffle: Annotated[bool, typer.Option(help=N_("Shuffle the documents, or keep the version's order."))] = True,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Write the documents of a version as tokens for other loaders."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.reading.lock_check import MAP
    from latam_corpus.train.export.write_export import COLUMNS, write_export
    from latam_corpus.train.shards.corpus_files import held_out_note
    from latam_corpus.train.streams.stream import CorpusStream

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
    console.print(_("{file} says where each document's tokens are", file=to / MAP))
