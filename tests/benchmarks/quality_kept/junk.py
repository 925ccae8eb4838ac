"""Junk made of real texts by fixed seeds: what fluent filters let pass, and what any rule has to catch."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Final

from ..texts import jsonl
from .good import Text, chapters, joined, tsv
from .pages import boilerplate, latin_pages, scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

SEED: Final = 20261125
MANY: Final = 200  # documents of a kind and language, where the kind is made and not found
# Genres whose texts are running prose. A dictionary is a list, and verse ends lines where it likes.
PROSE: Final = (
    *("news", "literature", "oral_history", "government", "legal", "academic", "education", "reference"),
    *("religious", "web"),
)
OTHERS: Final = ("eng", "fra", "ita", "cat", "deu", "nld", "ron", "swe", "pol", "tur", "ind", "swh", "fin", "hun")
_HELP: Final = ("eng", "fra", "ita", "cat", "eus")
# The words of the filler that typesetters use, from Cicero's De finibus.
_LOREM: Final = """
lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore
magna aliqua ut enim ad minim veniam quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo
consequat duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla
pariatur excepteur sint occaecat cupidatat non proident sunt in culpa qui officia deserunt mollit anim id
est laborum
"""
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_NOISE: Final = "|!;:.,'^~*«»{}[]()_-=<>/\\0123456789lI1tfjrncemw"


def junk(data: Path) -> Iterator[Text]:
    """Yield all junk, declared as news in Spanish or Portuguese; each text can be of any genre of prose."""
    prose = {"spa": _spanish(data), "por": _portuguese(data)}
    yield from made(prose, SEED)
    for language, text in boilerplate(latin_pages(data)):
        yield Text("navigation and cookies", language, "news", text)
    yield from scripts_as_texts(latin_pages(data))
    yield from _mislabelled(data, prose)


def made(prose: dict[str, list[str]], seed: int) -> Iterator[Text]:
    """Yield junk of each kind that is made of good texts.

    Args:
        prose: good texts by language.
        seed: of what is cut, shuffled and misread.
    """
    for language, texts in prose.items():
        for kind, make in _MADE.items():
            dice = random.Random(f"{seed} {language} {kind}")
            for number in range(MANY):
                yield Text(kind, language, "news", make(dice, texts[number % len(texts)], texts))


def scripts_as_texts(pages: Iterable[str]) -> Iterator[Text]:
    """Yield the scripts of pages, declared as news."""
    for number, (kind, text) in enumerate(scripts(pages)):
        yield Text(kind, ("spa", "por")[number % 2], "news", text)


def _spanish(data: Path) -> list[str]:
    news = [row["spa"] for row in jsonl(data, "indigenous/aymara_globalvoices/aym_spa.jsonl.xz")]
    novels = [c for row in jsonl(data, "literature/conha19/novels.jsonl.xz") for c in chapters(row["text"])[::2]]
    return mixed(joined(news, 15), novels)


def _portuguese(data: Path) -> list[str]:
    news = [columns[1].strip('"') for columns in tsv(data, "unclear/regional/dsl_tl/PT_train.tsv.xz")]
    novels = [c for row in jsonl(data, "literature/eltec_por/novels.jsonl.xz") for c in chapters(row["text"])]
    return mixed(joined(news, 15), novels)


def mixed(first: list[str], second: list[str]) -> list[str]:
    """Return the items of two lists in turn, as far as the shorter one goes."""
    return [text for pair in zip(first, second, strict=False) for text in pair]


def stuffed(dice: random.Random, text: str, _: Sequence[str]) -> str:
    """Return a few words of the text as search phrases, repeated in changing order."""
    words = dice.sample(sorted({w.lower() for w in _WORD.findall(text)}), 6)
    phrases = [" ".join(dice.sample(words, dice.choice((2, 3)))) for _ in range(12)]
    glue = dice.choice((", ", " ", " | ", "\n", ". "))
    return glue.join(dice.choice(phrases) for _ in range(dice.randint(60, 160)))


def repeated(dice: random.Random, text: str, _: Sequence[str]) -> str:
    """Return one to three sentences, repeated 6 to 20 times."""
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+", text.replace("\n", " ")) if len(s.split()) > 5]
    size = dice.randint(1, 3)
    start = dice.randrange(max(1, len(sentences) - size))
    paragraph = " ".join(sentences[start : start + size]) or text[:300]
    return dice.choice(("\n", "\n\n", " ")).join([paragraph] * dice.randint(6, 20))


def misread(share: float) -> Callable[[random.Random, str, Sequence[str]], str]:
    """Return a function that misreads, loses or splits off this share of a text's characters."""

    def make(dice: random.Random, text: str, _: Sequence[str]) -> str:
        created = []
        for sign in text[:4000]:
            if sign == "\n" or dice.random() >= share:
                created.append(sign)
            else:
                created.append(dice.choice(("", " ", dice.choice(_NOISE), dice.choice(_NOISE), sign.swapcase())))
        return "".join(created)

    return make


def prices(dice: random.Random, text: str, _: Sequence[str]) -> str:
    """Return a price list: an article, a code and an amount per line."""
    words = _WORD.findall(text)
    rows = []
    for _row in range(dice.randint(20, 60)):
        article = " ".join(dice.sample(words, dice.choice((1, 2, 3)))).capitalize()
        code = f"{dice.choice('ABCDEF')}-{dice.randint(100, 99999)}"
        price = f"$ {dice.randint(1, 99)}.{dice.randint(100, 999)},{dice.randint(0, 99):02}"
        rows.append(dice.choice(("  ", "\t", " | ", " ; ")).join((article, code, str(dice.randint(1, 500)), price)))
    return "\n".join(rows)


def lorem(dice: random.Random, _: str, __: Sequence[str]) -> str:
    """Return paragraphs of the typesetters' filler."""
    paragraphs = []
    for _paragraph in range(dice.randint(2, 6)):
        sentences = [
            " ".join(dice.choice(_LOREM.split()) for _ in range(dice.randint(6, 16))).capitalize() + "."
            for _ in range(dice.randint(4, 8))
        ]
        paragraphs.append(" ".join(sentences))
    return "\n".join(paragraphs)


def mojibake(_: random.Random, text: str, __: Sequence[str]) -> str:
    """Return the text's UTF-8 bytes read as Windows-1252."""
    return text.encode().decode("cp1252", "replace")


def salad(dice: random.Random, text: str, _: Sequence[str]) -> str:
    """Return the words of the text, shuffled; each line keeps its length and its last word."""
    lines = [line.split() for line in text.split("\n")]
    words = [word for line in lines for word in line[:-1]]
    dice.shuffle(words)
    shuffled = iter(words)
    return "\n".join(" ".join([*(next(shuffled) for _ in line[:-1]), *line[-1:]]) for line in lines)


_MADE: Final[dict[str, Callable[[random.Random, str, Sequence[str]], str]]] = {
    "keyword stuffing": stuffed,
    "repeated paragraphs": repeated,
    "OCR garbage": misread(0.2),
    "OCR damage of 8 %": misread(0.08),
    "price tables": prices,
    "lorem ipsum": lorem,
    "mojibake": mojibake,
    "word salad": salad,
}


def _mislabelled(data: Path, prose: dict[str, list[str]]) -> Iterator[Text]:
    for language, true_language in (("spa", "por"), ("por", "spa")):
        for text in prose[true_language][:MANY]:
            yield Text(
                f"{'Portuguese' if true_language == 'por' else 'Spanish'} under the other's label",
                language,
                "news",
                text,
            )
    help_lines: dict[str, list[str]] = {code: [] for code in (*_HELP, "glg")}
    for code, text in tsv(data, "lid/train_real.tsv.xz"):
        if code in help_lines:
            help_lines[code].append(text)
    rights: dict[str, list[str]] = {code: [] for code in OTHERS}
    for row in jsonl(data, "indigenous/udhr/udhr_world.jsonl.xz"):
        if row["iso639_3"] in rights:
            rights[row["iso639_3"]].append(row["text"])
    for code, rows in [*help_lines.items(), *rights.items()]:
        kind = "Galician under a wrong label" if code == "glg" else "other languages under a wrong label"
        for number, text in enumerate(joined(rows, 15)[:40]):
            yield Text(kind, ("spa", "por")[number % 2], "news", text)
