"""The stage `identify`: identify the language of each document, or `und` if it is uncertain."""

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
from latam_corpus.language.declared import declared_judgements, note
from latam_corpus.language.judge import judge
from latam_corpus.language.model import digest, load
from latam_corpus.language.model_files import chosen
from latam_corpus.language.varieties.variety import TAGS, predict
from latam_corpus.language.varieties.variety_cues import digest as cue_digest
from latam_corpus.messages import _, decimal, enumerated
from latam_corpus.schema import DOCUMENT_SCHEMA
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.language.judge import LanguageJudgement
    from latam_corpus.language.model import LanguageModel

_SUGGESTIONS: Final = 4  # number of languages suggested for a language that the model can't identify


@dataclass(frozen=True)
class Identify(Stage):
    """The stage that identifies languages.

    Attributes:
        languages: codes of the languages to keep, as `codes.admits` compares them; empty to keep all.
        model: a shipped model's name, or the path of a fastText model; by default the model that `language use` chose
            on this machine, or the shipped one.
        labels: the path of a label map for a model given by path; empty for the one next to it, if any.
        cues: a `filters/` folder with the cue lexicons of varieties; the shipped one if empty.
    """

    name: ClassVar[str] = "identify"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"language", "language_score", "languages", "variety", "variety_basis"})
    libraries: ClassVar[tuple[str, ...]] = ("fasttext-community",)
    # `fingerprint` covers the content of the lexicons; their path doesn't affect the result.
    by_content: ClassVar[tuple[str, ...]] = ("cues",)

    languages: tuple[str, ...] = ()
    model: str = ""
    labels: str = ""
    cues: str = ""

    def __post_init__(self) -> None:
        if not self.model:  # so that workers use the model chosen on the machine that made the stage
            object.__setattr__(self, "model", chosen())
        # Computed when the stage is created, and pickled for the workers.
        if self._wanted:
            _refuse_unnamed(self._wanted, load(self.model, self.labels))
            _ = self._wanted_by_code

    def fingerprint(self) -> str:
        """Return a digest of the model, its label map, the groups and the cues."""
        digests = digest(self.model, self.labels) + groups().digest + cue_digest(self.cues)
        return hashlib.sha256(digests.encode()).hexdigest()

    def __call__(self, batch: Batch) -> Batch:
        """Add the language columns to a batch; rows in languages that aren't wanted get a `drop_reason`.

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
        # A code that the model lacks is a declared member of a group.
        return self._wanted_by_code[code] if code in self._wanted_by_code else self._admits(code)

    def _admits(self, code: str) -> bool:
        return any(admits(language, code) for language in self._wanted)

    @cached_property
    def _wanted_by_code(self) -> dict[str, bool]:
        """Whether rows of each code that the model can identify are wanted."""
        return {code: self._admits(code) for code in load(self.model, self.labels).codes}

    @cached_property
    def _wanted(self) -> tuple[str, ...]:
        return tuple(iso_code(code, "identify, languages") for code in self.languages)


def _refuse_unnamed(languages: tuple[str, ...], model: LanguageModel) -> None:
    """Raise if the model can't identify a wanted language, since all its texts would be dropped silently.

    Raises:
        ConfigError: a language can't be identified; the message suggests languages with similar codes.
    """
    for language in languages:
        if any(admits(language, code) for code in model.codes):
            continue
        nearest_codes = sorted(
            difflib.get_close_matches(language, model.codes - {language}, n=20, cutoff=0.5),
            key=lambda code: (code not in groups().of, -difflib.SequenceMatcher(None, language, code).ratio(), code),
        )
        suggestions = enumerated(map(with_name, nearest_codes[:_SUGGESTIONS]))
        problem = _("the model «{model}» can't identify «{code}» ({name}), so all of its texts would be dropped")
        remedy = _("remove it, or choose a model that knows it; the nearest of its {n} codes are {codes}")
        raise ConfigError(
            "identify, languages",
            problem.fill(model=model.name, code=language, name=LanguageName(language)),
            remedy.fill(n=decimal(f"{len(model.codes):,}"), codes=suggestions),
        )


def _by_source(model: LanguageModel, batch: Batch, shown: list[LanguageJudgement]) -> dict[int, LanguageJudgement]:
    """Return the judgements that a source's declaration changes, by row."""
    if "declared_language" not in batch.frame.columns:
        return {}
    return declared_judgements(
        model, batch.frame["text"].cast(pl.String), shown, batch.frame["declared_language"].to_list()
    )


def _noted(batch: Batch, shown: list[LanguageJudgement], by_source: Mapping[int, LanguageJudgement]) -> Batch:
    """Return the batch with a ledger note on each row whose language a declaration changed."""
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


def _narrowed(shown: list[LanguageJudgement], batch: Batch) -> list[LanguageJudgement]:
    """Return the judgements, narrowed to the declared member if a text shows only the group."""
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


def _columns(judged: list[LanguageJudgement]) -> dict[str, pl.Series]:
    mixed = [[{"code": c, "share": s} for c, s in judgement.languages] or None for judgement in judged]
    return {
        "language": pl.Series([judgement.language for judgement in judged], dtype=pl.String),
        "language_score": pl.Series([judgement.score for judgement in judged], dtype=pl.Float32),
        "languages": pl.Series(mixed, dtype=DOCUMENT_SCHEMA["languages"]),
    }


def _variety(batch: Batch, judged: list[LanguageJudgement], folder: str) -> dict[str, pl.Series]:
    """Return each row's variety: the declared one, or else by the source's country, or else as predicted from cues."""
    frame = batch.frame
    empty: list[str | None] = [None] * len(judged)
    varieties = frame["variety"].to_list() if "variety" in frame.columns else empty.copy()
    bases = frame["variety_basis"].to_list() if "variety_basis" in frame.columns else empty.copy()
    countries = frame["country"].to_list() if "country" in frame.columns else empty
    to_predict = [""] * len(judged)
    for row, (judgement, country) in enumerate(zip(judged, countries, strict=True)):
        # A variety by country is recomputed too, since an earlier stage may have identified another language.
        of_country = bases[row] == "declared" and varieties[row] in {f"{tag}-{country}" for tag in TAGS.values()}
        if bases[row] == "predicted" or of_country:
            varieties[row], bases[row] = None, None
        if varieties[row] is not None or judgement.code not in TAGS:
            continue
        if country:
            varieties[row], bases[row] = f"{TAGS[judgement.code]}-{country}", "declared"
        else:
            to_predict[row] = judgement.code
    # The word table isn't needed if all varieties are declared.
    for row, tag in enumerate(predict(batch.words, to_predict, folder) if any(to_predict) else empty):
        if tag is not None:
            varieties[row], bases[row] = tag, "predicted"
    return {
        "variety": pl.Series(varieties, dtype=pl.String),
        "variety_basis": pl.Series(bases, dtype=pl.String),
    }


def _note(judgement: LanguageJudgement, by_text: LanguageJudgement) -> dict[str, Any]:
    values = {"score": round(judgement.score, 3), "languages": [list(pair) for pair in judgement.languages]}
    return values if judgement.language == by_text.language else {**values, "shown": by_text.language}
