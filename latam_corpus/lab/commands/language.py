"""`latam-corpus language`: train, evaluate and describe identifiers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latam_corpus.cli.show import block, console, number, print_json, table
from latam_corpus.lab.language.training_settings import Settings
from latam_corpus.language.model_files import SHIPPED

if TYPE_CHECKING:
    from latam_corpus.lab.language.evaluate import Evaluation

app = typer.Typer(help="Identify languages: train, evaluate and describe models.", no_args_is_help=True)

_Model = Annotated[str, typer.Option(help="A shipped model's name or the path of a fastText model.")]
_Labels = Annotated[str, typer.Option(help="The path of a label map; by default the one beside the model.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def train(
    data: Annotated[list[str], typer.Argument(help="[LABEL=]PATH[#FIELD]: TSV, JSONL or text; or a .toml list.")],
    out: Annotated[Path, typer.Option(help="The model to write, .ftz; its label map is written beside it.")],
    root: Annotated[Path | None, typer.Option(help="The folder to which a list's paths are relative.")] = None,
    packages: Annotated[
        Path | None, typer.Option(help="Where Debian packages of a list are unpacked, if not installed.")
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="Texts that must not be trained on.")] = None,
    seed: Annotated[int, typer.Option(help="Of sampling and training.")] = Settings.seed,
    epoch: Annotated[int, typer.Option(help="Passes over the lines.", min=1)] = Settings.epoch,
    most: Annotated[int, typer.Option(help="Lines a label at most.", min=1)] = Settings.most,
    bucket: Annotated[int, typer.Option(help="Hash places of n-grams; fewer for few texts.", min=1)] = Settings.bucket,
    threads: Annotated[int, typer.Option(help="One gives the same model each time.", min=1)] = Settings.threads,
    as_json: _Json = False,
) -> None:
    """Train a model from labelled texts; a tenth of them is kept out to measure on."""
    from latam_corpus.lab.language.texts import Texts, listed
    from latam_corpus.lab.language.train_identifier import train as fit

    settings = Settings(seed=seed, epoch=epoch, most=most, bucket=bucket, threads=threads)
    kept_away = [Texts(t.path, t.label or "und", t.field) for t in listed(without or [], root, packages)]
    made = fit(listed(data, root, packages), out, settings, kept_away)
    size = made.model.stat().st_size
    if as_json:
        print_json({"model": made.model, "label_map": made.label_map, "bytes": size, "lines": made.lines})
        return
    lines = number(sum(made.lines.values()))
    console.print(f"{made.model}: {len(made.lines)} labels, {lines} lines, {size / 1e6:.1f} MB")
    console.print(f"{made.label_map}: its label map")


@app.command()
def evaluate(
    file: Annotated[str, typer.Argument(help="[LABEL=]PATH[#FIELD]: labelled texts, one a line.")],
    model: _Model = SHIPPED,
    labels: _Labels = "",
    as_json: _Json = False,
) -> None:
    """Measure a model on a labelled file: precision, recall and F1 by language, and what is taken for what."""
    from latam_corpus.lab.language.evaluate import evaluate as measure
    from latam_corpus.lab.language.texts import listed
    from latam_corpus.language.model import load

    found = measure(load(model, labels), listed([file]))
    if as_json:
        print_json(found.as_dict())
    else:
        _print(found)


@app.command()
def card(model: _Model = SHIPPED, labels: _Labels = "", as_json: _Json = False) -> None:
    """Tell what a model is: its digest, data, licences and languages."""
    from latam_corpus.language.model import card as model_card

    told = model_card(model, labels)
    if as_json:
        print_json(told)
    else:
        console.print(block(_card_text(told)))


def _print(found: Evaluation) -> None:
    rows = [
        (
            row.code,
            row.texts,
            _share(row.precision),
            _share(row.recall),
            f"{row.f1:.3f}",
            ", ".join(f"{code} {count}" for code, count in row.taken_for[:4]),
        )
        for row in found.languages
    ]
    table("", ["language", "texts#", "precision#", "recall#", "F1#", "taken for"], rows)
    console.print(
        f"{number(found.texts)} texts, {number(found.right)} right; macro-F1 {found.macro_f1:.3f};"
        f" {number(round(found.per_second))} texts a second"
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _card_text(told: dict[str, Any]) -> str:
    lines = [f"{key}: {value}" for key, value in told.items() if not isinstance(value, list)]
    lines += ["", "trained on:"]
    for entry in told["trained_on"]:
        label = f" as {entry['label']}" if "label" in entry else ""
        lines.append(f"  {entry.get('file', '')}{label}: {entry.get('licence', 'licence not stated')}")
    for key in ("americas", "others"):
        lines += ["", f"{key} ({len(told[key])}): {' '.join(told[key])}"]
    return "\n".join(lines)
