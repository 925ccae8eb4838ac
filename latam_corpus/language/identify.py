"""The stage `identify`: the language of each document, and `und` rather than a guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import polars as pl

from latam_corpus.language.codes import groups, iso_code
from latam_corpus.language.judge import judge
from latam_corpus.language.model import SHIPPED, digest, load
from latam_corpus.schema import LANGUAGES

if TYPE_CHECKING:
    from latam_corpus.batch import Batch
    from latam_corpus.language.judgement import Judgement

_VARIETIES: Final = {"spa": "es", "por": "pt"}


@dataclass(frozen=True)
class Identify:
    """The stage that identifies languages.

    Attributes:
        languages: ISO 639-3 codes to keep, a macrolanguage with its members; empty to keep all.
        model: a shipped model's name, or the path of a fastText model.
        labels: the path of a label map for a model given by path; empty for the one beside it, if any.
    """

    name: ClassVar[str] = "identify"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"language", "language_score", "languages", "variety", "variety_basis"})
    libraries: ClassVar[tuple[str, ...]] = ("fasttext-community",)

    languages: tuple[str, ...] = ()
    model: str = SHIPPED
    labels: str = ""

    def __post_init__(self) -> None:
        for code in self.languages:
            iso_code(code, "identify, languages")

    def fingerprint(self) -> str:
        """What changes when the model or its label map does, so that cached work is redone."""
        return digest(self.model, self.labels)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with the language columns; rows in other languages than the wanted get a `drop_reason`.

        Raises:
            ConfigError: the model or its label map can't be used.
        """
        judged = judge(load(self.model, self.labels), batch.frame["text"].to_list())
        made = batch.with_columns(_columns(judged) | _variety(batch.frame, judged))
        wanted = self._wanted()
        if not wanted:
            return made
        reasons = [None if found.code in wanted else f"language={found.code}" for found in judged]
        notes = [None if reason is None else _note(found) for reason, found in zip(reasons, judged, strict=True)]
        return made.drop(reasons, notes)

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


def _variety(frame: pl.DataFrame, judged: list[Judgement]) -> dict[str, pl.Series]:
    """The variety that the source's country declares, where none was declared before."""
    empty = [None] * len(judged)
    before = frame["variety"].to_list() if "variety" in frame.columns else empty
    bases = frame["variety_basis"].to_list() if "variety_basis" in frame.columns else empty
    countries = frame["country"].to_list() if "country" in frame.columns else empty
    made: list[tuple[str | None, str | None]] = []
    for found, country, variety, basis in zip(judged, countries, before, bases, strict=True):
        spoken = _VARIETIES.get(found.code)
        if variety is None and spoken and country:
            made.append((f"{spoken}-{country}", "declared"))
        else:
            made.append((variety, basis))
    return {
        "variety": pl.Series([variety for variety, _ in made], dtype=pl.String),
        "variety_basis": pl.Series([basis for _, basis in made], dtype=pl.String),
    }


def _note(found: Judgement) -> dict[str, Any]:
    return {"score": round(found.score, 3), "languages": [list(pair) for pair in found.languages]}
