"""A sheet of short texts that fall and stay, to be read without knowing which: `python -m …short_sheet DATA SHEET`.

A line of SHEET has a number, a genre and a text of 10 to 30 words in Spanish or Portuguese; KEY, beside it with `.key`,
has the verdicts. Whoever has read it writes `+` (whole and good) or `-` before the numbers of the lines, and
`… short_sheet --count SHEET` counts, of each genre, how those that fell and those that stayed were judged.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

import latam_corpus as lc

from ..machine import Report, Table, save, show
from ..texts import jsonl
from .good import tsv

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED: Final = 17
_EACH: Final = 100  # that fall, and that stay
_WORDS: Final = range(10, 31)
_BETWEEN: Final = re.compile(r"(?<=[.!?…])\s+")
_POOL: Final = 8000  # texts of a genre
_GENRES: Final = ("news", "literature", "lyrics", "oral_history", "religious")


def pool(data: Path) -> Iterator[tuple[str, str]]:
    """Genre and text: sentences of news and novels, sayings and stanzas, turns of interviews, verses."""
    for language in ("ES", "PT"):
        for columns in tsv(data, f"unclear/regional/dsl_tl/{language}_train.tsv.xz"):
            yield from (("news", one) for one in _BETWEEN.split(columns[1]))
    for name in ("literature/conha19/novels.jsonl.xz", "literature/eltec_por/novels.jsonl.xz"):
        for row in jsonl(data, name):
            yield from (("literature", one) for one in _BETWEEN.split(row["text"][50_000:90_000]))
    for row in jsonl(data, "lyrics/fortunes_sayings/fortunes.jsonl.xz"):
        yield "lyrics", row["text"]
    for row in jsonl(data, "lyrics/disco_sonnets/sonnets.jsonl.xz"):
        yield from (("lyrics", one) for one in re.split(r"\n\s*\n", row["text"]))
    for row in jsonl(data, "oral_history/coser_ud/turns.jsonl.xz"):
        yield "oral_history", row["text"]
    for row in jsonl(data, "literature/reina_valera_1909_nt/verses.jsonl.xz"):
        yield "religious", row["text"]


def draw(data: Path, sheet: Path) -> None:
    """Judge the pool by each genre's shipped policy, and write the sheet and its key."""
    dice = random.Random(SEED)
    held: dict[str, set[str]] = {genre: set() for genre in _GENRES}
    for genre, text in pool(data):
        if len(text.split()) in _WORDS:
            held[genre].add(text.strip())
    rows = []
    for genre, texts in held.items():
        rows += [(genre, text) for text in dice.sample(sorted(texts), min(_POOL, len(texts)))]
    frame = pl.DataFrame(rows, schema=["genre", "text"], orient="row").with_row_index("id").cast({"id": pl.String})
    for stage in ("identify", "measure", "filter"):
        frame = lc.stage(stage)(frame)
    frame = frame.filter(pl.col("language").is_in(["spa_Latn", "por_Latn"]))
    # A bound on length alone, as that of an article, says nothing of what is short.
    frame = frame.filter(pl.col("drop_reason").str.starts_with("word_count").fill_null(value=False).not_())
    fell = frame["drop_reason"].is_not_null()
    of = {genre: frame["genre"] == genre for genre in held}
    told = {genre: (int((fell & rows_of).sum()), int(rows_of.sum())) for genre, rows_of in of.items()}
    sys.stdout.write(f"of each genre fell, of all: {told}\n")
    drawn = [(row, True) for row in _spread(frame.filter(fell), dice)]
    drawn += [(row, False) for row in _spread(frame.filter(~fell), dice)]
    dice.shuffle(drawn)
    lines = [f"{n}\t{row['genre']}\t{' / '.join(row['text'].splitlines())}" for n, (row, _) in enumerate(drawn)]
    sheet.write_text("\n".join(lines) + "\n", encoding="utf-8")
    key = [(row["genre"], row["drop_reason"]) for row, _ in drawn]
    sheet.with_suffix(".key").write_text(json.dumps({"of": told, "key": key}, ensure_ascii=False), encoding="utf-8")


def _spread(frame: pl.DataFrame, dice: random.Random) -> list[dict[str, str]]:
    """As many of each genre, as far as there are."""
    groups = [rows.to_dicts() for _, rows in sorted(frame.group_by("genre"), key=lambda pair: str(pair[0]))]
    for rows in groups:
        dice.shuffle(rows)
    taken: list[dict[str, str]] = []
    while len(taken) < _EACH and any(groups):
        taken += [rows.pop() for rows in groups if rows]
    return taken[:_EACH]


def count(sheet: Path) -> Report:
    """How the reader judged those that fell and those that stayed, by genre."""
    key = json.loads(sheet.with_suffix(".key").read_text(encoding="utf-8"))
    counts: Counter[tuple[str, str, str]] = Counter()
    for line in sheet.read_text(encoding="utf-8").splitlines():
        judged, number = line[0], line.partition("\t")[0][1:]
        genre, reason = key["key"][int(number)]
        counts[genre, "fell" if reason else "stayed", judged] += 1
    rows = [
        (genre, *key["of"][genre], *(counts[genre, fate, sign] for fate in ("fell", "stayed") for sign in "+-"))
        for genre in _GENRES
    ]
    columns = ("genre", "fell#", "of#", "fell, read: good#", "bad#", "stayed, read: good#", "bad#")
    table = Table("Short texts in Spanish and Portuguese, read without knowing which fell", columns, tuple(rows))
    notes = (
        "Texts of 10 to 30 words, judged by the shipped policy of their genre. One reader, who is no native speaker.",
        "Bad are fragments, lists, bylines and jokes in code. What a genre's least number of words drops is left out.",
    )
    return Report("short_texts", {}, {"seed": SEED}, (table,), notes)


if __name__ == "__main__":
    if sys.argv[1] == "--count":
        report = count(Path(sys.argv[2]))
        show(report)
        sys.stdout.write(f"kept in {save(report)}\n")
    else:
        draw(Path(sys.argv[1]), Path(sys.argv[2]))
