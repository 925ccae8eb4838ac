"""`latam-corpus measure`: signals against bounds, what each bound costs, one changed policy, and suggested bounds."""

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
            help=N_("A filters/ folder; a run's own by default. Of one changed .toml: what is other by it."),
        ),
    ] = "",
    language: Annotated[str, typer.Option(metavar="CODE", help=N_("Of texts that don't say theirs."))] = "",
    genre: Annotated[str, typer.Option(metavar="NAME", help=N_("Of texts that don't say theirs."))] = "",
    propose: Annotated[
        bool, typer.Option("--suggest", help=N_("INPUT is good throughout: propose bounds that keep it."))
    ] = False,
    tighten: Annotated[
        bool,
        typer.Option("--tighten", help=N_("With --suggest: move bounds that lose nothing, too.")),
    ] = False,
    lose: Annotated[
        float, typer.Option(help=N_("With --suggest: the share that each end of a bound may drop."))
    ] = 0.01,
    every: Annotated[bool, typer.Option("--all", help=N_("Also the signals that no bound asks for."))] = False,
    out: Out = Path("out"),
    html: Page = None,
    page_language: PageLanguage = "",
    internal: Internal = False,
    as_json_: Json = False,
) -> None:
    """Print how each signal is distributed against its bounds, and what each bound alone drops."""
    from latam_corpus.audit.measurement import checked_facts, read_measured
    from latam_corpus.audit.policy_change import changed_policy
    from latam_corpus.report.page_frame import checked_language

    page_language = checked_language(page_language or spoken())
    today = datetime.now(UTC).date()
    declared = checked_facts(language, genre)
    if policies.endswith(".toml") or Path(policies or ".").is_file():
        changed = changed_policy(source, out, Path(policies), today, note, declared)
        show_changed(changed, internal=internal, as_json=as_json_)
        return
    measured = read_measured(source, out, policies, today, note, all_signals=every, declared=declared)
    if html or not propose:
        show_measured(
            measured, html, page_language, with_unbounded=every, internal=internal, quiet=propose, as_json=as_json_
        )
    if propose:
        _suggest(measured, lose, tighten, as_json_)


def _suggest(measured: MeasuredRows, lose: float, tighten: bool, as_json_: bool) -> None:
    from latam_corpus.collect.row_files import as_json
    from latam_corpus.lab.suggest_bounds import as_toml, suggest

    suggestions = suggest(measured.frame, measured.policies, lose, tighten=tighten)
    if as_json_:
        print_json(as_json([one.as_dict() | {"toml": as_toml(one, measured.policies)} for one in suggestions]))
        return
    for one in suggestions:
        console.print(f"# {one.language} · {one.genre}")
        console.print(block(as_toml(one, measured.policies)), end="")
        shares = {
            "share": decimal(f"{100 * one.loses:.2g}"),
            "present": decimal(f"{100 * one.present_loses:.2g}"),
        }
        message = _(
            "# of documents not chosen on, all of them together would drop {share} %; the present bounds drop "
            "{present} %"
        )
        console.print(message.fill(**shares))
        console.print()
