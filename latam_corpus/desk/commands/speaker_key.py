"""`latam-corpus sources speakers`: a key of the speakers of an archive, for their contributor to keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, number, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.desk.source_argument import usable_source
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source

_TOLD: Final = _(
    "{path}: {n} {n:speaker|speakers}, {new} of them new; whoever has this file can say who spoke: keep it apart"
)
_NEXT: Final = _('correct the codes where one person has several names, and write speakers = "{name}" into [consent]')
_NONE: Final = _("no interview with speakers was found")


def speakers(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help=N_("A source's file."), autocompletion=completion.sources)
    ],
    where: Annotated[str, typer.Option("--input", metavar="PATH", help=N_("Where its records are."))],
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help=N_("The key, a table; speakers.csv beside the source's file.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a key of an archive's speakers: a code for each name, E1 for who asks, H1 for who tells.

    A key that is there keeps its codes, and gets those of new speakers. Runs then write codes in place of names.
    """
    from latam_corpus.privacy.speakers import key_text, read_key, with_codes

    language = spoken()
    source = usable_source(file, language)
    path = key or source.speakers_file or Path(file).with_name("speakers.csv")
    known = read_key(str(path)) if path.exists() else {}
    names = list(dict.fromkeys(_speakers(source, where)))
    if not names:
        raise ConfigError(_("source {source}", source=source.id), _NONE)
    codes = with_codes(names, known)
    path.touch(mode=0o600)
    path.write_text(key_text(codes), encoding="utf-8")
    new = len(codes) - len(known)
    if as_json:
        print_json({"key": str(path), "speakers": len(codes), "new": new})
        return
    console.print(_TOLD.fill(path=path, n=number(len(codes)), new=number(new)).translate(language), markup=False)
    if source.speakers_file is None:
        console.print(_NEXT.fill(name=path.name).translate(language), markup=False)


def _speakers(source: Source, where: str) -> Iterator[str]:
    """Yield the speakers of all turns, in the order of the files."""
    from latam_corpus.batch import Batch
    from latam_corpus.collect.files import list_inputs, read_all
    from latam_corpus.extract.stage import Extract
    from latam_corpus.pipeline.rows.conserve import pass_through, split_dropped

    for frame in read_all(source, list_inputs(source, where)):
        kept = split_dropped(Batch(frame), "collect").kept
        rows = pass_through(Extract(), kept).kept.frame if len(kept) else frame.clear()
        for turns in rows["turns"].to_list() if "turns" in rows.columns else ():
            yield from (turn["speaker"] for turn in turns or () if turn["speaker"])
