"""The card of a version: the README.md that the Hugging Face Hub, `datasets` and people read."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from latam_corpus import vocabulary
from latam_corpus.catalog.display_names import GENRES, TIERS, USES
from latam_corpus.catalog.rights import tier_of
from latam_corpus.codes import two_letters
from latam_corpus.messages import LANGUAGES, _, enumerated, megabytes, same
from latam_corpus.release.pages.card_facts import (
    NOT_STATED,
    PERSONAL_DATA,
    citation,
    collection,
    columns,
    consents,
    limits,
)
from latam_corpus.release.pages.card_markdown import table
from latam_corpus.release.pages.judgements import wilson
from latam_corpus.release.pages.obligations import obligations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from latam_corpus.release.storing.manifest import Manifest, Shard, SourceEntry

CARD: Final = "README.md"
_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)
# The licences with an id on the Hub.
_HUB_LICENCES: Final = frozenset(
    f"cc-{kind}-{version}"
    for kind, versions in {
        "by": ("2.0", "2.5", "3.0", "4.0"),
        "by-sa": ("3.0", "4.0"),
        "by-nc": ("2.0", "3.0", "4.0"),
        "by-nd": ("4.0",),
        "by-nc-sa": ("2.0", "3.0", "4.0"),
        "by-nc-nd": ("3.0", "4.0"),
    }.items()
    for version in versions
) | {"cc0-1.0", "apache-2.0", "mit"}
_ANCHORS: Final = " · ".join(f"[{name}](#{name.lower()})" for name in LANGUAGES.values())
_CC_URI: Final = re.compile(r"https?://creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)/(\d\.\d)(?:/.*)?")


def card(
    manifest: Manifest,
    where: str | None = None,
    shards: Sequence[Shard] | None = None,
    *,
    of_selection: bool = False,
) -> str:
    """Return the card's text.

    Args:
        manifest: the version.
        where: a description of the selection, for a folder that has only some of the rows.
        shards: the files of this folder; all files of the version when None.
        of_selection: whether the counts in the manifest are those of the selection (`recounted`).
    """
    files = manifest.shards if shards is None else tuple(shards)
    sections = [
        front_matter(manifest, files),
        f"# {manifest.title}\n\n`{manifest.spec}`, {manifest.created:%Y-%m-%d}. {_ANCHORS}",
        *_about(manifest),
        *([_selection(where, files, of_selection=of_selection)] if where else []),
        _contents(manifest),
        _sources(manifest),
        collection(manifest),
        obligations(manifest),
        consents(manifest),
        _left_out(manifest),
        _losses(manifest) if manifest.accepted_losses else "",
        _audit(manifest) if manifest.audited else "",
        PERSONAL_DATA,
        limits(manifest),
        _loading(manifest, files),
        citation(manifest),
        _provenance(manifest),
        columns(manifest),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def front_matter(manifest: Manifest, shards: Sequence[Shard]) -> str:
    """Return the YAML block with languages, licence, size, and the configurations for `load_dataset`."""
    languages = sorted({hub_language(shard.language) for shard in shards} - {"und"})
    rows = sum(shard.rows for shard in shards)
    lines = [
        "---",
        f"pretty_name: {json.dumps(manifest.title, ensure_ascii=False)}",
        *_listed("language", languages),
        *_licence(manifest.sources),
        *_listed("size_categories", [next((name for size, name in _SIZES if rows < size), "n>1T")]),
        *_listed("task_categories", ["text-generation", "fill-mask"]),
        *_listed("tags", ["latin-america", "latam_corpus"]),
    ]
    if shards:
        lines += ["configs:", *_config("all", "data/*", {shard.split for shard in shards}, default=True)]
    for config in sorted({shard.config for shard in shards}):
        splits = {shard.split for shard in shards if shard.config == config}
        lines += _config(config, f"data/{config}", splits)
    return "\n".join([*lines, "---"])


def hub_language(code: str) -> str:
    """Return the code of a language on the Hub: ISO 639-1 if there is one, else ISO 639-3.

    >>> hub_language("spa_Latn"), hub_language("quy_Latn")
    ('es', 'quy')
    """
    part3 = code.split("_", 1)[0]
    return two_letters(part3) or part3


def _listed(key: str, words: Iterable[str]) -> list[str]:
    items = [f"- {word}" for word in words]
    return [f"{key}:", *items] if items else []


def hub_licence(rights: str | None) -> str | None:
    """Return the Hub's id of a licence, given as an SPDX id or Creative Commons URI; None if the Hub has none.

    >>> hub_licence("CC-BY-SA-4.0"), hub_licence("https://creativecommons.org/licenses/by/4.0/"), hub_licence("InC")
    ('cc-by-sa-4.0', 'cc-by-4.0', None)
    """
    match = _CC_URI.fullmatch(rights or "")
    hub_id = f"cc-{match[1]}-{match[2]}".replace("cc-zero", "cc0") if match else (rights or "").lower()
    return hub_id if hub_id in _HUB_LICENCES else None


def _licence(sources: Iterable[SourceEntry]) -> list[str]:
    licences = {hub_licence(source.rights) for source in sources}
    known_licences = sorted(licence for licence in licences if licence)
    if known_licences and None not in licences:
        return _listed("license", known_licences) if len(known_licences) > 1 else [f"license: {known_licences[0]}"]
    return ["license: other", "license_name: by-source"]


def _config(name: str, folder: str, splits: set[str], *, default: bool = False) -> Iterator[str]:
    yield f"- config_name: {name}"
    if default:
        yield "  default: true"
    yield "  data_files:"
    for split in vocabulary.SPLITS:
        if split in splits:
            yield f"  - split: {split}"
            yield f"    path: {folder}/{split}-*.parquet"


_ABOUT: Final = (
    _(
        "{n} {n:document|documents} ({size} of text): {genres}. {n:It|They} may be used to: {uses}. Admitted "
        "rights: {tiers}. Each row states its source, its rights and how it was obtained; what was left out, "
        "and why, is in {ledger}. The table «Collection» names the contact for each source, and «Obligations» "
        "states what each asks for."
    ),
    _(
        "To ask for the withdrawal of a text, write to the publisher of this version or to the institution "
        "that holds its source, and state the {doc_id}, the address, or some words of the text. The next "
        "version omits it, readers of this one no longer get it through the program, and anyone can verify the "
        "receipt."
    ),
)
_GIVEN: Final = _(
    "Some texts were given with the consent of communities: the table «Consent» states which, until when, and "
    "whom to write to."
)


def _about(manifest: Manifest) -> list[str]:
    """Return a section in each language that describes the version and says how to request the removal of a text."""
    values = {
        "n": _spaced(manifest.rows),
        "size": megabytes(manifest.text_bytes),
        "genres": enumerated(GENRES.get(genre, same(genre)) for genre in manifest.counts["genre"]),
        "uses": enumerated(USES[use] for use in manifest.uses),
        "tiers": enumerated(TIERS[tier] for tier in manifest.admit),
        "ledger": "`ledger.parquet`",
        "doc_id": "`doc_id`",
    }
    description, removal = (paragraph.fill(**values) for paragraph in _ABOUT)
    consent = [_GIVEN] if any(source.consents for source in manifest.sources) else []
    return [
        "\n\n".join([f"## {name}", *(text.translate(language) for text in (description, *consent, removal))])
        for language, name in LANGUAGES.items()
    ]


def _spaced(number: int) -> str:
    """Return a number with spaces between thousands, which is clear in every language."""
    return f"{number:,}".replace(",", " ")


def _selection(where: str, shards: Sequence[Shard], *, of_selection: bool) -> str:
    rows = sum(shard.rows for shard in shards)
    scope = "the numbers below are of the whole version"
    if of_selection:
        scope = "what was left out, lost or judged is told of the whole version"
    return f"> **A selection.** This folder holds the {rows:,} documents with `{where}`; {scope}."


def _contents(manifest: Manifest) -> str:
    by_config: dict[str, Counter[str]] = {}
    for shard in manifest.shards:
        count = by_config.setdefault(shard.config, Counter())
        count[shard.split] += shard.rows
        count["text"] += shard.text_bytes
    rows = [
        [f"`{config}`", *(f"{count[split]:,}" for split in vocabulary.SPLITS), str(megabytes(count["text"]))]
        for config, count in sorted(by_config.items())
    ]
    tables = [table(["configuration", *vocabulary.SPLITS, "text"], rows)]
    for column in ("country", "rights_tier"):
        counts = sorted(manifest.counts[column].items(), key=lambda item: (-item[1].rows, item[0]))
        rows = [[name or NOT_STATED, f"{tally.rows:,}", str(megabytes(tally.text_bytes))] for name, tally in counts]
        tables.append(table([column.replace("_", " "), "documents", "text"], rows))
    return "## What it holds\n\n" + "\n\n".join(tables)


def _sources(manifest: Manifest) -> str:
    rows = []
    for source in manifest.sources:
        title = source.title or source.source_id
        linked_title = f"[{title}]({source.homepage})" if source.homepage else title
        credit = source.holder or ""
        if tier_of(source.rights or "") in ("attribution", "share_alike") and not credit:
            credit = "see the columns `creators` and `url`"
        rows.append(
            [
                f"`{source.source_id}`",
                linked_title,
                source.rights or "",
                source.rights_tier,
                credit,
                f"{source.rows:,}",
            ]
        )
    listing = table(["source", "title", "rights", "tier", "attribution", "documents"], rows)
    return (
        "## Sources, rights and attribution\n\nWho uses a document keeps to the rights of its source; the "
        f"columns `rights`, `creators` and `url` of its row say whom to name.\n\n{listing}"
    )


def _left_out(manifest: Manifest) -> str:
    flow = manifest.flow
    if not manifest.left_out:
        return "## What was left out\n\nNothing that the runs kept was left out of this version."
    rows = [[f"`{reason}`", f"{n:,}"] for reason, n in manifest.left_out.items()]
    return (
        f"## What was left out\n\nOf {flow.read - flow.repeated:,} documents read, {flow.left_out:,} were left "
        "out here, each with its evidence in the version's `ledger.parquet`.\n\n"
        f"{table(['reason', 'documents'], rows)}"
    )


def _losses(manifest: Manifest) -> str:
    parts = ["## Losses let pass\n\nOf these, a stage of a run kept less than its recipe's floor."]
    for reason in dict.fromkeys(loss.accepted for loss in manifest.accepted_losses):
        rows = [
            [
                loss.stage,
                f"{loss.kind} {loss.value}",
                f"{loss.rows_in:,}",
                f"{loss.kept:,}",
                f"{100 * loss.floor:g} %",
                ", ".join(f"`{why}` {n:,}" for why, n in loss.reasons.items()),
            ]
            for loss in manifest.accepted_losses
            if loss.accepted == reason
        ]
        parts += [f"It was accepted because: {reason}", table(["stage", "of", "in", "kept", "floor", "mostly"], rows)]
    return "\n\n".join(parts)


_QUESTION_NAMES: Final = {
    "verdict": "a good text",
    "language": "its language is right",
    "natural": "natural text",
    "personal_data": "no personal data left",
}


def _audit(manifest: Manifest) -> str:
    rows = []
    for group in manifest.audited:
        low, high = wilson(group.right, group.texts)
        interval = f"{100 * low:.1f} to {100 * high:.1f} %"
        drawn = f"`{group.drawn_from}`{group.drawn_by and f', `{group.drawn_by}`'}"
        share = f"{100 * group.right / group.texts:.1f} %"
        question = _QUESTION_NAMES[group.question]
        rows.append([drawn, question, share, interval, group.texts, group.readers, group.disputed])
    heads = ["drawn by lot from", "what was judged", "precision", "95 % interval", "texts", "readers", "they differ on"]
    return (
        "## What readers judged\n\nPeople read texts of this version, drawn by lot among those that may be shown. A "
        "text counts as right where no reader says that it isn't; the interval is Wilson's. A row speaks for the "
        f"documents that it was drawn from, and for no others.\n\n{table(heads, rows)}"
    )


def _loading(manifest: Manifest, shards: Sequence[Shard]) -> str:
    if not shards:
        return "## How to load it\n\nThere is nothing in it."
    config = shards[0].config
    return f"""## How to load it

```sh
latam-corpus pull {manifest.spec} --to {manifest.name}
```

```python
import datasets, duckdb, polars as pl

datasets.load_dataset("{manifest.name}", "{config}", split="{shards[0].split}", streaming=True)
pl.scan_parquet("{manifest.name}/data/**/*.parquet")
duckdb.sql("SELECT country, count(*) FROM '{manifest.name}/data/**/*.parquet' GROUP BY country")
```

`sha256sum -c SHA256SUMS` checks every byte."""  # noqa: S608  (an example to read, not a query)


def _provenance(manifest: Manifest) -> str:
    rows = [[f"`{run.id}`", run.title, f"{run.rows:,}", f"`{run.sha256[:16]}`"] for run in manifest.runs]
    lines = [f"Made with latam_corpus {manifest.toolkit}; rights judged as of {manifest.as_of}."]
    if manifest.parent:
        lines.append(f"Built upon version {manifest.parent.version}; CHANGELOG.md says what changed.")
    parts = [" ".join(lines)]
    if rows:
        parts.append(table(["run", "recipe", "documents", "digest of run.json"], rows))
    if replaced := [f"- `{run.id}`: {policy}" for run in manifest.runs for policy in run.policies]:
        parts.append("Instead of the shipped policies these decided:\n\n" + "\n".join(replaced))
    return "## Provenance\n\n" + "\n\n".join(parts)
