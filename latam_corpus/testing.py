"""A test kit for plug-in packages: each check calls what you wrote on texts as they come, and says what it breaks.

A stage must keep every row in its place and leave what it was given as it is (conservation); give the same for the
same rows, whichever rows stand beside them (purity), since results are found again by what went in; and pickle, since
workers are sent it. So must a signal, an extractor and a reader, as far as it applies.

    from latam_corpus.testing import check_stage

    def test_it_keeps_the_contract():
        check_stage(Shorten(longest=100))
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.collect.row_files import as_documents
from latam_corpus.errors import CorpusError
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.signals.reading import Reading
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import BinaryIO

    from latam_corpus.signals.descriptor import Signal
    from latam_corpus.stages import Stage

# As texts come: empty, of one word, with lines, in several scripts, with signs outside of 16 bits, long, and repeated.
TEXTS: Final = (
    "La barca salió del puerto antes del alba y volvió con la red vacía.",
    "",
    "¡Oferta! ¡Compre ya!",
    "Coração, não chore.\nAmanhã o rio baixa.\n\nE a vida segue.",
    "2026",
    "kʼicheʼ · ñandú · Ünïcödé · 漢字 · 🎉",
    "palabra " * 3000,
    "La barca salió del puerto antes del alba y volvió con la red vacía.",
)
_CUTS: Final = (0.0, 0.25, 0.5, 0.9)


def check_stage(stage: Stage, documents: pl.DataFrame | None = None) -> None:
    """Check that a stage conserves rows, is pure, and pickles.

    Args:
        stage: with the options to check.
        documents: rows that it is given, of any columns of the schema; those of TEXTS when None.

    Raises:
        AssertionError: it breaks its contract; the message says how.
    """
    frame = _documents() if documents is None else schema.conform(documents, schema.DOCUMENT_SCHEMA)
    given = frame.clone()
    whole = _passed(stage, frame)
    _must(frame.equals(given), f"«{stage.name}» changes the frame that it is given: return `batch.with_columns(…)`")
    _must(_passed(stage, frame).equals(whole), f"«{stage.name}» gives something else the second time")
    if not stage.makes_rows:
        parts = [_passed(stage, frame[start : start + 1]) for start in range(frame.height)]
        same = pl.concat(parts).sort("doc_id").equals(whole.sort("doc_id"))
        _must(same, f"«{stage.name}» gives a row something else where other rows stand beside it")
        backwards = _passed(stage, frame.reverse()).sort("doc_id")
        _must(backwards.equals(whole.sort("doc_id")), f"«{stage.name}» depends on the order of rows")
    _must(_passed(stage, frame[:0]).height == 0, f"«{stage.name}» makes rows of none")
    unpickled = _unpickled(stage, f"«{stage.name}»")
    _must(unpickled == stage, f"«{stage.name}» is another value once it is pickled: make it a frozen dataclass")
    _must(_passed(unpickled, frame).equals(whole), f"«{stage.name}» does something else once it is pickled")


def check_signal(signal: Signal, texts: Iterable[str] = TEXTS) -> None:
    """Check that a signal gives one number a document, whichever documents stand beside it, and changes none.

    Args:
        signal: of `latam_corpus.signal`.
        texts: what it measures.

    Raises:
        AssertionError: it breaks its contract; the message says how.
    """
    listed = list(texts)
    reading = Reading(WordTable.of(listed))
    before = reading.words.data.copy()
    values = np.asarray(signal.measure(reading))
    _must(
        values.shape == (len(listed),) and values.dtype.kind in "biuf",
        f"«{signal.name}» gives {values.dtype}{list(values.shape)} for {len(listed)} documents: one number a document",
    )
    _must(np.array_equal(before, reading.words.data), f"«{signal.name}» changes the word table")
    again = np.asarray(signal.measure(reading))
    _must(np.array_equal(values, again, equal_nan=True), f"«{signal.name}» gives something else the second time")
    alone = [np.asarray(signal.measure(Reading(WordTable.of([text]))))[0] for text in listed]
    same = np.allclose(values.astype(float), np.array(alone, float), rtol=1e-5, equal_nan=True)
    _must(same, f"«{signal.name}» gives a document something else where others stand beside it")
    # Workers look it up by its name in its module, as an entry point names it.
    found_by_name = "<" not in signal.measure.__qualname__
    _must(found_by_name, f"«{signal.name}» is no function of a module, so no worker finds it")


def check_extractor(
    extractor: Callable[[bytes, Mapping[str, str]], Extracted], raw: bytes, parameters: Mapping[str, str] | None = None
) -> Extracted:
    """Check that an extractor makes text of a file, the same each time, and of half a file nothing worse than an error.

    Args:
        extractor: what an entry point names.
        raw: a file's bytes.
        parameters: of its media type.

    Raises:
        AssertionError: it breaks its contract; the message says how.
    """
    name = getattr(extractor, "__name__", "the extractor")
    extracted = extractor(raw, parameters or {})
    _must(isinstance(extracted, Extracted), f"{name} gives a {type(extracted).__name__}, no `Extracted`")
    _must(bool(extracted.text.strip()), f"{name} finds no text")
    _must(bool(extracted.extractor), f"{name} doesn't say its name and version: Extracted(text, «name 1.0»)")
    _must(extractor(raw, parameters or {}) == extracted, f"{name} gives something else the second time")
    for share in _CUTS:
        cut = raw[: int(share * len(raw))]
        try:
            part: Any = extractor(cut, parameters or {})
        except UnusableError:
            continue
        except Exception as error:  # noqa: BLE001  (whatever it raises is a failed row; it must be one that workers can send)
            _unpickled(error, f"what {name} raises of {len(cut)} bytes")
            continue
        _must(isinstance(part, Extracted), f"{name} gives no `Extracted` of {len(cut)} bytes")
    _unpickled(extractor, name)
    return extracted


def check_reader(reader: Callable[[BinaryIO], Iterable[dict[str, Any]]], raw: bytes) -> list[dict[str, Any]]:
    """Check that a reader gives records, the same each time, and breaks off at half a file with an error at the worst.

    Args:
        reader: what an entry point names.
        raw: a file's bytes.

    Raises:
        AssertionError: it breaks its contract; the message says how.
    """
    name = getattr(reader, "__name__", "the reader")
    records = list(reader(io.BytesIO(raw)))
    _must(bool(records), f"{name} finds no record")
    for number, record in enumerate(records, 1):
        _must(isinstance(record, dict), f"{name} gives a {type(record).__name__} as record {number}, no dict")
        _must(all(isinstance(key, str) for key in record), f"{name}: record {number} has a field without a name")
    _must(list(reader(io.BytesIO(raw))) == records, f"{name} gives something else the second time")
    for share in _CUTS:
        cut = raw[: int(share * len(raw))]
        try:
            list(reader(io.BytesIO(cut)))
        except Exception as error:  # noqa: BLE001  (the file is reported as damaged)
            _unpickled(error, f"what {name} raises of {len(cut)} bytes")
    _unpickled(reader, name)
    return records


def _documents() -> pl.DataFrame:
    rows = [{"id": f"doc-{number}", "text": text, "language": "spa_Latn"} for number, text in enumerate(TEXTS)]
    return as_documents(rows, 0)


def _passed(stage: Stage, frame: pl.DataFrame) -> pl.DataFrame:
    """Return what the stage makes of the rows, kept and dropped, as a run takes it."""
    try:
        passed = pass_through(stage, Batch(frame))
    except CorpusError as error:
        raise AssertionError(str(error)) from error
    columns = [*(name for name in schema.DOCUMENT_SCHEMA if name in passed.kept.frame.columns)]
    rows = pl.concat([passed.kept.frame.select(columns), passed.dropped.select(columns)])
    lacking = stage.gives - set(columns) - {"drop_reason"}
    _must(not lacking, f"«{stage.name}» says that it gives {', '.join(sorted(lacking))}, and doesn't")
    reasons = passed.dropped.select("doc_id", "drop_reason")
    return rows.join(reasons, on="doc_id", how="left", suffix="_of") if "drop_reason" not in columns else rows


def _unpickled(value: Any, name: str) -> Any:
    try:
        return pickle.loads(pickle.dumps(value))  # noqa: S301  (its own)
    except Exception as error:
        raise AssertionError(f"{name} can't be pickled, so no worker gets it: {error}") from error


def _must(held: bool, sentence: str) -> None:
    if not held:
        raise AssertionError(sentence)
