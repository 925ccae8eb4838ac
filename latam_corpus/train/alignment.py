"""What documents of a version say in two languages, line by line: pairs as JSON lines, a translation memory, a table.

    <to>/alignment.parquet     of each pair the two documents, the segment, and where it begins in each text
    <to>/pairs.jsonl           the same with the two texts
    <to>/pairs.tmx             TMX 1.4b, for translators' tools
    <to>/alignment.json        what was aligned, and the digest of each file

A translation names the document that it translates as its parent; lines that translate one another share their segment
(`turns`). Of documents without segments the whole texts are a pair. All of it follows from the version's own columns.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from latam_corpus.__about__ import __version__
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.storage.durable import digest_of
from latam_corpus.train.new_folder import new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TextIO

    from latam_corpus.train.streams.stream import CorpusStream

TABLE: Final = "alignment.parquet"
PAIRS: Final = "pairs.jsonl"
MEMORY: Final = "pairs.tmx"
ABOUT: Final = "alignment.json"
COLUMNS: Final = ("doc_id", "parent_id", "text", "language", "turns", "source_id", "rights", "split")
_SCHEMA: Final = pa.schema([
    ("doc_id_a", pa.string()), ("doc_id_b", pa.string()), ("language_a", pa.string()), ("language_b", pa.string()),
    ("segment", pa.int32()), ("offset_a", pa.int64()), ("offset_b", pa.int64()), ("length_a", pa.int64()),
    ("length_b", pa.int64()),
])  # fmt: skip
# Of texts that are held at once, which are read again from the version as often as they are more.
_MOST_CHARACTERS: Final = 64 << 20
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LABEL: Final = re.compile(r"^[^:\n]{1,60}: ")


@dataclass
class Alignment:
    """What was written.

    Attributes:
        documents: that stand in a pair.
        whole: pairs of documents that have no segments, or whose lines can't be told apart any more.
        languages: pairs by the two languages.
    """

    documents: int = 0
    pairs: int = 0
    whole: int = 0
    languages: dict[str, int] = field(default_factory=dict)


def write_alignment(open_stream: Callable[[tuple[str, ...]], CorpusStream], to: Path) -> Alignment:
    """Write all pairs of a version.

    Args:
        open_stream: gives the version's documents with some columns, in its own order.
        to: a folder that is new or empty.

    Raises:
        ConfigError: the folder holds something, or no two documents translate one another.
        ReleaseError: a file of the version is damaged, or the disk is full.
    """
    stream = open_stream(COLUMNS)
    summary = Alignment()
    with new_folder(to) as partial:
        families, characters = _families(open_stream)
        with (
            pq.ParquetWriter(partial / TABLE, _SCHEMA, compression="zstd") as table,
            (partial / PAIRS).open("w", encoding="utf-8") as lines,
            (partial / MEMORY).open("w", encoding="utf-8") as memory,
        ):
            memory.write(_tmx_head())
            for some in _portions(families, characters):
                _write(open_stream(COLUMNS), some, table, lines, memory, summary)
            memory.write("</body></tmx>\n")
        if not summary.pairs:
            problem = _("{version} has no two documents of which one translates the other", version=stream.version)
            raise ConfigError(
                "pairs", problem, _("build one from bilingual files: TMX, ELAN, FLEx, or [[collect.texts]]")
            )
        about = asdict(summary) | {
            "release": stream.version,
            "manifest_sha256": stream.files.manifest_sha256,
            "withdrawal_sequence": stream.files.withdrawal_sequence,
            "toolkit": __version__,
            "files": {path.name: digest_of(path) for path in sorted(partial.iterdir())},
        }
        (partial / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return summary


def _families(
    open_stream: Callable[[tuple[str, ...]], CorpusStream],
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Return the documents that translate one another, by the id of the first, and how many characters each has."""
    children: dict[str, list[str]] = defaultdict(list)
    for batch in open_stream(("doc_id", "parent_id")).batches():
        for number, parent in zip(batch["doc_id"].to_pylist(), batch["parent_id"].to_pylist(), strict=True):
            if parent:
                children[parent].append(number)
    named = {*children, *(number for mine in children.values() for number in mine)}
    sizes: dict[str, int] = {}
    for batch in open_stream(("doc_id", "text")).batches() if named else ():
        lengths = pc.utf8_length(batch["text"]).to_pylist()
        pairs = zip(batch["doc_id"].to_pylist(), lengths, strict=True)
        sizes |= {number: length for number, length in pairs if number in named}
    # The original may have been left out, and two translations of it be there.
    families = {parent: sorted({parent, *mine} & sizes.keys()) for parent, mine in children.items()}
    return {parent: mine for parent, mine in families.items() if len(mine) > 1}, sizes


def _portions(families: Mapping[str, list[str]], characters: Mapping[str, int]) -> Iterator[dict[str, list[str]]]:
    some: dict[str, list[str]] = {}
    size = 0
    for parent in sorted(families):
        mine = sum(characters[number] for number in families[parent])
        if some and size + mine > _MOST_CHARACTERS:
            yield some
            some, size = {}, 0
        some[parent] = families[parent]
        size += mine
    if some:
        yield some


def _write(
    stream: CorpusStream,
    families: Mapping[str, Sequence[str]],
    table: pq.ParquetWriter,
    lines: TextIO,
    memory: TextIO,
    summary: Alignment,
) -> None:
    wanted = {number for mine in families.values() for number in mine}
    rows = {row["doc_id"]: row for row in stream if row["doc_id"] in wanted}
    for parent, mine in families.items():
        original = rows.get(parent) or rows[mine[0]]
        others = [rows[number] for number in mine if number != original["doc_id"]]
        summary.documents += 1 + len(others)
        for other in others:
            pairs = list(pairs_of(original, other))
            summary.pairs += len(pairs)
            summary.whole += sum(one["segment"] is None for one in pairs)
            between = f"{original['language']} {other['language']}"
            summary.languages[between] = summary.languages.get(between, 0) + len(pairs)
            table.write_table(pa.Table.from_pylist(pairs, schema=_SCHEMA))
            for one in pairs:
                lines.write(json.dumps(one, ensure_ascii=False) + "\n")
                memory.write(_unit(one))


def pairs_of(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    r"""Yield what two documents say in two languages, by segment; their whole texts where they have none in common.

    Labels of speakers are no part of a pair's texts.

    >>> turns = [{"offset": 0, "segment": 3, "speaker": "Rosa"}]
    >>> one = {"doc_id": "a", "text": "Rosa: Maypi?", "language": "quz_Latn", "turns": turns}
    >>> other = {"doc_id": "b", "text": "Rosa: ¿Dónde?", "language": "spa_Latn", "turns": turns}
    >>> [(pair["text_a"], pair["text_b"], pair["offset_b"]) for pair in pairs_of(one, other)]
    [('Maypi?', '¿Dónde?', 6)]
    """
    mine, theirs = _segments(one), _segments(other)
    shared = [segment for segment in mine if segment in theirs]
    for segment in shared or (None,):
        start, text = (0, one["text"]) if segment is None else mine[segment]
        other_start, other_text = (0, other["text"]) if segment is None else theirs[segment]
        if text.strip() and other_text.strip():
            yield {
                "doc_id_a": one["doc_id"], "doc_id_b": other["doc_id"],
                "language_a": one["language"], "language_b": other["language"], "segment": segment,
                "offset_a": start, "offset_b": other_start, "length_a": len(text), "length_b": len(other_text),
                "text_a": text, "text_b": other_text, "source_id": one.get("source_id"), "rights": one.get("rights"),
                "split": one.get("split"),
            }  # fmt: skip


def _segments(row: Mapping[str, Any]) -> dict[int, tuple[int, str]]:
    """Return where the text of each segment begins, without its speaker's label, and the text."""
    lines: dict[int, tuple[int, str]] = {}
    for turn in row.get("turns") or ():
        if turn["segment"] is not None:
            start = turn["offset"]
            line = row["text"][start:].partition("\n")[0] if start < len(row["text"]) else ""
            label = _LABEL.match(line) if turn.get("speaker") else None
            skipped = label.end() if label else 0
            lines.setdefault(turn["segment"], (start + skipped, line[skipped:]))
    return lines


def _tmx_head() -> str:
    about = f'creationtool="latam-corpus" creationtoolversion={quoteattr(__version__)} segtype="sentence" o-tmf="jsonl"'
    head = f'<header {about} adminlang="en" srclang="*all*" datatype="plaintext"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">{head}<body>\n'


def _unit(pair: Mapping[str, Any]) -> str:
    sides = "".join(
        f"<tuv xml:lang={quoteattr(str(pair[f'language_{side}']).partition('_')[0])}>"
        f"<seg>{escape(_NOT_XML.sub('', pair[f'text_{side}']))}</seg></tuv>"
        for side in "ab"
    )
    return f'<tu><prop type="doc_id">{pair["doc_id_a"]}</prop>{sides}</tu>\n'
