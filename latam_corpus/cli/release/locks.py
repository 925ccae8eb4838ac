"""`latam-corpus release check-lock` and `lock`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.cli.interface.options import Json, Out, StoreUrl
from latam_corpus.cli.interface.show import console, number, print_json
from latam_corpus.cli.release.group import app
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    import polars as pl

    from latam_corpus.release.reading.lock_check import LockCheck


_IDS_SHOWN: Final = 5


@app.command("check-lock")
def check_lock(
    lock: Annotated[
        Path,
        typer.Argument(metavar="corpus.lock", help=N_("Of a pulled or exported version, or of several in one file.")),
    ],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Say whether documents of a pulled version were withdrawn since, and where they stand beside the lock."""
    from latam_corpus.audit.stores import open_store
    from latam_corpus.release.reading.corpus_lock import read_locks
    from latam_corpus.release.reading.lock_check import check_lock as check

    locks = read_locks(lock)
    opened = open_store(store, out)
    # What several locks are of lies in folders of its own.
    checked = [check(one, opened, lock.parent if len(locks) == 1 else None, datetime.now(UTC).date()) for one in locks]
    if as_json:
        values = [
            {
                "release": one.release,
                "withdrawn": one.withdrawn.to_list(),
                "refused": one.refused.to_list(),
                "rows": one.rows.to_dicts(),
                "elsewhere": one.elsewhere,
                "gaps": [str(gap) for gap in one.gaps],
            }
            for one in checked
        ]
        print_json(values[0] if len(values) == 1 else {"releases": values})
    else:
        for one in checked:
            _tell_check(one, lock.parent)
    if any(len(one.withdrawn) or len(one.refused) for one in checked):
        raise typer.Exit(1)


def _tell_check(checked: LockCheck, folder: Path) -> None:
    ids = checked.withdrawn
    about: dict[str, Any] = {"release": checked.release}
    if checked.elsewhere:
        n = number(checked.elsewhere)
        console.print(
            _(
                "{release}: {n} {n:document was|documents were} withdrawn since that the pulled part hasn't",
                n=n,
                **about,
            )
        )
    if len(checked.refused):
        n, first = number(len(checked.refused)), _first_ids(checked.refused)
        refused = _(
            "{release}: {n} of its documents {n:is|are} refused by now, and {n:leaves|leave} with the next version: "
            "{ids}"
        )
        console.print(refused.fill(n=n, ids=first, **about))
    elif ids.is_empty():
        console.print(_("{release}: nothing that it has was withdrawn since it was pulled", **about))
    if len(ids):
        _tell_gone(checked, folder, about)
    for gap in checked.gaps:
        console.print(_("not looked at: {what}", what=gap))


def _first_ids(ids: pl.Series) -> str:
    """Return some ids; "…" after them stands for the others, which `--json` has."""
    return ", ".join(ids[:_IDS_SHOWN]) + (", …" if len(ids) > _IDS_SHOWN else "")


def _tell_gone(checked: LockCheck, folder: Path, about: dict[str, Any]) -> None:
    ids = checked.withdrawn
    gone = about | {"n": number(len(ids)), "ids": _first_ids(ids)}
    console.print(_("{release}: {n} of its documents {n:was|were} withdrawn since: {ids}", **gone))
    console.print(_("pull it again: they are left out; what was trained on them can't forget them"))
    if checked.rows.height:
        note_of = {"folder": folder, "n": number(checked.rows.height)}
        console.print(
            _("{n} of them {n:stands|stand} in {folder}; --json says in which rows, or tokens, to be masked", **note_of)
        )


@app.command("lock", help=N_("Join the locks of pulled folders and exports in one file, to keep with a training run."))
def lock_several(
    locks: Annotated[list[Path], typer.Argument(metavar="corpus.lock…", help=N_("Of pulled folders and exports."))],
    to: Annotated[Path, typer.Option("--to", help=N_("The file to write."))],
    as_json: Json = False,
) -> None:
    """Join the locks of pulled folders and exports in one file, to keep with a training run."""
    from latam_corpus.release.reading.corpus_lock import join_locks

    joined = join_locks(locks, to)
    if as_json:
        print_json([lock.as_dict() for lock in joined])
        return
    console.print(_("{file} locks {releases}", file=to, releases=", ".join(lock.spec for lock in joined)))
