"""Jobs about versions: build one from an approved collection, and count the contents of versions."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import latam_corpus as lc
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import _
from latam_corpus.storage.durable import digest_of
from latam_corpus.web.files.jobs import run_collection
from latam_corpus.web.log import log
from latam_corpus.web.models import Collection
from latam_corpus.web.releases.shares import count_version, store_folder, stored_counts
from latam_corpus.web.rights.approvals import KINDS, approvals_of, proposal_of
from latam_corpus.web.workspace import files_folder, out_folder

if TYPE_CHECKING:
    from latam_corpus.web.models import Approval, Job

_TIERS = ("open", "attribution", "share_alike", "non_commercial", "no_derivatives", "permission")


def make_version(job: Job) -> dict[str, Any]:
    """Run an approved collection, and build the next version from the texts that its terms allow.

    Approvals and files are checked before and after the run, so that only approved texts are released.
    """
    collection = job.collection
    approvals = approvals_now(collection)
    run = run_collection(job)["run"]
    if [approval.pk for approval in approvals_now(collection)] != [approval.pk for approval in approvals]:
        raise _not_approved(collection)
    name, uses = job.arguments["name"], job.arguments.get("uses") or ["train"]
    if lc.versions(store_folder(), name):
        terms = ["--parent", "latest"]
    else:
        terms = [option for tier in _TIERS for option in ("--admit", tier)]
        terms += [option for use in uses for option in ("--uses", use)]
    built = command("release", "build", name, run, *terms, "--no-report")
    version = f"{name}@{built['version']}"
    entries = [
        {
            "kind": approval.kind,
            "by": str(approval.person),
            "on": approval.given.date().isoformat(),
            "digest": approval.digest,
            "alone": approval.person_id == proposal_of(collection, approval.kind).get("person"),
        }
        for approval in approvals
    ]
    counts = count_version(version, {collection.slug: entries})
    documents = sum(row[-2] for row in counts["slices"] if row[0] == collection.slug)
    state = Collection.State.RELEASED if documents else Collection.State.APPROVED
    Collection.objects.filter(pk=collection.pk).update(state=state, reason="")
    log(job.person, "version made", f"collection {collection.slug}, {version}", after=approvals[0].digest)
    return {
        "version": version,
        "run": run,
        "documents": documents,
        "approvals": [approval.pk for approval in approvals],
    }


def approvals_now(collection: Collection) -> list[Approval]:
    """Return the approvals of a collection's rights and consent, checked against the files on disk.

    Raises:
        ConfigError: an approval is missing or doesn't match, or a file in the folder differs from the approved one.
    """
    collection.refresh_from_db()
    if (differing := _other_file(collection)) is not None:
        problem = _("it isn't the file that was added here, or was put into the folder in another way")
        raise ConfigError(differing, problem, _("add it on the page of the files, and propose the collection again"))
    approvals = approvals_of(collection)
    if len(approvals) != len(KINDS):
        raise _not_approved(collection)
    return approvals


def _not_approved(collection: Collection) -> ConfigError:
    problem = _("its current rights and consent aren't both approved")
    return ConfigError(collection.slug, problem, _("propose it, and let somebody else approve it"))


def _other_file(collection: Collection) -> str | None:
    """Return a file on disk that has no row, or that differs from its row's digest; None if there is none."""
    expected = dict(collection.files.values_list("path", "sha256"))
    root = files_folder(collection)
    on_disk = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if not path.is_dir()}
    for name in sorted(expected.keys() | on_disk.keys()):
        path = on_disk.get(name)
        if path is None or path.is_symlink() or digest_of(path) != expected.get(name):
            return name
    return None


def command(*arguments: str) -> dict[str, Any]:
    """Run a command of the toolkit on the desk's runs and store; return its JSON output.

    Raises:
        ReleaseError: the command failed.
    """
    line = [sys.executable, "-m", "latam_corpus", *arguments, "--out", str(out_folder()), "--json", "--lang", "en"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603  (this program)
    if done.returncode:
        raise ReleaseError(" ".join(arguments[:2]), done.stderr.strip()[-2000:] or _("it failed"))
    values: dict[str, Any] = json.loads(done.stdout)
    return values


def count_versions(job: Job) -> dict[str, Any]:
    """Count the versions that weren't counted yet."""
    del job
    missing = [version for version in lc.versions(store_folder()) if stored_counts(version) is None]
    for version in missing:
        count_version(version)
    return {"versions": missing}
