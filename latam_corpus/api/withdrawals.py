"""Withdraw or hold documents from a notebook, like `latam-corpus release withdraw` and `release hold`."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  (arguments are checked against it)
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from latam_corpus.api.arguments import check_arguments
from latam_corpus.api.progress import LineProgress
from latam_corpus.audit.stores import folder_of_runs
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.release.pages.judgements import read_judgements
from latam_corpus.release.storing.dry_run import trial_store
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdraw import Withdrawal, with_remaining
from latam_corpus.release.withdrawals.withdraw import withdraw as withdraw_documents
from latam_corpus.release.withdrawals.withdrawal_receipt import write_receipt
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest


def withdraw(
    store: str | Path,
    name: str,
    *,
    because: str,
    docs: Sequence[str] = (),
    sources: Sequence[str] = (),
    creators: Sequence[str] = (),
    urls: Sequence[str] = (),
    texts: Sequence[str] = (),
    dry_run: bool = False,
    receipt: str | Path | None = None,
    out: str | Path = "out",
    progress: bool = True,
) -> Withdrawal:
    """Withdraw documents from every version, and make the next version without them.

    A call adds one entry to the store's log and makes one receipt. If any item matches no document of the release,
    nothing is withdrawn.

    Args:
        store: a folder or URL.
        name: the release whose next version is made.
        because: the reason, which is stored in the log and on the receipt.
        docs: ids of documents.
        sources: ids of sources.
        creators: names of people.
        urls: URLs, in which `*` matches any characters.
        texts: whole texts; copies of them and documents that quote them are withdrawn too.
        dry_run: whether to write nothing, and only return the documents that would be removed (`documents`), the
            copies that would replace them (`promoted`), and released copies that the request spares (`remaining`).
        receipt: a file for the receipt, as JSON if its name ends in `.json`, otherwise as a page.
        out: the folder of runs, in which copies are looked for; if it has no runs, the folder that contains the store.
        progress: whether to show a progress line, on a terminal and in a notebook.

    Raises:
        ConfigError: the store or the release doesn't exist, there are no items, or an item matches no document.
        ReleaseError: the log or a version is damaged, or the next version can't be made.
    """
    check_arguments(withdraw, locals())
    items = tuple(docs), tuple(sources), tuple(creators), tuple(urls), tuple(texts)
    return _withdrawn(store, WithdrawalRequest(name, because, *items), dry_run, receipt, out, progress)


def hold(
    store: str | Path,
    name: str,
    *,
    because: str,
    docs: Sequence[str] = (),
    sources: Sequence[str] = (),
    creators: Sequence[str] = (),
    urls: Sequence[str] = (),
    texts: Sequence[str] = (),
    dry_run: bool = False,
    receipt: str | Path | None = None,
    out: str | Path = "out",
    progress: bool = True,
) -> Withdrawal:
    """Withdraw documents under dispute until `latam-corpus release return`; see `withdraw` for the arguments."""
    check_arguments(hold, locals())
    items = tuple(docs), tuple(sources), tuple(creators), tuple(urls), tuple(texts)
    return _withdrawn(store, WithdrawalRequest(name, because, *items, kind="hold"), dry_run, receipt, out, progress)


def _withdrawn(
    store: str | Path,
    request: WithdrawalRequest,
    dry_run: bool,
    receipt: str | Path | None,
    out: str | Path,
    progress: bool,
) -> Withdrawal:
    if dry_run and receipt is not None:
        raise ConfigError("receipt", _("a dry run gives no receipt"), _("leave out receipt, or dry_run"))
    opened = Store.at(store)
    runs = folder_of_runs(Path(out), opened)
    runs_on_disk, judged = readable_runs(runs), read_judgements(runs)
    with (
        LineProgress(shown=progress) as line,
        trial_store(opened) if dry_run else nullcontext(opened) as used,
    ):
        done = withdraw_documents(used, request, datetime.now(UTC), runs_on_disk, line.step, judged)
        if dry_run:
            done = with_remaining(used, done)
    if not dry_run:
        write_receipt(opened, done, None if receipt is None else Path(receipt))
    return done
