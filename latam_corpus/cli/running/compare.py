"""`latam-corpus compare`: compare the documents that two runs over the same input kept and dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.audit.documents import disclosure_of, named_run
from latam_corpus.catalog.display_names import COUNTRIES, GENRES, genre_name, language_label
from latam_corpus.cli.interface.show import console, note, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.collect.row_files import RowWriter, kind_of
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _, decimal, same, translated
from latam_corpus.pipeline.stored_runs.reasons import reason_label
from latam_corpus.report.run_report.comparison import compare, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from latam_corpus.audit.documents import Documents
    from latam_corpus.report.run_report.comparison import Comparison


_UNITS: Final = {"words": _("words"), "tokens": _("tokens")}
_SLICES: Final[Mapping[str, Message]] = {
    "all": _("all"),
    "language": _("language"),
    "genre": _("genre"),
    "source_id": _("source"),
    "country": _("country"),
}


def show_comparison(*, run_a: str, run_b: str, examples: int, to: Path | None, out: Path, as_json: bool) -> None:
    """Compare what two runs kept, by slice, and list the documents on which they disagree."""
    if to:
        kind_of(to)
    a, b = (named_run(run, out, note) for run in (run_a, run_b))
    if a.name == b.name:
        raise ConfigError(a.name, _("a run can't be compared with itself"), _("name two runs"))
    comparison = compare(_verdicts(a), _verdicts(b))
    if not comparison.both:
        raise ConfigError(
            f"{a.name}, {b.name}", _("the runs have no document in common"), _("compare runs over one input")
        )
    if to:
        with RowWriter(to) as writer:
            writer.write([{} for _ in range(comparison.disagreements.height)], comparison.disagreements)
    if as_json:
        print_json({"a": a.name, "b": b.name} | comparison.as_dict() | {"examples": _examples(comparison, examples)})
        return
    _print(a.name, b.name, comparison, examples)
    if to:
        console.print(_("{n} {n:document|documents} in {to}", n=number(comparison.disagreements.height), to=to))


def _verdicts(run: Documents) -> pl.DataFrame:
    redaction = disclosure_of(run.folder, datetime.now(UTC).date()).redaction

    def redacted(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Redact titles and file names, which are printed, but not the texts, which are only compared."""
        for frame in frames:
            yield redaction.of(frame.drop("text", "turns")).with_columns(frame["text"])

    return verdicts(redacted(run.frames("kept")), redacted(run.frames("dropped")))


def _examples(comparison: Comparison, limit: int) -> list[dict[str, object]]:
    heads = comparison.disagreements.group_by("what", "reason", maintain_order=True).head(limit)
    return heads.select("what", "reason", "doc_id", "title", "language", "genre", "a", "b", "file").to_dicts()


def _print(a: str, b: str, comparison: Comparison, example_limit: int) -> None:
    """Print the disagreements, then the slices with different counts, then the other slices."""
    for letter, name in (("A", a), ("B", b)):
        console.print(f"{letter}  {name}")
    about = {"n": number(comparison.both), "a": number(comparison.only_a), "b": number(comparison.only_b)}
    console.print(_("documents in both: {n}; in A alone: {a}; in B alone: {b}", **about))
    _print_disagreements(comparison, example_limit)
    slices = list(comparison.slices.iter_rows(named=True))
    changed = [row for row in slices if _counts(row, "a") != _counts(row, "b")]
    unchanged = [row for row in slices if row not in changed]
    unit = _UNITS[comparison.unit]
    for title, rows in ((_("kept, and changed"), changed), (_("kept, and the same in both"), unchanged)):
        if rows:
            heads: list[str | Message] = [_("by"), "", _("A docs#"), _("B docs#")]
            heads += [Message(f"{letter} {{unit}}#", {"unit": unit}) for letter in "AB"]
            console.print()
            table(title, [*heads, _("change#")], map(_slice, rows))


def _counts(row: dict[str, Any], run: str) -> tuple[int, int]:
    return row[f"documents_{run}"], row[f"units_{run}"]


def _slice(row: dict[str, Any]) -> tuple[str | Message, ...]:
    change = row["units_b"] - row["units_a"]
    share = decimal(f"{100 * change / row['units_a']:+.1f} %") if row["units_a"] else ""
    counts = (row["documents_a"], row["documents_b"], row["units_a"], row["units_b"])
    return (_SLICES[row["slice"]], _value(row["slice"], row["value"]), *map(number, counts), share if change else "")


def _value(name: str, value: str) -> Message:
    if not value:
        return same("—")
    if name == "language":
        return language_label(value)
    return {"genre": GENRES, "country": COUNTRIES}.get(name, {}).get(value, same(value))


def _print_disagreements(comparison: Comparison, example_limit: int) -> None:
    if not comparison.disagreements.height:
        console.print(_("they agree on every document"))
        return
    unit, examples = _UNITS[comparison.unit].translate(spoken()), _examples(comparison, example_limit)
    console.print(_("they disagree on {n} {n:document|documents}", n=number(comparison.disagreements.height)))
    for row in comparison.reasons.iter_rows(named=True):
        why = f" ({reason_label(row['reason']).translate(spoken())})" if row["reason"] else ""
        what = translated(row["what"], spoken())
        console.print(f"  {what}{why}: {number(row['documents'])}, {number(row['units'])} {unit}")
        for example in examples:
            if (example["what"], example["reason"]) == (row["what"], row["reason"]):
                sizes = f"{example['a']} → {example['b']} {unit}, " if example["a"] != example["b"] else ""
                genre = genre_name(str(example["genre"])).translate(spoken())
                language = language_label(str(example["language"] or "und")).translate(spoken())
                label = f"{sizes}{language} · {genre}  {example['title'] or example['file'] or ''}"
                console.print(f"    {example['doc_id']}  {label}".rstrip())
