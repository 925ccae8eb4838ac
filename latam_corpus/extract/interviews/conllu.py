"""CoNLL-U: the original sentences of a treebank, grouped by turn, without their analyses."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted, UnusableError, Utterance, as_lines
from latam_corpus.extract.interviews.interview import clock_seconds
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "conllu 2"

_COMMENT: Final = re.compile(r"#\s*([\w ]+?)\s*=\s*(.*)")
_TIMES: Final = re.compile(r"(\d+:\d\d:\d\d(?:\.\d+)?)\s*-\s*(\d+:\d\d:\d\d(?:\.\d+)?)")
_SPEAKER: Final = ("speaker", "speaker_id", "speaker id")


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a treebank: a sentence per line, or a turn per line if sentences state a `turn_id`.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected by default.

    Raises:
        UnusableError: no sentence has a text or words.

    >>> words = "1\tNací" + "\t_" * 8 + "\n2\taquí" + "\t_" * 8
    >>> extract(f"# text = Nací aquí.\n{words}\n\n".encode(), {}).text
    'Nací aquí.'
    """
    text, _ = decode(raw, parameters.get("charset"))
    utterances: list[Utterance] = []
    for _turn, sentences in groupby(
        _sentences(text.replace("\r\n", "\n")), key=lambda sentence: sentence.get("turn_id") or object()
    ):
        group = list(sentences)
        times = [match.groups() for sentence in group if (match := _TIMES.search(sentence.get("turn_time", "")))]
        speaker = next((group[0][name] for name in _SPEAKER if group[0].get(name)), None)
        start = clock_seconds(times[0][0]) if times else None
        end = clock_seconds(times[-1][1]) if times else None
        utterances.append(
            Utterance(" ".join(sentence["text"] for sentence in group), speaker, start, end, segment=len(utterances))
        )
    lines, turns = as_lines(utterances)
    if not lines:
        raise UnusableError("not a transcript", N_("no sentence has a text"), N_("check that the file is whole"))
    has_turns = any(utterance.speaker or utterance.start for utterance in utterances)
    return Extracted(lines, EXTRACTOR, turns=turns if has_turns else ())


def _sentences(text: str) -> Iterator[dict[str, str]]:
    """Yield the comments of each sentence; `text` is assembled from its words if no comment states it."""
    for block in re.split(r"\n\s*\n", text):
        comments: dict[str, str] = {}
        words: list[str] = []
        last_covered = 0
        for line in block.split("\n"):
            if comment := _COMMENT.match(line):
                comments[comment[1]] = comment[2].strip()
                continue
            cells = line.split("\t")
            if len(cells) < 10 or "." in cells[0]:  # noqa: PLR2004  (columns; an empty node)
                continue
            if span := re.fullmatch(r"(\d+)-(\d+)", cells[0]):
                last_covered = int(span[2])
            elif cells[0].isdecimal() and int(cells[0]) <= last_covered:
                continue
            words.append(cells[1] + ("" if "SpaceAfter=No" in cells[9] else " "))
        comments.setdefault("text", "".join(words).strip())
        if comments["text"]:
            yield comments
