"""The command `sources preview`: show the results of a run for a few items of a source, next to the originals."""

from __future__ import annotations

import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.cli.interface.show import console, errors, print_json, side_by_side
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.collect.examine import examine
from latam_corpus.desk.source_argument import undescribed, usable_source
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.crawl_progress import Silent
from latam_corpus.harvest.crawl_words import LEFT, cause_message
from latam_corpus.harvest.crawlers import crawler_of
from latam_corpus.intake.advice import ASK_FIRST, NO_CONTACT
from latam_corpus.intake.preview_items import items_of
from latam_corpus.intake.preview_page import (
    DROPPED,
    EXTRACTED,
    KEPT,
    ORIGINAL,
    Item,
    preview_page,
    summary,
)
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.paths import cache_folder
from latam_corpus.pipeline.planning.collection_folders import warc_folder
from latam_corpus.pipeline.planning.own_terms import REMEDY, own_terms
from latam_corpus.pipeline.planning.policy_overlay import overlay
from latam_corpus.report.disclosure import with_readable
from latam_corpus.report.page_frame import write_file

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source

_SHOWN: Final = 700  # maximum characters of a text on a terminal
_ASKING: Final = _("collecting at most {n} {n:page|pages} from {holder}, with pauses: this may take a while")
_NOTHING: Final = _("no readable items were found")


def show_preview(
    *, file: str, where: str, n: int, policies: Path | None, html: Path | None, out: Path, as_json: bool
) -> None:
    """Show what a run would do with a few items of a source: original, text, language, and why an item is dropped."""
    language = spoken()
    source = usable_source(file, language)
    with contextlib.ExitStack() as opened:
        texts = where or str(undescribed(file) or "")
        folder = texts or warc_folder(source, out) or _collected_sample(source, n, opened)
        examination = examine(source, folder)
        for breach in examination.breaches:
            raise ConfigError(*breach)
        policy_folder = str(overlay(policies.expanduser(), cache_folder()).folder) if policies else ""
        items = items_of(source, folder, n, policy_folder, language)
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
    for note in examination.notes:
        console.print(_("note: {note}", note=note.as_message()))
    for number, item in enumerate(items, 1):
        _print_item(number, item, language)
    for sentence in sentences:
        console.print(sentence)
    if html:
        console.print(_("page: {path}", path=html))


def _collected_sample(source: Source, n: int, opened: contextlib.ExitStack) -> str:
    """Collect a few pages into a temporary folder, which is removed when the command ends; return the WARC folder.

    Raises:
        ConfigError: the source consists of files, needs permission first, or returned no page.
    """
    refusal = ASK_FIRST if source.status == "ask_first" else None
    if not refusal and not source.collect.asked:
        raise ConfigError(_("source {source}", source=source.id), _("where are the files? add --input FOLDER"))
    refusal = refusal or (None if source.contact else NO_CONTACT)
    if refusal:
        problem, remedy = refusal
        raise ConfigError(_("source {source}", source=source.id), problem.fill(holder=source.holder), remedy)
    workdir = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="latam-corpus-preview-")))
    crawler = crawler_of(source)(source, workdir, Silent(), limit=n)
    errors.print(_ASKING.fill(n=n, holder=source.holder))
    result = crawler.run()
    for host, why in result.closed.items():
        errors.print(LEFT.fill(host=host, why=cause_message(why)))
    if not result.pages:
        causes = enumerated(
            Message("{cause} ({n})", {"cause": cause_message(cause), "n": n}) for cause, n in result.causes.items()
        )
        raise ConfigError(_("source {source}", source=source.id), _NOTHING, causes)
    return str(result.folder / "warc")


def _readable(source: Source) -> bool:
    """Whether the source's terms allow the public to read its texts."""
    row = {name: [value] for name, value in source.column_values.items()}
    return bool(with_readable(pl.DataFrame(row), datetime.now(UTC))["readable"][0])


def _print_item(number: int, item: Item, language: str) -> None:
    mark, verdict = ("✓", KEPT) if item.kept else ("✗", DROPPED)
    facts = [item.title, item.identified_language.translate(language)]
    console.print(f"{number}  {item.where}")
    console.print(f"   {' · '.join(fact for fact in facts if fact)}")
    console.print(f"   {mark} {verdict.translate(language)}", style=None if item.kept else "red")
    for reason in item.why:
        console.print(f"     {reason.translate(language)}")
    texts = [text if len(text) <= _SHOWN else text[:_SHOWN] + " …" for text in (item.original, item.text)]
    side_by_side([head.translate(language) for head in (ORIGINAL, EXTRACTED)], texts)
    console.print()
