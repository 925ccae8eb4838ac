"""`latam-corpus language`: add a language; train, evaluate, describe and choose identifiers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.catalog.display_names import language_of
from latam_corpus.cli.interface.show import block, console, errors, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.codes import called, iso_code
from latam_corpus.errors import ConfigError
from latam_corpus.lab.language.added_language import (
    ENOUGH,
    compare_with_shipped,
    draw,
    extend,
    is_language,
    misnamed_rows,
    read_language,
)
from latam_corpus.lab.language.evaluate import evaluate
from latam_corpus.lab.language.texts import Texts, named_texts
from latam_corpus.lab.language.train_identifier import train
from latam_corpus.lab.training_settings import IdentifierSettings
from latam_corpus.language.model import card, load
from latam_corpus.language.model_files import SHIPPED, choose, chosen
from latam_corpus.messages import Message, _, decimal
from latam_corpus.release.pages.judgements import wilson

if TYPE_CHECKING:
    from latam_corpus.lab.language.added_language import Comparison, DrawnTexts
    from latam_corpus.lab.language.evaluate import Evaluation


_MAX_MISNAMED = 0.05  # share of rows in languages for which a model has no label


def add_language(*, code: str, texts: list[Path], to: Path | None, licence: str, as_json: bool) -> None:
    """Split a language's texts into two parts."""
    iso639_3 = language_of(code) or iso_code(code, "LANGUAGE")
    for file in texts:
        if not file.exists():
            raise ConfigError(str(file), _("there is no such file"), _("check the path"))
    drawn = draw(iso639_3, texts, to or Path(iso639_3), licence, datetime.now(UTC).date())
    if as_json:
        own = drawn.language
        other_languages = [{"code": name, "lines": n, "some": list(some)} for name, n, some in drawn.named_otherwise]
        counts = {"train": len(own.train), "kept_out": len(own.kept_out), "repeated": drawn.repeated}
        print_json({"folder": str(own.folder), "code": own.code, **counts, "named_otherwise": other_languages})
    else:
        _print_drawn(drawn)


def _print_drawn(drawn: DrawnTexts) -> None:
    own = drawn.language
    counts = {"train": number(len(own.train)), "away": number(len(own.kept_out)), "again": number(drawn.repeated)}
    name = f"{own.code} ({called(own.code, spoken())})"
    console.print(_("{folder}: {name}", folder=own.folder, name=name))
    console.print(
        _("lines to train on: {train}; lines held out to measure on: {away}; repeated lines: {again}", **counts)
    )
    if len(own.train) + len(own.kept_out) < ENOUGH:
        console.print(_("few lines: {n} or more are enough to identify it well", n=ENOUGH))
    for code, n, some in drawn.named_otherwise:
        about = {"n": number(n), "code": code, "name": called(code, spoken())}
        console.print(_("lines that look like {code} ({name}): {n}; remove those that really are, such as:", **about))
        for line in some[:2]:
            console.print(f"    {line[:100]}")
    console.print(_("next: {command}", command=f"latam-corpus language train {own.folder}"))


def train_model(
    *,
    data: list[str],
    out: Path | None,
    other_texts: list[str] | None,
    root: Path | None,
    packages: Path | None,
    without: list[str] | None,
    seed: int,
    epoch: int,
    max_lines: int,
    bucket: int,
    threads: int,
    as_json: bool,
) -> None:
    """Add a language to the shipped model, or train one on labelled texts; some texts are held out to measure it."""
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
    trained = train(named_texts(data, root, packages), out, settings, excluded_texts)
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
        frequent = ", ".join(f"{code} {n}" for code, n in names.most_common(4))
        about = {"n": number(names.total()), "rows": number(rows), "names": frequent}
        errors.print(
            _(
                "warning: {n} of {rows} {rows:row|rows} in languages that it doesn't know {n:is|are} identified "
                "as others: {names}",
                **about,
            )
        )
        errors.print(_("  to add one language without this effect, begin with `language new`"))


def _extend(folder: Path, other_texts: list[Texts], as_json: bool) -> None:
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
            (_("held out, identified as {code}", code=comparison.code), comparison.kept_out, *comparison.named),
            (_("in other languages, identified correctly"), comparison.other_lines, *comparison.right),
            (
                _("in other languages, mistaken for {code}", code=comparison.code),
                comparison.other_lines,
                "",
                sum(n for _code, n in comparison.taken),
            ),
        ],
    )
    console.print(
        _(
            "of new texts, it would correctly identify {low} to {high} % (interval of 95 %)",
            low=f"{100 * low:.0f}",
            high=f"{100 * high:.0f}",
        )
    )
    for title, counts in (
        (_("held out, identified as another language"), comparison.lost_to),
        (_("taken from"), comparison.taken),
    ):
        if counts:
            frequent = ", ".join(f"{code} {n}" for code, n in counts[:8])
            console.print(Message("{title}: {counts}", {"title": title, "counts": frequent}))


def choose_model(named: str, *, as_json: bool) -> None:
    """Choose the default model."""
    path = read_language(Path(named)).model if is_language(Path(named)) else Path(named)
    shipped = named == SHIPPED
    if not shipped:
        load(str(path))
    choose(None if shipped else path)
    if as_json:
        print_json({"model": chosen()})
    else:
        console.print(_("recipes that name no model use {model}", model=chosen()))


def measure_model(*, file: str, model: str, other_texts: list[str] | None, labels: str, as_json: bool) -> None:
    """Measure a model on labelled texts, or compare the model of a `language new` folder with the shipped one."""
    if is_language(Path(file)):
        comparison = compare_with_shipped(read_language(Path(file)), named_texts(other_texts or []))
        if as_json:
            print_json(comparison.as_dict())
        else:
            _print_comparison(comparison)
        return
    if other_texts:
        raise ConfigError("--beside", _("it works only with a folder of `language new`"), _("name such a folder"))
    evaluation = evaluate(load(model or chosen(), labels), named_texts([file]))
    if as_json:
        print_json(asdict(evaluation))
    else:
        _print_evaluation(evaluation)


def show_card(model: str, labels: str, *, as_json: bool) -> None:
    """Describe a model: its digest, training data, licences and languages."""
    facts = card(model or chosen(), labels)
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
    table("", [_("language"), _("texts#"), _("precision#"), _("recall#"), "F1#", _("mistaken for")], rows)
    console.print(
        _(
            "{n} {n:text|texts}, {right} identified correctly; macro-F1 {macro_f1}; {rate} texts per second",
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
