"""Jobs about withdrawals: search, dry run, withdrawal or hold, and end of a hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import latam_corpus as lc
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.release.eligibility.kept_out import reason_of
from latam_corpus.storage.durable import replace
from latam_corpus.web.files.catalogue import write_catalogue
from latam_corpus.web.log import log
from latam_corpus.web.models import Collection, CollectionFile, Job, Person
from latam_corpus.web.releases.jobs import command
from latam_corpus.web.releases.shares import count_all, store_folder
from latam_corpus.web.withdrawals.search import beginning, documents_by_id, find
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
    arguments = job.arguments
    outcomes = []
    requests = _requests(arguments)
    for name, values in requests.items():
        done = _asked(arguments["what"], name, values, dry_run=True, receipt=None)
        outcomes.append(_outcome(done))
    documents = documents_by_id(
        [doc_id for outcome in outcomes for doc_id in (*outcome["documents"], *outcome["promoted"])]
    )
    own = job.collection.slug
    return {
        "leaving": [_listed(documents, doc_id, own) for outcome in outcomes for doc_id in outcome["documents"]][
            :_MOST_LISTED
        ],
        "leaving_count": sum(len(outcome["documents"]) for outcome in outcomes),
        "returning": [
            _listed(documents, doc_id, own)
            | {"instead": _listed(documents, outcome["in_place_of"].get(doc_id, ""), own)}
            for outcome in outcomes
            for doc_id in outcome["promoted"]
        ][:_MOST_LISTED],
        "staying_out": [entry for outcome in outcomes for entry in outcome["kept_out"]],
        "similar_names": [name for outcome in outcomes for name in outcome["similar_names"]],
        "concerns_others": any(
            documents.get(doc_id, {}).get("source_id") != own for outcome in outcomes for doc_id in outcome["documents"]
        ),
        "releases": sorted(requests),
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


def _asked(kind: str, name: str, values: dict[str, list[str]], *, dry_run: bool, receipt: Path | None) -> Any:
    function = lc.hold if kind == "hold" else lc.withdraw
    reason = values.pop("because", "") or "dry run"
    return function(
        store_folder(),
        name,
        because=str(reason),
        docs=values.get("docs", []),
        texts=values.get("texts", []),
        dry_run=dry_run,
        receipt=receipt,
        out=out_folder(),
        progress=False,
    )


def _outcome(done: Any) -> dict[str, Any]:
    reasons: dict[str, list[str]] = {}
    for doc_id, why in done.kept_out.items():
        reasons.setdefault(why, []).append(doc_id)
    return {
        "documents": done.documents,
        "promoted": done.promoted,
        "in_place_of": done.in_place_of,
        "kept_out": [[str(reason_of(why)), len(ids)] for why, ids in reasons.items()],
        "similar_names": done.similar_names,
    }


def _listed(documents: dict[str, dict[str, Any]], doc_id: str, own: str) -> dict[str, Any]:
    """Return the facts about a document that a page may show; for another collection's document, only its source."""
    row = documents.get(doc_id, {})
    is_own = row.get("source_id") == own
    return {
        "doc_id": doc_id,
        "is_own": is_own,
        "source": row.get("source_id", ""),
        "title": (row.get("title") or beginning(row.get("text") or "", _MOST_OF_A_TEXT)) if is_own else "",
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
    for name, values in json.loads(request_file.read_bytes()).items():
        file = _receipt_file(job, name)
        done = _asked(arguments["what"], name, values | {"because": arguments["because"]}, dry_run=False, receipt=file)
        receipts.append(_receipt(done, file.name))
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


def _receipt(done: Any, file: str) -> dict[str, Any]:
    return {
        "request": done.entry.request,
        "kind": done.entry.kind,
        "release": done.entry.release,
        "day": done.entry.time.date().isoformat(),
        "documents": len(done.documents),
        "versions": sorted(done.rows),
        "before": done.before.spec,
        "after": done.after.spec,
        "promoted": len(done.promoted),
        "other_releases": done.other_releases,
        "entry_sha256": done.entry_sha256,
        "because": done.entry.because,
        "file": file,
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
    values = _values_of(file)
    count_all()
    log(job.person, "hold ended", f"collection {job.collection.slug}, {number}", reason=arguments["because"])
    entry = {
        "request": values["request"],
        "kind": values["kind"],
        "release": name,
        "day": values["time"][:10],
        "documents": values["documents"],
        "versions": [version["version"] for version in values["versions"]],
        "before": values["before"]["version"],
        "after": values["after"]["version"],
        "promoted": 0,
        "other_releases": [],
        "entry_sha256": values["entry"]["sha256"],
        "because": values["asked"]["because"],
        "file": file.name,
    }
    return {"receipts": [entry], "removed": [], "of": number}


def _values_of(page: Path) -> dict[str, Any]:
    """Return the values in a receipt's page.

    Raises:
        ConfigError: the page isn't a receipt.
    """
    _head, mark, after_mark = page.read_text("utf-8").partition('<script type="application/json" id="receipt">\n')
    if not mark:
        raise ConfigError(page.name, _("it contains no values"), "")
    values: dict[str, Any] = json.loads(after_mark.partition("</script>")[0].replace("<\\/", "</"))
    return values
