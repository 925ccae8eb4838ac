"""`redact`: identifiers found and other numbers damaged, and the cost, compared with datatrove and presidio.

The rivals run under another Python, `--rival-python`, made for example by

    python3 -m venv rival
    rival/bin/pip install datatrove==0.10.1 presidio-analyzer==2.2.366
"""

from __future__ import annotations

import importlib
import json
import lzma
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from latam_corpus.batch import Batch
from latam_corpus.privacy.find import find
from latam_corpus.privacy.privacy_policy import privacy_policies
from latam_corpus.privacy.redact import Redact

from ..beside import run_script
from ..machine import Report, Table, rounded, share
from ..texts import NOVELS, SEED, checksums, read_texts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from types import ModuleType

OURS: Final = "latam_corpus"
_GENRE: Final = "news"
_SENTENCES: Final = 12  # of numbers, in each document of digits
_MB: Final = 1e6
_NOTES: Final = (
    """An identifier is found where a replacement covers all of it but three signs at most; whatever else is replaced,
in texts with an identifier or without one, is damage.""",
    """«Held out» are the sentences by which nothing was chosen. Both halves have one author: strangers write otherwise,
and fewer of theirs will be found.""",
    """datatrove replaces e-mail and addresses of networks alone, and presidio has no recogniser for a country of Latin
America: their recall of other kinds is what they aren't made for. Of presidio the recognisers that are patterns are
asked, without a language model; a weak match counts where one of their words stands before it.""",
    "The rows are judged as news, with their country where one is stated.",
    """The news are the tenth of the sentences of DSL-TL that has the most digits. Sentences with numbers are twelve of
the other numbers of the labelled set in a row, words for documents and telephones among them.""",
)


class Spans(NamedTuple):
    """Replacements in a text: positions and kinds; rivals state no kind."""

    start: int
    end: int
    kind: str


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--rival-python", type=Path, help="a Python with datatrove and presidio; without it ours alone")
    parser.add_argument("--rounds", type=int, default=3, help="how often speed is taken; the best counts; 3 by default")


def labelled() -> ModuleType:
    """Import the module that draws the labelled set, lazily: a type checker would see it under two names."""
    return importlib.import_module("tests.quality_gate.privacy.labelled")


def ours(samples: Sequence[Any]) -> list[list[Spans]]:
    """Return the toolkit's replacements in each text."""
    policies = privacy_policies()
    return [
        [
            Spans(span.start, span.end, span.kind)
            for span in find(sample.text, policies.modes(_GENRE, sample.country), policies.words, sample.country)
        ]
        for sample in samples
    ]


def measure(args: argparse.Namespace) -> Report:
    """Measure recall and precision by kind, damage and speed."""
    module = labelled()
    samples = [*module.positives(), *module.negatives()]
    systems = {OURS: ours(samples)}
    settings: dict[str, Any] = {"samples": len(samples), "seed": module.SEED, "genre": _GENRE, "rounds": args.rounds}
    if args.rival_python:
        with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
            path = Path(name, "texts.json")
            path.write_text(json.dumps([sample.text for sample in samples]), "utf-8")
            reported = run_script(args.rival_python, Path(__file__).with_name("rival_patterns.py"), (str(path),))
        settings["rivals"] = ", ".join(f"{key} {value}" for key, value in reported["versions"].items())
        for system, result in reported["systems"].items():
            systems[system] = [[Spans(start, end, "") for start, end in spans] for spans in result["spans"]]
    tables = (
        _overall(samples, systems),
        _by_group(samples, systems),
        _of_negatives(samples, systems),
        _speed(args, module),
    )
    return Report("redact", checksums(args.data, NOVELS), settings, tables, _NOTES)


def hit(sample: Any, spans: Sequence[Spans]) -> bool:
    """Return whether the identifier is replaced, except for at most one character before and three after."""
    return any(span.start <= sample.start + 1 and span.end >= sample.end - 3 for span in spans)


def other_replacements(sample: Any, spans: Sequence[Spans]) -> list[Spans]:
    """Return the replacements that aren't the identifier."""
    return [span for span in spans if not sample.kind or span.end <= sample.start or span.start >= sample.end]


def _overall(samples: Sequence[Any], systems: dict[str, list[list[Spans]]]) -> Table:
    rows = []
    for system, result in systems.items():
        for name, held_out in (("chosen by", False), ("held out", True)):
            pairs = [
                (sample, spans) for sample, spans in zip(samples, result, strict=True) if sample.held_out == held_out
            ]
            marked = [(sample, spans) for sample, spans in pairs if sample.kind]
            hits = sum(hit(sample, spans) for sample, spans in marked)
            wrong = sum(len(other_replacements(sample, spans)) for sample, spans in pairs)
            row = (len(marked), share(hits, len(marked)), len(pairs) - len(marked), wrong, share(hits, hits + wrong))
            rows.append((system, name, *row))
    columns = ("system", "half", "identifiers#", "recall#", "other numbers#", "replaced beside#", "precision#")
    return Table("Identifiers of twenty countries among other numbers", columns, tuple(rows))


def _by_group(samples: Sequence[Any], systems: dict[str, list[list[Spans]]]) -> Table:
    """Return recall by kind and country on held-out sentences, with the toolkit's precision by kind."""
    number: Counter[str] = Counter()
    hits: Counter[tuple[str, str]] = Counter()
    kinds = {sample.group: sample.kind for sample in samples if sample.kind}
    named: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for place, sample in enumerate(samples):
        if not sample.held_out:
            continue
        wrong.update(span.kind for span in other_replacements(sample, systems[OURS][place]))
        if sample.kind:
            number[sample.group] += 1
            named[sample.group] += any(span.kind == sample.kind for span in systems[OURS][place])
            for system, result in systems.items():
                hits[system, sample.group] += hit(sample, result[place])
    of_kind: Counter[str] = Counter()
    for group, kind in kinds.items():
        of_kind[kind] += hits[OURS, group]
    rows = [
        (
            group,
            kinds[group],
            count,
            *(share(hits[system, group], count) for system in systems),
            share(named[group], count),
            share(of_kind[kinds[group]], of_kind[kinds[group]] + wrong[kinds[group]]),
        )
        for group, count in number.items()
    ]
    columns = ("what", "mark", "held out#", *(f"{system}#" for system in systems), "by its mark#", "precision#")
    return Table("Recall by kind, held-out sentences", columns, tuple(rows))


def _of_negatives(samples: Sequence[Any], systems: dict[str, list[list[Spans]]]) -> Table:
    number = Counter(sample.group for sample in samples if not sample.kind)
    damaged = {
        system: Counter(
            sample.group for sample, spans in zip(samples, result, strict=True) if not sample.kind and spans
        )
        for system, result in systems.items()
    }
    rows = tuple((group, count, *(damaged[system][group] for system in systems)) for group, count in number.items())
    return Table("Other numbers that are replaced", ("what", "texts#", *(f"{name}#" for name in systems)), rows)


def _speed(args: argparse.Namespace, module: ModuleType) -> Table:
    novels = list(read_texts(args.data, NOVELS))
    lot = random.Random(SEED)
    numbers = [negative.text for negative in module.negatives()]
    digits = [" ".join(lot.sample(numbers, _SENTENCES)) for _ in range(3_000)]
    news = _news(args.data)
    rows = []
    for title, texts, genre in (
        ("novels, as literature", novels, "literature"),
        ("novels, as oral history", novels, "oral_history"),
        *((("news, most digits", news, "news"),) if news else ()),
        ("sentences with numbers, as news", digits, "news"),
    ):
        batch = Batch(pl.DataFrame({"text": texts}).with_columns(pl.lit(genre).alias("genre")))
        stage, seconds = Redact(), []
        for _ in range(args.rounds):
            started = time.process_time()
            created = stage(batch).frame
            seconds.append(time.process_time() - started)
        size = float(batch.frame["text"].str.len_bytes().sum()) / _MB
        signs = float(batch.frame["text"].str.count_matches(r"\d").sum()) / (size * _MB)
        replaced = sum(redaction["value"] for row in created["redactions"].to_list() for redaction in row or ())
        words = float(batch.frame["text"].str.count_matches(r"\S+").sum())
        row = (
            rounded(size),
            rounded(100 * signs),
            rounded(size / min(seconds)),
            replaced,
            rounded(1e5 * replaced / words),
        )
        rows.append((title, *row))
    columns = ("texts", "MB#", "digits, %#", "MB/s a core#", "replaced#", "in 100,000 words#")
    return Table("Speed, and what is replaced where nothing is anybody's", columns, tuple(rows))


def _news(data: Path) -> list[str]:
    """Return the tenth of the news sentences with the most digits, joined by twelve; empty without the texts."""
    lines: list[str] = []
    for path in sorted((data / "unclear" / "regional" / "dsl_tl").glob("*.tsv.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as opened:
            lines += [line.split("\t")[1] for line in opened if line.count("\t") > 1]
    lines.sort(key=lambda line: -sum(map(str.isdecimal, line)) / len(line))
    selected = lines[: len(lines) // 10]
    return [" ".join(selected[place : place + _SENTENCES]) for place in range(0, len(selected), _SENTENCES)] * 4
