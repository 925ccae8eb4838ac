"""The stage `unmark`: marks of transcriptions and song sheets kept, normalised or removed, as the genre's policy says.

In songs these are chords, names of parts and how often a verse is sung (`song_marks.py`). In talk, transcribers write
pauses, noises, overlaps, doubts and changes of language between the words: `<Noise>`, `(.)`, `&=laughs`, `[risas]`,
`+/pek/+`. Rules on symbols would take such an interview for damage, so they come after it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import polars as pl

from latam_corpus.extract.song_marks import without_song_marks
from latam_corpus.policy import cached_policies
from latam_corpus.stages import Stage
from latam_corpus.text.turn_lines import moved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.batch import Batch

Keeping = Literal["keep", "normalise", "remove"]

# What transcribers of Spanish, Portuguese and English write in brackets that nobody says.
_PAUSES: Final = r"pausas?|silencios?|silêncio|pauses?|breve pausa|pausa (?:breve|larga|longa)"
_NOISES: Final = (
    r"risas?|risos?|ríe(?:n|ndo)?|rindo|laugh(?:s|ter|ing)?|llant[oa]s?|llora(?:ndo)?|chor[ao](?:ndo)?|tos(?:e|iendo)?"
    r"|tosse|cough(?:s|ing)?|suspir\w*|carraspe\w*|aplausos?|ruidos?|ruído|noise|música|golpes?|murmullos?|rumores"
)
_UNCLEAR: Final = (
    r"inaudible|ininteligible|inaudível|ininteligível|incomprensible|unintelligible|inaudible|crosstalk|\?+|x{2,}"
)
_PAUSE, _NOISE, _LOST = " [pause] ", " [noise] ", " [unclear] "
# Each with what it becomes when marks are normalised; removed they become a space, or nothing within a word.
_MARKS: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), normal, bare)
    for pattern, normal, bare in (
        # AVENUE: a word that was begun, by its sounds.
        (r"[+-]?/[^/\s<>]{1,20}/[+-]?", " ", " "),
        # CHAT: words that were taken back, and what is said about words (MacWhinney, CHAT manual, 2024).
        (r"<([^<>\n]*)>(?=\s*\[)", r"\1", r"\1"),
        (r"\[(?:[/=:*%^+!?<>#\"-][^\]\n]{0,80})\]", " ", " "),
        (r"&=[\w:]+", _NOISE, " "),
        (r"&[-+~][\w:]+", " ", " "),
        (r"\(\.{1,3}\)|\(\d+(?:\.\d*)?\)", _PAUSE, " "),
        (r"(?<=\w)\((\w+)\)|\((\w+)\)(?=\w)", r"\1\2", r"\1\2"),
        (r"(?:(?<=\s)|^)\+[.,/\"!?<^+-]{1,5}\.?", " ", " "),
        (r"(?<=\w)@[a-z$:]+", "", ""),
        (r"\b(?:xxx|yyy|www)\b", _LOST, " "),
        (r"[↑↓⌈⌉⌊⌋∆∇°▁▔☺♋Ϋ∬Ÿ‡„≠≈≋∙]", "", ""),
        # AVENUE: what was pronounced in place of the word before, a change of language, pauses, fillers, fragments.
        (r"<P>", _PAUSE, " "),
        (r"<(?:Noise|Laugh|Cough|Throat|Smack)>", _NOISE, " "),
        (r"<%>", _LOST, " "),
        (r"<[*!]?\d?SPA>", "", ""),
        (r"<[^<>\n]{0,40}>", " ", " "),
        (r"</?[*!]?\d?(?:SPA|[Uu]hm?|hm|P|Noise|Laugh|Cough|Throat|Smack)\b", " ", " "),
        (r"(?:\*?SPA|PA)(?=>)", "", ""),
        (r"[<>]", " ", " "),
        # COSER, and what anybody writes in brackets.
        (r"\[HS:\w{1,20}\s?[^\]\n]{0,300}\]", " ", " "),
        (rf"\[+(?:{_PAUSES})\]+|\((?:{_PAUSES})\)", _PAUSE, " "),
        (rf"\[+(?:{_NOISES})[^\]\n]{{0,30}}\]+|\(+(?:{_NOISES})[^()\n]{{0,30}}\)+", _NOISE, " "),
        (rf"\[+(?:{_UNCLEAR})\]+|\(+(?:{_UNCLEAR})\)+", _LOST, " "),
        (r"\[(?:asent|neg|risa|chasq|carrasp|tos|v-\w+|a-\w+)(?:[:;][^\]\n]*)?\]", _NOISE, " "),
        (r"\[\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\]", " ", " "),
        (r"(?<![\w*])\*+(?=\w)|(?:(?<=\s)|^)\*+(?=\s|$)", "", ""),
        (r"(?<=\s)(?:/{1,3}|\|{1,2}|=|%)(?=\s|$)", " ", " "),
    )
)
# In songs other marks stand than in talk.
_SONGS: Final = "lyrics"
_SPACES: Final = re.compile(r"[ \t]{2,}")
_BEFORE_STOP: Final = re.compile(r"(?<=\w) +(?=[.,;:?!…](?:\s|$))")
_WORD: Final = re.compile(r"\w")
_LABEL: Final = re.compile(r"^[^:\n]{1,60}: ?")


@dataclass(frozen=True)
class Unmark(Stage):
    """The stage that does with the marks of transcriptions what the policy of the genre says.

    Attributes:
        policies: a `filters/` folder; the shipped one when empty.
    """

    policies: str = ""
    name: ClassVar[str] = "unmark"
    needs: ClassVar[frozenset[str]] = frozenset({"text", "genre"})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})
    by_content: ClassVar[tuple[str, ...]] = ("policies",)

    def fingerprint(self) -> str:
        """Return what the policies say of marks, by genre."""
        genres = cached_policies(self.policies).genres
        return json.dumps({name: file.marks for name, file in sorted(genres.items())})

    @property
    def policy_folder(self) -> Path | None:
        """The folder of policies that it decides by."""
        return cached_policies(self.policies).folder

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with texts whose marks are as their genre wants them; a turn of marks alone is left out."""
        policies = cached_policies(self.policies)
        frame = batch.frame
        wanted = {genre: policies.genre(genre).marks for genre in frame["genre"].unique().drop_nulls()}
        turns = frame["turns"].to_list() if "turns" in frame.columns else [None] * len(batch)
        texts = frame["text"].to_list()
        evidence: list[str | None] = [None] * len(batch)
        for row, (text, genre) in enumerate(zip(texts, frame["genre"], strict=True)):
            keeping = wanted.get(genre, "keep")
            if keeping == "keep" or not text:
                continue
            if genre == _SONGS:
                better, better_turns = without_song_marks(text, keeping), None
            else:
                better, better_turns = without_marks(text, keeping, turns[row])
            if better != text:
                evidence[row] = json.dumps({"marks": keeping, "characters": len(text) - len(better)})
                texts[row], turns[row] = better, better_turns
        if not any(evidence):
            return batch
        columns = {"text": pl.Series(texts, dtype=pl.String), "evidence": pl.Series(evidence, dtype=pl.String)}
        if "turns" in frame.columns:
            columns["turns"] = pl.Series(turns, dtype=frame.schema["turns"])
        return batch.with_columns(columns)


def without_marks(
    text: str, keeping: Keeping, turns: Sequence[Mapping[str, Any]] | None = None
) -> tuple[str, list[dict[str, Any]] | None]:
    r"""Return the text with its marks normalised or removed, and its turns where they stand then.

    Args:
        text: of a transcription.
        keeping: "normalise" makes [pause], [noise] and [unclear] of marks, "remove" nothing.
        turns: of its lines, if it has any; those without a word left go with their lines.

    >>> without_marks("ROS: en <la la> [//] la ca(sa) (.) &=laughs .\nINV: <Noise>\nROS: pu' <!1pu> xxx", "remove")[0]
    "ROS: en la la la casa.\nROS: pu'"
    >>> without_marks("nmlch: küme <Noise> *felen", "normalise")[0]
    'nmlch: küme [noise] felen'
    """
    lines = text.split("\n")
    better = [_line(line, keeping) for line in lines]
    labelled = turns is not None and len(turns) == len(lines)
    has_words = [
        bool(_WORD.search(_LABEL.sub("", line, count=1) or "")) or not old.strip()
        for line, old in zip(better, lines, strict=True)
    ]
    worded = [line for line, some in zip(better, has_words, strict=True) if some]
    whole = "\n".join(worded)
    if turns is None or not labelled:
        return whole, None
    left = [dict(turn) for turn, some in zip(turns, has_words, strict=True) if some]
    return whole, moved(whole, whole, left)


def _line(line: str, keeping: Keeping) -> str:
    if not line.strip():
        return line
    for pattern, normal, bare in _MARKS:
        line = pattern.sub(normal if keeping == "normalise" else bare, line)
    return _BEFORE_STOP.sub("", _SPACES.sub(" ", line)).strip()
