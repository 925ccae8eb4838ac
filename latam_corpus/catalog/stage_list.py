"""The toolkit's stages, and the steps that every run has: where each is, and what people read about it.

A stage's class imports Polars. This list imports no stage, so that progress lines, pages and completion can name them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.messages import _

if TYPE_CHECKING:
    from latam_corpus.messages import Message


@dataclass(frozen=True)
class StageEntry:
    """What is known of a stage before its module is imported.

    Attributes:
        label: its name in Spanish and Portuguese; in English people read its code.
        does: what it does, in one line.
        location: its class, as `module:Class`; empty if a recipe can't name it.
    """

    label: Message
    does: Message | None = None
    location: str = ""


ENTRIES: Final = {
    "skim": StageEntry(
        _("to skim"),
        _("takes the visible text of web pages, before they are extracted"),
        "latam_corpus.extract.skim:Skim",
    ),
    "extract": StageEntry(
        _("to extract"),
        _("takes the text out of each file or page, without menus and advertisements"),
        "latam_corpus.extract.stage:Extract",
    ),
    "unmark": StageEntry(
        _("to remove marks"),
        _("takes the marks of transcribers out, as the genre's policy says"),
        "latam_corpus.extract.unmark:Unmark",
    ),
    "repair": StageEntry(
        _("to repair"), _("mends letters that a wrong encoding spoilt"), "latam_corpus.extract.repair:Repair"
    ),
    "identify": StageEntry(
        _("to identify"), _("finds the language of each text"), "latam_corpus.language.identify:Identify"
    ),
    "measure": StageEntry(
        _("to measure"), _("measures what the bounds of policies ask for"), "latam_corpus.quality.measure:Measure"
    ),
    "filter": StageEntry(
        _("to filter"),
        _("sets aside what breaks a bound of its language and genre"),
        "latam_corpus.quality.filter:Filter",
    ),
    "redact": StageEntry(
        _("to redact"), _("puts a mark in place of personal data"), "latam_corpus.privacy.redact:Redact"
    ),
    "fingerprint": StageEntry(
        _("to take fingerprints"),
        _("notes by what near-duplicates are found"),
        "latam_corpus.dedupe.fingerprints.fingerprint:Fingerprint",
    ),
    "dedupe": StageEntry(
        _("to find duplicates"),
        _("keeps one of several documents that say the same"),
        "latam_corpus.dedupe.dedupe:Dedupe",
    ),
    "boilerplate": StageEntry(
        _("to cut shared lines"),
        _("cuts lines that many documents of one source share"),
        "latam_corpus.dedupe.lines.boilerplate:Boilerplate",
    ),
    "collect": StageEntry(_("to collect")),
    "line_keys": StageEntry(_("to note lines")),
    "common_lines": StageEntry(_("to find shared lines")),
    "supersede": StageEntry(_("to choose records")),
    "withdrawals": StageEntry(_("to set aside what was withdrawn")),
    "settle": StageEntry(_("to close")),
}
