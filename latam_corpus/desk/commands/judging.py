"""The commands `judge …`: import readers' judgements of samples, show the results, and sign policies."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latam_corpus.cli.interface.options import DiskOut, Json
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.config.toml_model import read_toml
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, Message, _, decimal
from latam_corpus.policies.policy_reviews import KEY, content_digest, reviews, signed
from latam_corpus.release.pages.judgements import (
    NAMES,
    WORDS,
    add_judgements,
    wilson,
)
from latam_corpus.storage.durable import digest_of, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.pages.judgements import Agreement
    from latam_corpus.release.storing.manifest import Audited

app = typer.Typer(no_args_is_help=True)


@app.command("import", help=N_("Import a filled-in sheet of `sample`; exit code 1 if a row needs correcting."))
def import_judged(
    sheet: Annotated[Path, typer.Argument(metavar="SHEET", help=N_("The filled-in sheet: .xlsx or .csv."))],
    reader: Annotated[
        str, typer.Option(help=N_("Who filled it in. Cards state the number of readers, not their names."))
    ],
    out: DiskOut = Path("out"),
    as_json: Json = False,
) -> None:
    """Import a sheet of `sample`; replace earlier judgements of the same text by the same reader.

    A row that isn't understood has no judgement. If there is any, a copy of the sheet for corrections is written next
    to it, and the exit code is 1.
    """
    from latam_corpus.desk.sheets.judged_sheet import judgements_of, read_judged, write_corrected

    name = " ".join(reader.split())
    if not name:
        raise ConfigError("--reader", _("it is empty"), _("name who filled in the sheet"))
    filled = read_judged(sheet)
    result = judgements_of(filled, name, datetime.now(UTC).date(), digest_of(sheet))
    if not result.judged and not result.problems:
        raise ConfigError(str(sheet), _("no row has an answer"), _("fill in its first columns"))
    replaced = add_judgements(out, result.judged) if result.judged else 0
    for row, problems in () if as_json else result.problems.items():
        for problem in problems:
            console.print(_("row {n}: {problem}", n=row, problem=problem))
    copy, head = write_corrected(sheet, filled, result, spoken()) if result.problems else (None, None)
    if as_json:
        rows = [
            {"row": row, "wrong": [problem.translate(spoken()) for problem in problems]}
            for row, problems in result.problems.items()
        ]
        counts = {"judged": len(result.judged), "replaced": replaced, "unanswered": result.unanswered}
        print_json(counts | {"rows": rows, "corrected_copy": copy and str(copy)})
    else:
        summary = {"n": number(len(result.judged)), "reader": name, "again": number(replaced)}
        console.print(_("texts judged by {reader}: {n}; earlier judgements replaced: {again}", **summary))
        if result.unanswered:
            console.print(_("rows without an answer: {n}", n=number(result.unanswered)))
        if copy:
            counted = number(len(result.problems))
            console.print(
                _(
                    "rows not understood, and not counted: {n}; correct them in {path}, column «{head}», and import it"
                ).fill(n=counted, path=copy, head=head)
            )
    if result.problems:
        raise typer.Exit(1)


@app.command("show", help=N_("Show the results of the judgements, with intervals, and the agreement between readers."))
def show(out: DiskOut = Path("out"), as_json: Json = False) -> None:
    """Show what was judged, with 95 % intervals, and how far each two readers agree (Cohen's kappa)."""
    from latam_corpus.api.judging import judgements

    judged = judgements(out)
    if as_json:
        shares = [share.model_dump() | {"interval": wilson(share.right, share.texts)} for share in judged.shares]
        agreement = [agreement.as_dict() for agreement in judged.agreement]
        print_json({"judgements": len(judged.rows), "shares": shares, "agreement": agreement})
    elif judged.rows:
        _show_shares(judged.shares)
        if judged.agreement:
            console.print()
            _show_agreement(judged.agreement)
    else:
        console.print(
            _(
                "there are no judgements yet: write a sheet with `sample … --to sheet.xlsx`, have it "
                "filled in, and import it with `judge import`"
            )
        )


@app.command(
    "sign",
    help=N_("Sign a policy file that you have read. The signature is valid until the content of the file changes."),
)
def sign(
    policy: Annotated[
        Path,
        typer.Argument(metavar="FILE", help=N_("A policy file of filters/, such as that of a language or a genre.")),
    ],
    reader: Annotated[str, typer.Option(help=N_("Your name, and if you like, your place or institution."))],
    as_json: Json = False,
) -> None:
    """Add a reader's signature to a policy file."""
    name = " ".join(reader.split())
    if not name:
        raise ConfigError("--reader", _("it is empty"), _("give your name"))
    signed_text = signed(read_toml(policy, "policy"), name, datetime.now(UTC).date(), str(policy))
    replace(policy, signed_text.encode())
    digest = content_digest(signed_text)
    readers = reviews(tomllib.loads(signed_text)[KEY], digest)
    if as_json:
        print_json({"file": str(policy), "sha256": digest, "readers": [review._asdict() for review in readers]})
        return
    console.print(_("{file}: signed by {reader} (content {digest})", file=policy, reader=name, digest=digest))
    for review in readers:
        if review.state != "current":
            console.print(_("{reader} read the file with other content, or didn't sign it", reader=review.reader))


def _show_shares(shares: Sequence[Audited]) -> None:
    rows = []
    for share in shares:
        low, high = wilson(share.right, share.texts)
        counts = (
            number(share.texts),
            number(share.right),
            decimal(f"{100 * low:.1f}–{100 * high:.1f} %"),
            share.disputed,
        )
        rows.append((f"{share.drawn_from} {share.drawn_by}".rstrip(), NAMES[share.question], *counts))
    heads: list[str | Message] = [_("drawn from"), _("question"), _("texts#"), _("nothing wrong#"), _("95 %#")]
    table("", [*heads, _("different answers#")], rows)


def _show_agreement(agreed: Sequence[Agreement]) -> None:
    rows: list[tuple[Any, ...]] = []
    for agreement in agreed:
        pairs = sorted(agreement.counts.items(), key=lambda item: -item[1])
        counts = ", ".join(f"{_word(first)}/{_word(second)} {n}" for (first, second), n in pairs)
        kappa = "—" if agreement.kappa is None else decimal(f"{agreement.kappa:.2f}")
        rows.append(
            (" · ".join(agreement.readers), NAMES[agreement.question], agreement.texts, agreement.alike, kappa, counts)
        )
    table("", [_("readers"), _("question"), _("texts#"), _("same answer#"), _("kappa#"), _("answers")], rows)


def _word(answer: str) -> str:
    return WORDS[answer].translate(spoken()) if answer in WORDS else answer
