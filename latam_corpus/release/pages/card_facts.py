"""The card's sections on consent, collection, personal data and limits, filled from the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus import schema, vocabulary
from latam_corpus.catalog.display_names import KINDS
from latam_corpus.messages import _, decimal
from latam_corpus.release.pages.card_markdown import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Manifest, SourceEntry, Tally

_FAR: Final = 0.05  # from what was asked of a split, so that it is told
_FEW: Final = 100  # documents of a language from which little can be learnt or measured
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
    """Return how and when each source was collected, and whom to write to about it."""
    sources = {source.source_id: source for source in manifest.sources}
    rows = [
        [
            f"`{source_id}`",
            str(KINDS[source.collected]) if source.collected in KINDS else source.collected or NOT_STATED,
            _days([one for one in manifest.sources if one.source_id == source_id]),
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
    first = min((one.first for one in entries if one.first), default=None)
    last = max((one.last for one in entries if one.last), default=None)
    if first is None or last is None:
        return NOT_STATED
    return f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def consents(manifest: Manifest) -> str:
    """Return under which consent each source was given, and whom to write to to end it; "" where none is."""
    stated = {(source.source_id, one.id): one for source in manifest.sources for one in source.consents}
    rows = [
        [
            f"`{source_id}`",
            one.community or NOT_STATED,
            f"`{one.id}`",
            one.given or NOT_STATED,
            "all that the rights allow" if one.scope is None else ", ".join(one.scope) or "none",
            one.expires or "no end stated",
            one.language or NOT_STATED,
            one.withdrawal_contact or NOT_STATED,
        ]
        for (source_id, _id), one in sorted(stated.items())
    ]
    if not rows:
        return ""
    heads = ["source", "given by", "record", "day", "for", "until", "asked for in", "to take it back"]
    return (
        "## Consent\n\nTexts that were given under a record of free, prior and informed consent; the column `consent` "
        f"has it in each row. Who trains on them keeps to its conditions.\n\n{table(heads, rows)}"
    )


def limits(manifest: Manifest) -> str:
    """Return what a reader should know before measuring on the version, or concluding from it."""
    lines = [
        f"- {_LANGUAGES}",
        f"- {_BOUNDS}",
        *_largest(manifest),
    ]
    few = [name for name, tally in manifest.counts.get("language", {}).items() if tally.rows < _FEW and name != "und"]
    if few:
        lines.append(f"- Of these languages there are fewer than {_FEW} documents: {', '.join(few)}.")
    lines += [f"- {sentence.translate('en')}" for sentence in held_out(manifest)]
    lines.append(f"- Tokens aren't counted here: `latam-corpus release tokens {manifest.spec} --tokenizer FILE` does.")
    return "## Limits and bias\n\n" + "\n".join(lines)


def _largest(manifest: Manifest) -> list[str]:
    """Give a line for each of country, source and genre: how much of the version the largest one is."""
    lines = []
    for what in ("country", "source", "genre"):
        tallies: Mapping[str, Tally] = manifest.counts.get(what, {})
        if not tallies or not manifest.rows:
            continue
        name, tally = max(tallies.items(), key=lambda item: (item[1].rows, item[0]))
        share = 100 * tally.rows / manifest.rows
        of_all = f"{name or NOT_STATED}, of {len(tallies)} in all"
        lines.append(f"- The {what} of {share:.0f} % of the documents is {of_all}.")
    return lines


def held_out(manifest: Manifest) -> list[Message]:
    """Return a sentence for each way in which the splits aren't what was asked for."""
    told = []
    for split in vocabulary.SPLITS[1:]:
        asked = manifest.splits.get(split, 0.0)
        tally = manifest.counts.get("split", {}).get(split)
        share = tally.rows / manifest.rows if tally else 0.0
        about = {"split": split, "share": decimal(f"{100 * asked:g}"), "is": decimal(f"{100 * share:.0f}")}
        if asked and not tally and manifest.rows:
            told.append(
                _(
                    "There is no {split} split, although {share} % were asked for: the corpus is too small, or all of "
                    "it was in an earlier version for training.",
                    **about,
                )
            )
        elif asked and abs(share - asked) > max(_FAR, asked / 4):
            told.append(
                _(
                    "The {split} split has a share of {is} %, and {share} % were asked for: groups go whole.",
                    **about,
                )
            )
    if manifest.parted_groups:
        told.append(
            _(
                "{n} {n:group|groups} (split_by = {by}) {n:has|have} documents in several splits, where an earlier "
                "version had put them.",
                n=decimal(f"{manifest.parted_groups:,}"),
                by=manifest.split_by,
            )
        )
    return told


def columns(manifest: Manifest) -> str:
    """Return what each column of a row means."""
    rows = [[f"`{column.name}`", column.meaning] for column in schema.DOCUMENT if column.name in schema.RELEASE_SCHEMA]
    rows += [[f"`extra.{name}`", f"added by a source or a plug-in; {kind}"] for name, kind in manifest.extra.items()]
    return f"## Columns\n\n{table(['column', 'meaning'], rows)}"


def citation(manifest: Manifest) -> str:
    """Return how to cite the version."""
    holders = ", ".join(sorted({source.holder for source in manifest.sources if source.holder})) or "several holders"
    return f"## Citation\n\n> {manifest.title}, {manifest.spec}. {holders}. {manifest.created.year}."
