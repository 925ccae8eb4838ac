"""`latam-corpus crawl`: a website to WARC, politely, and its pages to the runs that name its source."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.catalog.source import load_source
from latam_corpus.cli.show import console, errors, number, print_json, table
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from types import ModuleType

    from latam_corpus.collect.crawl.crawl import Result
    from latam_corpus.pipeline.plan import Plan

_TOLD_EVERY: Final = 15.0

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[Path, typer.Option("--out", help="The folder of runs, collected records and the release store.")]


class _Lines:
    """Progress of a crawl: a line every quarter of a minute."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def page(self, url: str, pages: int, waiting_hosts: int) -> None:
        """A page was written."""
        now = time.monotonic()
        if now - self._last >= _TOLD_EVERY:
            self._last = now
            errors.print(f"{number(pages)} pages, {waiting_hosts} hosts with more; last {url}", markup=False)


def crawl(
    source: Annotated[str, typer.Argument(help="A source with [collect.crawl]: a TOML file, or a catalogue id.")],
    out: Out = Path("out"),
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many pages of this round.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Begin a new round: ask for what has changed.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Hosts asked at the same time, each over one connection.")] = 16,
    as_json: Json = False,
) -> None:
    """Crawl a source into WARC, politely; the same command goes on where it was stopped."""
    described = load_source(source)
    crawler = _installed().Crawler(described, out, _Lines(), limit=limit, workers=workers)
    result: Result = crawler.run(again=again)
    if as_json:
        print_json(dataclasses.asdict(result) | {"folder": str(result.folder)})
    else:
        _tell(described.id, result)
    if result.closed and not result.pages:
        raise typer.Exit(1)


def _tell(source: str, result: Result) -> None:
    waiting = result.states.get("waiting", 0)
    console.print(f"{number(result.pages)} pages in {result.folder / 'warc'}, in {result.seconds:.0f} s")
    if result.causes:
        table("", ["no page, because", "addresses#"], [(cause, number(n)) for cause, n in result.causes.items()])
        console.print(f"{result.folder / 'crawl.jsonl'} names them")
    for host, why in result.closed.items():
        console.print(f"{host} is left for another day: {why}", markup=False)
    if waiting:
        console.print(f"{number(waiting)} addresses wait; the same command goes on from here")
    console.print(f"next     latam-corpus run RECIPE, with «{source}» among its sources")


def with_crawled(plan: Plan, out: Path) -> Plan:
    """The plan, in which sources that were crawled into `out` are read from there where nothing else is said."""
    found = {
        source.id: str(folder)
        for source in plan.sources
        if source.collect.kind == "crawl" and (folder := out / "collected" / source.id / "warc").is_dir()
    }
    return dataclasses.replace(plan, locations={**found, **plan.locations})


def _installed() -> Any:  # noqa: ANN401  (a module that needs an extra)
    """The module of the crawler.

    Raises:
        ConfigError: what it needs isn't installed.
    """
    from importlib import import_module  # noqa: PLC0415  (only crawls need it)

    try:
        module: ModuleType = import_module("latam_corpus.collect.crawl.crawl")
    except ImportError as error:
        raise ConfigError("crawl", f"«{error.name}» isn't installed", "pip install 'latam-corpus[crawl]'") from None
    return module
