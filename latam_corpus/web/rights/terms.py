"""Group the catalogue's statements of terms, show the consequences of each, and store decisions about them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from latam_corpus.web.files.catalogue import catalogue_of, licences_in, value_of, write_catalogue
from latam_corpus.web.jobs.queue import enqueue, wait_for
from latam_corpus.web.log import log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latam_corpus.web.models import Collection, CollectionFile, Person

# A cell that isn't read as a licence, so that the text is in no version.
NOT_RELEASED: Final = "not to be released"
_WITHOUT_ROW: Final = "rights_tier=unknown:catalogue_row"  # the reason to hold a file without a row in the catalogue
DECIDED: Final = ("rights", "uses", "expires", "embargo_until", "consent", "community", "withdrawal_contact")


@dataclass(frozen=True)
class Group:
    """The files whose rows state the same rights."""

    value: str  # the unchanged cell; empty if the rows have no statement
    is_without_row: bool
    paths: tuple[str, ...]
    released: int  # how many files could be in a version, according to the facts about them
    held: tuple[str, ...]  # the survey's codes for the reasons why other files couldn't
    tiers: tuple[str, ...]  # of the files that could
    unknown: int  # how many files haven't been examined yet

    @property
    def is_kept_out(self) -> bool:
        """Whether a person decided to keep the texts out of all versions."""
        return self.value == NOT_RELEASED

    @property
    def licences(self) -> list[str]:
        """The licences that the cell names; empty unless it names several."""
        return licences_in(self.value)


def groups(collection: Collection) -> list[Group]:
    """Return the groups of a collection's files: those with held files first, then the largest first."""
    columns = catalogue_of(collection).get("columns", {})
    has_catalogue = bool(catalogue_of(collection))
    files: dict[tuple[bool, str], list[CollectionFile]] = defaultdict(list)
    for file in collection.files.all():
        value = value_of(file, "rights", columns).strip()
        files[has_catalogue and file.row is None and not value, value].append(file)
    listed_groups = [
        _group(value, members, is_without_row=without_row) for (without_row, value), members in files.items()
    ]
    return sorted(listed_groups, key=lambda group: (not group.held, -len(group.paths), group.value))


def _group(value: str, files: list[CollectionFile], *, is_without_row: bool) -> Group:
    facts = [file.facts for file in files if file.facts and not file.facts.get("is_catalogue")]
    held = dict.fromkeys(str(fact["held_because"]) for fact in facts if fact.get("held_because"))
    if is_without_row:
        return Group(value, is_without_row, tuple(file.path for file in files), 0, (_WITHOUT_ROW,), (), 0)
    free = [fact for fact in facts if fact.get("read") and not fact.get("held_because")]
    tiers = dict.fromkeys(str(fact["rights_tier"]) for fact in free if fact.get("rights_tier"))
    unknown = sum(not file.facts for file in files)
    return Group(value, is_without_row, tuple(file.path for file in files), len(free), (*held,), (*tiers,), unknown)


def group_of(collection: Collection, value: str, *, is_without_row: bool) -> Group | None:
    """Return the group with this cell; None if no file has it any more."""
    matching = (group for group in groups(collection) if (group.value, group.is_without_row) == (value, is_without_row))
    return next(matching, None)


def decide_terms(collection: Collection, person: Person, paths: Iterable[str], values: Mapping[str, Any]) -> int:
    """Write a decision into the catalogue's rows of some files, and examine these files again; return their number.

    `values` has new values by column of DECIDED; an empty one removes an earlier decision about the column.
    """
    cells = {column: values[column] for column in DECIDED if column in values}
    with transaction.atomic():
        files = list(collection.files.select_for_update().filter(path__in=list(paths)))
        for file in files:
            correction = {column: value for column, value in (file.correction | cells).items() if value}
            file.store(correction=correction)
    write_catalogue(collection)
    about = f"collection {collection.slug}, {len(files)} files"
    log(person, "terms decided", about, reason=str(cells.get("rights", "")))
    wait_for(enqueue("survey", person, collection, paths=[file.path for file in files]))
    return len(files)
