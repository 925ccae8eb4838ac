"""Documents that look alike and must not be merged: forms, licences, menus, sermons, translations, drifting copies."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from .damage import edit_words
from .documents import Document, Pair, Planted
from .editions import coverage, runs
from .forms import Forms
from .parts import identity

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from .shelf import Shelf

_OF_A_FORM: Final = {"decree": 50, "weather": 50, "obituary": 50, "job_ad": 30, "house_ad": 30, "football": 30}
_LICENSED: Final = 60
_WITH_MENU: Final = 40
_SERMONS: Final = 40
_QUOTED: Final = 6
_LINKS: Final = 12
_STEP: Final = 0.08  # of the words edited from one link of a chain to the next
_FAR: Final = 0.55  # of the words in common runs; two links with less than this are different texts


def groups(
    name: str,
    half: Shelf,
    stock: Sequence[str],
    starts: Sequence[Document],
    words: Sequence[str],
    chance: random.Random,
) -> list[Planted]:
    """Return all such groups of one half.

    Args:
        name: of the set.
        half: its texts.
        stock: texts that are no documents themselves.
        starts: documents from which chains start.
        words: what edited words become.
        chance: the source of chance.
    """
    # No text is used twice, so that nothing of one kind stands inside another.
    unused = list(stock[len(stock) * 2 // 3 :])
    half_way, near_end = len(unused) // 2, len(unused) * 5 // 6
    return [
        _forms(name, chance),
        _licensed(name, half, unused[:half_way][:_LICENSED]),
        _with_menus(name, half, unused[near_end:]),
        _sermons(name, half, unused[half_way:near_end][:_SERMONS]),
        _translations(name, half),
        _chains(name, starts, words, chance),
    ]


def _grouped(kind: str, results: Sequence[Sequence[Document]]) -> Planted:
    documents = tuple(document for group in results for document in group)
    return Planted("", documents, groups={kind: tuple(tuple(d.id for d in group) for group in results)})


def _forms(name: str, chance: random.Random) -> Planted:
    forms = Forms.load(name)
    documents: list[Document] = []
    groups: dict[str, tuple[tuple[str, ...], ...]] = {}
    for form in forms.forms:
        kind = f"form_{form.kind}"
        results = [
            Document(identity(name, work), forms.filled(form, chance), kind, kind, work)
            for work in (f"{kind}-{form.language}-{n}" for n in range(_OF_A_FORM[form.kind]))
        ]
        documents += results
        groups[kind] = (*groups.get(kind, ()), tuple(document.id for document in results))
    return Planted("", tuple(documents), groups=groups)


def _licensed(name: str, half: Shelf, texts: Sequence[str]) -> Planted:
    """Return short texts in files that carry a whole licence, several times as long as the text."""
    results = []
    for number, text in enumerate(texts if half.licences else ()):
        around = half.licences[number % len(half.licences)]
        whole = f"{around.before}\n\n{text}\n\n{around.after}"
        results.append(Document(identity(name, "licence", number), whole, "licence", "gutenberg", f"licence-{number}"))
    return _grouped("licence", [results])


def _with_menus(name: str, half: Shelf, texts: Sequence[str]) -> Planted:
    """Return short articles of two sites, each with a menu and a footer that are longer than the article."""
    longest = sorted(half.menus, key=lambda menu: (-len(menu.before.split()) - len(menu.after.split()), menu.owner))
    lines = [line for text in texts for line in text.splitlines() if 30 <= line.count(" ") <= 110]
    results = []
    for place, menu in enumerate(longest[:2]):
        own = lines[place::2][:_WITH_MENU]
        results.append(
            [
                Document(identity(name, "menu", menu.owner, n), f"{menu.before}\n{line}\n{menu.after}", "same_menu",
                         menu.owner, f"{menu.owner}-{n}")
                for n, line in enumerate(own)
            ]
        )  # fmt: skip
    return _grouped("same_menu", results)


def _sermons(name: str, half: Shelf, texts: Sequence[str]) -> Planted:
    """Return articles of different words that all quote the same six verses."""
    quoted = [verse for book in half.verses[:2] for verse in book[40:400:60]][:_QUOTED]
    results = []
    for number, text in enumerate(texts):
        words = text.split()[:400]
        step = max(1, len(words) // (len(quoted) + 1))
        pieces = [" ".join(words[start : start + step]) for start in range(0, len(words), step)]
        mixed = [line for place, piece in enumerate(pieces) for line in (piece, *quoted[place : place + 1])]
        results.append(
            Document(identity(name, "sermon", number), "\n".join(mixed), "sermon", "sermons", f"sermon-{number}")
        )
    return _grouped("sermon", [results])


def _translations(name: str, half: Shelf) -> Planted:
    results = [
        Document(identity(name, "translation", text.id), text.text, "translation", text.source_id, f"udhr-{text.id}")
        for text in half.declaration
    ]
    return _grouped("translation", [results])


def _chains(name: str, starts: Sequence[Document], words: Sequence[str], chance: random.Random) -> Planted:
    """Return chains of near-duplicates of the previous document, with a last one that differs from the first."""
    documents: list[Document] = []
    pairs: list[Pair] = []
    far: list[Pair] = []
    between: list[Pair] = []
    for number, start in enumerate(starts):
        chain = [start]
        for link in range(1, _LINKS):
            text = edit_words(chain[-1].text, _STEP, words, chance)
            created = identity(name, "drift", number, link)
            chain.append(Document(created, text, "drift", start.source_id, start.work))
        documents += chain[1:]
        pairs += [Pair("drift_step", a.id, b.id) for a, b in pairwise(chain)]
        split = [(link, link.text.split()) for link in chain]
        for place, (earlier, first) in enumerate(split):
            earlier_runs = runs(first)
            for later, own in split[place + 2 :]:
                is_far = coverage(own, earlier_runs) < _FAR
                (far if is_far else between).append(Pair("drift", earlier.id, later.id))
    return Planted("", tuple(documents), tuple(pairs), apart=tuple(far), between=tuple(between))
