"""The commands `measure`, `language …`, `quality train` and `lab ablate`: their options, and the functions behind them.

Each function is imported when its command runs, since it loads libraries that `--help` doesn't need.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Internal, Json, Out, Page, PageLanguage, StoreUrl
from latam_corpus.lab.training_settings import IdentifierSettings, ScoreSettings
from latam_corpus.messages import N_

language_app = typer.Typer(no_args_is_help=True)
quality_app = typer.Typer(no_args_is_help=True)
lab_app = typer.Typer(no_args_is_help=True)
for _group in (quality_app, lab_app):
    _group.callback()(lambda: None)  # without a callback, Typer turns a group with one command into that command
_Model = Annotated[
    str, typer.Option(help=N_("A shipped model's name or a fastText model's path; the one in use by default."))
]
_OtherTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--beside", metavar="FILE", help=N_("Labelled texts in other languages: [LABEL=]PATH[#FIELD], or a .toml list.")
    ),
]
_Labels = Annotated[str, typer.Option(help=N_("The path of a label map; by default the one next to the model."))]


def measure(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help=N_("JSONL, Parquet, .txt, a folder of .txt files, or a run's folder or name."),
            autocompletion=completion.runs,
        ),
    ],
    policies: Annotated[
        str,
        typer.Option(
            metavar="FOLDER|FILE",
            help=N_("A filters/ folder; a run's own by default. With one changed .toml file, show what it changes."),
        ),
    ] = "",
    language: Annotated[str, typer.Option(metavar="CODE", help=N_("The language of texts that don't state one."))] = "",
    genre: Annotated[str, typer.Option(metavar="NAME", help=N_("The genre of texts that don't state one."))] = "",
    propose: Annotated[
        bool,
        typer.Option(
            "--suggest", help=N_("Propose bounds that keep the documents of INPUT, all of which must be good.")
        ),
    ] = False,
    tighten: Annotated[
        bool,
        typer.Option("--tighten", help=N_("With --suggest: also move bounds that drop nothing.")),
    ] = False,
    lose: Annotated[
        float, typer.Option(help=N_("With --suggest: the share that each end of a bound may drop."))
    ] = 0.01,
    all_signals: Annotated[bool, typer.Option("--all", help=N_("Show signals without a bound, too."))] = False,
    out: Out = Path("out"),
    html: Page = None,
    page_language: PageLanguage = "",
    internal: Internal = False,
    as_json: Json = False,
) -> None:
    """Print how each signal is distributed against its bounds, and what each bound alone drops."""
    from latam_corpus.lab.commands.suggest import show_signals

    show_signals(
        source=source,
        policies=policies,
        language=language,
        genre=genre,
        propose=propose,
        tighten=tighten,
        lose=lose,
        all_signals=all_signals,
        out=out,
        html=html,
        page_language=page_language,
        internal=internal,
        as_json_=as_json,
    )


@lab_app.command("ablate")
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
        int | None,
        typer.Option("--bytes", help=N_("The maximum number of bytes per language that a model is trained on."), min=1),
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
    """Train small models in the same way on several selections of documents, and compare them on unseen texts."""
    from latam_corpus.lab.commands.ablate import compare_arms

    compare_arms(
        arms=arms,
        held_out=held_out,
        model=model,
        seeds=seeds,
        budget=budget,
        whole=whole,
        order=order,
        passes=passes,
        out=out,
        store=store,
        as_json=as_json,
    )


@quality_app.command("train")
def train_quality(
    good: Annotated[
        Path, typer.Argument(help=N_("Good documents, reviewed by a person: JSONL, Parquet, a folder of .txt."))
    ],
    bad: Annotated[Path, typer.Argument(help=N_("Bad documents, in the same formats."))],
    out: Annotated[Path, typer.Option(help=N_("The model to write, .npz."))],
    seed: Annotated[int, typer.Option(help=N_("The seed of the order of lines and of fastText."))] = ScoreSettings.seed,
    epoch: Annotated[int, typer.Option(help=N_("Passes over the documents."), min=1)] = ScoreSettings.epoch,
    as_json: Json = False,
) -> None:
    """Train a model; a tenth of the documents is held out to measure it."""
    from latam_corpus.lab.commands.quality import train_score

    train_score(good=good, bad=bad, out=out, seed=seed, epoch=epoch, as_json=as_json)


@language_app.command(
    "new", help=N_("Add a language: split its texts, one per line, into lines to train on and lines to measure on.")
)
def new(
    code: Annotated[str, typer.Argument(metavar="LANGUAGE", help=N_("Its ISO 639-3 code, or its name."))],
    texts: Annotated[list[Path], typer.Argument(metavar="FILE…", help=N_("Text files (.txt), or folders of them."))],
    to: Annotated[Path | None, typer.Option(help=N_("The folder to write; named by the code by default."))] = None,
    licence: Annotated[str, typer.Option(help=N_("The licence of the texts, for the model's card."))] = "",
    as_json: Json = False,
) -> None:
    """Split a language's texts into two parts."""
    from latam_corpus.lab.commands.language import add_language

    add_language(code=code, texts=texts, to=to, licence=licence, as_json=as_json)


@language_app.command()
def train(
    data: Annotated[
        list[str],
        typer.Argument(
            help=N_("A folder of `language new`; or [LABEL=]PATH[#FIELD]: TSV, JSONL or text; or a .toml list.")
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help=N_("The model to write (.ftz), with its label map next to it; a folder gets its own.")),
    ] = None,
    other_texts: _OtherTexts = None,
    root: Annotated[Path | None, typer.Option(help=N_("The folder to which a list's paths are relative."))] = None,
    packages: Annotated[
        Path | None,
        typer.Option(help=N_("The folder of unpacked Debian packages of a list, if they aren't installed.")),
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help=N_("Texts that must not be trained on."))] = None,
    seed: Annotated[int, typer.Option(help=N_("The seed of sampling and training."))] = IdentifierSettings.seed,
    epoch: Annotated[int, typer.Option(help=N_("Passes over the lines."), min=1)] = IdentifierSettings.epoch,
    max_lines: Annotated[
        int, typer.Option("--most", help=N_("The maximum number of lines per label."), min=1)
    ] = IdentifierSettings.most,
    bucket: Annotated[
        int, typer.Option(help=N_("Hash buckets of n-grams; fewer for few texts."), min=1)
    ] = IdentifierSettings.bucket,
    threads: Annotated[
        int, typer.Option(help=N_("With one thread, the model is the same each time."), min=1)
    ] = IdentifierSettings.threads,
    as_json: Json = False,
) -> None:
    """Add a language to the shipped model, or train one on labelled texts; some texts are held out to measure it."""
    from latam_corpus.lab.commands.language import train_model

    train_model(
        data=data,
        out=out,
        other_texts=other_texts,
        root=root,
        packages=packages,
        without=without,
        seed=seed,
        epoch=epoch,
        max_lines=max_lines,
        bucket=bucket,
        threads=threads,
        as_json=as_json,
    )


@language_app.command(
    "use", help=N_("Choose the model that recipes on this machine use by default; `americas` is the shipped one.")
)
def use(
    named: Annotated[
        str, typer.Argument(metavar="FOLDER|FILE", help=N_("A folder of `language new`, a model, or americas."))
    ],
    as_json: Json = False,
) -> None:
    """Choose the default model."""
    from latam_corpus.lab.commands.language import choose_model

    choose_model(named, as_json=as_json)


@language_app.command()
def evaluate(
    file: Annotated[
        str,
        typer.Argument(help=N_("A folder of `language new`; or [LABEL=]PATH[#FIELD]: labelled texts, one per line.")),
    ],
    model: _Model = "",
    other_texts: _OtherTexts = None,
    labels: _Labels = "",
    as_json: Json = False,
) -> None:
    """Measure a model on labelled texts, or compare the model of a `language new` folder with the shipped one."""
    from latam_corpus.lab.commands.language import measure_model

    measure_model(file=file, model=model, other_texts=other_texts, labels=labels, as_json=as_json)


@language_app.command()
def card(model: _Model = "", labels: _Labels = "", as_json: Json = False) -> None:
    """Describe a model: its digest, training data, licences and languages."""
    from latam_corpus.lab.commands.language import show_card

    show_card(model, labels, as_json=as_json)
