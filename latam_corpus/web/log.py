"""The append-only log of decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from latam_corpus.web.models import LogEntry, Person

if TYPE_CHECKING:
    from collections.abc import Iterator

# The labels of actions by the name in the log, which doesn't depend on the page's language.
ACTIONS: Final = {
    "account made": _("account made"),
    "catalogue added": _("catalogue added"),
    "catalogue mapped": _("catalogue mapped"),
    "catalogue removed": _("catalogue removed"),
    "collection changed": _("collection changed"),
    "collection made": _("collection made"),
    "consent approved": _("consent approved"),
    "consent document read": _("consent document read"),
    "consent proposed": _("consent proposed"),
    "consent recorded": _("consent recorded"),
    "consent refused": _("consent refused"),
    "consent removed": _("consent removed"),
    "file corrected": _("file corrected"),
    "files added": _("files added"),
    "hold ended": _("hold ended"),
    "invitation made": _("invitation made"),
    "job stopped": _("job stopped"),
    "language named": _("language named"),
    "lines missing": _("lines missing"),
    "name here": _("name here"),
    "password changed": _("password changed"),
    "rights approved": _("rights approved"),
    "rights proposed": _("rights proposed"),
    "rights refused": _("rights refused"),
    "role changed": _("role changed"),
    "row joined": _("row joined"),
    "rows joined": _("rows joined"),
    "rules changed": _("rules changed"),
    "rules no longer used": _("rules no longer used"),
    "rules opened": _("rules opened"),
    "rules signed": _("rules signed"),
    "rules used": _("rules used"),
    "run started": _("run started"),
    "source replaced": _("source replaced"),
    "status page changed": _("status page changed"),
    "terms decided": _("terms decided"),
    "terms stated": _("terms stated"),
    "texts drawn": _("texts drawn"),
    "texts held": _("texts held"),
    "texts withdrawn": _("texts withdrawn"),
    "token made": _("token made"),
    "token revoked": _("token revoked"),
    "version made": _("version made"),
    "version requested": _("version requested"),
    "withdrawal confirmed": _("withdrawal confirmed"),
    "withdrawal given up": _("withdrawal given up"),
    "withdrawal rule changed": _("withdrawal rule changed"),
}


def log(
    person: Person | None, action: str, thing: object, *, before: str = "", after: str = "", reason: str = ""
) -> LogEntry:
    """Add an entry to the log, such as `collection changed` about the thing `collection cantos`.

    `person` is None for the program itself; `before` and `after` are the SHA-256, in hex, of the thing's content.
    """
    with transaction.atomic():
        # PostgreSQL runs transactions concurrently; locking the newest entry keeps the chain from forking.
        newest = LogEntry.objects.select_for_update().first()
        entry = LogEntry(
            person=person,
            action=action,
            object=str(thing)[:300],
            digest_before=before,
            digest_after=after,
            reason=reason,
            previous=newest.digest if newest else "",
        )
        entry.digest = entry.computed_digest()
        entry.save()
    return entry


def broken_entries() -> Iterator[LogEntry]:
    """Yield the entries that were changed, and those whose predecessor was changed or removed."""
    previous = ""
    for entry in LogEntry.objects.order_by("pk").iterator():
        if entry.previous != previous or entry.digest != entry.computed_digest():
            yield entry
        previous = entry.digest
