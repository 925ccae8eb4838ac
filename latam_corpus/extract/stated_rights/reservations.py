"""Recognise worded reservations of rights, in the languages of the region and its immigrants.

In a metadata field for rights they always count. In running text only a notice counts: a separate line at the edges of
a text, or in a part of a page outside its main text. A sentence that mentions such a phrase is not a notice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.catalog.rights_in_words import KEPT, RESERVED
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARK: Final = re.compile(r"©|\(c\)|\bcopyright\b|\bderechos de autor\b|\bdireitos autorais\b|\bd\. ?r\b|\bisbn\b")
_MAX_BEFORE: Final = 150
_SENTENCES: Final = re.compile(
    r"pro|se pro|ningun|nenhum|no part|no repro|repro|may not|no se|nao|est|this|these|d\.? ?r\b"
)
_STARTS: Final = re.compile(
    r"(?:(?:es|e|quedan?|fica|esta)(?: \w+mente)?|(?:this|the|all|any)(?: \w+){1,4}) $"
    r"|(?:(?:19|20)\d\d\W*)?$|.{1,80}[.|:;·•–—-]\s*$"
)
_TAIL: Final = re.compile(
    r"\W*$|[^\w\"'“”«»]*(?:©|\(c\)|copyright\b|(?:19|20)\d\d\b|(?:al?|para|por|by|to|de|del|d[ao]s?|en|em|queda|se|esta"
    r"|este|prohibid[ao]|proibid[ao]|ningun[ao]?|nenhum[ao]?|no|none|except|salvo|isbn|impreso|printed|hecho|cualquier"
    r"|qualquer|without|unless|for|in|total|parcial|sin|sem|of|or|ni|nor|use|unauthorized|reproduction|www|https?|e|y"
    r"|editora|editorial|grupo|diario|politica|terminos|termos|aviso|ley|lei|worldwide|pour)\b)"
)
MAY_RESERVE: Final = (
    r"(?i)r[eé]serv|prohib|proib|reprodu|ninguna parte|nenhuma parte|no part of|may not be|d\. ?r\.? ?(?:©|\(c\))|dr ?©"
    r"|no se autoriza|no se permite|vorbehalten|riservati|intelig[eê]ncia artificial|artificial intelligence"
)
_MAY: Final = re.compile(MAY_RESERVE)
# Each match of _MAY contains one of these in lower case. Searching a page for them takes a twentieth of the time.
LITERALS: Final = (
    *("serv", "prohib", "proib", "reprodu", "ninguna parte", "nenhuma parte", "no part of", "may not be"),
    *("d.r", "d. r", "dr©", "dr ©", "no se autoriza", "no se permite", "vorbehalten", "artificial"),
)
_YEAR: Final = re.compile(r"(?<!\d)1[5-9]\d\d(?!\d)|(?<!\d)20\d\d(?!\d)")
# Older prints are in the public domain in most countries of the region, whatever their title pages reserve.
_OLD: Final = 1931
_QUOTES: Final = "\"'“‘«"
_EDGE: Final = 40  # lines
_EDGE_CHARS: Final = 6000
_MAX_LENGTH: Final = 400
_NEAR: Final = 5  # lines
_MAX_NOTICES: Final = 5
_MAX_SHOWN: Final = 300
_SENTENCE: Final = re.compile(r"(?<=[.!?…»”\"])\s+")


def is_notice(line: str) -> bool:
    """Return whether a whole line is a notice that reserves rights; a sentence about such a notice isn't.

    >>> is_notice("© 2024 Diario del Sur. Todos los derechos reservados."), is_notice("Derechos reservados.")
    (True, True)
    >>> is_notice("«Todos los derechos reservados», decía la tapa del cuaderno.")
    False
    >>> is_notice("Foto de Ana Paz, derechos reservados"), is_notice("Algunos derechos reservados")
    (False, False)
    """
    if len(line) > _MAX_LENGTH or not _MAY.search(line):
        return False
    words = folded(line).strip(" *_|·•#>-–—")
    match = RESERVED.search(words) or KEPT.search(words)
    if match is None:
        return False
    start, end = words[: match.start()], words[match.end() :]
    is_sentence = _SENTENCES.match(match[0])  # more words may follow a sentence than «all rights reserved»
    if start.rstrip().endswith(tuple(_QUOTES)) or not (is_sentence or _TAIL.match(end)):
        return False
    return bool((_MARK.search(start) and len(start) <= _MAX_BEFORE) or _STARTS.match(start))


def notices_beside(blocks: Sequence[str], text: str) -> tuple[str, ...]:
    """Return the blocks of a page that reserve rights outside its main text, such as the footer of its site.

    >>> notices_beside(["Hola, vecina.", "El Diario - Todos los derechos reservados - Contacto"], "Hola, vecina.")
    ('El Diario - Todos los derechos reservados - Contacto',)
    """
    notices: list[str] = []
    previous = current = ""
    page = "\n".join(blocks).lower()
    literals = [literal for literal in LITERALS if literal in page]
    for block in blocks if literals else ():
        previous, current = current, block
        if len(block) > 2 * _MAX_LENGTH or not _may_reserve(block, literals) or block in text:
            continue
        notice, words = block, folded(block)
        match = RESERVED.search(words) or KEPT.search(words)
        if match is None and len(previous) <= _MAX_LENGTH and previous not in text:  # a phrase may span two lines
            notice = f"{previous} {block}"
            words = folded(notice)
            match = RESERVED.search(words)
        if match and not words[: match.start()].rstrip().endswith(tuple(_QUOTES)):
            notices.append(" ".join(notice.split())[:_MAX_SHOWN])
    return tuple(dict.fromkeys(notices))[:_MAX_NOTICES]


def _may_reserve(block: str, literals: Sequence[str]) -> bool:
    lowered = block.lower()
    return any(literal in lowered for literal in literals) and bool(_MAY.search(block))


def notices_in(lines: Sequence[str], published: str | None = None) -> tuple[str, ...]:
    """Return the lines that are notices, except those of prints before 1931, which no longer reserve anything.

    Args:
        lines: the first and last lines of the text; a notice may span two.
        published: the work's publication date, used if no year is near the notice.

    >>> notices_in(["Coplas", "© 2019 Editorial Sur. Todos los", "derechos reservados."])
    ('© 2019 Editorial Sur. Todos los derechos reservados.',)
    >>> notices_in(["Reservados todos los derechos", "Lima, 1889"])
    ()
    """
    notices: list[str] = []
    is_joined = False
    for number, line in enumerate(lines):
        following = f"{line} {lines[number + 1]}" if number + 1 < len(lines) else ""
        is_joined, was_joined = not is_joined and _is_broken(line, following), is_joined
        notice = following if is_joined else line
        if was_joined or not is_notice(notice):
            continue
        context = " ".join(lines[max(0, number - _NEAR) : number + _NEAR + 1])
        years = [
            int(year) for year in _YEAR.findall(notice) or _YEAR.findall(context) or _YEAR.findall(published or "")
        ]
        if not years or max(years) >= _OLD:
            notices.append(" ".join(notice.split())[:_MAX_SHOWN])
    return tuple(dict.fromkeys(notices))[:_MAX_NOTICES]


def _is_broken(line: str, following: str) -> bool:
    """Return whether a phrase begins in a line and ends in the next; `following` is both lines together."""
    if not (following and is_notice(following)):
        return False
    words = folded(following)
    match = RESERVED.search(words) or KEPT.search(words)
    return match is not None and match.start() < len(folded(line)) < match.end()


def edge_notices(texts: pl.Series, published: Sequence[str | None] | None = None) -> dict[int, tuple[str, ...]]:
    r"""Return the notices at the beginning and the end of each text, by row.

    >>> edge_notices(pl.Series(["La barca zarpó.\n(c) 2020 El Faro. Todos los derechos reservados.", "Hola", None]))
    {0: ('(c) 2020 El Faro. Todos los derechos reservados.',)}
    """
    text = pl.col("text")
    ends = text.str.head(_EDGE_CHARS).str.contains(MAY_RESERVE) | text.str.tail(_EDGE_CHARS).str.contains(MAY_RESERVE)
    rows = pl.DataFrame({"text": texts.cast(pl.String)}).with_row_index("row").filter(ends)
    notices_by_row = {
        row: notices_in(edge_lines(content), published[row] if published else None) for row, content in rows.iter_rows()
    }
    return {row: notices for row, notices in notices_by_row.items() if notices}


def edge_lines(text: str) -> list[str]:
    """Return the first and last lines of a text; a long last line is followed by its last sentences."""
    if len(text) <= 2 * _EDGE_CHARS:
        lines = [line for line in text.splitlines() if line.strip()]
        lines = lines if len(lines) <= 2 * _EDGE else [*lines[:_EDGE], *lines[-_EDGE:]]
    else:
        first, last = text[:_EDGE_CHARS].splitlines(), text[-_EDGE_CHARS:].splitlines()
        lines = [line for line in first if line.strip()][:_EDGE] + [line for line in last if line.strip()][-_EDGE:]
    if lines and not is_notice(lines[-1]):
        lines += _last_sentences(lines[-1])
    return lines


def _last_sentences(line: str) -> Iterator[str]:
    """Yield the last sentences of a line if they are a notice whose copyright mark is in the sentence before."""
    sentences = _SENTENCE.split(line[-_MAX_LENGTH:])[1:]
    for number in reversed(range(len(sentences))):
        if is_notice(" ".join(sentences[number:])):
            first = number - 1 if number and _MARK.search(folded(sentences[number - 1])) else number
            yield " ".join(sentences[first:])
            return
