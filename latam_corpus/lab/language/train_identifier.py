"""Train an identifier on labelled texts; write a fastText model and its label map."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from latam_corpus.__about__ import __version__
from latam_corpus.codes import UNDETERMINED, groups
from latam_corpus.errors import ConfigError
from latam_corpus.lab.fasttext_process import fit_apart
from latam_corpus.lab.language.calibrate import calibrated, least_consonants
from latam_corpus.lab.language.sampling import held_out_of_elsewhere, lines_and_names
from latam_corpus.lab.language.texts import Texts, rows
from latam_corpus.lab.training_settings import IdentifierSettings
from latam_corpus.language.evidence import frequent_words
from latam_corpus.language.model import load
from latam_corpus.messages import _
from latam_corpus.storage.durable import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.language.evidence import GroupBounds


@dataclass(frozen=True)
class TrainedIdentifier:
    """The files and counts of a training."""

    model: Path
    label_map: Path
    lines: dict[str, int]


def train(
    data: Sequence[Texts],
    out: Path,
    settings: IdentifierSettings | None = None,
    without: Iterable[Texts] = (),
) -> TrainedIdentifier:
    """Train a model; write it to `out` (.ftz), and its label map next to it (.toml).

    A tenth of the texts, chosen by hash (`texts.is_held_out`), is kept out for measuring models. Texts in `without`
    aren't used for training, whatever their label.

    Raises:
        ConfigError: a label isn't a language code, fewer than two labels have texts, or `out` doesn't end in .ftz.
        CorpusError: fastText failed.
    """
    settings = settings or IdentifierSettings()
    if out.suffix != ".ftz":
        raise ConfigError(
            str(out), _("a quantized fastText model ends in .ftz"), _("name it {stem}.ftz", stem=out.stem)
        )
    excluded_texts = {" ".join(text.split()) for texts in without for _, text in rows(texts)}
    lines, names = lines_and_names(data, settings, excluded_texts)
    languages = len(lines.keys() - {UNDETERMINED})
    if languages < 2:  # noqa: PLR2004 - a classifier needs two labels
        problem = _("it has texts in only {n} {n:language|languages}", n=languages)
        raise ConfigError(str(out), problem, _("give texts in at least two languages"))
    out.parent.mkdir(parents=True, exist_ok=True)
    _fit(lines, out, settings)
    label_map = out.with_suffix(".toml")
    words = frequent_words(lines, names)
    map_text = _map_text(out, lines, words, data, settings, dt.datetime.now(tz=dt.UTC).date())
    label_map.write_text(map_text, "utf-8")
    bounds = calibrated(load(str(out)), held_out_of_elsewhere(data), settings.seed)
    label_map.write_text(map_text + _bounds_text(bounds), "utf-8")
    return TrainedIdentifier(out, label_map, {label: len(of_label) for label, of_label in lines.items()})


def _fit(lines: Mapping[str, list[str]], out: Path, settings: IdentifierSettings) -> None:
    rng = random.Random(settings.seed + 1)
    labelled_lines = [f"__label__{label} {line}\n" for label, texts in lines.items() for line in texts if line]
    rng.shuffle(labelled_lines)
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
        "retrain": settings.epoch_after > 0,
        "epoch": settings.epoch_after,
        "lr": settings.lr_after,
        "qnorm": True,
        "thread": settings.threads,
        "verbose": 0,
    }
    job = {"train": train_options, "quantize": quantize_options}
    fit_apart("latam_corpus.lab.language.fit_identifier", labelled_lines, out, job)


def _bounds_text(bounds: Mapping[str, GroupBounds]) -> str:
    """Return the table `[bounds]` of the label map as TOML."""
    rows = [
        "",
        "# What groups need to which kept-out texts in other languages, or rows of syllables, are like.",
        "[bounds]",
    ]
    rows += [
        f"{group} = {{ probability = {bound.probability}, telling = {bound.telling} }}"
        for group, bound in bounds.items()
    ]
    return "\n".join(rows) + "\n"


def _map_text(
    out: Path,
    lines: Mapping[str, list[str]],
    words: Mapping[str, Sequence[str]],
    data: Sequence[Texts],
    settings: IdentifierSettings,
    trained: dt.date,
) -> str:
    """Return the label map as TOML: facts about the model, its labels, and the frequent words of its languages."""
    group_of = groups().of
    rows = [
        f'name = "{out.stem}"',
        f'version = "{__version__}"',
        f'sha256 = "{digest_of(out)}"',
        f"trained = {trained.isoformat()}",
        "",
        "[settings]",
        *(f"{key} = {value}" for key, value in asdict(settings).items()),
    ]
    sources: dict[str, None] = {}
    for texts in data:
        name = "/".join(texts.path.parts[-2:]) + ("" if texts.field == "text" else f"#{texts.field}")
        source = ["", "[[trained_on]]", f"file = {json.dumps(name)}"]
        source += [f"label = {json.dumps(texts.label)}"] if texts.label else []
        source += [f"licence = {json.dumps(texts.licence or 'not stated')}"]
        sources["\n".join(source)] = None
    rows += [*sources, "", "[labels]"]
    for label in sorted(lines):
        code, _, script = label.partition("_")
        macro = f', macro = "{group_of[code]}"' if group_of.get(code, code) != code else ""
        rows.append(f'{label} = {{ code = "{code}", script = "{script}"{macro}, lines = {len(lines[label])} }}')
    rows += [
        "",
        "# Frequent words: without them in a text, the name of a language of the Americas isn't given.",
        "[words]",
    ]
    rows += [f"{code} = {json.dumps(' '.join(frequent), ensure_ascii=False)}" for code, frequent in words.items()]
    rows += [
        "",
        "# How many different consonants texts of twenty words have: rows of syllables have fewer.",
        "[consonants]",
    ]
    rows += [f"{code} = {count}" for code, count in least_consonants(lines).items()]
    return "\n".join(rows) + "\n"
