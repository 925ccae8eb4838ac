"""`latam-corpus quality train`: a learned quality score from documents vouched for and documents named as bad."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.cli.show import console, number, print_json
from latam_corpus.errors import ConfigError
from latam_corpus.lab.quality.score_settings import Settings

if TYPE_CHECKING:
    from latam_corpus.lab.quality.train_score import Trained

app = typer.Typer(help="Train a quality score, to be a signal with a bound of its own.", no_args_is_help=True)


@app.callback()
def quality() -> None:
    """Train a quality score, to be a signal with a bound of its own."""


@app.command()
def train(
    good: Annotated[Path, typer.Argument(help="Documents that someone vouches for: JSONL, Parquet, a folder of .txt.")],
    bad: Annotated[Path, typer.Argument(help="Documents that they name as bad: the same forms.")],
    out: Annotated[Path, typer.Option(help="The model to write, .npz.")],
    seed: Annotated[int, typer.Option(help="Of the order and of fastText.")] = Settings.seed,
    epoch: Annotated[int, typer.Option(help="Passes over the documents.", min=1)] = Settings.epoch,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train a model; a tenth of the documents is kept out of it to measure on."""
    from latam_corpus.lab.quality.train_score import train as fit

    origin = {"good": good.name, "bad": bad.name}
    made = fit(_texts(good), _texts(bad), out, Settings(seed=seed, epoch=epoch), origin)
    if as_json:
        print_json(made.as_dict())
    else:
        _tell(made)


def _texts(path: Path) -> list[str]:
    from latam_corpus.collect.row_files import read_chunks

    if path.is_dir():
        files = sorted(path.rglob("*.txt"))
        if not files:
            raise ConfigError(str(path), "there is no .txt file in this folder", "a document is a file")
        return [_read(file) for file in files]
    found = [row.get("text") for rows in read_chunks(path) for row in rows]
    texts = [text for text in found if isinstance(text, str)]
    if not texts:
        raise ConfigError(str(path), "no row has a «text»", "give JSONL or Parquet with that column")
    return texts


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(str(file), f"not UTF-8: {error.reason} at byte {error.start}", "save it as UTF-8") from None


def _tell(made: Trained) -> None:
    size = made.model.stat().st_size / 1e6
    console.print(f"{made.model}: {size:.1f} MB, of {number(made.good)} good and {number(made.bad)} bad documents")
    held = f"{number(made.held_good)} good and {number(made.held_bad)} bad documents kept out of training"
    if made.auc is None:
        console.print("no document of one kind was kept out: nothing is known of it")
        return
    console.print(f"on {held}: a good one scores above a bad one {100 * made.auc:.1f} times in 100")
    for lost, bound, dropped in made.bounds:
        console.print(
            f"  learned_quality = {{ min = {bound:.3f} }} would lose {100 * lost:.0f} % of the good and "
            f"drop {100 * dropped:.0f} % of the bad"
        )
    if not made.bounds:
        console.print("  too few to propose a bound: a hundred good ones kept out show a loss of 1 %")
    console.print("it knows documents like these, and has been measured on no others")
