"""`latam-corpus crawl`: collects a website, feed or repository into WARC, for runs that name the source."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import CollectedOut, HostsAtOnce, Json
from latam_corpus.cli.interface.show import console, errors, number, print_json, table
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl_words import LEFT, OUT_OF_PLAN, cause_message
from latam_corpus.messages import N_, Message, _

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.website import CrawlResult

_LINE_EVERY: Final = 15.0
_HOSTS_SHOWN: Final = 20


class PacedLines:
    """Prints a line of progress at most every 15 seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def show(self, line: Message) -> None:
        """Print the line unless one was printed in the last 15 seconds."""
        now = time.monotonic()
        if now - self._last >= _LINE_EVERY:
            self._last = now
            errors.print(line)


class _Progress(PacedLines):
    def step(self, url: str, pages: int, requests: int, waiting_hosts: int) -> None:
        """Print a line of progress."""
        line = _("pages: {pages}; requests: {requests}; hosts with more: {hosts}; the last: {url}")
        self.show(line.fill(pages=number(pages), requests=number(requests), hosts=waiting_hosts, url=url))


def crawl(
    source: Annotated[
        str,
        typer.Argument(
            help=N_(
                "A source with [collect.crawl], [collect.feeds], [collect.oai] or [collect.commoncrawl]: a TOML file, "
                "or a catalogue id."
            ),
            autocompletion=completion.sources,
        ),
    ],
    out: CollectedOut = Path("out"),
    limit: Annotated[int | None, typer.Option(min=1, help=N_("Stop after this many pages in this round."))] = None,
    again: Annotated[bool, typer.Option("--again", help=N_("Begin a new round: ask for what has changed."))] = False,
    workers: HostsAtOnce = 16,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help=N_("For Common Crawl: rebuild the plan for review; fetch nothing."))
    ] = False,
    as_json: Json = False,
) -> None:
    """Crawl a source into WARC files, and report what was collected."""
    from latam_corpus.catalog.source import load_source  # importing the models of sources takes longer than `--help`
    from latam_corpus.harvest.crawlers import crawler_of

    described = load_source(source)
    if plan_only and described.collect.kind != "commoncrawl":
        raise ConfigError(
            "--plan-only",
            _("«{source}» isn't collected from Common Crawl, so it has no plan", source=described.id),
            _("leave the option out"),
        )
    crawler = crawler_of(described)(described, out, _Progress(), limit=limit, workers=workers)
    if plan_only:
        summary = crawler.plan()
        print_json(summary) if as_json else _print_plan(summary, crawler.folder / "plan.jsonl")
        return
    result: CrawlResult = crawler.run(again=again)
    if as_json:
        print_json(dataclasses.asdict(result) | {"folder": str(result.folder)})
    else:
        _print_result(described, result)
    if result.closed and not result.pages:
        raise typer.Exit(1)


def _print_plan(summary: dict[str, Any], path: Path) -> None:
    hosts = list(summary["hosts"].items())
    captures = _("captures: {captures}, of {hosts} {hosts:host|hosts}; bytes to fetch: {bytes}")
    figures = {"captures": summary["captures"], "hosts": len(hosts), "bytes": summary["bytes"]}
    console.print(captures.fill(**{key: number(value) for key, value in figures.items()}))
    counted = _counted(_("captures"))
    table("", [_("host"), counted], [(host, number(n)) for host, n in hosts[:_HOSTS_SHOWN]])
    if summary["left_out"]:
        rows = [(OUT_OF_PLAN.get(why) or cause_message(why), number(n)) for why, n in summary["left_out"].items()]
        table("", [_("left out, because"), counted], rows)
    review = _("review {file}: remove the lines that you don't want, then run the same command without --plan-only")
    console.print(review.fill(file=path))


def _print_result(source: Source, result: CrawlResult) -> None:
    pages = _("pages in {folder}: {pages}, in {seconds} s")
    folder = result.folder / "warc"
    console.print(pages.fill(pages=number(result.pages), folder=folder, seconds=f"{result.seconds:.0f}"))
    if result.causes:
        rows = [(cause_message(cause), number(n)) for cause, n in result.causes.items()]
        table("", [_("no page, because"), _counted(_("addresses"))], rows)
        console.print(_("they are listed in {file}", file=result.folder / "crawl.jsonl"))
    if count := result.states.get("gone", 0):
        gone = _("removed pages: {n}, listed in {file}; their documents are kept")
        if source.collect.crawl is not None and source.collect.crawl.gone == "withdraw":
            gone = _("removed pages: {n}, listed in {file}; their documents leave the next version")
        console.print(gone.fill(n=number(count), file=result.folder / "gone.jsonl"))
    for host, why in result.closed.items():
        console.print(LEFT.fill(host=host, why=cause_message(why)))
    if waiting := result.states.get("waiting", 0):
        console.print(_("addresses still waiting: {n}; run the same command to continue", n=number(waiting)))
    print_next(_("latam-corpus run RECIPE, with «{source}» among its sources", source=source.id))


def print_next(command: Message | str) -> None:
    """Print the command that follows."""
    console.print(Message("{next}     {command}", {"next": _("next"), "command": command}))


def _counted(head: Message) -> Message:
    """Return the head of a column of numbers."""
    return Message("{head}#", {"head": head})
