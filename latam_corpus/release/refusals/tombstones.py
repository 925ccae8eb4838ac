"""The documents that a store's withdrawals keep out: by their ids, sources, people, addresses and texts.

Texts are compared in `withdrawn_texts.py`, names and addresses in `withdrawn_names.py`.
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

    from latam_corpus.release.storing.withdrawal_log import By, Entry, Selection

# Most names hold no identifier, and to look for one takes longer than all else.
_MAY_BE_REDACTED: Final = re.compile(r"[\d@\uff20\ufe6b]|arroba", re.IGNORECASE)
READS: Final = ("doc_id", "parent_id", "source_id", "creators", "contributor", "url", "text_hash")


def settled(by: By, value: str) -> str:
    """Return what was named, in the form in which it is compared and hashed.

    Raises:
        ConfigError: nothing is named, or a pattern of addresses that names no site.

    >>> settled("creator", " García Márquez,  Gabriel"), settled("url", "HTTP://Sitio.example/a/*")
    ('gabriel garcia marquez', 'http://sitio.example/a/*')
    """
    if not value.strip():
        raise ConfigError(f"--{by}", _("nothing is named"), _("say what is withdrawn"))
    if by == "creator":
        return person_key(redacted_name(value))
    if by != "url":
        return value.strip()
    pattern = re.match(r"(https?://[^/*]+)(.*)", value.strip(), re.DOTALL | re.IGNORECASE)
    if not pattern:
        raise ConfigError(
            "--url", _("«{value}» names no site", value=value), _("write it as https://site.example/folder/*")
        )
    # As releases have addresses: the log has no identifier of a person either.
    return redacted_address(canonical_url(value) if "*" not in value else pattern[1].lower() + pattern[2])[0]


@dataclass(frozen=True)
class Tombstones:
    """What a store's withdrawals keep out of every version that is built.

    Attributes:
        log: the store's.
        erasing: whether what is only held is let be, which may come back.
    """

    log: WithdrawalLog
    erasing: bool = False

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.log.withdrawals if entry.erases or not self.erasing)

    @cached_property
    def _ids(self) -> pl.DataFrame:
        copies = [
            self.log.table(entry, "kept_out").select("doc_id", pl.lit(entry.number, pl.UInt32).alias("number"))
            for entry in self._entries
        ]
        every = pl.concat([self.log.documents_of(self._entries), *copies])
        return every.unique("doc_id", keep="first", maintain_order=True)

    @cached_property
    def _spared(self) -> pl.Series:
        frames = [self.log.table(entry, "spared")["doc_id"] for entry in self._entries]
        return pl.concat([pl.Series("doc_id", [], pl.String), *frames])

    @cached_property
    def texts(self) -> WithdrawnTexts:
        """The texts that stay out."""
        frames = [pl.DataFrame(schema={**TEXTS_BY, "number": pl.UInt32})]
        for entry in self._entries:
            number = pl.lit(entry.number, pl.UInt32).alias("number")
            frames.append(self.log.table(entry, "texts").with_columns(number))
        return WithdrawnTexts(pl.concat(frames))

    @cached_property
    def _texts_named(self) -> WithdrawnTexts:
        """The texts that stay out whatever source they are from."""
        return WithdrawnTexts(self.texts.table.filter(pl.col("by") != "doc"))

    def listed(self, frame: pl.DataFrame) -> pl.Series:
        """For each row the number of the entry that lists it, or what it was cut from; else null.

        Args:
            frame: `doc_id`, `parent_id`.
        """
        numbers = [pl.lit(None, pl.UInt32)]
        for name in ("doc_id", "parent_id"):
            rows = frame.select(name).join(
                self._ids, left_on=name, right_on="doc_id", how="left", maintain_order="left"
            )
            numbers.append(pl.lit(rows["number"]))
        return frame.select(pl.coalesce(numbers).alias("number")).to_series()

    def about(self, frame: pl.DataFrame) -> pl.Series:
        """For each row the number of the entry that keeps it out by its ids, source, people or address; else null.

        Args:
            frame: with READS.
        """
        numbers = self.listed(frame)
        for entry in self._entries:
            for selection in entry.selections:
                if selection.by in ("source", "creator", "url"):
                    mine = pl.Series("number", np.where(named_by(frame, selection), entry.number, 0), pl.UInt32)
                    numbers = numbers.zip_with(numbers.is_not_null(), mine.replace(0, None))
        return numbers

    def matching_texts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows that say what was withdrawn, see `WithdrawnTexts.known`.

        Args:
            frame: `doc_id`, `text`, `text_hash`.
        """
        if not self.texts.table.height:
            return pl.DataFrame(schema={"row": pl.UInt32, "number": pl.UInt32, "share": pl.Float64})
        matches = self.texts.known(frame["text"], frame["text_hash"])
        spared = frame["doc_id"].is_in(self._spared.implode()).to_numpy()
        of_spared = pl.Series(spared[matches["row"].to_numpy()], dtype=pl.Boolean)
        if not of_spared.any():
            return matches
        # A copy is spared if a document was named by its id, and not if its words or their author were named.
        words = self._texts_named.known(frame["text"], frame["text_hash"])
        words = words.filter(pl.Series(spared[words["row"].to_numpy()], dtype=pl.Boolean))
        return pl.concat([matches.filter(~of_spared), words])


def named_by(frame: pl.DataFrame, selection: Selection) -> NDArray[np.bool_]:
    """Return which rows are of the source, by the person or at an address that is withdrawn, bool[n].

    Args:
        frame: `source_id`, `creators`, `contributor`, `url`.
        selection: by source, creator or url.
    """
    if selection.by == "source":
        return _hashed(frame["source_id"], "source", selection.asked).to_numpy()
    if selection.by == "url":
        return matching(frame["url"], selection.asked).to_numpy()
    people = frame.select(
        pl.int_range(pl.len()).alias("row"),
        pl.concat_list(pl.col("creators").fill_null([]), pl.col("contributor")).alias("name"),
    ).explode("name")
    named = people.filter(_hashed(people["name"], "creator", selection.asked))["row"]
    mask = np.zeros(frame.height, np.bool_)
    mask[named.to_numpy()] = True
    return mask


def _hashed(values: pl.Series, by: By, asked: str) -> pl.Series:
    """Return which of these are the source or name the person with a hash; each distinct value is hashed once."""

    def is_asked(value: str) -> bool:
        if by != "creator":
            return asked_hash(by, value.strip()) == asked
        # A release has `Ana Paz <[EMAIL]>` where the catalogue, and older entries of the log, have her address.
        keys = person_keys(value)
        if _MAY_BE_REDACTED.search(value):
            keys |= person_keys(redacted_name(value))
        return any(asked_hash(by, key) == asked for key in keys)

    return values.is_in(list(filter(is_asked, values.unique().drop_nulls().to_list()))).fill_null(value=False)


def matching(urls: pl.Series, pattern: str) -> pl.Series:
    """Return which addresses a pattern names, in which `*` stands for any characters; see `address_key`.

    >>> matching(pl.Series(["http://www.a.example/x?y", None, "https://b.example/"]), "https://a.example/*").to_list()
    [True, False, False]
    """
    # Releases and newer entries of the log have redacted addresses, runs before `redact` and older entries don't. What
    # matches a pattern without a mark when it is redacted matches it as it is: to redact costs six times as much.
    key = address_key(redacted_address(pattern)[0])
    expression = "(?s)^" + ".*".join(re.escape(piece) for piece in key.split("*")) + "$"
    urls = urls.cast(pl.String)
    # Each address is parsed once; those on other hosts are not.
    host = key.partition("/")[0].partition("*")[0].partition("?")[0]
    may_match = urls.str.to_lowercase().str.contains(host, literal=True) | urls.str.contains(r"[^\x00-\x7f]|%")
    candidates = urls.filter(may_match.fill_null(value=False)).unique()
    as_released = [redacted_address(one)[0] if "[" in key else one for one in candidates]
    keys = pl.Series(map(address_key, as_released), dtype=pl.String)
    return urls.is_in(candidates.filter(keys.str.contains(expression)).implode()).fill_null(value=False)
