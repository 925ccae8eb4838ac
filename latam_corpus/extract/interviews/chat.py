r"""CHAT (CHILDES, TalkBank): the utterances of a transcript, each a turn of its speaker.

A line of `*ROS:\t…` is said by the participant ROS; `%…` lines are analyses of it. Source: MacWhinney, The CHILDES
Project, 2000.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.named_values import day_exists
from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted, UnusableError, Utterance, as_lines
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "chat 3"

# Milliseconds between two marks that terminals don't show.
_BULLET: Final = re.compile(r"\x15(?:%snd:[^\x15]*?_)?(\d+)_(\d+)-?\x15")
_WITHOUT_TIMES: Final = re.compile(r"\x15[^\x15]*\x15")
_OTHER: Final = re.compile(r"\[- (\w{2,8})\]")
_LINE: Final = re.compile(r"([*@%])([^:\t\n]+)(?::|$)[ \t]*(.*)", re.DOTALL)


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a transcript, an utterance a line; the marks of the transcription stay.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected without it.

    Raises:
        UnusableError: nobody says anything in it.

    >>> chat = "@UTF8\n@Begin\n@Languages:\tspa\n@Participants:\tROS Rosa Adult\n*ROS:\tnací en el puerto .\n@End\n"
    >>> extract(chat.encode(), {}).text
    'ROS: nací en el puerto .'
    """
    text, _ = decode(raw, parameters.get("charset"))
    headers: dict[str, str] = {}
    utterances: list[Utterance] = []
    languages: list[str] = []
    for sign, name, value in _fields(text):
        if sign == "@":
            headers.setdefault(name.lower(), value)
            languages = [one.strip() for one in headers.get("languages", "").split(",") if one.strip()]
        elif sign == "*":
            times = _BULLET.findall(value)
            start = int(times[0][0]) / 1000 if times else None
            end = int(times[-1][1]) / 1000 if times else None
            other = _OTHER.match(value)  # said in another than the transcript's first
            language = other[1] if other else languages[0] if languages else None
            utterances.append(Utterance(_WITHOUT_TIMES.sub("", value), name, start, end, language, len(utterances)))
    lines, turns = as_lines(utterances)
    if not lines:
        raise UnusableError("not a transcript", N_("nobody says anything in it"), N_("check that the file is whole"))
    return Extracted(
        lines, EXTRACTOR, turns=turns, title=headers.get("title") or None,
        published=_date(headers.get("date", "")), declared_language=languages[0] if languages else None,
    )  # fmt: skip


def _fields(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the sign, the name and the value of each line, those that go on in the next lines joined."""
    held = ""
    for line in [*text.splitlines(), "@"]:
        # What begins with none of the signs goes on, though it should begin with a tab.
        if not line.startswith(("@", "*", "%")):
            held += f" {line.strip()}"
            continue
        if match := _LINE.match(held):
            yield match[1], match[2].strip(), match[3].strip()
        held = line


_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _date(written: str) -> str | None:
    """Return the date of the recording, which CHAT writes 07-MAY-1998.

    >>> _date("07-MAY-1998"), _date("31-FEB-1998"), _date("mayo")
    ('1998-05-07', None, None)
    """
    match = re.fullmatch(r"(\d\d)-([A-Z]{3})-(\d{4})", written)
    if not match or match[2] not in _MONTHS:
        return None
    date = f"{match[3]}-{_MONTHS.index(match[2]) + 1:02}-{match[1]}"
    return date if day_exists(date) else None
