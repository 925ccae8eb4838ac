"""Texts that are contained in a much longer one: a sonnet in an anthology, a chapter in a book, a quoted verse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .documents import Document, Pair, Planted
from .parts import cut_in_parts, identity

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from .shelf import Shelf, Text

_ANTHOLOGIES: Final = 4
_POEMS: Final = 40
_CHAPTER: Final = 1500  # words
_PASSAGE: Final = 3  # verses


def anthologies(name: str, sonnets: Sequence[Document]) -> Planted:
    """A few anthologies of forty of these sonnets each, which are documents of their own too."""
    documents, contained = [], []
    poems = min(_POEMS, len(sonnets) // _ANTHOLOGIES)
    for number in range(_ANTHOLOGIES if poems else 0):
        chosen = sonnets[number * poems : (number + 1) * poems]
        text = "\n\n".join(f"{place}\n\n{poem.text}" for place, poem in enumerate(chosen, 1))
        created = identity(name, "anthology", number)
        documents.append(Document(created, text, "anthology", "anthologies", f"anthology-{number}"))
        contained += [Pair("sonnet_in_anthology", created, poem.id) for poem in chosen]
    return Planted("", tuple(documents), contained=tuple(contained))


def chapters(name: str, books: Sequence[Text], each: int) -> Planted:
    """These books whole, and their chapters, about 1,500 words each."""

    def sizes() -> Iterator[int]:
        while True:
            yield _CHAPTER

    documents, contained = [], []
    for book in books:
        whole = Document(identity(name, "book", book.id), book.text, "book", book.source_id, book.id)
        documents.append(whole)
        for number, text in enumerate(cut_in_parts(book.text, sizes())):
            created = identity(name, "chapter", book.id, number)
            documents.append(Document(created, text, "chapter", f"{book.source_id}-chapters", book.id))
            contained.append(Pair("chapter_in_book", whole.id, created))
    return Planted("", tuple(documents), contained=tuple(contained[:each]))


def verses(name: str, half: Shelf, stock: Sequence[str], each: int, chance: random.Random) -> Planted:
    """Yield articles that quote a passage or a verse of the Bible, and each quotation as a document of its own."""
    books = half.verses[2:]  # the first two are for sermons
    passages = [
        "\n".join(book[start : start + _PASSAGE])
        for book in books
        for start in range(0, len(book) - _PASSAGE, 2 * _PASSAGE)
    ]
    singles = [
        book[start]
        for book in books
        for start in range(_PASSAGE, len(book), 2 * _PASSAGE)
        if book[start].count(" ") > 15
    ]
    chance.shuffle(passages)
    chance.shuffle(singles)
    articles = stock[len(stock) // 3 : len(stock) * 2 // 3]
    each = min(each, len(articles) // 2, len(passages), len(singles))
    documents, contained = [], []
    for kind, quoted, around in (
        ("passage_in_article", passages, articles[:each]),
        ("verse_in_article", singles, articles[each : 2 * each]),
    ):
        for number, (quotation, article) in enumerate(zip(quoted, around, strict=False)):
            small = Document(identity(name, kind, "small", number), quotation, kind, "bible", f"{kind}-{number}")
            lines = article.splitlines()
            lines.insert(len(lines) // 2, f"«{quotation}»")
            large = Document(
                identity(name, kind, number), "\n".join(lines), "article", "articles", f"article-{kind}-{number}"
            )
            documents += [small, large]
            contained.append(Pair(kind, large.id, small.id))
    return Planted("", tuple(documents), contained=tuple(contained))
