"""`latam-corpus language`: add a language; train, evaluate, describe and choose identifiers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import block, console, errors, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import ConfigError
from latam_corpus.lab.language.training_settings import Settings
from latam_corpus.messages import N_, Message, _, decimal

if TYPE_CHECKING:
    from latam_corpus.lab.language.added_language import Beside, Drawn
    from latam_corpus.lab.language.evaluate import Evaluation
    from latam_corpus.lab.language.texts import Texts

app = typer.Typer(no_args_is_help=True)

_Model = Annotated[
    str, typer.Option(help=N_("A shipped model's name or a fastText model's path; the one in use by default."))
]
_Beside = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help=N_("Labelled texts in other languages: [LABEL=]PATH[#FIELD], or a .toml list.")),
]
_Labels = Annotated[str, typer.Option(help=N_("The path of a label map; by default the one beside the model."))]
_MOST_TAKEN = 0.05  # of rows in languages that a model doesn't know


@app.command(
    "new", help=N_("Begin with a language: draw its texts, a line each, into a part to train on and one to measure on.")
)
def new(
    code: Annotated[str, typer.Argument(metavar="LANGUAGE", help=N_("Its ISO 639-3 code, or its name."))],
    texts: Annotated[list[Path], typer.Argument(metavar="FILE…", help=N_("Text files (.txt), or folders of them."))],
    to: Annotated[Path | None, typer.Option(help=N_("The folder to write; named by the code by default."))] = None,
    licence: Annotated[str, typer.Option(help=N_("Of the texts; the model's card states it."))] = "",
    as_json: Json = False,
) -> None:
    """Draw a language's texts."""
    from latam_corpus.catalog.display_names import language_of
    from latam_corpus.codes import iso_code
    from latam_corpus.lab.language.added_language import draw

    known = language_of(code) or iso_code(code, "LANGUAGE")
    for file in texts:
        if not file.exists():
            raise ConfigError(str(file), _("there is no such file"), _("check the path"))
    drawn = draw(known, texts, to or Path(known), licence, datetime.now(UTC).date())
    if as_json:
        own = drawn.language
        named = [{"code": one, "lines": n, "some": list(some)} for one, n, some in drawn.known_as]
        counts = {"train": len(own.train), "kept_out": len(own.kept_out), "repeated": drawn.repeated}
        print_json({"folder": str(own.folder), "code": own.code, **counts, "named_otherwise": named})
    else:
        _tell_drawn(drawn)


def _tell_drawn(drawn: Drawn) -> None:
    from latam_corpus.codes import called
    from latam_corpus.lab.language.added_language import ENOUGH

    own = drawn.language
    counts = {"train": number(len(own.train)), "away": number(len(own.kept_out)), "again": number(drawn.repeated)}
    name = f"{own.code} ({called(own.code, spoken())})"
    console.print(_("{folder}: {name}", folder=own.folder, name=name))
    console.print(_("lines to train on: {train}; kept out, to measure on: {away}; repeated: {again}", **counts))
    if len(own.train) + len(own.kept_out) < ENOUGH:
        console.print(_("few lines: from {n} on it is told well", n=ENOUGH))
    for code, n, some in drawn.known_as:
        about = {"n": number(n), "code": code, "name": called(code, spoken())}
        console.print(_("lines that look like {code} ({name}): {n}; take out those that are, such as:", **about))
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
        Path | None, typer.Option(help=N_("The model to write, .ftz, its label map beside it; of a folder, in it."))
    ] = None,
    beside: _Beside = None,
    root: Annotated[Path | None, typer.Option(help=N_("The folder to which a list's paths are relative."))] = None,
    packages: Annotated[
        Path | None, typer.Option(help=N_("Where Debian packages of a list are unpacked, if not installed."))
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help=N_("Texts that must not be trained on."))] = None,
    seed: Annotated[int, typer.Option(help=N_("Of sampling and training."))] = Settings.seed,
    epoch: Annotated[int, typer.Option(help=N_("Passes over the lines."), min=1)] = Settings.epoch,
    most: Annotated[int, typer.Option(help=N_("Lines a label at most."), min=1)] = Settings.most,
    bucket: Annotated[
        int, typer.Option(help=N_("Hash places of n-grams; fewer for few texts."), min=1)
    ] = Settings.bucket,
    threads: Annotated[int, typer.Option(help=N_("One gives the same model each time."), min=1)] = Settings.threads,
    as_json: Json = False,
) -> None:
    """Train the shipped model with a language more, or one from labelled texts; some are kept out to measure on."""
    from latam_corpus.lab.language.added_language import is_language, unknown_taken
    from latam_corpus.lab.language.texts import Texts, listed
    from latam_corpus.lab.language.train_identifier import train as fit
    from latam_corpus.language.model import load

    folders = [Path(one) for one in data if is_language(Path(one))]
    if folders:
        if len(data) > 1 or out:
            raise ConfigError(str(folders[0]), _("a language's folder is trained alone, and in it"), _("name it alone"))
        _extend(folders[0], listed(beside or [], root, packages), as_json)
        return
    if out is None or beside:
        problem = _("labelled texts need --out, and no --beside")
        raise ConfigError("--out", problem, _("or name a folder of `language new`"))
    settings = Settings(seed=seed, epoch=epoch, most=most, bucket=bucket, threads=threads)
    excluded_texts = [Texts(t.path, t.label or "und", t.field) for t in listed(without or [], root, packages)]
    trained = fit(listed(data, root, packages), out, settings, excluded_texts)
    size = trained.model.stat().st_size
    rows, names = unknown_taken(load(str(trained.model)))
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
    if names.total() > _MOST_TAKEN * rows:
        shown = ", ".join(f"{code} {n}" for code, n in names.most_common(4))
        about = {"n": number(names.total()), "rows": number(rows), "names": shown}
        errors.print(
            _("warning: of {rows} {rows:row|rows} in languages that it doesn't know it names {n}: {names}", **about)
        )
        errors.print(_("  to add one language without that, begin with `language new`"))


def _extend(folder: Path, beside: list[Texts], as_json: bool) -> None:
    from latam_corpus.lab.language.added_language import beside_shipped, extend, read_language

    own = read_language(folder)
    model = extend(own, datetime.now(UTC).date(), beside)
    found = beside_shipped(own)
    if as_json:
        print_json({"model": str(model)} | found.as_dict())
        return
    console.print(_("{model}: the shipped model with {code} beside its languages", model=model, code=own.code))
    _tell_beside(found)
    console.print(_("next: {command}", command=f"latam-corpus language use {folder}"))


def _tell_beside(found: Beside) -> None:
    from latam_corpus.release.pages.judgements import wilson

    low, high = wilson(found.named[1], found.kept_out)
    table(
        "",
        ["", _("lines#"), _("shipped model#"), _("this one#")],
        [
            (_("kept out, named {code}", code=found.code), found.kept_out, *found.named),
            (_("in other languages, named rightly"), found.others, *found.right),
            (
                _("in other languages, taken for {code}", code=found.code),
                found.others,
                "",
                sum(n for _code, n in found.taken),
            ),
        ],
    )
    console.print(
        _("of new texts it would name {low} to {high} % (95 %)", low=f"{100 * low:.0f}", high=f"{100 * high:.0f}")
    )
    for title, counts in ((_("kept out, and named otherwise"), found.lost_to), (_("taken from"), found.taken)):
        if counts:
            shown = ", ".join(f"{code} {n}" for code, n in counts[:8])
            console.print(Message("{title}: {counts}", {"title": title, "counts": shown}))


@app.command(
    "use", help=N_("Choose the model of recipes that name none, on this machine; `americas` is the shipped one.")
)
def use(
    named: Annotated[
        str, typer.Argument(metavar="FOLDER|FILE", help=N_("A folder of `language new`, a model, or americas."))
    ],
    as_json: Json = False,
) -> None:
    """Choose a model."""
    from latam_corpus.lab.language.added_language import is_language, read_language
    from latam_corpus.language.model import load
    from latam_corpus.language.model_files import SHIPPED, choose, chosen

    path = read_language(Path(named)).model if is_language(Path(named)) else Path(named)
    shipped = named == SHIPPED
    if not shipped:
        load(str(path))
    choose(None if shipped else path)
    if as_json:
        print_json({"model": chosen()})
    else:
        console.print(_("recipes that name no model take {model}", model=chosen()))


@app.command()
def evaluate(
    file: Annotated[
        str, typer.Argument(help=N_("A folder of `language new`; or [LABEL=]PATH[#FIELD]: labelled texts, one a line."))
    ],
    model: _Model = "",
    beside: _Beside = None,
    labels: _Labels = "",
    as_json: Json = False,
) -> None:
    """Measure a model on a labelled file, or that of a folder beside the shipped one, and what is taken for what."""
    from latam_corpus.lab.language.added_language import beside_shipped, is_language, read_language
    from latam_corpus.lab.language.evaluate import evaluate as measure
    from latam_corpus.lab.language.texts import listed
    from latam_corpus.language.model import load
    from latam_corpus.language.model_files import chosen

    if is_language(Path(file)):
        compared = beside_shipped(read_language(Path(file)), listed(beside or []))
        if as_json:
            print_json(compared.as_dict())
        else:
            _tell_beside(compared)
        return
    if beside:
        raise ConfigError("--beside", _("it is for a folder of `language new`"), _("name such a folder"))
    evaluation = measure(load(model or chosen(), labels), listed([file]))
    if as_json:
        print_json(evaluation.as_dict())
    else:
        _print(evaluation)


@app.command()
def card(model: _Model = "", labels: _Labels = "", as_json: Json = False) -> None:
    """Tell what a model is: its digest, data, licences and languages."""
    from latam_corpus.language.model import card as model_card
    from latam_corpus.language.model_files import chosen

    facts = model_card(model or chosen(), labels)
    if as_json:
        print_json(facts)
    else:
        console.print(block(_card_text(facts)))


def _print(evaluation: Evaluation) -> None:
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
            "{n} {n:text|texts}, {right} right; macro-F1 {macro_f1}; {rate} texts a second",
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
