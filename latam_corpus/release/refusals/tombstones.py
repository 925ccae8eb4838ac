"""Find documents that a store's withdrawals keep out, by id, source, person, address or text.

`withdrawn_texts.py` compares texts; `withdrawn_names.py` compares names and addresses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.privacy.metadata import redacted_address, redacted_name
from latam_corpus.release.refusals.withdrawn_names import address_key, person_key, person_keys
from latam_corpus.release.refusals.withdrawn_texts import WithdrawnTexts
from latam_corpus.release.storing.withdrawal_log import TEXTS_BY, WithdrawalLog, asked_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.release.storing.withdrawal_log import By, LogEntry, LogSelection

# Most names contain no identifier, and the search for one is the slowest step.
_MAY_BE_REDACTED: Final = re.compile(r"[\d@\uff20\ufe6b]|arroba", re.IGNORECASE)
READS: Final = ("doc_id", "parent_id", "source_id", "creators", "contributor", "url", "text_hash")


def settled(by: By, value: str) -> str:
    """Normalise the value of a withdrawal's option for comparison and hashing.

    Raises:
        ConfigError: the value is empty, or is an address without a site.

    >>> settled("creator", " García Márquez,  Gabriel"), settled("url", "HTTP://Sitio.example/a/*")
    ('gabriel garcia marquez', 'http://sitio.example/a/*')
    """
    if not value.strip():
        raise ConfigError(f"--{by}", _("nothing is named"), _("state which documents to withdraw"))
    if by == "creator":
        return person_key(redacted_name(value))
    if by != "url":
        return value.strip()
    pattern = re.match(r"(https?://[^/*]+)(.*)", value.strip(), re.DOTALL | re.IGNORECASE)
    if not pattern:
        raise ConfigError(
            "--url", _("«{value}» names no site", value=value), _("write it as https://site.example/folder/*")
        )
    # Redacted as in releases, so that the log contains no personal identifiers.
    return redacted_address(canonical_url(value) if "*" not in value else pattern[1].lower() + pattern[2])[0]


@dataclass(frozen=True)
class Tombstones:
    """The documents and texts that a store's withdrawals keep out of new versions.

    Attributes:
        erasing: whether to ignore entries that only hold documents, which may return.
    """

    log: WithdrawalLog
    erasing: bool = False

    @cached_property
    def _entries(self) -> tuple[LogEntry, ...]:
        return tuple(entry for entry in self.log.withdrawals if entry.erases or not self.erasing)

    @cached_property
    def _ids(self) -> pl.DataFrame:
        copies = [
            self.log.table(entry, "kept_out").select("doc_id", pl.lit(entry.number, pl.UInt32).alias("number"))
            for entry in self._entries
        ]
        all_ids = pl.concat([self.log.documents_of(self._entries), *copies])
        return all_ids.unique("doc_id", keep="first", maintain_order=True)

    @cached_property
    def _spared(self) -> pl.Series:
        frames = [self.log.table(entry, "spared")["doc_id"] for entry in self._entries]
        return pl.concat([pl.Series("doc_id", [], pl.String), *frames])

    @cached_property
    def texts(self) -> WithdrawnTexts:
        """The withdrawn texts."""
        frames = [pl.DataFrame(schema={**TEXTS_BY, "number": pl.UInt32})]
        for entry in self._entries:
            number = pl.lit(entry.number, pl.UInt32).alias("number")
            frames.append(self.log.table(entry, "texts").with_columns(number))
        return WithdrawnTexts(pl.concat(frames))

    @cached_property
    def _texts_by_words_or_author(self) -> WithdrawnTexts:
        """The texts that were withdrawn by their words or their author, not by a document's id."""
        return WithdrawnTexts(self.texts.table.filter(pl.col("by") != "doc"))

    def listed(self, frame: pl.DataFrame) -> pl.Series:
        """Return for each row the number of the entry that lists its `doc_id` or its `parent_id`, or null."""
        numbers = [pl.lit(None, pl.UInt32)]
        for name in ("doc_id", "parent_id"):
            rows = frame.select(name).join(
                self._ids, left_on=name, right_on="doc_id", how="left", maintain_order="left"
            )
            numbers.append(pl.lit(rows["number"]))
        return frame.select(pl.coalesce(numbers).alias("number")).to_series()

    def about(self, frame: pl.DataFrame) -> pl.Series:
        """Return for each row (READS) the number of the entry that names its id, source, people or address, or null."""
        numbers = self.listed(frame)
        for entry in self._entries:
            for selection in entry.selections:
                if selection.by in ("source", "creator", "url"):
                    matches = pl.Series("number", np.where(named_by(frame, selection), entry.number, 0), pl.UInt32)
                    numbers = numbers.zip_with(numbers.is_not_null(), matches.replace(0, None))
        return numbers

    def matching_texts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows whose `text` or `text_hash` copies a withdrawn text, see `WithdrawnTexts.copies`."""
        if not self.texts.table.height:
            return pl.DataFrame(schema={"row": pl.UInt32, "number": pl.UInt32, "share": pl.Float64})
        matches = self.texts.copies(frame["text"], frame["text_hash"])
        spared = frame["doc_id"].is_in(self._spared.implode()).to_numpy()
        of_spared = pl.Series(spared[matches["row"].to_numpy()], dtype=pl.Boolean)
        if not of_spared.any():
            return matches
        # A copy may be spared if a document was withdrawn by its id, but not if the text or its author was withdrawn.
        named_copies = self._texts_by_words_or_author.copies(frame["text"], frame["text_hash"])
        named_copies = named_copies.filter(pl.Series(spared[named_copies["row"].to_numpy()], dtype=pl.Boolean))
        return pl.concat([matches.filter(~of_spared), named_copies])


def named_by(frame: pl.DataFrame, selection: LogSelection) -> NDArray[np.bool_]:
    """Return a mask of the rows with the source, person or address of a selection, bool[n]."""
    if selection.by == "source":
        return _has_hash(frame["source_id"], "source", selection.asked).to_numpy()
    if selection.by == "url":
        return matching(frame["url"], selection.asked).to_numpy()
    people = frame.select(
        pl.int_range(pl.len()).alias("row"),
        pl.concat_list(pl.col("creators").fill_null([]), pl.col("contributor")).alias("name"),
    ).explode("name")
    matching_rows = people.filter(_has_hash(people["name"], "creator", selection.asked))["row"]
    mask = np.zeros(frame.height, np.bool_)
    mask[matching_rows.to_numpy()] = True
    return mask


def _has_hash(values: pl.Series, by: By, digest: str) -> pl.Series:
    """Return a mask of the sources or people with a hash; each distinct value is hashed once."""

    def matches(value: str) -> bool:
        if by != "creator":
            return asked_hash(by, value.strip()) == digest
        # A release has `Ana Paz <[EMAIL]>`; the catalogue and older entries of the log contain the address.
        keys = person_keys(value)
        if _MAY_BE_REDACTED.search(value):
            keys |= person_keys(redacted_name(value))
        return any(asked_hash(by, key) == digest for key in keys)

    return values.is_in(list(filter(matches, values.unique().drop_nulls().to_list()))).fill_null(value=False)


def matching(urls: pl.Series, pattern: str) -> pl.Series:
    """Return a mask of the addresses that match a pattern, in which `*` matches any characters; see `address_key`.

    >>> matching(pl.Series(["http://www.a.example/x?y", None, "https://b.example/"]), "https://a.example/*").to_list()
    [True, False, False]
    """
    # Releases and newer entries of the log have redacted addresses; runs before `redact` and older entries have not. A
    # pattern without a redaction mark matches unredacted addresses as they are, which is six times as fast as redacting
    # them first.
    key = address_key(redacted_address(pattern)[0])
    expression = "(?s)^" + ".*".join(re.escape(piece) for piece in key.split("*")) + "$"
    urls = urls.cast(pl.String)
    # Addresses on other hosts aren't parsed.
    host = key.partition("/")[0].partition("*")[0].partition("?")[0]
    may_match = urls.str.to_lowercase().str.contains(host, literal=True) | urls.str.contains(r"[^\x00-\x7f]|%")
    candidates = urls.filter(may_match.fill_null(value=False)).unique()
    as_released = [redacted_address(url)[0] if "[" in key else url for url in candidates]
    keys = pl.Series(map(address_key, as_released), dtype=pl.String)
    return urls.is_in(candidates.filter(keys.str.contains(expression)).implode()).fill_null(value=False)
