"""Scores as tables, to be printed, kept or put in a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint

from ..machine import Table, rounded
from .ours import SPOOL, TEXT_HASH
from .score import forms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .documents import Result, Used
    from .score import Score

_MICRO: Final = 1e6
FINGERPRINT: Final = Fingerprint.name
DECISION: Final = Dedupe.name
_READ: Final = 60  # removals that are shown; the JSON has them all
_BEGIN: Final = 50  # characters


COST_COLUMNS: Final = (
    "CPU s working#", "µs each#", "fingerprints µs#", "of it text_hash#", "write µs#", "decision µs#", "documents/s#",
    "peak MB#", "kB each#", "removed#",
)  # fmt: skip


def cost_cells(used: Used, documents: int, result: Result) -> tuple[object, ...]:
    """Return the cost of the documents, the toolkit's steps per document, and documents per second without reading."""
    work = used.cpu - used.started
    steps: tuple[object, ...] = ("-",) * 5
    if set(used.stages) >= {FINGERPRINT, DECISION, SPOOL, TEXT_HASH}:
        created, hashed, written, decided = (used.stages[name] for name in (FINGERPRINT, TEXT_HASH, SPOOL, DECISION))
        each = (rounded(seconds / documents * _MICRO) for seconds in (created, hashed, written, decided))
        steps = (*each, rounded(documents / (created + written + decided)))
    return (
        rounded(work),
        rounded(work / documents * _MICRO),
        *steps,
        rounded(used.peak_mb),
        rounded(used.peak_mb * 1000 / documents),
        len(result.dropped),
    )


def summary_table(title: str, documents: int, scores: Mapping[str, Score], used: Mapping[str, Used]) -> Table:
    """Return the table of each tool's cost, removals and errors."""
    rows: list[tuple[object, ...]] = []
    for name, score in scores.items():
        cost = used[name]
        work = cost.cpu - cost.started
        rows.append(
            (
                name,
                rounded(cost.cpu),
                rounded(work),
                rounded(documents / work) if work else "-",
                rounded(cost.peak_mb),
                score.removed,
                f"{score.precision():.4f}",
                f"{score.precision(forms(score)):.4f}",
                score.lost,
                score.other_work,
            )
        )
    columns = ("", "CPU s#", "working#", "documents/s#", "peak MB#", "removed#", "precision#", "without forms#")
    return Table(title, (*columns, "text lost#", "of another work#"), tuple(rows))


def found_table(title: str, scores: Mapping[str, Score]) -> Table:
    """The share of planted pairs found, kind by kind, a column a tool."""
    rows: list[tuple[object, ...]] = []
    for part in ("recall", "contained"):
        kinds = sorted({kind for score in scores.values() for kind in getattr(score, part)})
        for kind in kinds:
            counts = [getattr(score, part)[kind] for score in scores.values()]
            of = counts[0][1]
            rows.append(
                (kind if part == "recall" else f"{kind} (contained)", of, *(_share(result, of) for result, _ in counts))
            )
    return Table(f"{title}: planted pairs found", ("kind", "pairs#", *(f"{name}#" for name in scores)), tuple(rows))


def apart_table(title: str, scores: Mapping[str, Score]) -> Table:
    """The pairs merged that must not be, kind by kind, a column a tool; in brackets the documents removed so."""
    kinds = sorted({kind for score in scores.values() for kind in score.apart})
    rows: list[tuple[object, ...]] = []
    for kind in kinds:
        cells = []
        for score in scores.values():
            merged, of = score.apart[kind]
            removed = score.apart_removed.get(kind, (score.wrong.get(kind, 0), 0))[0]
            cells.append(f"{merged} = {100 * merged / of:.1f} % ({removed})" if of else "-")
        rows.append((kind, next(iter(scores.values())).apart[kind][1], *cells))
    heads = ("kind", "pairs#", *(f"{name}#" for name in scores))
    return Table(f"{title}: pairs merged that must not be (documents removed)", heads, tuple(rows))


def natural_table(title: str, score: Score) -> Table:
    """Removals that were not planted, the least covered first, for a person to read."""
    rows = tuple(
        (
            f"{pair.dropped} {pair.kept}",
            " → ".join(pair.kinds),
            " → ".join(pair.works),
            f"{pair.coverage:.2f}",
            pair.verdict or "unread",
            " → ".join(" ".join(text.split())[:_BEGIN] for text in pair.begins),
        )
        for pair in score.natural[:_READ]
    )
    name = f"{title}: removals that were not planted, {len(score.natural)} in all"
    return Table(name, ("removed and kept", "kinds", "works", "covered#", "read", "begin"), rows)


def markdown(table: Table) -> str:
    r"""The table as Markdown.

    >>> print(markdown(Table("Sonetos", ("libro", "versos#"), (("Azul", 14),))))
    **Sonetos**
    <BLANKLINE>
    | libro | versos |
    |---|---:|
    | Azul | 14 |
    """
    heads = [column.removesuffix("#") for column in table.columns]
    marks = ["---:" if column.endswith("#") else "---" for column in table.columns]
    lines = [f"| {' | '.join(heads)} |", f"|{'|'.join(marks)}|"]
    lines += [f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in table.rows]
    return f"**{table.title}**\n\n" + "\n".join(lines)


def _share(results: int, of: int) -> str:
    """A share to three places, without the zero.

    >>> _share(119, 120), _share(3, 3)
    ('.992', '1')
    """
    return "-" if not of else "1" if results == of else f"{results / of:.3f}".lstrip("0") if results else "0"
