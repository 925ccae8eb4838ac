"""`latam-corpus quality train`: train a quality score on good and bad documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.cli.interface.show import console, number, print_json
from latam_corpus.collect.row_files import read_chunks, text_rows
from latam_corpus.errors import ConfigError
from latam_corpus.lab.train_score import train
from latam_corpus.lab.training_settings import ScoreSettings
from latam_corpus.messages import _, decimal

if TYPE_CHECKING:
    from latam_corpus.lab.train_score import TrainedScore


def train_score(*, good: Path, bad: Path, out: Path, seed: int, epoch: int, as_json: bool) -> None:
    """Train a model; a tenth of the documents is held out to measure it."""
    origin = {"good": good.name, "bad": bad.name}
    trained = train(_texts(good), _texts(bad), out, ScoreSettings(seed=seed, epoch=epoch), origin)
    if as_json:
        print_json(trained.as_dict())
    else:
        _print_figures(trained)


def _texts(path: Path) -> list[str]:
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
        console.print(_("no document of one kind was held out, so the model wasn't measured"))
        return
    console.print(
        _(
            "on {good} good and {bad} bad {bad:document|documents} held out of training: a good one scores "
            "above a bad one {n} {n:time|times} in 100",
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
        console.print(_("  too few to propose a bound: a loss of 1 % needs a hundred good documents held out"))
    console.print(_("the model was trained and measured on documents like these only"))
