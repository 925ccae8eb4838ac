"""The stage `identify`: the language of each document, and `und` rather than a guess."""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import polars as pl

from latam_corpus.batch import Batch, with_defaults
from latam_corpus.codes import LanguageName, admits, groups, iso_code, narrowed, with_name
from latam_corpus.errors import ConfigError
from latam_corpus.language.declared import note, shifted
from latam_corpus.language.judge import judge
from latam_corpus.language.model import digest, load
from latam_corpus.language.model_files import chosen
from latam_corpus.language.varieties.variety import TAGS, predict
from latam_corpus.language.varieties.variety_cues import digest as cue_digest
from latam_corpus.messages import _, decimal, enumerated
from latam_corpus.schema import LANGUAGES
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.language.judge import Judgement
    from latam_corpus.language.model import Model

_NEAR: Final = 4  # languages of the model that are shown in place of one that it can't name


@dataclass(frozen=True)
class Identify(Stage):
    """The stage that identifies languages.

    Attributes:
        languages: codes of the languages to keep, as `codes.admits` compares them; empty to keep all.
        model: a shipped model's name, or the path of a fastText model; where it is left out the one that `language use`
            chose on this machine, else the shipped one.
        labels: the path of a label map for a model given by path; empty for the one beside it, if any.
        cues: a `filters/` folder with the cue lexicons of varieties; the shipped one when empty.
    """

    name: ClassVar[str] = "identify"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"language", "language_score", "languages", "variety", "variety_basis"})
    libraries: ClassVar[tuple[str, ...]] = ("fasttext-community",)
    # `fingerprint` says what the lexicons hold; their path has no part in the result.
    by_content: ClassVar[tuple[str, ...]] = ("cues",)

    languages: tuple[str, ...] = ()
    model: str = ""
    labels: str = ""
    cues: str = ""

    def __post_init__(self) -> None:
        if not self.model:  # workers are given the one that was meant where the stage was made
            object.__setattr__(self, "model", chosen())
        # Looked up where the stage is made; it takes the codes along to the workers.
        if self._wanted:
            _refuse_unnamed(self._wanted, load(self.model, self.labels))
            _ = self._named

    def fingerprint(self) -> str:
        """Return what changes when the model, its label map, a group or a cue does, so that cached work is redone."""
        digests = digest(self.model, self.labels) + groups().digest + cue_digest(self.cues)
        return hashlib.sha256(digests.encode()).hexdigest()

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with the language columns; rows in other languages than the wanted get a `drop_reason`.

        Raises:
            ConfigError: the model, its label map or a cue lexicon can't be used.
        """
        model = load(self.model, self.labels)
        shown = judge(model, batch.frame["text"])
        by_source = _by_source(model, batch, shown)
        judged = _narrowed([by_source.get(row, judgement) for row, judgement in enumerate(shown)], batch)
        identified = batch.with_columns(_columns(judged) | _variety(batch, judged, self.cues))
        if by_source:
            identified = _noted(identified, shown, by_source)
        if not self._wanted:
            return identified
        reasons = [None if self._is_wanted(judgement.code) else f"language={judgement.code}" for judgement in judged]
        notes = [
            None if reason is None else _note(judgement, by_text)
            for reason, judgement, by_text in zip(reasons, judged, shown, strict=True)
        ]
        return identified.drop(reasons, notes)

    def _is_wanted(self, code: str) -> bool:
        # A code that the model doesn't name is a member that a source declares.
        return self._named[code] if code in self._named else self._asked_for(code)

    def _asked_for(self, code: str) -> bool:
        return any(admits(asked, code) for asked in self._wanted)

    @cached_property
    def _named(self) -> dict[str, bool]:
        """Of each code that the model can name, whether its rows are wanted."""
        return {code: self._asked_for(code) for code in load(self.model, self.labels).codes}

    @cached_property
    def _wanted(self) -> tuple[str, ...]:
        return tuple(iso_code(code, "identify, languages") for code in self.languages)


def _refuse_unnamed(wanted: tuple[str, ...], model: Model) -> None:
    """Refuse a language that the model can't name: all of its texts would fall without a word.

    Raises:
        ConfigError: with the languages of the model whose codes are nearest, those of the Americas first.
    """
    for asked in wanted:
        if any(admits(asked, code) for code in model.codes):
            continue
        near = sorted(
            difflib.get_close_matches(asked, model.codes - {asked}, n=20, cutoff=0.5),
            key=lambda code: (code not in groups().of, -difflib.SequenceMatcher(None, asked, code).ratio(), code),
        )
        known = enumerated(map(with_name, near[:_NEAR]))
        problem = _("the model «{model}» can't name «{code}» ({name}), so that all of its texts would fall")
        remedy = _("leave it out, or name a model that knows it; of its {n} codes the nearest are {codes}")
        raise ConfigError(
            "identify, languages",
            problem.fill(model=model.name, code=asked, name=LanguageName(asked)),
            remedy.fill(n=decimal(f"{len(model.codes):,}"), codes=known),
        )


def _by_source(model: Model, batch: Batch, shown: list[Judgement]) -> dict[int, Judgement]:
    """Return the judgements that a declaration changes, by row."""
    if "declared_language" not in batch.frame.columns:
        return {}
    return shifted(model, batch.frame["text"].cast(pl.String), shown, batch.frame["declared_language"].to_list())


def _noted(batch: Batch, shown: list[Judgement], by_source: Mapping[int, Judgement]) -> Batch:
    """Return the batch with a note, for the ledger, on each row whose language a declaration changed."""
    declared = batch.frame["declared_language"]
    encoded = [
        json.dumps(note(judgement, declared[row]), ensure_ascii=False) if row in by_source else None
        for row, judgement in enumerate(shown)
    ]
    notes = pl.Series(encoded, dtype=pl.String)
    frame = with_defaults(batch.frame, ("verdict", "evidence"))
    changed = frame.with_columns(
        pl.when(notes.is_not_null()).then(pl.lit("changed")).otherwise("verdict").alias("verdict"),
        pl.when(notes.is_not_null()).then(notes).otherwise("evidence").alias("evidence"),
    )
    return Batch(changed).sharing_words(batch)


def _narrowed(shown: list[Judgement], batch: Batch) -> list[Judgement]:
    """Return the judgements, with the member that a source declares where a text shows no more than the group."""
    if "declared_language" not in batch.frame.columns:
        return shown
    return [
        replace(
            judgement,
            language=narrowed(judgement.language, declared),
            languages=tuple((narrowed(code, declared), share) for code, share in judgement.languages),
        )
        if declared
        else judgement
        for judgement, declared in zip(shown, batch.frame["declared_language"], strict=True)
    ]


def _columns(judged: list[Judgement]) -> dict[str, pl.Series]:
    mixed = [[{"code": c, "share": s} for c, s in judgement.languages] or None for judgement in judged]
    return {
        "language": pl.Series([judgement.language for judgement in judged], dtype=pl.String),
        "language_score": pl.Series([judgement.score for judgement in judged], dtype=pl.Float32),
        "languages": pl.Series(mixed, dtype=LANGUAGES),
    }


def _variety(batch: Batch, judged: list[Judgement], folder: str) -> dict[str, pl.Series]:
    """Return the variety declared before, else that of the source's country, else what the cues tell."""
    frame = batch.frame
    empty: list[str | None] = [None] * len(judged)
    varieties = frame["variety"].to_list() if "variety" in frame.columns else empty.copy()
    bases = frame["variety_basis"].to_list() if "variety_basis" in frame.columns else empty.copy()
    countries = frame["country"].to_list() if "country" in frame.columns else empty
    left = [""] * len(judged)
    for row, (judgement, country) in enumerate(zip(judged, countries, strict=True)):
        # Of the country, too: a stage before may have taken the page for another language.
        of_country = bases[row] == "declared" and varieties[row] in {f"{tag}-{country}" for tag in TAGS.values()}
        if bases[row] == "predicted" or of_country:
            varieties[row], bases[row] = None, None
        if varieties[row] is not None or judgement.code not in TAGS:
            continue
        if country:
            varieties[row], bases[row] = f"{TAGS[judgement.code]}-{country}", "declared"
        else:
            left[row] = judgement.code
    # Where all is declared, no word table is made for this.
    for row, tag in enumerate(predict(batch.words, left, folder) if any(left) else empty):
        if tag is not None:
            varieties[row], bases[row] = tag, "predicted"
    return {
        "variety": pl.Series(varieties, dtype=pl.String),
        "variety_basis": pl.Series(bases, dtype=pl.String),
    }


def _note(judgement: Judgement, by_text: Judgement) -> dict[str, Any]:
    values = {"score": round(judgement.score, 3), "languages": [list(pair) for pair in judgement.languages]}
    return values if judgement.language == by_text.language else {**values, "shown": by_text.language}
