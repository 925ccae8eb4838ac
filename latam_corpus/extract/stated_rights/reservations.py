"""Reservations of rights in words, in the languages of the region and its immigrants: phrases, and where they count.

A metadata field for rights always counts. In running text only a notice does: a line of its own at the edges of a text,
or in a part of a page that isn't its main text. A sentence that mentions such a phrase is no notice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.catalog.rights_in_words import KEPT, RESERVED
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MARK: Final = re.compile(r"©|\(c\)|\bcopyright\b|\bderechos de autor\b|\bdireitos autorais\b|\bd\. ?r\b|\bisbn\b")
_MOST_BEFORE: Final = 150
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
_MAY_RESERVE: Final = (
    r"(?i)r[eé]serv|prohib|proib|reprodu|ninguna parte|nenhuma parte|no part of|may not be|d\. ?r\.? ?(?:©|\(c\))|dr ?©"
    r"|no se autoriza|no se permite|vorbehalten|riservati|intelig[eê]ncia artificial|artificial intelligence"
)
_MAY: Final = re.compile(_MAY_RESERVE)
_YEAR: Final = re.compile(r"(?<!\d)1[5-9]\d\d(?!\d)|(?<!\d)20\d\d(?!\d)")
# What was printed before is in the public domain in most of the region's countries, whatever its title page reserves.
_OLD: Final = 1931
_QUOTES: Final = "\"'“‘«"
_EDGE: Final = 40  # lines
_EDGE_CHARS: Final = 6000
_LONGEST: Final = 400
_NEAR: Final = 5  # lines
_MOST: Final = 5
_SHOWN: Final = 300
_SENTENCE: Final = re.compile(r"(?<=[.!?…»”\"])\s+")


def is_notice(line: str) -> bool:
    """Whether a whole line is a notice that reserves rights; a sentence about such a notice is none.

    >>> is_notice("© 2024 Diario del Sur. Todos los derechos reservados."), is_notice("Derechos reservados.")
    (True, True)
    >>> is_notice("«Todos los derechos reservados», decía la tapa del cuaderno.")
    False
    >>> is_notice("Foto de Ana Paz, derechos reservados"), is_notice("Algunos derechos reservados")
    (False, False)
    """
    if len(line) > _LONGEST or not _MAY.search(line):
        return False
    words = folded(line).strip(" *_|·•#>-–—")
    match = RESERVED.search(words) or KEPT.search(words)
    if match is None:
        return False
    before, after = words[: match.start()], words[match.end() :]
    is_sentence = _SENTENCES.match(match[0])  # which goes on, whereas little follows «all rights reserved»
    if before.rstrip().endswith(tuple(_QUOTES)) or not (is_sentence or _TAIL.match(after)):
        return False
    return bool((_MARK.search(before) and len(before) <= _MOST_BEFORE) or _STARTS.match(before))


def notices_beside(blocks: Iterable[str], text: str) -> tuple[str, ...]:
    """Return the blocks of a page that reserve rights and aren't in its main text, such as the foot of its site.

    >>> notices_beside(["Hola, vecina.", "El Diario - Todos los derechos reservados - Contacto"], "Hola, vecina.")
    ('El Diario - Todos los derechos reservados - Contacto',)
    """
    found: list[str] = []
    last = following = ""
    for block in blocks:
        last, following = following, block
        if len(block) > 2 * _LONGEST or not _MAY.search(block) or block in text:
            continue
        notice, words = block, folded(block)
        match = RESERVED.search(words) or KEPT.search(words)
        if match is None and len(last) <= _LONGEST and last not in text:  # a line break may stand within the phrase
            notice = f"{last} {block}"
            words = folded(notice)
            match = RESERVED.search(words)
        if match and not words[: match.start()].rstrip().endswith(tuple(_QUOTES)):
            found.append(" ".join(notice.split())[:_SHOWN])
    return tuple(dict.fromkeys(found))[:_MOST]


def notices_in(lines: Sequence[str], published: str | None = None) -> tuple[str, ...]:
    """Return the lines that are notices; those of a print before 1931 reserve nothing any more.

    Args:
        lines: of the text's edges; a notice may be broken over two.
        published: when the work was published, which counts where no year is near a notice.

    >>> notices_in(["Coplas", "© 2019 Editorial Sur. Todos los", "derechos reservados."])
    ('© 2019 Editorial Sur. Todos los derechos reservados.',)
    >>> notices_in(["Reservados todos los derechos", "Lima, 1889"])
    ()
    """
    found: list[str] = []
    is_joined = False
    for number, line in enumerate(lines):
        following = f"{line} {lines[number + 1]}" if number + 1 < len(lines) else ""
        is_joined, was_joined = not is_joined and _is_broken(line, following), is_joined
        notice = following if is_joined else line
        if was_joined or not is_notice(notice):
            continue
        around = " ".join(lines[max(0, number - _NEAR) : number + _NEAR + 1])
        years = [int(one) for one in _YEAR.findall(notice) or _YEAR.findall(around) or _YEAR.findall(published or "")]
        if not years or max(years) >= _OLD:
            found.append(" ".join(notice.split())[:_SHOWN])
    return tuple(dict.fromkeys(found))[:_MOST]


def _is_broken(line: str, following: str) -> bool:
    """Whether a phrase begins in the line and ends in the next one, which `following` adds to it."""
    if not (following and is_notice(following)):
        return False
    words = folded(following)
    match = RESERVED.search(words) or KEPT.search(words)
    return match is not None and match.start() < len(folded(line)) < match.end()


def edge_notices(texts: pl.Series, published: Sequence[str | None] | None = None) -> dict[int, tuple[str, ...]]:
    r"""Return, by row, the notices at the beginning and the end of each text.

    >>> edge_notices(pl.Series(["La barca zarpó.\n(c) 2020 El Faro. Todos los derechos reservados.", "Hola", None]))
    {0: ('(c) 2020 El Faro. Todos los derechos reservados.',)}
    """
    text = pl.col("text")
    ends = text.str.head(_EDGE_CHARS).str.contains(_MAY_RESERVE) | text.str.tail(_EDGE_CHARS).str.contains(_MAY_RESERVE)
    rows = pl.DataFrame({"text": texts.cast(pl.String)}).with_row_index("row").filter(ends)
    found = {
        row: notices_in(edge_lines(words), published[row] if published else None) for row, words in rows.iter_rows()
    }
    return {row: notices for row, notices in found.items() if notices}


def edge_lines(text: str) -> list[str]:
    """Return the first and the last lines of a text; of a long last line its last sentences are lines too."""
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
    """Yield the last sentences of a line if they are a notice, with the copyright mark in the sentence before."""
    sentences = _SENTENCE.split(line[-_LONGEST:])[1:]
    for number in reversed(range(len(sentences))):
        if is_notice(" ".join(sentences[number:])):
            first = number - 1 if number and _MARK.search(folded(sentences[number - 1])) else number
            yield " ".join(sentences[first:])
            return
