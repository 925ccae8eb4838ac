"""The output of `latam-corpus measure`: signals compared with bounds, and the documents that each bound drops."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.audit.measurement import near_rows
from latam_corpus.catalog.display_names import genre_name, language_label
from latam_corpus.cli.interface.show import console, number, print_json, table, width
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.collect import row_files
from latam_corpus.messages import Message, _, decimal
from latam_corpus.quality.distribution import as_dict, format_bound, groups
from latam_corpus.release.pages.judgements import WORDS
from latam_corpus.report.page_frame import write_file
from latam_corpus.report.run_report.signals_page import signals_page
from latam_corpus.signals import signal_label

if TYPE_CHECKING:
    from latam_corpus.audit.measurement import MeasuredRows
    from latam_corpus.audit.policy_change import PolicyChange
    from latam_corpus.quality.distribution import Group, SignalDistribution

_MOST_CHANGED: Final = 50
_WIDE: Final = 130  # characters; a table of this width has room for descriptions of the signals


def show_measured(
    measured_rows: MeasuredRows,
    html: Path | None,
    page_language: str,
    *,
    with_unbounded: bool,
    internal: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Print each signal's distribution, and write it to a page.

    With `quiet`, write only the page. `internal` also shows texts whose terms don't allow it.
    """
    measured = groups(measured_rows.frame, measured_rows.policies)
    near = measured_rows.frame["doc_id"].gather(near_rows(measured)).to_list()
    texts = measured_rows.beginnings(near, internal=internal)
    if html:
        stamped = internal or measured_rows.own
        # The rest of the path is meaningless on other machines.
        folder, unmeasured = "/".join(measured_rows.policies.folder.parts[-2:]), measured_rows.unmeasured
        page = signals_page(measured_rows.name, measured, texts, folder, unmeasured, page_language, stamped)
        write_file(html, page)
    if quiet:
        return
    if as_json:
        print_json(row_files.as_json([as_dict(group, texts) for group in measured]))
        return
    for group in measured:
        _print(group, texts, with_unbounded)
    console.print(_("bounds from {folder}", folder=measured_rows.policies.folder))
    if measured_rows.unmeasured:
        console.print(
            _(
                "{n} more {n:document was|documents were} dropped before signals were measured",
                n=number(measured_rows.unmeasured),
            )
        )
    if html:
        console.print(_("page     {path}", path=html))


def show_changed(change: PolicyChange, *, internal: bool, as_json: bool) -> None:
    """Print the documents for which a changed policy file decides differently."""
    kept_before, kept_after = change.kept
    changed = change.changed.to_dicts()
    texts = change.measured.beginnings([row["doc_id"] for row in changed], internal=internal)
    for row in changed:
        row["beginning"] = texts[row["doc_id"]]
    if as_json:
        shown = ("doc_id", "language", "genre", "judged", "before", "after", "beginning")
        about = {"file": change.file, "beside": str(change.folder), "documents": change.rows.height}
        counts = {"decides": change.affected, "kept_before": kept_before, "kept_after": kept_after}
        print_json(about | counts | {"changed": [{name: row[name] for name in shown} for row in changed]})
        return
    about = {"file": change.file, "n": number(change.affected), "all": number(change.rows.height)}
    console.print(_("{file}, with the other files of {folder}", file=change.file, folder=change.folder))
    console.print(_("it applies to {n} of {all} {all:document|documents}", **about))
    console.print(_("kept: {before} before, {after} after", before=number(kept_before), after=number(kept_after)))
    for row in changed[:_MOST_CHANGED]:
        mark = "✓ → ✗" if row["after"] else "✗ → ✓"
        verdict = f"  ({WORDS[row['judged']].translate(spoken())})" if row["judged"] else ""
        console.print(f"  {mark}  {row['doc_id']}  {', '.join(row['after'] or row['before'])}{verdict}")
        console.print(f"         {_text_or_reason(row['beginning'])[:100]}")
    if len(changed) > _MOST_CHANGED:
        console.print(_("… and {n} more; --json lists them all", n=number(len(changed) - _MOST_CHANGED)))
    if not changed:
        console.print(_("no document is kept or dropped differently"))


def _print(group: Group, texts: dict[str, str | None], with_unbounded: bool) -> None:
    signals = [signal for signal in group.signals if signal.bound or (with_unbounded and signal.values)]
    rows = [_row(signal) for signal in signals]
    about = {"language": language_label(group.language), "genre": genre_name(group.genre), "n": number(group.documents)}
    title = _("{language} · {genre} · {n} {n:document|documents}", **about)
    quantiles = ["1 %#", "5 %#", "50 %#", "95 %#", "99 %#"]
    heads: list[str | Message] = [_("signal"), *quantiles, _("bounds"), _("would drop#"), _("alone#")]
    judged = group.good[0] + group.bad[0]
    if judged:
        heads += [_("of good#"), _("of bad#")]
        rows = [(*row, number(signal.good), number(signal.bad)) for row, signal in zip(rows, signals, strict=True)]
    if spoken() != "en" and width() >= _WIDE:  # in English, the key is clear without a description
        heads.append(_("what it measures"))
        rows = [(*row, signal_label(signal.signal)) for row, signal in zip(rows, signals, strict=True)]
    table(title, heads, rows)
    console.print(_("all bounds together would drop {n}", n=number(group.drops)))
    if judged:
        counts = {"good": group.good[0], "lost": group.good[1], "bad": group.bad[0], "caught": group.bad[1]}
        costs = _("of {good} judged good, they would drop {lost}; of {bad} judged bad, {caught}")
        console.print(costs.fill(**{name: number(n) for name, n in counts.items()}))
    for measured in group.signals:
        for cost in measured.costs:
            if cost.drops:
                console.print(_("  at the edge of {reason}", reason=cost.reason))
                for near in cost.edge:
                    mark = "✗" if near.dropped else "✓"
                    text = _text_or_reason(texts.get(near.doc_id))[:80]
                    console.print(f"    {mark} {_short(near.value).translate(spoken()):>7}  {near.doc_id}  {text}")
    console.print()


def _text_or_reason(beginning: str | None) -> str:
    """Return the beginning of a text, or why it isn't shown."""
    if beginning is None:
        return _("(its terms don't allow it to be shown: --internal)").translate(spoken())
    return beginning or _("(without text)").translate(spoken())


def _row(measured: SignalDistribution) -> tuple[str | Message, ...]:
    quantiles = (_short(measured.quantiles[p]) if measured.quantiles else "" for p in (1, 5, 50, 95, 99))
    bound = measured.bound
    if bound is None:
        return (measured.signal, *quantiles, "", "", "")
    return (measured.signal, *quantiles, decimal(format_bound(bound)), number(measured.drops), number(measured.alone))


def _short(value: float) -> Message:
    return decimal(f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}")  # noqa: PLR2004  (four digits are read at a glance)
