"""The stage `measure`: signals of every document, kept of dropped ones too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import polars as pl

from latam_corpus import schema, vocabulary
from latam_corpus.codes import holder
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.policies.policy import cached_policies
from latam_corpus.quality.signal_resources import SignalResources, cached_word_lists
from latam_corpus.quality.signals import ALWAYS, Lexicon, Reading
from latam_corpus.quality.signals import measure as measured
from latam_corpus.quality.signals.of_lines import SIGNALS as OF_LINES
from latam_corpus.quality.signals.plugged import measure_plugged, plugged_digest, refuse_taken_names
from latam_corpus.stages import Stage
from latam_corpus.text.turns.speaker_labels import without_labels

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.batch import Batch
    from latam_corpus.policies.policy import Policies

ALL: Final = "all"
# Of which many texts come without turns: records with the whole of a talk, and plays, whose verses stay as they are.
_WITH_SPEAKERS: Final = ("oral_history", "literature")


@dataclass(frozen=True)
class Measure(Stage):
    """The stage that measures what comes with the word table, what any policy bounds, and what is asked for.

    A signal that isn't measured is null.

    Attributes:
        policies: a `filters/` folder whose stop words to use; the shipped one when empty.
        signals: names of signals that are measured too; `all` for every one.
        word_lists: a folder of word lists, `<code>.txt`, for `dictionary_word_rate`.
        quality_model: a file of `quality train`, for `learned_quality`.
        scores: a Parquet file with `doc_id` and `score`, for `outside_score`.
        flagged_words: a folder of word lists, `<code>.txt` or `all.txt`, for `flagged_word_share`.

    Raises:
        ConfigError: a signal that nobody knows, or a bound on one that needs a file which isn't named.
    """

    policies: str = ""
    signals: tuple[str, ...] = ()
    word_lists: str = ""
    quality_model: str = ""
    scores: str = ""
    flagged_words: str = ""

    # A folder is what its files say (`fingerprint`), wherever it is.
    by_content: ClassVar[tuple[str, ...]] = ("policies", "word_lists", "quality_model", "scores", "flagged_words")
    name: ClassVar[str] = "measure"
    version: ClassVar[int] = 2
    needs: ClassVar[frozenset[str]] = frozenset({"text", "language"})
    gives: ClassVar[frozenset[str]] = frozenset({"signals"})

    def __post_init__(self) -> None:
        refuse_taken_names()
        known = {*vocabulary.signal_names(), ALL}
        for signal in self.signals:
            if signal not in known:
                raise ConfigError(
                    _("option «signals»"), _("unknown signal «{signal}»", signal=signal), closest(signal, known)
                )
        if self.policies:  # no shipped policy bounds what needs a file
            self.resources.check(cached_policies(self.policies))

    @property
    def policy_folder(self) -> Path:
        """The folder of policies whose stop words it uses."""
        return cached_policies(self.policies).folder

    @property
    def resources(self) -> SignalResources:
        """The files that some signals need."""
        return SignalResources(self.word_lists, self.quality_model, self.scores, self.flagged_words)

    def fingerprint(self) -> str:
        """Digest what is known of the languages and what must be measured; a bound that moves changes nothing."""
        policies = cached_policies(self.policies)
        on_demand = sorted(self._names(policies) - ALWAYS)
        plug_ins = [plugged_digest(name) for name in on_demand if name in vocabulary.plugged_signals()]
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
        said = _said(batch)
        reading, names = Reading(said.words, lexicon), self._names(policies)
        values = measured(reading, names)
        if said is not batch:  # labels are no words, and yet they are part of how lines are laid out
            values |= measured(Reading(batch.words, lexicon), names.intersection(one.name for one in OF_LINES))
        values |= {name: measure_plugged(name, reading) for name in vocabulary.plugged_signals() if name in names}
        values |= self.resources.values(said, languages)
        nothing = pl.repeat(None, len(batch), dtype=pl.Float32, eager=True)
        columns = {name: values.get(name, nothing) for name in vocabulary.signal_names()}
        return batch.with_columns({"signals": pl.DataFrame(columns).to_struct("signals").cast(schema.SIGNAL_STRUCT)})

    def _names(self, policies: Policies) -> frozenset[str]:
        if ALL in self.signals:
            return frozenset(vocabulary.signal_names())
        # What a file gives is measured in `signal_resources`.
        return ALWAYS | policies.bounded_signals | frozenset(self.signals)


def _said(batch: Batch) -> Batch:
    """Return the batch with what was said, without the labels of who says it; the batch itself where none has any."""
    frame = batch.frame
    turns = frame["turns"] if "turns" in frame.columns else None
    spoken = frame["genre"].is_in(_WITH_SPEAKERS) if "genre" in frame.columns else pl.Series([False] * len(batch))
    texts = without_labels(frame["text"], turns, spoken.fill_null(value=False))
    if texts is None:
        return batch
    batch.words  # noqa: B018  (made before, so that only the texts with labels are scanned again)
    return batch.with_columns({"text": texts})
