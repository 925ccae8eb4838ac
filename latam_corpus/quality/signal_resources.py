"""The files that some signals need: a learned model, scores in a Parquet file, word lists, flagged words.

In a word list, the rest of a line after a slash, a tab or a space is ignored, so that the stems of a Hunspell
dictionary can be used unchanged. Without affixes, the rate is lower and comparable only between documents measured with
the same list.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.codes import holder, iso_code
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.quality.learned import cached_model, model_digest
from latam_corpus.signals import SIGNALS
from latam_corpus.storage.durable import digest_of
from latam_corpus.text.spelling import WordSet, listed_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.batch import Batch
    from latam_corpus.policies.policy import Policies

ALL: Final = "all"  # the list for languages without their own
_FIRST: Final = re.compile(r"[^/\t \n]+")


def cached_word_lists(folder: str) -> dict[str, WordSet]:
    """Return the word lists in the folder by language code, read again if a file changed; none if `folder` is empty.

    Raises:
        ConfigError: the folder doesn't exist or has no list, or a list isn't UTF-8.
    """
    return {path.stem: _load(path, path.stat().st_mtime_ns) for path in _files(folder)} if folder else {}


def word_lists_digest(folder: str) -> str:
    """Return a digest of the word lists in a folder."""
    digest = hashlib.sha256()
    for path in _files(folder) if folder else ():
        digest.update(path.stem.encode() + b"\0" + bytes.fromhex(digest_of(path)))
    return digest.hexdigest()[:16]


def _files(folder: str) -> list[Path]:
    files = sorted(Path(folder).glob("*.txt"))
    if not files:
        raise ConfigError(
            folder, _("there are no word lists"), _("name a folder with files such as spa.txt, one word per line")
        )
    for path in files:
        if path.stem != ALL and (code := iso_code(path.stem, str(path))) != path.stem:
            raise ConfigError(
                str(path),
                _("a word list has its language's ISO 639-3 code as its name"),
                _("name it {code}.txt", code=code),
            )
    return files


@lru_cache(maxsize=256)  # more lists than a folder has: they are read in order, so a smaller cache would never hit
def _load(path: Path, _stamp: int) -> WordSet:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(
            str(path),
            _("not UTF-8: {reason} at byte {start}", reason=error.reason, start=error.start),
            _("save it as UTF-8"),
        ) from None
    return WordSet.of(word[0] for word in map(_FIRST.match, lines) if word)


SCORE: Final = "score"


@dataclass(frozen=True)
class SignalResources:
    """The files that a recipe names for signals, by option; each is a path, or empty.

    Attributes:
        word_lists: a folder of word lists, `<code>.txt`, for `dictionary_word_rate`.
        quality_model: a model that `quality train` wrote, for `learned_quality`.
        scores: a Parquet file with `doc_id` and `score`, for `outside_score`.
        flagged_words: a folder of word lists, `<code>.txt` or `all.txt`, for `flagged_word_share`.
    """

    word_lists: str = ""
    quality_model: str = ""
    scores: str = ""
    flagged_words: str = ""

    def check(self, policies: Policies) -> None:
        """Raise if a bounded signal needs a file that isn't named, since every document would pass its bound.

        Raises:
            ConfigError: a needed file isn't named; the message names the bound's file and line.
        """
        for signal in SIGNALS:
            if signal.needs and signal.name in policies.bounded_signals and not getattr(self, signal.needs):
                problem = _("«{signal}» has a bound, but nothing measures it", signal=signal.name)
                remedy = _("set the stage's option «{option}», or delete the bound", option=signal.needs)
                raise ConfigError(policies.place_of(signal.name), problem, remedy)

    def digests(self) -> list[str]:
        """Return the digests of the files.

        Raises:
            ConfigError: a file is missing or invalid.
        """
        parts = [word_lists_digest(self.word_lists)] if self.word_lists else []
        if self.quality_model:
            parts.append(f"model {model_digest(self.quality_model)}")
        if self.scores:
            _cached_scores(self.scores)
            parts.append(f"scores {digest_of(Path(self.scores))[:16]}")
        if self.flagged_words:
            parts.append(f"flagged {word_lists_digest(self.flagged_words)}")
        return parts

    def values(self, batch: Batch, languages: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the signals of each document, by name, each float32[n].

        Args:
            batch: n documents.
            languages: n codes, which select the lists of flagged words.
        """
        columns = {}
        if self.quality_model:
            columns["learned_quality"] = cached_model(self.quality_model)(batch.words)
        if self.scores:
            all_scores = _cached_scores(self.scores)
            scores = batch.frame.select("doc_id").join(all_scores, on="doc_id", how="left", maintain_order="left")[
                SCORE
            ]
            columns["outside_score"] = scores.fill_null(float("nan")).to_numpy().astype(np.float32)
        if self.flagged_words:
            lists = cached_word_lists(self.flagged_words)
            serving = {code: holder(code, lists) or ALL for code in set(languages)}
            list_codes = [serving[code] for code in languages]
            columns["flagged_word_share"] = listed_share(batch.words, lists, list_codes, batch.words.word_count)
        return columns


def _cached_scores(path: str) -> pl.DataFrame:
    file = Path(path)
    return _scores(path, file.stat().st_mtime_ns if file.is_file() else 0)


@lru_cache(maxsize=2)
def _scores(path: str, _stamp: int) -> pl.DataFrame:
    """Return the scores by document.

    Raises:
        ConfigError: the file doesn't exist or has other columns, or a document has two scores.
    """
    try:
        frame = pl.read_parquet(path, glob=False, columns=["doc_id", SCORE])
        scores = frame.select(pl.col("doc_id").cast(pl.String), pl.col(SCORE).cast(pl.Float32))
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        remedy = _("name a Parquet file with the columns doc_id and {score}, a number", score=SCORE)
        raise ConfigError(path, _("it isn't a file of scores: {reason}", reason=reason), remedy) from None
    repeated = scores.filter(pl.col("doc_id").is_duplicated())
    if repeated.height:
        raise ConfigError(
            path,
            _("the document {doc_id} has more than one score", doc_id=repeated["doc_id"][0]),
            _("keep one score per document"),
        )
    return scores
