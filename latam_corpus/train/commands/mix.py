"""`latam-corpus mix plan`: what a token budget means, before a byte moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latam_corpus.cli.release import Json, Out, StoreUrl  # noqa: TC001  (Typer reads annotations at run time)
from latam_corpus.cli.show import console, note, number, print_json, progress, table
from latam_corpus.errors import ConfigError
from latam_corpus.train.commands.tokens import BAR, TokenizerFile

if TYPE_CHECKING:
    from latam_corpus.train.corpus_files import CorpusFiles

app = typer.Typer(no_args_is_help=True, help="Plan what a token budget means, slice by slice.")
app.callback()(lambda: None)


@app.command("plan")
def plan(
    names: Annotated[list[str], typer.Argument(metavar="NAME[@VERSION]…", help="The releases that are mixed.")],
    tokens: Annotated[str, typer.Option(help="The budget, such as 20000, 300M or 1.5B.")],
    tokenizer: TokenizerFile,
    by: Annotated[str, typer.Option(help="Columns of slices, such as language,genre.")] = "language",
    weights: Annotated[str, typer.Option(help="proportional, temperature, unimax or given.")] = "proportional",
    temperature: Annotated[float, typer.Option(help="Of temperature: above 1 is flatter.")] = 2.0,
    cap: Annotated[float, typer.Option(help="Epochs of a slice, above which it counts as exhausted.")] = 4.0,
    weight: Annotated[
        list[str] | None, typer.Option(metavar="SLICE=NUMBER", help="Of given: a slice's weight, such as quy_Latn=0.2.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="train, validation or test alone.")] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Say what a token budget means: epochs of each slice, exhausted ones, and what indigenous languages get."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.codes import groups
    from latam_corpus.train.corpus_files import open_files
    from latam_corpus.train.mixture import Weighting, divide, parse_weights, token_budget
    from latam_corpus.train.token_counts import count_slices
    from latam_corpus.train.tokenizer import load_tokenizer

    budget, given = token_budget(tokens), parse_weights(weight or [])
    if given and weights not in ("proportional", "given"):
        raise ConfigError("--weight", f"{weights} takes no weights", "leave out --weight, or --weights")
    weighting = Weighting("given" if given else weights, temperature, cap, given)
    loaded = load_tokenizer(tokenizer)
    opened = open_store(store, out)
    columns = [name.strip() for name in by.split(",")]
    files: dict[str, CorpusFiles] = {}
    for name in dict.fromkeys(names):
        found = open_files(opened.url, load_version(opened, name, note).spec)
        files[found.manifest.spec] = found.of(split=split)
    counted = []
    with progress() as told:
        for spec, one in files.items():
            counted += [(spec, part) for part in count_slices(one, loaded, columns, told)]
    label = {
        (spec, part.values): "/".join([*([spec.partition("@")[0]] if len(files) > 1 else []), *part.values])
        for spec, part in counted
    }
    sizes = {label[spec, part.values]: part.tokens for spec, part in counted}
    drawn = divide(budget, sizes, weighting)
    rows: list[dict[str, Any]] = []
    indigenous = 0
    for spec, part in counted:
        share = drawn[label[spec, part.values]]
        epochs = share / part.tokens if part.tokens else 0.0
        values = dict(zip(columns, part.values, strict=True))
        if values.get("language", "").partition("_")[0] in groups().of:
            indigenous += share
        rows.append(
            {"slice": label[spec, part.values], "release": spec}
            | values
            | ({"split": split} if split else {})
            | {
                "documents": part.documents,
                "tokens": part.tokens,
                "share": share / budget,
                "budget": share,
                "epochs": epochs,
                "drawn": round(epochs * part.documents),
                "exhausted": epochs > cap or (weighting.method == "unimax" and epochs >= cap * (1 - 1e-6)),
            }
        )
    total = sum(drawn.values())
    by_language = "language" in columns
    if as_json:
        print_json(
            {
                "tokens": budget,
                "planned": total,
                "tokenizer": loaded.sha256,
                "weights": weighting.method,
                "by": [*columns, *(["split"] if split else [])],
                "indigenous_share": indigenous / budget if by_language else None,
                "slices": rows,
            }
        )
        return
    most = max(row["share"] for row in rows)
    table(
        f"{number(budget)} tokens, {weighting.method}",
        ["slice", "documents#", "tokens#", "share#", "epochs#", "", ""],
        [
            (
                row["slice"],
                number(row["documents"]),
                number(row["tokens"]),
                f"{row['share']:.1%}",
                f"{row['epochs']:.2f}",
                "exhausted" if row["exhausted"] else "",
                "█" * round(BAR * row["share"] / most) if most else "",
            )
            for row in sorted(rows, key=lambda row: -row["share"])
        ],
    )
    if total < budget:
        console.print(f"the caps leave {number(budget - total)} tokens of the budget unfilled")
    if by_language:
        console.print(f"indigenous languages of the Americas: {indigenous / budget:.1%} of the budget")
