"""Make training lines from labelled texts: cut, balance, respell, damage and mix them."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.codes import UNDETERMINED, groups, iso_code
from latam_corpus.lab.language import augment
from latam_corpus.lab.language.texts import is_held_out, is_untranslated, is_word_list, rows
from latam_corpus.language.classifier.normalise import normalise_all
from latam_corpus.language.labels import script_of
from latam_corpus.text.orthography import respelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latam_corpus.lab.language.texts import Texts
    from latam_corpus.lab.training_settings import IdentifierSettings

MAJORS: Final = ("spa", "por")
NEIGHBOURS: Final = (
    "cat",
    "eng",
    "eus",
    "fra",
    "glg",
    "ita",
    "pap",
    "ron",
)  # languages that are easily confused with Spanish and Portuguese
_MAX_STRETCHES: Final = 500  # stretches per text, so that a novel doesn't outweigh all news
_MAX_MAJOR_STRETCHES: Final = 4000
_BEFORE_JOINING: Final = 0.8  # share of a major's lines; `_joined` adds a quarter
_DRAWN_FOR_A_SENTENCE: Final = 4  # maximum number of drawn rows per sentence, for a language with few sentences
_ONE_RESPELLED_OF: Final = 2  # one in this many lines is respelled, if another spelling exists
_HELD_OUT_WINDOW: Final = 600  # characters of a kept-out text that are used
_REPEATED: Final = 8  # filling up with pieces of lines multiplies their number by at most this
_SWITCHED: Final = 0.06  # share of lines in languages of the Americas that quote Spanish or Portuguese
# Some sources name a macrolanguage and others its main member; both get the same label.
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


@dataclass
class _SourceTexts:
    """The content of the files, by label.

    Attributes:
        cuts: stretches of texts.
        of_majors: for Spanish and Portuguese, a list of stretches per text.
        drawn: stretches of texts whose words were drawn by frequency.
        word_rows: rows of words.
        names: names in texts of the majors.
    """

    cuts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    of_majors: dict[str, list[list[str]]] = field(default_factory=lambda: defaultdict(list))
    drawn: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    word_rows: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    names: set[str] = field(default_factory=set)


def lines_and_names(
    data: Sequence[Texts], settings: IdentifierSettings, without: set[str] | None = None
) -> tuple[dict[str, list[str]], frozenset[str]]:
    """Make the training lines of a model; the result depends only on data and settings.

    `without` are texts to leave out, written with single spaces.

    Returns:
        The normalised lines by label (`spa_Latn`), sampled or filled up as the settings require, some of them damaged;
            and the normalised names in Spanish and Portuguese texts, with and without accents.
    """
    rng = random.Random(settings.seed)
    source = _read(data, without or set(), rng)
    by_label = source.cuts
    for label, texts in source.of_majors.items():
        by_label[label] += _levelled(texts, int(_BEFORE_JOINING * settings.most_major))
    for label, drawn_rows in sorted(source.drawn.items()):
        by_label[label] = drawn_rows + _filled(by_label[label], len(drawn_rows) // _DRAWN_FOR_A_SENTENCE, rng)
    for label, drawn_rows in sorted(source.word_rows.items()):
        # As many lines of sentences as rows of words, even if there are few sentences.
        by_label[label] = drawn_rows + _filled(by_label[label], len(drawn_rows), rng)
    sampled = {}
    for label, cuts in sorted(_without_stray_scripts(by_label).items()):
        lines = [line for line in normalise_all(pl.Series(cuts)).to_list() if line]
        if lines:
            sampled[label] = _balanced(_varied(lines, label, settings, rng), label, settings, rng)
    _switch(sampled, rng)
    names = normalise_all(pl.Series(sorted(source.names), dtype=pl.String)).to_list()
    _add_nonsense(sampled, names, settings, rng)
    return sampled, frozenset(names) | {augment.without_accents(name) for name in names}


def _read(data: Sequence[Texts], without: set[str], rng: random.Random) -> _SourceTexts:
    source = _SourceTexts()
    for texts in data:
        has_word_rows = is_word_list(texts)
        for tag, text in rows(texts):
            code = iso_code(tag, str(texts.path))
            code = _SAME.get(code, code)
            if is_held_out(text) or is_untranslated(code, text) or " ".join(text.split()) in without:
                continue
            label = _label(code, text)
            if has_word_rows:
                source.word_rows[label].append(text)
            elif texts.drawn:
                source.drawn[label] += augment.cut(text, _MAX_STRETCHES, rng)
            elif code in MAJORS:
                source.of_majors[label].append(augment.cut(text, _MAX_MAJOR_STRETCHES, rng))
                source.names |= augment.names(text)
            else:
                source.cuts[label] += augment.cut(text, _MAX_STRETCHES, rng)
    return source


def _levelled(texts: Sequence[list[str]], limit: int) -> list[str]:
    """Keep about `limit` stretches of all texts by shortening the longest texts; short ones are kept whole.

    A library of novels thus leaves room for news and help texts; otherwise the model would learn their words as another
    language's.

    >>> _levelled([["a", "b", "c", "d"], ["e", "f", "g"], ["h"]], 5)
    ['a', 'b', 'e', 'f', 'h']
    """
    level, remaining = 0, limit
    sizes = sorted(len(text) for text in texts)
    for index, size in enumerate(sizes):
        level = min(size, remaining // (len(sizes) - index))
        remaining -= level
    return [stretch for text in texts for stretch in text[:level]]


def _label(code: str, text: str) -> str:
    if code == UNDETERMINED:
        return UNDETERMINED
    script = script_of(text)
    return f"{code}_{script}" if script else ""


def _without_stray_scripts(by_label: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Drop a label with less than a twentieth of its language's texts: its script is then only in quotations."""
    total: Counter[str] = Counter()
    for label, cuts in by_label.items():
        total[label.split("_")[0]] += len(cuts)
    return {label: cuts for label, cuts in by_label.items() if label and 20 * len(cuts) >= total[label.split("_")[0]]}


def _varied(lines: list[str], label: str, settings: IdentifierSettings, rng: random.Random) -> list[str]:
    """Add joined lines, other spellings and, for majors and neighbours, short stretches to the lines."""
    code = label.partition("_")[0]
    respelled_lines = respelled(code, lines)[::_ONE_RESPELLED_OF]
    sampled = _joined(lines, rng) + respelled_lines
    limit = settings.most_neighbour if code in NEIGHBOURS else settings.most
    if len(sampled) > limit and code not in MAJORS:
        sampled = rng.sample(sampled, limit)
    scraps = settings.scraps_major if code in MAJORS else settings.scraps if code in NEIGHBOURS else 0
    return sampled + augment.scraps(lines + respelled_lines, min(scraps, _REPEATED * len(lines)), rng)


def _switch(sampled: dict[str, list[str]], rng: random.Random) -> None:
    """Insert Spanish or Portuguese stretches into some lines in languages of the Americas."""
    majors = [line for code in MAJORS for line in sampled.get(f"{code}_Latn", [])]
    group_of = groups().of
    for label in sorted(sampled) if majors else []:
        if label.partition("_")[0] in group_of:
            sampled[label] = [
                augment.switched(line, rng.choice(majors), rng) if rng.random() < _SWITCHED else line
                for line in sampled[label]
            ]


def _joined(lines: list[str], rng: random.Random) -> list[str]:
    """Add at most a quarter more lines, each of which joins two or three short lines."""
    joined = list(lines)
    for _ in range(len(lines) // 4):
        some = rng.choices(lines, k=rng.randint(2, 3))
        if sum(len(line) for line in some) < 500:  # noqa: PLR2004 - the longest window, and some more
            joined.append(" ".join(some))
    return joined


def _balanced(lines: list[str], label: str, settings: IdentifierSettings, rng: random.Random) -> list[str]:
    code = label.partition("_")[0]
    if code in MAJORS:
        upper, lower = settings.most_major + settings.scraps_major, settings.least_major + settings.scraps_major
    else:
        upper = max(settings.most, settings.most_neighbour) + settings.scraps
        lower = settings.least_american if code in groups().of else settings.least
    # A script that a language hardly uses is from quotations, and must not be filled up.
    lower = min(lower, _REPEATED * len(lines))
    if len(lines) > upper:
        lines = rng.sample(lines, upper)
    return [augment.worn(line, rng) for line in _filled(lines, lower, rng)]


def _filled(lines: Sequence[str], number: int, rng: random.Random) -> list[str]:
    """Add pieces of the lines until there are `number` lines; add none if there are no lines."""
    filled = list(lines)
    while lines and len(filled) < number:
        words = rng.choice(lines).split()
        start = rng.randrange(max(1, len(words) // 2))
        filled.append(" ".join(words[start : start + rng.randint(4, 30)]))
    return filled


def _add_nonsense(
    sampled: dict[str, list[str]], names: Sequence[str], settings: IdentifierSettings, rng: random.Random
) -> None:
    labels = sorted(label for label in sampled if label.endswith("_Latn"))
    und = sampled.setdefault(UNDETERMINED, [])
    for _ in range(settings.nonsense // 2 if labels else 0):
        und.append(augment.anagram(rng.choice(sampled[rng.choice(labels)]), rng))
    und += [augment.nonsense(rng) for _ in range(settings.nonsense // 2)]
    und += [" ".join(rng.choices(names, k=rng.randint(3, 40))) for _ in range(settings.nonsense // 20 if names else 0)]
    if not und:
        del sampled[UNDETERMINED]


def held_out_of_elsewhere(data: Sequence[Texts]) -> list[str]:
    """Return the normalised kept-out lines in languages from outside the Americas."""
    group_of = groups().of
    held_out = [
        text
        for texts in data
        for tag, text in rows(texts)
        if is_held_out(text)
        and (code := iso_code(tag, str(texts.path))) not in group_of
        and not is_untranslated(code, text)
    ]
    lines = normalise_all(pl.Series([text[:_HELD_OUT_WINDOW] for text in held_out], dtype=pl.String))
    return [" ".join(line.split()) for line in lines.to_list() if line]
