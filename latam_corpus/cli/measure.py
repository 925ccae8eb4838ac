"""`latam-corpus measure`: signals against bounds, what each bound costs, and bounds from a sample declared good."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.cli import completed
from latam_corpus.cli.show import block, console, number, print_json, table

if TYPE_CHECKING:
    import polars as pl

    from latam_corpus.cli.measured import MeasuredRows
    from latam_corpus.quality.distribution import Group, Measured

Internal = Annotated[bool, typer.Option("--internal", help="Show texts whose terms keep them inside; stamps the page.")]
Page = Annotated[Path | None, typer.Option("--html", help="Write a page here: one file, no network needed.")]
PageLanguage = Annotated[
    str, typer.Option("--in", metavar="es|pt|en", help="The language of the page, or of the sheet's heads.")
]


def measure(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help="JSONL, Parquet, or a run's folder or name.", autocompletion=completed.runs
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
    from latam_corpus.cli.measured import near_rows, read_measured
    from latam_corpus.cli.rows import as_json
    from latam_corpus.quality.distribution import as_dict, groups
    from latam_corpus.report.page import checked_language, write_file
    from latam_corpus.report.signals import signals_page

    checked_language(page_language)
    found = read_measured(source, out, policies, datetime.now(UTC).date(), every)
    if propose and not html:
        _suggest(found, lose, as_json_)
        return
    measured = groups(found.frame, found.policies)
    texts = _beginnings(found.frame, near_rows(measured), internal)
    if html:
        stamped = internal or found.own
        write_file(html, signals_page(found.name, measured, texts, found.unmeasured, page_language, stamped))
    if propose:
        _suggest(found, lose, as_json_)
        return
    if as_json_:
        print_json(as_json([as_dict(group, texts) for group in measured]))
        return
    for group in measured:
        _print(group, texts, every)
    console.print(f"bounds from {found.policies.folder}", markup=False)
    if found.unmeasured:
        console.print(f"{number(found.unmeasured)} more documents fell before anything was measured")
    if html:
        console.print(f"page     {html}", markup=False)


def _beginnings(frame: pl.DataFrame, rows: list[int], internal: bool) -> dict[str, str | None]:
    from latam_corpus.report.shown import beginning

    chosen = frame[rows].to_dicts()
    return {row["doc_id"]: beginning(row | {"readable": row["readable"] or internal}) for row in chosen}


def _print(group: Group, texts: dict[str, str | None], every: bool) -> None:
    rows = [_row(one) for one in group.signals if one.bound or (every and one.values)]
    title = f"{group.language} · {group.genre} · {number(group.documents)} documents"
    heads = ["signal", "1 %#", "5 %#", "50 %#", "95 %#", "99 %#", "bounds", "would drop#", "alone#"]
    table(title, heads, rows)
    console.print(f"all bounds together would drop {number(group.drops)}")
    for measured in group.signals:
        for cost in measured.costs:
            if cost.drops:
                console.print(f"  at the edge of {cost.reason}", markup=False)
                for near in cost.edge:
                    mark = "✗" if near.dropped else "✓"
                    told = texts.get(near.doc_id) or "(its terms don't allow it to be shown: --internal)"
                    console.print(f"    {mark} {_short(near.value):>7}  {near.doc_id}  {told[:80]}", markup=False)
    console.print()


def _row(measured: Measured) -> tuple[str, ...]:
    from latam_corpus.quality.distribution import shown

    quantiles = (_short(measured.quantiles[p]) if measured.quantiles else "" for p in (1, 5, 50, 95, 99))
    bound = measured.bound
    if bound is None:
        return (measured.signal, *quantiles, "", "", "")
    return (measured.signal, *quantiles, shown(bound), number(measured.drops), number(measured.alone))


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004  (four digits are read at a glance)


def _suggest(found: MeasuredRows, lose: float, as_json_: bool) -> None:
    from latam_corpus.cli.rows import as_json
    from latam_corpus.lab.suggest_bounds import as_toml, suggest

    made = suggest(found.frame, found.policies, lose)
    if as_json_:
        print_json(as_json([one.as_dict() | {"toml": as_toml(one, found.policies)} for one in made]))
        return
    for one in made:
        console.print(f"# {one.language} · {one.genre}")
        console.print(block(as_toml(one, found.policies)), end="")
        console.print(
            f"# of documents not chosen on, all of them together would drop {100 * one.loses:.2g} %; "
            f"the present bounds drop {100 * one.present_loses:.2g} %"
        )
        console.print()
