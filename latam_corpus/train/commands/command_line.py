"""The commands for training: their options, and the function that does the work of each.

Each function is imported when its command runs, since it loads libraries that `--help` doesn't need.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface.options import Json, Out, Spec, StoreUrl
from latam_corpus.messages import N_

TokenizerFile = Annotated[str, typer.Option("--tokenizer", help=N_("A tokenizer.json or a SentencePiece model."))]
NewFolder = Annotated[Path, typer.Option("--to", help=N_("A new or empty folder."))]
Where = Annotated[str | None, typer.Option(help=N_("Only rows that meet this condition, as in `pull`."))]
OneSplit = Annotated[str | None, typer.Option(help=N_("Only train, validation or test."))]
TrainingSplit = Annotated[str | None, typer.Option(help=N_("train (the default), validation, test, or all."))]
SliceColumns = Annotated[str, typer.Option(help=N_("Columns of slices, such as language,genre."))]
mix_app = typer.Typer(no_args_is_help=True)
mix_app.callback()(lambda: None)


def contamination(
    spec: Spec,
    against: Annotated[
        str,
        typer.Option(help=N_("JSON lines or plain lines; or NAME=FILE of a registered set, such as xcopa=val.jsonl.")),
    ],
    field: Annotated[list[str] | None, typer.Option(help=N_("A JSON field whose text is searched for."))] = None,
    share: Annotated[float, typer.Option(help=N_("The share of a line's words that a document must have."))] = 0.5,
    split: OneSplit = None,
    write_exclusions: Annotated[
        Path | None, typer.Option("--write-exclusions", help=N_("Write the documents' ids here, for --exclude."))
    ] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Report the documents of a version that contain lines of an evaluation set."""
    from latam_corpus.train.commands.contamination_report import report_contamination

    report_contamination(
        spec=spec,
        against=against,
        field=field,
        share=share,
        split=split,
        write_exclusions=write_exclusions,
        out=out,
        store=store,
        as_json=as_json,
    )


def export(
    spec: Spec,
    form: Annotated[str, typer.Option("--format", help=N_("ds, megatron, mds, litdata or jsonl."))],
    tokenizer: TokenizerFile,
    to: NewFolder,
    where: Where = None,
    split: TrainingSplit = None,
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
    from latam_corpus.train.commands.export import export_version

    export_version(
        spec=spec,
        form=form,
        tokenizer=tokenizer,
        to=to,
        where=where,
        split=split,
        exclude=exclude,
        end_token=end_token,
        seed=seed,
        shuffle=shuffle,
        out=out,
        store=store,
        as_json=as_json,
    )


@mix_app.command("plan")
def plan(
    names: Annotated[list[str], typer.Argument(metavar="NAME[@VERSION]…", help=N_("The releases to mix."))],
    tokens: Annotated[str, typer.Option(help=N_("The budget, such as 20000, 300M or 1.5B."))],
    tokenizer: TokenizerFile,
    by: SliceColumns = "language",
    weights: Annotated[
        str | None, typer.Option(help=N_("proportional (the default), temperature, unimax or given."))
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help=N_("Implies --weights temperature; above 1 is flatter, 2 by default."))
    ] = None,
    cap: Annotated[float, typer.Option(help=N_("Epochs above which a slice counts as exhausted."))] = 4.0,
    weight: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SLICE=NUMBER", help=N_("Implies --weights given: a slice's weight, such as quy_Latn=0.2.")
        ),
    ] = None,
    split: TrainingSplit = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Show each slice's epochs under a token budget, exhausted slices, and the share of indigenous languages."""
    from latam_corpus.train.commands.mix import show_mixture

    show_mixture(
        names=names,
        tokens=tokens,
        tokenizer=tokenizer,
        by=by,
        weights=weights,
        temperature=temperature,
        cap=cap,
        weight=weight,
        split=split,
        out=out,
        store=store,
        as_json=as_json,
    )


def pairs(
    spec: Spec,
    to: NewFolder,
    where: Where = None,
    split: OneSplit = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Write what the documents of a version say in two languages, as pairs and as a table."""
    from latam_corpus.train.commands.aligned_pairs import write_pairs

    write_pairs(spec=spec, to=to, where=where, split=split, out=out, store=store, as_json=as_json)


def tokens(
    spec: Spec,
    tokenizer: TokenizerFile,
    by: SliceColumns = "language",
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Count the tokens of a version by language and genre."""
    from latam_corpus.train.commands.mix import show_tokens

    show_tokens(spec=spec, tokenizer=tokenizer, by=by, out=out, store=store, as_json=as_json)
