"""`latam-corpus lab ablate`: compare models trained on different documents."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.cli.interface.show import console, note, number, print_json, progress, table
from latam_corpus.errors import ConfigError, closest
from latam_corpus.lab.ablate.arm_comparison import ablate, read_arm, read_file
from latam_corpus.lab.ablate.byte_ngrams import ByteNgrams
from latam_corpus.lab.ablate.byte_transformer import Shape, train_and_measure
from latam_corpus.messages import _, decimal

if TYPE_CHECKING:
    from latam_corpus.lab.ablate.arm_comparison import Ablation, Trainer

_MODELS = ("ngrams", "transformer")


def compare_arms(
    *,
    arms: list[str],
    held_out: Path,
    model: str,
    seeds: int,
    budget: int | None,
    whole: bool,
    order: int,
    passes: float,
    out: Path,
    store: str | None,
    as_json: bool,
) -> None:
    """Train small models in the same way on several selections of documents, and compare them on unseen texts."""
    trainer = _trainer(model, order, passes)
    unseen = read_file(held_out)
    compared_arms = [read_arm(argument, out, store, note) for argument in arms]
    with progress() as step:
        ablation = ablate(compared_arms, unseen, trainer, seeds, budget, whole=whole, progress=step)
    if as_json:
        print_json(asdict(ablation) | {"model": model, "seeds": seeds})
        return
    _print_scores(ablation)


def _trainer(model: str, order: int, passes: float) -> Trainer:
    if model not in _MODELS:
        raise ConfigError("--model", _("unknown model «{model}»", model=model), closest(model, _MODELS))
    if model == "transformer":
        return partial(train_and_measure, shape=Shape(passes=passes))

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
