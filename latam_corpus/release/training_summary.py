"""Write a version's part of the public summary of training content that the EU requires of model providers.

The headings are those of the Commission's template: Communication C(2025) 8311 of 5 December 2025, for Regulation (EU)
2024/1689, article 53(1)(d). Fields that a corpus can't know, such as the provider, are marked to be filled in.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import asdict, dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.messages import N_, megabytes
from latam_corpus.release.eligibility.strictest import STRICTER
from latam_corpus.release.pages.card_facts import NOT_STATED
from latam_corpus.release.pages.card_markdown import table
from latam_corpus.release.refusals.opt_outs import read_opt_outs
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.store_tables import open_shard
from latam_corpus.release.storing.withdrawal_log import read_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

TEMPLATE: Final = "https://digital-strategy.ec.europa.eu/en/library/explanatory-notice-and-template-public-summary-training-content-general-purpose-ai-models"
# The template requires an update every six months, or earlier if further training data change the summary.
_MONTHS_TO_UPDATE: Final = 6
_NAMED_PERCENT: Final = 10  # per cent of the domains are named, the largest first
_BILLION: Final = 1_000_000_000  # of tokens; fewer bytes of text are also fewer tokens
_ONLINE: Final = frozenset({"crawl", "feeds", "oai", "commoncrawl"})  # kinds of `[collect]` that query servers
_MACHINE_MADE: Final = ("machine", "synthetic")
_STATEMENT: Final = ("source_id", "rights", "rights_tier", "basis")
_COUNTS: Final = ("genre", "language", "country")
_READS: Final = (*_STATEMENT, *_COUNTS, "url", "obtained", "composition", "opt_outs", "doc_id", "text")
_FILL_IN: Final = "*to be filled in by the provider of the model*"
_HOST: Final = r"^(?i:https?)://(?:[^/@]*@)?(?:(?i:www)\.)?([^/:?#]+)"


@dataclass(frozen=True)
class Domain:
    """Documents that were collected from a domain, and the size of their texts."""

    name: str
    documents: int
    text_bytes: int


@dataclass(frozen=True)
class Statement:
    """The documents of a source under one rights statement."""

    source_id: str
    rights: str | None
    rights_tier: str
    basis: str | None
    documents: int


@dataclass(frozen=True)
class TrainingContent:
    """Counts of a version, without withdrawn documents.

    Attributes:
        domains: the domains of documents that were collected online, the largest first.
        no_domain: the number of documents that were collected online but have no web address.
        machine: the number of documents that a machine wrote or translated.
        obtained: the first and the last day of collection; None if no document has a day.
        asked: the first and the last day for documents that were collected online.
        opt_outs: documents by signal of an opt-out, seen when they were collected or later.
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
        """The largest tenth of the domains."""
        return self.domains[: ceil(len(self.domains) * _NAMED_PERCENT / 100)]


def training_content(store: Store, manifest: Manifest, progress: OnStep | None = None) -> TrainingContent:
    """Count the documents of a version that aren't withdrawn.

    Raises:
        ReleaseError: a shard or the log of withdrawals can't be read.
    """
    online_sources = {source.source_id for source in manifest.sources if source.collected in _ONLINE}
    shards = read_log(store).readable(manifest)
    parts = [pl.DataFrame(schema=_COUNTED)]
    later_signals = read_opt_outs(store, manifest.name).select("doc_id", "signal")
    signals = [later_signals.clear()]
    for number, readable in enumerate(shards, 1):
        with open_shard(store, readable.shard, ("doc_id",)) as file:
            names = [name for name in _READS if name in file.schema_arrow.names]
            for batch in read_batches(file, names):
                frame = schema.conform(batch, _TYPES).filter(readable.wanted())
                parts.append(_counted(frame))
                refused = frame.select("doc_id", pl.col("opt_outs").cast(schema.OPT_OUTS)).explode("opt_outs")
                signals.append(refused.select("doc_id", pl.col("opt_outs").struct.field("signal")).drop_nulls())
                # The list also contains documents of other versions.
                signals.append(later_signals.join(frame.select("doc_id"), on="doc_id", how="semi"))
        if progress:
            progress(N_("reading"), number, len(shards))
    rows = pl.concat(parts)
    online = rows.filter(pl.col("source_id").is_in(online_sources))
    by_domain = online.filter(pl.col("domain").is_not_null()).group_by("domain")
    domains = by_domain.agg(pl.col("documents", "text_bytes").sum()).sort(
        "text_bytes", "domain", descending=[True, False]
    )
    statements = rows.group_by(_STATEMENT).agg(pl.col("documents").sum()).sort(_STATEMENT, nulls_last=True)
    by_source = rows.group_by("source_id").agg(pl.col("documents").sum()).sort("source_id")
    by_signal = pl.concat(signals).unique().group_by("signal").len().sort("signal")
    return TrainingContent(
        documents=int(rows["documents"].sum()),
        text_bytes=int(rows["text_bytes"].sum()),
        domains=tuple(Domain(*row) for row in domains.iter_rows()),
        no_domain=int(online.filter(pl.col("domain").is_null())["documents"].sum()),
        sources=dict(by_source.iter_rows()),
        statements=tuple(Statement(*row) for row in statements.iter_rows()),
        counts={
            column: dict(
                rows.group_by(pl.col(column).fill_null("")).agg(pl.col("documents").sum()).sort(column).iter_rows()
            )
            for column in _COUNTS
        },
        machine=int(rows.filter(pl.col("composition").is_in(_MACHINE_MADE))["documents"].sum()),
        obtained=_days(rows),
        asked=_days(online),
        opt_outs=dict(by_signal.iter_rows()),
    )


_TYPES: Final = pl.Schema({name: schema.RELEASE_SCHEMA[name] for name in _READS})
_COUNTED: Final = pl.Schema(
    {
        **dict.fromkeys((*_STATEMENT, *_COUNTS), pl.String()),
        "domain": pl.String(),
        "composition": pl.String(),
        "documents": pl.UInt32(),
        "text_bytes": pl.UInt64(),
        "first": _TYPES["obtained"],
        "last": _TYPES["obtained"],
    }
)


def _days(rows: pl.DataFrame) -> tuple[str, str] | None:
    """Return the first and the last day on which documents were obtained; None if no day is known."""
    first, last = rows.select(pl.col("first").min().dt.to_string("%F"), pl.col("last").max().dt.to_string("%F")).row(0)
    return (first, last) if first else None


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the counts of documents by the columns of _COUNTED."""
    host = pl.col("url").str.extract(_HOST).str.to_lowercase().alias("domain")
    return (
        frame.group_by(*_STATEMENT, *_COUNTS, host, "composition")
        .agg(
            pl.len().alias("documents"),
            pl.col("text").str.len_bytes().sum().alias("text_bytes"),
            pl.col("obtained").min().alias("first"),
            pl.col("obtained").max().alias("last"),
        )
        .cast(_COUNTED)
    )


def as_values(manifest: Manifest, content: TrainingContent, written: date) -> dict[str, Any]:
    """Return the counts as values for JSON, with all domains."""
    days = {"written": str(written), "next_update": str(next_update(written))}
    return {"release": manifest.spec} | days | asdict(content)


def next_update(written: date) -> date:
    """Return the day by which a summary must be updated: six months later, or that month's last day if it is shorter.

    >>> from datetime import date
    >>> str(next_update(date(2026, 12, 1))), str(next_update(date(2026, 8, 31)))
    ('2027-06-01', '2027-02-28')
    """
    years, month = divmod(written.month - 1 + _MONTHS_TO_UPDATE, 12)
    year, month = written.year + years, month + 1
    return written.replace(year=year, month=month, day=min(written.day, monthrange(year, month)[1]))


def training_summary(manifest: Manifest, content: TrainingContent, written: date) -> str:
    """Return the text of the summary, as Markdown."""
    kinds = {source.source_id: source.collected for source in manifest.sources}
    online: list[Statement] = []
    private: list[Statement] = []
    unknown: list[Statement] = []
    public: list[Statement] = []
    for statement in content.statements:
        kind = kinds.get(statement.source_id)
        if kind in _ONLINE:
            online.append(statement)
        elif statement.rights_tier == "permission":
            private.append(statement)
        elif kind is None:
            unknown.append(statement)
        else:
            public.append(statement)
    size = (
        "less than 1 billion tokens"
        if content.text_bytes < _BILLION
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

{_sources_table(public, manifest)}

### 2.2 Private datasets obtained from third parties

Given under an agreement with those who hold the rights (2.2.1).

{_sources_table(private, manifest)}

### 2.3 Data crawled and scraped from online sources

- Crawler: `latam-corpus`, which names itself and whom to write to, for collecting this corpus
- Behaviour: it obeys robots.txt and the signals under 3.1, asks one page of a host at a time, and logs in nowhere
{_crawled_by_others(kinds, online)}- Period of collection: {_period(content)}

{_sources_table(online, manifest)}

{_domains(content)}

### 2.4 User data

None in this corpus.

### 2.5 Synthetic data

{content.machine:,} documents were written or translated by a machine, as their sources state (column `composition`).

### 2.6 Other sources

{_other_sources(unknown, manifest)}

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


def _shares(content: TrainingContent, column: str) -> str:
    counted = sorted(content.counts[column].items(), key=lambda item: (-item[1], item[0]))
    shares = [f"{name or NOT_STATED} {100 * n / max(1, content.documents):.1f} %" for name, n in counted]
    return ", ".join(shares) or "none"


def _sources_table(statements: Iterable[Statement], manifest: Manifest) -> str:
    sources = {source.source_id: source for source in manifest.sources}
    rows = []
    for statement in statements:
        source = sources.get(statement.source_id)
        rows.append(
            [
                (source and source.title) or statement.source_id,
                (source and source.homepage) or NOT_STATED,
                (source and source.holder) or NOT_STATED,
                statement.rights or statement.rights_tier,
                f"{statement.documents:,}",
            ]
        )
    return table(["name", "address", "holder", "rights", "documents"], rows) if rows else "None in this corpus."


def _other_sources(statements: Sequence[Statement], manifest: Manifest) -> str:
    note = "How these were collected isn't stated.\n\n" if statements else ""
    return note + _sources_table(statements, manifest)


def _crawled_by_others(kinds: Mapping[str, str | None], online: Sequence[Statement]) -> str:
    if not any(kinds.get(statement.source_id) == "commoncrawl" for statement in online):
        return ""
    return "- Pages of Common Crawl were crawled by its `CCBot`; what their sites refuse was read again\n"


def _period(content: TrainingContent) -> str:
    return " to ".join(content.asked) if content.asked else "none was crawled"


def _domains(content: TrainingContent) -> str:
    without = f"{content.no_domain:,} of these documents have no address of a site." if content.no_domain else ""
    if not content.domains:
        return without or "No document was asked of a server, so that there are no domains."
    rows = [[domain.name, f"{domain.documents:,}", str(megabytes(domain.text_bytes))] for domain in content.named]
    intro = f"The {len(content.named):,} domains with most content, a tenth of the {len(content.domains):,} in all:"
    return "\n\n".join([intro, table(["domain", "documents", "text"], rows), *([without] if without else [])])


def _opt_outs(manifest: Manifest, content: TrainingContent) -> str:
    reasons = ((reason.removeprefix(STRICTER), n) for reason, n in manifest.left_out.items())
    left_out = [(reason, n) for reason, n in reasons if reason.startswith("opt_out=")]
    lines = [f"- {n:,} documents were left out by {reason.removeprefix('opt_out=')}" for reason, n in left_out]
    lines += [
        f"- {n:,} documents carry {signal}, which doesn't withhold what it is for, or was read later"
        for signal, n in content.opt_outs.items()
    ]
    return "\n".join(lines) or "None was seen on a document of it."
