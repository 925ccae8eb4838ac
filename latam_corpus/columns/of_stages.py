"""The columns that state a document's origin, the results of stages, and the decision about it."""

from __future__ import annotations

from typing import Final

from latam_corpus.columns.descriptor import Column, RecordKey
from latam_corpus.messages import _, same
from latam_corpus.vocabulary import SPLITS, VERDICTS

COLUMNS: Final = (
    Column(
        "obtained", "time",
        _("when it was obtained, as its record states (WARC-Date, OAI datestamp, a column); null if nothing states it"),
        nullable=True, set_by="collect", statistics=True,
        key=RecordKey(14, "the time at which it was obtained.", value="time", read_from=("obtained",)),
    ),
    Column(
        "origin", {"file": "string", "member": "string", "offset": "int64", "digest": "string"},
        _("file, member or offset in it, and the digest of the payload"), set_by="collect", free=("file", "member"),
    ),
    Column(
        "extractor", "string", _("name and version of the program that extracted the text"), nullable=True,
        label=_("read by"), repeats=True,
    ),
    Column(
        "turns",
        [{"speaker": "string", "start": "float64", "end": "float64",
          "language": "string", "offset": "int64", "segment": "int32"}],
        _("in interviews: the speaker of each line, with start and end in seconds"), nullable=True,
        label=_("turns of speech"), set_by="record", free=("speaker",),
    ),
    # The type has a field for each signal, including those of plug-ins; releases contain only the toolkit's own
    # signals.
    Column("signals", "signals", _("every measured signal"), nullable=True, statistics=True),
    Column(
        "extra", [{"key": "string", "value": "string"}], _("columns that sources and plug-ins add"), nullable=True,
        set_by="record", free=("value",), released=False,
    ),
    # A Parquet MAP is stored as this list. `datasets` can't load the logical type MAP, but all readers can load the
    # list.
    Column(
        "redactions", [{"key": "string", "value": "int32"}], _("identifiers that `redact` replaced: kind and count"),
        nullable=True,
    ),
    Column("duplicate_cluster", "string", _("the cluster's id: the smallest doc_id in it"), nullable=True),
    Column("cluster_size", "int32", _("documents in the cluster"), nullable=True, statistics=True),
    Column("duplicate_of", "string", _("the kept document that this one duplicates"), nullable=True, released=False),
    Column("contained_in", "string", _("the much longer document that contains this one"), nullable=True),
    Column("variant_of", "string", _("the kept document that this one is a variant of"), nullable=True),
    Column("containment", "float32", _("share of its words that are in the other one"), nullable=True),
    Column(
        "split", "string", _("train, validation or test, by hash of the cluster"), nullable=True, words=SPLITS,
        repeats=True, statistics=True,
    ),
    Column("tokens", "int32", _("tokens under the recipe's tokenizer"), nullable=True, statistics=True),
    Column("text_hash", "binary", _("SHA-256 of the normalised text, first 128 bits"), nullable=True),
    Column(
        "drop_reason", "string", _("why a run dropped it; in runs only"), nullable=True, set_by="collect",
        pattern=r"(?s).*\S.*", advice=_("name the reason in one word, such as «too_short»"), released=False,
    ),
)  # fmt: skip

# Columns that exist only between stages of one segment and are never written.
WORKING: Final = (
    Column(
        "raw", "binary", same("a record's bytes, before extraction"), nullable=True, set_by="record",
        key=RecordKey(3, "bytes from which the text is extracted, such as a page's."),
    ),
    Column(
        "media_type", "string", same("the media type of the bytes, such as text/html"), nullable=True, set_by="record",
    ),
    Column(
        "verdict", "string", same("dropped or failed, with drop_reason"), nullable=True, set_by="collect",
        words=VERDICTS,
    ),
    Column(
        "evidence", "string", same("the evidence for drop_reason or for a change, as JSON"), nullable=True,
        set_by="collect",
    ),
)  # fmt: skip
