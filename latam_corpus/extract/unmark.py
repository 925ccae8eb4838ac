"""The stage `unmark`: marks of transcriptions and song sheets kept, normalised or removed, as the genre's policy says.

In songs these are chords, names of parts and how often a verse is sung (`song_marks.py`). In talk, transcribers write
pauses, noises, overlaps, doubts and changes of language between the words: `<Noise>`, `(.)`, `&=laughs`, `[risas]`,
`+/pek/+`. Rules on symbols would take such an interview for damage, so they come after it.

What nobody says, such as `[risas]`, is a mark anywhere. A slash, a sign for degrees or an `@` is one only in a text
that is written in a convention which says so: a file of that format, or a text all through which signs stand that
nothing else has. Elsewhere these belong to dates, addresses, places and words.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NamedTuple

import polars as pl

from latam_corpus.extract.songs.song_marks import without_song_marks
from latam_corpus.policies.policy import cached_policies
from latam_corpus.stages import Stage
from latam_corpus.text.turns.turn_lines import moved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.batch import Batch

Keeping = Literal["keep", "normalise", "remove"]

# What transcribers of Spanish, Portuguese and English write in brackets that nobody says.
_PAUSES: Final = r"pausas?|silencios?|silêncio|pauses?|breve pausa|pausa (?:breve|larga|longa)"
_VOICES: Final = (
    r"risas?|risos?|ríen?|riendo|rindo|laugh(?:s|ter|ing)?|llantos?|llora(?:ndo)?|chor[ao]|chorando|tos|tose|tosiendo"
    r"|tosse|cough(?:s|ing)?|suspir[ao]s?|suspirando|carraspe[ao]s?|carraspeando|aplausos?"
)
_NOISES: Final = r"ruidos?|ruídos?|noise|música|golpes?|murmullos?|rumores"
_UNCLEAR: Final = (
    r"(?i:inaudible|ininteligible|inaudível|ininteligível|incomprensible|unintelligible|crosstalk)|\?+|x{2,}"
)
# Brackets that open, as many as there are: each begins at one place alone.
_SQUARE, _ROUND = r"(?<!\[)\[++", r"(?<!\()\(++"
_PAUSE, _NOISE, _LOST = " [pause] ", " [noise] ", " [unclear] "


class _Convention(NamedTuple):
    """How transcribers of one school write: signs that nothing else has, and the extractor of its files, if any."""

    shown_by: re.Pattern[str]
    extractor: str | None = None

    def is_of(self, text: str, extractor: str | None) -> bool:
        """Whether a text is written so."""
        if self.extractor and (extractor or "").partition(" ")[0] == self.extractor:
            return True
        return len(self.shown_by.findall(text)) * _EVERY >= max(len(text), 1)


# Of 39 conversations of AVENUE's one has a sign in 360 characters, the others more; a text that quotes one has fewer.
_EVERY: Final = 2_000
_AVENUE: Final = _Convention(
    re.compile(r"<\*?SPA>|<!\d|<(?:Noise|Laugh|Cough|Throat|Smack|[Uu]hm?|hm|%)>|[+-]/[^/\s<>]{1,20}/[+-]"), "avenue"
)
_CHAT: Final = _Convention(
    re.compile(
        r'\[/{1,3}\]|(?<!\w)&=[a-z]|\[(?:=!|%) [^\[\]\n]{1,80}\]|\s\+(?:/{1,2}|"/|\.\.)[.?]|\w@s:[a-z]{3}\b|[⌈⌊]'
    ),
    "chat",
)
_COSER: Final = _Convention(re.compile(r"\[HS:\w|(?i:\[(?:asent|neg|chasq|carrasp)\b)|(?<=\s)/{2,3}(?=\s|$)"))
# By the convention that has it, None for everybody, each with what it becomes when marks are normalised; removed they
# become a space, or nothing within a word. No pattern takes what an address, a telephone or a date is known by.
_MARKS: Final[tuple[tuple[_Convention | None, re.Pattern[str], str, str], ...]] = tuple(
    (convention, re.compile(pattern), normal, bare)
    for convention, pattern, normal, bare in (
        # A word that was begun, by its sounds.
        (_AVENUE, r"(?<![\w/:])[+-]?/[^/\s<>]{1,20}/[+-]?(?![\w/])", " ", " "),
        (_AVENUE, r"(?<!\S)[+-]/(?=\w)|(?<=\w)/[+-](?!\S)", " ", " "),
        # Words that were taken back, and what is said about words (MacWhinney, CHAT manual, 2024).
        (_CHAT, r"<([^<>\n]*)>(?=\s*\[)", r"\1", r"\1"),
        (_CHAT, r"\[(?:(?:[/=:*%^!?<>#\"-]|\+(?! ?\d))[^\]\n]{0,80})\]", " ", " "),
        (_CHAT, r"(?<!\w)&=[\w:]+", _NOISE, " "),
        (_CHAT, r"(?<!\w)&[-+~][\w:]+", " ", " "),
        (None, r"\(\.\)", _PAUSE, " "),
        (_CHAT, r"\(\.{2,3}\)|\(\d+\.\d*\)|\(\d\)(?! ?\d)", _PAUSE, " "),
        (_CHAT, r"(?<=[^\W\d_])\(([^\W\d_]+)\)|\(([^\W\d_]+)\)(?=[^\W\d_])", r"\1\2", r"\1\2"),
        (_CHAT, r"(?:(?<=\s)|^)\+[.,/\"!?<^+-]{1,5}\.?", " ", " "),
        (_CHAT, r"(?<=\w)@(?:[abcdfgiklnopqtux]|fp|ls|s[ail]|sas|wp|z:\w+|s(?:[:$][a-z:&+$]+)?)(?!\w|[.-]\w)", "", ""),
        (_CHAT, r"\b(?:xxx|yyy|www)\b(?!\.\w)", _LOST, " "),
        (_CHAT, r"(?<![\w°])°([^°\n]+)°(?![\w°])", r"\1", r"\1"),
        (_CHAT, r"[↑↓⌈⌉⌊⌋∆∇▁▔☺♋∬‡„≠≈≋∙]", "", ""),
        # What was pronounced in place of the word before, a change of language, pauses, fillers, fragments.
        (_AVENUE, r"(?i)<P>", _PAUSE, " "),
        (_AVENUE, r"(?i)<(?:Noise|Laugh|Cough|Throat|Smack)>", _NOISE, " "),
        (_AVENUE, r"<%>", _LOST, " "),
        (_AVENUE, r"(?i)<[*!]?\d?SPA>", "", ""),
        (_AVENUE, r"<[^<>\n]{0,40}>", " ", " "),
        (_AVENUE, r"(?i)</?[*!]?\d?(?:SPA|uhm?|hm|P|Noise|Laugh|Cough|Throat|Smack)\b", " ", " "),
        (_AVENUE, r"(?i)(?:\*?SPA|PA)(?=>)", "", ""),
        (_AVENUE, r"[<>]", " ", " "),
        # What anybody writes in brackets; more words beside a noise may be what a speaker says of it.
        (None, r"\[HS:\w{1,20}\s?[^\]\n]{0,300}\]", " ", " "),
        (None, rf"(?i){_SQUARE}(?:{_PAUSES})\]+|\((?:{_PAUSES})\)", _PAUSE, " "),
        (
            None,
            rf"(?i){_SQUARE}(?:{_VOICES})\b[^\]\n]{{0,30}}\]+|{_ROUND}(?:{_VOICES})\b[^()\n]{{0,30}}\)+",
            _NOISE,
            " ",
        ),
        (
            None,
            rf"(?i){_SQUARE}(?:{_NOISES})(?: de fondo)?\]+|{_ROUND}(?:{_NOISES})(?: de fondo)?\)+",
            _NOISE,
            " ",
        ),
        (None, rf"{_SQUARE}(?:{_UNCLEAR})\]+|{_ROUND}(?:{_UNCLEAR})\)+", _LOST, " "),
        (_COSER, r"(?i)\[(?:asent|neg|risa|chasq|carrasp|tos|v-\w+|a-\w+)(?:[:;][^\]\n]*)?\]", _NOISE, " "),
        (None, r"\[\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\]", " ", " "),
        (_AVENUE, r"(?<![\w*])\*+(?=\w)|(?:(?<=\s)|^)\*+(?=\s|$)", "", ""),
        (_AVENUE, r"(?<=\s)(?<!\d\s)%(?=\s|$)", " ", " "),
        (_COSER, r"(?<=\s)(?:/{2,3}|(?<!\d\s)(?:/|\|{1,2}|=))(?=\s|$)", " ", " "),
        # What ends an utterance stands apart from its last word.
        (_CHAT, r"(?<=[\w)]) +(?=[.?!](?:\s|$))", "", ""),
    )
)
# In songs other marks stand than in talk.
_SONGS: Final = "lyrics"
_SPACES: Final = re.compile(r"[ \t]{2,}")
_BEFORE_STOP: Final = re.compile(r"(?<=\w) +(?=[.,;:?!…](?:\s|$))")
_WORD: Final = re.compile(r"\w")
_LABEL: Final = re.compile(r"([^:\n]{1,60}):")


@dataclass(frozen=True)
class Unmark(Stage):
    """The stage that does with the marks of transcriptions what the policy of the genre says.

    Attributes:
        policies: a `filters/` folder; the shipped one when empty.
    """

    policies: str = ""
    name: ClassVar[str] = "unmark"
    version: ClassVar[int] = 1
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
        extractors = frame["extractor"].to_list() if "extractor" in frame.columns else [None] * len(batch)
        texts = frame["text"].to_list()
        evidence: list[str | None] = [None] * len(batch)
        for row, (text, genre) in enumerate(zip(texts, frame["genre"], strict=True)):
            keeping = wanted.get(genre, "keep")
            if keeping == "keep" or not text:
                continue
            if genre == _SONGS:
                better, better_turns = without_song_marks(text, keeping), None
            else:
                better, better_turns = without_marks(text, keeping, turns[row], extractors[row])
            if better != text:
                fewer = {"characters": len(text) - len(better), "lines": text.count("\n") - better.count("\n")}
                evidence[row] = json.dumps({"marks": keeping, **fewer})
                texts[row], turns[row] = better, better_turns
        if not any(evidence):
            return batch
        columns = {"text": pl.Series(texts, dtype=pl.String), "evidence": pl.Series(evidence, dtype=pl.String)}
        if "turns" in frame.columns:
            columns["turns"] = pl.Series(turns, dtype=frame.schema["turns"])
        return batch.with_columns(columns)


def without_marks(
    text: str,
    keeping: Keeping,
    turns: Sequence[Mapping[str, Any]] | None = None,
    extractor: str | None = None,
) -> tuple[str, list[dict[str, Any]] | None]:
    r"""Return the text with its marks normalised or removed, and its turns where they stand then.

    A line without a mark stays as it is; one that was marks alone goes.

    Args:
        text: of a transcription.
        keeping: "normalise" makes [pause], [noise] and [unclear] of marks, "remove" nothing.
        turns: of its lines, if it has any.
        extractor: that made the text, if it is known.

    >>> without_marks("ROS: en <la la> [//] la ca(sa) (.) &=laughs .\nINV: <Noise>\nROS: pu' <!1pu> xxx", "remove")[0]
    "ROS: en la la la casa.\nROS: pu'"
    >>> without_marks("nmlch: küme <Noise> *felen", "normalise")[0]
    'nmlch: küme [noise] felen'
    >>> without_marks("El zorro dijo:\ntod@s al 12 % [risas]", "remove")[0]
    'El zorro dijo:\ntod@s al 12 %'
    """
    shown = {one for one in (None, _AVENUE, _CHAT, _COSER) if one is None or one.is_of(text, extractor)}
    marks = [
        (pattern, normal if keeping == "normalise" else bare) for one, pattern, normal, bare in _MARKS if one in shown
    ]
    lines = text.split("\n")
    better = [_line(line, marks) for line in lines]
    if better == lines:
        return text, None if turns is None else [dict(turn) for turn in turns]
    speakers = [turn["speaker"] for turn in turns] if turns and len(turns) == len(lines) else None
    often = Counter(label[1] for line in lines if (label := _LABEL.match(line)))
    labels = [f"{one}:" for one in speakers] if speakers else [_label(line, often) for line in better]
    stays = [
        line == old or bool(_WORD.search(line.removeprefix(label)))
        for line, old, label in zip(better, lines, labels, strict=True)
    ]
    whole = "\n".join(compress(better, stays))
    if turns is None or speakers is None:
        return whole, None
    return whole, moved(whole, whole, [dict(turn) for turn in compress(turns, stays)])


def _label(line: str, often: Mapping[str, int]) -> str:
    """Return the speaker that a line begins with: a code in capitals, or what other lines begin with as well."""
    label = _LABEL.match(line)
    return label[0] if label and (label[1].isupper() or often[label[1]] > 1) else ""


def _line(line: str, marks: Sequence[tuple[re.Pattern[str], str]]) -> str:
    better = line
    for pattern, instead in marks:
        better = pattern.sub(instead, better)
    return line if better == line else _BEFORE_STOP.sub("", _SPACES.sub(" ", better)).strip()
