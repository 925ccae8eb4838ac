"""A language that somebody adds: texts drawn into two parts, a model that names it, and what that costs the others.

All of it stands in one folder: `language.toml` says what the texts are, `train.txt` and `kept-out.txt` have a text a
line, and `<name>.ftz` with its label map is the model. Which line is kept out depends on its words alone, so that one
that is added later moves no other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
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
from latam_corpus.language.evidence import RULE, Bounds
from latam_corpus.language.judge import judge
from latam_corpus.language.labels import script_of
from latam_corpus.language.model import load
from latam_corpus.language.model_files import SHIPPED, locate
from latam_corpus.messages import _
from latam_corpus.storage.durable import digest_of, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.lab.language.texts import Texts
    from latam_corpus.language.model import Model

ABOUT: Final = "language.toml"
TRAIN: Final = "train.txt"
KEPT_OUT: Final = "kept-out.txt"
LEAST: Final = 50  # lines; a word list of fewer shows nothing
ENOUGH: Final = 200
_ONE_IN: Final = 5  # lines is kept out: of 200 as many as an interval of a tenth or so needs
_MOST_OF_A_TEXT: Final = 500
_SEED: Final = 20261127
_SHOWN: Final = 5


@dataclass(frozen=True)
class OwnLanguage:
    """The folder of a language.

    Attributes:
        code: ISO 639-3.
        train: its lines to learn from.
        kept_out: those to measure on.
        licence: as its owner states it.
    """

    folder: Path
    code: str
    train: tuple[str, ...]
    kept_out: tuple[str, ...]
    licence: str

    @property
    def group(self) -> str:
        """The code under which it is judged."""
        return groups().of.get(self.code, self.code)

    @property
    def model(self) -> Path:
        """Where its model is."""
        return self.folder / f"{SHIPPED}-{self.code}.ftz"


@dataclass(frozen=True)
class Drawn:
    """What was drawn, and what a reader of the texts should look at.

    Attributes:
        repeated: lines that are there already.
        known_as: of the lines how many the shipped model names how, the most frequent first, `und` apart; with some.
    """

    language: OwnLanguage
    repeated: int
    known_as: tuple[tuple[str, int, tuple[str, ...]], ...]


def draw(code: str, files: Sequence[Path], folder: Path, licence: str, today: dt.date) -> Drawn:
    """Draw the lines of text files into a part to train on and a part to measure on, and write both down.

    Args:
        code: ISO 639-3, of a language.
        files: `.txt`, or folders of them: a text a line.
        folder: a new one, or that of the same language, whose parts are drawn anew.
        licence: of the texts.
        today: the day that is written down.

    Raises:
        ConfigError: there are too few lines, one of the files can't be read, or the folder is something else's.
    """
    about = folder / ABOUT
    if folder.exists() and any(folder.iterdir()) and (not about.is_file() or read_language(folder).code != code):
        raise ConfigError(str(folder), _("something else is in this folder"), _("name a new one with --to"))
    lines = [" ".join(line.split()) for file in files for row in text_rows(file) for line in row["text"].splitlines()]
    lines = [line for line in lines if any(map(str.isalpha, line))]
    by_words = {_words(line): line for line in lines}
    texts = list(by_words.values())
    if len(texts) < LEAST:
        problem = _("{n} different {n:line|lines} with words {n:is|are} too few", n=len(texts))
        raise ConfigError(
            str(files[0]), problem, _("give {least} at least, {enough} are better", least=LEAST, enough=ENOUGH)
        )
    away = [line for words, line in by_words.items() if _is_kept_out(words)]
    stay = [line for words, line in by_words.items() if not _is_kept_out(words)]
    folder.mkdir(parents=True, exist_ok=True)
    parts = {TRAIN: stay, KEPT_OUT: away}
    for name, part in parts.items():
        replace(folder / name, "".join(f"{line}\n" for line in part).encode())
    values = {"code": code, "name": name_of(code), "licence": licence, "drawn": today}
    head = [
        f"{key} = {value.isoformat() if isinstance(value, dt.date) else json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
    ]
    head += [f"{name.partition('.')[0].replace('-', '_')} = {len(part)}" for name, part in parts.items()]
    head += [f'kept_out_sha256 = "{digest_of(folder / KEPT_OUT)}"']
    for file in sorted({Path(one) for given in files for one in (given.rglob("*.txt") if given.is_dir() else [given])}):
        head += [
            "",
            "[[texts]]",
            f"file = {json.dumps(file.name, ensure_ascii=False)}",
            f'sha256 = "{digest_of(file)}"',
        ]
    replace(about, ("\n".join(head) + "\n").encode())
    named = [found.code for found in judge(load(SHIPPED), texts)]
    counts = Counter(one for one in named if one not in ("und", code, groups().of.get(code)))
    known = tuple(
        (one, n, tuple(t for t, name in zip(texts, named, strict=True) if name == one)[:_SHOWN])
        for one, n in counts.most_common()
    )
    return Drawn(OwnLanguage(folder, code, tuple(stay), tuple(away), licence), len(lines) - len(texts), known)


def is_language(folder: Path) -> bool:
    """Whether a folder is one of `draw`."""
    return (folder / ABOUT).is_file()


def read_language(folder: Path) -> OwnLanguage:
    """Return the language of a folder that `draw` has written.

    Raises:
        ConfigError: it is none, the kept-out part is another than was drawn, or a line of it is trained on.
    """
    about = folder / ABOUT
    try:
        stated = tomllib.loads(about.read_text("utf-8"))
        train, kept_out = ((folder / name).read_text("utf-8").splitlines() for name in (TRAIN, KEPT_OUT))
        own = OwnLanguage(
            folder, str(stated["code"]), tuple(filter(None, train)), tuple(kept_out), str(stated["licence"])
        )
        same = digest_of(folder / KEPT_OUT) == stated["kept_out_sha256"]
    except FileNotFoundError as error:
        raise ConfigError(str(error.filename), _("there is no such file"), _DRAW) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise ConfigError(str(about), _("it can't be read: {cause}", cause=error), _DRAW) from None
    if not same:
        raise ConfigError(str(folder / KEPT_OUT), _("it is another than was drawn"), _DRAW)
    both = {*map(_words, own.train)} & {*map(_words, own.kept_out)}
    if both:
        problem = _("a line that is kept out is in {file}: «{line}»", file=TRAIN, line=min(both)[:80])
        raise ConfigError(str(folder), problem, _DRAW)
    if not own.train:
        raise ConfigError(str(folder / TRAIN), _("it is empty"), _DRAW)
    return own


_DRAW: Final = _("draw the texts anew with `language new`")


def extend(own: OwnLanguage, today: dt.date, beside: Sequence[Texts] = ()) -> Path:
    """Write the shipped model with this language more, and its label map; return where.

    Args:
        own: the language.
        today: the day that the map states.
        beside: labelled texts in other languages, such as its neighbours, to be told from it, too.
    """
    rng = random.Random(_SEED)
    model = load(SHIPPED)
    lines = _normal([cut for text in own.train for cut in augment.cut(text, _MOST_OF_A_TEXT, rng)])
    lines += augment.scraps(lines, len(lines), rng)
    others = [line for _group, line in base_lines(model, own.group, rng)] + no_language(lines, rng)
    others += _normal(
        [text for texts in beside for label, text in labelled_rows(texts) if label.partition("_")[0] != own.code]
    )
    same = np.array([label.code == own.code for label in model.labels])
    script = script_of(" ".join(own.train[:100])) or "Latn"
    label = f"{own.code}_{script}"
    label += "_own" * any(one.name == label for one in model.labels)
    path, label_map = locate(SHIPPED)
    assert label_map  # noqa: S101  (the shipped model has one)
    replace(
        own.model,
        with_label(path.read_bytes(), f"__label__{label}", len(lines), fitted_row(model, lines, others, same)),
    )
    words = telling_words(model, own.group, lines)
    macro = f', macro = "{own.group}"' if own.group != own.code else ""
    tables: dict[str, dict[str, str]] = {
        "labels": {label: f'{{ code = "{own.code}", script = "{script}"{macro}, lines = {len(lines)} }}'},
        "words": {own.group: json.dumps(" ".join(words), ensure_ascii=False)},
    }
    if sounds := least_consonants({label: lines}):
        tables["consonants"] = {own.code: str(min(sounds[own.code], model.consonants.get(own.code, sounds[own.code])))}
    head = {
        "name": f'"{own.model.stem}"',
        "extends": f'"{digest_of(path)}"',
        "sha256": f'"{digest_of(own.model)}"',
        "trained": today.isoformat(),
    }
    origin = ["[[trained_on]]", f"file = {json.dumps(f'{own.folder.name}/{TRAIN}', ensure_ascii=False)}"]
    origin += [f'label = "{own.code}"', f"licence = {json.dumps(own.licence or 'not stated', ensure_ascii=False)}"]
    shipped = label_map.read_text("utf-8")

    def write(bounds: Bounds | None) -> Model:
        if bounds:
            tables["bounds"] = {own.group: f"{{ probability = {bounds.probability}, telling = {bounds.telling} }}"}
        text = extended_map(shipped, head, tables, "\n".join(origin))
        replace(own.model.with_suffix(".toml"), text.encode())
        return load(str(own.model))

    if own.group not in model.bounds:
        extended = write(None)
        fresh = [line for _group, line in base_lines(model, own.group, random.Random(_SEED + 1))]
        least = Bounds(least_probabilities(extended, fresh).get(own.group, 0.0))
        write(Bounds(least.probability, least_telling(extended, own.group, least, rng)))
    else:
        write(None)
    return own.model


@dataclass(frozen=True)
class Beside:
    """A model beside the shipped one, on the same lines.

    Attributes:
        code: of the language.
        kept_out: how many lines in it, not trained on.
        named: of these how many the shipped model names so, and how many this one.
        lost_to: what this one names the others, and how often.
        others: lines in other languages.
        right: of these how many each names rightly.
        taken: of these how many this one gives to the language, by what they are.
    """

    code: str
    kept_out: int
    named: tuple[int, int]
    lost_to: tuple[tuple[str, int], ...]
    others: int
    right: tuple[int, int]
    taken: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "code": self.code,
            "kept_out": self.kept_out,
            "named": {"shipped": self.named[0], "this": self.named[1]},
            "lost_to": dict(self.lost_to),
            "others": self.others,
            "right": {"shipped": self.right[0], "this": self.right[1]},
            "taken": dict(self.taken),
        }


def beside_shipped(own: OwnLanguage, data: Sequence[Texts] = ()) -> Beside:
    """Return how a language's model does beside the shipped one: on its kept-out lines, and on others.

    Args:
        own: the language, with its model.
        data: labelled texts in other languages; where there are none, rows of the words that the shipped model lists.

    Raises:
        ConfigError: it has no model yet.
    """
    if not own.model.is_file():
        raise ConfigError(
            str(own.model), _("there is no such file"), _("make it with `language train {folder}`", folder=own.folder)
        )
    models = load(SHIPPED), load(str(own.model))
    of = groups().of
    rows = [(label.partition("_")[0], text) for texts in data for label, text in labelled_rows(texts)]
    # Other rows than those that were trained on.
    rows = rows or base_lines(models[0], own.group, random.Random(_SEED + 2))
    others = [(of.get(code, code), text) for code, text in rows if of.get(code, code) != own.group]
    own_names, other_names = (
        [[of.get(one.code, one.code) for one in judge(model, texts)] for model in models]
        for texts in (list(own.kept_out), [text for _code, text in others])
    )
    return Beside(
        own.code,
        len(own.kept_out),
        (own_names[0].count(own.group), own_names[1].count(own.group)),
        tuple(Counter(name for name in own_names[1] if name != own.group).most_common()),
        len(others),
        (_right(others, other_names[0]), _right(others, other_names[1])),
        tuple(
            Counter(
                code for (code, _text), name in zip(others, other_names[1], strict=True) if name == own.group
            ).most_common()
        ),
    )


def _right(rows: Sequence[tuple[str, str]], names: Sequence[str]) -> int:
    return sum(code == name for (code, _text), name in zip(rows, names, strict=True))


def unknown_taken(model: Model) -> tuple[int, Counter[str]]:
    """Return how many rows in languages that a model has no label for are named, and as what.

    The rows are of the frequent words of the languages that the shipped model lists. A model of few languages takes
    whatever it doesn't know for one that it does.
    """
    known = {label.group for label in model.labels}
    rows = base_lines(load(SHIPPED), "", random.Random(_SEED))
    unknown = [line for group, line in rows if group not in known and group not in RULE.colonial]
    names = [found.code for found in judge(model, unknown)]
    return len(unknown), Counter(name for name in names if name != "und")


def _normal(texts: Sequence[str]) -> list[str]:
    return [line for line in normalise_all(pl.Series(list(texts), dtype=pl.String)).to_list() if line]


def _words(line: str) -> str:
    return " ".join(line.lower().split())


def _is_kept_out(words: str) -> bool:
    return hashlib.sha256(words.encode()).digest()[0] % _ONE_IN == 0
