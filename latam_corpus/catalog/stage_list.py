"""The toolkit's stages and the steps of every run, with their locations and descriptions.

Stages import Polars. This list doesn't import them, so that progress lines, pages and completion can name them quickly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.messages import _

if TYPE_CHECKING:
    from latam_corpus.messages import Message


@dataclass(frozen=True)
class StageEntry:
    """The facts about a stage that are needed before its module is imported.

    Attributes:
        label: its name in Spanish and Portuguese; in English, its code is shown.
        does: its description in one line.
        location: its class, as `module:Class`; empty if a recipe can't name it.
    """

    label: Message
    does: Message | None = None
    location: str = ""


ENTRIES: Final = {
    "skim": StageEntry(
        _("to skim"),
        _("reads the visible text of web pages, before they are extracted"),
        "latam_corpus.extract.skim:Skim",
    ),
    "extract": StageEntry(
        _("to extract"),
        _("extracts the text of each file or page, without menus and advertisements"),
        "latam_corpus.extract.stage:Extract",
    ),
    "unmark": StageEntry(
        _("to remove marks"),
        _("removes the marks of transcribers, as the genre's policy says"),
        "latam_corpus.extract.unmark:Unmark",
    ),
    "repair": StageEntry(
        _("to repair"), _("repairs letters that a wrong encoding damaged"), "latam_corpus.extract.repair:Repair"
    ),
    "identify": StageEntry(
        _("to identify"), _("finds the language of each text"), "latam_corpus.language.identify:Identify"
    ),
    "measure": StageEntry(
        _("to measure"),
        _("measures the values that the bounds of policies need"),
        "latam_corpus.quality.measure:Measure",
    ),
    "filter": StageEntry(
        _("to filter"),
        _("drops documents that break a bound of their language and genre"),
        "latam_corpus.quality.filter:Filter",
    ),
    "redact": StageEntry(
        _("to redact"), _("puts a mark in place of personal data"), "latam_corpus.privacy.redact:Redact"
    ),
    "fingerprint": StageEntry(
        _("to take fingerprints"),
        _("computes the fingerprints that find near-duplicates"),
        "latam_corpus.dedupe.fingerprints.fingerprint:Fingerprint",
    ),
    "dedupe": StageEntry(
        _("to find duplicates"),
        _("keeps one of several documents with the same text"),
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
    "withdrawals": StageEntry(_("to set aside withdrawn documents")),
    "settle": StageEntry(_("to close")),
}
