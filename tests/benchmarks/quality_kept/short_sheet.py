"""Make a sheet of dropped and kept short texts for a blind reading: `python -m …short_sheet DATA SHEET`.

A line of SHEET has a number, a genre and a text of 10 to 40 words in Spanish or Portuguese; KEY, beside it with `.key`,
has what became of them. Whoever reads it writes a line for each into SHEET with `.read`: the number, `yes`, `no` or
`unsure` (fit to be learnt from), and why. Then `… short_sheet --count SHEET` counts, by genre, by where the texts are
from and by the bound that they broke, how those that fell and those that stayed were judged; ids and verdicts are kept
with the figures, without a text. `… short_sheet --margins DATA SHEET` counts what other texts of the pool the margin of
stop words drops.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

import latam_corpus as lc
from latam_corpus.errors import ConfigError
from latam_corpus.extract.web_pages.html import balanced

from ..machine import Report, Table, save, show
from ..texts import jsonl
from .fresh import books
from .good import markup, novels, tsv
from .pages import latin_american, latin_pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEED: Final = 94
_EACH: Final = 100  # that fall, and that stay
_WORDS: Final = range(10, 41)
_BETWEEN: Final = re.compile(r"(?<=[.!?…])\s+")
_STANZAS: Final = re.compile(r"\n\s*\n")
_POOL: Final = 8000  # texts of a genre
_GENRES: Final = ("news", "literature", "lyrics", "oral_history")
_VERDICTS: Final = ("yes", "no", "unsure")


def pool(data: Path) -> Iterator[tuple[str, str, str]]:
    """Yield genre, origin and text of news, novels, sayings, stanzas and turns, in sentences or paragraphs."""
    yield from (("news", *new) for new in _news(data))
    for language in ("spa", "por"):
        for novel in novels(data, language):
            yield from (("literature", "novels", part) for part in _BETWEEN.split(novel[90_000:130_000]))
    for _, stretch in books(data):
        yield from (("literature", "other books", part) for part in _BETWEEN.split(" ".join(stretch.split())))
    for row in jsonl(data, "lyrics/fortunes_sayings/fortunes.jsonl.xz"):
        yield "lyrics", "sayings", row["text"]
    for origin in ("disco_sonnets/sonnets", "tango_pd/lyrics"):
        for row in jsonl(data, f"lyrics/{origin}.jsonl.xz"):
            yield from (("lyrics", "stanzas", part) for part in _STANZAS.split(row["text"]))
    for row in jsonl(data, "oral_history/coser_ud/turns.jsonl.xz"):
        yield "oral_history", "interviews, Spain", row["text"]
    remove = markup()
    for row in jsonl(data, "oral_history/mapudungun_nc/turns_clean.jsonl.xz"):
        yield "oral_history", "interviews, Chile", remove.sub("", row["spa"])


def _news(data: Path) -> Iterator[tuple[str, str]]:
    for language in ("ES", "PT"):
        for columns in tsv(data, f"unclear/regional/dsl_tl/{language}_train.tsv.xz"):
            yield from (("sentences", part) for part in _BETWEEN.split(columns[1].strip('"')))
    for row in jsonl(data, "indigenous/aymara_globalvoices/aym_spa.jsonl.xz"):
        yield "sentences", row["spa"]
    for row in jsonl(data, "regional/bosque_pt_variety/sentences.jsonl.xz"):
        yield "sentences", row["text"]
    for row in jsonl(data, "literature/alto_pages/page_text.jsonl.xz"):
        lines = row["lines"].split("\n")
        yield from (("digitised newspapers", "\n".join(lines[i : i + 4])) for i in range(0, len(lines), 4))
    pages = [*(raw for raw, _ in latin_american(data)), *(page.encode() for page in latin_pages(data))]
    for page in pages:
        yield from (("paragraphs of pages", line) for line in (balanced(page, {}).text or "").split("\n"))


def draw(data: Path, sheet: Path) -> None:
    """Judge the pool by each genre's shipped policy, and write the sheet and its key."""
    dice = random.Random(SEED)
    frame = _judged(data, dice)
    counts = frame.group_by("genre", "origin").agg(pl.col("fell").sum(), pl.len().alias("of")).sort("genre", "origin")
    sys.stdout.write(f"{counts}\n")
    drawn = [*_spread(frame.filter("fell"), dice), *_spread(frame.filter(~pl.col("fell")), dice)]
    dice.shuffle(drawn)
    lines = [f"{n}\t{row['genre']}\t{' / '.join(row['text'].splitlines())}" for n, row in enumerate(drawn)]
    sheet.write_text("\n".join(lines) + "\n", encoding="utf-8")
    key = [[_id(row["text"]), row["genre"], row["origin"], row["drop_reason"]] for row in drawn]
    reported = json.dumps({"of": counts.rows(), "key": key}, ensure_ascii=False)
    sheet.with_suffix(".key").write_text(reported, encoding="utf-8")


def _judged(data: Path, dice: random.Random) -> pl.DataFrame:
    """Return the candidate texts in Spanish and Portuguese with `fell` and the reason."""
    held: dict[str, dict[str, str]] = {genre: {} for genre in _GENRES}
    for genre, origin, text in pool(data):
        if len(text.split()) in _WORDS:
            held[genre].setdefault(text.strip(), origin)
    rows = []
    for genre, texts in held.items():
        # All texts of scarce origins, and a random sample of the others.
        many = Counter(texts.values())
        chosen = [text for text, origin in texts.items() if many[origin] < _POOL // 2]
        remaining = sorted(texts.keys() - set(chosen))
        chosen += dice.sample(remaining, max(0, min(len(remaining), _POOL - len(chosen))))
        rows += [(genre, texts[text], text) for text in chosen]
    frame = pl.DataFrame(rows, schema=["genre", "origin", "text"], orient="row")
    frame = frame.with_row_index("id").cast({"id": pl.String})
    for stage in ("identify", "measure", "filter"):
        frame = lc.stage(stage)(frame)
    frame = frame.filter(pl.col("language").is_in(["spa_Latn", "por_Latn"]))
    # A bound on length alone, as for an article, doesn't apply to short texts.
    frame = frame.filter(pl.col("drop_reason").str.starts_with("word_count").fill_null(value=False).not_())
    return frame.with_columns(fell=pl.col("drop_reason").is_not_null())


def margins(data: Path, sheet: Path) -> Report:
    """Measure the margin over another language in unread texts, and under a wrong label."""
    seen = {row[0] for row in json.loads(sheet.with_suffix(".key").read_text(encoding="utf-8"))["key"]}
    frame = _judged(data, random.Random(SEED))
    frame = frame.filter(~pl.col("text").map_elements(_id, return_dtype=pl.String).is_in(seen))
    swapped_language = pl.when(pl.col("language") == "spa_Latn").then(pl.lit("por_Latn")).otherwise(pl.lit("spa_Latn"))
    wrong = frame.filter(~pl.col("fell")).select("id", "genre", "text", language=swapped_language)
    for stage in ("measure", "filter"):
        wrong = lc.stage(stage)(wrong)
    rows = [
        ("as they are", *_with_and_without(frame)),
        *((f"as they are, {genre}", *_with_and_without(frame.filter(pl.col("genre") == genre))) for genre in _GENRES),
        ("as if Spanish were Portuguese, Portuguese Spanish", *_with_and_without(wrong)),
    ]
    table = Table(
        "Short texts that fall, the margin held as measured and as it is",
        ("texts", "of#", "as measured#", "now#"),
        tuple(rows),
    )
    notes = ("Texts of 10 to 40 words of the pool of the reading, without those that were read.",)
    return Report("short_texts_margin", {}, {"seed": SEED}, (table,), notes)


def _with_and_without(frame: pl.DataFrame) -> tuple[int, int, int]:
    fell = frame["drop_reason"].is_not_null()
    below = frame["signals"].struct.field("stop_word_margin") < 0
    return len(frame), int((fell | below).sum()), int(fell.sum())


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _spread(frame: pl.DataFrame, dice: random.Random) -> list[dict[str, Any]]:
    """Return equal numbers of each genre, as far as there are enough."""
    groups = [rows.to_dicts() for _, rows in sorted(frame.group_by("genre"), key=lambda pair: str(pair[0]))]
    for rows in groups:
        dice.shuffle(rows)
    taken: list[dict[str, Any]] = []
    while len(taken) < _EACH and any(groups):
        taken += [rows.pop() for rows in groups if rows]
    return taken[:_EACH]


def read(path: Path, number: int) -> list[tuple[str, str]]:
    """Return the verdict on each text of the sheet, and the reason.

    Args:
        path: the file of verdicts.
        number: how many texts there are.

    Raises:
        ConfigError: a line that is no verdict, a text judged twice or not at all.
    """
    results: dict[int, tuple[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        at, verdict, why = (*line.split("\t"), "")[:3]
        if not at.isdecimal() or verdict not in _VERDICTS or int(at) in results:
            reported = f"«{line}» is no verdict, or the text was judged before"
            raise ConfigError(str(path), reported, f"write the number, a tab and one of {', '.join(_VERDICTS)}")
        results[int(at)] = (verdict, why)
    if sorted(results) != list(range(number)):
        reported = f"{len(results)} texts are judged, and the sheet has those from 0 to {number - 1}"
        raise ConfigError(str(path), reported, "judge each of them")
    return [results[at] for at in range(number)]


def count(sheet: Path) -> Report:
    """Count the reader's verdicts on dropped and kept texts."""
    key = json.loads(sheet.with_suffix(".key").read_text(encoding="utf-8"))
    verdicts = read(sheet.with_suffix(".read"), len(key["key"]))
    rows = [(*key_row, *judged) for key_row, judged in zip(key["key"], verdicts, strict=True)]
    columns = ("fell#", "of#", *(f"{fate}, read: {verdict}#" for fate in ("fell", "stayed") for verdict in _VERDICTS))
    groups = [(genre, None) for genre in _GENRES] + [(genre, origin) for genre, origin, *_ in key["of"]]
    tables = []
    for title, labels, chosen in (
        ("Short texts in Spanish and Portuguese, read without knowing which fell", ("genre",), groups[: len(_GENRES)]),
        ("The same, by where they are from", ("genre", "origin"), groups[len(_GENRES) :]),
    ):
        lines = []
        for genre, origin in chosen:
            sizes = [group[2:] for group in key["of"] if group[0] == genre and origin in (None, group[1])]
            of = [sum(column) for column in zip(*sizes, strict=True)]
            lines.append(((genre, origin)[: len(labels)], of, _verdicts(rows, genre, origin)))
        table = tuple((*label, *of, *judged) for label, of, judged in lines)
        tables.append(Table(title, (*labels, *columns), table))
    broken = Counter((re.split("[<>]", row[3])[0], row[4]) for row in rows if row[3])
    by_bound = tuple(
        (bound, *(broken[bound, verdict] for verdict in _VERDICTS)) for bound in sorted({bound for bound, _ in broken})
    )
    marked = ("bound", *(f"{verdict}#" for verdict in _VERDICTS))
    tables.append(Table("Those that fell, by the bound that they broke first", marked, by_bound))
    readings = {row[0]: " · ".join((row[1], row[2], row[3] or "stayed", *row[4:])) for row in sorted(rows)}
    notes = (
        "Texts of 10 to 40 words, judged by the shipped policy of their genre. One reader, not a native speaker.",
        "Read is whether a text is fit to be learnt from.",
        "What falls for its language or the least number of words of a genre is left out.",
        "The kept result has the verdicts by id: the first 16 hexadecimal digits of the SHA-256 of the text.",
    )
    return Report("short_texts", {}, {"seed": SEED, "read": readings}, tuple(tables), notes)


def _verdicts(rows: Sequence[tuple[str, ...]], genre: str, origin: str | None) -> list[int]:
    counts = Counter((bool(row[3]), row[4]) for row in rows if row[1] == genre and (origin is None or row[2] == origin))
    return [counts[fell, verdict] for fell in (True, False) for verdict in _VERDICTS]


if __name__ == "__main__":
    if sys.argv[1].startswith("--"):
        report = count(Path(sys.argv[2])) if sys.argv[1] == "--count" else margins(Path(sys.argv[2]), Path(sys.argv[3]))
        show(report)
        sys.stdout.write(f"kept in {save(report)}\n")
    else:
        draw(Path(sys.argv[1]), Path(sys.argv[2]))
