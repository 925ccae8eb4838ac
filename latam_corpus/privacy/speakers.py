"""Speakers under codes in place of their names: `E1` for who asks, `H1` for who tells.

A contributor's key, a table of names and codes beside the source's file, gives each person one code in the whole
archive, and alone leads back. Without it codes are counted in each interview anew, and nothing leads back.
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
# Of those whom the key doesn't name; they are counted in each interview anew.
_UNKNOWN: Final = "X"
_CODE: Final = re.compile(rf"[{ASKS}{TELLS}]{_UNKNOWN}?\d+")
HEADS: Final = ("name", "code")
# How transcripts of the region label who asks: P:, E1:, INV, Entrevistadora, Pesquisador.
_ASKING: Final = re.compile(
    r"(?:p|e|inv|int|ent|entr|enc|inq|doc|preg|pregunta|pergunta|entrevistador\w{0,3}|investigador\w{0,3}|interviewer"
    r"|encuestador\w{0,3}|moderador\w{0,3}|inquiridor\w{0,3}|pesquisador\w{0,3}|documentador\w{0,3}|periodista|repórter)\d*",
    re.IGNORECASE,
)
# Lines that say who speaks: `Entrevistada: Petra Ruiz López`, `Entrevista a don Luis Paz, de 70 años`.
_PARTICLES: Final = "(?:de|del|la|las|los|da|do|das|dos|e|y)"
_CAPITAL: Final = "[A-ZÁÉÍÓÚÜÑÀÂÃÊÔÕÇ]"
_NAME: Final = rf"{_CAPITAL}[\w'’.-]*(?: (?:{_PARTICLES} ){{0,2}}{_CAPITAL}[\w'’.-]*){{0,6}}(?<!\.)"
_FULL_NAME: Final = re.compile(rf"\b{_NAME}(?!\w)")
_SHORT_LABEL: Final = 2  # letters that other words begin with too
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
# A title that names who is interviewed: `Entrevista con doña Lucha`.
_OF_A_TITLE: Final = re.compile(
    rf"^\W*(?i:entrevistas? (?:a|al|ao|à|con|com)) (?i:{_HONORIFIC} )?(?P<name>{_NAME})(?!\w)"
)
# What belongs to a name after and before a part of it: `Lucha` `Ramírez`.
_GOES_ON: Final = re.compile(rf"(?: (?:(?:de|del|la|las|los|da|do|das|dos) ){{0,2}}{_CAPITAL}[\w'’-]*)*")
_COMES_BEFORE: Final = re.compile(rf"(?:(?<!\w){_CAPITAL}[\w'’-]* )*$")
# A name of several words is that person wherever it stands; one alone may be a word.
_FULL: Final = re.compile(r"\w{2,}\.? .*\w{2,}")


def role_of(name: str) -> str:
    """Return `E` for the label of one who asks, `H` for any other.

    >>> [role_of(name) for name in ("Entrevistadora", "P", "INV2", "Rosa Quispe", "Pedro")]
    ['E', 'E', 'E', 'H', 'H']
    """
    return ASKS if _ASKING.fullmatch(name.strip()) else TELLS


def with_codes(names: Iterable[str], key: Mapping[str, str]) -> dict[str, str]:
    """Return the key with codes for names that it hasn't, counted on from those of their role.

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
    """Whether persons speak in a document: somebody asks, or it was recorded. The characters of a play do neither.

    >>> is_interview([{"speaker": "P", "start": None}]), is_interview([{"speaker": "CALISTO", "start": None}])
    (True, False)
    """
    return any(
        turn["start"] is not None or (turn["speaker"] and role_of(turn["speaker"]) == ASKS) for turn in turns or ()
    )


def headings_of(
    text: str, turns: Sequence[Mapping[str, Any]], key: Mapping[str, str] | None = None, title: str | None = None
) -> dict[str, str]:
    r"""Return the codes of persons whom lines such as `Entrevistada: Petra Ruiz López` name.

    A person whose name has the words or the initials of a speaker's label has that speaker's code, and so has the only
    person who asks or who answers. The others have codes of their own.

    Args:
        text: an interview.
        turns: of its lines.
        key: the archive's; None if it has none.
        title: of the interview, which may name who is interviewed.

    >>> turns = [{"speaker": None}, {"speaker": "P"}, {"speaker": "R"}]
    >>> headings_of("Entrevistada: Petra Ruiz López\nP: ¿Sí?\nR: Sí.", turns)
    {'Petra Ruiz López': 'H1'}
    """
    speakers = list(dict.fromkeys(turn["speaker"] for turn in turns if turn["speaker"]))
    codes = {**(key or {}), **_codes_of(speakers, key)}
    named: dict[str, str] = {}
    titled = _OF_A_TITLE.match(unicodedata.normalize("NFC", title or ""))
    of_title = [(TELLS, name) for name in _names_of(titled)] if titled else []
    for role, name in (*_named_in_headings(text, turns, speakers), *of_title):
        of_role = [one for one in speakers if role_of(one) == role]
        labels = [one for one in speakers if _is_label_of(one, name)] or (of_role if len(of_role) == 1 else [])
        if name in codes:
            named[name] = codes[name]
        elif labels:
            named[name] = codes[labels[0]]
        elif name not in named:
            sign = role if key is None else role + _UNKNOWN
            taken = (_number(code, sign) for code in (*codes.values(), *named.values()))
            named[name] = f"{sign}{max(taken, default=0) + 1}"
    return named


def _named_in_headings(
    text: str, turns: Sequence[Mapping[str, Any]], speakers: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield the role and the name of each person whom a heading names."""
    lines = text.split("\n")
    alike = len(lines) == len(turns)
    begun = False
    for place, line in enumerate(lines):
        speaker = turns[place]["speaker"] if alike else _labelled(line, speakers)
        heading = _HEADING.match(line)
        # Before the conversation begins, a label may stand before the name of its speaker alone.
        if speaker and not (heading and not begun and heading.end() == len(line.rstrip(" ."))):
            begun = True
        elif heading:
            role = ASKS if heading["asks"] else TELLS
            yield from ((role, name) for name in _names_of(heading))
        elif not speaker:
            for name in _FULL_NAME.findall(line):
                if any(len(label) > _SHORT_LABEL and _is_label_of(label, name) for label in speakers):
                    yield TELLS, name


def _names_of(heading: re.Match[str]) -> list[str]:
    """Return the names of a heading: of `Petra Ruiz y Juan Soto` two, of `José Ortega y Gasset` one."""
    names = re.split(r" [ey] ", heading["name"].rstrip(" ."))
    return names if all(" " in name for name in names) else [heading["name"].rstrip(" .")]


def _is_label_of(label: str, name: str) -> bool:
    """Whether a label has the words or the initials of a name: `Petra`, `P.R.`, `PRL`."""
    of_label, of_name = _folded(label).replace(".", " ").split(), _folded(name).split()
    initials = [word[0] for word in of_name if not re.fullmatch(_PARTICLES, word)]
    letters = "".join(of_label)
    if len(letters) > 1 and letters == "".join(initials)[: len(letters)] and role_of(label) == TELLS:
        return True
    return bool(of_label) and set(of_label) <= set(of_name)


def _parts(name: str) -> list[str]:
    """Return a name and what is left of it without some words at its ends, two words at least."""
    words = name.split()
    return [
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(len(words), start + 1, -1)
        if not any(re.fullmatch(_PARTICLES, words[place], re.IGNORECASE) for place in (start, end - 1))
    ]


def coded(
    text: str,
    turns: Sequence[Mapping[str, Any]],
    key: Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
) -> tuple[str, list[dict[str, Any]]]:
    r"""Return an interview with codes in place of its speakers' names, in labels, and of full names in what is said.

    Args:
        text: a line a turn.
        turns: of its lines.
        key: the archive's; None if it has none.
        headings: of `headings_of`; None to look for them.

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
    full = {name: codes[name] for name in names if _FULL.fullmatch(name)}
    full |= {part: code for name, code in headings.items() for part in _parts(name)}
    inside, code_of = names_pattern(full), {_folded(name): code for name, code in full.items()}
    written: list[str] = []
    # Where a stage has made other lines than turns, whoever a line begins with is its speaker.
    alike = len(lines) == len(turns)
    speakers = [turn["speaker"] for turn in turns] if alike else [_labelled(line, names) for line in lines]
    for line, speaker in zip(lines, speakers, strict=True):
        label = f"{speaker}: " if speaker else ""
        said = line.removeprefix(label)
        head = f"{codes[speaker]}: " if speaker and len(said) < len(line) else ""
        if inside:
            said = inside.sub(lambda name: code_of[_folded(name[0])], said)
        written.append(head + _heading_coded(said, headings))
    under_codes = [{**turn, "speaker": codes.get(turn["speaker"], turn["speaker"])} for turn in turns]
    whole = "\n".join(written)
    return whole, moved(text, whole, under_codes) or under_codes


def _heading_coded(line: str, headings: Mapping[str, str]) -> str:
    """Return a line with the code in place of its heading's name, which may be of one word."""
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
    """Return an interview's title with codes in place of its speakers' names, and of all whom the key names.

    Args:
        title: as the record has it.
        speakers: of the interview, in the order in which they speak first.
        key: the archive's; None where it has none.
        headings: of `headings_of`.

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
    for found in pattern.finditer(composed):
        # A name of one word may be a word: `La rosa de los vientos`.
        if found.start() < end or not any(word[0].isupper() for word in found[0].split()):
            continue
        before = _COMES_BEFORE.search(composed, end, found.start())
        start = _beginning_of_name(composed, before.start() if before else found.start(), found.start())
        written += composed[end:start] + codes[_folded(found[0])]
        going_on = _GOES_ON.match(composed, found.end())
        end = going_on.end() if going_on else found.end()
    return written + composed[end:]


def _beginning_of_name(title: str, start: int, end: int) -> int:
    """Return where a name begins of which some words stand before `end`; titles of persons and first words don't."""
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
    """Return names of persons, such as authors, with the codes of those who speak in an interview.

    Args:
        names: as the record has them.
        speakers: of the interview, in the order in which they speak first.
        key: the archive's; None if it has none.
        headings: of `headings_of`.

    >>> coded_names(["Ramírez, Lucha", "Archivo del puerto"], ["P", "LUCHA RAMÍREZ"])
    ['H1', 'Archivo del puerto']
    """
    labels = list(dict.fromkeys([*speakers, *(key or ())]))
    codes = {**_codes_of(labels, key), **headings}
    known = {name: code for name, code in codes.items() if not _ASKING.fullmatch(name.strip())}
    return [_code_of(name, known) or coded_title(name, speakers, key, headings) or name for name in names]


def _code_of(name: str, codes: Mapping[str, str]) -> str | None:
    """Return the code of the person whom a name means, whatever the order of its words; None for another person."""
    plain = re.sub(rf"(?i)(?<!\w){_HONORIFIC} ?", "", name)
    last, _comma, first = plain.partition(",")
    for written in (plain, f"{first.strip()} {last.strip()}"):
        for label, code in codes.items():
            if _is_label_of(re.sub(rf"(?i)(?<!\w){_HONORIFIC} ?", "", label), written):
                return code
    return None


def has_codes(turns: Sequence[Mapping[str, Any]] | None) -> bool:
    """Return whether the speakers of an interview are under codes."""
    return any(turn["speaker"] and _CODE.fullmatch(turn["speaker"]) for turn in turns or ())


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _labelled(line: str, names: Sequence[str]) -> str | None:
    return next((name for name in names if line.startswith(f"{name}: ")), None)


def _codes_of(names: Sequence[str], key: Mapping[str, str] | None) -> dict[str, str]:
    if key is None:
        return with_codes(names, {name: name for name in names if _CODE.fullmatch(name)})
    known = dict(key) | {code: code for code in key.values()}
    unknown = with_codes([name for name in names if name not in known], {})
    return {name: known.get(name) or unknown[name][0] + _UNKNOWN + unknown[name][1:] for name in names}


@lru_cache(maxsize=64)
def read_key(path: str, _digest: str = "") -> dict[str, str]:
    """Return the codes of a contributor's key, by name.

    Args:
        path: of a table with the columns `name` and `code`, as `sources speakers` writes it.
        _digest: of the file, so that one that was changed is read anew.

    Raises:
        ConfigError: it can't be read, or a row lacks its name or code, or names somebody twice with different codes.
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
            path, _("the key of speakers lacks the columns name and code"), _("write them in its first line")
        )
    for number, row in enumerate(rows, 2):
        name, code = (unicodedata.normalize("NFC", row[head] or "").strip() for head in HEADS)
        if not (name and code) or codes.setdefault(name, code) != code:
            problem = (
                _("it lacks a name or a code")
                if not (name and code)
                else _("«{name}» has another code above", name=name)
            )
            raise ConfigError(_("{file}, line {line}", file=path, line=number), problem, _("each person has one code"))
    return codes


def key_text(codes: Mapping[str, str]) -> str:
    """Return a key as a table."""
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\n")
    table.writerows([HEADS, *codes.items()])
    return written.getvalue()
