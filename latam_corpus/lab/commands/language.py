"""`latam-corpus language`: add a language; train, evaluate, describe and choose identifiers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latam_corpus.catalog.display_names import language_of
from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import block, console, errors, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.codes import called, iso_code
from latam_corpus.errors import ConfigError
from latam_corpus.lab.language.training_settings import IdentifierSettings
from latam_corpus.language.model_files import SHIPPED, choose, chosen
from latam_corpus.messages import N_, Message, _, decimal
from latam_corpus.release.pages.judgements import wilson

if TYPE_CHECKING:
    from latam_corpus.lab.language.added_language import Comparison, DrawnTexts
    from latam_corpus.lab.language.evaluate import Evaluation
    from latam_corpus.lab.language.texts import Texts

app = typer.Typer(no_args_is_help=True)

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
_MAX_MISNAMED = 0.05  # share of rows in languages that a model has no label for


@app.command(
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
    from latam_corpus.lab.language.added_language import draw

    iso639_3 = language_of(code) or iso_code(code, "LANGUAGE")
    for file in texts:
        if not file.exists():
            raise ConfigError(str(file), _("there is no such file"), _("check the path"))
    drawn = draw(iso639_3, texts, to or Path(iso639_3), licence, datetime.now(UTC).date())
    if as_json:
        own = drawn.language
        named = [{"code": name, "lines": n, "some": list(some)} for name, n, some in drawn.named_otherwise]
        counts = {"train": len(own.train), "kept_out": len(own.kept_out), "repeated": drawn.repeated}
        print_json({"folder": str(own.folder), "code": own.code, **counts, "named_otherwise": named})
    else:
        _print_drawn(drawn)


def _print_drawn(drawn: DrawnTexts) -> None:
    from latam_corpus.lab.language.added_language import ENOUGH

    own = drawn.language
    counts = {"train": number(len(own.train)), "away": number(len(own.kept_out)), "again": number(drawn.repeated)}
    name = f"{own.code} ({called(own.code, spoken())})"
    console.print(_("{folder}: {name}", folder=own.folder, name=name))
    console.print(_("lines to train on: {train}; kept out, to measure on: {away}; repeated: {again}", **counts))
    if len(own.train) + len(own.kept_out) < ENOUGH:
        console.print(_("few lines: {n} or more are enough to identify it well", n=ENOUGH))
    for code, n, some in drawn.named_otherwise:
        about = {"n": number(n), "code": code, "name": called(code, spoken())}
        console.print(_("lines that look like {code} ({name}): {n}; remove those that really are, such as:", **about))
        for line in some[:2]:
            console.print(f"    {line[:100]}")
    console.print(_("next: {command}", command=f"latam-corpus language train {own.folder}"))


@app.command()
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
        int, typer.Option("--most", help=N_("The most lines per label."), min=1)
    ] = IdentifierSettings.most,
    bucket: Annotated[
        int, typer.Option(help=N_("Hash buckets of n-grams; fewer for few texts."), min=1)
    ] = IdentifierSettings.bucket,
    threads: Annotated[
        int, typer.Option(help=N_("With one thread, the model is the same each time."), min=1)
    ] = IdentifierSettings.threads,
    as_json: Json = False,
) -> None:
    """Add a language to the shipped model, or train a model on labelled texts; some texts are kept to measure it."""
    from latam_corpus.lab.language.added_language import is_language, misnamed_rows
    from latam_corpus.lab.language.texts import Texts, named_texts
    from latam_corpus.lab.language.train_identifier import train as fit
    from latam_corpus.language.model import load

    folders = [Path(argument) for argument in data if is_language(Path(argument))]
    if folders:
        if len(data) > 1 or out:
            raise ConfigError(
                str(folders[0]),
                _("a language's folder can't be combined with other texts or --out"),
                _("name only the folder"),
            )
        _extend(folders[0], named_texts(other_texts or [], root, packages), as_json)
        return
    if out is None or other_texts:
        problem = _("labelled texts need --out, and don't take --beside")
        raise ConfigError("--out", problem, _("or name a folder of `language new`"))
    settings = IdentifierSettings(seed=seed, epoch=epoch, most=max_lines, bucket=bucket, threads=threads)
    excluded_texts = [Texts(t.path, t.label or "und", t.field) for t in named_texts(without or [], root, packages)]
    trained = fit(named_texts(data, root, packages), out, settings, excluded_texts)
    size = trained.model.stat().st_size
    rows, names = misnamed_rows(load(str(trained.model)))
    if as_json:
        values = {"model": trained.model, "label_map": trained.label_map, "bytes": size, "lines": trained.lines}
        print_json(values | {"unknown": {"rows": rows, "named": dict(names)}})
        return
    lines = number(sum(trained.lines.values()))
    console.print(
        _(
            "{model}: {n} {n:label|labels}, {lines} {lines:line|lines}, {number} MB",
            model=trained.model,
            n=len(trained.lines),
            lines=lines,
            number=decimal(f"{size / 1e6:.1f}"),
        )
    )
    console.print(_("{file}: its label map", file=trained.label_map))
    if names.total() > _MAX_MISNAMED * rows:
        shown = ", ".join(f"{code} {n}" for code, n in names.most_common(4))
        about = {"n": number(names.total()), "rows": number(rows), "names": shown}
        errors.print(
            _("warning: it names {n} of {rows} {rows:row|rows} in languages that it doesn't know: {names}", **about)
        )
        errors.print(_("  to add one language without this effect, begin with `language new`"))


def _extend(folder: Path, other_texts: list[Texts], as_json: bool) -> None:
    from latam_corpus.lab.language.added_language import compare_with_shipped, extend, read_language

    own = read_language(folder)
    model = extend(own, datetime.now(UTC).date(), other_texts)
    comparison = compare_with_shipped(own)
    if as_json:
        print_json({"model": str(model)} | comparison.as_dict())
        return
    console.print(_("{model}: the shipped model, with {code} added", model=model, code=own.code))
    _print_comparison(comparison)
    console.print(_("next: {command}", command=f"latam-corpus language use {folder}"))


def _print_comparison(comparison: Comparison) -> None:
    low, high = wilson(comparison.named[1], comparison.kept_out)
    table(
        "",
        ["", _("lines#"), _("shipped model#"), _("this one#")],
        [
            (_("kept out, named {code}", code=comparison.code), comparison.kept_out, *comparison.named),
            (_("in other languages, named correctly"), comparison.other_lines, *comparison.right),
            (
                _("in other languages, taken for {code}", code=comparison.code),
                comparison.other_lines,
                "",
                sum(n for _code, n in comparison.taken),
            ),
        ],
    )
    console.print(
        _(
            "of new texts it would correctly name {low} to {high} % (interval of 95 %)",
            low=f"{100 * low:.0f}",
            high=f"{100 * high:.0f}",
        )
    )
    for title, counts in (
        (_("kept out, and named as others"), comparison.lost_to),
        (_("taken from"), comparison.taken),
    ):
        if counts:
            shown = ", ".join(f"{code} {n}" for code, n in counts[:8])
            console.print(Message("{title}: {counts}", {"title": title, "counts": shown}))


@app.command(
    "use", help=N_("Choose the model that recipes on this machine use by default; `americas` is the shipped one.")
)
def use(
    named: Annotated[
        str, typer.Argument(metavar="FOLDER|FILE", help=N_("A folder of `language new`, a model, or americas."))
    ],
    as_json: Json = False,
) -> None:
    """Choose the default model."""
    from latam_corpus.lab.language.added_language import is_language, read_language
    from latam_corpus.language.model import load

    path = read_language(Path(named)).model if is_language(Path(named)) else Path(named)
    shipped = named == SHIPPED
    if not shipped:
        load(str(path))
    choose(None if shipped else path)
    if as_json:
        print_json({"model": chosen()})
    else:
        console.print(_("recipes that name no model use {model}", model=chosen()))


@app.command()
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
    from latam_corpus.lab.language.added_language import compare_with_shipped, is_language, read_language
    from latam_corpus.lab.language.evaluate import evaluate as measure
    from latam_corpus.lab.language.texts import named_texts
    from latam_corpus.language.model import load

    if is_language(Path(file)):
        comparison = compare_with_shipped(read_language(Path(file)), named_texts(other_texts or []))
        if as_json:
            print_json(comparison.as_dict())
        else:
            _print_comparison(comparison)
        return
    if other_texts:
        raise ConfigError("--beside", _("it works only with a folder of `language new`"), _("name such a folder"))
    evaluation = measure(load(model or chosen(), labels), named_texts([file]))
    if as_json:
        print_json(evaluation.as_dict())
    else:
        _print_evaluation(evaluation)


@app.command()
def card(model: _Model = "", labels: _Labels = "", as_json: Json = False) -> None:
    """Describe a model: its digest, training data, licences and languages."""
    from latam_corpus.language.model import card as model_card

    facts = model_card(model or chosen(), labels)
    if as_json:
        print_json(facts)
    else:
        console.print(block(_card_text(facts)))


def _print_evaluation(evaluation: Evaluation) -> None:
    rows = [
        (
            row.code,
            row.texts,
            _share(row.precision),
            _share(row.recall),
            decimal(f"{row.f1:.3f}"),
            ", ".join(f"{code} {count}" for code, count in row.taken_for[:4]),
        )
        for row in evaluation.languages
    ]
    table("", [_("language"), _("texts#"), _("precision#"), _("recall#"), "F1#", _("taken for")], rows)
    console.print(
        _(
            "{n} {n:text|texts}, {right} named correctly; macro-F1 {macro_f1}; {rate} texts per second",
            n=number(evaluation.texts),
            right=number(evaluation.right),
            macro_f1=decimal(f"{evaluation.macro_f1:.3f}"),
            rate=number(round(evaluation.per_second)),
        )
    )


def _share(value: float | None) -> str | Message:
    return "" if value is None else decimal(f"{value:.3f}")


def _card_text(facts: dict[str, Any]) -> str:
    lines = [f"{key}: {value}" for key, value in facts.items() if not isinstance(value, list | dict)]
    lines += ["", "trained on:"]
    for entry in facts["trained_on"]:
        label = f" as {entry['label']}" if "label" in entry else ""
        lines.append(f"  {entry.get('file', '')}{label}: {entry.get('licence', 'licence not stated')}")
    for key in ("americas", "others"):
        named = (f"{code} ({facts['names'][code]})" if code in facts["names"] else code for code in facts[key])
        lines += ["", f"{key} ({len(facts[key])}): {', '.join(named)}"]
    return "\n".join(lines)
