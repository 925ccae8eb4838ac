"""The stage `redact`: replace personal identifiers by their kinds, `[EMAIL]`, `[PHONE]`, `[RUT]`.

The policies in `filters/privacy/` decide by genre and country which kinds are replaced, and next to which words. Only
counts of the identifiers are stored. Names aren't recognised automatically, since authors and characters are part of
the text. Names of third persons are replaced if a contributor provides a list of them. Names of speakers in interviews
are replaced by codes if the genre's policy requires it.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import _
from latam_corpus.privacy.find import Hints, find, names_pattern, replaced
from latam_corpus.privacy.kinds import KINDS
from latam_corpus.privacy.metadata import MetadataRedaction, rows_to_read
from latam_corpus.privacy.privacy_policy import INTERVIEW, UNSTATED, known_country, privacy_policies
from latam_corpus.privacy.speakers import coded, coded_names, coded_title, headings_of, is_interview, read_key
from latam_corpus.schema.extra_columns import EXTRA
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    from latam_corpus.batch import Batch
    from latam_corpus.catalog.source import Source
    from latam_corpus.privacy.privacy_policy import Words

# A quick search of a column: all identifiers except spoken addresses and listed names have a digit or an @.
_ANY: Final = r"[@\uff20\ufe6b\d]"
_SPOKEN_AT: Final = r"(?i:\sarroba\s+[\w-]+\s*(?:\.|punto|ponto|dot|[\[({]))|[\[({<]\s*(?i:at?|arroba)\s*[\])}>]|\sAT\s"
_KEYS: Final = r"[0-9a-fA-F]{8}[\p{Pd}\x{2212}]\s*[0-9a-fA-F]{4}[\p{Pd}\x{2212}]"
_STREETS: Final = (
    r"(?i:calle|av\w*\.|av\s|aven|avda|rua\s|r\.\s|carrera|cra|kra|cl\.|diag|transv|pasaje|pje|psje|jir[oó]n|alameda"
    r"|calzada|bou?lev|blvd|bulev|travessa|pra[çc]a|plaza|camino|prolongaci|estrada|ladeira|largo|privada|cerrada|c/)"
)


def redact(
    text: str,
    genre: str | None = UNSTATED,
    country: str | None = None,
    policies: str = "",
    names: re.Pattern[str] | None = None,
) -> tuple[str, dict[str, int]]:
    """Replace the identifiers in a text; return the text, and the number of identifiers of each kind.

    Args:
        text: any.
        genre: the genre that selects the policy, by key or display name; `UNSTATED` if None.
        country: the country whose telephone numbers and documents have precedence, by two-letter code or name.
        policies: a `filters/` folder; the shipped one if empty.
        names: the pattern of third persons' names (`names_pattern`).

    Raises:
        ConfigError: the genre or the country is unknown.

    >>> redact("Escríbale a rosa@ejemplo.org o al +56 9 8765 4321.")
    ('Escríbale a [EMAIL] o al [PHONE].', {'email': 1, 'phone': 1})
    >>> redact("Nació en 1987, en la casa 12-45; su cédula es 1.023.456.789.", country="CO")
    ('Nació en 1987, en la casa 12-45; su cédula es [CEDULA].', {'cedula': 1})
    """
    loaded = privacy_policies(policies)
    return _redacted(text, loaded.modes(genre, country), loaded.words, known_country(country), names)


def _redacted(
    text: str,
    modes: Mapping[str, str],
    words: Words,
    country: str | None,
    names: re.Pattern[str] | None,
    hints: Hints = Hints(),  # noqa: B008  (it is a value)
) -> tuple[str, dict[str, int]]:
    spans = find(text, modes, words, country, names, hints)
    if not spans:
        return text, {}
    written, kinds = replaced(text, spans)
    counts = Counter(kinds)
    return written, {kind: counts[kind] for kind in KINDS if counts[kind]}


@dataclass(frozen=True)
class Redact(Stage):
    """The stage that replaces personal identifiers.

    Attributes:
        policies: a `filters/` folder; the shipped one if empty.
        names: pairs of a source id and its file of third persons' names, one per line.
        speakers: pairs of a source id and its key of speakers.
    """

    policies: str = ""
    names: tuple[tuple[str, str], ...] = ()
    speakers: tuple[tuple[str, str], ...] = ()

    # `fingerprint` covers the content of these files, so their paths don't matter.
    by_content: ClassVar[tuple[str, ...]] = ("policies", "names", "speakers")
    libraries: ClassVar[tuple[str, ...]] = ("phonenumbers",)
    name: ClassVar[str] = "redact"
    version: ClassVar[int] = 3
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text", "redactions"})
    rewrites: ClassVar[frozenset[str]] = frozenset(schema.FREE_FIELDS)

    def fingerprint(self) -> str:
        """Return a digest of the policies, the words, the lists of names and the keys of speakers."""
        lists = [(source, _digest(path)) for source, path in (*self.names, *self.speakers)]
        return hashlib.sha256(repr((privacy_policies(self.policies).digest, lists)).encode()).hexdigest()

    def for_sources(self, sources: Sequence[Source]) -> Redact:
        """Return the stage with the lists of names and the keys of speakers of these sources."""
        names_files = tuple(sorted((source.id, str(source.names_file)) for source in sources if source.names_file))
        keys = tuple(sorted((source.id, str(source.speakers_file)) for source in sources if source.speakers_file))
        for source in sources:
            names_of(source)
        for _source, path in keys:
            _key(path)
        return replace(self, names=names_files, speakers=keys) if names_files or keys else self

    def __call__(self, batch: Batch) -> Batch:
        """Redact text and metadata, and write the counts of identifiers to `redactions` (null for none).

        Metadata are the columns that people write (`schema.FREE_FIELDS`).
        """
        batch, coded_rows = self._with_codes(batch)
        rows = range(len(batch))
        columns: dict[str, pl.Series] = {}
        counts: dict[int, Counter[str]] = {}
        for name in ("text", "title"):
            if name not in batch.frame.columns:
                continue
            redacted = self._redacted_rows(batch.frame, name)
            for row, (_written, row_counts) in redacted.items():
                counts.setdefault(row, Counter()).update(row_counts)
            if redacted:
                columns[name] = batch.frame[name].scatter(list(redacted), [written for written, _ in redacted.values()])
        for name in schema.FREE_FIELDS:
            if name in batch.frame.columns and name != "title":
                series, kinds_of = self._redacted_metadata(batch.frame, name)
                columns |= {name: series} if kinds_of else {}
                for row, kinds in kinds_of.items():
                    counts.setdefault(row, Counter()).update(kinds)
        counts_of = {
            row: [{"key": kind, "value": n} for kind, n in sorted(row_counts.items())]
            for row, row_counts in counts.items()
        }
        evidence = {
            row: json.dumps(
                {kind: counts[row][kind] for kind in KINDS if row in counts and counts[row][kind]}
                | ({"speakers": coded_rows[row]} if row in coded_rows else {})
            )
            for row in {*counts, *coded_rows}
        }
        dtype = schema.DOCUMENT_SCHEMA["redactions"]
        columns["redactions"] = pl.Series([counts_of.get(row) for row in rows], dtype=dtype)
        columns["evidence"] = pl.Series([evidence.get(row) for row in rows], dtype=pl.String)
        # Set explicitly, since only a row's title may have changed.
        columns["verdict"] = pl.Series(["changed" if row in evidence else None for row in rows], dtype=pl.String)
        return batch.with_columns(columns)

    def _redacted_rows(self, frame: pl.DataFrame, name: str) -> dict[int, tuple[str, dict[str, int]]]:
        """Return the rows of a column that have identifiers: the redacted text, and the counts by kind."""
        texts = _composed(frame[name].cast(pl.String))
        patterns: dict[str | None, re.Pattern[str] | None] = {
            source: _names(path, _digest(path)) for source, path in self.names
        }
        spoken_at, keys, streets = (texts.str.contains(pattern) for pattern in (_SPOKEN_AT, _KEYS, _STREETS))
        genres, countries, sources = (_column(frame, column) for column in ("genre", "country", "source_id"))
        has_list = texts.is_not_null() & pl.Series([source in patterns for source in sources], dtype=pl.Boolean)
        may_contain = texts.str.contains(_ANY) | spoken_at | has_list
        loaded = privacy_policies(self.policies)
        # Checked for all rows: an unknown genre or country is an error even if a text has no identifier.
        pairs = set(zip(genres, countries, strict=True))
        settings = {pair: (known_country(pair[1]), loaded.modes(*pair)) for pair in pairs}
        interviews = _interviews(frame)
        redacted: dict[int, tuple[str, dict[str, int]]] = {}
        for row in may_contain.arg_true().to_list():
            names = patterns.get(sources[row])
            hints = Hints(spoken_at[row], keys[row], streets[row])
            country, modes = settings[genres[row], countries[row]]
            if row in interviews:
                modes = loaded.stricter_modes(genres[row], INTERVIEW, countries[row])
            text, counts = _redacted(texts[row], modes, loaded.words, country, names, hints)
            if counts:
                redacted[row] = text, counts
        return redacted

    def _redacted_metadata(self, frame: pl.DataFrame, name: str) -> tuple[pl.Series, dict[int, list[str]]]:
        """Return a metadata column with its identifiers replaced, and their kinds by row."""
        values, fields = frame[name], schema.FREE_FIELDS[name]
        rows = rows_to_read(values, fields)
        patterns: dict[str | None, re.Pattern[str] | None] = {}
        sources = _column(frame, "source_id")
        if name == EXTRA:  # a description may name third persons; in other columns, names are the attribution
            patterns = {source: _names(path, _digest(path)) for source, path in self.names}
            rows_with_names = (row for row in values.is_not_null().arg_true().to_list() if sources[row] in patterns)
            rows = sorted({*rows, *rows_with_names})
        if not rows:
            return values, {}
        loaded = privacy_policies(self.policies)
        genres, countries = (_column(frame, column) for column in ("genre", "country"))
        modes_of = {
            pair: loaded.stricter_modes(pair[0], UNSTATED, pair[1])
            for pair in {(genres[row], countries[row]) for row in rows}
        }
        written = values.to_list()
        kinds: dict[int, list[str]] = {}
        for row in rows:
            modes = modes_of[genres[row], countries[row]]
            country, names = known_country(countries[row]), patterns.get(sources[row])
            redaction = MetadataRedaction(modes, loaded.words, country, names)
            value = redaction.value(written[row], name, fields)
            if redaction.kinds:
                written[row], kinds[row] = value, redaction.kinds
        return (pl.Series(name, written, dtype=values.dtype) if kinds else values), kinds

    def _with_codes(self, batch: Batch) -> tuple[Batch, dict[int, int]]:
        """Replace speakers by codes if the policy requires it; return the batch, and the number of speakers by row."""
        frame = batch.frame
        if "turns" not in frame.columns or frame["turns"].null_count() == frame.height:
            return batch, {}

        policies = privacy_policies(self.policies)
        keys: dict[str | None, dict[str, str]] = {source: _key(path) for source, path in self.speakers}
        texts, turns = frame["text"], frame["turns"]
        titles, contributors = _column(frame, "title"), _column(frame, "contributor")
        creators = frame["creators"].to_list() if "creators" in frame.columns else [None] * len(batch)
        extra = frame[EXTRA].to_list() if EXTRA in frame.columns else [None] * len(batch)
        genres, sources = _column(frame, "genre"), _column(frame, "source_id")
        coded_texts: dict[int, tuple[str, list[dict[str, Any]]]] = {}
        counts: dict[int, int] = {}
        for row in (texts.is_not_null() & turns.is_not_null()).arg_true().to_list():
            row_turns = turns[row].to_list()
            speakers = list(dict.fromkeys(turn["speaker"] for turn in row_turns if turn["speaker"]))
            if speakers and policies.codes_speakers(genres[row], interview=is_interview(row_turns)):
                key = keys.get(sources[row])
                headings = headings_of(texts[row], row_turns, key, titles[row])
                coded_texts[row], counts[row] = coded(texts[row], row_turns, key, headings), len(speakers)
                titles[row] = coded_title(titles[row], speakers, key, headings)
                if creators[row]:
                    creators[row] = coded_names(creators[row], speakers, key, headings)
                if contributor := contributors[row]:
                    contributors[row] = coded_names([contributor], speakers, key, headings)[0]
                for entry in extra[row] or ():
                    entry["value"] = coded_title(entry["value"], speakers, key, headings)
        if not coded_texts:
            return batch, {}
        coded_turns = [coded_texts[row][1] if row in coded_texts else turns[row] for row in range(len(batch))]
        columns = {
            "text": texts.scatter(list(coded_texts), [text for text, _ in coded_texts.values()]),
            "turns": pl.Series(coded_turns, dtype=turns.dtype),
        }
        if "title" in frame.columns:
            columns["title"] = pl.Series(titles, dtype=pl.String)
        if "creators" in frame.columns:
            columns["creators"] = pl.Series(creators, dtype=frame["creators"].dtype)
        if "contributor" in frame.columns:
            columns["contributor"] = pl.Series(contributors, dtype=frame["contributor"].dtype)
        if EXTRA in frame.columns:
            columns[EXTRA] = pl.Series(extra, dtype=frame[EXTRA].dtype)
        return batch.with_columns(columns), counts


def names_of(source: Source) -> re.Pattern[str] | None:
    """Return the pattern of the third persons' names listed by a source; None without a list.

    Raises:
        ConfigError: the list doesn't exist or is empty.
    """
    path = source.names_file
    return None if path is None else _names(str(path), _digest(str(path)))


def _composed(texts: pl.Series) -> pl.Series:
    """Return the texts in NFC, like the words of policies and the names of lists.

    Nearly all texts already are in NFC, and testing that is faster than normalising.
    """
    other_rows = [row for row, text in enumerate(texts) if text and not unicodedata.is_normalized("NFC", text)]
    if not other_rows:
        return texts
    return texts.scatter(other_rows, [unicodedata.normalize("NFC", texts[row]) for row in other_rows])


def _column(frame: pl.DataFrame, name: str) -> list[str | None]:
    return frame[name].cast(pl.String).to_list() if name in frame.columns else [None] * frame.height


def _interviews(frame: pl.DataFrame) -> set[int]:
    """Return the rows that are interviews; the policy of interviews applies to them in every genre."""
    if "turns" not in frame.columns or frame["turns"].null_count() == frame.height:
        return set()

    turns = frame["turns"]
    return {row for row in turns.is_not_null().arg_true().to_list() if is_interview(turns[row].to_list())}


def _key(path: str) -> dict[str, str]:
    """Return the codes of a key of speakers, by name; see `read_key`."""
    return read_key(path, _digest(path))


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        remedy = _("check third_persons in the source's [consent]")
        raise ConfigError(
            path, _("the list of names can't be read: {reason}", reason=cause_of(error)), remedy
        ) from None


@lru_cache(maxsize=64)
def _names(path: str, _digest: str) -> re.Pattern[str] | None:
    """Return the pattern of a file of names, which has one name per line and comments after #.

    Raises:
        ConfigError: the file isn't UTF-8 text, or has no names.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise ConfigError(
            path, _("the list of names isn't UTF-8"), _("save it as UTF-8 text, with one name per line")
        ) from None
    pattern = names_pattern(line.partition("#")[0] for line in lines)
    if pattern is None:
        raise ConfigError(
            path, _("the list of names is empty"), _("write one name per line, or leave third_persons out")
        )
    return pattern
