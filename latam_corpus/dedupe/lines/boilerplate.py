"""The stage `boilerplate`: lines that many documents of one source have are cut (menus, notices, licences, headers).

What is cut must stand in many documents (`common_lines.py`), be long or stand in a run of three (`line_keys.py`), and
lie at the start or the end of the document, or stand in half of the source. A refrain that one document repeats, a
lone «Amén.», «FIN» or «Capítulo I» stay. A document that is little else than such lines stays whole: it is a copy or a
form, which `dedupe` and the filter judge; cut out of all its copies, a text would be lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ragged
from latam_corpus.dedupe.lines.common_lines import COMMON, By, CommonLines, Floor
from latam_corpus.dedupe.lines.line_keys import RUN, SHORTEST, KeyLines, LineKeys
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.stages import Stage
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.batch import Batch

# A line that a document has more often is its refrain or a speaker's label; a menu stands above and below.
_TIMES: Final = 2
# Lines between two cut ones near an edge: title, date and author in a page's frame; file, date and transcriber in the
# header of a transcript.
_GAP: Final = 3
_MOST_SHOWN: Final = 80  # characters of a cut line in the evidence


@dataclass(frozen=True)
class Boilerplate(Stage):
    """The stage that cuts lines which many documents of one source have.

    Attributes:
        documents: of the source that must have a line, those with equal lines counted once.
        share: of the source's documents that must have it.
        share_anywhere: the same for lines which aren't near the start or the end.
        shortest: signs, white space aside, of a line that is cut by itself, and of a run of shorter ones together.
        most: of a document's signs that may be cut; one of which more would go stays as it is.
        by: "source", or "site" to look at each host of a source's URLs by itself, as for a crawl.
    """

    name: ClassVar[str] = "boilerplate"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text", COMMON})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})

    documents: int = 10
    share: float = 0.1
    share_anywhere: float = 0.5
    shortest: int = SHORTEST
    most: float = 0.75
    by: By = "source"

    def __post_init__(self) -> None:
        for option, least in (("documents", 2), ("shortest", 1)):
            if getattr(self, option) < least:
                raise ConfigError(
                    _("option «{option}»", option=option),
                    _("{value} is too small", value=getattr(self, option)),
                    _("at least {least}", least=least),
                )
        for option in ("share", "share_anywhere", "most"):
            if not 0 <= getattr(self, option) <= 1:
                raise ConfigError(
                    _("option «{option}»", option=option),
                    _("{value} is no share", value=f"{getattr(self, option):g}"),
                    _("give 0 to 1"),
                )

    def expand(self) -> tuple[Stage | CommonLines, ...]:
        """Give what a plan runs for it: the lines' keys before the cut, the count at it, the stage itself after it."""
        floor = Floor(self.documents, self.share, max(self.share, self.share_anywhere))
        return (KeyLines(self.shortest), CommonLines(floor, self.by), self)

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch without the lines that are common in its documents' sources."""
        if COMMON not in batch.frame.columns:  # no document of the part has any
            return batch
        common = batch.frame[COMMON]
        rows = common.is_not_null().arg_true()
        if not len(rows):
            return batch
        texts, mine = batch.frame["text"][rows], common[rows]
        values, offsets = ragged(mine.list.eval(pl.element().struct.field("key")))
        documents, anywhere = (mine.explode().struct.field(name).to_numpy() for name in ("documents", "anywhere"))
        table = WordTable.of(texts)
        keys = LineKeys.of(table, self.shortest)
        changed: dict[int, str] = {}
        evidence: list[str | None] = [None] * len(batch)
        for number, (row, text) in enumerate(zip(rows.to_list(), texts.to_list(), strict=True)):
            known = slice(offsets[number], offsets[number + 1])
            here = slice(keys.starts[number], keys.starts[number + 1])
            signs = table.line_chars[keys.lines[here]]
            lines = Lines.of(keys, here, CommonKeys(values[known], documents[known], anywhere[known]), signs)
            cut = chosen(lines, self.shortest)
            if not cut.any() or signs[cut].sum() > self.most * signs.sum():
                continue
            places = keys.lines[here] - table.doc_lines[number]
            documents_at = dict(zip(places[cut].tolist(), lines.documents[cut].tolist(), strict=True))
            changed[row], evidence[row] = without(text, documents_at)
        if not changed:
            return batch
        new = batch.frame["text"].scatter(list(changed), list(changed.values()))
        return batch.with_columns({"text": new, "evidence": pl.Series("evidence", evidence, dtype=pl.String)})


@dataclass(frozen=True, eq=False)
class CommonKeys:
    """The common keys of a document, sorted; in how many documents each stands, and whether in half of the source."""

    keys: NDArray[np.uint64]
    documents: NDArray[np.uint32]
    anywhere: NDArray[np.bool_]

    def at(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of these keys are common and not too often among them, and their places in `keys`."""
        positions = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        hit = (self.keys[positions] == keys) & (keys > 0)
        times = np.bincount(positions[hit], minlength=len(self.keys))
        lines_hit = np.flatnonzero(hit & (times[positions] <= _TIMES))
        return lines_hit, positions[lines_hit]


@dataclass(frozen=True, eq=False)
class Lines:
    """A document's non-blank lines as they are judged.

    Attributes:
        signs: of each line.
        documents: in how many documents the line stands, by itself, in its run or in its place; 0 when in too few.
        common: whether it does by itself or in its run.
        placed: whether it does in its place, in half of the source.
        anywhere: whether it may be cut in the middle too.
    """

    signs: NDArray[np.int32]
    documents: NDArray[np.int64]
    common: NDArray[np.bool_]
    placed: NDArray[np.bool_]
    anywhere: NDArray[np.bool_]

    @classmethod
    def of(cls, keys: LineKeys, here: slice, known: CommonKeys, signs: NDArray[np.int32]) -> Lines:
        """Return the lines of the document that has this slice of the keys."""
        documents = np.zeros(len(signs), np.int64)
        common, placed, anywhere = (np.zeros(len(signs), np.bool_) for _ in range(3))
        for one, length in ((keys.own, 1), (keys.runs, RUN)):
            hits, at = known.at(one[here])
            for step in range(length):
                common[hits + step] = True
                anywhere[hits + step] |= known.anywhere[at]
                documents[hits + step] = np.maximum(documents[hits + step], known.documents[at])
        _, line, times = np.unique(keys.hashes[here], return_inverse=True, return_counts=True)
        for one in (keys.heads, keys.tails):
            hits, at = known.at(one[here])
            # A place proves less than a run: half of the source must have the line there.
            sure = known.anywhere[at] & (times[line[hits]] <= _TIMES)
            hits, at = hits[sure], at[sure]
            placed[hits] = True
            documents[hits] = np.maximum(documents[hits], known.documents[at])
        return cls(signs, documents, common, placed, anywhere)


def chosen(lines: Lines, shortest: int = SHORTEST) -> NDArray[np.bool_]:
    """Which of a document's non-blank lines are cut.

    Args:
        lines: the document's.
        shortest: signs that a block of cut lines has together.

    >>> def cut(signs, **flags):
    ...     common, placed, anywhere = (np.isin(range(12), flags.get(n, [])) for n in ("common", "placed", "anywhere"))
    ...     return np.flatnonzero(chosen(Lines(np.full(12, signs), common * 9, common, placed, anywhere))).tolist()
    >>> cut(40, common=[0, 1, 6]), cut(40, common=[0, 1, 6], anywhere=[6])
    ([0, 1], [0, 1, 6])
    >>> cut(10, common=[0, 1, 6], anywhere=[6]), cut(10, placed=[0, 1, 5])
    ([], [0, 1, 5])
    """
    signs = lines.signs
    common = _heavy(signs, lines.common, shortest)
    cut = _heavy(signs, common & lines.anywhere, shortest)
    common |= _headers(lines, shortest)
    for order in (range(len(signs)), range(len(signs) - 1, -1, -1)):
        since = 0
        for line in order:
            since = 0 if common[line] else since + 1
            if since > _GAP:
                break
            cut[line] |= common[line]
    return cut


def _headers(lines: Lines, shortest: int) -> NDArray[np.bool_]:
    """Return the placed lines of which there are at least three close together, with enough signs."""
    is_header = np.zeros(len(lines.signs), np.bool_)
    placed = np.flatnonzero(lines.placed)
    for group in np.split(placed, np.flatnonzero(np.diff(placed) > _GAP + 1) + 1):
        if len(group) >= RUN and lines.signs[group].sum() >= shortest:
            is_header[group] = True
    return is_header


def _heavy(signs: NDArray[np.int32], cut: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """Return the lines that are cut without those whose block has too few signs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], cut, [False]]).astype(np.int8)))
    heavy = cut.copy()
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if signs[first:end].sum() < shortest:
            heavy[first:end] = False
    return heavy


def without(text: str, cut: dict[int, int]) -> tuple[str, str]:
    r"""Return the text without some lines and the blank ones that would be left over; the evidence, as JSON.

    Args:
        text: any.
        cut: number of a line → in how many documents it stands.

    >>> text, evidence = without("Inicio\n\nLlovió.\n\nLéase también\n\nEscampó.\n", {0: 20, 4: 50})
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
    if just_cut:  # the end is gone
        while remaining and not remaining[-1].strip():
            remaining.pop()
    removed: dict[str, int] = {}
    for number, documents in cut.items():
        removed.setdefault(lines[number].strip()[:_MOST_SHOWN], documents)
    named = [{"line": line, "documents_at_least": documents} for line, documents in removed.items()]
    return "\n".join(remaining), json.dumps({"lines": named, "characters_before": len(text)}, ensure_ascii=False)
