"""The stage `measure`: the signals of every document, including documents that are dropped later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.codes import holder
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.policies.policy import cached_policies
from latam_corpus.quality.signal_resources import SignalResources, cached_word_lists
from latam_corpus.signals import ALWAYS, SIGNALS, refuse_taken_names, signal_names
from latam_corpus.signals.of_lines import SIGNALS as OF_LINES
from latam_corpus.signals.plugged import plugged, plugged_digest, plugged_signals
from latam_corpus.signals.reading import Lexicon, Reading
from latam_corpus.stages import Stage
from latam_corpus.text.turns.speaker_labels import without_labels

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.batch import Batch
    from latam_corpus.policies.policy import Policies

ALL: Final = "all"
# Genres in which many texts have labels but no turns: records of a complete interview, and plays, whose verses aren't
# changed.
_WITH_SPEAKERS: Final = ("oral_history", "literature")


@dataclass(frozen=True)
class Measure(Stage):
    """The stage that measures cheap signals, those that any policy bounds, and those that are asked for.

    A signal that isn't measured is null.

    Attributes:
        policies: a `filters/` folder with the stop words to use; the shipped one if empty.
        signals: names of signals to measure too; `all` for every one.
        word_lists: a folder of word lists, `<code>.txt`, for `dictionary_word_rate`.
        quality_model: a model that `quality train` wrote, for `learned_quality`.
        scores: a Parquet file with `doc_id` and `score`, for `outside_score`.
        flagged_words: a folder of word lists, `<code>.txt` or `all.txt`, for `flagged_word_share`.

    Raises:
        ConfigError: a signal is unknown, or a bound needs a file that isn't named.
    """

    policies: str = ""
    signals: tuple[str, ...] = ()
    word_lists: str = ""
    quality_model: str = ""
    scores: str = ""
    flagged_words: str = ""

    # `fingerprint` identifies files and folders by their content, not by their paths.
    by_content: ClassVar[tuple[str, ...]] = ("policies", "word_lists", "quality_model", "scores", "flagged_words")
    name: ClassVar[str] = "measure"
    version: ClassVar[int] = 3
    needs: ClassVar[frozenset[str]] = frozenset({"text", "language"})
    gives: ClassVar[frozenset[str]] = frozenset({"signals"})

    def __post_init__(self) -> None:
        refuse_taken_names()
        allowed_names = {*signal_names(), ALL}
        for signal in self.signals:
            if signal not in allowed_names:
                raise ConfigError(
                    _("option «signals»"), _("unknown signal «{signal}»", signal=signal), closest(signal, allowed_names)
                )
        if self.policies:  # no shipped policy bounds a signal that needs a file
            self.resources.check(cached_policies(self.policies))

    @property
    def policy_folder(self) -> Path:
        """The folder of policies with the stop words to use."""
        return cached_policies(self.policies).folder

    @property
    def resources(self) -> SignalResources:
        """The files for signals that need one."""
        return SignalResources(self.word_lists, self.quality_model, self.scores, self.flagged_words)

    def fingerprint(self) -> str:
        """Return a digest of the languages' lists and the signals to measure; it doesn't depend on bounds."""
        policies = cached_policies(self.policies)
        on_demand = sorted(self._names(policies) - ALWAYS)
        plug_ins = [plugged_digest(name) for name in on_demand if name in plugged_signals()]
        return " ".join([policies.lexicon_digest(), *on_demand, *plug_ins, *self.resources.digests()])

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with the struct `signals`."""
        policies = cached_policies(self.policies)
        codes = {code: policies.language(code).language for code in batch.frame["language"].unique().drop_nulls()}
        languages = [codes.get(code, "und") for code in batch.frame["language"]]
        lists = cached_word_lists(self.word_lists)
        lexicon = Lexicon(
            languages,
            policies.stop_table,
            policies.background,
            {code: file.alphabet for code, file in policies.languages.items() if file.alphabet},
            {code: lists[held_by] for code in set(languages) if (held_by := holder(code, lists))},
        )
        spoken_batch = _without_speaker_labels(batch)
        reading, names = Reading(spoken_batch.words, lexicon), self._names(policies)
        values = measure_signals(reading, names)
        if spoken_batch is not batch:  # labels don't count as words, but they belong to the layout of lines
            values |= measure_signals(
                Reading(batch.words, lexicon), names.intersection(signal.name for signal in OF_LINES)
            )
        values |= self.resources.values(spoken_batch, languages)
        nothing = pl.repeat(None, len(batch), dtype=pl.Float32, eager=True)
        columns = {name: values.get(name, nothing) for name in signal_names()}
        return batch.with_columns({"signals": pl.DataFrame(columns).to_struct("signals").cast(schema.SIGNAL_STRUCT)})

    def _names(self, policies: Policies) -> frozenset[str]:
        if ALL in self.signals:
            return frozenset(signal_names())
        # Signals that need a file are measured in `signal_resources`.
        return ALWAYS | policies.bounded_signals | frozenset(self.signals)


def _without_speaker_labels(batch: Batch) -> Batch:
    """Return the batch without the labels of speakers; the same batch if it has none."""
    frame = batch.frame
    turns = frame["turns"] if "turns" in frame.columns else None
    spoken = frame["genre"].is_in(_WITH_SPEAKERS) if "genre" in frame.columns else pl.Series([False] * len(batch))
    texts = without_labels(frame["text"], turns, spoken.fill_null(value=False))
    if texts is None:
        return batch
    batch.words  # noqa: B018  (computed now, so that only the texts with labels are scanned again)
    return batch.with_columns({"text": texts})


def measure_signals(reading: Reading, names: Collection[str] = ALWAYS) -> dict[str, NDArray[np.float32]]:
    """Return signals of every document by name, each float32[n], in the order of the schema.

    Raises:
        ConfigError: a plug-in's signal isn't one number per document.

    >>> sorted(measure_signals(Reading.of(["Buenos días."])))[:2]
    ['alphabetic_word_share', 'closing_punctuation_share']
    """
    own = {signal.name: signal(reading) for signal in SIGNALS if signal.name in names}
    return own | {name: measure_plugged(name, reading) for name in plugged_signals() if name in names}


def measure_plugged(name: str, reading: Reading) -> NDArray[np.float32]:
    """Return a plug-in's signal of every document, float32[n].

    Raises:
        ConfigError: it isn't one number per document.
    """
    values = np.asarray(plugged(name)(reading))
    if values.shape != (len(reading),) or values.dtype.kind not in "biuf":
        problem = _(
            "it returned {dtype}{names} for {n} {n:document|documents}",
            dtype=values.dtype,
            names=list(values.shape),
            n=len(reading),
        )
        raise ConfigError(
            _("signal «{name}»", name=name), problem, _("return one number per document, as a NumPy array")
        )
    return values.astype(np.float32)
