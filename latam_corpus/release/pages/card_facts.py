"""The card's sections on consent, collection, personal data and limits, filled from the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus import vocabulary
from latam_corpus.catalog.display_names import KINDS
from latam_corpus.columns import DOCUMENT
from latam_corpus.messages import _, decimal
from latam_corpus.release.pages.card_markdown import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Manifest, SourceEntry, Tally

_MAX_DEVIATION: Final = 0.05  # between a split's share and the requested one; a larger one is noted on the card
_FEW_DOCUMENTS: Final = 100  # fewer documents of a language are noted as too few to train or measure on
NOT_STATED: Final = "not stated"

_LANGUAGES: Final = """Languages are identified by a model where a source states none, and `und` where it is unsure; how
sure it was is in `language_score`."""
_BOUNDS: Final = """What was filtered was filtered by bounds in `filters/`, of which most had no reviewer; each row has
its signals."""

PERSONAL_DATA: Final = """## Personal data

Identifiers that have a form (e-mail, telephones, national and bank numbers, addresses) are replaced by marks such as
`[PHONE]` where the recipe redacts; the column `redactions` counts them. Names aren't found by themselves: those of
third persons are replaced where a source lists them. Authors and speakers are named as they were catalogued."""


def collection(manifest: Manifest) -> str:
    """Return the card's section on each source's collection (how and when) and contact."""
    sources = {source.source_id: source for source in manifest.sources}
    rows = [
        [
            f"`{source_id}`",
            str(KINDS[source.collected]) if source.collected in KINDS else source.collected or NOT_STATED,
            _days([entry for entry in manifest.sources if entry.source_id == source_id]),
            source.holder or NOT_STATED,
            source.contact or NOT_STATED,
        ]
        for source_id, source in sources.items()
    ]
    return (
        "## Collection\n\nWhat was read of each source, when it was obtained, and whom to write to about it.\n\n"
        f"{table(['source', 'from', 'obtained', 'holder', 'contact'], rows)}"
    )


def _days(entries: list[SourceEntry]) -> str:
    first = min((entry.first for entry in entries if entry.first), default=None)
    last = max((entry.last for entry in entries if entry.last), default=None)
    if first is None or last is None:
        return NOT_STATED
    return f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def consents(manifest: Manifest) -> str:
    """Return the card's section on consent, with the contact for withdrawing it; "" if no source has a consent."""
    by_id = {(source.source_id, consent.id): consent for source in manifest.sources for consent in source.consents}
    rows = [
        [
            f"`{source_id}`",
            consent.community or NOT_STATED,
            f"`{consent.id}`",
            consent.given or NOT_STATED,
            "all that the rights allow" if consent.scope is None else ", ".join(consent.scope) or "none",
            consent.expires or "no end stated",
            consent.language or NOT_STATED,
            consent.withdrawal_contact or NOT_STATED,
        ]
        for (source_id, _id), consent in sorted(by_id.items())
    ]
    if not rows:
        return ""
    heads = ["source", "given by", "record", "day", "for", "until", "asked for in", "to take it back"]
    return (
        "## Consent\n\nTexts that were given under a record of free, prior and informed consent; the column `consent` "
        f"has it in each row. Who trains on them keeps to its conditions.\n\n{table(heads, rows)}"
    )


def limits(manifest: Manifest) -> str:
    """Return the card's section on limits and bias, to read before measuring on the version."""
    lines = [
        f"- {_LANGUAGES}",
        f"- {_BOUNDS}",
        *_largest(manifest),
    ]
    by_language = manifest.counts.get("language", {})
    rare = [name for name, tally in by_language.items() if tally.rows < _FEW_DOCUMENTS and name != "und"]
    if rare:
        lines.append(f"- Of these languages there are fewer than {_FEW_DOCUMENTS} documents: {', '.join(rare)}.")
    lines += [f"- {sentence.translate('en')}" for sentence in held_out(manifest)]
    lines.append(f"- Tokens aren't counted here: `latam-corpus release tokens {manifest.spec} --tokenizer FILE` does.")
    return "## Limits and bias\n\n" + "\n".join(lines)


def _largest(manifest: Manifest) -> list[str]:
    """Return a line each for country, source and genre: the largest one, with its share of the version."""
    lines = []
    for column in ("country", "source", "genre"):
        tallies: Mapping[str, Tally] = manifest.counts.get(column, {})
        if not tallies or not manifest.rows:
            continue
        name, tally = max(tallies.items(), key=lambda item: (item[1].rows, item[0]))
        share = 100 * tally.rows / manifest.rows
        of_all = f"{name or NOT_STATED}, of {len(tallies)} in all"
        lines.append(f"- The {column} of {share:.0f} % of the documents is {of_all}.")
    return lines


def held_out(manifest: Manifest) -> list[Message]:
    """Return a sentence for each difference between the requested splits and the splits of the version."""
    notes = []
    for split in vocabulary.SPLITS[1:]:
        requested = manifest.splits.get(split, 0.0)
        tally = manifest.counts.get("split", {}).get(split)
        share = tally.rows / manifest.rows if tally else 0.0
        values = {"split": split, "share": decimal(f"{100 * requested:g}"), "is": decimal(f"{100 * share:.0f}")}
        if requested and not tally and manifest.rows:
            notes.append(
                _(
                    "There is no {split} split, although {share} % were asked for: the corpus is too small, or all of "
                    "it was in an earlier version for training.",
                    **values,
                )
            )
        elif requested and abs(share - requested) > max(_MAX_DEVIATION, requested / 4):
            notes.append(
                _(
                    "The {split} split has a share of {is} %, and {share} % were asked for: groups aren't divided.",
                    **values,
                )
            )
    if manifest.parted_groups:
        notes.append(
            _(
                "{n} {n:group|groups} (split_by = {by}) {n:has|have} documents in several splits, where an earlier "
                "version had put them.",
                n=decimal(f"{manifest.parted_groups:,}"),
                by=manifest.split_by,
            )
        )
    return notes


def columns(manifest: Manifest) -> str:
    """Return the card's section on the columns of a row."""
    rows = [[f"`{column.name}`", str(column.meaning)] for column in DOCUMENT if column.released]
    rows += [[f"`extra.{name}`", f"added by a source or a plug-in; {kind}"] for name, kind in manifest.extra.items()]
    return f"## Columns\n\n{table(['column', 'meaning'], rows)}"


def citation(manifest: Manifest) -> str:
    """Return the card's section on how to cite the version."""
    holders = ", ".join(sorted({source.holder for source in manifest.sources if source.holder})) or "several holders"
    return f"## Citation\n\n> {manifest.title}, {manifest.spec}. {holders}. {manifest.created.year}."
