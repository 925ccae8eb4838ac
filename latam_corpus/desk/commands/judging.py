"""`latam-corpus judge`: what readers say of a sample and of a policy, taken back, counted and signed."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latam_corpus.cli.interface.options import DiskOut, Json
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, Message, _, decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.pages.judgements import Agreement
    from latam_corpus.release.storing.manifest import Audited

app = typer.Typer(no_args_is_help=True)


@app.command("import", help=N_("Take back a sheet of `sample`; exit code 1 when a row is to be corrected."))
def import_judged(
    sheet: Annotated[Path, typer.Argument(metavar="SHEET", help=N_("The sheet that was filled in: .xlsx or .csv."))],
    reader: Annotated[str, typer.Option(help=N_("Who filled it in; a card says how many readers, and no names."))],
    out: DiskOut = Path("out"),
    as_json: Json = False,
) -> None:
    """Import a sheet of `sample`; what the same reader said of the same text before is replaced.

    A row that isn't understood has no judgement. A copy of the sheet, to be corrected, is written next to it then, and
    the exit code is 1.
    """
    from latam_corpus.desk.sheets.judged_sheet import judgements_of, read_judged, write_corrected
    from latam_corpus.release.pages.judgements import add_judgements
    from latam_corpus.storage.durable import digest_of

    name = " ".join(reader.split())
    if not name:
        raise ConfigError("--reader", _("it is empty"), _("name who filled in the sheet"))
    filled = read_judged(sheet)
    result = judgements_of(filled, name, datetime.now(UTC).date(), digest_of(sheet))
    if not result.judged and not result.problems:
        raise ConfigError(str(sheet), _("no row has an answer"), _("fill in its first columns"))
    again = add_judgements(out, result.judged) if result.judged else 0
    for row, problems in () if as_json else result.problems.items():
        for problem in problems:
            console.print(_("row {n}: {told}", n=row, told=problem), markup=False)
    copy, head = write_corrected(sheet, filled, result, spoken()) if result.problems else (None, None)
    if as_json:
        rows = [{"row": row, "wrong": [one.translate(spoken()) for one in of]} for row, of in result.problems.items()]
        counts = {"judged": len(result.judged), "replaced": again, "unanswered": result.unanswered}
        print_json(counts | {"rows": rows, "corrected_copy": copy and str(copy)})
    else:
        about = {"n": number(len(result.judged)), "reader": name, "again": number(again)}
        console.print(_("texts judged by {reader}: {n}; of these judged anew: {again}", **about))
        if result.unanswered:
            console.print(_("rows without an answer: {n}", n=number(result.unanswered)))
        if copy:
            counted = number(len(result.problems))
            console.print(
                _(
                    "rows not understood, and not counted: {n}; correct them in {path}, column «{head}», and import it"
                ).fill(n=counted, path=copy, head=head),
                markup=False,
            )
    if result.problems:
        raise typer.Exit(1)


@app.command("show", help=N_("Show what was judged, with intervals, and how far readers agree."))
def show(out: DiskOut = Path("out"), as_json: Json = False) -> None:
    """Show what was judged, with 95 % intervals, and how far each two readers agree (Cohen's kappa)."""
    from latam_corpus.release.pages.judgements import agreements, audited, read_judgements, wilson

    judged = read_judgements(out)
    shares = audited(judged, {one.text: one.named for one in judged})
    agreed = agreements(judged)
    if as_json:
        rows = [one.model_dump() | {"interval": wilson(one.right, one.texts)} for one in shares]
        print_json({"judgements": len(judged), "shares": rows, "agreement": [one.as_dict() for one in agreed]})
    elif judged:
        _show_shares(shares)
        if agreed:
            console.print()
            _show_agreement(agreed)
    else:
        console.print(
            _("nothing is judged yet: `sample … --to sheet.xlsx` writes a sheet, `judge import` takes it back")
        )


@app.command(
    "sign", help=N_("Sign a policy file that you have read as it stands; once it says something else, nobody has.")
)
def sign(
    policy: Annotated[Path, typer.Argument(metavar="FILE", help=N_("A file of filters/: of a language, a genre, …"))],
    reader: Annotated[str, typer.Option(help=N_("Your name, and what else you wish to be known by, such as a place."))],
    as_json: Json = False,
) -> None:
    """Sign a policy file."""
    from latam_corpus.config.toml_model import read_toml
    from latam_corpus.policies.policy_reviews import KEY, content_digest, reviews, signed
    from latam_corpus.storage.durable import replace

    name = " ".join(reader.split())
    if not name:
        raise ConfigError("--reader", _("it is empty"), _("give your name"))
    after = signed(read_toml(policy, "policy"), name, datetime.now(UTC).date(), str(policy))
    replace(policy, after.encode())
    digest = content_digest(after)
    readers = reviews(tomllib.loads(after)[KEY], digest)
    if as_json:
        print_json({"file": str(policy), "sha256": digest, "readers": [one._asdict() for one in readers]})
        return
    console.print(_("{file}: signed by {reader} as it stands ({digest})", file=policy, reader=name, digest=digest))
    for one in readers:
        if one.state != "current":
            console.print(_("{reader} read another state of it, or didn't sign", reader=one.reader))


def _show_shares(shares: Sequence[Audited]) -> None:
    from latam_corpus.release.pages.judgements import NAMES, wilson

    rows = []
    for one in shares:
        low, high = wilson(one.right, one.texts)
        counts = (number(one.texts), number(one.right), decimal(f"{100 * low:.1f}–{100 * high:.1f} %"), one.disputed)
        rows.append((f"{one.drawn_from} {one.drawn_by}".rstrip(), NAMES[one.question], *counts))
    heads: list[str | Message] = [_("drawn from"), _("question"), _("texts#"), _("nothing wrong#"), _("95 %#")]
    table("", [*heads, _("readers differ#")], rows)


def _show_agreement(agreed: Sequence[Agreement]) -> None:
    from latam_corpus.release.pages.judgements import NAMES

    rows: list[tuple[Any, ...]] = []
    for one in agreed:
        pairs = sorted(one.counts.items(), key=lambda item: -item[1])
        counts = ", ".join(f"{_word(first)}/{_word(second)} {n}" for (first, second), n in pairs)
        kappa = "—" if one.kappa is None else decimal(f"{one.kappa:.2f}")
        rows.append((" · ".join(one.readers), NAMES[one.question], one.texts, one.alike, kappa, counts))
    table("", [_("readers"), _("question"), _("texts#"), _("alike#"), _("kappa#"), _("what each said")], rows)


def _word(answer: str) -> str:
    from latam_corpus.release.pages.judgements import WORDS

    return WORDS[answer].translate(spoken()) if answer in WORDS else answer
