"""Set phrases: what pages say about cookies, placeholder text, verse formulas, dates; found in the word table.

All phrases are in Spanish, Portuguese or English: in other languages these signals see what is written in one of the
three, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from latam_corpus.text.slots import slot_of
from latam_corpus.text.words import HAS_DIGIT, HAS_LETTER, LINE_BLANK, WordTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Kinds of a phrase, as the columns of `Phrases.counts`.
POLICY: Final = 0
SCRIPT: Final = 1
LOREM: Final = 2
SCRIPTURE: Final = 3
BOOK: Final = 4  # a book of the Bible: counts as scripture where chapter and verse follow
MONTH: Final = 5
KINDS: Final = 6

_PHRASES: Final = {
    # The first six are C4's.
    POLICY: """terms of use; privacy policy; cookie policy; uses cookies; use of cookies; use cookies;
        política de cookies; política de privacidad; uso de cookies; usa cookies; utiliza cookies; usamos cookies;
        utilizamos cookies; términos de uso; términos y condiciones; aviso legal; aviso de privacidad;
        política de privacidade; uso de cookies; termos de uso; termos e condições; aviso de privacidade""",
    SCRIPT: "javascript",
    LOREM: "lorem ipsum",
    # Reina-Valera 1909, Almeida, King James: how a speech of God, an oath or a chapter begins.
    SCRIPTURE: """así ha dicho jehová; así dice jehová; dice jehová; dice el señor; de cierto os digo;
        de cierto de cierto te digo; y aconteció que; respondiendo jesús; y jesús respondiendo; hijos de israel;
        reino de los cielos; hijo del hombre; los fariseos; cristo jesús; jesu cristo; jehová de los ejércitos;
        assim diz o senhor; diz o senhor; em verdade vos digo; na verdade vos digo; e aconteceu que;
        filhos de israel; reino dos céus; filho do homem; os fariseus; senhor dos exércitos;
        thus saith the lord; saith the lord; verily i say unto; and it came to pass; children of israel;
        kingdom of heaven; son of man; the pharisees; lord of hosts""",
    BOOK: """génesis; gn; gén; éxodo; ex; éx; levítico; lv; números; nm; núm; deuteronomio; dt; josué; jueces; rut;
        samuel; reyes; crónicas; esdras; nehemías; ester; job; salmo; salmos; sal; proverbios; prov; eclesiastés;
        cantares; isaías; is; jeremías; jer; ezequiel; ez; daniel; dn; oseas; joel; amós; jonás; miqueas; habacuc;
        sofonías; zacarías; malaquías; mateo; mt; marcos; mc; mr; lucas; lc; juan; jn; hechos; hch; romanos; ro; rom;
        corintios; co; cor; gálatas; gál; efesios; ef; filipenses; fil; colosenses; col; tesalonicenses; timoteo; ti;
        tito; hebreos; heb; santiago; stg; pedro; judas; apocalipsis; ap; apoc;
        gênesis; deuteronômio; juízes; reis; crônicas; neemias; jó; eclesiastes; jeremias; ezequiel; oséias; amós;
        jonas; mateus; atos; coríntios; efésios; colossenses; tessalonicenses; timóteo; hebreus; tiago; apocalipse;
        genesis; exodus; leviticus; numbers; deuteronomy; joshua; judges; ruth; kings; psalm; psalms; proverbs;
        isaiah; jeremiah; ezekiel; hosea; matthew; mark; luke; john; acts; romans; corinthians; galatians; ephesians;
        hebrews; james; peter; revelation""",
    MONTH: """enero; febrero; marzo; abril; mayo; junio; julio; agosto; septiembre; setiembre; octubre; noviembre;
        diciembre; janeiro; fevereiro; março; maio; junho; julho; setembro; outubro; novembro; dezembro; january;
        february; march; april; may; june; july; august; september; october; november; december""",
}
_LEAST_YEAR: Final = 1000
_MOST_YEAR: Final = 2100
_MOST_DAY: Final = 31
_COLON: Final = 58
_COMMA: Final = 44
_STOP: Final = 46
_SPACE: Final = 32
_ZERO: Final = 48


@dataclass(frozen=True, eq=False)
class Phrases:
    """Set phrases in n documents with l lines.

    Attributes:
        counts: int64[n, KINDS], how often each kind stands there; of BOOK, with chapter and verse.
        dated: int64[n], lines that start with a year or a date.
        lines: bool[l], whether C4 would drop the line for what it says: scripts or a policy.
    """

    counts: NDArray[np.int64]
    dated: NDArray[np.int64]
    lines: NDArray[np.bool_]

    @classmethod
    def of(cls, words: WordTable) -> Phrases:
        r"""The phrases in these documents.

        >>> found = Phrases.of(WordTable.of(["Este sitio usa cookies.\n14 de mayo\nJuan 3:16, a las 3:16"]))
        >>> found.counts.tolist(), found.dated.tolist(), found.lines.tolist()
        ([[1, 0, 0, 0, 1, 1]], [1], [True, False, False])
        """
        n = len(words)
        made = cls(np.zeros((n, KINDS), np.int64), np.zeros(n, np.int64), np.zeros(len(words.line_ends), np.bool_))
        _find(
            words.data,
            words.hashes,
            words.starts,
            words.lengths,
            words.kinds,
            words.doc_words,
            words.doc_lines,
            words.line_words,
            words.line_kinds,
            *_table(),
            made.counts,
            made.dated,
            made.lines,
        )
        return made


@cache
def _table() -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Open addressing by first word: keys and the first phrase; the phrases' words, their bounds and their kinds."""
    phrases = sorted(
        {(tuple(p.split()), kind) for kind, text in _PHRASES.items() for p in " ".join(text.split()).split(";")}
    )
    table = WordTable.of([" ".join(words) for words, _ in phrases])
    bounds = table.doc_words
    first = table.hashes[bounds[:-1]]
    order = np.argsort(first, kind="stable")
    kinds = np.array([kind for _, kind in phrases], np.int64)[order]
    words = np.concatenate([table.hashes[bounds[i] : bounds[i + 1]] for i in order])
    ends = np.concatenate([[0], np.cumsum(table.word_count[order])]).astype(np.int64)
    capacity = 1 << (4 * len(phrases)).bit_length()
    keys, firsts = np.zeros(capacity, np.uint64), np.full(capacity, -1, np.int64)
    for number, key in enumerate(first[order].tolist()):
        slot = slot_of(keys, np.uint64(key))
        if not keys[slot]:
            keys[slot], firsts[slot] = key, number
    return keys, firsts, words, ends, kinds


@numba.njit(cache=True, nogil=True, inline="always")
def _number(data, start, length):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The number in so many ASCII digits; the word is known to be of digits. -1 where it is longer than four."""
    if length > 4:  # noqa: PLR2004
        return -1
    value = 0
    for i in range(start, start + length):
        value = value * 10 + int(data[i]) - _ZERO
    return value


@numba.njit(cache=True, nogil=True)
def _find(  # type: ignore[no-untyped-def]  # noqa: ANN202, C901, PLR0912
    data,  # noqa: ANN001
    hashes,  # noqa: ANN001
    starts,  # noqa: ANN001
    lengths,  # noqa: ANN001
    word_kinds,  # noqa: ANN001
    doc_words,  # noqa: ANN001
    doc_lines,  # noqa: ANN001
    line_words,  # noqa: ANN001
    line_kinds,  # noqa: ANN001
    keys,  # noqa: ANN001
    firsts,  # noqa: ANN001
    phrase_words,  # noqa: ANN001
    phrase_ends,  # noqa: ANN001
    phrase_kinds,  # noqa: ANN001
    counts,  # noqa: ANN001
    dated,  # noqa: ANN001
    flagged,  # noqa: ANN001
):
    for d in range(len(doc_words) - 1):
        last_word = doc_words[d + 1]
        for line in range(doc_lines[d], doc_lines[d + 1]):
            if line_kinds[line] == LINE_BLANK:
                continue
            begin = line_words[line]
            end = line_words[line + 1] if line + 1 < doc_lines[d + 1] else last_word
            month_at = -1
            for i in range(begin, end):
                h = hashes[i]
                p = firsts[slot_of(keys, h)]
                if p < 0:
                    continue
                while p < len(phrase_kinds) and phrase_words[phrase_ends[p]] == h:
                    size = phrase_ends[p + 1] - phrase_ends[p]
                    same = i + size <= last_word
                    for k in range(1, size):
                        if not same or hashes[i + k] != phrase_words[phrase_ends[p] + k]:
                            same = False
                            break
                    kind = phrase_kinds[p]
                    if same and kind == BOOK:
                        same = _is_reference(data, starts, lengths, word_kinds, i, last_word)
                    if same:
                        counts[d, kind] += 1
                        if kind in (POLICY, SCRIPT):
                            flagged[line] = True
                        elif kind == MONTH and month_at < 0:
                            month_at = i
                    p += 1
            if begin < end and _starts_with_date(data, starts, lengths, word_kinds, begin, end, month_at):
                dated[d] += 1


@numba.njit(cache=True, nogil=True)
def _is_reference(data, starts, lengths, kinds, i, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether chapter and verse follow the word: two numbers joined by a colon, a full stop or a comma."""
    if i + 2 >= end or kinds[i + 1] != HAS_DIGIT or kinds[i + 2] != HAS_DIGIT:
        return False
    joint = starts[i + 1] + np.int64(lengths[i + 1])
    after = joint + 1
    if after < len(data) and data[after] == _SPACE and data[joint] == _COMMA:
        after += 1
    return after == starts[i + 2] and (data[joint] == _COLON or data[joint] == _STOP or data[joint] == _COMMA)


@numba.njit(cache=True, nogil=True)
def _starts_with_date(data, starts, lengths, kinds, begin, end, month_at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether the line starts with a year, with a day and a month, or with a month and a number."""
    if kinds[begin] == HAS_DIGIT:
        number = _number(data, starts[begin], np.int64(lengths[begin]))
        if _LEAST_YEAR <= number <= _MOST_YEAR:
            return True
        return 0 < number <= _MOST_DAY and (month_at == begin + 1 or month_at == begin + 2)
    return month_at == begin and begin + 1 < end and (kinds[begin + 1] & HAS_LETTER) == 0
