"""The check of candidate pairs: how much of each document stands in the other, and what that makes of the two.

No bound on the shared share can: decrees, weather reports and obituaries share .72 to .91 of their words. Between two
shared runs a copy has the same numbers and names, misread at most; another text of the template has others there.

`containment` is the share of a document's words that lie in runs of at least three words which the other has too. A
document may fall only if enough of it stands in the one that is kept, and if what doesn't is scattered damage or
other people's boilerplate, not numbers, names or a text of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.dedupe.fingerprints.anchors import word_stream
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import WORD_BITS
from latam_corpus.dedupe.fingerprints.minhash import proposals_of
from latam_corpus.dedupe.fingerprints.scheme import Ragged, Scheme, sampling_of
from latam_corpus.dedupe.verify import verify_kernels as guards
from latam_corpus.dedupe.verify.verify_kernels import DENIAL, NUMERAL, compare, count_anchors
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What fills a slot of a form, in Spanish and Portuguese: numbers, months, days, with or without, where winds are from.
# One, a and an are articles more often than numbers.
_NUMERALS: Final = """
dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho
diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve
treinta cuarenta cincuenta sesenta setenta ochenta noventa cien ciento doscientos doscientas trescientos trescientas
cuatrocientos cuatrocientas quinientos quinientas seiscientos seiscientas setecientos setecientas ochocientos
ochocientas novecientos novecientas mil millón millones
primero primera segundo segunda tercero tercera cuarto cuarta quinto quinta sexto sexta séptimo séptima octavo octava
noveno novena décimo décima
dois duas três quatro sete oito nove dez onze doze treze quatorze catorze quinze dezesseis dezasseis dezessete
dezassete dezoito dezenove dezanove vinte trinta quarenta cinquenta sessenta oitenta cem cento duzentos duzentas
trezentos trezentas quatrocentos quatrocentas quinhentos quinhentas seiscentos seiscentas setecentos setecentas
oitocentos oitocentas novecentos novecentas milhão milhões
primeiro primeira terceiro terceira quarta sétimo sétima oitavo oitava nono nona
enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre
janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
lunes martes miércoles jueves viernes sábado domingo terça
con sin com sem norte sur sul este oeste leste oriente poniente poente
"""
_DENIALS: Final = "no não nunca jamás jamais sin sem ni nem tampoco tampouco"


@cache
def lexicon() -> NDArray[np.uint8]:
    """Return what a word of a stream is, by the bits that say which word it is: NUMERAL, DENIAL or nothing.

    >>> made = lexicon()[word_stream(WordTable.of(["Setenta NO sesenta cantan"])).values % (1 << WORD_BITS)]
    >>> made.tolist() == [NUMERAL, DENIAL, NUMERAL, 0]
    True
    """
    table = np.zeros(1 << WORD_BITS, np.uint8)
    for words, what in ((_NUMERALS, NUMERAL), (_DENIALS, DENIAL)):
        table[word_stream(WordTable.of([words])).values & np.uint32((1 << WORD_BITS) - 1)] |= what
    return table


@dataclass(frozen=True, eq=False)
class Rarity:
    """Which fingerprints are boilerplate.

    Attributes:
        streams: the word stream of each document, numbered as in the pairs, of which its fingerprints are made again
            when they are asked for: few pairs are.
        scheme: how.
        common: uint64, sorted: the fingerprints that many documents have (`pairs.Candidates.common`).
    """

    streams: Ragged
    scheme: Scheme
    common: NDArray[np.uint64]

    def shared(self, pairs: NDArray[np.uint32]) -> NDArray[np.float32]:
        """Return the share of each one's rare fingerprints that the other has too, float32[k, 2]; 0 where it has none.

        >>> streams = Ragged(np.array([*range(9), *range(5), *range(20, 24)], np.uint32), np.array([0, 9, 18]))
        >>> pairs, scheme = np.array([[0, 1]], np.uint32), Scheme()
        >>> Rarity(streams, scheme, np.zeros(0, np.uint64)).shared(pairs)
        array([[0.33333334, 0.33333334]], dtype=float32)
        >>> Rarity(streams, scheme, proposals_of(streams, scheme).of(0)).shared(pairs).tolist()
        [[0.0, 0.0]]
        """
        counts = self.counts(pairs)
        rare = counts[:, [guards.OWN, guards.OTHERS, guards.BOTH]] - counts[:, 1::2]
        return (rare[:, 2:] / np.maximum(rare[:, :2] + rare[:, 2:], 1)).astype(np.float32)

    def counts(self, pairs: NDArray[np.uint32]) -> NDArray[np.int32]:
        """Return how many fingerprints each two have, int32[k, ANCHORS]; its columns are in verify_kernels.py."""
        made = np.zeros((len(pairs), guards.ANCHORS), np.int32)
        numbers, places = np.unique(pairs, return_inverse=True)
        streams = self.streams.some(numbers)
        proposals = proposals_of(streams, self.scheme)
        sampling = sampling_of(streams.counts)
        count_anchors(proposals.values, proposals.offsets, self.common, sampling, places.reshape(pairs.shape), made)
        return made


# What a pair is.
NONE: Final = 0
DUPLICATE: Final = 1
CONTAINED: Final = 2
TEMPLATE: Final = 3
VARIANT: Final = 4
KINDS: Final = ("none", "duplicate", "contained", "template", "variant")

# By which rule, or against which guard.
RULES: Final = (
    *("", "equal", "share", "scattered", "misread", "numbers", "names", "boilerplate"),
    *("denial", "appended", "passages", "words", "spelling", "stated"),
)
EQUAL: Final = 1
SHARE: Final = 2
SCATTERED: Final = 3
MISREAD: Final = 4
NUMBERS: Final = 5
NAMES: Final = 6
BOILERPLATE: Final = 7
DENIED: Final = 8
APPENDED: Final = 9
PASSAGES: Final = 10
WORDS: Final = 11
SPELLING: Final = 12
STATED: Final = 13

# Who stands in whom, as bits.
A_IN_B: Final = 1
B_IN_A: Final = 2


@dataclass(frozen=True)
class Bounds:
    """What a document must share with another to fall; the length is that of the one that falls.

    The bounds are the prototype's (22,199 documents, 1,870 planted copies): .70 is the only one that rejected all of
    3,120 pairs of pages with one menu and kept copies with 20 % of their words or 3 % of their letters changed.
    """

    exact_words: int = 8  # shorter texts: equal or not
    # One other word makes another saying: of so short a text all words must stand in the other, or it is of its form.
    # Of the first set's sayings that fell though nobody had planted them, three in eight were such variants at .85.
    saying_words: int = 14
    short_words: int = 30
    short_share: float = 0.85
    short_ratio: float = 0.70  # of the lengths; in a longer text it is a quotation, and must stand in one place
    middle_words: int = 100
    middle_share: float = 0.80
    share: float = 0.70
    # Scattered damage: OCR with 5 % of the letters wrong, which else is lost (.02 found; with this rule .85). Most of
    # the words must be shared or look like what stands at their place: of sonnets that their author rewrote .61 and
    # .69 are, of every damaged copy of the first set of tests/benchmarks/dedupe .77 and more.
    scattered_words: int = 80
    scattered_share: float = 0.55
    scattered_alike: float = 0.75
    scattered_run: int = 25
    scattered_run_share: float = 0.06
    # A text with a chapter of its own is another edition or another volume, however much more it shares.
    chapter: int = 1000
    # A text that is longer than another, by more than chance, stands in it only without a passage of its own: of a
    # damaged copy with a chapter more, and a sound one without it, both are kept. Own choice: twenty-five words are a
    # caption, a signature, a line of a menu; a fiftieth is the step by which lengths count in `order.py`.
    longer_share: float = 0.02
    passage_run: int = 25
    passage_share: float = 0.02
    # Of a menu not every entry is known for one.
    appended_run: float = 1.5
    # What was added to a text, as its copy tells: so many words, and fingerprints that many documents have.
    added_words: int = 12
    added_anchors: int = 2
    # A document so many times longer is a container, not a copy: an anthology, a book. Own choice: a truncated copy
    # has half the words, a page with menu and comments seldom three times those of its article.
    much_longer: float = 3.0
    # Misread: what isn't shared looks like what stands at its place: .89 and more of every copy of the first set with
    # 3 % of its letters misread, .89 and less of advertisements and obituaries of one form.
    misread_share: float = 0.50
    misread_alike: float = 0.88
    # A text of one form: of the numbers (names) that have a number (name) opposite, at least so many and most swapped.
    # In a text under short_words one swapped number or name is enough.
    numbers: int = 3
    names: int = 4
    names_share: float = 0.20  # of all its names, so that a few badly misread ones don't make a book a form
    # Or if nearly all that differs are such slots of the form, one in so many words at least: one other name in a
    # decree, two other prices in a notice, one «no» more.
    slot_words: int = 150
    slot_share: float = 0.50
    slot_misread: float = 0.75  # so many of the words beside them that look misread: in a scan most are
    # A variant has words of its own throughout. Passages of three words and more that stand where the other has other
    # ones, in two places at least; of copies with a fifth of their words edited .01 of the words do.
    passages: int = 2
    passages_words: int = 6
    passages_share: float = 0.03
    # In a song or a poem single words too, of both texts.
    song_words: int = 300
    song_share: float = 0.12
    song_misread: float = 2.0  # so many times as many as look misread: those of a scan are fewer
    # Another spelling has the same other word throughout; a scanner misreads a word here and there.
    spelled: int = 4
    spelled_words: int = 2
    spelled_alone: int = 8  # of one word alone, as of «i» for «y»
    spelled_share: float = 0.01
    spelled_regular: float = 3.0
    # Of a passage, where few words come twice: many that look alike, and none that don't. Of a scan's misread words one
    # in four doesn't.
    alike_words: int = 120
    alike_least: int = 8
    alike_share: float = 0.05
    alike_unlike: float = 0.10
    # Of one text far rarer ones than of the other, as everyone else writes them: that is a scan, and no spelling.
    alike_scanned: float = 0.75
    # Where the two state another country, year or author, less is enough.
    stated_share: float = 0.03
    # Boilerplate: so few of the rare anchors shared, and a run of so many words that the other lacks.
    rare_share: float = 0.40
    own_run: int = 25
    # The first set's pages with one menu and 30 own words: no rare anchor shared, runs of 22 and more.
    nothing_rare_share: float = 0.05
    nothing_rare_run: int = 15
    # A short article under a long menu: where hardly anything rare is shared, so long a passage of each is enough, if
    # what isn't shared doesn't look like a misread copy. By chance under half of the words look alike, of misread ones
    # .75 and more; the first word of two articles can be one, which with the menu before it makes a rare anchor.
    strange_run: int = 20
    strange_alike: float = 0.60
    # A quotation of twelve words makes up to a third of what is rare of an article of forty.
    strange_rare_share: float = 0.40


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of n documents beside their words.

    Attributes:
        damaged: int8[n], their class of damage (`damage.class_of_damage`).
        appended: uint32[n], words of a menu, a summary or questions that somebody added (`appended.py`).
        country: uint32[n], a hash of the country that they state; 0 where they state none.
        year: uint32[n], the year of publication; the same.
        author: uint32[n], a hash of the creators; the same.
    """

    damaged: NDArray[np.int8]
    appended: NDArray[np.uint32]
    country: NDArray[np.uint32]
    year: NDArray[np.uint32]
    author: NDArray[np.uint32]

    @classmethod
    def nothing(cls, n: int) -> Known:
        """Nothing is known of n documents."""
        none = np.zeros(n, np.uint32)
        return cls(np.zeros(n, np.int8), none, none, none, none)

    def apart(self, pairs: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Whether the two state another country, year or author, bool[k]."""
        sides = (column[pairs] for column in (self.country, self.year, self.author))
        differs = [(both[:, 0] != both[:, 1]) & (both > 0).all(axis=1) for both in sides]
        return np.asarray(np.any(differs, axis=0), np.bool_)


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What the check found of k pairs.

    Attributes:
        containment: float32[k, 2], of the first in the second and of the second in the first. Where one is more than
            eight times longer, its own is a lower bound (repeated passages count once), as it is where neither can
            stand in the other.
        longest_run: int32[k, 2], the longest run of words that the other lacks; 0 for a much longer one.
        tallies: int32[k, TALLIES], what stands between the shared runs (columns in verify_kernels.py).
        spoilt: int32[k, 2], words of each that look like a far more frequent one of the other at the same place.
        appended: uint32[k, 2], words of each that were added to it, as the other tells: see `_added`.
        stands: uint8[k], bits A_IN_B and B_IN_A: which may fall for the other; of a TEMPLATE, which would.
        kind: uint8[k], NONE, DUPLICATE, CONTAINED or TEMPLATE (names in KINDS).
        rule: uint8[k], the rule that accepted or the guard that refused (names in RULES).
    """

    containment: NDArray[np.float32]
    longest_run: NDArray[np.int32]
    tallies: NDArray[np.int32]
    spoilt: NDArray[np.int32]
    appended: NDArray[np.uint32]
    stands: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    rule: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.kind)


def verify_pairs(
    streams: Ragged,
    pairs: NDArray[np.uint32],
    bounds: Bounds | None = None,
    rarity: Rarity | None = None,
    known: Known | None = None,
    frequency: NDArray[np.int64] | None = None,
) -> Verdicts:
    """Return the verdict on each pair.

    Args:
        streams: the word stream of each document (`anchors.word_stream`).
        pairs: uint32[k, 2], numbers of documents in `streams`.
        bounds: the usual ones when left out.
        rarity: which anchors are boilerplate; without it that guard is off.
        known: what else is known of the documents.
        frequency: of `count_words`, how often a word is found; without it no word is held to be spoilt.

    >>> from latam_corpus.dedupe.fingerprints.anchors import word_stream
    >>> from latam_corpus.text.words import WordTable
    >>> prosa = "La casa del fondo tenía un patio con naranjos y una acequia que corría todo el año"
    >>> made = verify_pairs(word_stream(WordTable.of([prosa, prosa + " hasta hoy"])), np.array([[0, 1]], np.uint32))
    >>> KINDS[made.kind[0]], made.containment.astype(float).round(2).tolist()
    ('duplicate', [[1.0, 0.89]])
    """
    bounds = bounds or Bounds()
    known = known or Known.nothing(len(streams))
    k = len(pairs)
    lengths = streams.counts[pairs.reshape(-1)].reshape(k, 2)
    # The longer of two is hashed, once for all its pairs.
    flipped = lengths[:, 0] > lengths[:, 1]
    shorter, longer = np.where(flipped, pairs.T[::-1], pairs.T)
    order = np.lexsort((shorter, longer))
    least = min(bounds.share, bounds.scattered_share, bounds.misread_share)
    limits = np.array([bounds.numbers, bounds.names, bounds.names_share])
    often = frequency
    if often is None:
        often = np.zeros((guards.FREQUENCIES, 1 << guards.FREQUENCY_BITS), np.int64)
    measured = compare(
        streams.values, streams.offsets, longer[order], shorter[order], np.float32(least), lexicon(), limits, often
    )
    back = np.empty(k, np.int64)
    back[order] = np.arange(k)
    containment, longest, tallies = (part[back] for part in measured)
    # From shorter and longer to first and second.
    spoilt = tallies[:, [guards.SPOILT, guards.OTHER_SPOILT]]
    for made in (containment, longest, spoilt):
        made[flipped] = made[flipped, ::-1]
    stands, rule = _accepted(lengths, flipped, containment, longest, tallies, bounds)
    _refuse(stands, rule, _more_than_the_other(lengths, longest, bounds), 0)
    added = _added(pairs, lengths, stands, containment, tallies, bounds, rarity)
    appended = np.maximum(known.appended[pairs], added)
    _with_additions(stands, rule, lengths, containment, longest, appended, bounds)
    of_form = _of_one_form(lengths, tallies, bounds)
    template = (of_form > 0) & stands.any(axis=1)
    rule[template] = of_form[template]
    sayings = (lengths < bounds.saying_words) & (containment < 1)
    _refuse(stands, rule, sayings & ~template[:, None], 0)
    if rarity is not None:
        strange = _strange(lengths, containment, longest, tallies, bounds)
        shared = _boilerplate(pairs, flipped, stands & ~template[:, None], tallies, strange, bounds, rarity)
        _refuse(stands, rule, shared, BOILERPLATE)
    why = _variants(pairs, lengths.min(axis=1), tallies, known, bounds)
    variant = stands.any(axis=1) & (why > 0) & ~template & (rule != EQUAL) & (rule != APPENDED)
    rule[variant] = why[variant]
    return Verdicts(
        containment,
        longest,
        tallies,
        spoilt,
        added,
        (stands @ np.array([A_IN_B, B_IN_A])).astype(np.uint8),
        _kinds(lengths, stands, template, variant, bounds),
        rule,
    )


def _accepted(
    lengths: NDArray[np.int64],
    flipped: NDArray[np.bool_],
    containment: NDArray[np.float32],
    longest: NDArray[np.int32],
    tallies: NDArray[np.int32],
    bounds: Bounds,
) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Which of each two stands in the other by the bounds, bool[k, 2], and the rule that says so."""
    smaller = lengths.min(axis=1)
    ratio = _ratio(lengths)
    brief = smaller < bounds.short_words
    equal = tallies[:, guards.SAME] > 0
    needed = np.where(
        lengths < bounds.short_words,
        bounds.short_share,
        np.where(lengths < bounds.middle_words, bounds.middle_share, bounds.share),
    ).astype(np.float32)  # as the shares are: 70 of 100 words are .70
    together = (ratio >= bounds.short_ratio) | (tallies[:, guards.TOGETHER] >= bounds.short_share * smaller)
    by_share = (containment >= needed) & (lengths >= bounds.exact_words) & (~brief | together)[:, None]
    # Words that look alike are counted of the shorter; as many of the longer look like them.
    likeness = containment + tallies[:, [guards.ALIKE]] / np.maximum(lengths, 1)
    alike = np.where(flipped, likeness[:, 1], likeness[:, 0])
    by_scatter = (
        (lengths >= bounds.scattered_words)
        & (containment >= bounds.scattered_share)
        & (alike >= bounds.scattered_alike)[:, None]
        & (longest <= np.maximum(bounds.scattered_run, bounds.scattered_run_share * lengths))
    )
    # A saying with one other word is another saying, however much the two words look alike.
    # So few words find likenesses in any longer text.
    fits = (smaller >= bounds.middle_words) | (ratio >= bounds.short_ratio)
    by_looks = (~brief & fits)[:, None] & (containment >= bounds.misread_share) & (likeness >= bounds.misread_alike)
    tests = [equal, by_share.any(axis=1), by_scatter.any(axis=1), by_looks.any(axis=1)]
    rule = np.select(tests, [EQUAL, SHARE, SCATTERED, MISREAD], 0).astype(np.uint8)
    return by_share | by_scatter | by_looks | equal[:, None], rule


def _more_than_the_other(lengths: NDArray[np.int64], longest: NDArray[np.int32], bounds: Bounds) -> NDArray[np.bool_]:
    """Which of each two is the longer and has a passage that the other lacks, bool[k, 2]."""
    longer = lengths > (1 + bounds.longer_share) * lengths[:, ::-1]
    passage = longer & (longest > np.maximum(bounds.passage_run, bounds.passage_share * lengths))
    return np.asarray(passage | (longest > bounds.chapter), np.bool_)


def _added(
    pairs: NDArray[np.uint32],
    lengths: NDArray[np.int64],
    stands: NDArray[np.bool_],
    containment: NDArray[np.float32],
    tallies: NDArray[np.int32],
    bounds: Bounds,
    rarity: Rarity | None,
) -> NDArray[np.uint32]:
    """Return how many words of each two were added to it, which the other tells that stands in it, uint32[k, 2].

    What it has more says what it has said, in pieces; or many documents have it, and few what the two share.
    """
    own = np.ceil((1 - containment) * lengths).astype(np.int64)
    longer = stands[:, ::-1] & (lengths > (1 + bounds.longer_share) * lengths[:, ::-1])
    added = longer * tallies[:, [guards.PICKED]]
    asked = np.flatnonzero((longer & (own >= bounds.added_words)).any(axis=1))
    if rarity is not None and len(asked):
        counts = rarity.counts(pairs[asked])
        shared_by_many = 2 * counts[:, [guards.BOTH + 1]] > counts[:, [guards.BOTH]]
        alone, of_many = counts[:, [guards.OWN, guards.OTHERS]], counts[:, [guards.OWN + 1, guards.OTHERS + 1]]
        # Of a notice of two lines a long text keeps one fingerprint, if any.
        enough = np.where(of_many == alone, 1, bounds.added_anchors)
        by_many = (of_many >= enough) & (2 * of_many >= alone) & ~shared_by_many
        added[asked] = np.maximum(added[asked], own[asked] * (longer[asked] & by_many))
    return np.asarray(added, np.uint32)


def _with_additions(
    stands: NDArray[np.bool_],
    rule: NDArray[np.uint8],
    lengths: NDArray[np.int64],
    containment: NDArray[np.float32],
    longest: NDArray[np.int32],
    appended: NDArray[np.uint32],
    bounds: Bounds,
) -> None:
    """Let a text stand in the other that has a menu, a summary or questions more, and which stands in it.

    Args:
        stands: bool[k, 2], written to, as is `rule`.
        rule: uint8[k].
        lengths: words.
        containment: as in `Verdicts`.
        longest: as in `Verdicts`.
        appended: uint32[k, 2], words that were added.
        bounds: all of them.
    """
    own = np.maximum(lengths - appended, 1)
    without = containment * lengths / own
    alone = (appended > 0) & (appended[:, ::-1] == 0)
    added = (
        alone
        & stands[:, ::-1]
        & ~stands
        & (own >= bounds.short_words)
        & (without >= np.where(own < bounds.middle_words, bounds.middle_share, bounds.share))
        & (longest <= bounds.appended_run * appended + bounds.passage_run)
    )
    stands |= added
    rule[added.any(axis=1)] = APPENDED


def _refuse(stands: NDArray[np.bool_], rule: NDArray[np.uint8], refused: NDArray[np.bool_], why: int) -> None:
    """Take back who stands in whom, bool[k, 2]; a pair of which nothing is left has `why` as its rule."""
    held = stands.any(axis=1)
    stands &= ~refused
    rule[held & ~stands.any(axis=1)] = why


def _of_one_form(lengths: NDArray[np.int64], tallies: NDArray[np.int32], bounds: Bounds) -> NDArray[np.uint8]:
    """NUMBERS or NAMES where two texts have others at the same places, as texts of one form have; else 0."""
    brief = lengths.min(axis=1) < bounds.short_words
    kept, swapped = tallies[:, guards.NUMBERS_KEPT], tallies[:, guards.NUMBERS_SWAPPED]
    numbers = (kept + swapped >= bounds.numbers) & (kept <= swapped) | brief & (swapped > 0)
    kept, swapped = tallies[:, guards.NAMES_KEPT], tallies[:, guards.NAMES_SWAPPED]
    many = swapped >= bounds.names_share * tallies[:, guards.NAMES]
    names = (kept + swapped >= bounds.names) & (kept < swapped) & many | brief & (swapped > 0)
    slots = tallies[:, guards.SLOTS]
    form = (slots * bounds.slot_words >= np.maximum(lengths.min(axis=1), 1)) & (
        slots >= bounds.slot_share * tallies[:, guards.DIFFERENT]
    )
    form &= (slots > 0) & (slots >= bounds.slot_misread * tallies[:, guards.MISREAD])
    other_numbers, denied = tallies[:, guards.OTHER_NUMBERS], tallies[:, guards.DENIED]
    denial = form & (slots == tallies[:, guards.DIFFERENT]) & (tallies[:, guards.MISREAD] == 0)
    tests = [numbers, names, form & (other_numbers > 0), form & (slots > other_numbers + denied), denial & (denied > 0)]
    return np.select(tests, [NUMBERS, NAMES, NUMBERS, NAMES, DENIED], 0).astype(np.uint8)


def _variants(
    pairs: NDArray[np.uint32],
    words: NDArray[np.int64],
    tallies: NDArray[np.int32],
    known: Known,
    bounds: Bounds,
) -> NDArray[np.uint8]:
    """By which rule two texts that share much are variants, as each has words of its own throughout; 0 if by none."""
    replaced, places = tallies[:, guards.REPLACED], tallies[:, guards.PLACES]
    enough = replaced >= bounds.passages_words
    short = words < bounds.song_words
    # A song's first or last line beside another one.
    edge = np.where(short & (places > 0), tallies[:, guards.EDGE], 0)
    enough |= replaced + edge >= bounds.passages_words
    passages = enough & (places + (edge > 0) >= bounds.passages) & (replaced + edge >= bounds.passages_share * words)
    unlike = tallies[:, [guards.UNLIKE, guards.OTHER_UNLIKE]].min(axis=1)
    misread = tallies[:, guards.MISREAD]
    song = short & (words >= bounds.short_words) & (unlike >= bounds.song_share * words)
    song &= unlike >= bounds.song_misread * misread
    spoilt = tallies[:, [guards.SPOILT, guards.OTHER_SPOILT]]
    scanned = spoilt.max(axis=1) - spoilt.min(axis=1)
    regular, irregular = tallies[:, guards.REGULAR], tallies[:, guards.IRREGULAR]
    damaged = known.damaged[pairs]
    spelling = (
        (regular >= np.maximum(bounds.spelled, bounds.spelled_share * words))
        & ((tallies[:, guards.REGULAR_WORDS] >= bounds.spelled_words) | (regular >= bounds.spelled_alone))
        & (regular >= bounds.spelled_regular * irregular)
    )
    spelling |= (
        (words >= bounds.alike_words)
        & (misread >= np.maximum(bounds.alike_least, bounds.alike_share * words))
        & (unlike <= bounds.alike_unlike * misread)
        & (scanned < bounds.alike_scanned * misread)
    )
    spelling &= damaged[:, 0] == damaged[:, 1]
    by_metadata = known.apart(pairs) & (
        (replaced >= bounds.stated_share * words) & enough
        | (words >= bounds.short_words) & (unlike >= 2 * bounds.stated_share * words)
    )
    tests = [passages, spelling, song, by_metadata]
    return np.select(tests, [PASSAGES, SPELLING, WORDS, STATED], 0).astype(np.uint8)


def _boilerplate(
    pairs: NDArray[np.uint32],
    flipped: NDArray[np.bool_],
    stands: NDArray[np.bool_],
    tallies: NDArray[np.int32],
    strange: NDArray[np.bool_],
    bounds: Bounds,
    rarity: Rarity,
) -> NDArray[np.bool_]:
    """Which of each two would fall though what it shares is boilerplate and it has a text of its own, bool[k, 2]."""
    runs = tallies[:, [guards.OWN_RUN, guards.OTHER_RUN]]
    runs[flipped] = runs[flipped, ::-1]
    asked = np.flatnonzero((stands & ((runs >= bounds.nothing_rare_run) | strange[:, None])).any(axis=1))
    refused = np.zeros_like(stands)
    rare, runs = rarity.shared(pairs[asked]), runs[asked]
    refused[asked] = (
        ((runs >= bounds.own_run) & (rare < bounds.rare_share))
        | ((runs >= bounds.nothing_rare_run) & (rare < bounds.nothing_rare_share))
        | (strange[asked, None] & (rare < bounds.strange_rare_share))
    )
    return refused & stands


def _strange(
    lengths: NDArray[np.int64],
    containment: NDArray[np.float32],
    longest: NDArray[np.int32],
    tallies: NDArray[np.int32],
    bounds: Bounds,
) -> NDArray[np.bool_]:
    """Whether both texts have a passage that the other lacks and doesn't look like, bool[k]."""
    shorter = np.argmin(lengths, axis=1)[:, None]
    words = np.take_along_axis(lengths, shorter, 1)[:, 0]
    own = words * (1 - np.take_along_axis(containment, shorter, 1)[:, 0])
    unlike = tallies[:, guards.ALIKE] < bounds.strange_alike * own
    return np.asarray((longest.min(axis=1) >= bounds.strange_run) & unlike, np.bool_)


def _kinds(
    lengths: NDArray[np.int64],
    stands: NDArray[np.bool_],
    template: NDArray[np.bool_],
    variant: NDArray[np.bool_],
    bounds: Bounds,
) -> NDArray[np.uint8]:
    brief = lengths.min(axis=1) < bounds.short_words
    contained = _ratio(lengths) < np.where(brief, bounds.short_ratio, 1 / bounds.much_longer)
    tests = [template, ~stands.any(axis=1), contained, variant]
    return np.select(tests, [TEMPLATE, NONE, CONTAINED, VARIANT], DUPLICATE).astype(np.uint8)


def _ratio(lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(lengths.min(axis=1) / np.maximum(lengths.max(axis=1), 1), np.float64)
