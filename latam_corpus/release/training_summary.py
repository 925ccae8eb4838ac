"""What a version says for the public summary of training content that the EU asks of who puts a model on its market.

The headings are those of the Commission's template: Communication C(2025) 8311 of 5 December 2025, for Regulation (EU)
2024/1689, article 53(1)(d). What a corpus can't know, such as who trains which model, is left to be filled in and says
so.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import asdict, dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.messages import N_
from latam_corpus.release.eligibility.strictest import STRICTER
from latam_corpus.release.pages.card import megabytes
from latam_corpus.release.pages.card_facts import NOT_STATED
from latam_corpus.release.pages.card_markdown import table
from latam_corpus.release.refusals.opt_outs import read_opt_outs
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.store_tables import open_shard
from latam_corpus.release.storing.withdrawal_log import read_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Progress, Store

TEMPLATE: Final = "https://digital-strategy.ec.europa.eu/en/library/explanatory-notice-and-template-public-summary-training-content-general-purpose-ai-models"
# By the template a summary is updated at least every six months, and earlier if further training data change it.
_MONTHS_TO_UPDATE: Final = 6
_SHARE: Final = 10  # of the domains, largest first, so many in a hundred are named
_SMALL: Final = 1_000_000_000  # tokens; fewer bytes of text than that are fewer tokens
_ASKED: Final = frozenset({"crawl", "feeds", "oai", "commoncrawl"})  # kinds of `[collect]` that ask servers
_MACHINE: Final = ("machine", "synthetic")
_UNNAMED: Final = ("source_id", "rights", "rights_tier", "basis")
_COUNTS: Final = ("genre", "language", "country")
_READS: Final = (*_UNNAMED, *_COUNTS, "url", "obtained", "composition", "opt_outs", "doc_id", "text")
_FILL_IN: Final = "*to be filled in by the provider of the model*"
_HOST: Final = r"^(?i:https?)://(?:[^/@]*@)?(?:(?i:www)\.)?([^/:?#]+)"


@dataclass(frozen=True)
class Domain:
    """What was collected at a domain: documents, and bytes of their texts."""

    name: str
    documents: int
    text_bytes: int


@dataclass(frozen=True)
class Statement:
    """Documents of a source under one rights statement."""

    source_id: str
    rights: str | None
    rights_tier: str
    basis: str | None
    documents: int


@dataclass(frozen=True)
class TrainingContent:
    """What is counted of a version, without what was withdrawn.

    Attributes:
        documents: that readers get.
        text_bytes: of their texts.
        domains: of documents that were asked of servers, the largest first.
        no_domain: how many of these have no address of a site.
        sources: documents by source.
        statements: documents by source and rights statement.
        counts: documents by genre, language and country.
        machine: documents that a machine wrote or translated.
        obtained: the first and the last day; None where there is no document.
        asked: the same of documents that were asked of servers.
        opt_outs: documents by signal of those on which one was seen, in their rows or later.
    """

    documents: int
    text_bytes: int
    domains: tuple[Domain, ...]
    no_domain: int
    sources: dict[str, int]
    statements: tuple[Statement, ...]
    counts: dict[str, dict[str, int]]
    machine: int
    obtained: tuple[str, str] | None
    asked: tuple[str, str] | None
    opt_outs: dict[str, int]

    @property
    def named(self) -> tuple[Domain, ...]:
        """The tenth of the domains that has most of the content."""
        return self.domains[: ceil(len(self.domains) * _SHARE / 100)]


def training_content(store: Store, manifest: Manifest, progress: Progress | None = None) -> TrainingContent:
    """Count what readers get of a version.

    Raises:
        ReleaseError: a shard or the log of withdrawals can't be read.
    """
    asked = {source.source_id for source in manifest.sources if source.collected in _ASKED}
    shards = read_log(store).readable(manifest)
    parts = [pl.DataFrame(schema=_COUNTED)]
    listed = read_opt_outs(store, manifest.name).select("doc_id", "signal")
    signals = [listed.clear()]
    for number, one in enumerate(shards, 1):
        with open_shard(store, one.shard, ("doc_id",)) as file:
            there = [name for name in _READS if name in file.schema_arrow.names]
            for read in read_batches(file, there):
                frame = schema.conform(read, _TYPES).filter(one.wanted())
                parts.append(_counted(frame))
                refused = frame.select("doc_id", pl.col("opt_outs").cast(schema.OPT_OUTS)).explode("opt_outs")
                signals.append(refused.select("doc_id", pl.col("opt_outs").struct.field("signal")).drop_nulls())
                # The list has documents of other versions, too.
                signals.append(listed.join(frame.select("doc_id"), on="doc_id", how="semi"))
        if progress:
            progress(N_("reading"), number, len(shards))
    rows = pl.concat(parts)
    served = rows.filter(pl.col("source_id").is_in(asked))
    by_domain = served.filter(pl.col("domain").is_not_null()).group_by("domain")
    domains = by_domain.agg(pl.col("documents", "text_bytes").sum()).sort(
        "text_bytes", "domain", descending=[True, False]
    )
    statements = rows.group_by(_UNNAMED).agg(pl.col("documents").sum()).sort(_UNNAMED, nulls_last=True)
    by_source = rows.group_by("source_id").agg(pl.col("documents").sum()).sort("source_id")
    by_signal = pl.concat(signals).unique().group_by("signal").len().sort("signal")
    return TrainingContent(
        documents=int(rows["documents"].sum()),
        text_bytes=int(rows["text_bytes"].sum()),
        domains=tuple(Domain(*row) for row in domains.iter_rows()),
        no_domain=int(served.filter(pl.col("domain").is_null())["documents"].sum()),
        sources=dict(by_source.iter_rows()),
        statements=tuple(Statement(*row) for row in statements.iter_rows()),
        counts={
            what: dict(rows.group_by(pl.col(what).fill_null("")).agg(pl.col("documents").sum()).sort(what).iter_rows())
            for what in _COUNTS
        },
        machine=int(rows.filter(pl.col("composition").is_in(_MACHINE))["documents"].sum()),
        obtained=_days(rows),
        asked=_days(served),
        opt_outs=dict(by_signal.iter_rows()),
    )


_TYPES: Final = pl.Schema({name: schema.RELEASE_SCHEMA[name] for name in _READS})
_COUNTED: Final = pl.Schema(
    {
        **dict.fromkeys((*_UNNAMED, *_COUNTS), pl.String()),
        "domain": pl.String(),
        "composition": pl.String(),
        "documents": pl.UInt32(),
        "text_bytes": pl.UInt64(),
        "first": _TYPES["obtained"],
        "last": _TYPES["obtained"],
    }
)


def _days(rows: pl.DataFrame) -> tuple[str, str] | None:
    """Return the first and the last day on which documents were obtained; None where no day is known."""
    first, last = rows.select(pl.col("first").min().dt.to_string("%F"), pl.col("last").max().dt.to_string("%F")).row(0)
    return (first, last) if first else None


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    host = pl.col("url").str.extract(_HOST).str.to_lowercase().alias("domain")
    return (
        frame.group_by(*_UNNAMED, *_COUNTS, host, "composition")
        .agg(
            pl.len().alias("documents"),
            pl.col("text").str.len_bytes().sum().alias("text_bytes"),
            pl.col("obtained").min().alias("first"),
            pl.col("obtained").max().alias("last"),
        )
        .cast(_COUNTED)
    )


def as_values(manifest: Manifest, content: TrainingContent, written: date) -> dict[str, Any]:
    """Return the counts as plain values, every domain among them."""
    days = {"written": str(written), "next_update": str(next_update(written))}
    return {"release": manifest.spec} | days | asdict(content)


def next_update(written: date) -> date:
    """Return the day by which a summary must be updated: six months after it was written, in a short month its last.

    >>> from datetime import date
    >>> str(next_update(date(2026, 12, 1))), str(next_update(date(2026, 8, 31)))
    ('2027-06-01', '2027-02-28')
    """
    years, month = divmod(written.month - 1 + _MONTHS_TO_UPDATE, 12)
    year, month = written.year + years, month + 1
    return written.replace(year=year, month=month, day=min(written.day, monthrange(year, month)[1]))


def training_summary(manifest: Manifest, content: TrainingContent, written: date) -> str:
    """Return the text of the summary, as Markdown.

    Args:
        manifest: of the version.
        content: what is counted of it.
        written: the day of the summary.
    """
    kinds = {one.source_id: one.collected for one in manifest.sources}
    asked = [one for one in content.statements if kinds.get(one.source_id) in _ASKED]
    others = [one for one in content.statements if one not in asked]
    private = [one for one in others if one.rights_tier == "permission"]
    untold = [one for one in others if one not in private and kinds.get(one.source_id) is None]
    public = [one for one in others if one not in private and one not in untold]
    size = (
        "less than 1 billion tokens"
        if content.text_bytes < _SMALL
        else f"{_FILL_IN}; `latam-corpus release tokens {manifest.spec} --tokenizer FILE` counts them"
    )
    last = content.obtained[1] if content.obtained else NOT_STATED
    return f"""# Public summary of training content: what {manifest.spec} says for it

The headings are those of the European Commission's [template]({TEMPLATE}), Communication C(2025) 8311 of 5 December
2025, for article 53(1)(d) of Regulation (EU) 2024/1689. This part describes one corpus, without documents that were
withdrawn by the time of writing. Providers who train on other data add those.

Written on {written}. Next update: by {next_update(written)}, six months later, and earlier if training on further data
changes the summary materially.

## 1. General information

- Provider, authorised representative, model, its dependencies, its placement on the market: {_FILL_IN}
- Modality: text. {content.documents:,} documents, {megabytes(content.text_bytes)} as UTF-8.
- Size of the training data: {size}
- Types of content: {_shares(content, "genre")}
- Latest date of collection: {last}
- Languages: {_shares(content, "language")}
- Countries of origin: {_shares(content, "country")}

## 2. List of data sources

### 2.1 Publicly available datasets

{_listed(public, manifest)}

### 2.2 Private datasets obtained from third parties

Given under an agreement with those who hold the rights (2.2.1).

{_listed(private, manifest)}

### 2.3 Data crawled and scraped from online sources

- Crawler: `latam-corpus`, which names itself and whom to write to, for collecting this corpus
- Behaviour: it obeys robots.txt and the signals under 3.1, asks one page of a host at a time, and logs in nowhere
{_of_others(kinds, asked)}- Period of collection: {_period(content)}

{_listed(asked, manifest)}

{_domains(content)}

### 2.4 User data

None in this corpus.

### 2.5 Synthetic data

{content.machine:,} documents were written or translated by a machine, as their sources state (column `composition`).

### 2.6 Other sources

{_untold(untold, manifest)}

## 3. Data processing aspects

### 3.1 Reservations of rights from text and data mining

Read for each page when it was collected: robots.txt with `DisallowAITraining`, AIPREF (`Content-Usage`), Content
Signals, RSL, TDMRep, `noai`, `noarchive` and ai.txt. A refusal takes the use that it speaks of from the document, and a
version has only documents whose uses allow {", ".join(manifest.uses)}; `latam-corpus rights recheck` reads them again
for the next one.

{_opt_outs(manifest, content)}

Who made, holds or is spoken of in a text can have it withdrawn; this version knew the log up to entry
{manifest.withdrawal_sequence}.

### 3.2 Removal of illegal content

Documents are filtered by measured bounds, and identifiers of persons that have a form are replaced where the recipe
redacts. Nothing looks for illegal content by itself: {_FILL_IN}

### 3.3 Other information

The manifest of {manifest.spec} has the digest of every shard; its ledger, why each other document was left out.
"""


def _shares(content: TrainingContent, what: str) -> str:
    counted = sorted(content.counts[what].items(), key=lambda item: (-item[1], item[0]))
    shares = [f"{name or NOT_STATED} {100 * n / max(1, content.documents):.1f} %" for name, n in counted]
    return ", ".join(shares) or "none"


def _listed(statements: Iterable[Statement], manifest: Manifest) -> str:
    about = {one.source_id: one for one in manifest.sources}
    rows = []
    for one in statements:
        source = about.get(one.source_id)
        rows.append(
            [
                (source and source.title) or one.source_id,
                (source and source.homepage) or NOT_STATED,
                (source and source.holder) or NOT_STATED,
                one.rights or one.rights_tier,
                f"{one.documents:,}",
            ]
        )
    return table(["name", "address", "holder", "rights", "documents"], rows) if rows else "None in this corpus."


def _untold(statements: Sequence[Statement], manifest: Manifest) -> str:
    said = "How these were collected isn't stated.\n\n" if statements else ""
    return said + _listed(statements, manifest)


def _of_others(kinds: Mapping[str, str | None], asked: Sequence[Statement]) -> str:
    if not any(kinds.get(one.source_id) == "commoncrawl" for one in asked):
        return ""
    return "- Pages of Common Crawl were crawled by its `CCBot`; what their sites refuse was read again\n"


def _period(content: TrainingContent) -> str:
    return " to ".join(content.asked) if content.asked else "none was crawled"


def _domains(content: TrainingContent) -> str:
    without = f"{content.no_domain:,} of these documents have no address of a site." if content.no_domain else ""
    if not content.domains:
        return without or "No document was asked of a server, so that there are no domains."
    rows = [[one.name, f"{one.documents:,}", str(megabytes(one.text_bytes))] for one in content.named]
    counted = f"The {len(content.named):,} domains with most content, a tenth of the {len(content.domains):,} in all:"
    return "\n\n".join([counted, table(["domain", "documents", "text"], rows), *([without] if without else [])])


def _opt_outs(manifest: Manifest, content: TrainingContent) -> str:
    reasons = ((reason.removeprefix(STRICTER), n) for reason, n in manifest.left_out.items())
    left_out = [(reason, n) for reason, n in reasons if reason.startswith("opt_out=")]
    lines = [f"- {n:,} documents were left out by {reason.removeprefix('opt_out=')}" for reason, n in left_out]
    lines += [
        f"- {n:,} documents carry {signal}, which doesn't withhold what it is for, or was read later"
        for signal, n in content.opt_outs.items()
    ]
    return "\n".join(lines) or "None was seen on a document of it."
