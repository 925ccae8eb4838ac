"""`disguises`: which disguised copies of a withdrawn text are recognised, and which unrelated texts are held for one.

Each text is withdrawn by `--text`; a disguised copy of it is then offered to the store. Half of the texts, by their
digests, are held out: the bounds in `withdrawn_texts.py` were chosen on the other half.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import unicodedata
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.release.refusals.withdrawn_texts import WithdrawnTexts, texts_of

from .dedupe.forms import Forms
from .dedupe.ocr import COMMON
from .machine import Report, Table, share
from .texts import NOVELS, VERSES, PublicTexts, checksums, chunks, jsonl, read_texts, records

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

_SEED: Final = 20261201
_PARTS: Final = ("tuned on", "held out")
_TALKS: Final = PublicTexts(
    "oral_history/mapudungun_nc/turns_clean.jsonl.xz",
    "a793a2e456d63c7a0cce7c3e1b99cd302d336a710446d4eabb8cbd994ebbb19f",
    "87 conversations, github.com/mingjund/mapudungun-corpus, CC BY-NC-SA 3.0, for evaluation only",
)
_VERSES_OF_BIBLE: Final = PublicTexts(
    "literature/reina_valera_1909_nt/verses.jsonl.xz",
    "8f29990942f660852530f653180212fbe76935df8ffff06a0b724139818b0eb4",
    "the New Testament in Spanish, 1909, public domain",
)
_NEWS: Final = PublicTexts(
    "unclear/news/scrapinghub_benchmark/gold.jsonl",
    "411c1e5c0b8d813d508f22acbb37bb090e262e4ecf1292433d159d4ba8f105a9",
    "23 pages with their texts, github.com/scrapinghub/article-extraction-benchmark, for evaluation only",
)
_MISREAD: Final = {letter: [read for original, read in COMMON if original == letter] for letter, _ in COMMON}
_LETTERS: Final = "abcdefghijlmnopqrstuvxyz"
_NOTES: Final = (
    """A cell counts the copies that are recognised, of all. Numbered texts are printed with pages, stanzas, notes,
a date line and a number in every thirtieth word; the disguise takes these out or writes them otherwise.""",
    """Misread: of all characters, spaces included, so many in a hundred are replaced by a letter that scanners confuse
(else by any), dropped or doubled by another.""",
    "Anthologies hold a copy among twenty other texts of its genre.",
    """An excerpt alone has at least 8 words, else it is left out of the table: shorter ones are recognised only if the
whole text is equal.""",
    """Unrelated texts are all others of a genre; a text counts if any of the withdrawn ones holds it. Of texts that
share a quotation, refrain, prayer or questions each has its own other words.""",
    """The verses and sonnets that are held are variants of a withdrawn one: the collection has both under two ids.""",
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--texts", type=int, default=60, help="withdrawn texts of a genre and part; 60 by default")
    parser.add_argument("--part", choices=("both", *_PARTS), default="both", help="both by default")


def measure(args: argparse.Namespace) -> Report:
    """Count copies found and unrelated texts held, by part."""
    parts = _PARTS if args.part == "both" else (args.part,)
    genres = genres_of(args.data)
    results: dict[tuple[str, str, str], tuple[int, int]] = {}
    held: dict[tuple[str, str], tuple[int, int]] = {}
    for part in parts:
        for genre, texts in genres.items():
            own = [text for text in texts if _part_of(text) == part]
            chance = random.Random(f"{_SEED}{genre}{part}")
            chance.shuffle(own)
            for name, disguise in DISGUISES.items():
                pairs = [pair for text in own[: args.texts] if (pair := disguise(text, chance, own))]
                results[part, name, genre] = sum(recognised(pairs)), len(pairs)
        held |= {(part, name): counts for name, counts in _unrelated(args.data, genres, part, args.texts).items()}
    tables = [_table(f"Copies found, {part}", part, results, list(genres)) for part in parts]
    names = dict.fromkeys(name for _, name in held)
    rows = [(name, *(cell for part in parts for cell in _of(held.get((part, name), (0, 0))))) for name in names]
    rows.append(("all", *(cell for part in parts for cell in _of(_sum(v for k, v in held.items() if k[0] == part)))))
    columns = ("unrelated texts", *(f"{what}, {part}#" for part in parts for what in ("held", "of")))
    tables.append(Table("Unrelated texts held", columns, tuple(rows)))
    files = (*NOVELS, *VERSES, _TALKS, _VERSES_OF_BIBLE, _NEWS)
    return Report("disguises", checksums(args.data, files), {"texts": args.texts, "seed": _SEED}, tuple(tables), _NOTES)


def _table(
    title: str, part: str, results: Mapping[tuple[str, str, str], tuple[int, int]], genres: Sequence[str]
) -> Table:
    rows = []
    for name in DISGUISES:
        cells = [results[part, name, genre] for genre in genres]
        rows.append((name, *(share(*cell) if cell[1] else "" for cell in cells), share(*_sum(cells))))
    columns = [_sum(results[part, name, genre] for name in DISGUISES) for genre in genres]
    rows.append(("all", *(share(*cell) for cell in columns), share(*_sum(columns))))
    return Table(title, ("disguise", *(f"{genre}#" for genre in genres), "all#"), tuple(rows))


def _sum(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    pairs = list(counts)
    return sum(n for n, _ in pairs), sum(total for _, total in pairs)


def _of(counts: tuple[int, int]) -> tuple[str, int]:
    return (share(*counts), counts[1]) if counts[1] else ("", 0)


def recognised(pairs: Sequence[tuple[str, str]]) -> list[bool]:
    """Return for each pair of a withdrawn text and a document whether the document is recognised."""
    copies: dict[str, list[int]] = {}
    for number, (text, _) in enumerate(pairs):
        copies.setdefault(text, []).append(number)
    results = [False] * len(pairs)
    for text, numbers in copies.items():
        withdrawn = texts_of(pl.Series([text])).with_columns(number=pl.lit(1, pl.UInt32), by=pl.lit("text"))
        documents = [pairs[number][1] for number in numbers]
        hashes = pl.Series(map(text_hash, documents), dtype=pl.Binary)
        for row in WithdrawnTexts(withdrawn).copies(pl.Series(documents), hashes)["row"]:
            results[numbers[row]] = True
    return results


def _part_of(text: str) -> str:
    return _PARTS[hashlib.sha256(text[:200].encode()).digest()[0] % 2]


def genres_of(data: Path) -> dict[str, list[str]]:
    """Return the texts of each genre, by length."""
    songs = [row["text"] for row in jsonl(data, VERSES[1].path)]
    sonnets = [row["text"] for row in jsonl(data, VERSES[0].path)]
    short = ["\n".join(text.splitlines()[:9]) for text in sonnets[::2]]
    talks = defaultdict(list)
    for row in records(data, _TALKS):
        talks[row["conv"]].append(row["spa"])
    novels = read_texts(data, NOVELS)
    news = [row["gold_text"] for row in _jsonl_plain(data / _NEWS.path)]
    return {
        "short verse, 45–60 words": [text for text in short if 45 <= len(text.split()) <= 60],
        "sonnets, 80–110": sonnets[1::2],
        "tangos, 80–300": songs,
        "news, 200–1,500": [text for text in news if len(text.split()) >= 100],
        "interviews, 400–600": list(chunks(["\n".join(turns) for turns in talks.values()], 400)),
        "chapters, 800": list(islice(chunks((novel[20_000:] for novel in novels), 800), 0, None, 23)),
        "books, 5,000": [next(chunks([novel[200_000:]], 5000), "") for novel in novels if len(novel) > 260_000],
    }


def _jsonl_plain(path: Path) -> list[dict[str, str]]:
    """Return the rows of an uncompressed file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def printed(text: str, *, first_page: int = 1, first_stanza: int = 1) -> str:
    """Return the text as a book prints it: with page and stanza numbers, notes and a date line."""
    lines = ["Lima, 3 de mayo de 1923", ""]
    draw = random.Random(len(text))  # two editions have their notes in the same places
    stanza = first_stanza
    for number, line in enumerate(text.splitlines()):
        if number % 12 == 11:
            lines += ["", str(first_page + number // 12), ""]
        if number % 4 == 0:
            lines.append(f"{stanza}.")
            stanza += 1
        words = line.split()
        if len(words) > 3 and draw.random() < 0.2:
            words[2] += f"[{number + first_page}]"
            page = draw.randrange(300) + first_page
            note = f"Véase la página {page} de la edición de {number + 1890}."
            lines += [" ".join(words), f"[{number + first_page}] {note}"]
        else:
            lines.append(line)
    return "\n".join(lines)


def _numbered(text: str, style: Callable[[int], str]) -> str:
    draw = random.Random(len(text))
    words = text.split(" ")
    for at in range(15, len(words), 30):
        words[at] += " " + style(draw.randrange(1_000_000, 9_000_000))
    return " ".join(words)


def _misread(text: str, rate: float, chance: random.Random) -> str:
    letters = []
    for letter in text:
        if chance.random() >= rate:
            letters.append(letter)
            continue
        wrong_letter = chance.choice(_MISREAD.get(letter.lower(), _LETTERS))
        letters.append(chance.choice((wrong_letter, wrong_letter, wrong_letter, "", letter + wrong_letter)))
    return "".join(letters)


def _excerpt(text: str, share_of_text: float, chance: random.Random) -> str:
    words = re.findall(r"\S+\s*", text)
    size = round(len(words) * share_of_text)
    start = chance.randrange(len(words) - size + 1)
    return "".join(words[start : start + size]).strip() if size >= 8 else ""


def _in_anthology(copy: str, text: str, stock: Sequence[str], chance: random.Random) -> str:
    chosen = [candidate for candidate in chance.sample(stock, min(21, len(stock))) if candidate != text][:20]
    chosen.insert(len(chosen) // 2, copy)
    return "\n\n\n".join(chosen)


def _hyphenated(text: str, width: int = 42) -> str:
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) < width:
            line = f"{line} {word}".strip()
        elif len(word) > 6:
            lines.append(f"{line} {word[: len(word) // 2]}-")
            line = word[len(word) // 2 :]
        else:
            lines.append(line)
            line = word
    return "\n".join([*lines, line])


def _bare(text: str) -> str:
    marks = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in marks if not unicodedata.combining(letter))


def _grouped(separator: str) -> Callable[[int], str]:
    return lambda number: f"{number:,}".replace(",", separator)


# Of a text, a seeded choice and the other texts of its genre: what is withdrawn, and the copy; None for too short ones.
Disguise: TypeAlias = "Callable[[str, random.Random, Sequence[str]], tuple[str, str] | None]"


def _plain(change: Callable[[str, random.Random], str]) -> Disguise:
    def disguise(text: str, chance: random.Random, _others: Sequence[str]) -> tuple[str, str] | None:
        copy = change(text, chance)
        return (text, copy) if copy else None

    return disguise


def _excerpts(percent: int) -> Disguise:
    return _plain(lambda text, chance: _excerpt(text, percent / 100, chance))


def _misreads(percent: int) -> Disguise:
    return _plain(lambda text, chance: _misread(text, percent / 100, chance))


DISGUISES: Final[dict[str, Disguise]] = {
    "numbers of the printed text removed": lambda t, _c, _o: (printed(t), t),
    "numbers of print added": lambda t, _c, _o: (t, printed(t)),
    "other pages, stanzas, notes": lambda t, _c, _o: (
        printed(t),
        printed(t, first_page=311, first_stanza=40),
    ),
    "numbers in the text removed": lambda t, _c, _o: (_numbered(t, _grouped(".")), t),
    "1.234.567 as 1 234 567": lambda t, _c, _o: (_numbered(t, _grouped(".")), _numbered(t, _grouped(" "))),
    "1.234.567 as 1234567": lambda t, _c, _o: (_numbered(t, _grouped(".")), _numbered(t, str)),
    "line ends and hyphens": _plain(lambda t, _c: _hyphenated(t)),
    "one line": _plain(lambda t, _c: " ".join(t.split())),
    "capitals without accents": _plain(lambda t, _c: _bare(t.upper())),
    "no punctuation, small letters": _plain(lambda t, _c: re.sub(r"[^\w\s]", "", t.lower())),
    "zero-width signs and soft hyphens": _plain(
        lambda t, _c: re.sub(r"(\w{3})(\w)", "\\1\u00ad\\2", t).replace(" ", "\u200b ")
    ),
    **{f"excerpt of {percent} %": _excerpts(percent) for percent in (10, 20, 30, 50, 75, 90)},
    "in an anthology": lambda t, c, o: (t, _in_anthology(t, t, o, c)),
    "printed, in an anthology without numbers": lambda t, c, o: (printed(t), _in_anthology(t, t, o, c)),
    "excerpt of 75 %, in an anthology": lambda t, c, o: (t, _in_anthology(_excerpt(t, 0.75, c), t, o, c)),
    **{f"{percent} % misread": _misreads(percent) for percent in (1, 2, 5, 8, 10)},
    "5 % misread, line ends, printed": lambda t, c, _o: (t, _misread(_hyphenated(printed(t)), 0.05, c)),
    "5 % misread, excerpt of 50 %": _plain(lambda t, c: _misread(_excerpt(t, 0.5, c), 0.05, c)),
    "5 % misread, in an anthology": lambda t, c, o: (t, _in_anthology(_misread(t, 0.05, c), t, o, c)),
}


def _unrelated(data: Path, genres: Mapping[str, Sequence[str]], part: str, number: int) -> dict[str, tuple[int, int]]:
    """Count by kind how many of the unrelated texts are held, of how many."""
    chance = random.Random(f"{_SEED}{part}")
    held = {}
    for genre, texts in genres.items():
        own = sorted({text for text in texts if _part_of(text) == part})
        chance.shuffle(own)
        held[f"others: {genre}"] = _held(own[:number], own[number:] if len(own) > number + 10 else own, own)
    novels, sonnets = genres["chapters, 800"], genres["sonnets, 80–110"]
    own_novels = [text for text in novels if _part_of(text) == part]
    own_sonnets = [text for text in sonnets if _part_of(text) == part]
    withdrawn = [*own_novels[:number], *own_sonnets[:number]]
    # Not the books: chapters are in them.
    unrelated = [text for genre in ("interviews, 400–600", "tangos, 80–300") for text in genres[genre]]
    held["of other genres"] = _held(withdrawn, [text for text in unrelated if _part_of(text) == part], [])
    for name in ("first", "second", "third") if part == _PARTS[0] else ("third", "second"):
        forms = Forms.load(name)
        pairs = []
        for form in forms.forms:
            filled = list(dict.fromkeys(forms.filled(form, chance) for _ in range(12)))
            pairs += [(filled[0], variant) for variant in filled[1:]]
        held[f"forms of one template, {name}"] = sum(recognised(pairs)), len(pairs)
    bible = [row["text"] for row in records(data, _VERSES_OF_BIBLE)]
    prayer = "\n".join(bible[:9])
    pieces = own_novels[: 2 * number]
    halves = [" ".join(text.split()[:400]) for text in pieces]
    shared: dict[str, list[str]] = {
        "texts with a passage of 100 words of scripture": [f"{half}\n{prayer}\n" for half in halves],
        "texts with one quotation of 30 words": [
            f"{half}\n«{' '.join(pieces[0].split()[420:450])}»" for half in halves
        ],
        "interviews with the same twelve questions": [_interview(text) for text in pieces],
        "songs with one refrain": [_song(text, own_sonnets[0]) for text in own_sonnets[1 : 2 * number]],
    }
    for name, texts in shared.items():
        pairs = [(texts[n], second) for n in range(0, len(texts), 7) for second in texts if second != texts[n]]
        held[name] = sum(recognised(_some_pairs(pairs))), len(_some_pairs(pairs))
    return held


def _some_pairs(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return fewer than 2,000 of the pairs, evenly spread."""
    return list(pairs[:: max(1, len(pairs) // 1000)])


def _held(withdrawn: Sequence[str], documents: Sequence[str], own: Sequence[str]) -> tuple[int, int]:
    """Count how many of the documents that weren't withdrawn are held, of how many."""
    table = texts_of(pl.Series(withdrawn)).with_row_index("number").with_columns(by=pl.lit("text"))
    other_documents = [text for text in documents if text not in set(withdrawn)]
    if not other_documents:  # too few: each against the rest
        pairs = [(text, document) for text in own for document in own if text != document]
        return sum(recognised(_some_pairs(pairs))), len(_some_pairs(pairs))
    hashes = pl.Series([text_hash(text) for text in other_documents], dtype=pl.Binary)
    return WithdrawnTexts(table).copies(pl.Series(other_documents), hashes).height, len(other_documents)


_QUESTIONS: Final = (
    "¿Cómo se llama usted y dónde nació?",
    "¿Qué recuerda de la casa de sus padres?",
    "¿A qué se dedicaban su padre y su madre?",
    "¿Cuántos hermanos tuvo y cómo se llevaban entre ustedes?",
    "¿Hasta qué año pudo ir a la escuela?",
    "¿Cómo eran las fiestas del pueblo en aquellos años?",
    "¿Qué se comía en su casa los días de trabajo?",
    "¿Cuándo empezó usted a trabajar y en qué?",
    "¿Cómo conoció a la persona con quien se casó?",
    "¿Qué cambió en el barrio después de la inundación?",
    "¿Qué canciones se cantaban cuando usted era joven?",
    "¿Hay algo más que usted quisiera contar para terminar?",
)


def _interview(text: str) -> str:
    """Return an interview with answers of 10 to 40 words of a novel each."""
    draw = random.Random(len(text))
    words = iter(text.split())
    turns = []
    for question in _QUESTIONS:
        turns += [question, " ".join(islice(words, draw.randrange(10, 41)))]
    return "\n".join(turns)


def _song(text: str, refrain: str) -> str:
    """Return a song of two stanzas of its own, each followed by the same refrain of four lines."""
    lines, burden = [line for line in text.splitlines() if line.strip()], refrain.splitlines()[:4]
    return "\n".join([*lines[:6], "", *burden, "", *lines[6:14], "", *burden])
