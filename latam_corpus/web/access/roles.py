"""Roles: the pages that each may open, and the collections that a person may read, change or approve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404

from latam_corpus.web.models import Collection, Role

if TYPE_CHECKING:
    from django.http import HttpRequest

VISITOR: Final = "visitor"

EVERYONE: Final = frozenset({VISITOR, *Role.values})
PEOPLE: Final = EVERYONE - {VISITOR}
# Contributors may change their own collections, see `editable_collection`.
OWNERS: Final[frozenset[Any]] = frozenset({Role.CONTRIBUTOR, Role.STEWARD})
REVIEWERS: Final[frozenset[Any]] = frozenset({Role.REVIEWER, Role.STEWARD})
STEWARDS: Final[frozenset[Any]] = frozenset({Role.STEWARD})

# The roles that may open each route, which `urls.page` fills. A route that isn't here is closed to everyone.
ROUTES: Final[dict[str, frozenset[str]]] = {}

# The scope that a token must have, by route and method.
READ_COLLECTIONS: Final = "collections:read"
READ_SOURCES: Final = "sources:read"
WRITE_SOURCES: Final = "sources:write"
READ_JOBS: Final = "jobs:read"
SCOPES: Final = {
    ("api-collections", "GET"): READ_COLLECTIONS,
    ("api-collection", "GET"): READ_COLLECTIONS,
    ("api-source", "GET"): READ_SOURCES,
    ("api-source", "PUT"): WRITE_SOURCES,
    ("api-catalogue", "GET"): READ_SOURCES,
    ("api-catalogue", "PUT"): WRITE_SOURCES,
    ("api-jobs", "GET"): READ_JOBS,
    ("api-job", "GET"): READ_JOBS,
}


def role_of(request: HttpRequest) -> str:
    """Return the role of the person who sent a request."""
    return str(request.user.role) if request.user.is_authenticated else VISITOR


def is_single() -> bool:
    """Return whether the desk serves one person on this machine, who has all roles."""
    return bool(settings.DESK.single)


def may_open(request: HttpRequest, route: str) -> bool:
    """Return whether the table allows a route to the person who sent the request."""
    allowed = ROUTES.get(route, frozenset())
    if is_single() and request.user.is_authenticated:
        return bool(allowed)
    return role_of(request) in allowed


def collections_of(person: Any) -> Any:
    """Return the collections that a person may read: a contributor's own, or all for other roles."""
    everything = Collection.objects.all()
    return everything.filter(owner=person) if person.role == Role.CONTRIBUTOR else everything


def readable_collection(request: HttpRequest, slug: str) -> Collection:
    """Return a collection that the person may read; raise Http404 if there is none."""
    collection: Collection = get_object_or_404(collections_of(request.user), slug=slug)
    return collection


def may_edit(person: Any, collection: Collection) -> bool:
    """Return whether a person may change a collection: its owner and the stewards may."""
    return bool(person.role == Role.STEWARD or (collection.owner_id == person.pk and person.role == Role.CONTRIBUTOR))


def editable_collection(request: HttpRequest, slug: str) -> Collection:
    """Return a collection that the person may change; raise Http404 if there is none."""
    collection = readable_collection(request, slug)
    if not may_edit(request.user, collection):
        raise Http404
    return collection


def may_approve(person: Any, collection: Collection) -> bool:
    """Return whether a person may approve a collection: a reviewer or steward who doesn't own it.

    The only user of a desk on one machine may do so too, and the approval states that.
    """
    return is_single() or (person.role in REVIEWERS and collection.owner_id != person.pk)
