"""Jobs about withdrawals: search, dry run, withdrawal or hold, and end of a hold."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import latam_corpus as lc
from latam_corpus.release.eligibility.kept_out import reason_of
from latam_corpus.release.withdrawals.withdrawal_receipt import values_in
from latam_corpus.report.disclosure import beginning
from latam_corpus.storage.durable import replace
from latam_corpus.web.files.catalogue import write_catalogue
from latam_corpus.web.log import log
from latam_corpus.web.models import Collection, CollectionFile, Job, Person
from latam_corpus.web.releases.jobs import command
from latam_corpus.web.releases.shares import count_all, store_folder
from latam_corpus.web.withdrawals.search import documents_by_id, find
from latam_corpus.web.workspace import data_folder, files_folder, out_folder, upload_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MOST_LISTED = 200
_MOST_OF_A_TEXT = 60  # characters, for a text without a title


def find_texts(job: Job) -> dict[str, Any]:
    """Search for texts; return the matches."""
    arguments = job.arguments
    everywhere = bool(arguments.get("everywhere"))
    rows, is_cut = find(job.collection, arguments["query"], arguments["by"], everywhere=everywhere)
    return {"rows": rows, "is_cut": is_cut}


def try_withdrawal(job: Job) -> dict[str, Any]:
    """Return the texts that a withdrawal or hold would remove, and the copies that would replace them."""
    tried = [_asked(job.arguments, name, values, None) for name, values in _requests(job.arguments).items()]
    leaving = [doc_id for withdrawal in tried for doc_id in withdrawal.documents]
    returning = [
        (doc_id, withdrawal.in_place_of.get(doc_id, "")) for withdrawal in tried for doc_id in withdrawal.promoted
    ]
    remaining = sorted({doc_id for withdrawal in tried for doc_id in withdrawal.remaining} - {*leaving})
    documents = documents_by_id([*leaving, *(doc_id for doc_id, _instead in returning), *remaining])
    own = job.collection.slug
    return {
        "leaving": [_listed(documents, doc_id, own) for doc_id in leaving[:_MOST_LISTED]],
        "leaving_count": len(leaving),
        "returning": [
            _listed(documents, doc_id, own) | {"instead": _listed(documents, instead, own)}
            for doc_id, instead in returning[:_MOST_LISTED]
        ],
        "remaining": [_listed(documents, doc_id, own) for doc_id in remaining[:_MOST_LISTED]],
        "staying_out": [
            [str(reason_of(why)), n] for withdrawal in tried for why, n in Counter(withdrawal.kept_out.values()).items()
        ],
        "similar_names": [name for withdrawal in tried for name in withdrawal.similar_names],
        "concerns_others": any(documents.get(doc_id, {}).get("source_id") != own for doc_id in leaving),
    }


def _requests(arguments: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return the selection to withdraw by release: ids of documents, or texts with all their copies.

    A request removes its documents from every release; each release that contains any of them gets a next version.
    """
    by_release: dict[str, list[str]] = {}
    for doc_id, versions in arguments["docs"].items():
        for name in sorted({version.partition("@")[0] for version in versions}):
            by_release.setdefault(name, []).append(doc_id)
    if not arguments.get("with_copies"):
        return {name: {"docs": ids} for name, ids in by_release.items()}
    texts = {doc_id: row["text"] for doc_id, row in documents_by_id(arguments["docs"]).items() if row["text"]}
    return {
        name: {
            "texts": [texts[doc_id] for doc_id in ids if doc_id in texts],
            "docs": [doc_id for doc_id in ids if doc_id not in texts],
        }
        for name, ids in by_release.items()
    }


def _asked(arguments: dict[str, Any], name: str, values: dict[str, Any], receipt: Path | None) -> Any:
    """Withdraw or hold texts of a release, with a receipt; without one, only try it."""
    function = lc.hold if arguments["what"] == "hold" else lc.withdraw
    options = {"because": arguments["because"], "dry_run": receipt is None, "receipt": receipt, "out": out_folder()}
    return function(store_folder(), name, **values, **options, progress=False)


def _listed(documents: dict[str, dict[str, Any]], doc_id: str, own: str) -> dict[str, Any]:
    """Return the facts about a document that a page may show; for another collection's document, only its source."""
    row = documents.get(doc_id, {})
    is_own = row.get("source_id") == own
    return {
        "doc_id": doc_id,
        "is_own": is_own,
        "source": row.get("source_id", ""),
        "title": (row.get("title") or beginning(row.get("text"), _MOST_OF_A_TEXT)) if is_own else "",
        "people": "; ".join(row.get("creators") or []) if is_own else "",
    }


def withdraw(job: Job) -> dict[str, Any]:
    """Withdraw or hold the texts of a confirmed request; build the next versions and the receipts.

    Texts that are in no version are only removed from the collection, with their files.
    """
    request = Job.objects.get(pk=job.arguments["request"])
    arguments = request.arguments
    # If this job is killed and repeated, texts already withdrawn can't be read again, so the request is kept until the
    # end.
    request_file = data_folder() / "jobs" / f"{job.pk}.request"
    if not request_file.exists():
        request_file.parent.mkdir(exist_ok=True)
        replace(request_file, json.dumps(_requests(arguments)).encode())
    receipts = []
    requests = json.loads(request_file.read_bytes())
    for name, values in requests.items():
        file = _receipt_file(job, name)
        other_releases = _asked(arguments, name, values, file).other_releases
        others = [other for other in other_releases if other not in requests]
        receipts.append(_receipt(file) | {"other_releases": others})
    removed = _remove_files(job.collection, arguments["files"]) if arguments["what"] != "hold" else []
    if receipts:
        count_all()
    by = Person.objects.filter(pk=job.arguments.get("confirmed_by")).first()
    what = "held" if arguments["what"] == "hold" else "withdrawn"
    numbers = ", ".join(entry["request"] for entry in receipts)
    log(
        by, f"texts {what}", f"collection {job.collection.slug}, {numbers or 'files only'}", reason=arguments["because"]
    )
    request_file.unlink()
    return {"receipts": receipts, "removed": removed}


def _receipt_file(job: Job, name: str) -> Path:
    folder = data_folder() / "receipts"
    folder.mkdir(exist_ok=True)
    return folder / f"{job.pk}-{name}.html"


def _receipt(page: Path) -> dict[str, Any]:
    """Return the facts in a receipt's page that the desk shows."""
    values = json.loads(values_in(page.read_bytes()))
    return {
        **{name: values[name] for name in ("request", "kind", "release", "documents")},
        "day": values["time"][:10],
        "before": values["before"]["version"],
        "after": values["after"]["version"],
        "versions": {entry["version"]: entry["documents"] for entry in values["versions"]},
        "promoted": len(values["promoted"]),
        "entry_sha256": values["entry"]["sha256"],
        "because": values["asked"]["because"],
        "file": page.name,
    }


def _remove_files(collection: Collection, paths: Iterable[str]) -> list[str]:
    """Remove files from a collection, and their uploads if no other collection has them; return their names."""
    removed = []
    for file in CollectionFile.objects.filter(collection=collection, path__in=list(paths)):
        (files_folder(collection) / file.path).unlink(missing_ok=True)
        if not CollectionFile.objects.filter(sha256=file.sha256).exclude(pk=file.pk).exists():
            upload_of(file.sha256).unlink(missing_ok=True)
        removed.append(file.path)
        file.delete()
    if removed:
        write_catalogue(collection)
    return removed


def end_hold(job: Job) -> dict[str, Any]:
    """End a hold, so that the held texts are in the next version again."""
    arguments = job.arguments
    name, number = arguments["release"], arguments["request"]
    file = _receipt_file(job, name)
    command("release", "return", name, number, "--because", arguments["because"], "--receipt", str(file))
    count_all()
    log(job.person, "hold ended", f"collection {job.collection.slug}, {number}", reason=arguments["because"])
    return {"receipts": [_receipt(file)], "removed": []}
