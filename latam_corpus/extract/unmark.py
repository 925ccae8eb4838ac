"""The stage `unmark`: keep, normalise or remove the marks of transcriptions and song sheets, by the genre's policy.

In songs these are chords, names of parts and repeats (`song_marks.py`). In speech, transcribers write pauses, noises,
overlaps, doubts and changes of language between the words: `<Noise>`, `(.)`, `&=laughs`, `[risas]`, `+/pek/+`. Rules on
symbols would take such an interview for damaged text, so they run after this stage.

Marks that are never words, such as `[risas]`, are recognised anywhere. A slash, a degree sign or an `@` is a mark only
in a text that follows a transcription convention: a file of its format, or a text with many signs unique to it. In
other texts these characters belong to dates, addresses, places and words.
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

# Words in brackets with which transcribers of Spanish, Portuguese and English describe sounds other than speech.
_PAUSES: Final = r"pausas?|silencios?|silêncio|pauses?|breve pausa|pausa (?:breve|larga|longa)"
_VOICES: Final = (
    r"risas?|risos?|ríen?|riendo|rindo|laugh(?:s|ter|ing)?|llantos?|llora(?:ndo)?|chor[ao]|chorando|tos|tose|tosiendo"
    r"|tosse|cough(?:s|ing)?|suspir[ao]s?|suspirando|carraspe[ao]s?|carraspeando|aplausos?"
)
_NOISES: Final = r"ruidos?|ruídos?|noise|música|golpes?|murmullos?|rumores"
_UNCLEAR: Final = (
    r"(?i:inaudible|ininteligible|inaudível|ininteligível|incomprensible|unintelligible|crosstalk)|\?+|x{2,}"
)
# A whole run of opening brackets, so that a match can begin at only one place.
_SQUARE, _ROUND = r"(?<!\[)\[++", r"(?<!\()\(++"
_PAUSE, _NOISE, _LOST = " [pause] ", " [noise] ", " [unclear] "


class _Convention(NamedTuple):
    """A transcription convention: signs unique to it, and the extractor of its file format, if any."""

    shown_by: re.Pattern[str]
    extractor: str | None = None

    def is_of(self, text: str, extractor: str | None) -> bool:
        """Return whether a text follows the convention."""
        if self.extractor and (extractor or "").partition(" ")[0] == self.extractor:
            return True
        return len(self.shown_by.findall(text)) * _CHARACTERS_PER_SIGN >= max(len(text), 1)


# A text in a convention has at least one sign per this many characters. The 39 conversations of AVENUE have at least
# one in 360; a text that only quotes a sign has fewer.
_CHARACTERS_PER_SIGN: Final = 2_000
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
# Each mark: its convention (None for all texts), its pattern, and its replacements when marks are normalised and when
# they are removed. No pattern matches the signs by which addresses, telephone numbers and dates are recognised.
_MARKS: Final[tuple[tuple[_Convention | None, re.Pattern[str], str, str], ...]] = tuple(
    (convention, re.compile(pattern), normal, bare)
    for convention, pattern, normal, bare in (
        # The sounds of a word that was broken off.
        (_AVENUE, r"(?<![\w/:])[+-]?/[^/\s<>]{1,20}/[+-]?(?![\w/])", " ", " "),
        (_AVENUE, r"(?<!\S)[+-]/(?=\w)|(?<=\w)/[+-](?!\S)", " ", " "),
        # Retracted words, and comments on words (MacWhinney, CHAT manual, 2024).
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
        # The pronunciation of the previous word, a change of language, pauses, fillers, fragments.
        (_AVENUE, r"(?i)<P>", _PAUSE, " "),
        (_AVENUE, r"(?i)<(?:Noise|Laugh|Cough|Throat|Smack)>", _NOISE, " "),
        (_AVENUE, r"<%>", _LOST, " "),
        (_AVENUE, r"(?i)<[*!]?\d?SPA>", "", ""),
        (_AVENUE, r"<[^<>\n]{0,40}>", " ", " "),
        (_AVENUE, r"(?i)</?[*!]?\d?(?:SPA|uhm?|hm|P|Noise|Laugh|Cough|Throat|Smack)\b", " ", " "),
        (_AVENUE, r"(?i)(?:\*?SPA|PA)(?=>)", "", ""),
        (_AVENUE, r"[<>]", " ", " "),
        # Common words in brackets. Other words next to a noise may be speech, and are kept.
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
        # The sign that ends an utterance is separated from its last word.
        (_CHAT, r"(?<=[\w)]) +(?=[.?!](?:\s|$))", "", ""),
    )
)
# This genre has other marks than speech.
_SONGS: Final = "lyrics"
_SPACES: Final = re.compile(r"[ \t]{2,}")
_BEFORE_STOP: Final = re.compile(r"(?<=\w) +(?=[.,;:?!…](?:\s|$))")
_WORD: Final = re.compile(r"\w")
_LABEL: Final = re.compile(r"([^:\n]{1,60}):")


@dataclass(frozen=True)
class Unmark(Stage):
    """The stage that keeps, normalises or removes the marks of transcriptions, by the policy of the genre.

    Attributes:
        policies: a `filters/` folder; the shipped one if empty.
    """

    policies: str = ""
    name: ClassVar[str] = "unmark"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text", "genre"})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})
    by_content: ClassVar[tuple[str, ...]] = ("policies",)

    def fingerprint(self) -> str:
        """Return the policies on marks, by genre."""
        genres = cached_policies(self.policies).genres
        return json.dumps({name: file.marks for name, file in sorted(genres.items())})

    @property
    def policy_folder(self) -> Path | None:
        """The folder of the policies."""
        return cached_policies(self.policies).folder

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with the marks of each text treated by its genre's policy."""
        policies = cached_policies(self.policies)
        frame = batch.frame
        keeping_by_genre = {genre: policies.genre(genre).marks for genre in frame["genre"].unique().drop_nulls()}
        turns = frame["turns"].to_list() if "turns" in frame.columns else [None] * len(batch)
        extractors = frame["extractor"].to_list() if "extractor" in frame.columns else [None] * len(batch)
        texts = frame["text"].to_list()
        evidence: list[str | None] = [None] * len(batch)
        for row, (text, genre) in enumerate(zip(texts, frame["genre"], strict=True)):
            keeping = keeping_by_genre.get(genre, "keep")
            if keeping == "keep" or not text:
                continue
            if genre == _SONGS:
                new_text, new_turns = without_song_marks(text, keeping), None
            else:
                new_text, new_turns = without_marks(text, keeping, turns[row], extractors[row])
            if new_text != text:
                removed_counts = {
                    "characters": len(text) - len(new_text),
                    "lines": text.count("\n") - new_text.count("\n"),
                }
                evidence[row] = json.dumps({"marks": keeping, **removed_counts})
                texts[row], turns[row] = new_text, new_turns
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
    r"""Return the text with its marks normalised or removed, and its turns with new offsets.

    A line without a mark is unchanged; a line of marks alone is removed.

    Args:
        text: the text of a transcription.
        keeping: "normalise" replaces marks by [pause], [noise] and [unclear], "remove" deletes them.
        turns: the turns of its lines, if it has any.
        extractor: the extractor that produced the text, if known.

    >>> without_marks("ROS: en <la la> [//] la ca(sa) (.) &=laughs .\nINV: <Noise>\nROS: pu' <!1pu> xxx", "remove")[0]
    "ROS: en la la la casa.\nROS: pu'"
    >>> without_marks("nmlch: küme <Noise> *felen", "normalise")[0]
    'nmlch: küme [noise] felen'
    >>> without_marks("El zorro dijo:\ntod@s al 12 % [risas]", "remove")[0]
    'El zorro dijo:\ntod@s al 12 %'
    """
    conventions = {
        convention
        for convention in (None, _AVENUE, _CHAT, _COSER)
        if convention is None or convention.is_of(text, extractor)
    }
    marks = [
        (pattern, normal if keeping == "normalise" else bare)
        for convention, pattern, normal, bare in _MARKS
        if convention in conventions
    ]
    lines = text.split("\n")
    new_lines = [_line(line, marks) for line in lines]
    if new_lines == lines:
        return text, None if turns is None else [dict(turn) for turn in turns]
    speakers = [turn["speaker"] for turn in turns] if turns and len(turns) == len(lines) else None
    label_counts = Counter(label[1] for line in lines if (label := _LABEL.match(line)))
    labels = [f"{speaker}:" for speaker in speakers] if speakers else [_label(line, label_counts) for line in new_lines]
    is_kept = [
        line == old or bool(_WORD.search(line.removeprefix(label)))
        for line, old, label in zip(new_lines, lines, labels, strict=True)
    ]
    new_text = "\n".join(compress(new_lines, is_kept))
    if turns is None or speakers is None:
        return new_text, None
    return new_text, moved(new_text, new_text, [dict(turn) for turn in compress(turns, is_kept)])


def _label(line: str, label_counts: Mapping[str, int]) -> str:
    """Return the speaker's label at the start of a line: a code in capitals, or a label that other lines have too."""
    label = _LABEL.match(line)
    return label[0] if label and (label[1].isupper() or label_counts[label[1]] > 1) else ""


def _line(line: str, marks: Sequence[tuple[re.Pattern[str], str]]) -> str:
    new_line = line
    for pattern, replacement in marks:
        new_line = pattern.sub(replacement, new_line)
    return line if new_line == line else _BEFORE_STOP.sub("", _SPACES.sub(" ", new_line)).strip()
