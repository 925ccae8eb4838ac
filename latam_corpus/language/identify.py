"""The stage `identify`: the language of each document, and `und` rather than a guess."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from latam_corpus.language.codes import groups, iso_code
from latam_corpus.language.cues import digest as cue_digest
from latam_corpus.language.judge import judge
from latam_corpus.language.model import SHIPPED, digest, load
from latam_corpus.language.variety import TAGS, predict
from latam_corpus.schema import LANGUAGES

if TYPE_CHECKING:
    from latam_corpus.batch import Batch
    from latam_corpus.language.judgement import Judgement


@dataclass(frozen=True)
class Identify:
    """The stage that identifies languages.

    Attributes:
        languages: ISO 639-3 codes to keep, a macrolanguage with its members; empty to keep all.
        model: a shipped model's name, or the path of a fastText model.
        labels: the path of a label map for a model given by path; empty for the one beside it, if any.
        cues: a `filters/` folder with the cue lexicons of varieties; the shipped one when empty.
    """

    name: ClassVar[str] = "identify"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"language", "language_score", "languages", "variety", "variety_basis"})
    libraries: ClassVar[tuple[str, ...]] = ("fasttext-community",)
    # `fingerprint` says what the lexicons hold; their path has no part in the result.
    by_content: ClassVar[tuple[str, ...]] = ("cues",)

    languages: tuple[str, ...] = ()
    model: str = SHIPPED
    labels: str = ""
    cues: str = ""

    def __post_init__(self) -> None:
        # Looked up where the stage is made; it takes the codes along to the workers.
        _ = self._wanted

    def fingerprint(self) -> str:
        """What changes when the model, its label map or a cue does, so that cached work is redone."""
        told = digest(self.model, self.labels) + cue_digest(self.cues)
        return hashlib.sha256(told.encode()).hexdigest()

    def __call__(self, batch: Batch) -> Batch:
        """The batch with the language columns; rows in other languages than the wanted get a `drop_reason`.

        Raises:
            ConfigError: the model, its label map or a cue lexicon can't be used.
        """
        judged = judge(load(self.model, self.labels), batch.frame["text"])
        made = batch.with_columns(_columns(judged) | _variety(batch, judged, self.cues))
        wanted = self._wanted
        if not wanted:
            return made
        reasons = [None if found.code in wanted else f"language={found.code}" for found in judged]
        notes = [None if reason is None else _note(found) for reason, found in zip(reasons, judged, strict=True)]
        return made.drop(reasons, notes)

    @cached_property
    def _wanted(self) -> frozenset[str]:
        codes = (iso_code(code, "identify, languages") for code in self.languages)
        return frozenset().union(*(groups().members(code) for code in codes))


def _columns(judged: list[Judgement]) -> dict[str, pl.Series]:
    mixed = [[{"code": c, "share": s} for c, s in found.languages] or None for found in judged]
    return {
        "language": pl.Series([found.language for found in judged], dtype=pl.String),
        "language_score": pl.Series([found.score for found in judged], dtype=pl.Float32),
        "languages": pl.Series(mixed, dtype=LANGUAGES),
    }


def _variety(batch: Batch, judged: list[Judgement], folder: str) -> dict[str, pl.Series]:
    """The variety declared before, else that of the source's country, else what the cues tell."""
    frame = batch.frame
    empty: list[str | None] = [None] * len(judged)
    varieties = frame["variety"].to_list() if "variety" in frame.columns else empty.copy()
    bases = frame["variety_basis"].to_list() if "variety_basis" in frame.columns else empty.copy()
    countries = frame["country"].to_list() if "country" in frame.columns else empty
    left = [""] * len(judged)
    for row, (found, country) in enumerate(zip(judged, countries, strict=True)):
        # Of the country, too: a stage before may have taken the page for another language.
        of_country = bases[row] == "declared" and varieties[row] in {f"{tag}-{country}" for tag in TAGS.values()}
        if bases[row] == "predicted" or of_country:
            varieties[row], bases[row] = None, None
        if varieties[row] is not None or found.code not in TAGS:
            continue
        if country:
            varieties[row], bases[row] = f"{TAGS[found.code]}-{country}", "declared"
        else:
            left[row] = found.code
    # Where all is declared, no word table is made for this.
    for row, tag in enumerate(predict(batch.words, left, folder) if any(left) else empty):
        if tag is not None:
            varieties[row], bases[row] = tag, "predicted"
    return {
        "variety": pl.Series(varieties, dtype=pl.String),
        "variety_basis": pl.Series(bases, dtype=pl.String),
    }


def _note(found: Judgement) -> dict[str, Any]:
    return {"score": round(found.score, 3), "languages": [list(pair) for pair in found.languages]}
