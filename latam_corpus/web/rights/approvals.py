"""Approvals: their scope, whether they still match, and which approvals a collection lacks.

An approval has the digest of the approved content. The content is stored under that digest in `approvals/`, so that a
page can show later changes.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from latam_corpus.storage import durable
from latam_corpus.web.access.roles import is_single, may_approve
from latam_corpus.web.files.catalogue import FILE, NAME, change_draft
from latam_corpus.web.log import log
from latam_corpus.web.models import Approval, Collection, Job, LogEntry, Person
from latam_corpus.web.source_values import source_values
from latam_corpus.web.workspace import collection_folder, data_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

KINDS: Final = tuple(Approval.Kind.values)
# Columns of the catalogue that only describe a text. Any other column may state terms.
_DESCRIBING: Final = frozenset(
    {FILE, "form", "title", "creators", "published", "declared_language", "genre", "country", "composition"}
)
CONSENTING: Final = ("consent", "community", "withdrawal_contact")
# The log's names for actions on terms and consents.
_WRITES: Final = (
    "catalogue added",
    "catalogue mapped",
    "catalogue removed",
    "collection changed",
    "consent recorded",
    "consent removed",
    "row joined",
    "rows joined",
    "source replaced",
    "terms decided",
    "terms stated",
)
_SHOWN: Final = 5  # maximum number of names in a sentence about a change
_ADDED: Final = ngettext_lazy("%(n)d file was added: %(names)s", "%(n)d files were added: %(names)s", "n")
_REMOVED: Final = ngettext_lazy("%(n)d file was removed: %(names)s", "%(n)d files were removed: %(names)s", "n")
_REPLACED: Final = ngettext_lazy(
    "%(n)d file has other content: %(names)s", "%(n)d files have other content: %(names)s", "n"
)
_OTHER_TERMS: Final = ngettext_lazy(
    "The terms of %(n)d file changed: %(names)s", "The terms of %(n)d files changed: %(names)s", "n"
)


@dataclass(frozen=True)
class Standing:
    """The state of the approval of a collection's rights or consent."""

    kind: str
    state: str  # `draft`, `proposed`, `approved`, `expired` or `refused`
    digest: str  # of the content that an approval would cover now
    person: Person | None = None  # who proposed, approved or refused it
    at: datetime | None = None
    reason: str = ""
    changes: list[str] = field(default_factory=list)  # since it was proposed or approved, one sentence each
    approval: Approval | None = None  # or the refusal
    is_alone: bool = False  # whether the proposer approved it, on a desk for one person
    version: str = ""  # the first one made with the approval

    @property
    def label(self) -> str:
        """The subject of the approval."""
        return str(Approval.Kind(self.kind).label)


def catalogue_rows(collection: Collection) -> dict[str, dict[str, str]]:
    """Return the rows of a collection's `catalogue.csv`, by file, as a run reads them; empty if it has none."""
    path = collection_folder(collection) / NAME
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row.pop(FILE, "") or "": {head: cell for head, cell in row.items() if cell} for row in csv.DictReader(file)
        }


def covered(collection: Collection, kind: str) -> dict[str, Any]:
    """Return the content that an approval covers: statements of source file and catalogue, and SHA-256 of the files."""
    source = source_values(collection)
    rows = catalogue_rows(collection)
    if kind == str(Approval.Kind.RIGHTS):
        rights_holder = Collection.objects.values_list("rights_holder", flat=True).get(pk=collection.pk)
        stated = {"holder": source.get("holder"), "rights_holder": rights_holder}
        stated |= {name: source.get(name) for name in ("rights", "collect", "contributor")}
        cells = {
            name: {head: cell for head, cell in row.items() if head not in _DESCRIBING and head not in CONSENTING}
            for name, row in rows.items()
        }
    else:
        stated = {"consent": source.get("consent"), "documents": consent_documents(collection)}
        cells = {name: {head: cell for head, cell in row.items() if head in CONSENTING} for name, row in rows.items()}
    files = dict(collection.files.values_list("path", "sha256"))
    return json.loads(json.dumps({"stated": stated, "rows": cells, "files": files}, default=str, sort_keys=True))


def consent_folder(collection: Collection) -> Path:
    """Return the folder of a collection's consent documents, which are named by their SHA-256 and suffix."""
    return collection_folder(collection) / "consent"


def consent_documents(collection: Collection) -> dict[str, list[str]]:
    """Return name and file of each consent record's document, by the record's id."""
    documents: dict[str, list[str]] = _draft(collection).get("consent_documents") or {}
    return documents


def _draft(collection: Collection) -> dict[str, Any]:
    """Return a collection's current draft from the database."""
    return Collection.objects.values_list("draft", flat=True).get(pk=collection.pk) or {}


def digest_of(values: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the content that an approval covers."""
    return hashlib.sha256(_dumped(values)).hexdigest()


def _dumped(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _keep(values: Mapping[str, Any]) -> str:
    """Store the content that an approval covers under its digest; return the digest."""
    digest = digest_of(values)
    path = data_folder() / "approvals" / f"{digest}.json"
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        durable.replace(path, _dumped(values))
    return digest


def _kept(digest: str) -> dict[str, Any] | None:
    """Return the content stored under a digest; None if it is missing or was changed."""
    path = data_folder() / "approvals" / f"{digest}.json"
    data = path.read_bytes() if path.is_file() else b""
    return json.loads(data) if hashlib.sha256(data).hexdigest() == digest else None


def standing(collection: Collection, kind: str) -> Standing:
    """Return the current state of the approval of a collection's rights or consent."""
    values = covered(collection, kind)
    digest = digest_of(values)
    decisions = collection.approvals.filter(kind=kind).select_related("person").order_by("-pk")
    latest = decisions.filter(digest=digest).first()
    proposal = proposal_of(collection, kind)
    proposer = Person.objects.filter(pk=proposal.get("person")).first()
    is_proposed = proposal.get("digest") == digest and (latest is None or proposal["after"] >= latest.pk)
    if is_proposed:
        return Standing(kind, "proposed", digest, proposer, timezone.datetime.fromisoformat(proposal["at"]))
    if latest is not None:
        state = "approved" if latest.approved else "refused"
        is_alone = latest.approved and latest.person_id == proposal.get("person")
        result = Standing(kind, state, digest, latest.person, latest.given, latest.reason, [], latest, is_alone)
        return result if state == "refused" else _with_version(collection, result)
    earlier = decisions.filter(approved=True).first()
    if earlier is not None:
        changes = list(_changes(_kept(earlier.digest), values))
        return Standing(kind, "expired", digest, earlier.person, earlier.given, "", changes, earlier)
    changes = list(_changes(_kept(proposal["digest"]), values)) if proposal else []
    return Standing(kind, "draft", digest, changes=changes)


def _with_version(collection: Collection, result: Standing) -> Standing:
    for job in Job.objects.filter(collection=collection, kind="release", state=Job.State.DONE).order_by("pk"):
        if result.approval and result.approval.pk in (job.result or {}).get("approvals", ()):
            return replace(result, version=job.result["version"])
    return result


def proposal_of(collection: Collection, kind: str) -> dict[str, Any]:
    """Return digest, person and time of a kind's last proposal; empty if there is none."""
    proposal: dict[str, Any] = (_draft(collection).get("proposed") or {}).get(kind) or {}
    return proposal


def propose(collection: Collection, person: Person) -> list[str]:
    """Propose the kinds that aren't approved yet, and return them."""
    kinds = [kind for kind in KINDS if standing(collection, kind).state not in {"approved", "proposed"}]
    proposed = {}
    for kind in kinds:
        last = collection.approvals.filter(kind=kind).order_by("-pk").first()
        proposed[kind] = {
            "digest": _keep(covered(collection, kind)),
            "person": person.pk,
            "at": timezone.now().isoformat(),
            "after": last.pk if last else 0,  # an earlier refusal of the same content doesn't answer this proposal
        }
    if proposed:
        change_draft(collection, lambda draft: draft.setdefault("proposed", {}).update(proposed))
        for kind, entry in proposed.items():
            log(person, f"{kind} proposed", f"collection {collection.slug}", after=entry["digest"])
        Collection.objects.filter(pk=collection.pk).update(state=Collection.State.REVIEW, reason="")
    return kinds


def reopen(collection: Collection) -> dict[str, str]:
    """Make a collection a draft again if it was changed since it was proposed; return the state of each approval."""
    states = {kind: standing(collection, kind).state for kind in KINDS}
    if {"draft", "expired"} & set(states.values()):
        waiting = (Collection.State.REVIEW, Collection.State.APPROVED)
        Collection.objects.filter(pk=collection.pk, state__in=waiting).update(state=Collection.State.DRAFT)
    return states


def may_decide(person: Person, collection: Collection, kind: str) -> bool:
    """Return whether a person may decide on a proposal: anyone but its proposer and the authors of the terms."""
    if is_single():
        return True
    involved = {proposal_of(collection, kind).get("person"), *_writers(collection, kind)}
    return may_approve(person, collection) and person.pk not in involved


def _writers(collection: Collection, kind: str) -> set[int]:
    """Return the authors of terms or consents since the last approval of a kind, which covers all earlier changes."""
    about = f"collection {collection.slug}"
    written = LogEntry.objects.filter(Q(object=about) | Q(object__startswith=f"{about},"), action__in=_WRITES)
    last = collection.approvals.filter(kind=kind, approved=True).order_by("-pk").first()
    if last is not None:
        written = written.filter(at__gt=last.given)
    return set(written.order_by().values_list("person", flat=True))


def decide(collection: Collection, kind: str, person: Person, digest: str, *, approved: bool, reason: str) -> bool:
    """Approve or refuse the proposal with this digest; return False, and store nothing, if it isn't open any more."""
    current = standing(collection, kind)
    if current.state != "proposed" or current.digest != digest or not may_decide(person, collection, kind):
        return False
    _keep(covered(collection, kind))
    collection.approvals.create(kind=kind, digest=digest, person=person, approved=approved, reason=reason)
    action = f"{kind} approved" if approved else f"{kind} refused"
    log(person, action, f"collection {collection.slug}", after=digest, reason=reason)
    if not approved:
        Collection.objects.filter(pk=collection.pk).update(state=Collection.State.DRAFT, reason=reason)
    elif not missing_approvals(collection):
        Collection.objects.filter(pk=collection.pk).update(state=Collection.State.APPROVED, reason="")
    return True


def approvals_of(collection: Collection) -> list[Approval]:
    """Return the approvals that match a collection's current content: at most one of rights and one of consent."""
    stands = [standing(collection, kind) for kind in KINDS]
    return [stand.approval for stand in stands if stand.state == "approved" and stand.approval is not None]


def missing_approvals(collection: Collection) -> list[str]:
    """Return one sentence per missing or mismatching approval that prevents a release."""
    sentences = {
        "draft": _("It isn't proposed yet."),
        "proposed": _("It is proposed, and nobody has approved it yet."),
        "refused": _("It was refused."),
        "expired": _("What was approved has changed since."),
    }
    stands = [standing(collection, kind) for kind in KINDS]
    return [f"{stand.label}: {sentences[stand.state]}" for stand in stands if stand.state != "approved"]


def _changes(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Iterator[str]:
    """Yield one sentence per difference between the contents of two approvals."""
    if old is None:
        yield _("The record of what was approved is missing or damaged.")
        return
    files, now = old["files"], new["files"]
    rows = {
        name.removeprefix("files/")
        for name in old["rows"].keys() | new["rows"].keys()
        if old["rows"].get(name) != new["rows"].get(name)
    }
    changes = [
        (_ADDED, now.keys() - files.keys()),
        (_REMOVED, files.keys() - now.keys()),
        (_REPLACED, {name for name in files.keys() & now.keys() if files[name] != now[name]}),
        (_OTHER_TERMS, rows - (files.keys() ^ now.keys())),
    ]
    for text, found in changes:
        if names := sorted(found):
            shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
            yield text % {"n": len(names), "names": shown}
    old_values, new_values = dict(_flat(old["stated"])), dict(_flat(new["stated"]))
    for key in sorted(old_values.keys() | new_values.keys()):
        if old_values.get(key) != new_values.get(key):
            values = {"key": key, "before": old_values.get(key) or "–", "after": new_values.get(key) or "–"}
            yield _("%(key)s: “%(before)s” became “%(after)s”") % values


def _flat(values: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(values, list) and any(isinstance(value, dict) for value in values):
        for number, value in enumerate(values, 1):
            yield from _flat(value, f"{prefix} {number}")
    elif values not in (None, "", []):
        yield prefix, ", ".join(map(str, values)) if isinstance(values, list) else str(values)
