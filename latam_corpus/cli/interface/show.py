"""Output of the command line: tables and progress on a terminal, otherwise plain lines; JSON with `--json`.

All commands print through this module. It makes control characters in every string visible (`visible`), since a string
may contain text from documents or from the user. A string is one line; a text of several lines is a `block`.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from latam_corpus.catalog.display_names import stage_names
from latam_corpus.cli.interface.ui_language import in_spoken_language, spoken
from latam_corpus.messages import Message, _, translated
from latam_corpus.pipeline.execution.events import BarrierStarted, PartDone, Rebuilt, SegmentStarted
from latam_corpus.text.display.terminal_text import visible, visible_json, visible_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from latam_corpus.pipeline.execution.events import StageEvent
    from latam_corpus.pipeline.execution.part import Outcome

_WIDTH_OF_FILES: Final = 160
_SECONDS_A_LINE: Final = 10
_MINUTE: Final = 60
_MANY_HOURS: Final = 10  # from this many hours on, minutes aren't shown
_LEAST_COLUMN: Final = 12  # characters; most words fit in such a column


class _Screen(Console):
    """A console that prints a string literally, on one line, without markup and with visible control characters.

    It translates messages into the user's language.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        """Translate messages, and print the objects as rich does."""
        super().print(*map(in_spoken_language, objects), **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return the string for a line or a table cell."""
        return super().render_str(visible(text), **{**options, "markup": False, "emoji": False})


class _Notes(_Screen):
    """Standard error. With `--json`, each sentence is printed as an event on one line, like progress."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print the objects, or write them as one event."""
        if "--json" in sys.argv and objects and all(isinstance(value, str | Message | Text) for value in objects):
            write_json_line({"event": "note", "text": " ".join(str(in_spoken_language(value)) for value in objects)})
        else:
            super().print(*objects, **options)


console = _Screen(highlight=False, soft_wrap=True)
errors = _Notes(stderr=True, highlight=False, soft_wrap=True)


def note(sentence: str | Message) -> None:
    """Print a sentence on standard error."""
    errors.print(sentence, markup=False)


def styled(*pieces: str | tuple[str, str]) -> Text:
    """Return a line with styled pieces, as in `styled(("bold", title), "  12")`."""
    pairs = (("", piece) if isinstance(piece, str) else piece for piece in pieces)
    return Text.assemble(*((visible(text), style) for style, text in pairs))


def block(text: str) -> Text:
    """Return a text that keeps its lines."""
    return Text(visible_lines(text))


def heading(text: str | Message) -> None:
    """Print a heading within a rule across the screen."""
    console.rule(styled(("bold", str(in_spoken_language(text)))), align="left")


def side_by_side(heads: Sequence[str], texts: Sequence[str]) -> None:
    """Print texts in columns, each below its heading."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 3), expand=True, header_style="bold")
    for head in heads:
        shown.add_column(head, ratio=1, overflow="fold")
    shown.add_row(*map(block, texts))
    console.print(shown)


def print_json(value: Any) -> None:
    """Print a JSON value on standard output, with control characters escaped."""
    sys.stdout.write(_as_json(value, sys.stdout, 1) + "\n")


def write_json_line(value: Any) -> None:
    """Write a JSON value on standard error, on one line."""
    sys.stderr.write(_as_json(value, sys.stderr) + "\n")


def _as_json(value: Any, stream: TextIO, indent: int | None = None) -> str:
    text = visible_json(json.dumps(value, ensure_ascii=False, indent=indent, default=str))
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:  # a terminal that isn't UTF-8
        return json.dumps(value, indent=indent, default=str)
    return text


def width() -> int:
    """Return the width of tables in characters: the terminal's width, or a fixed one for files."""
    return console.width if console.is_terminal else _WIDTH_OF_FILES


def table(title: str | Message, columns: Sequence[str | Message], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; a column name that ends with `#`, which isn't printed, has right-aligned numbers.

    If the screen is too narrow for the numbers, each row becomes a paragraph.
    """
    heads = [str(in_spoken_language(column)) for column in columns]
    cells = [["" if cell is None else str(in_spoken_language(cell)) for cell in row] for row in rows]
    screen = _Screen(highlight=False, width=width())
    if _least_width(heads, cells) > screen.width:
        _print_paragraphs(screen, str(in_spoken_language(title)), [head.rstrip("#") for head in heads], cells)
        return
    shown = Table(
        title=str(in_spoken_language(title)) or None,
        title_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    for index, head in enumerate(heads):
        numeric = head.endswith("#")
        # The first column contains the names that people copy, so it is never wrapped.
        shown.add_column(
            head.rstrip("#"), justify="right" if numeric else "left", overflow="fold", no_wrap=numeric or index == 0
        )
    for row in cells:
        shown.add_row(*row)
    screen.print(shown)


def _least_width(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """Return the minimum width of a table, in characters, at which no number and no first column is cut.

    >>> _least_width(["run", "title", "kept#"], [["cantos-1", "Cantos de la costa", "1 234 567"]])
    33
    """
    widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
    least_widths = [
        width if index == 0 or heads[index].endswith("#") else min(width, _LEAST_COLUMN)
        for index, width in enumerate(widths)
    ]
    return sum(least_widths) + 2 * (len(least_widths) - 1)


def _print_paragraphs(screen: _Screen, title: str, heads: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print each row as a paragraph: the first cell and cells without a heading, then each value after its heading."""
    if title:
        screen.print(styled(("italic", title)))
    for first, *row in cells:
        unnamed = [value for head, value in zip(heads[1:], row, strict=True) if not head]
        screen.print(styled(("bold", "  ".join([first, *unnamed]))))
        values = (f"{head}: {value}" for head, value in zip(heads[1:], row, strict=True) if head and value)
        screen.print(Padding(Text(visible(" · ".join(values))), (0, 0, 0, 2)))


def number(value: float) -> str:
    """Return the number with its digits in groups of three, which all three languages allow.

    >>> number(1234567)
    '1 234 567'
    """
    return f"{value:,}".replace(",", " ")


class RunProgress:
    """Shows the progress of a run: a bar on a terminal, otherwise a line for each tenth of the parts.

    In a barrier, a line is printed every 10 s. Each line has the rate, the estimated time left, and the number of kept
    documents.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, as_json: bool = False) -> None:
        """Start the clock."""
        self._bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(), console=errors, transient=True,
        ) if errors.is_terminal and not as_json else None  # fmt: skip
        self._as_json = as_json
        self._task: Any = None
        self._title, self._done, self._total, self._tenths, self._kept = "", 0, 0, 0, 0
        self._step = ""
        self._clock = clock
        self._last_line = self._began = clock()

    def show(self, event: StageEvent) -> None:
        """Show an event of the run."""
        match event:
            case SegmentStarted(title, parts):
                self._start_segment(title, parts)
            case PartDone(outcome):
                self._count_part(outcome)
            case BarrierStarted(name, rows):
                self._start_barrier(name, rows)
            case Rebuilt(damage):
                self._say(_("damaged  {what}", what=damage), {"event": "damaged", "what": str(damage)})

    def _start_segment(self, title: str, total: int) -> None:
        self._title, self._done, self._total, self._tenths, self._kept = title, 0, total, 0, 0
        self._began = self._clock()
        self._new_bar(title, total)

    def _new_bar(self, title: str, total: int | None) -> None:
        if self._bar:
            self._bar.start()
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(visible(stage_names(title).translate(spoken())), total=total)

    def _count_part(self, outcome: Outcome) -> None:
        self._done += 1
        self._kept += outcome.kept
        if outcome.error:
            failed = {"event": "part failed", "part": outcome.part, "error": str(outcome.failure)}
            self._say(_("part {part} failed: {error}", part=outcome.part, error=outcome.failure), failed)
        if self._bar:
            title = _("{stages}: {kept} kept", stages=stage_names(self._title), kept=number(self._kept)).translate(
                spoken()
            )
            self._bar.update(self._task, completed=self._done, description=visible(title))
        elif self._done * 10 // self._total > self._tenths or self._done == self._total:
            self._tenths = self._done * 10 // self._total
            line = _("{stages}: {n} of {total} {total:part|parts}, {kept} {kept:document|documents} kept")
            figures = {"n": self._done, "total": self._total}
            event: dict[str, Any] = {"event": "parts", "stages": self._title, "done": self._done, "total": self._total}
            pace = self._pace(self._done, self._total)
            self._say(
                _with_pace(line.fill(stages=stage_names(self._title), kept=number(self._kept), **figures), pace),
                event | {"kept": self._kept} | pace,
            )

    def _start_barrier(self, name: str, rows: int) -> None:
        self._title, self._step = name, ""
        self._last_line = self._clock()
        self._new_bar(name, None)
        if not self._bar:
            event = {"event": "barrier", "stages": name, "rows": rows}
            self._say(_("{stage}: deciding on {n} {n:row|rows}", stage=stage_names(name), n=number(rows)), event)

    def step(self, title: str, done: int, total: int) -> None:
        """Show the progress of a step of a barrier."""
        if title != self._step:
            self._step, self._began = title, self._clock()
        if self._bar:
            shown = translated(title, spoken())
            self._bar.update(
                self._task,
                description=visible(f"{stage_names(self._title).translate(spoken())}: {shown}"),
                completed=done,
                total=total,
            )
        elif self._clock() - self._last_line >= _SECONDS_A_LINE:
            self._last_line = self._clock()
            figures = {"n": number(done), "total": number(total), "step": translated(title, spoken())}
            line = _("{stage}: {step}: {n} of {total}", stage=stage_names(self._title), **figures)
            event = {"event": "step", "stages": self._title, "step": title, "done": done, "total": total}
            pace = self._pace(done, total)
            self._say(_with_pace(line, pace), event | pace)

    def _pace(self, done: int, total: int) -> dict[str, float]:
        """Return the rate per second and the estimated seconds left; empty in the first second and at the end."""
        seconds = self._clock() - self._began
        if seconds < 1 or not done or done >= total:
            return {}
        rate = done / seconds
        return {"per_second": round(rate, 3), "seconds_left": round((total - done) / rate)}

    def _say(self, line: Message, event: dict[str, Any]) -> None:
        if self._as_json:
            sys.stderr.write(visible_json(json.dumps(event, ensure_ascii=True)) + "\n")
            sys.stderr.flush()
        else:
            errors.print(line)

    def close(self) -> None:
        """Remove the bar from the screen."""
        if self._bar:
            self._bar.stop()


def _with_pace(line: Message, pace: dict[str, float]) -> Message:
    """Add the estimated time left to a line, if it is known."""
    if not pace:
        return line
    return _("{line}, about {time} left", line=line, time=duration(pace["seconds_left"]))


def duration(seconds: float) -> str:
    """Return a duration in one or two units; their symbols are the same in every language.

    >>> [duration(seconds) for seconds in (0.2, 59.4, 89, 3_590, 4_800, 360_000)]
    ['1 s', '59 s', '1 min', '1 h', '1 h 20 min', '100 h']
    """
    minutes = round(seconds / 60)
    if seconds < _MINUTE:
        return f"{max(1, round(seconds))} s"
    if minutes < _MINUTE:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours} h {minutes} min" if minutes and hours < _MANY_HOURS else f"{hours} h"


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show the progress of work on files: a live bar on a terminal, otherwise a line for each finished file."""
    if not errors.is_terminal:
        yield (
            lambda what, done, total: (
                errors.print(_("{what}: done", what=translated(what, spoken()))) if done == total else None
            )
        )
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(
            task, description=visible(translated(what, spoken())), completed=done, total=total
        )


def show_trouble(event: StageEvent) -> None:
    """Print failed parts and damaged files of a run that shows no progress."""
    match event:
        case PartDone(outcome) if outcome.error:
            errors.print(_("part {part} failed: {error}", part=outcome.part, error=outcome.failure))
        case Rebuilt(damage):
            errors.print(_("damaged  {what}", what=damage))
