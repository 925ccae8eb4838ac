"""Withdrawals and holds from a notebook, as `latam-corpus release withdraw` and `release hold` make them."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  (arguments are checked against it)
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from latam_corpus.api.arguments import check_arguments
from latam_corpus.api.progress import LineProgress
from latam_corpus.audit.stores import folder_of_runs
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.release.pages.judgements import read_judgements
from latam_corpus.release.storing.dry_run import trial_store
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdraw import Withdrawal, withdraw_all
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
    """Withdraw documents from every version, and make the next one without them.

    Everything that is named makes one entry of the store's log and one receipt. If one thing has no document in the
    release, nothing is withdrawn.

    Args:
        store: a folder or URL.
        name: the release of which the next version is made.
        because: why; it is stored in the log and on the receipt.
        docs: ids of documents.
        sources: ids of sources.
        creators: names of people.
        urls: addresses, in which `*` stands for any characters.
        texts: whole texts; their copies and what quotes them leave, too.
        dry_run: whether to write nothing, and return what would leave (`documents`) and come back (`promoted`).
        receipt: a file for the receipt: JSON if it ends in `.json`, else a page.
        out: the folder of runs, from which copies come back; the one that contains the store if this has none.
        progress: whether to show a progress line, on a terminal and in a notebook.

    Raises:
        ConfigError: there is no such store or release, nothing is named, or something that is named isn't in it.
        ReleaseError: the log or a version is damaged, or the next version can't be made.
    """
    check_arguments(withdraw, locals())
    request = WithdrawalRequest(tuple(docs), tuple(sources), tuple(creators), tuple(urls), tuple(texts))
    return _withdrawn(store, name, request, because, dry_run, receipt, out, progress, "withdrawal")


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
    """Hold documents under dispute back from every version until `latam-corpus release return`; see `withdraw`."""
    check_arguments(hold, locals())
    request = WithdrawalRequest(tuple(docs), tuple(sources), tuple(creators), tuple(urls), tuple(texts))
    return _withdrawn(store, name, request, because, dry_run, receipt, out, progress, "hold")


def _withdrawn(
    store: str | Path,
    name: str,
    request: WithdrawalRequest,
    because: str,
    dry_run: bool,
    receipt: str | Path | None,
    out: str | Path,
    progress: bool,
    kind: Literal["withdrawal", "hold"],
) -> Withdrawal:
    if dry_run and receipt is not None:
        raise ConfigError("receipt", _("a dry run gives no receipt"), _("leave out receipt, or dry_run"))
    opened = Store.at(store)
    runs = folder_of_runs(Path(out), opened)
    there, judged = readable_runs(runs), read_judgements(runs)
    with (
        LineProgress(shown=progress) as line,
        trial_store(opened) if dry_run else nullcontext(opened) as used,
    ):
        done = withdraw_all(used, name, request, because, datetime.now(UTC), there, line.step, judged, kind=kind)
    if not dry_run:
        write_receipt(opened, done, None if receipt is None else Path(receipt))
    return done
