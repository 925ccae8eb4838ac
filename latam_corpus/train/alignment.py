"""Bilingual pairs from the documents of a version, as JSON lines, a translation memory and a table.

    <to>/alignment.parquet     for each pair the two documents, the segment, and where it begins in each text
    <to>/pairs.jsonl           the same columns and the two texts
    <to>/pairs.tmx             TMX 1.4b, for translators' tools
    <to>/alignment.json        the version and its counts, and the digest of each file

A translation has its original as its parent, and lines that translate each other have the same segment (in `turns`).
Two documents without common segments form one pair of whole texts. Everything is derived from the version's columns.
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
# The maximum number of characters of texts in memory. If there are more, the version is read once per portion.
_PORTION_CHARACTERS: Final = 64 << 20
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LABEL: Final = re.compile(r"^[^:\n]{1,60}: ")


@dataclass
class Alignment:
    """The counts of an alignment.

    Attributes:
        documents: the number of documents in families of translations.
        pairs: the number of pairs written.
        whole: the number of pairs of whole documents, which have no common segments.
        languages: the number of pairs by pair of languages.
    """

    documents: int = 0
    pairs: int = 0
    whole: int = 0
    languages: dict[str, int] = field(default_factory=dict)


def write_alignment(open_stream: Callable[[tuple[str, ...]], CorpusStream], to: Path) -> Alignment:
    """Write all bilingual pairs of a version.

    `open_stream` opens a stream of the version's documents with the given columns, unshuffled.

    Raises:
        ConfigError: the folder isn't empty, or no document is a translation of another.
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
            for portion in _portions(families, characters):
                _write(open_stream(COLUMNS), portion, table, lines, memory, summary)
            memory.write("</body></tmx>\n")
        if not summary.pairs:
            problem = _("no document of {version} is a translation of another", version=stream.version)
            raise ConfigError(
                "pairs", problem, _("build a version from bilingual files: TMX, ELAN, FLEx, or [[collect.texts]]")
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
    """Return the ids in each family of translations, by the original's id, and each document's length in characters."""
    children: dict[str, list[str]] = defaultdict(list)
    for batch in open_stream(("doc_id", "parent_id")).batches():
        for doc_id, parent in zip(batch["doc_id"].to_pylist(), batch["parent_id"].to_pylist(), strict=True):
            if parent:
                children[parent].append(doc_id)
    related = {*children, *(doc_id for translations in children.values() for doc_id in translations)}
    sizes: dict[str, int] = {}
    for batch in open_stream(("doc_id", "text")).batches() if related else ():
        lengths = pc.utf8_length(batch["text"]).to_pylist()
        pairs = zip(batch["doc_id"].to_pylist(), lengths, strict=True)
        sizes |= {doc_id: length for doc_id, length in pairs if doc_id in related}
    # A family may have only translations, if their original isn't in the version.
    families = {parent: sorted({parent, *children[parent]} & sizes.keys()) for parent in children}
    return {parent: members for parent, members in families.items() if len(members) > 1}, sizes


def _portions(families: Mapping[str, list[str]], characters: Mapping[str, int]) -> Iterator[dict[str, list[str]]]:
    portion: dict[str, list[str]] = {}
    size = 0
    for parent in sorted(families):
        family_size = sum(characters[doc_id] for doc_id in families[parent])
        if portion and size + family_size > _PORTION_CHARACTERS:
            yield portion
            portion, size = {}, 0
        portion[parent] = families[parent]
        size += family_size
    if portion:
        yield portion


def _write(
    stream: CorpusStream,
    families: Mapping[str, Sequence[str]],
    table: pq.ParquetWriter,
    lines: TextIO,
    memory: TextIO,
    summary: Alignment,
) -> None:
    doc_ids = {doc_id for members in families.values() for doc_id in members}
    rows = {row["doc_id"]: row for row in stream if row["doc_id"] in doc_ids}
    for parent, members in families.items():
        original = rows.get(parent) or rows[members[0]]
        translations = [rows[doc_id] for doc_id in members if doc_id != original["doc_id"]]
        summary.documents += 1 + len(translations)
        for translation in translations:
            pairs = list(pairs_of(original, translation))
            summary.pairs += len(pairs)
            summary.whole += sum(pair["segment"] is None for pair in pairs)
            languages = f"{original['language']} {translation['language']}"
            summary.languages[languages] = summary.languages.get(languages, 0) + len(pairs)
            table.write_table(pa.Table.from_pylist(pairs, schema=_SCHEMA))
            for pair in pairs:
                lines.write(json.dumps(pair, ensure_ascii=False) + "\n")
                memory.write(_unit(pair))


def pairs_of(original: Mapping[str, Any], translation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    r"""Yield the pairs of two documents: one per common segment, or their whole texts if they have none.

    The labels of speakers are removed.

    >>> turns = [{"offset": 0, "segment": 3, "speaker": "Rosa"}]
    >>> original = {"doc_id": "a", "text": "Rosa: Maypi?", "language": "quz_Latn", "turns": turns}
    >>> translation = {"doc_id": "b", "text": "Rosa: ¿Dónde?", "language": "spa_Latn", "turns": turns}
    >>> [(pair["text_a"], pair["text_b"], pair["offset_b"]) for pair in pairs_of(original, translation)]
    [('Maypi?', '¿Dónde?', 6)]
    """
    segments_a, segments_b = _segments(original), _segments(translation)
    common = [segment for segment in segments_a if segment in segments_b]
    for segment in common or (None,):
        offset_a, text_a = (0, original["text"]) if segment is None else segments_a[segment]
        offset_b, text_b = (0, translation["text"]) if segment is None else segments_b[segment]
        if text_a.strip() and text_b.strip():
            yield {
                "doc_id_a": original["doc_id"], "doc_id_b": translation["doc_id"],
                "language_a": original["language"], "language_b": translation["language"], "segment": segment,
                "offset_a": offset_a, "offset_b": offset_b, "length_a": len(text_a), "length_b": len(text_b),
                "text_a": text_a, "text_b": text_b, "source_id": original.get("source_id"),
                "rights": original.get("rights"), "split": original.get("split"),
            }  # fmt: skip


def _segments(row: Mapping[str, Any]) -> dict[int, tuple[int, str]]:
    """Return the offset and the text of each segment, without the speaker's label."""
    lines: dict[int, tuple[int, str]] = {}
    for turn in row.get("turns") or ():
        if turn["segment"] is not None:
            start = turn["offset"]
            line = row["text"][start:].partition("\n")[0] if start < len(row["text"]) else ""
            label = _LABEL.match(line) if turn.get("speaker") else None
            label_length = label.end() if label else 0
            lines.setdefault(turn["segment"], (start + label_length, line[label_length:]))
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
