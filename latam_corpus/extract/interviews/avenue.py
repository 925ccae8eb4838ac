"""Transcripts of the AVENUE project's conversations in Mapudungun: `;` headers, turns named `conv_x_0007_speaker_00`.

A transcription has one turn per line. A translation has, below each turn's name, lines in Mapudungun (`M:`) and in
Spanish (`C:`), which become separate documents. Source: github.com/mingjund/mapudungun-corpus, its README.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted, UnusableError, Utterance, as_lines
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "avenue 3"

_TURN: Final = re.compile(r"^\s*[\w.-]+? ?_[x\d]{1,2}_\d{3,5} ?_ ?([^\W_]+-?)_\d\d?(?: ?:|(?=\s|$))[ \t]*(.*)$")
# Some turn names overwrote others (`_x_0081_nmlch_00079_lfmlq_00:`) or bytes of another format; the first speaker in
# them is used.
_DAMAGED_TURN: Final = re.compile(r"^.{0,32}?_ ?[x\d]_ ?\d[\d ]{2,5}_ ?([^\W_]+-?)_\d\d[\w -]{0,16}:[ \t]*(.*)$")
# A turn's name on the line of the previous turn.
_BEHIND_WORDS: Final = re.compile(r"(?<=\S)[ \t]+(?=[a-z]{3,}-[\w.-]*_[x\d]_ ?\d[\d ]{2,5}_)")
_SIDE: Final = re.compile(r"^\s*([MC])\s*[:;.]+[ \t]*(.*)$")
_LANGUAGES: Final = {"M": "arn", "C": "spa"}
_FILE: Final = re.compile(r"^;\s*File:\s*(\S+)", re.MULTILINE)


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a conversation, a turn per line.

    The text of a translation is the Mapudungun, with the Spanish as its version.

    Args:
        raw: the file's bytes.
        parameters: `charset`; by default ISO-8859-1, as the project wrote its files, unless they are UTF-8.

    Raises:
        UnusableError: it has no turn.

    >>> lines = "; CDR: 00.00\nconv_x_0000_nmlch_00: mari mari <uh> papay\nconv_x_0001_nfmam_00: mari mari\n"
    >>> extract(lines.encode("latin-1"), {}).text
    'nmlch: mari mari <uh> papay\nnfmam: mari mari'
    """
    text, _ = decode(raw, parameters.get("charset") or "iso-8859-1")
    sides: dict[str, list[Utterance]] = {side: [] for side in _LANGUAGES.values()}
    for language, utterance in _turns(_BEHIND_WORDS.sub("\n", text.replace("\r\n", "\n")).split("\n")):
        sides[language].append(utterance)
    title = _FILE.search(text)
    texts = {language: as_lines(utterances) for language, utterances in sides.items()}
    documents = [
        Extracted(
            lines,
            EXTRACTOR,
            turns=turns,
            title=title[1] if title else None,
            declared_language=language,
            composition="translation" if language == "spa" and sides["arn"] else None,
        )
        for language, (lines, turns) in texts.items()
        if lines
    ]
    if not documents:
        raise UnusableError("not a transcript", N_("it has no turn"), N_("check that the file is whole"))
    first, *versions = documents
    return Extracted(**{**vars(first), "versions": tuple(versions)})


def _turns(lines: list[str]) -> Iterator[tuple[str, Utterance]]:
    """Yield the language and words of each turn."""
    speaker: str | None = None
    number = -1
    side = "M"
    words_by_side: dict[str, list[str]] = {}
    for line in [*lines, "end_x_0000_end_00:"]:
        if line.startswith(";"):
            continue
        if turn := _TURN.match(line) or _DAMAGED_TURN.match(line):
            yield from (
                (_LANGUAGES[each_side], Utterance(" ".join(side_words), speaker, segment=number))
                for each_side, side_words in words_by_side.items()
            )
            speaker, side = turn[1], "M"
            number += 1
            words_by_side = {"M": [turn[2]]} if turn[2].strip() else {}
        elif line.strip() and number >= 0:
            if labelled := _SIDE.match(line):
                side = labelled[1]
            words_by_side.setdefault(side, []).append(labelled[2] if labelled else line.strip())
