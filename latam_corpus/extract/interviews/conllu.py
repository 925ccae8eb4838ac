"""CoNLL-U: the sentences of a treebank as they were written, those of one turn together, without their analyses."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted, UnusableError, Utterance, as_lines
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "conllu 2"

_COMMENT: Final = re.compile(r"#\s*([\w ]+?)\s*=\s*(.*)")
_TIMES: Final = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)\s*-\s*(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_SPEAKER: Final = ("speaker", "speaker_id", "speaker id")


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a treebank, a line a sentence, or a turn where sentences name theirs (`turn_id`).

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected without it.

    Raises:
        UnusableError: a sentence has neither its text nor words.

    >>> words = "1\tNací" + "\t_" * 8 + "\n2\taquí" + "\t_" * 8
    >>> extract(f"# text = Nací aquí.\n{words}\n\n".encode(), {}).text
    'Nací aquí.'
    """
    text, _ = decode(raw, parameters.get("charset"))
    utterances: list[Utterance] = []
    for turn, sentences in groupby(
        _sentences(text.replace("\r\n", "\n")), key=lambda one: one.get("turn_id") or object()
    ):
        del turn
        group = list(sentences)
        times = [match.groups() for one in group if (match := _TIMES.search(one.get("turn_time", "")))]
        speaker = next((group[0][name] for name in _SPEAKER if group[0].get(name)), None)
        start = _seconds(times[0][:3]) if times else None
        end = _seconds(times[-1][3:]) if times else None
        utterances.append(
            Utterance(" ".join(one["text"] for one in group), speaker, start, end, segment=len(utterances))
        )
    lines, turns = as_lines(utterances)
    if not lines:
        raise UnusableError("not a transcript", N_("no sentence has a text"), N_("check that the file is whole"))
    return Extracted(lines, EXTRACTOR, turns=turns if any(one.speaker or one.start for one in utterances) else ())


def _seconds(clock: tuple[str, ...]) -> float:
    return int(clock[0]) * 3600 + int(clock[1]) * 60 + float(clock[2])


def _sentences(text: str) -> Iterator[dict[str, str]]:
    """Yield the comments of each sentence, `text` among them: as it is stated, else made of its words."""
    for block in re.split(r"\n\s*\n", text):
        about: dict[str, str] = {}
        words: list[str] = []
        inside = 0
        for line in block.split("\n"):
            if comment := _COMMENT.match(line):
                about[comment[1]] = comment[2].strip()
                continue
            cells = line.split("\t")
            if len(cells) < 10 or "." in cells[0]:  # noqa: PLR2004  (columns; an empty node)
                continue
            if span := re.fullmatch(r"(\d+)-(\d+)", cells[0]):
                inside = int(span[2])
            elif cells[0].isdecimal() and int(cells[0]) <= inside:
                continue
            words.append(cells[1] + ("" if "SpaceAfter=No" in cells[9] else " "))
        about.setdefault("text", "".join(words).strip())
        if about["text"]:
            yield about
