"""Set phrases: what pages say about cookies, placeholder text, verse formulas, dates; found in the word table.

All phrases are in Spanish, Portuguese or English: in other languages these signals see what is written in one of the
three, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.quality.signals.phrases_kernels import (
    BOOK,
    KINDS,
    LOREM,
    MONTH,
    POLICY,
    SCRIPT,
    SCRIPTURE,
    PhraseTable,
    find,
)
from latam_corpus.text.slots_kernels import slot_of
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
        find(words.arrays, _phrase_table(), made.counts, made.dated, made.lines)
        return made


@cache
def _phrase_table() -> PhraseTable:
    """Enter all phrases into a table."""
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
