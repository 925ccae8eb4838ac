"""The append-only log of decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from latam_corpus.web.models import LogEntry, Person

if TYPE_CHECKING:
    from collections.abc import Iterator


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
