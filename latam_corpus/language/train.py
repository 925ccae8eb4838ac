"""Training of an identifier: labelled texts in, a fastText file and its label map out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import __version__
from latam_corpus.errors import ConfigError, CorpusError
from latam_corpus.language import augment
from latam_corpus.language.codes import UNDETERMINED, groups, iso_code, script_of
from latam_corpus.language.evidence import frequent_words
from latam_corpus.language.fit import ENVIRONMENT
from latam_corpus.language.normalise import normalise_all
from latam_corpus.language.texts import Texts, is_kept_out, is_untranslated, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAJORS: Final = ("spa", "por")
_MOST_OF_A_TEXT: Final = 500  # stretches of one text, so that a novel doesn't outweigh all news
_MOST_OF_A_MAJOR_TEXT: Final = 4000
# Sources name some languages by their macrolanguage and others by its main member: one label for both.
_SAME: Final = {
    "ara": "arb",
    "aym": "ayr",
    "aze": "azj",
    "est": "ekk",
    "fas": "pes",
    "grn": "gug",
    "iku": "ike",
    "kur": "kmr",
    "lav": "lvs",
    "mlg": "plt",
    "mon": "khk",
    "msa": "zlm",
    "nep": "npi",
    "orm": "gaz",
    "pus": "pbt",
    "sqi": "als",
    "swa": "swh",
    "uzb": "uzn",
    "yid": "ydd",
    "zho": "cmn",
}


@dataclass(frozen=True)
class Settings:
    """What a training can be told; the defaults made the shipped model.

    Attributes:
        seed: of the sampling and of fastText.
        most: lines a label at most; the surplus is sampled away.
        most_major: the same for Spanish and Portuguese, on which most of the work falls.
        least: lines a label at least; what is missing is repeated, in pieces.
        nonsense: lines in no language, for `und`.
        threads: one thread gives the same model each time, two don't.
    """

    seed: int = 20261124
    most: int = 5000
    most_major: int = 90_000
    least: int = 150
    nonsense: int = 8000
    epoch: int = 4
    lr: float = 0.6
    dim: int = 32
    minn: int = 2
    maxn: int = 5
    bucket: int = 500_000
    min_count: int = 20
    cutoff: int = 150_000
    threads: int = 1


@dataclass(frozen=True)
class Trained:
    """What a training made.

    Attributes:
        model: the fastText file.
        label_map: the TOML file beside it.
        lines: lines trained on, by label.
    """

    model: Path
    label_map: Path
    lines: dict[str, int]


def train(
    data: Sequence[Texts],
    out: Path,
    settings: Settings | None = None,
    without: Iterable[Texts] = (),
    trained: dt.date | None = None,
) -> Trained:
    """The model files written to `out` (.ftz) and beside it (.toml).

    A tenth of the texts, by their hash, is kept out (`texts.is_kept_out`), so that every model can be measured.

    Args:
        data: labelled texts.
        out: where the model goes.
        settings: sampling and fastText settings.
        without: texts that must not be trained on, whatever their label.
        trained: the date that the map states.

    Raises:
        ConfigError: a label is no language code, fewer than two labels have text, or `out` doesn't end in .ftz.
        CorpusError: fastText failed.
    """
    settings = settings or Settings()
    if out.suffix != ".ftz":
        raise ConfigError(str(out), "a quantized fastText model ends in .ftz", f"name it {out.stem}.ftz")
    left_out = {" ".join(text.split()) for texts in without for _, text in rows(texts)}
    lines = training_lines(data, settings, left_out)
    if len(lines.keys() - {UNDETERMINED}) < 2:  # noqa: PLR2004 - telling apart takes two
        told = len(lines.keys() - {UNDETERMINED})
        raise ConfigError(str(out), f"texts in {told} language(s)", "give texts in two languages at least")
    out.parent.mkdir(parents=True, exist_ok=True)
    _fit(lines, out, settings)
    label_map = out.with_suffix(".toml")
    label_map.write_text(_map_text(out, lines, data, settings, trained or dt.datetime.now(tz=dt.UTC).date()), "utf-8")
    return Trained(out, label_map, {label: len(found) for label, found in lines.items()})


def training_lines(data: Sequence[Texts], settings: Settings, without: set[str] | None = None) -> dict[str, list[str]]:
    """Normalised lines by label (`spa_Latn`), capped, filled up and worn; the same for the same settings."""
    rng = random.Random(settings.seed)  # noqa: S311 - sampling, not secrets
    by_label: dict[str, list[str]] = defaultdict(list)
    for texts in data:
        for given, text in rows(texts):
            code = iso_code(given, str(texts.path))
            code = _SAME.get(code, code)
            if is_kept_out(text) or is_untranslated(code, text):
                continue
            if without and " ".join(text.split()) in without:
                continue
            most = _MOST_OF_A_MAJOR_TEXT if code in MAJORS else _MOST_OF_A_TEXT
            by_label[_label(code, text)] += augment.cut(text, most, rng)
    made = {}
    for label, cuts in sorted(_without_stray_scripts(by_label).items()):
        lines = [line for line in normalise_all(pl.Series(cuts)).to_list() if line]
        if lines:
            made[label] = _balanced(_joined(lines, rng), label, settings, rng)
    _add_nonsense(made, settings, rng)
    return made


def _label(code: str, text: str) -> str:
    if code == UNDETERMINED:
        return UNDETERMINED
    script = script_of(text)
    return f"{code}_{script}" if script else ""


def _without_stray_scripts(by_label: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The labels whose script carries a twentieth of the language's texts: fewer are quotations."""
    total: Counter[str] = Counter()
    for label, cuts in by_label.items():
        total[label.split("_")[0]] += len(cuts)
    return {label: cuts for label, cuts in by_label.items() if label and 20 * len(cuts) >= total[label.split("_")[0]]}


def _joined(lines: list[str], rng: random.Random) -> list[str]:
    """The lines, some of the short ones joined to the length of a window."""
    made = list(lines)
    for _ in range(len(lines) // 4):
        some = rng.choices(lines, k=rng.randint(2, 3))
        if sum(len(line) for line in some) < 500:  # noqa: PLR2004 - the longest window, and some more
            made.append(" ".join(some))
    return made


def _balanced(lines: list[str], label: str, settings: Settings, rng: random.Random) -> list[str]:
    code = label.partition("_")[0]
    most = settings.most_major if code in MAJORS else settings.most
    # A script that a language hardly uses is a stray quotation; it must not be filled up.
    least = min(settings.least, 8 * len(lines))
    if len(lines) > most:
        lines = rng.sample(lines, most)
    filled = list(lines)
    while len(filled) < least:
        words = rng.choice(lines).split()
        start = rng.randrange(max(1, len(words) // 2))
        filled.append(" ".join(words[start : start + rng.randint(4, 30)]))
    return [augment.worn(line, rng) for line in filled]


def _add_nonsense(made: dict[str, list[str]], settings: Settings, rng: random.Random) -> None:
    labels = sorted(label for label in made if label.endswith("_Latn"))
    und = made.setdefault(UNDETERMINED, [])
    for _ in range(settings.nonsense // 2 if labels else 0):
        und.append(augment.anagram(rng.choice(made[rng.choice(labels)]), rng))
    und += [augment.nonsense(rng) for _ in range(settings.nonsense // 2)]
    if not und:
        del made[UNDETERMINED]


def _fit(lines: Mapping[str, list[str]], out: Path, settings: Settings) -> None:
    rng = random.Random(settings.seed + 1)  # noqa: S311 - an order, not a secret
    mixed = [f"__label__{label} {line}\n" for label, found in lines.items() for line in found if line]
    rng.shuffle(mixed)
    with tempfile.TemporaryDirectory() as folder:
        text, job = Path(folder, "lines.txt"), Path(folder, "job.json")
        text.write_text("".join(mixed), "utf-8")
        train_options = {
            "lr": settings.lr,
            "dim": settings.dim,
            "epoch": settings.epoch,
            "minn": settings.minn,
            "maxn": settings.maxn,
            "bucket": settings.bucket,
            "minCount": settings.min_count,
            "thread": settings.threads,
            "seed": settings.seed,
            "verbose": 0,
        }
        quantize_options = {
            "cutoff": settings.cutoff,
            "retrain": False,
            "qnorm": True,
            "thread": settings.threads,
            "verbose": 0,
        }
        job.write_text(
            json.dumps({"lines": str(text), "out": str(out), "train": train_options, "quantize": quantize_options})
        )
        done = subprocess.run(  # noqa: S603 - this interpreter, our own module
            [sys.executable, "-m", "latam_corpus.language.fit", str(job)],
            env=os.environ | ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        told = done.stderr.strip().splitlines()
        raise CorpusError(str(out), f"fastText failed: {told[-1] if told else done.returncode}", "try another seed")


def _map_text(
    out: Path, lines: Mapping[str, list[str]], data: Sequence[Texts], settings: Settings, trained: dt.date
) -> str:
    """The label map as TOML: what the model is, what its labels mean, the frequent words of its languages."""
    of = groups().of
    told = [
        f'name = "{out.stem}"',
        f'version = "{__version__}"',
        f'sha256 = "{hashlib.sha256(out.read_bytes()).hexdigest()}"',
        f"trained = {trained.isoformat()}",
        "",
        "[settings]",
        *(f"{key} = {value}" for key, value in asdict(settings).items()),
    ]
    for texts in data:
        told += ["", "[[trained_on]]", f"file = {json.dumps('/'.join(texts.path.parts[-2:]))}"]
        told += [f"label = {json.dumps(texts.label)}"] if texts.label else []
        told += [f"licence = {json.dumps(texts.licence or 'not stated')}"]
    told += ["", "[labels]"]
    for label in sorted(lines):
        code, _, script = label.partition("_")
        macro = f', macro = "{of[code]}"' if of.get(code, code) != code else ""
        told.append(f'{label} = {{ code = "{code}", script = "{script}"{macro}, lines = {len(lines[label])} }}')
    told += [
        "",
        "# Frequent words: without them in a text, the name of a language of the Americas isn't given.",
        "[words]",
    ]
    told += [
        f"{code} = {json.dumps(' '.join(words), ensure_ascii=False)}" for code, words in frequent_words(lines).items()
    ]
    return "\n".join(told) + "\n"
