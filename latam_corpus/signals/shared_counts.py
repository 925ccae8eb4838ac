"""Counts that several signals share, from compiled passes: letters, marks, open lines, set phrases, repetition.

All set phrases are in Spanish, Portuguese or English; texts in other languages match only if they quote these.

An n-gram of n words can be repeated only if both (n-1)-grams inside it are. So the pass looks up only n-grams whose
parts are repeated, a few per cent in prose; to look up all would take ten look-ups per word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.signals.columns import BOOK, COLUMNS, KINDS, LOREM, MONTH, POLICY, SCRIPT, SCRIPTURE
from latam_corpus.signals.of_characters_kernels import (
    BAR_BYTE,
    BULLET_SIGNS,
    END_BYTE,
    MARKUP_BYTE,
    MOST_ALPHABETS,
    WIDE_BYTE,
    count_letters,
    count_open,
    mark,
)
from latam_corpus.signals.of_words_kernels import (
    LONGEST_GRAM,
    PhraseTable,
    count_mixed,
    find,
    grams,
    paragraphs,
    repeats,
)
from latam_corpus.text.characters import classes
from latam_corpus.text.slots_kernels import slot_of
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.text.stops import StopTable


@dataclass(frozen=True, eq=False)
class Letters:
    """The characters of n documents.

    Attributes:
        entropy: float64[n], the entropy of the distribution of code points, without line ends, in bits.
        foreign: int64[n], the number of letters and marks outside the document's alphabet; -1 without an alphabet.
        braces: int64[n], the number of { and }.
        hashes: int64[n], the number of #.
    """

    entropy: NDArray[np.float64]
    foreign: NDArray[np.int64]
    braces: NDArray[np.int64]
    hashes: NDArray[np.int64]

    @classmethod
    def of(cls, words: WordTable, alphabets: Sequence[str] = ()) -> Letters:
        """Return the characters of these documents.

        Args:
            words: the word table of n documents.
            alphabets: the letters of each document's language, n strings, empty if unknown; an empty sequence means all
                unknown.

        Raises:
            ValueError: more than 64 different alphabets.

        >>> from latam_corpus.text.words import WordTable
        >>> found = Letters.of(WordTable.of(["{ñañá}", "abcd"]), ["anñ", ""])
        >>> found.foreign.tolist(), found.braces.tolist(), found.entropy.tolist()[1]
        ([1, -1], [2, 0], 2.0)
        """
        n = len(words)
        counts = cls(np.zeros(n), *(np.full(n, start, np.int64) for start in (-1, 0, 0)))
        different = tuple(sorted({letters for letters in alphabets if letters}))
        numbers = {letters: number for number, letters in enumerate(different)}
        own = np.array([numbers.get(letters, -1) for letters in alphabets] or [-1] * n, np.int64)
        count_letters(
            words.arrays,
            classes(),
            own,
            _allowed(different),
            counts.entropy,
            counts.foreign,
            counts.braces,
            counts.hashes,
        )
        return counts


@cache
def _allowed(alphabets: tuple[str, ...]) -> NDArray[np.uint64]:
    """Return the bit set of the alphabets that have each code point, in upper or lower case, uint64[0x110000]."""
    if len(alphabets) > MOST_ALPHABETS:
        raise ValueError(f"{len(alphabets)} alphabets in one batch; one table holds {MOST_ALPHABETS}")
    table = np.zeros(len(classes()), np.uint64)
    for number, letters in enumerate(alphabets):
        for character in {*letters, *letters.upper(), *letters.lower()}:
            table[ord(character)] |= np.uint64(1 << number)
    return table


@dataclass(frozen=True, eq=False)
class MarkCounts:
    """Counts of marks in the l lines of n documents.

    Attributes:
        counts: int64[n, COLUMNS].
        sentences: int32[l], the number of sentences of each line with three or more words; 0 for a shorter line.
        is_code: bool[l], whether a line begins or ends like a line of code.
    """

    counts: NDArray[np.int64]
    sentences: NDArray[np.int32]
    is_code: NDArray[np.bool_]

    @classmethod
    def of(cls, words: WordTable) -> MarkCounts:
        r"""Return the marks of these documents.

        >>> from latam_corpus.signals.columns import BULLETS, ELLIPSIS_ENDS, LINES, SPARSE
        >>> from latam_corpus.text.words import WordTable
        >>> words = WordTable.of(["- pan\n- leche...\nFui, vi y vencí. «¡Ay de mí!» dijo"])
        >>> found = MarkCounts.of(words)
        >>> [int(found.counts[0, column]) for column in (LINES, BULLETS, ELLIPSIS_ENDS, SPARSE)]
        [3, 2, 1, 4]
        >>> found.sentences.tolist()
        [0, 0, 3]
        """
        lines = len(words.line_ends)
        marks = cls(np.zeros((len(words), COLUMNS), np.int64), np.zeros(lines, np.int32), np.zeros(lines, np.bool_))
        mark(words.arrays, *_tables(), marks.counts, marks.sentences, marks.is_code)
        return marks


@cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return the kind of mark of each byte, uint8[256], and the bullets' code points."""
    meanings = np.zeros(256, np.uint8)
    for characters, meaning in ((".!?", END_BYTE), ("{}<&[]", MARKUP_BYTE), ("|\t", BAR_BYTE)):
        meanings[[ord(character) for character in characters]] = meaning
    meanings["…".encode()[0]] = WIDE_BYTE
    return meanings, np.array([ord(character) for character in BULLET_SIGNS], np.uint32)


def characters_in_open_lines(words: WordTable) -> NDArray[np.int64]:
    r"""Return the characters in lines without closing punctuation that aren't continued in lower case, int64[n].

    Only lines of 10 to 40 words count: verses are shorter, and a longer line is a paragraph that lost its full stop.
    Table rows, with two or more bars or tabs, don't count, and neither does white space. A line that ends in a comma, a
    semicolon or a dash isn't open; blank lines are skipped. Texts of one or two lines have none, because they aren't
    lists.

    >>> headline = "Sube el precio del pan en todo el sur del país"
    >>> texts = [f"Inicio\n{headline}\n\nSe fue la luz.", f"{headline}\ny del queso,\nInicio", f"{headline}\nInicio"]
    >>> row = f"| 1 | {headline} |"
    >>> from latam_corpus.text.words import WordTable
    >>> characters_in_open_lines(WordTable.of([*texts, f"{row}\n{row}\n{row}"])).tolist()
    [36, 0, 0, 0]
    """
    counts = np.zeros(len(words), np.int64)
    count_open(words.arrays, counts)
    return counts


_PHRASES: Final = {
    # The first six are from C4.
    POLICY: """terms of use; privacy policy; cookie policy; uses cookies; use of cookies; use cookies;
        política de cookies; política de privacidad; uso de cookies; usa cookies; utiliza cookies; usamos cookies;
        utilizamos cookies; términos de uso; términos y condiciones; aviso legal; aviso de privacidad;
        política de privacidade; uso de cookies; termos de uso; termos e condições; aviso de privacidade""",
    SCRIPT: "javascript",
    LOREM: "lorem ipsum",
    # Beginnings of a speech of God, an oath or a chapter in Reina-Valera 1909, Almeida and King James.
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


@dataclass(frozen=True, eq=False)
class Phrases:
    """Set phrases in n documents with l lines.

    Attributes:
        counts: int64[n, KINDS], occurrences of each kind; BOOK counts only with chapter and verse.
        dated: int64[n], lines that start with a year or a date.
        lines: bool[l], whether C4 would drop the line because it mentions scripts or a policy.
    """

    counts: NDArray[np.int64]
    dated: NDArray[np.int64]
    lines: NDArray[np.bool_]

    @classmethod
    def of(cls, words: WordTable) -> Phrases:
        r"""Return the phrases in these documents.

        >>> found = Phrases.of(WordTable.of(["Este sitio usa cookies.\n14 de mayo\nJuan 3:16, a las 3:16"]))
        >>> found.counts.tolist(), found.dated.tolist(), found.lines.tolist()
        ([[1, 0, 0, 0, 1, 1]], [1], [True, False, False])
        """
        n = len(words)
        phrases = cls(np.zeros((n, KINDS), np.int64), np.zeros(n, np.int64), np.zeros(len(words.line_ends), np.bool_))
        find(words.arrays, _phrase_table(), phrases.counts, phrases.dated, phrases.lines)
        return phrases


@cache
def _phrase_table() -> PhraseTable:
    """Return a hash table of all phrases."""
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
    return PhraseTable(keys, firsts, words, ends, kinds)


@dataclass(frozen=True, eq=False)
class Grams:
    """Repeated n-grams of n documents.

    Attributes:
        duplicate: int64[n, LONGEST_GRAM + 1], by length of the n-gram: letters and digits in n-grams that occur
            earlier, read from left to right without overlap, as datatrove counts them.
        top: int64[n, LONGEST_GRAM + 1], the characters of the most frequent n-gram, with a space between its words,
            times its occurrences; the first one if several are equally frequent.
        distinct: int64[n], the number of distinct words.
        entropy: float64[n], the entropy of the distribution of words, in bits.
    """

    duplicate: NDArray[np.int64]
    top: NDArray[np.int64]
    distinct: NDArray[np.int64]
    entropy: NDArray[np.float64]

    @classmethod
    def of(cls, words: WordTable) -> Grams:
        """Return the repeated n-grams of these documents.

        >>> from latam_corpus.text.words import WordTable
        >>> grams = Grams.of(WordTable.of(["ay amor, ay amor, ay amor"]))
        >>> grams.duplicate[0, 2].item(), grams.top[0, 2].item(), grams.distinct.tolist(), grams.entropy.tolist()
        (12, 21, [2], [1.0])
        """
        n = len(words)
        counts = cls(
            np.zeros((n, LONGEST_GRAM + 1), np.int64),
            np.zeros((n, LONGEST_GRAM + 1), np.int64),
            np.zeros(n, np.int64),
            np.zeros(n, np.float64),
        )
        grams(
            words.hashes, words.lengths, words.doc_words, counts.duplicate, counts.top, counts.distinct, counts.entropy
        )
        return counts


@dataclass(frozen=True, eq=False)
class Repeats:
    """Units (lines or paragraphs) of n documents that occur earlier in the same document.

    Attributes:
        units: int64[n], units that aren't blank.
        repeated: int64[n], units that occur earlier.
        chars: int64[n], characters in the repeated units, without white space.
    """

    units: NDArray[np.int64]
    repeated: NDArray[np.int64]
    chars: NDArray[np.int64]

    @classmethod
    def of_lines(cls, words: WordTable) -> Repeats:
        r"""Return the repeated lines.

        >>> from latam_corpus.text.words import WordTable
        >>> Repeats.of_lines(WordTable.of(["Fin\n\nFin\nInicio"])).repeated.tolist()
        [1]
        """
        return cls._of(words.line_hashes, words.line_chars, words.doc_lines)

    @classmethod
    def of_paragraphs(cls, words: WordTable) -> Repeats:
        r"""Return the repeated paragraphs: lines between blank ones.

        >>> from latam_corpus.text.words import WordTable
        >>> found = Repeats.of_paragraphs(WordTable.of(["Ay,\nay.\n\nNo.\n \nAy,\nay."]))
        >>> found.units.tolist(), found.repeated.tolist(), found.chars.tolist()
        ([3], [1], [6])
        """
        capacity = len(words.line_hashes)
        hashes, chars = np.empty(capacity, np.uint64), np.empty(capacity, np.int32)
        bounds = np.zeros(len(words) + 1, np.int64)
        count = paragraphs(
            words.line_hashes, words.line_chars, words.line_kinds, words.doc_lines, hashes, chars, bounds
        )
        return cls._of(hashes[:count], chars[:count], bounds)

    @classmethod
    def _of(cls, hashes: NDArray[np.uint64], chars: NDArray[np.int32], bounds: NDArray[np.int64]) -> Repeats:
        n = len(bounds) - 1
        counts = cls(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64))
        repeats(hashes, chars, bounds, counts.units, counts.repeated, counts.chars)
        return counts


def words_in_other_languages(
    words: WordTable, table: StopTable, languages: Sequence[str], background: Sequence[str]
) -> NDArray[np.int64]:
    r"""Return the words in lines with more stop words of a background language than of the document's, int64[n].

    Args:
        words: the word table of n documents.
        table: the stop words.
        languages: n codes, the documents' languages.
        background: codes of the languages in which a line may be.

    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> table = StopTable.of({"spa": ["de", "la", "y"], "por": ["de", "não", "e"]})
    >>> document = WordTable.of(["la orilla de la laguna\nnão sei e não digo\nadiós"])
    >>> words_in_other_languages(document, table, ["spa"], ["por", "spa"]).tolist()
    [5]
    """
    own = np.array([table.number(language) for language in languages], np.int64)
    background_numbers = np.array([number for number in map(table.number, background) if number >= 0], np.int64)
    counts = np.zeros(len(words), np.int64)
    count_mixed(words.arrays, words.wholes, table.keys, table.bits, own, background_numbers, counts)
    return counts
