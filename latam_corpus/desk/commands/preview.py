"""`latam-corpus sources preview`: a handful of a source's items, each beside its original, and what a run would do."""

from __future__ import annotations

import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Json, disk_folder
from latam_corpus.cli.interface.show import console, errors, print_json, side_by_side
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.desk.advice import ASK_FIRST, NO_CONTACT
from latam_corpus.desk.previews.preview_page import (
    DROPPED,
    EXTRACTED,
    KEPT,
    ORIGINAL,
    Item,
    preview_page,
    summary,
)
from latam_corpus.desk.source_argument import undescribed, usable_source
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.crawl_progress import Silent
from latam_corpus.harvest.crawl_words import LEFT, cause_message
from latam_corpus.harvest.crawlers import crawler_of
from latam_corpus.messages import N_, Message, _, enumerated
from latam_corpus.pipeline.planning.collection_folders import warc_folder
from latam_corpus.report.page_frame import write_file

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source

_SHOWN: Final = 700  # characters a side on a terminal
_ASKING: Final = _("{n} {n:page|pages} at most are asked of {holder}, politely: it may take a while")
_WHERE: Final = _("where are the files? add --input FOLDER")
_NOTHING: Final = _("nothing to read was found")
_PAGE: Final = _("page: {path}")


def preview(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help=N_(
                "A source's file, an id of the catalogue; or a file or folder of texts that no source describes yet."
            ),
            autocompletion=completion.sources,
        ),
    ],
    where: Annotated[str, typer.Option("--input", metavar="PATH", help=N_("Where its records are."))] = "",
    n: Annotated[int, typer.Option("--n", min=1, max=100, help=N_("How many items to try."))] = 5,
    policies: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help=N_("Policies that replace the shipped ones: a copy of filters/, or some files of it."),
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help=N_("Write a page here: one file, no network needed."))
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out", parser=disk_folder, metavar="PATH", help=N_("The folder whose crawled pages are used, if any.")
        ),
    ] = Path("out"),
    as_json: Json = False,
) -> None:
    """Try a handful of a source's items: the text beside the original, its language, what stays, what falls and why.

    What the terminal and the page show is redacted. A page of a source whose terms don't let its texts be shown is
    stamped as internal.
    """
    from latam_corpus.collect.examine import examine
    from latam_corpus.desk.previews.preview_items import items_of
    from latam_corpus.paths import cache_folder
    from latam_corpus.pipeline.planning.own_terms import REMEDY, own_terms
    from latam_corpus.pipeline.planning.policy_overlay import overlay

    language = spoken()
    source = usable_source(file, language)
    with contextlib.ExitStack() as opened:
        texts = where or str(undescribed(file) or "")
        folder = texts or warc_folder(source, out) or _asked(source, n, opened, language)
        seen = examine(source, folder)
        for breach in seen.breaches:
            raise ConfigError(*breach)
        own = str(overlay(policies.expanduser(), cache_folder()).folder) if policies else ""
        items = items_of(source, folder, n, own, spoken())
        terms = own_terms(source, folder)
    if not items:
        raise ConfigError(_("source {source}", source=source.id), _NOTHING)
    sentences = summary(items, source.tier, source.uses)
    if problem := terms.problem:
        sentences.append(enumerated([problem, REMEDY], between="; "))
    if html:
        write_file(html, preview_page(source.title, items, sentences, language, internal=not _readable(source)))
    if as_json:
        print_json(
            {"source": source.id, "items": [item.as_dict(language) for item in items], "own_terms": terms.as_dict()}
        )
        return
    for doubt in seen.notes:
        console.print(_("note: {note}", note=doubt.as_message()))
    for number, item in enumerate(items, 1):
        _tell(number, item, language)
    for one in sentences:
        console.print(one.translate(language), markup=False)
    if html:
        console.print(_PAGE.fill(path=html).translate(language), markup=False)


def _asked(source: Source, n: int, opened: contextlib.ExitStack, language: str) -> str:
    """Return a few pages, asked for now, in a folder that goes when the command ends.

    Raises:
        ConfigError: the source is of files, its holder must be asked first, or it can't be crawled.
    """
    refused = ASK_FIRST if source.status == "ask_first" else None
    if not refused and not source.collect.asked:
        raise ConfigError(_("source {source}", source=source.id), _WHERE)
    refused = refused or (None if source.contact else NO_CONTACT)
    if refused:
        problem, remedy = refused
        raise ConfigError(_("source {source}", source=source.id), problem.fill(holder=source.holder), remedy)
    workdir = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="latam-corpus-preview-")))
    crawler = crawler_of(source)(source, workdir, Silent(), limit=n)
    errors.print(_ASKING.fill(n=n, holder=source.holder).translate(language), markup=False)
    result = crawler.run()
    for host, why in result.closed.items():
        errors.print(LEFT.fill(host=host, why=cause_message(why)).translate(language), markup=False)
    if not result.pages:
        causes = enumerated(
            Message("{cause} ({n})", {"cause": cause_message(cause), "n": n}) for cause, n in result.causes.items()
        )
        raise ConfigError(_("source {source}", source=source.id), _NOTHING, causes)
    return str(result.folder / "warc")


def _readable(source: Source) -> bool:
    """Whether the source's terms let others read its texts."""
    import polars as pl

    from latam_corpus.report.disclosure import with_readable

    rights = source.rights
    row = {
        "country": [source.country],
        "rights_tier": [source.tier],
        "uses": [list(source.uses)],
        "basis": [rights.basis if rights else None],
        "expires": [source.expires],
        "embargo_until": [rights.embargo_until if rights else None],
        "agreement": [rights.agreement if rights else None],
        "consent": [[{"label": label} for label in source.labels] or None],
    }
    return bool(with_readable(pl.DataFrame(row), datetime.now(UTC))["readable"][0])


def _tell(number: int, item: Item, language: str) -> None:
    mark, verdict = ("✓", KEPT) if item.kept else ("✗", DROPPED)
    known = [item.title, item.identified_language.translate(language)]
    console.print(f"{number}  {item.where}", markup=False)
    console.print(f"   {' · '.join(one for one in known if one)}", markup=False)
    console.print(f"   {mark} {verdict.translate(language)}", markup=False, style=None if item.kept else "red")
    for one in item.why:
        console.print(f"     {one.translate(language)}", markup=False)
    texts = (one if len(one) <= _SHOWN else one[:_SHOWN] + " …" for one in (item.original, item.text))
    side_by_side([head.translate(language) for head in (ORIGINAL, EXTRACTED)], list(texts))
    console.print()
