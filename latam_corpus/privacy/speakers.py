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
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.privacy.find import names_pattern
from latam_corpus.text.turn_lines import moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ASKS, TELLS = "E", "H"
# Of those whom the key doesn't name; they are counted in each interview anew.
_UNKNOWN: Final = "X"
HEADS: Final = ("name", "code")
# How transcripts of the region label who asks: P:, E1:, INV, Entrevistadora, Pesquisador.
_ASKING: Final = re.compile(
    r"(?:p|e|inv|int|ent|entr|enc|inq|doc|preg|pregunta|pergunta|entrevistador\w{0,3}|investigador\w{0,3}|interviewer"
    r"|encuestador\w{0,3}|moderador\w{0,3}|inquiridor\w{0,3}|pesquisador\w{0,3}|documentador\w{0,3}|periodista|repórter)\d*",
    re.IGNORECASE,
)
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


def coded(
    text: str, turns: Sequence[Mapping[str, Any]], key: Mapping[str, str] | None = None
) -> tuple[str, list[dict[str, Any]]]:
    r"""Return an interview with codes in place of its speakers' names, in labels, and of full names in what is said.

    Args:
        text: a line a turn.
        turns: of its lines.
        key: the archive's; None where it has none.

    >>> turns = [{"speaker": "Ana", "offset": 0}, {"speaker": "Rosa Paz", "offset": 15}]
    >>> coded("Ana: ¿Y usted?\nRosa Paz: Rosa Paz, señora.", turns)[0]
    'H1: ¿Y usted?\nH2: H2, señora.'
    """
    names = list(dict.fromkeys(turn["speaker"] for turn in turns if turn["speaker"]))
    codes = _codes_of(names, key)
    lines = text.split("\n")
    if not codes:
        return text, [dict(turn) for turn in turns]
    full = sorted((name for name in names if _FULL.fullmatch(name)), key=len, reverse=True)
    inside = re.compile(rf"\b(?:{'|'.join(map(re.escape, full))})\b") if full else None
    written: list[str] = []
    # Where a stage has made other lines than turns, whoever a line begins with is its speaker.
    alike = len(lines) == len(turns)
    speakers = [turn["speaker"] for turn in turns] if alike else [_labelled(line, names) for line in lines]
    for line, speaker in zip(lines, speakers, strict=True):
        label = f"{speaker}: " if speaker else ""
        said = line.removeprefix(label)
        head = f"{codes[speaker]}: " if speaker and len(said) < len(line) else ""
        written.append(head + (inside.sub(lambda name: codes[name[0]], said) if inside else said))
    under_codes = [{**turn, "speaker": codes.get(turn["speaker"], turn["speaker"])} for turn in turns]
    whole = "\n".join(written)
    return whole, moved(text, whole, under_codes) or under_codes


def coded_title(title: str | None, speakers: Iterable[str], key: Mapping[str, str] | None = None) -> str | None:
    """Return an interview's title with codes in place of its speakers' names, and of all whom the key names.

    Args:
        title: as the record has it.
        speakers: of the interview, in the order in which they speak first.
        key: the archive's; None where it has none.

    >>> coded_title("Rosa Paz cuenta; la visita Ana (P), y una rosa", ["Rosa Paz", "Ana", "P", "Rosa"])
    'H1 cuenta; la visita H2 (P), y una rosa'
    """
    names = [name for name in dict.fromkeys([*speakers, *(key or ())]) if not _ASKING.fullmatch(name.strip())]
    pattern = names_pattern(names)
    if not title or pattern is None:
        return title
    codes = {_folded(name): code for name, code in _codes_of(list(dict.fromkeys([*speakers, *names])), key).items()}

    def code(found: re.Match[str]) -> str:
        # A name of one word may be a word: `La rosa de los vientos`.
        return codes[_folded(found[0])] if found[0][0].isupper() else found[0]

    return pattern.sub(code, unicodedata.normalize("NFC", title))


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _labelled(line: str, names: Sequence[str]) -> str | None:
    return next((name for name in names if line.startswith(f"{name}: ")), None)


def _codes_of(names: Sequence[str], key: Mapping[str, str] | None) -> dict[str, str]:
    if key is None:
        return with_codes(names, {})
    unknown = with_codes([name for name in names if name not in key], {})
    return {name: key[name] if name in key else unknown[name][0] + _UNKNOWN + unknown[name][1:] for name in names}


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
