"""`latam-corpus quality train`: train a quality score on good and bad documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, number, print_json
from latam_corpus.errors import ConfigError
from latam_corpus.lab.quality.score_settings import ScoreSettings
from latam_corpus.messages import N_, _, decimal

if TYPE_CHECKING:
    from latam_corpus.lab.quality.train_score import TrainedScore

app = typer.Typer(no_args_is_help=True)


@app.callback()
def quality() -> None:
    """Train a quality score, which a policy can bound like any other signal."""


@app.command()
def train(
    good: Annotated[
        Path, typer.Argument(help=N_("Documents that someone vouches for: JSONL, Parquet, a folder of .txt."))
    ],
    bad: Annotated[Path, typer.Argument(help=N_("Bad documents, in the same formats."))],
    out: Annotated[Path, typer.Option(help=N_("The model to write, .npz."))],
    seed: Annotated[int, typer.Option(help=N_("The seed of the order of lines and of fastText."))] = ScoreSettings.seed,
    epoch: Annotated[int, typer.Option(help=N_("Passes over the documents."), min=1)] = ScoreSettings.epoch,
    as_json: Json = False,
) -> None:
    """Train a model; a tenth of the documents is kept out to measure it."""
    from latam_corpus.lab.quality.train_score import train as fit

    origin = {"good": good.name, "bad": bad.name}
    trained = fit(_texts(good), _texts(bad), out, ScoreSettings(seed=seed, epoch=epoch), origin)
    if as_json:
        print_json(trained.as_dict())
    else:
        _print_figures(trained)


def _texts(path: Path) -> list[str]:
    from latam_corpus.collect.row_files import read_chunks, text_rows

    if path.is_dir():
        return [row["text"] for row in text_rows(path)]
    values = [row.get("text") for rows in read_chunks(path) for row in rows]
    texts = [text for text in values if isinstance(text, str)]
    if not texts:
        raise ConfigError(str(path), _("no row has a «text»"), _("give JSONL or Parquet with that column"))
    return texts


def _print_figures(trained: TrainedScore) -> None:
    size = trained.model.stat().st_size / 1e6
    console.print(
        _(
            "{model}: {size} MB, of {good} good and {bad} bad {bad:document|documents}",
            model=trained.model,
            size=decimal(f"{size:.1f}"),
            good=number(trained.good),
            bad=number(trained.bad),
        )
    )
    if trained.auc is None:
        console.print(_("no document of one kind was kept out, so the model wasn't measured"))
        return
    console.print(
        _(
            "on {good} good and {bad} bad {bad:document|documents} kept out of training: a good one scores above a "
            "bad one {n} {n:time|times} in 100",
            good=number(trained.held_good),
            bad=number(trained.held_bad),
            n=decimal(f"{100 * trained.auc:.1f}"),
        )
    )
    for lost, bound, dropped in trained.bounds:
        console.print(
            _(
                "  learned_quality = {{ min = {bound} }} would lose {lost} of the good and drop {dropped} of the bad",
                bound=decimal(f"{bound:.3f}"),
                lost=f"{100 * lost:.0f} %",
                dropped=f"{100 * dropped:.0f} %",
            )
        )
    if not trained.bounds:
        console.print(_("  too few to propose a bound: a loss of 1 % needs a hundred good ones kept out"))
    console.print(_("the model was trained and measured on documents like these only"))
