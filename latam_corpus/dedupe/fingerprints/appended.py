"""Count the words that were added to a text: a page's menu, a summary, or generated questions and answers.

Of two copies, the one without them is kept (`order.py`), even if the other is much longer.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.dedupe.fingerprints.appended_kernels import FIRST_BITS, count_menus, find_lines
from latam_corpus.dedupe.fingerprints.notice_kernels import LEAST
from latam_corpus.text.word_columns import LINE_CLOSED, LINE_OPEN
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Minimum words of each class. Our own choice: fewer than eight are a date, a signature, «leia também».
CLASSES: Final = (LEAST, 60, 300)

_LINKS: Final = (
    r"te puede interesar|tamb[ié]+n te puede interesar|le[ae] tambi[eé]n|leia tamb[eé]m|leia mais|veja tamb[eé]m|"
    r"vea tambi[eé]n|(?:notas|noticias|not[ií]cias|art[ií]culos) relacionad[oa]s|artigos relacionados"
)
_HEADINGS: Final = (
    r"resumen(?: (?:del? (?:texto|art[ií]culo|nota|noticia)|generado.*|autom[aá]tico))?|resumo(?: .{0,30})?|summary|"
    r"(?:puntos|ideas|datos|pontos) (?:clave|principales|principais|chave)|key (?:points|takeaways)|"
    r"preguntas(?: y respuestas| frecuentes| de comprensi[oó]n| sobre .{0,40})?|"
    r"perguntas(?: e respostas| frequentes| sobre .{0,40})?|faqs?|q ?& ?a|questions(?: and answers)?|"
    r"comparte|compartir|compartilhe|comentarios|coment[aá]rios"
)
_QUESTION_LABEL: Final = r"(?:p|r|q|a|pregunta|respuesta|pergunta|resposta|question|answer) ?\d{0,2} ?[:.)]"
_HEADING: Final = re.compile(rf"^[\W_]*(?:{_HEADINGS})[\W_]*$", re.IGNORECASE)
_LINKED: Final = re.compile(rf"^[\W_]*(?:{_LINKS})[\W_]*$", re.IGNORECASE)
_QUESTION: Final = re.compile(rf"^[\W_]*{_QUESTION_LABEL}", re.IGNORECASE)
# The first words of these headings, links and labels; other lines aren't read.
_FIRST: Final = """
resumen resumo summary puntos ideas datos pontos key preguntas perguntas faq faqs q questions te también tambien lea lee
leia veja vea notas noticias notícias artículos articulos artigos comparte compartir compartilhe comentarios comentários
p r a pregunta respuesta pergunta resposta question answer p1 r1 p2 r2 q1 a1 q2 a2
"""
_QUESTIONS: Final = 4  # minimum successive lines of questions and answers
_BODY: Final = 0.5  # minimum share of the text's words before an addition, except before links to other texts
_SHORTEST: Final = 30  # minimum words before an addition
# Tables by byte:
_COMMAS: Final = np.isin(np.arange(256), tuple(b",;:"))  # end a line of verse or dialogue
_SIGNS: Final = np.isin(np.arange(256), tuple(b":.)"))  # follow the label of a question
_LABEL: Final = 12  # bytes of a letter, two blanks, two digits in any script, and a sign
_QUESTION_REACH: Final = 60  # words from the start of a question to the start of the next


def appended_words(words: WordTable) -> NDArray[np.uint32]:
    r"""Return the number of words that were added to each of n texts, uint32[n].

    Args:
        words: their word table.

    >>> tale = "La mula del correo llegaba los jueves y el muchacho avisaba a las comadres con un silbido. " * 3
    >>> tail = "\nPreguntas y respuestas\n¿Cuándo llegaba la mula del correo al pueblo? Los jueves."
    >>> appended_words(WordTable.of([tale, tale + tail])).tolist()
    [0, 13]
    """
    counts = np.zeros(len(words), np.int64)
    kinds = words.line_kinds
    comma = (kinds == LINE_OPEN) & _COMMAS[words.data[np.maximum(words.line_ends, 1) - 1]]
    entries = np.where(comma, np.uint8(LINE_CLOSED), kinds)
    count_menus(words.doc_words, words.doc_lines, words.line_words, kinds, entries, counts)
    if not len(words.hashes):
        return counts.astype(np.uint32)
    buffer = np.empty(len(words.line_words), np.int64)
    count = find_lines(words.hashes, words.line_words, words.line_kinds, _first_words(), buffer)
    lines = buffer[:count]
    lines = lines[_may_match(words, lines)]
    documents = np.searchsorted(words.doc_lines, lines, side="right") - 1
    for document in np.unique(documents).tolist():
        counts[document] = max(counts[document], _tail(words, document, lines[documents == document].tolist()))
    return counts.astype(np.uint32)


def classes(words: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return the class of each number of added words: 0 for an unchanged text.

    >>> classes(np.array([0, 7, 8, 400])).tolist()
    [0, 0, 1, 3]
    """
    return np.searchsorted(CLASSES, words, side="right")


@cache
def _first_words() -> NDArray[np.bool_]:
    """Return a table by the low bits of a word's hash: whether the word may be one of `_FIRST`."""
    table = np.zeros(1 << FIRST_BITS, np.bool_)
    table[WordTable.of([_FIRST]).hashes & np.uint64(len(table) - 1)] = True
    return table


def _may_match(words: WordTable, lines: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each line's first word has two letters, or a sign near it like the label of a question.

    Most lines whose first word is in `_FIRST` begin with *a*, a common word in both languages.
    """
    first = words.line_words[lines]
    next_bytes = words.starts[first][:, None] + np.arange(1, _LABEL)
    has_sign = _SIGNS[words.data[np.minimum(next_bytes, len(words.data) - 1)]].any(axis=1)
    return np.asarray((words.lengths[first] > 1) | has_sign, np.bool_)


def _tail(words: WordTable, document: int, lines: Sequence[int]) -> int:
    """Return the number of words from a heading or series of questions to the end, if enough of the text precedes it.

    Args:
        words: the word table.
        document: one of its documents.
        lines: the document's lines that begin like a heading, a question or an answer.
    """
    start, stop = (int(words.doc_words[edge]) for edge in (document, document + 1))
    half = int(_BODY * (stop - start))
    questions: list[int] = []
    reach = -1
    for line in lines:
        words_before = int(words.line_words[line]) - start
        if words_before < _SHORTEST:
            continue
        text = _line(words, line)
        if _LINKED.match(text) or (words_before >= half and _HEADING.match(text)):
            return stop - start - words_before
        if words_before < half or not _QUESTION.match(text):
            continue
        # Successive questions; one may be two lines long.
        questions = [*questions, words_before] if questions and words_before <= reach else [words_before]
        reach = words_before + _QUESTION_REACH
        if len(questions) >= _QUESTIONS:
            return stop - start - questions[0]
    return 0


def _line(words: WordTable, line: int) -> str:
    first = int(words.line_ends[line - 1]) if line else 0
    return bytes(words.data[first : words.line_ends[line]]).decode().strip()
