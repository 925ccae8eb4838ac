"""The obligations of users of a version, by source: a section of the card, and ATTRIBUTION.md to pass on unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.community_labels import label_of
from latam_corpus.catalog.rights import obligations_of
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latam_corpus.release.storing.manifest import Manifest, SourceEntry

ATTRIBUTION: Final = "ATTRIBUTION.md"
DUTIES: Final = {
    "attribution": _("credit the person or institution that the row names"),
    "share_alike": _("pass it on under the same terms"),
    "non_commercial": _("not for commercial use"),
    "no_derivatives": _("pass it on unchanged"),
    "agreement": _("keep to its agreement (column `agreement`)"),
}

_LABELLED: Final = """Communities have put these labels of Local Contexts on documents (column `consent`). Read the page
of each: its people may ask for more than its name says."""
_TO_BE_PASSED_ON: Final = """Pass this file on with the texts, or with what you make of them where their terms ask
for it. Where a source has many authors, the columns `creators`, `title` and `url` of a row name the one to credit.
Texts were extracted, repaired and, in part, redacted: they are changed."""


def obligations(manifest: Manifest) -> str:
    """Return the card's section: a line for each source with obligations, then every label on a document."""
    lines = [
        f"- `{source.source_id}`, under {source.rights or 'no statement'}: {'; '.join(duties)}."
        for source in manifest.sources
        if (duties := [str(DUTIES[name]) for name in obligations_of(source.rights, source.rights_tier)])
    ]
    parts = ["## Obligations", "\n".join(lines) or "No source asks for anything."]
    if marked := _labels(manifest.sources):
        parts += [_LABELLED, "\n".join(marked)]
    return "\n\n".join([*parts, f"`{ATTRIBUTION}` has the names, ready to be passed on."])


def attribution(manifest: Manifest) -> str:
    """Return the text of ATTRIBUTION.md: for each source, the names to credit, its terms and its labels."""
    parts = [f"# Attribution for {manifest.title} ({manifest.spec})", _TO_BE_PASSED_ON]
    parts += [_entry(source) for source in manifest.sources]
    return "\n\n".join(parts) + "\n"


def _entry(source: SourceEntry) -> str:
    title = source.title or source.source_id
    lines = [
        f"## {title}",
        f"- by: {source.holder or 'see the column `creators`'}",
        f"- from: {source.homepage or 'see the column `url`'}",
        f"- terms: {source.rights or 'none stated'} ({source.rights_tier})",
        f'- documents: {source.rows:,} (`source_id = "{source.source_id}"`)',
    ]
    lines += [f"- asks: {DUTIES[name]}" for name in obligations_of(source.rights, source.rights_tier)]
    lines += [f"- label{line.removeprefix('-')}" for line in _labels([source])]
    return "\n".join(lines)


def _labels(sources: Iterable[SourceEntry]) -> list[str]:
    """Return a line for each label, with its names, its address and the sources that have it."""
    source_ids: dict[str, list[str]] = {}
    for source in sources:
        for statement in source.labels:
            source_ids.setdefault(statement, []).append(source.source_id)
    lines = []
    for statement, ids in sorted(source_ids.items()):
        label = label_of(statement)
        names = " · ".join(dict.fromkeys(label.names.values())) if label else statement
        where = f"[{names}]({label.uri})" if label else names
        lines.append(f"- {where}: {', '.join(f'`{source_id}`' for source_id in dict.fromkeys(ids))}")
    return lines
