"""What `latam-corpus measure` shows: signals against bounds, and what each bound costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.catalog.display_names import genre_name
from latam_corpus.cli.show import console, number, print_json, table
from latam_corpus.cli.ui_language import spoken
from latam_corpus.messages import Message, _

if TYPE_CHECKING:
    import polars as pl

    from latam_corpus.audit.measurement import MeasuredRows
    from latam_corpus.quality.distribution import Group, SignalDistribution

Internal = Annotated[bool, typer.Option("--internal", help="Show texts whose terms keep them inside; stamps the page.")]
Page = Annotated[Path | None, typer.Option("--html", help="Write a page here: one file, no network needed.")]
PageLanguage = Annotated[
    str, typer.Option("--in", metavar="es|pt|en", help="The language of the page, or of the sheet's heads.")
]


def show_measured(
    found: MeasuredRows,
    html: Path | None,
    page_language: str,
    *,
    every: bool,
    internal: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Show each signal's distribution, and write it to a page.

    Args:
        found: documents with their signals.
        html: the page; none when None.
        page_language: of the page.
        every: whether signals that no bound asks for are shown, too.
        internal: whether texts whose terms keep them inside are shown.
        quiet: whether the page alone is wanted.
        as_json: whether values are wanted and no words.
    """
    from latam_corpus.audit.measurement import near_rows
    from latam_corpus.collect import row_files
    from latam_corpus.quality.distribution import as_dict, groups
    from latam_corpus.report.page_frame import write_file
    from latam_corpus.report.signals_page import signals_page

    measured = groups(found.frame, found.policies)
    texts = _beginnings(found.frame, near_rows(measured), internal)
    if html:
        stamped = internal or found.own
        write_file(html, signals_page(found.name, measured, texts, found.unmeasured, page_language, stamped))
    if quiet:
        return
    if as_json:
        print_json(row_files.as_json([as_dict(group, texts) for group in measured]))
        return
    for group in measured:
        _print(group, texts, every)
    console.print(_("bounds from {folder}", folder=found.policies.folder))
    if found.unmeasured:
        console.print(_("{n} more documents fell before anything was measured", n=number(found.unmeasured)))
    if html:
        console.print(_("page     {path}", path=html))


def _beginnings(frame: pl.DataFrame, rows: list[int], internal: bool) -> dict[str, str | None]:
    from latam_corpus.report.disclosure import beginning

    chosen = frame[rows].to_dicts()
    return {row["doc_id"]: beginning(row | {"readable": row["readable"] or internal}) for row in chosen}


def _print(group: Group, texts: dict[str, str | None], every: bool) -> None:
    rows = [_row(one) for one in group.signals if one.bound or (every and one.values)]
    about = {"language": group.language, "genre": genre_name(group.genre), "n": number(group.documents)}
    title = _("{language} · {genre} · {n} documents", **about)
    quantiles = ["1 %#", "5 %#", "50 %#", "95 %#", "99 %#"]
    heads: list[str | Message] = [_("signal"), *quantiles, _("bounds"), _("would drop#"), _("alone#")]
    table(title, heads, rows)
    console.print(_("all bounds together would drop {n}", n=number(group.drops)))
    for measured in group.signals:
        for cost in measured.costs:
            if cost.drops:
                console.print(_("  at the edge of {reason}", reason=cost.reason))
                for near in cost.edge:
                    mark = "✗" if near.dropped else "✓"
                    hidden = _("(its terms don't allow it to be shown: --internal)").translate(spoken())
                    told = (texts.get(near.doc_id) or hidden)[:80]
                    console.print(f"    {mark} {_short(near.value):>7}  {near.doc_id}  {told}")
    console.print()


def _row(measured: SignalDistribution) -> tuple[str, ...]:
    from latam_corpus.quality.distribution import shown

    quantiles = (_short(measured.quantiles[p]) if measured.quantiles else "" for p in (1, 5, 50, 95, 99))
    bound = measured.bound
    if bound is None:
        return (measured.signal, *quantiles, "", "", "")
    return (measured.signal, *quantiles, shown(bound), number(measured.drops), number(measured.alone))


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004  (four digits are read at a glance)
