r"""CHAT (CHILDES, TalkBank): the utterances of a transcript, each a turn of its speaker.

A line `*ROS:\t…` is an utterance of the participant ROS; the `%…` lines after it are its analyses. Source: MacWhinney,
The CHILDES Project, 2000.
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

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "chat 3"

# Start and end in milliseconds, between two control characters.
_BULLET: Final = re.compile(r"\x15(?:%snd:[^\x15]*?_)?(\d+)_(\d+)-?\x15")
_WITHOUT_TIMES: Final = re.compile(r"\x15[^\x15]*\x15")
_LANGUAGE: Final = re.compile(r"\[- (\w{2,8})\]")
_LINE: Final = re.compile(r"([*@%])([^:\t\n]+)(?::|$)[ \t]*(.*)", re.DOTALL)


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a transcript, an utterance per line; transcription marks are kept.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected by default.

    Raises:
        UnusableError: it has no utterance.

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
            languages = [code.strip() for code in headers.get("languages", "").split(",") if code.strip()]
        elif sign == "*":
            times = _BULLET.findall(value)
            start = int(times[0][0]) / 1000 if times else None
            end = int(times[-1][1]) / 1000 if times else None
            own_language = _LANGUAGE.match(value)
            language = own_language[1] if own_language else languages[0] if languages else None
            utterances.append(Utterance(_WITHOUT_TIMES.sub("", value), name, start, end, language, len(utterances)))
    lines, turns = as_lines(utterances)
    if not lines:
        raise UnusableError("not a transcript", N_("it has no utterance"), N_("check that the file is whole"))
    return Extracted(
        lines, EXTRACTOR, turns=turns, title=headers.get("title") or None,
        published=_date(headers.get("date", "")), declared_language=languages[0] if languages else None,
    )  # fmt: skip


def _fields(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the sign, name and value of each line, with its continuation lines joined."""
    pending = ""
    for line in [*text.splitlines(), "@"]:
        # A line without a sign is a continuation, even if it lacks the tab.
        if not line.startswith(("@", "*", "%")):
            pending += f" {line.strip()}"
            continue
        if match := _LINE.match(pending):
            yield match[1], match[2].strip(), match[3].strip()
        pending = line


_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _date(written: str) -> str | None:
    """Return the date of the recording, which CHAT writes as 07-MAY-1998.

    >>> _date("07-MAY-1998"), _date("31-FEB-1998"), _date("mayo")
    ('1998-05-07', None, None)
    """
    match = re.fullmatch(r"(\d\d)-([A-Z]{3})-(\d{4})", written)
    if not match or match[2] not in _MONTHS:
        return None
    date = f"{match[3]}-{_MONTHS.index(match[2]) + 1:02}-{match[1]}"
    return date if day_exists(date) else None
