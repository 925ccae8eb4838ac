"""Books cut in parts, as many documents as are wanted, and more of them than there are books."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from .damage import cut, edit_words, relined
from .documents import Document, Pair, Planted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .shelf import Shelf, Text

_WORD: Final = re.compile(r"[^\W\d_]+")
_LEAST: Final = 300
_MOST: Final = 3000
_MEAN: Final = 540
_SHARE: Final = 5  # of so many documents one is a planted copy
_MOVED: Final = 4  # letters of the words that another world writes differently
_BLOCK: Final = 40  # words of like frequency among which it exchanges them


def identity(*names: object) -> str:
    """Return an id that is independent of a document's kind, so that no tool's order of ids favours originals.

    >>> identity("first", "edits_5", 1)
    '36528af3b1225201'
    """
    return hashlib.sha256("|".join(map(str, names)).encode()).hexdigest()[:16]


def vocabulary(texts: Sequence[Text], minimum: int = 5) -> dict[str, int]:
    """Return the frequency of each word in lower case, without words rarer than `minimum`."""
    counts = Counter(word for text in texts for word in _WORD.findall(text.text.lower()))
    return {word: number for word, number in counts.items() if number >= minimum}


def cut_in_parts(text: str, sizes: Iterator[int]) -> Iterator[str]:
    r"""Cut a text at line ends into parts of at least the given numbers of words; divide lines longer than a part.

    >>> list(cut_in_parts("Se fue la luz\nen todo\nel barrio viejo", iter([5, 3])))
    ['Se fue la luz\nen todo', 'el barrio viejo']
    """
    size = next(sizes, 0)
    held: list[str] = []
    count = 0
    for line in text.splitlines():
        words = line.split()
        while size and count + len(words) > 2 * size:
            taken = size - count if size > count else len(words)
            held.append(" ".join(words[:taken]))
            yield "\n".join(held).strip()
            words = words[taken:]
            size, held, count = next(sizes, 0), [], 0
        held.append(" ".join(words))
        count += len(words)
        if size and count >= size:
            yield "\n".join(held).strip()
            size, held, count = next(sizes, 0), [], 0


def book_parts(name: str, books: Sequence[Text], sizes: Callable[[], Iterator[int]]) -> list[Document]:
    """Return the parts of the books as documents, in order."""
    return [
        Document(identity(name, book.id, number), text, "book_part", book.source_id, book.id)
        for book in books
        for number, text in enumerate(cut_in_parts(book.text, sizes()))
    ]


def speed(shelf: Shelf, number: int, seed: int = 3) -> Planted:
    """Return a number of documents of 300 to 3,000 words, a fifth of them near-duplicates, for measuring speed.

    Of all books, the two halves' alike, since nothing is tuned on it; beyond what the books give, of another world's.
    """
    chance = random.Random(seed)

    def sizes() -> Iterator[int]:
        while True:
            yield min(_MOST, _LEAST + int(chance.expovariate(1 / (_MEAN - _LEAST))))

    parts = book_parts("speed", shelf.novels, sizes)
    chance.shuffle(parts)
    original_count = number - number // _SHARE
    if len(parts) < original_count:
        more = growth(shelf, original_count - len(parts), words=_MEAN, seed=seed, planted=False, first_world=1)
        parts += list(more)
    originals = parts[:original_count]
    copies = [
        _copy(original, n, shelf, chance) for n, original in enumerate(chance.sample(originals, number // _SHARE))
    ]
    documents = [*originals, *copies]
    chance.shuffle(documents)
    pairs = tuple(Pair(copy.kind, copy.origin, copy.id) for copy in copies)
    return Planted("speed", tuple(documents), pairs)


def _copy(original: Document, number: int, shelf: Shelf, chance: random.Random) -> Document:
    words = original.text.split()
    menu = shelf.menus[number % len(shelf.menus)] if shelf.menus else None
    kind, text = (
        ("edits_1", edit_words(original.text, 0.01, words, chance)),
        ("edits_5", edit_words(original.text, 0.05, words, chance)),
        ("edits_10", edit_words(original.text, 0.10, words, chance)),
        ("relined", relined(original.text, 60)),
        ("cut_70", cut(original.text, 0.7)),
        ("menu", f"{menu.before}\n{original.text}\n{menu.after}" if menu else f"Inicio\n{original.text}"),
    )[number % 6]
    source = menu.owner if menu and kind == "menu" else original.source_id
    return Document(identity("copy", original.id), text, kind, source, original.work, original.id)


def growth(
    shelf: Shelf, number: int, *, words: int = 300, seed: int = 3, planted: bool = True, first_world: int = 0
) -> Iterator[Document]:
    """Return a number of documents of recombined paragraphs, a fifth of them copies with 5 % of the words edited.

    Each paragraph is used once in a *world*. When the paragraphs are used up another world begins, in which words of
    four letters and more are exchanged for others of the same length and like frequency: it has the statistics of the
    language, and hardly a run of words in common with the worlds before. Paragraphs drawn by chance would stand in
    twenty documents each at 300,000 documents, and what is measured would be that.
    """
    chance = random.Random(seed)
    created, world = 0, first_world
    languages = sorted({book.language for book in shelf.novels})
    lexicons = {code: vocabulary([b for b in shelf.novels if b.language == code], 1) for code in languages}
    while created < number:
        for code in languages:
            texts = [book.text for book in shelf.novels if book.language == code]
            lines = [line for text in texts for line in text.splitlines() if len(line.split()) > _MOVED]
            chance.shuffle(lines)
            exchange = exchanged(lexicons[code], world)
            for document in _recombined(lines, words, exchange, f"{world}-{code}"):
                yield document
                created += 1
                if planted and created < number and created % _SHARE == _SHARE - 1:
                    text = edit_words(document.text, 0.05, document.text.split(), chance)
                    copy_id = identity("copy", document.id)
                    yield Document(copy_id, text, "edits_5", document.source_id, document.work, document.id)
                    created += 1
                if created >= number:
                    return
        world += 1


def exchanged(lexicon: Mapping[str, int], world: int) -> dict[str, str]:
    """Return each word's replacement in another world, of equal length and similar frequency; world 0 is this one.

    >>> exchanged({"casa": 9, "mesa": 8, "luz": 5}, 1)
    {'casa': 'mesa', 'mesa': 'casa'}
    """
    if not world:
        return {}
    chance = random.Random(world)
    by_length: dict[int, list[str]] = {}
    for word in sorted(lexicon, key=lambda word: (-lexicon[word], word)):
        if len(word) >= _MOVED:
            by_length.setdefault(len(word), []).append(word)
    results: dict[str, str] = {}
    for words in by_length.values():
        for start in range(0, len(words), _BLOCK):
            block = words[start : start + _BLOCK]
            turn = chance.randrange(1, len(block)) if len(block) > 1 else 0
            results |= zip(block, block[turn:] + block[:turn], strict=True)
    return results


def _recombined(lines: Sequence[str], size: int, exchange: Mapping[str, str], world: str) -> Iterator[Document]:
    held: list[str] = []
    count = number = 0
    for line in lines:
        held.append(_WORD.sub(lambda word: _in_world(word[0], exchange), line) if exchange else line)
        count += len(line.split())
        if count >= size:
            name = identity("growth", world, number)
            yield Document(name, "\n".join(held), "recombined", f"world-{world}", name)
            number += 1
            held, count = [], 0


def _in_world(word: str, exchange: Mapping[str, str]) -> str:
    replacement = exchange.get(word.lower(), word)
    return replacement.capitalize() if word[0].isupper() else replacement
