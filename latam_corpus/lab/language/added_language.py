"""Add a language to the shipped model: split its texts, train a model, and compare it with the shipped one.

All files are in one folder: `language.toml` describes the texts, `train.txt` and `kept-out.txt` have one text per line,
and `<name>.ftz` with its label map is the model. Whether a line is kept out depends only on its words, so that adding
lines later doesn't move other lines.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.codes import groups, name_of
from latam_corpus.collect.row_files import text_rows
from latam_corpus.errors import ConfigError
from latam_corpus.lab.language import augment
from latam_corpus.lab.language.calibrate import least_consonants, least_probabilities, least_telling
from latam_corpus.lab.language.extend_model import (
    base_lines,
    extended_map,
    fitted_row,
    no_language,
    telling_words,
    with_label,
)
from latam_corpus.lab.language.texts import rows as labelled_rows
from latam_corpus.language.classifier.normalise import normalise_all
from latam_corpus.language.evidence import RULE, GroupBounds
from latam_corpus.language.judge import judge
from latam_corpus.language.labels import script_of
from latam_corpus.language.model import load
from latam_corpus.language.model_files import SHIPPED, locate
from latam_corpus.messages import _
from latam_corpus.storage.durable import digest_of, replace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latam_corpus.lab.language.texts import Texts
    from latam_corpus.language.model import LanguageModel

ABOUT: Final = "language.toml"
TRAIN: Final = "train.txt"
KEPT_OUT: Final = "kept-out.txt"
LEAST: Final = 50  # lines; fewer don't show how well the language is identified
ENOUGH: Final = 200  # lines
_ONE_IN: Final = 5  # one line in five is kept out: 40 of 200, enough for an interval of about 10 points
_MAX_STRETCHES: Final = 500  # stretches per text
_SEED: Final = 20261127
_EXAMPLES: Final = 5


@dataclass(frozen=True)
class OwnLanguage:
    """An added language and its texts.

    Attributes:
        train: the lines to train on.
        kept_out: the lines to measure on.
        licence: the licence of the texts, as stated by their owner.
    """

    folder: Path
    code: str
    train: tuple[str, ...]
    kept_out: tuple[str, ...]
    licence: str

    @property
    def group(self) -> str:
        """The code of the group as which the language is identified."""
        return groups().of.get(self.code, self.code)

    @property
    def model(self) -> Path:
        """The path of the language's model."""
        return self.folder / f"{SHIPPED}-{self.code}.ftz"


@dataclass(frozen=True)
class DrawnTexts:
    """The split texts of a language, and lines that their owner should check.

    Attributes:
        repeated: the number of repeated lines, which were dropped.
        named_otherwise: the codes of other languages (without `und`) as which the shipped model identifies lines, most
            frequent first, each with the number of these lines and some examples.
    """

    language: OwnLanguage
    repeated: int
    named_otherwise: tuple[tuple[str, int, tuple[str, ...]], ...]


def draw(code: str, files: Sequence[Path], folder: Path, licence: str, today: dt.date) -> DrawnTexts:
    """Split the lines of text files into a training part and a kept-out part, and write both.

    `files` are `.txt` files with one text per line, or folders of them. `folder` is new, or an earlier one of the same
    language, whose files are replaced.

    Raises:
        ConfigError: there are too few lines, a file can't be read, or the folder has other files.
    """
    about = folder / ABOUT
    if folder.exists() and any(folder.iterdir()) and (not about.is_file() or read_language(folder).code != code):
        raise ConfigError(str(folder), _("the folder has other files in it"), _("name a new one with --to"))
    lines = [" ".join(line.split()) for file in files for row in text_rows(file) for line in row["text"].splitlines()]
    lines = [line for line in lines if any(map(str.isalpha, line))]
    by_words = {_words(line): line for line in lines}
    texts = list(by_words.values())
    if len(texts) < LEAST:
        problem = _("{n} different {n:line|lines} with words {n:is|are} too few", n=len(texts))
        raise ConfigError(
            str(files[0]), problem, _("give at least {least}; {enough} are better", least=LEAST, enough=ENOUGH)
        )
    kept_out = [line for words, line in by_words.items() if _is_kept_out(words)]
    train = [line for words, line in by_words.items() if not _is_kept_out(words)]
    folder.mkdir(parents=True, exist_ok=True)
    parts = {TRAIN: train, KEPT_OUT: kept_out}
    for name, part in parts.items():
        replace(folder / name, "".join(f"{line}\n" for line in part).encode())
    values = {"code": code, "name": name_of(code), "licence": licence, "drawn": today}
    head = [
        f"{key} = {value.isoformat() if isinstance(value, dt.date) else json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
    ]
    head += [f"{name.partition('.')[0].replace('-', '_')} = {len(part)}" for name, part in parts.items()]
    head += [f'kept_out_sha256 = "{digest_of(folder / KEPT_OUT)}"']
    for file in sorted({file for path in files for file in (path.rglob("*.txt") if path.is_dir() else [path])}):
        head += [
            "",
            "[[texts]]",
            f"file = {json.dumps(file.name, ensure_ascii=False)}",
            f'sha256 = "{digest_of(file)}"',
        ]
    replace(about, ("\n".join(head) + "\n").encode())
    names = [judgement.code for judgement in judge(load(SHIPPED), texts)]
    counts = Counter(name for name in names if name not in ("und", code, groups().of.get(code)))
    named_otherwise = tuple(
        (other_code, n, tuple(text for text, name in zip(texts, names, strict=True) if name == other_code)[:_EXAMPLES])
        for other_code, n in counts.most_common()
    )
    language = OwnLanguage(folder, code, tuple(train), tuple(kept_out), licence)
    return DrawnTexts(language, len(lines) - len(texts), named_otherwise)


def is_language(folder: Path) -> bool:
    """Whether a folder was written by `draw`."""
    return (folder / ABOUT).is_file()


def read_language(folder: Path) -> OwnLanguage:
    """Read a folder that `draw` wrote.

    Raises:
        ConfigError: a file is missing or broken, the kept-out part was changed, or the training part has one of its
            lines.
    """
    about = folder / ABOUT
    try:
        stated = tomllib.loads(about.read_text("utf-8"))
        train, kept_out = ((folder / name).read_text("utf-8").splitlines() for name in (TRAIN, KEPT_OUT))
        own = OwnLanguage(
            folder, str(stated["code"]), tuple(filter(None, train)), tuple(kept_out), str(stated["licence"])
        )
        is_unchanged = digest_of(folder / KEPT_OUT) == stated["kept_out_sha256"]
    except FileNotFoundError as error:
        raise ConfigError(str(error.filename), _("there is no such file"), _DRAW) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise ConfigError(str(about), _("it can't be read: {cause}", cause=error), _DRAW) from None
    if not is_unchanged:
        raise ConfigError(str(folder / KEPT_OUT), _("it was changed after `language new` wrote it"), _DRAW)
    shared_lines = {*map(_words, own.train)} & {*map(_words, own.kept_out)}
    if shared_lines:
        problem = _(
            "a line that is held out to measure on is also in {file}: «{line}»", file=TRAIN, line=min(shared_lines)[:80]
        )
        raise ConfigError(str(folder), problem, _DRAW)
    if not own.train:
        raise ConfigError(str(folder / TRAIN), _("it is empty"), _DRAW)
    return own


_DRAW: Final = _("split the texts again with `language new`")


def extend(own: OwnLanguage, today: dt.date, other_texts: Sequence[Texts] = ()) -> Path:
    """Add a language to the shipped model; write the new model and its label map, and return the model's path.

    `other_texts` are labelled texts in other languages, such as neighbouring ones, with which it must not be confused.
    """
    rng = random.Random(_SEED)
    model = load(SHIPPED)
    lines = _normal([cut for text in own.train for cut in augment.cut(text, _MAX_STRETCHES, rng)])
    lines += augment.scraps(lines, len(lines), rng)
    other_lines = [line for _group, line in base_lines(model, own.group, rng)] + no_language(lines, rng)
    other_lines += _normal(
        [text for texts in other_texts for label, text in labelled_rows(texts) if label.partition("_")[0] != own.code]
    )
    is_own_label = np.array([label.code == own.code for label in model.labels])
    script = script_of(" ".join(own.train[:100])) or "Latn"
    label = f"{own.code}_{script}"
    label += "_own" * any(existing.name == label for existing in model.labels)
    path, label_map = locate(SHIPPED)
    assert label_map  # noqa: S101  (the shipped model has one)
    row = fitted_row(model, lines, other_lines, is_own_label)
    replace(own.model, with_label(path.read_bytes(), f"__label__{label}", len(lines), row))
    words = telling_words(model, own.group, lines)
    macro = f', macro = "{own.group}"' if own.group != own.code else ""
    tables: dict[str, dict[str, str]] = {
        "labels": {label: f'{{ code = "{own.code}", script = "{script}"{macro}, lines = {len(lines)} }}'},
        "words": {own.group: json.dumps(" ".join(words), ensure_ascii=False)},
    }
    if counts := least_consonants({label: lines}):
        tables["consonants"] = {own.code: str(min(counts[own.code], model.consonants.get(own.code, counts[own.code])))}
    head = {
        "name": f'"{own.model.stem}"',
        "extends": f'"{digest_of(path)}"',
        "sha256": f'"{digest_of(own.model)}"',
        "trained": today.isoformat(),
    }
    origin = ["[[trained_on]]", f"file = {json.dumps(f'{own.folder.name}/{TRAIN}', ensure_ascii=False)}"]
    origin += [f'label = "{own.code}"', f"licence = {json.dumps(own.licence or 'not stated', ensure_ascii=False)}"]
    shipped = label_map.read_text("utf-8")

    def write(bounds: GroupBounds | None) -> LanguageModel:
        if bounds:
            tables["bounds"] = {own.group: f"{{ probability = {bounds.probability}, telling = {bounds.telling} }}"}
        text = extended_map(shipped, head, tables, "\n".join(origin))
        replace(own.model.with_suffix(".toml"), text.encode())
        return load(str(own.model))

    if own.group not in model.bounds:
        extended = write(None)
        new_lines = [line for _group, line in base_lines(model, own.group, random.Random(_SEED + 1))]
        bounds = GroupBounds(least_probabilities(extended, new_lines).get(own.group, 0.0))
        write(GroupBounds(bounds.probability, least_telling(extended, own.group, bounds, rng)))
    else:
        write(None)
    return own.model


@dataclass(frozen=True)
class Comparison:
    """The results of the shipped model and of a model with an added language on the same lines.

    Attributes:
        kept_out: the number of its kept-out lines, which neither model was trained on.
        named: how many of these the shipped model and the new model identify correctly.
        lost_to: the languages as which the new model identifies the others, with counts.
        other_lines: the number of lines in other languages.
        right: how many of these the shipped model and the new model identify correctly.
        taken: the languages of those that the new model identifies as the added language, with counts.
    """

    code: str
    kept_out: int
    named: tuple[int, int]
    lost_to: tuple[tuple[str, int], ...]
    other_lines: int
    right: tuple[int, int]
    taken: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return {
            "code": self.code,
            "kept_out": self.kept_out,
            "named": {"shipped": self.named[0], "this": self.named[1]},
            "lost_to": dict(self.lost_to),
            "others": self.other_lines,
            "right": {"shipped": self.right[0], "this": self.right[1]},
            "taken": dict(self.taken),
        }


def compare_with_shipped(own: OwnLanguage, data: Sequence[Texts] = ()) -> Comparison:
    """Compare a language's model with the shipped one, on its kept-out lines and on lines in other languages.

    By default, `data` are rows of the frequent words in the shipped model's label map.

    Raises:
        ConfigError: the language has no model yet.
    """
    if not own.model.is_file():
        raise ConfigError(
            str(own.model), _("there is no such file"), _("create it with `language train {folder}`", folder=own.folder)
        )
    models = load(SHIPPED), load(str(own.model))
    group_of = groups().of
    rows = [(label.partition("_")[0], text) for texts in data for label, text in labelled_rows(texts)]
    # The seed differs from the seed in `extend`, so that the model wasn't trained on these rows.
    rows = rows or base_lines(models[0], own.group, random.Random(_SEED + 2))
    other_rows = [(group_of.get(code, code), text) for code, text in rows if group_of.get(code, code) != own.group]
    own_names, other_names = (
        [[group_of.get(judged.code, judged.code) for judged in judge(model, texts)] for model in models]
        for texts in (list(own.kept_out), [text for _code, text in other_rows])
    )
    return Comparison(
        own.code,
        len(own.kept_out),
        (own_names[0].count(own.group), own_names[1].count(own.group)),
        tuple(Counter(name for name in own_names[1] if name != own.group).most_common()),
        len(other_rows),
        (_right_count(other_rows, other_names[0]), _right_count(other_rows, other_names[1])),
        tuple(
            Counter(
                code for (code, _text), name in zip(other_rows, other_names[1], strict=True) if name == own.group
            ).most_common()
        ),
    )


def _right_count(rows: Sequence[tuple[str, str]], names: Sequence[str]) -> int:
    return sum(code == name for (code, _text), name in zip(rows, names, strict=True))


def misnamed_rows(model: LanguageModel) -> tuple[int, Counter[str]]:
    """Count the rows that a model misidentifies because it has no label for their language.

    The rows have frequent words of the languages in the shipped model's label map. A model with few languages
    identifies most texts as one of them.

    Returns:
        the number of rows in languages without a label, and the counts of the names other than `und`.
    """
    labelled = {label.group for label in model.labels}
    rows = base_lines(load(SHIPPED), "", random.Random(_SEED))
    unknown = [line for group, line in rows if group not in labelled and group not in RULE.colonial]
    names = [judgement.code for judgement in judge(model, unknown)]
    return len(unknown), Counter(name for name in names if name != "und")


def _normal(texts: Sequence[str]) -> list[str]:
    return [line for line in normalise_all(pl.Series(list(texts), dtype=pl.String)).to_list() if line]


def _words(line: str) -> str:
    return " ".join(line.lower().split())


def _is_kept_out(words: str) -> bool:
    return hashlib.sha256(words.encode()).digest()[0] % _ONE_IN == 0
