"""What a version says for the public summary of training content that the EU asks of who puts a model on its market.

The headings are those of the Commission's template (24 July 2025; Regulation (EU) 2024/1689, article 53(1)(d)). What a
corpus can't know, such as who trains which model, is left to be filled in and says so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.release.card import megabytes
from latam_corpus.release.card_facts import NOT_STATED
from latam_corpus.release.card_markdown import table
from latam_corpus.release.opt_outs import read_listed
from latam_corpus.release.shard_file import read_batches
from latam_corpus.release.store_tables import open_shard
from latam_corpus.release.withdrawal_log import read_log

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latam_corpus.release.manifest import Manifest, SourceEntry
    from latam_corpus.release.store import Progress, Store

TEMPLATE: Final = "https://digital-strategy.ec.europa.eu/en/library/explanatory-notice-and-template-public-summary-training-content-general-purpose-ai-models"
_SHARE: Final = 10  # of the domains, largest first, so many in a hundred are named
_SMALL: Final = 1_000_000_000  # tokens; fewer bytes of text than that are fewer tokens
_ASKED: Final = frozenset({"crawl", "feeds", "oai", "commoncrawl"})  # kinds of `[collect]` that ask servers
_MACHINE: Final = ("machine", "synthetic")
_READS: Final = ("source_id", "url", "obtained", "composition", "opt_outs", "doc_id", "text")
_FILL_IN: Final = "*to be filled in by the provider of the model*"
_HOST: Final = r"^(?i:https?)://(?:[^/@]*@)?(?:(?i:www)\.)?([^/:?#]+)"


@dataclass(frozen=True)
class Domain:
    """What was collected at a domain: documents, and bytes of their texts."""

    name: str
    documents: int
    text_bytes: int


@dataclass(frozen=True)
class TrainingContent:
    """What is counted of a version, without what was withdrawn.

    Attributes:
        documents: that readers get.
        text_bytes: of their texts.
        domains: of documents that were asked of servers, the largest first.
        sources: documents by source.
        machine: documents that a machine wrote or translated.
        obtained: the first and the last day; None where there is no document.
        opt_outs: documents by signal of those on which one was seen, in their rows or later.
    """

    documents: int
    text_bytes: int
    domains: tuple[Domain, ...]
    sources: dict[str, int]
    machine: int
    obtained: tuple[str, str] | None
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
    signals = [read_listed(store, manifest.name).select("doc_id", "signal")]
    for number, one in enumerate(shards, 1):
        with open_shard(store, one.shard, ("doc_id",)) as file:
            there = [name for name in _READS if name in file.schema_arrow.names]
            for read in read_batches(file, there):
                frame = schema.conform(read, _TYPES).filter(one.wanted())
                parts.append(_counted(frame))
                refused = frame.select("doc_id", pl.col("opt_outs").cast(schema.OPT_OUTS)).explode("opt_outs")
                signals.append(refused.select("doc_id", pl.col("opt_outs").struct.field("signal")).drop_nulls())
        if progress:
            progress("reading", number, len(shards))
    rows = pl.concat(parts)
    by_domain = rows.filter(pl.col("source_id").is_in(asked) & pl.col("domain").is_not_null()).group_by("domain")
    domains = by_domain.agg(pl.col("documents", "text_bytes").sum()).sort(
        "text_bytes", "domain", descending=[True, False]
    )
    by_source = rows.group_by("source_id").agg(pl.col("documents").sum()).sort("source_id")
    by_signal = pl.concat(signals).unique().group_by("signal").len().sort("signal")
    days = rows.select(pl.col("first").min().dt.to_string("%F"), pl.col("last").max().dt.to_string("%F")).row(0)
    return TrainingContent(
        documents=int(rows["documents"].sum()),
        text_bytes=int(rows["text_bytes"].sum()),
        domains=tuple(Domain(*row) for row in domains.iter_rows()),
        sources=dict(by_source.iter_rows()),
        machine=int(rows.filter(pl.col("composition").is_in(_MACHINE))["documents"].sum()),
        obtained=(days[0], days[1]) if days[0] else None,
        opt_outs=dict(by_signal.iter_rows()),
    )


_TYPES: Final = pl.Schema({name: schema.RELEASE_SCHEMA[name] for name in _READS})
_COUNTED: Final = pl.Schema(
    {
        "source_id": pl.String(),
        "domain": pl.String(),
        "composition": pl.String(),
        "documents": pl.UInt32(),
        "text_bytes": pl.UInt64(),
        "first": _TYPES["obtained"],
        "last": _TYPES["obtained"],
    }
)


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    host = pl.col("url").str.extract(_HOST).str.to_lowercase().alias("domain")
    return (
        frame.group_by("source_id", host, "composition")
        .agg(
            pl.len().alias("documents"),
            pl.col("text").str.len_bytes().sum().alias("text_bytes"),
            pl.col("obtained").min().alias("first"),
            pl.col("obtained").max().alias("last"),
        )
        .cast(_COUNTED)
    )


def as_values(manifest: Manifest, content: TrainingContent) -> dict[str, Any]:
    """Return the counts as plain values, every domain among them."""
    return {"release": manifest.spec} | asdict(content)


def training_summary(manifest: Manifest, content: TrainingContent) -> str:
    """Return the text of the summary, as Markdown."""
    sources = {one.source_id: one for one in manifest.sources if content.sources.get(one.source_id)}
    asked = [one for one in sources.values() if one.collected in _ASKED]
    others = [one for one in sources.values() if one.collected not in _ASKED]
    private = [one for one in others if one.rights_tier == "permission"]
    public = [one for one in others if one not in private]
    size = (
        "less than 1 billion tokens"
        if content.text_bytes < _SMALL
        else f"{_FILL_IN}; `latam-corpus release tokens {manifest.spec} --tokenizer FILE` counts them"
    )
    last = content.obtained[1] if content.obtained else NOT_STATED
    return f"""# Public summary of training content: what {manifest.spec} says for it

The headings are those of the [template]({TEMPLATE}) that the European Commission gives for article 53(1)(d) of
Regulation (EU) 2024/1689. This part speaks of one corpus, without documents that were withdrawn by the time of writing;
who trains on others too adds theirs.

## 1. General information

- Provider, authorised representative, model, its dependencies, its placement on the market: {_FILL_IN}
- Modality: text. {content.documents:,} documents, {megabytes(content.text_bytes)} as UTF-8.
- Size of the training data: {size}
- Types of content: {_shares(manifest, "genre")}
- Latest date of collection: {last}
- Languages: {_shares(manifest, "language")}
- Countries of origin: {_shares(manifest, "country")}

## 2. List of data sources

### 2.1 Publicly available datasets

{_listed(public, content)}

### 2.2 Private datasets obtained from third parties

Given under an agreement with those who hold the rights (2.2.1).

{_listed(private, content)}

### 2.3 Data crawled and scraped from online sources

- Crawler: `latam-corpus`, which names itself and whom to write to, for collecting this corpus
- Behaviour: it obeys robots.txt and the signals under 3.1, asks one page of a host at a time, and logs in nowhere
- Period of collection: {_period(asked)}

{_listed(asked, content)}

{_domains(content)}

### 2.4 User data

None in this corpus.

### 2.5 Synthetic data

{content.machine:,} documents were written or translated by a machine, as their sources state (column `composition`).

### 2.6 Other sources

None in this corpus.

## 3. Data processing aspects

### 3.1 Reservations of rights from text and data mining

Read for each page when it was collected: robots.txt, AIPREF (`Content-Usage`), Content Signals, RSL, TDMRep, `noai`,
`noarchive` and ai.txt. A refusal takes the use that it speaks of from the document, and a version has only documents
whose uses allow {", ".join(manifest.uses)}; `latam-corpus rights recheck` reads them again for the next one.

{_opt_outs(manifest, content)}

Who made, holds or is spoken of in a text can have it withdrawn; this version knew the log up to entry
{manifest.withdrawal_sequence}.

### 3.2 Removal of illegal content

Documents are filtered by measured bounds, and identifiers of persons that have a form are replaced where the recipe
redacts. Nothing looks for illegal content by itself: {_FILL_IN}

### 3.3 Other information

The manifest of {manifest.spec} has the digest of every shard; its ledger, why each other document was left out.
"""


def _shares(manifest: Manifest, what: str) -> str:
    counted = sorted(manifest.counts.get(what, {}).items(), key=lambda item: (-item[1].rows, item[0]))
    shares = [f"{name or NOT_STATED} {100 * tally.rows / max(1, manifest.rows):.1f} %" for name, tally in counted]
    return ", ".join(shares) or "none"


def _listed(sources: Iterable[SourceEntry], content: TrainingContent) -> str:
    rows = [
        [
            one.title or one.source_id,
            one.homepage or NOT_STATED,
            one.holder or NOT_STATED,
            one.rights or one.rights_tier,
            f"{content.sources[one.source_id]:,}",
        ]
        for one in sources
    ]
    return table(["name", "address", "holder", "rights", "documents"], rows) if rows else "None in this corpus."


def _period(sources: Iterable[SourceEntry]) -> str:
    days = [day for one in sources for day in (one.first, one.last) if day]
    return f"{min(days):%Y-%m-%d} to {max(days):%Y-%m-%d}" if days else "none was crawled"


def _domains(content: TrainingContent) -> str:
    if not content.domains:
        return "No document was asked of a server, so that there are no domains."
    rows = [[one.name, f"{one.documents:,}", megabytes(one.text_bytes)] for one in content.named]
    counted = f"The {len(content.named):,} domains with most content, a tenth of the {len(content.domains):,} in all:"
    return f"{counted}\n\n{table(['domain', 'documents', 'text'], rows)}"


def _opt_outs(manifest: Manifest, content: TrainingContent) -> str:
    left_out = [(reason, n) for reason, n in manifest.left_out.items() if reason.startswith("opt_out=")]
    lines = [f"- {n:,} documents were left out by {reason.removeprefix('opt_out=')}" for reason, n in left_out]
    lines += [
        f"- {n:,} documents carry {signal}, which doesn't withhold what it is for, or was read later"
        for signal, n in content.opt_outs.items()
    ]
    return "\n".join(lines) or "None was seen on a document of it."
