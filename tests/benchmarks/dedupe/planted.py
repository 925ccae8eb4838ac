"""Three seeded sets of documents with their truth: `first`, which may be tuned on, `second` and `third`.

The first two share no book, author, site, Bible book, page, form or seed. The third has other books, songs for sonnets,
sayings that the others left over, other sites and forms; of the Bible and of the pages it has the same. It is smaller.
Nothing is tuned on the second or the third. What they are made of is in `shelf.py`, what happens
to texts in `damage.py`, what must not be merged in `apart.py`, what stands inside something longer in `inside.py`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from . import apart, inside
from .damage import SPELLING, cut, edit_words, misread, relined, respelled, without_accents
from .documents import Document, Pair, Planted
from .editions import passages
from .ocr import confusions
from .parts import book_parts, identity, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .shelf import Shelf, Text

SEEDS: Final = {"first": 20251, "second": 77003, "third": 31415}
EACH: Final = 120  # pairs of a kind
_WHOLE: Final = 5  # novels that stand whole beside their chapters; of few novels only one
_LOW: Final = 300
_HIGH: Final = 1200
_SAME: Final = 0.7  # of a passage's words found in the other edition; below, the author rewrote it
_PLACED: Final = 0.4  # with fewer words found, the passage's place in the other edition is a guess
_PRINTED: Final = {"first": (52, "-"), "second": (41, "¬"), "third": (46, "-")}  # width and hyphen of a printed line

Change = tuple[str, "Callable[[Document, int], str]"]


@dataclass(frozen=True)
class Harm:
    """The damage of copies in one half: its words, the misread pages, and the random numbers."""

    words: Sequence[str]
    misreadings: Mapping[str, Mapping[str, int]]
    chance: random.Random

    @classmethod
    def of(cls, half: Shelf, chance: random.Random) -> Harm:
        """The half's own."""
        spanish = vocabulary([novel for novel in half.novels if novel.language == "es"])
        return cls(list(vocabulary(half.novels)), confusions([page.text for page in half.pages], spanish), chance)

    def edits(self, share: float) -> Callable[[Document, int], str]:
        """The change that edits this share of the words."""
        return lambda part, _: edit_words(part.text, share, self.words, self.chance)

    def misreads(self, share: float) -> Callable[[Document, int], str]:
        """The change that misreads this share of the letters."""
        return lambda part, _: misread(part.text, share, self.misreadings, self.chance)


def make(shelf: Shelf, name: str, each: int = EACH) -> Planted:
    """The set `first`, `second` or `third`.

    Args:
        shelf: all texts; the set takes its part.
        name: of the set.
        each: pairs of each kind, as far as there are texts.
    """
    half = shelf.half(name)
    chance = random.Random(SEEDS[name])
    harm = Harm.of(half, chance)
    # The shortest novels are for whole books with their chapters, and stand nowhere else.
    edited = {text.id for text in half.editions}
    by_length = sorted((n for n in half.novels if n.id not in edited), key=lambda n: (len(n.text), n.id))
    whole = by_length[: _WHOLE if len(by_length) > 2 * _WHOLE else 1]
    cut_up = [novel for novel in half.novels if novel not in whole]

    def sizes() -> Iterator[int]:
        while True:
            yield chance.randint(_LOW, _HIGH)

    parts = book_parts(name, cut_up, sizes)
    with_edition = [part for part in parts if part.work in edited]
    free = [part for part in parts if part.work not in edited]
    chance.shuffle(free)
    chains, free = free[:6], free[6:]
    # Raw material: its text becomes part of other documents, so that it is no document itself.
    raw, free = free[: len(free) // 6], free[len(free) // 6 :]
    stock = [part.text for part in raw]
    pieces = [
        Planted(name, (*with_edition, *chains, *free)),
        _editions(name, half, with_edition, each, chance),
        _copies(free, _changes(name, half, harm), each),
        _short(name, half, stock, each, harm),
        inside.chapters(name, whole, each),
        inside.verses(name, half, stock, each, chance),
        *apart.groups(name, half, stock, chains, harm.words, chance),
    ]
    sonnets, used = _sonnets(name, half, each, harm)
    pieces += [sonnets, inside.anthologies(name, [d for d in sonnets.documents if d.id not in used])]
    return _joined(name, pieces, chance)


def _joined(name: str, pieces: Sequence[Planted], chance: random.Random) -> Planted:
    documents = [document for piece in pieces for document in piece.documents]
    chance.shuffle(documents)
    groups: dict[str, tuple[tuple[str, ...], ...]] = {}
    for piece in pieces:
        for kind, result in piece.groups.items():
            groups[kind] = groups.get(kind, ()) + result
    return Planted(
        name,
        tuple(documents),
        tuple(pair for piece in pieces for pair in piece.pairs),
        tuple(pair for piece in pieces for pair in piece.contained),
        tuple(pair for piece in pieces for pair in piece.apart),
        tuple(pair for piece in pieces for pair in piece.between),
        groups,
    )


def _changes(name: str, half: Shelf, harm: Harm) -> list[Change]:
    """Return the changes that are made to a part of a book, kind by kind."""
    width, hyphen = _PRINTED[name]
    languages = {novel.id: novel.language for novel in half.novels}
    menus = half.menus

    def cuts(share: float) -> Callable[[Document, int], str]:
        return lambda part, number: cut(part.text, share, end=number % 3 > 0)

    changes: list[Change] = [
        ("exact", lambda part, _: part.text),
        *((f"edits_{per_cent}", harm.edits(per_cent / 100)) for per_cent in (1, 5, 10, 20)),
        *((f"ocr_{per_cent}", harm.misreads(per_cent / 100)) for per_cent in (1, 3, 5)),
        *((f"cut_{per_cent}", cuts(per_cent / 100)) for per_cent in (90, 70, 50)),
        ("relined", lambda part, _: relined(part.text, width)),
        ("hyphenated", lambda part, _: relined(part.text, width, hyphen=hyphen)),
        ("orthography", lambda part, _: respelled(part.text, SPELLING[name][languages[part.work]])),
        ("accents", lambda part, _: without_accents(part.text)),
    ]
    if menus:
        changes += [
            ("header", lambda part, number: f"{menus[number % len(menus)].before}\n{part.text}"),
            ("menu", lambda part, n: f"{menus[n % len(menus)].before}\n{part.text}\n{menus[n % len(menus)].after}"),
        ]
    return changes


def _copies(originals: Sequence[Document], changes: Sequence[Change], each: int) -> Planted:
    """A copy of each original in turn, no original copied twice; where originals are few, fewer of each kind."""
    each = min(each, len(originals) // len(changes))
    documents = []
    for place, (kind, change) in enumerate(changes):
        for number, part in enumerate(originals[place * each : (place + 1) * each]):
            text = change(part, number)
            documents.append(Document(identity(kind, part.id), text, kind, part.source_id, part.work, part.id))
    return Planted("", tuple(documents), tuple(Pair(d.kind, d.origin, d.id) for d in documents))


def _editions(name: str, half: Shelf, parts: Sequence[Document], each: int, chance: random.Random) -> Planted:
    """The passages of the other edition that answer to parts of this one."""
    documents = []
    for edition in half.editions:
        own = {part.text: part for part in parts if part.work == edition.id}
        for text, passage, share in passages(list(own), edition.text):
            if share < _PLACED:
                continue
            part = own[text]
            kind = f"edition_{edition.language}" if share >= _SAME else f"edition_{edition.language}_rewritten"
            created = identity(name, "edition", part.id)
            documents.append(Document(created, passage, kind, edition.source_id, part.work, part.id))
    kept = []
    for kind in sorted({document.kind for document in documents}):
        results = [document for document in documents if document.kind == kind and document.text]
        kept += chance.sample(results, min(len(results), each))
    return Planted("", tuple(kept), tuple(Pair(d.kind, d.origin, d.id) for d in kept))


def _short(name: str, half: Shelf, stock: Sequence[str], each: int, harm: Harm) -> Planted:
    """Sayings of 8 to 30 words and paragraphs of 31 to 100, some of them twice with a word or more changed."""
    sayings = [s for s in half.sayings if 8 <= len(s.text.split()) <= 30]
    lines = [line for text in stock[: len(stock) // 3] for line in text.splitlines()]
    middling = [line for line in lines if 31 <= len(line.split()) <= 100]
    harm.chance.shuffle(middling)
    short = [Document(identity(name, s.id), s.text, "saying", s.source_id, s.id) for s in sayings[:1500]]
    long = [
        Document(identity(name, "paragraph", n), text, "paragraph", "conha19", f"paragraph-{n}")
        for n, text in enumerate(middling[:1000])
    ]
    one: list[Change] = [
        ("short_8_30_word", harm.edits(0.01)),
        ("short_8_30_accents", lambda d, _: without_accents(d.text).lower()),
    ]
    more: list[Change] = [
        ("short_31_100_edits_5", harm.edits(0.05)),
        ("short_31_100_edits_10", harm.edits(0.10)),
        ("short_31_100_ocr_3", harm.misreads(0.03)),
    ]
    first, second = _copies(short, one, each), _copies(long, more, each)
    return Planted("", (*short, *long, *first.documents, *second.documents), (*first.pairs, *second.pairs))


def _sonnets(name: str, half: Shelf, each: int, harm: Harm) -> tuple[Planted, set[str]]:
    """All sonnets of the half, some of them misread or edited; and the ids of these and of their copies."""
    own = [_poem(name, text) for text in half.sonnets]
    harm.chance.shuffle(own)
    changes: list[Change] = [("sonnet_ocr_3", harm.misreads(0.03)), ("sonnet_edits_5", harm.edits(0.05))]
    copies = _copies(own[: len(own) // 2], changes, each)
    used = {document.id for document in copies.documents} | {document.origin for document in copies.documents}
    return Planted("", (*own, *copies.documents), copies.pairs), used


def _poem(name: str, text: Text) -> Document:
    return Document(identity(name, "sonnet", text.id), text.text, "sonnet", text.source_id, f"sonnet-{text.id}")


def kinds(results: Planted) -> Mapping[str, int]:
    """Return the number of documents of each kind."""
    counts: dict[str, int] = {}
    for document in results.documents:
        counts[document.kind] = counts.get(document.kind, 0) + 1
    return dict(sorted(counts.items()))
