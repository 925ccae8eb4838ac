"""`latam-corpus measure`: compare signals with bounds, and suggest bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.audit.measurement import checked_facts, read_measured
from latam_corpus.audit.policy_change import changed_policy
from latam_corpus.cli.interface.show import block, console, note, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.cli.reading.measure_tables import show_changed, show_measured
from latam_corpus.collect.row_files import as_json
from latam_corpus.lab.suggest_bounds import as_toml, suggest
from latam_corpus.messages import _, decimal
from latam_corpus.report.page_frame import checked_language

if TYPE_CHECKING:
    from latam_corpus.audit.measurement import MeasuredRows


def show_signals(
    *,
    source: str,
    policies: str,
    language: str,
    genre: str,
    propose: bool,
    tighten: bool,
    lose: float,
    all_signals: bool,
    out: Path,
    html: Path | None,
    page_language: str,
    internal: bool,
    as_json_: bool,
) -> None:
    """Print how each signal is distributed against its bounds, and what each bound alone drops."""
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
            "# on documents not used to choose them, these bounds together would drop {share} %; the present ones "
            "drop {present} %"
        )
        console.print(message.fill(**shares))
        console.print()
