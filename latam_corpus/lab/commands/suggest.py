"""`latam-corpus measure`: signals against bounds, what each bound costs, and bounds from a sample declared good."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.cli import completion
from latam_corpus.cli.measure_tables import Internal, Page, PageLanguage, show_measured
from latam_corpus.cli.show import block, console, note, print_json
from latam_corpus.messages import _

if TYPE_CHECKING:
    from latam_corpus.audit.measurement import MeasuredRows


def measure(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help="JSONL, Parquet, or a run's folder or name.", autocompletion=completion.runs
        ),
    ],
    policies: Annotated[str, typer.Option(metavar="FOLDER", help="A filters/ folder; a run's own by default.")] = "",
    propose: Annotated[
        bool, typer.Option("--suggest", help="INPUT is good throughout: propose bounds that keep it.")
    ] = False,
    lose: Annotated[float, typer.Option(help="With --suggest: the share that each end of a bound may drop.")] = 0.01,
    every: Annotated[bool, typer.Option("--all", help="Also the signals that no bound asks for.")] = False,
    out: Annotated[Path, typer.Option("--out", help="The folder of runs.")] = Path("out"),
    html: Page = None,
    page_language: PageLanguage = "es",
    internal: Internal = False,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show each signal's distribution against its bounds, and what each bound alone would drop."""
    from latam_corpus.audit.measurement import read_measured
    from latam_corpus.report.page_frame import checked_language

    checked_language(page_language)
    found = read_measured(source, out, policies, datetime.now(UTC).date(), note, every=every)
    if html or not propose:
        show_measured(found, html, page_language, every=every, internal=internal, quiet=propose, as_json=as_json_)
    if propose:
        _suggest(found, lose, as_json_)


def _suggest(found: MeasuredRows, lose: float, as_json_: bool) -> None:
    from latam_corpus.collect.row_files import as_json
    from latam_corpus.lab.suggest_bounds import as_toml, suggest

    made = suggest(found.frame, found.policies, lose)
    if as_json_:
        print_json(as_json([one.as_dict() | {"toml": as_toml(one, found.policies)} for one in made]))
        return
    for one in made:
        console.print(f"# {one.language} · {one.genre}")
        console.print(block(as_toml(one, found.policies)), end="")
        shares = {"share": f"{100 * one.loses:.2g}", "present": f"{100 * one.present_loses:.2g}"}
        told = _(
            "# of documents not chosen on, all of them together would drop {share} %; the present bounds drop "
            "{present} %"
        )
        console.print(told.fill(**shares))
        console.print()
