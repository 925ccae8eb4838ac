"""The stage `boilerplate`: cut lines that many documents of a source share (menus, notices, licences, headers).

A line is cut if it meets three conditions: many documents have it (`common_lines.py`); it is long or part of a run of
three (`line_keys.py`); it is near the start or end of the document, or in half of the source's documents. A refrain
that one document repeats, or a single «Amén.», «FIN» or «Capítulo I», is kept. A document that consists almost only of
such lines is left unchanged: it is a copy or a form, which `dedupe` and the filter judge, and cutting it from all
copies would lose the text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ragged
from latam_corpus.dedupe.lines.common_lines import COMMON, By, CommonLines
from latam_corpus.dedupe.lines.line_keys import RUN, SHORTEST, KeyLines, LineKeys
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.stages import Stage
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.batch import Batch

# A document repeats a common line at most this often, since a menu may be at both ends of a page; a more frequent line
# is a refrain or a speaker's label.
_TIMES: Final = 2
# Maximum uncut lines between two cut ones near an edge: title, date and author of a page; file, date and transcriber in
# the header of a transcript.
_GAP: Final = 3
_MOST_SHOWN: Final = 80  # characters of a cut line in the evidence
_FEWEST_DOCUMENTS: Final = 2  # minimum documents that share a line
# The largest share of a document's characters that is cut; if more would be cut, the document isn't changed.
_MOST_CUT: Final = 0.75


@dataclass(frozen=True)
class Boilerplate(Stage):
    """The stage that cuts lines that many documents of a source share.

    Attributes:
        documents: the minimum number of the source's documents that have a line; documents with equal lines count once.
        share: the minimum share of the source's documents that have it.
        by: "source", or "site" to count each host of a source's URLs separately, as for a crawl.
    """

    name: ClassVar[str] = "boilerplate"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text", COMMON})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})

    documents: int = 10
    share: float = 0.1
    by: By = "source"

    def __post_init__(self) -> None:
        if self.documents < _FEWEST_DOCUMENTS:
            raise ConfigError(
                _("option «{option}»", option="documents"),
                _("{value} is too small", value=self.documents),
                _("give at least {least}", least=_FEWEST_DOCUMENTS),
            )
        if not 0 <= self.share <= 1:
            raise ConfigError(
                _("option «{option}»", option="share"),
                _("{value} isn't a share", value=f"{self.share:g}"),
                _("give 0 to 1"),
            )

    def expand(self) -> tuple[Stage | CommonLines, ...]:
        """Return the stages that a plan runs: line keys, the barrier that counts them, and this stage."""
        return (KeyLines(), CommonLines(self.documents, self.share, self.by), self)

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch without the lines that are common in the sources of its documents."""
        if COMMON not in batch.frame.columns:  # no document of the batch has a common line
            return batch
        common = batch.frame[COMMON]
        rows = common.is_not_null().arg_true()
        if not len(rows):
            return batch
        texts, common_lines = batch.frame["text"][rows], common[rows]
        values, offsets = ragged(common_lines.list.eval(pl.element().struct.field("key")))
        documents, anywhere = (
            common_lines.explode().struct.field(name).to_numpy() for name in ("documents", "anywhere")
        )
        table = WordTable.of(texts)
        keys = LineKeys.of(table)
        changed: dict[int, str] = {}
        evidence: list[str | None] = [None] * len(batch)
        for number, (row, text) in enumerate(zip(rows.to_list(), texts.to_list(), strict=True)):
            key_range = slice(offsets[number], offsets[number + 1])
            line_range = slice(keys.starts[number], keys.starts[number + 1])
            signs = table.line_chars[keys.lines[line_range]]
            lines = DocumentLines.of(
                keys, line_range, CommonKeys(values[key_range], documents[key_range], anywhere[key_range]), signs
            )
            cut = lines_to_cut(lines)
            if not cut.any() or signs[cut].sum() > _MOST_CUT * signs.sum():
                continue
            places = keys.lines[line_range] - table.doc_lines[number]
            documents_at = dict(zip(places[cut].tolist(), lines.documents[cut].tolist(), strict=True))
            changed[row], evidence[row] = cut_lines(text, documents_at)
        if not changed:
            return batch
        new = batch.frame["text"].scatter(list(changed), list(changed.values()))
        return batch.with_columns({"text": new, "evidence": pl.Series("evidence", evidence, dtype=pl.String)})


@dataclass(frozen=True, eq=False)
class CommonKeys:
    """A document's sorted common keys, the number of documents with each, and whether half of the source has it."""

    keys: NDArray[np.uint64]
    documents: NDArray[np.uint32]
    anywhere: NDArray[np.bool_]

    def at(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the indices of common keys that the document doesn't repeat much, and their indices in `self.keys`."""
        positions = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        hit = (self.keys[positions] == keys) & (keys > 0)
        times = np.bincount(positions[hit], minlength=len(self.keys))
        lines_hit = np.flatnonzero(hit & (times[positions] <= _TIMES))
        return lines_hit, positions[lines_hit]


@dataclass(frozen=True, eq=False)
class DocumentLines:
    """A document's non-blank lines, with the facts that decide which are cut.

    Attributes:
        signs: characters of each line, without white space.
        documents: the number of documents with the line, by itself, in its run or at its position; 0 if too few.
        common: whether many documents have it by itself or in its run.
        placed: whether half of the source has it at its position.
        anywhere: whether it may also be cut in the middle of a text.
    """

    signs: NDArray[np.int32]
    documents: NDArray[np.int64]
    common: NDArray[np.bool_]
    placed: NDArray[np.bool_]
    anywhere: NDArray[np.bool_]

    @classmethod
    def of(cls, keys: LineKeys, line_range: slice, common_keys: CommonKeys, signs: NDArray[np.int32]) -> DocumentLines:
        """Return the lines of the document whose keys are in `line_range`."""
        documents = np.zeros(len(signs), np.int64)
        common, placed, anywhere = (np.zeros(len(signs), np.bool_) for _ in range(3))
        for keys_of_kind, length in ((keys.own, 1), (keys.runs, RUN)):
            hits, at = common_keys.at(keys_of_kind[line_range])
            for step in range(length):
                common[hits + step] = True
                anywhere[hits + step] |= common_keys.anywhere[at]
                documents[hits + step] = np.maximum(documents[hits + step], common_keys.documents[at])
        _, line, times = np.unique(keys.hashes[line_range], return_inverse=True, return_counts=True)
        for keys_of_kind in (keys.heads, keys.tails):
            hits, at = common_keys.at(keys_of_kind[line_range])
            # A position is weaker evidence than a run: half of the source must have the line at it.
            sure = common_keys.anywhere[at] & (times[line[hits]] <= _TIMES)
            hits, at = hits[sure], at[sure]
            placed[hits] = True
            documents[hits] = np.maximum(documents[hits], common_keys.documents[at])
        return cls(signs, documents, common, placed, anywhere)


def lines_to_cut(lines: DocumentLines) -> NDArray[np.bool_]:
    """Return whether each of a document's non-blank lines is cut.

    >>> def cut(signs, **flags):
    ...     common, placed, anywhere = (np.isin(range(12), flags.get(n, [])) for n in ("common", "placed", "anywhere"))
    ...     lines = DocumentLines(np.full(12, signs), common * 9, common, placed, anywhere)
    ...     return np.flatnonzero(lines_to_cut(lines)).tolist()
    >>> cut(40, common=[0, 1, 6]), cut(40, common=[0, 1, 6], anywhere=[6])
    ([0, 1], [0, 1, 6])
    >>> cut(10, common=[0, 1, 6], anywhere=[6]), cut(10, placed=[0, 1, 5])
    ([], [0, 1, 5])
    """
    signs = lines.signs
    common = _long_blocks(signs, lines.common)
    cut = _long_blocks(signs, common & lines.anywhere)
    common |= _headers(lines)
    for order in (range(len(signs)), range(len(signs) - 1, -1, -1)):
        uncut_lines = 0
        for line in order:
            uncut_lines = 0 if common[line] else uncut_lines + 1
            if uncut_lines > _GAP:
                break
            cut[line] |= common[line]
    return cut


def _headers(lines: DocumentLines) -> NDArray[np.bool_]:
    """Return the placed lines in groups of at least three lines that are close together and have enough characters."""
    is_header = np.zeros(len(lines.signs), np.bool_)
    placed = np.flatnonzero(lines.placed)
    for group in np.split(placed, np.flatnonzero(np.diff(placed) > _GAP + 1) + 1):
        if len(group) >= RUN and lines.signs[group].sum() >= SHORTEST:
            is_header[group] = True
    return is_header


def _long_blocks(signs: NDArray[np.int32], cut: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the lines to cut, without blocks that have too few characters."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], cut, [False]]).astype(np.int8)))
    heavy = cut.copy()
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if signs[first:end].sum() < SHORTEST:
            heavy[first:end] = False
    return heavy


def cut_lines(text: str, cut: dict[int, int]) -> tuple[str, str]:
    r"""Return the text without some lines and their leftover blank lines, and the evidence as JSON.

    Args:
        text: the text.
        cut: the number of documents that have each line to cut, by line number.

    >>> text, evidence = cut_lines("Inicio\n\nLlovió.\n\nLéase también\n\nEscampó.\n", {0: 20, 4: 50})
    >>> text
    'Llovió.\n\nEscampó.\n'
    >>> json.loads(evidence)["lines"][1]
    {'line': 'Léase también', 'documents_at_least': 50}
    """
    lines = text.split("\n")
    remaining: list[str] = []
    just_cut = False
    for number, line in enumerate(lines):
        if number in cut:
            just_cut = True
        elif line.strip():
            just_cut = False
            remaining.append(line)
        elif not just_cut or (remaining and remaining[-1].strip()):
            remaining.append(line)
    if just_cut:  # the end was cut
        while remaining and not remaining[-1].strip():
            remaining.pop()
    removed: dict[str, int] = {}
    for number, documents in cut.items():
        removed.setdefault(lines[number].strip()[:_MOST_SHOWN], documents)
    cut_evidence = [{"line": line, "documents_at_least": documents} for line, documents in removed.items()]
    return "\n".join(remaining), json.dumps({"lines": cut_evidence, "characters_before": len(text)}, ensure_ascii=False)
