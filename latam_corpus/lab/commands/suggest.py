"""`latam-corpus measure`: compare signals with bounds, and suggest bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Json, Out
from latam_corpus.cli.interface.show import block, console, note, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.reading.measure_tables import Internal, Page, PageLanguage, show_changed, show_measured
from latam_corpus.messages import N_, _, decimal
from latam_corpus.report.page_frame import checked_language

if TYPE_CHECKING:
    from latam_corpus.audit.measurement import MeasuredRows


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
        bool, typer.Option("--suggest", help=N_("Propose bounds that keep INPUT, all of which is good."))
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
    as_json_: Json = False,
) -> None:
    """Print how each signal is distributed against its bounds, and what each bound alone drops."""
    from latam_corpus.audit.measurement import checked_facts, read_measured
    from latam_corpus.audit.policy_change import changed_policy

    page_language = checked_language(page_language or spoken())
    today = datetime.now(UTC).date()
    declared = checked_facts(language, genre)
    if policies.endswith(".toml") or Path(policies or ".").is_file():
        changed = changed_policy(source, out, Path(policies), today, note, declared)
        show_changed(changed, internal=internal, as_json=as_json_)
        return
    measured = read_measured(source, out, policies, today, note, all_signals=all_signals, declared=declared)
    if html or not propose:
        show_measured(
            measured,
            html,
            page_language,
            with_unbounded=all_signals,
            internal=internal,
            quiet=propose,
            as_json=as_json_,
        )
    if propose:
        _suggest(measured, lose, tighten, as_json_)


def _suggest(measured: MeasuredRows, lose: float, tighten: bool, as_json_: bool) -> None:
    from latam_corpus.collect.row_files import as_json
    from latam_corpus.lab.suggest_bounds import as_toml, suggest

    suggestions = suggest(measured.frame, measured.policies, lose, tighten=tighten)
    if as_json_:
        values = [entry.as_dict() | {"toml": as_toml(entry, measured.policies)} for entry in suggestions]
        print_json(as_json(values))
        return
    for entry in suggestions:
        console.print(f"# {entry.language} · {entry.genre}")
        console.print(block(as_toml(entry, measured.policies)), end="")
        shares = {
            "share": decimal(f"{100 * entry.loses:.2g}"),
            "present": decimal(f"{100 * entry.present_loses:.2g}"),
        }
        message = _(
            "# on documents that they weren't chosen on, these bounds together would drop {share} %; the present ones "
            "drop {present} %"
        )
        console.print(message.fill(**shares))
        console.print()
