"""Replace the names of speakers by codes: `E1` for an interviewer, `H1` for a narrator.

A contributor's key is a table of names and codes next to the source file. It assigns each person one code in the whole
archive, and is the only way to identify a person by a code. Without a key, codes are numbered separately in each
interview.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.privacy.find import names_pattern
from latam_corpus.text.turns.turn_lines import moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ASKS, TELLS = "E", "H"
# Marks codes of persons who aren't in the key; these are numbered in each interview.
_UNKNOWN: Final = "X"
_CODE: Final = re.compile(rf"[{ASKS}{TELLS}]{_UNKNOWN}?\d+")
HEADS: Final = ("name", "code")
# Labels of interviewers in transcripts of the region: P:, E1:, INV, Entrevistadora, Pesquisador.
_ASKING: Final = re.compile(
    r"(?:p|e|inv|int|ent|entr|enc|inq|doc|preg|pregunta|pergunta|entrevistador\w{0,3}|investigador\w{0,3}|interviewer"
    r"|encuestador\w{0,3}|moderador\w{0,3}|inquiridor\w{0,3}|pesquisador\w{0,3}|documentador\w{0,3}|periodista|repórter)\d*",
    re.IGNORECASE,
)
# Lines that name a speaker: `Entrevistada: Petra Ruiz López`, `Entrevista a don Luis Paz, de 70 años`.
_PARTICLES: Final = "(?:de|del|la|las|los|da|do|das|dos|e|y)"
_CAPITAL: Final = "[A-ZÁÉÍÓÚÜÑÀÂÃÊÔÕÇ]"
_NAME: Final = rf"{_CAPITAL}[\w'’.-]*(?: (?:{_PARTICLES} ){{0,2}}{_CAPITAL}[\w'’.-]*){{0,6}}(?<!\.)"
_FULL_NAME: Final = re.compile(rf"\b{_NAME}(?!\w)")
_SHORT_LABEL: Final = 2  # a label of at most this many letters may be the initials of other words
_ROLES: Final = (
    r"(?P<asks>entrevistador\w{0,3}|investigador\w{0,3}|encuestador\w{0,3}|inquiridor\w{0,3}|pesquisador\w{0,3}"
    r"|documentador\w{0,3}|recopilador\w{0,3}|entrevista \w{4,10}(?= por)|entrevistad[oa](?= por))"
    r"|(?:persona )?entrevistad[oa]s?|informantes?|narrador\w{0,3}|testimoniantes?|testimonio|hablantes?|relator\w{0,3}"
    r"|depoentes?|depoimento|colaborador\w{0,3}|entrevista(?= (?:a|ao|à|con|com|de) )"
    r"|(?:nombre|nome)s?(?: y apellidos?| completo)?"
    r"(?: d\w{1,2}(?: l\w{1,2})? (?:entrevistad[oa]|informante|narrador\w?|depoente))?"
)
_HONORIFIC: Final = r"(?:don|doña|dona|seu|sra?|señora?|senhora?|dra?|prof)\b\.?"
_HEADING: Final = re.compile(
    rf"^\W*(?i:{_ROLES})(?:\W*[:.—–-]\W*| (?i:a|ao|à|al|con|com|de|do|da|por) \W*)"
    rf"(?i:{_HONORIFIC} )?(?P<name>{_NAME})(?!\w)"
)
# A title that names the interviewed person: `Entrevista con doña Lucha`.
_TITLE_HEADING: Final = re.compile(
    rf"^\W*(?i:entrevistas? (?:a|al|ao|à|con|com)) (?i:{_HONORIFIC} )?(?P<name>{_NAME})(?!\w)"
)
# The words after or before a known part of a name, such as `Ramírez` after `Lucha`.
_NAME_AFTER: Final = re.compile(rf"(?: (?:(?:de|del|la|las|los|da|do|das|dos) ){{0,2}}{_CAPITAL}[\w'’-]*)*")
_NAME_BEFORE: Final = re.compile(rf"(?:(?<!\w){_CAPITAL}[\w'’-]* )*$")
# A name of several words is recognised anywhere; a single word may be a common noun.
_FULL: Final = re.compile(r"\w{2,}\.? .*\w{2,}")


def role_of(name: str) -> str:
    """Return `E` for an interviewer's label, `H` for any other label.

    >>> [role_of(name) for name in ("Entrevistadora", "P", "INV2", "Rosa Quispe", "Pedro")]
    ['E', 'E', 'E', 'H', 'H']
    """
    return ASKS if _ASKING.fullmatch(name.strip()) else TELLS


def with_codes(names: Iterable[str], key: Mapping[str, str]) -> dict[str, str]:
    """Return the key with codes for new names, numbered after the existing codes of their role.

    >>> with_codes(["Rosa", "P", "Pedro"], {"Rosa": "H4"})
    {'Rosa': 'H4', 'P': 'E1', 'Pedro': 'H5'}
    """
    codes = dict(key)
    last = {role: max((_number(code, role) for code in codes.values()), default=0) for role in (ASKS, TELLS)}
    for name in names:
        if name not in codes:
            role = role_of(name)
            last[role] += 1
            codes[name] = f"{role}{last[role]}"
    return codes


def _number(code: str, role: str) -> int:
    match = re.fullmatch(rf"{role}(\d+)", code)
    return int(match[1]) if match else 0


def is_interview(turns: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether a document is an interview and not a play: it has an interviewer, or the times of a recording.

    >>> is_interview([{"speaker": "P", "start": None}]), is_interview([{"speaker": "CALISTO", "start": None}])
    (True, False)
    """
    return any(
        turn["start"] is not None or (turn["speaker"] and role_of(turn["speaker"]) == ASKS) for turn in turns or ()
    )


def headings_of(
    text: str, turns: Sequence[Mapping[str, Any]], key: Mapping[str, str] | None = None, title: str | None = None
) -> dict[str, str]:
    r"""Return the codes of the persons named in lines such as `Entrevistada: Petra Ruiz López`.

    A person gets the code of the speaker whose label consists of words or initials of the name, or of the only speaker
    with the same role. Other persons get new codes.

    Args:
        text: an interview.
        turns: one for each line.
        key: the key of the archive; None without one.
        title: the title of the interview, which may name the interviewed person.

    >>> turns = [{"speaker": None}, {"speaker": "P"}, {"speaker": "R"}]
    >>> headings_of("Entrevistada: Petra Ruiz López\nP: ¿Sí?\nR: Sí.", turns)
    {'Petra Ruiz López': 'H1'}
    """
    speakers = list(dict.fromkeys(turn["speaker"] for turn in turns if turn["speaker"]))
    codes = {**(key or {}), **_codes_of(speakers, key)}
    heading_codes: dict[str, str] = {}
    title_heading = _TITLE_HEADING.match(unicodedata.normalize("NFC", title or ""))
    title_names = [(TELLS, name) for name in _names_of(title_heading)] if title_heading else []
    for role, name in (*_named_in_headings(text, turns, speakers), *title_names):
        with_role = [speaker for speaker in speakers if role_of(speaker) == role]
        labels = [speaker for speaker in speakers if _is_label_of(speaker, name)]
        labels = labels or (with_role if len(with_role) == 1 else [])
        if name in codes:
            heading_codes[name] = codes[name]
        elif labels:
            heading_codes[name] = codes[labels[0]]
        elif name not in heading_codes:
            prefix = role if key is None else role + _UNKNOWN
            numbers = (_number(code, prefix) for code in (*codes.values(), *heading_codes.values()))
            heading_codes[name] = f"{prefix}{max(numbers, default=0) + 1}"
    return heading_codes


def _named_in_headings(
    text: str, turns: Sequence[Mapping[str, Any]], speakers: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield the role and the name of each person in a heading."""
    lines = text.split("\n")
    has_turn_per_line = len(lines) == len(turns)
    has_begun = False
    for index, line in enumerate(lines):
        speaker = turns[index]["speaker"] if has_turn_per_line else _labelled(line, speakers)
        heading = _HEADING.match(line)
        # Before the conversation begins, a label may be followed only by the name of its speaker.
        if speaker and not (heading and not has_begun and heading.end() == len(line.rstrip(" ."))):
            has_begun = True
        elif heading:
            role = ASKS if heading["asks"] else TELLS
            yield from ((role, name) for name in _names_of(heading))
        elif not speaker:
            for name in _FULL_NAME.findall(line):
                if any(len(label) > _SHORT_LABEL and _is_label_of(label, name) for label in speakers):
                    yield TELLS, name


def _names_of(heading: re.Match[str]) -> list[str]:
    """Return the names in a heading: two in `Petra Ruiz y Juan Soto`, one in `José Ortega y Gasset`."""
    names = re.split(r" [ey] ", heading["name"].rstrip(" ."))
    return names if all(" " in name for name in names) else [heading["name"].rstrip(" .")]


def _is_label_of(label: str, name: str) -> bool:
    """Whether a label consists of words or initials of a name: `Petra`, `P.R.`, `PRL`."""
    label_words, name_words = _folded(label).replace(".", " ").split(), _folded(name).split()
    initials = [word[0] for word in name_words if not re.fullmatch(_PARTICLES, word)]
    letters = "".join(label_words)
    if len(letters) > 1 and letters == "".join(initials)[: len(letters)] and role_of(label) == TELLS:
        return True
    return bool(label_words) and set(label_words) <= set(name_words)


def _parts(name: str) -> list[str]:
    """Return all runs of at least two words of a name, including the whole name."""
    words = name.split()
    return [
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(len(words), start + 1, -1)
        if not any(re.fullmatch(_PARTICLES, words[index], re.IGNORECASE) for index in (start, end - 1))
    ]


def coded(
    text: str,
    turns: Sequence[Mapping[str, Any]],
    key: Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
) -> tuple[str, list[dict[str, Any]]]:
    r"""Replace the labels of speakers, and their full names in the text, by codes; return text and turns.

    Args:
        text: one line per turn.
        turns: one for each line.
        key: the key of the archive; None without one.
        headings: the result of `headings_of`; computed if None.

    >>> turns = [{"speaker": "Ana", "offset": 0}, {"speaker": "Rosa Paz", "offset": 15}]
    >>> coded("Ana: ¿Y usted?\nRosa Paz: Rosa Paz, señora.", turns)[0]
    'H1: ¿Y usted?\nH2: H2, señora.'
    """
    names = list(dict.fromkeys(turn["speaker"] for turn in turns if turn["speaker"]))
    codes = _codes_of(names, key)
    lines = text.split("\n")
    if not codes:
        return text, [dict(turn) for turn in turns]
    headings = headings_of(text, turns, key) if headings is None else headings
    full_names = {name: codes[name] for name in names if _FULL.fullmatch(name)}
    full_names |= {part: code for name, code in headings.items() for part in _parts(name)}
    pattern, code_of = names_pattern(full_names), {_folded(name): code for name, code in full_names.items()}
    written: list[str] = []
    # If an earlier stage has changed the lines, the speaker is named by the label at the start of a line.
    has_turn_per_line = len(lines) == len(turns)
    speakers = [turn["speaker"] for turn in turns] if has_turn_per_line else [_labelled(line, names) for line in lines]
    for line, speaker in zip(lines, speakers, strict=True):
        label = f"{speaker}: " if speaker else ""
        utterance = line.removeprefix(label)
        coded_label = f"{codes[speaker]}: " if speaker and len(utterance) < len(line) else ""
        if pattern:
            utterance = pattern.sub(lambda name: code_of[_folded(name[0])], utterance)
        written.append(coded_label + _heading_coded(utterance, headings))
    coded_turns = [{**turn, "speaker": codes.get(turn["speaker"], turn["speaker"])} for turn in turns]
    coded_text = "\n".join(written)
    return coded_text, moved(text, coded_text, coded_turns) or coded_turns


def _heading_coded(line: str, headings: Mapping[str, str]) -> str:
    """Replace the name in a heading by its code, even if it is a single word."""
    heading = _HEADING.match(line)
    if heading is None or heading["name"] not in headings:
        return line
    start, end = heading.span("name")
    return line[:start] + headings[heading["name"]] + line[end:]


def coded_title(
    title: str | None,
    speakers: Iterable[str],
    key: Mapping[str, str] | None = None,
    headings: Mapping[str, str] = MappingProxyType({}),
) -> str | None:
    """Replace in an interview's title the names of speakers, and all names in the key, by codes.

    Args:
        title: the title in the record.
        speakers: the speakers of the interview, in order of their first turns.
        key: the key of the archive; None without one.
        headings: the result of `headings_of`.

    >>> coded_title("Rosa Paz cuenta; la visita Ana (P), y una rosa", ["Rosa Paz", "Ana", "P", "Rosa"])
    'H1 cuenta; la visita H2 (P), y una rosa'
    >>> coded_title("Doña Lucha Ramírez y el mar", ["P", "LUCHA"]), coded_title("Visita a doña Lucha", ["doña Lucha"])
    ('Doña H1 y el mar', 'Visita a H1')
    """
    names = [name for name in dict.fromkeys([*speakers, *(key or ())]) if not _ASKING.fullmatch(name.strip())]
    parts = {part: code for name, code in headings.items() for part in _parts(name) or [name]}
    pattern = names_pattern([*names, *parts])
    if not title or pattern is None:
        return title
    codes = {_folded(name): code for name, code in parts.items()}
    codes |= {_folded(name): code for name, code in _codes_of(list(dict.fromkeys([*speakers, *names])), key).items()}

    composed = unicodedata.normalize("NFC", title)
    written, end = "", 0
    for match in pattern.finditer(composed):
        # A name in lower case may be a common noun: `La rosa de los vientos`.
        if match.start() < end or not any(word[0].isupper() for word in match[0].split()):
            continue
        words_before = _NAME_BEFORE.search(composed, end, match.start())
        start = _beginning_of_name(composed, words_before.start() if words_before else match.start(), match.start())
        written += composed[end:start] + codes[_folded(match[0])]
        words_after = _NAME_AFTER.match(composed, match.end())
        end = words_after.end() if words_after else match.end()
    return written + composed[end:]


def _beginning_of_name(title: str, start: int, end: int) -> int:
    """Return the start of a name between `start` and `end`, after honorifics and the first word of the title."""
    while start < end:
        word, _space, _rest = title[start:end].partition(" ")
        if start > 0 and not re.fullmatch(_HONORIFIC, word, re.IGNORECASE):
            break
        start += len(word) + 1
    return start


def coded_names(
    names: Sequence[str],
    speakers: Iterable[str],
    key: Mapping[str, str] | None = None,
    headings: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """Replace the names of an interview's speakers by codes in a list of names, such as authors.

    Args:
        names: the names in the record.
        speakers: the speakers of the interview, in order of their first turns.
        key: the key of the archive; None without one.
        headings: the result of `headings_of`.

    >>> coded_names(["Ramírez, Lucha", "Archivo del puerto"], ["P", "LUCHA RAMÍREZ"])
    ['H1', 'Archivo del puerto']
    """
    labels = list(dict.fromkeys([*speakers, *(key or ())]))
    codes = {**_codes_of(labels, key), **headings}
    person_codes = {name: code for name, code in codes.items() if not _ASKING.fullmatch(name.strip())}
    return [_code_of(name, person_codes) or coded_title(name, speakers, key, headings) or name for name in names]


def _code_of(name: str, codes: Mapping[str, str]) -> str | None:
    """Return the code of a person by name, with first and last name in either order; None if unknown."""
    plain = re.sub(rf"(?i)(?<!\w){_HONORIFIC} ?", "", name)
    last, _comma, first = plain.partition(",")
    for written in (plain, f"{first.strip()} {last.strip()}"):
        for label, code in codes.items():
            if _is_label_of(re.sub(rf"(?i)(?<!\w){_HONORIFIC} ?", "", label), written):
                return code
    return None


def has_codes(turns: Sequence[Mapping[str, Any]] | None) -> bool:
    """Return whether any speaker of an interview has a code instead of a name."""
    return any(turn["speaker"] and _CODE.fullmatch(turn["speaker"]) for turn in turns or ())


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _labelled(line: str, names: Sequence[str]) -> str | None:
    return next((name for name in names if line.startswith(f"{name}: ")), None)


def _codes_of(names: Sequence[str], key: Mapping[str, str] | None) -> dict[str, str]:
    if key is None:
        return with_codes(names, {name: name for name in names if _CODE.fullmatch(name)})
    key_codes = dict(key) | {code: code for code in key.values()}
    new_codes = with_codes([name for name in names if name not in key_codes], {})
    return {name: key_codes.get(name) or new_codes[name][0] + _UNKNOWN + new_codes[name][1:] for name in names}


@lru_cache(maxsize=64)
def read_key(path: str, _digest: str = "") -> dict[str, str]:
    """Return the codes of a contributor's key, by name.

    Args:
        path: the path of a table with the columns `name` and `code`, as written by `sources speakers`.
        _digest: the digest of the file, so that a changed file isn't taken from the cache.

    Raises:
        ConfigError: the file can't be read, a row lacks its name or code, or a name has two codes.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            path, _("the key of speakers can't be read: {reason}", reason=error), _("save it as CSV, in UTF-8")
        ) from None
    mark = ";" if ";" in text.partition("\n")[0] else ","
    codes: dict[str, str] = {}
    rows = csv.DictReader(io.StringIO(text), delimiter=mark)
    if not set(HEADS) <= set(rows.fieldnames or ()):
        raise ConfigError(
            path,
            _("the key of speakers lacks the columns name and code"),
            _("write these column names in the first line"),
        )
    for number, row in enumerate(rows, 2):
        name, code = (unicodedata.normalize("NFC", row[head] or "").strip() for head in HEADS)
        if not (name and code) or codes.setdefault(name, code) != code:
            problem = (
                _("the row lacks a name or a code")
                if not (name and code)
                else _("«{name}» has a different code in an earlier row", name=name)
            )
            raise ConfigError(
                _("{file}, line {line}", file=path, line=number), problem, _("give each person a single code")
            )
    return codes


def key_text(codes: Mapping[str, str]) -> str:
    """Return a key as a CSV table."""
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\n")
    table.writerows([HEADS, *codes.items()])
    return written.getvalue()
