"""The command `sources speakers`: write the key of an archive's speakers, which the contributor keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.batch import Batch
from latam_corpus.cli.interface.show import console, number, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.desk.source_argument import usable_source
from latam_corpus.errors import ConfigError
from latam_corpus.extract.stage import Extract
from latam_corpus.messages import _
from latam_corpus.pipeline.rows.conserve import pass_through, split_dropped
from latam_corpus.privacy.speakers import key_text, read_key, with_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source

_SUMMARY: Final = _("{path}: {n} {n:speaker|speakers}, {new} new; keep this file in a safe place: it reveals who spoke")
_NEXT: Final = _('give all names of one person the same code, and write speakers = "{name}" into [consent]')


def write_speaker_key(file: str, where: str, key: Path | None, *, as_json: bool) -> None:
    """Write a key of an archive's speakers: a code for each name, E1 for interviewers, H1 for narrators."""
    language = spoken()
    source = usable_source(file, language)
    path = key or source.speakers_file or Path(file).with_name("speakers.csv")
    existing_codes = read_key(str(path)) if path.exists() else {}
    names = list(dict.fromkeys(_speakers(source, where)))
    if not names:
        raise ConfigError(_("source {source}", source=source.id), _("no interview with speakers was found"))
    codes = with_codes(names, existing_codes)
    path.touch(mode=0o600)
    path.write_text(key_text(codes), encoding="utf-8")
    new_count = len(codes) - len(existing_codes)
    if as_json:
        print_json({"key": str(path), "speakers": len(codes), "new": new_count})
        return
    console.print(_SUMMARY.fill(path=path, n=number(len(codes)), new=number(new_count)))
    if source.speakers_file is None:
        console.print(_NEXT.fill(name=path.name))


def _speakers(source: Source, where: str) -> Iterator[str]:
    """Yield the speaker of each turn, in the order of the files."""
    for frame in read_all(source, list_inputs(source, where)):
        readable = split_dropped(Batch(frame), "collect").kept
        rows = pass_through(Extract(), readable).kept.frame if len(readable) else frame.clear()
        for turns in rows["turns"].to_list() if "turns" in rows.columns else ():
            yield from (turn["speaker"] for turn in turns or () if turn["speaker"])
