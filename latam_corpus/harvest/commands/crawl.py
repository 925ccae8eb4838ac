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
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl_words import (
    ADDRESSES,
    CAPTURES,
    CAUSES_FILE,
    GONE,
    HOST,
    HOST_CAPTURES,
    LEFT,
    LEFT_OUT,
    NEXT,
    NO_PAGE,
    OUT_OF_PLAN,
    PAGES,
    PROGRESS,
    READ_PLAN,
    WAITING,
    WITH_SOURCE,
    WITHDRAWN,
    cause_message,
)
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.website import CrawlResult
    from latam_corpus.messages import Message

_LINE_EVERY: Final = 15.0
_HOSTS_SHOWN: Final = 20


class _Lines:
    """Prints a line of progress every 15 seconds."""

    def __init__(self, language: str) -> None:
        self._language, self._last = language, time.monotonic()

    def step(self, url: str, pages: int, requests: int, waiting_hosts: int) -> None:
        """Print a line unless one was printed in the last 15 seconds."""
        now = time.monotonic()
        if now - self._last >= _LINE_EVERY:
            self._last = now
            line = PROGRESS.fill(pages=number(pages), requests=number(requests), hosts=waiting_hosts, url=url)
            errors.print(line.translate(self._language), markup=False)


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

    language = spoken()
    described = load_source(source)
    if plan_only and described.collect.kind != "commoncrawl":
        raise ConfigError(
            "--plan-only",
            _("«{source}» isn't collected from Common Crawl, so it has no plan", source=described.id),
            _("leave the option out"),
        )
    crawler = crawler_of(described)(described, out, _Lines(language), limit=limit, workers=workers)
    if plan_only:
        summary = crawler.plan()
        print_json(summary) if as_json else _print_plan(summary, crawler.folder / "plan.jsonl", language)
        return
    result: CrawlResult = crawler.run(again=again)
    if as_json:
        print_json(dataclasses.asdict(result) | {"folder": str(result.folder)})
    else:
        _print_result(described, result, language)
    if result.closed and not result.pages:
        raise typer.Exit(1)


def _print_plan(summary: dict[str, Any], path: Path, language: str) -> None:
    hosts = list(summary["hosts"].items())
    figures = {"captures": summary["captures"], "hosts": len(hosts), "bytes": summary["bytes"]}
    console.print(
        CAPTURES.fill(**{key: number(value) for key, value in figures.items()}).translate(language), markup=False
    )
    heads = [HOST.translate(language), f"{HOST_CAPTURES.translate(language)}#"]
    table("", heads, [(host, number(n)) for host, n in hosts[:_HOSTS_SHOWN]])
    if summary["left_out"]:
        rows = [(OUT_OF_PLAN.get(why) or cause_message(why), number(n)) for why, n in summary["left_out"].items()]
        table("", [LEFT_OUT.translate(language), heads[1]], [(why.translate(language), n) for why, n in rows])
    console.print(READ_PLAN.fill(file=path).translate(language), markup=False)


def _print_result(source: Source, result: CrawlResult, language: str) -> None:
    def print_line(message: Message, **values: object) -> None:
        console.print(message.fill(**values).translate(language), markup=False)

    print_line(PAGES, pages=number(result.pages), folder=result.folder / "warc", seconds=f"{result.seconds:.0f}")
    if result.causes:
        heads = [NO_PAGE.translate(language), f"{ADDRESSES.translate(language)}#"]
        table("", heads, [(cause_message(cause).translate(language), number(n)) for cause, n in result.causes.items()])
        print_line(CAUSES_FILE, file=result.folder / "crawl.jsonl")
    if count := result.states.get("gone", 0):
        withdrawn = source.collect.crawl is not None and source.collect.crawl.gone == "withdraw"
        print_line(WITHDRAWN if withdrawn else GONE, n=number(count), file=result.folder / "gone.jsonl")
    for host, why in result.closed.items():
        print_line(LEFT, host=host, why=cause_message(why))
    if waiting := result.states.get("waiting", 0):
        print_line(WAITING, n=number(waiting))
    console.print(
        f"{NEXT.translate(language)}     {WITH_SOURCE.fill(source=source.id).translate(language)}", markup=False
    )
