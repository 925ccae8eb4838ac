"""`latam-corpus lab ablate`: compare models trained on different documents."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.cli.interface.options import Json, Out, StoreUrl
from latam_corpus.cli.interface.show import console, note, number, print_json, progress, table
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import N_, _, decimal

if TYPE_CHECKING:
    from latam_corpus.lab.ablate.arm_comparison import Ablation, Trainer

app = typer.Typer(no_args_is_help=True)
app.callback()(lambda: None)

_MODELS = ("ngrams", "transformer")


@app.command(
    "ablate", help=N_("Train small models alike on several choices of documents, and compare them on unseen texts.")
)
def ablate(
    arms: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=DOCUMENTS…",
            help=N_("A run, a version, or a file of rows with text and language; others are compared with the first."),
        ),
    ],
    held_out: Annotated[
        Path,
        typer.Option("--held-out", help=N_("A file of unseen texts: rows with text, language and, optionally, genre.")),
    ],
    model: Annotated[str, typer.Option(help=N_("ngrams (of bytes), or transformer (needs PyTorch)."))] = "ngrams",
    seeds: Annotated[int, typer.Option(help=N_("How many times documents are drawn and models trained."))] = 3,
    budget: Annotated[
        int | None, typer.Option("--bytes", help=N_("The most bytes of a language that a model is trained on."), min=1)
    ] = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help=N_("Use all documents of each arm, not only as many bytes as the smallest arm has.")
        ),
    ] = False,
    order: Annotated[int, typer.Option(help=N_("For ngrams: the length of the longest, in bytes."), min=1, max=8)] = 7,
    passes: Annotated[float, typer.Option(help=N_("For transformer: passes over the texts."), min=0.01)] = 2.0,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Train small models alike on several choices of documents, and compare them on unseen texts."""
    from latam_corpus.lab.ablate.arm_comparison import ablate as compare
    from latam_corpus.lab.ablate.arms import read_arm, read_file

    trainer = _trainer(model, order, passes)
    unseen = read_file(held_out)
    compared_arms = [read_arm(named, out, store, note) for named in arms]
    with progress() as step:
        ablation = compare(compared_arms, unseen, trainer, seeds, budget, whole=whole, progress=step)
    if as_json:
        print_json(asdict(ablation) | {"model": model, "seeds": seeds})
        return
    _print_scores(ablation)


def _trainer(model: str, order: int, passes: float) -> Trainer:
    if model not in _MODELS:
        raise ConfigError("--model", _("unknown model «{model}»", model=model), closest(model, _MODELS))
    if model == "transformer":
        from latam_corpus.lab.ablate.byte_transformer import Shape, train_and_measure

        return partial(train_and_measure, shape=Shape(passes=passes))
    from latam_corpus.lab.ablate.byte_ngrams import ByteNgrams

    return lambda texts, held, _seed: ByteNgrams.fit(texts, order).bits(held)


def _print_scores(ablation: Ablation) -> None:
    rows = [
        (
            score.language,
            score.genre or _("all"),
            score.arm,
            number(score.trained),
            number(score.held),
            decimal(f"{score.bits:.3f}"),
            f"{score.difference:+.3f}" if score.difference else "",
            "" if score.low is None or score.high is None else f"{score.low:+.3f} … {score.high:+.3f}",
        )
        for score in ablation.scores
    ]
    heads = (_("trained bytes#"), _("unseen documents#"), _("bits per byte#"), _("difference#"), _("interval of 95 %"))
    table("", [_("language"), _("genre"), _("arm"), *heads], rows)
    for language, names in ablation.lacking.items():
        console.print(
            _("{language} isn't compared: it has no texts in {arms}", language=language, arms=", ".join(names))
        )
    for name, count in ablation.left_out.items():
        if count:
            message = _(
                "{arm}: {n} {n:document|documents} left out for a line in common with an unseen text",
                arm=name,
                n=number(count),
            )
            console.print(message)
