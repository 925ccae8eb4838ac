"""What `latam-corpus measure` shows: signals against bounds, and what each bound costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from latam_corpus.catalog.display_names import genre_name, language_label
from latam_corpus.cli.interface.show import console, number, print_json, table, width
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.messages import N_, Message, _, decimal
from latam_corpus.signals import signal_label

if TYPE_CHECKING:
    from latam_corpus.audit.measurement import MeasuredRows
    from latam_corpus.audit.policy_change import PolicyChange
    from latam_corpus.quality.distribution import Group, SignalDistribution

_MOST_CHANGED: Final = 50
_WIDE: Final = 130  # characters, in which a table of signals has room for what they measure
Internal = Annotated[
    bool, typer.Option("--internal", help=N_("Show texts whose terms keep them inside; stamps the page."))
]
Page = Annotated[Path | None, typer.Option("--html", help=N_("Write a page here: one file, no network needed."))]
PageLanguage = Annotated[
    str,
    typer.Option(
        "--in", metavar="es|pt|en", help=N_("The language of the page, or of the sheet's heads; --lang's by default.")
    ),
]


def show_measured(
    measured_rows: MeasuredRows,
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
        measured_rows: documents with their signals.
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
    from latam_corpus.report.run_report.signals_page import signals_page

    measured = groups(measured_rows.frame, measured_rows.policies)
    near = measured_rows.frame["doc_id"].gather(near_rows(measured)).to_list()
    texts = measured_rows.beginnings(near, internal=internal)
    if html:
        stamped = internal or measured_rows.own
        # Who gets the page has no use for the rest of the path.
        folder, unmeasured = "/".join(measured_rows.policies.folder.parts[-2:]), measured_rows.unmeasured
        page = signals_page(measured_rows.name, measured, texts, folder, unmeasured, page_language, stamped)
        write_file(html, page)
    if quiet:
        return
    if as_json:
        print_json(row_files.as_json([as_dict(group, texts) for group in measured]))
        return
    for group in measured:
        _print(group, texts, every)
    console.print(_("bounds from {folder}", folder=measured_rows.policies.folder))
    if measured_rows.unmeasured:
        console.print(
            _("{n} more {n:document|documents} fell before anything was measured", n=number(measured_rows.unmeasured))
        )
    if html:
        console.print(_("page     {path}", path=html))


def show_changed(change: PolicyChange, *, internal: bool, as_json: bool) -> None:
    """Show what a changed policy file does, document by document.

    Args:
        change: the documents, before and after.
        internal: whether texts whose terms keep them inside are shown.
        as_json: whether values are wanted and no words.
    """
    from latam_corpus.release.pages.judgements import WORDS

    before, after = change.kept
    changed = change.changed.to_dicts()
    texts = change.measured.beginnings([row["doc_id"] for row in changed], internal=internal)
    for row in changed:
        row["beginning"] = texts[row["doc_id"]]
    if as_json:
        shown = ("doc_id", "language", "genre", "judged", "before", "after", "beginning")
        about = {"file": change.file, "beside": str(change.beside), "documents": change.rows.height}
        counts = {"decides": change.decides, "kept_before": before, "kept_after": after}
        print_json(about | counts | {"changed": [{name: row[name] for name in shown} for row in changed]})
        return
    about = {"file": change.file, "n": number(change.decides), "all": number(change.rows.height)}
    console.print(_("{file} beside the other files of {folder}", file=change.file, folder=change.beside))
    console.print(_("it decides on {n} of {all} {all:document|documents}", **about))
    console.print(_("kept: {before} before, {after} after", before=number(before), after=number(after)))
    for row in changed[:_MOST_CHANGED]:
        mark = "✓ → ✗" if row["after"] else "✗ → ✓"
        verdict = f"  ({WORDS[row['judged']].translate(spoken())})" if row["judged"] else ""
        console.print(f"  {mark}  {row['doc_id']}  {', '.join(row['after'] or row['before'])}{verdict}")
        console.print(f"         {_shown(row['beginning'])[:100]}")
    if len(changed) > _MOST_CHANGED:
        console.print(_("… and {n} more; --json lists them all", n=number(len(changed) - _MOST_CHANGED)))
    if not changed:
        console.print(_("no document changes sides"))


def _print(group: Group, texts: dict[str, str | None], every: bool) -> None:
    listed = [one for one in group.signals if one.bound or (every and one.values)]
    rows = [_row(one) for one in listed]
    about = {"language": language_label(group.language), "genre": genre_name(group.genre), "n": number(group.documents)}
    title = _("{language} · {genre} · {n} {n:document|documents}", **about)
    quantiles = ["1 %#", "5 %#", "50 %#", "95 %#", "99 %#"]
    heads: list[str | Message] = [_("signal"), *quantiles, _("bounds"), _("would drop#"), _("alone#")]
    judged = group.good[0] + group.bad[0]
    if judged:
        heads += [_("of good#"), _("of bad#")]
        rows = [(*row, number(one.good), number(one.bad)) for row, one in zip(rows, listed, strict=True)]
    if spoken() != "en" and width() >= _WIDE:  # in English a key says what it is of
        heads.append(_("what it measures"))
        rows = [(*row, signal_label(one.signal)) for row, one in zip(rows, listed, strict=True)]
    table(title, heads, rows)
    console.print(_("all bounds together would drop {n}", n=number(group.drops)))
    if judged:
        counts = {"good": group.good[0], "lost": group.good[1], "bad": group.bad[0], "caught": group.bad[1]}
        costs = _("of {good} judged good they would drop {lost}, of {bad} judged bad {caught}")
        console.print(costs.fill(**{name: number(n) for name, n in counts.items()}))
    for measured in group.signals:
        for cost in measured.costs:
            if cost.drops:
                console.print(_("  at the edge of {reason}", reason=cost.reason))
                for near in cost.edge:
                    mark = "✗" if near.dropped else "✓"
                    text = _shown(texts.get(near.doc_id))[:80]
                    console.print(f"    {mark} {_short(near.value).translate(spoken()):>7}  {near.doc_id}  {text}")
    console.print()


def _shown(beginning: str | None) -> str:
    """Return the beginning of a text, or why there is none to be seen."""
    if beginning is None:
        return _("(its terms don't allow it to be shown: --internal)").translate(spoken())
    return beginning or f"({_('without text').translate(spoken())})"


def _row(measured: SignalDistribution) -> tuple[str | Message, ...]:
    from latam_corpus.quality.distribution import format_bound

    quantiles = (_short(measured.quantiles[p]) if measured.quantiles else "" for p in (1, 5, 50, 95, 99))
    bound = measured.bound
    if bound is None:
        return (measured.signal, *quantiles, "", "", "")
    return (measured.signal, *quantiles, decimal(format_bound(bound)), number(measured.drops), number(measured.alone))


def _short(value: float) -> Message:
    return decimal(f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}")  # noqa: PLR2004  (four digits are read at a glance)
