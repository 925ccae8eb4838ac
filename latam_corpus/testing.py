"""Checks for the tests of plug-in packages: each calls your code on typical texts and names the broken rule.

A stage must keep all rows in order and not change its input (conservation). Its result for a row must not depend on the
other rows of the batch (purity), because results are cached by their input. It must be picklable, because workers
receive it pickled. The same rules apply to signals, extractors and readers, as far as possible.

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

# Texts: empty, of one word, with lines, in several scripts, with characters beyond 16 bits, long, and repeated.
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
_CUT_SHARES: Final = (0.0, 0.25, 0.5, 0.9)


def check_stage(stage: Stage, documents: pl.DataFrame | None = None) -> None:
    """Check that a stage conserves rows, is pure, and pickles.

    Args:
        stage: the stage with the options to check.
        documents: input rows with any columns of the schema; the rows of TEXTS by default.

    Raises:
        AssertionError: the stage breaks its contract; the message names the rule.
    """
    frame = _documents() if documents is None else schema.conform(documents, schema.DOCUMENT_SCHEMA)
    original = frame.clone()
    expected = _passed(stage, frame)
    _must(frame.equals(original), f"«{stage.name}» changes its input frame: return `batch.with_columns(…)`")
    _must(_passed(stage, frame).equals(expected), f"«{stage.name}» returns something else the second time")
    if not stage.makes_rows:
        parts = [_passed(stage, frame[start : start + 1]) for start in range(frame.height)]
        is_pure = pl.concat(parts).sort("doc_id").equals(expected.sort("doc_id"))
        _must(is_pure, f"«{stage.name}» returns something else for a row if other rows are in the batch")
        backwards = _passed(stage, frame.reverse()).sort("doc_id")
        _must(backwards.equals(expected.sort("doc_id")), f"«{stage.name}» depends on the order of rows")
    _must(_passed(stage, frame[:0]).height == 0, f"«{stage.name}» makes rows of an empty batch")
    unpickled = _unpickled(stage, f"«{stage.name}»")
    _must(unpickled == stage, f"«{stage.name}» isn't equal to its pickled copy: make it a frozen dataclass")
    _must(_passed(unpickled, frame).equals(expected), f"the pickled copy of «{stage.name}» returns something else")


def check_signal(signal: Signal, texts: Iterable[str] = TEXTS) -> None:
    """Check that a signal returns one number per document, independent of other documents, and changes nothing.

    Args:
        signal: a signal made by `latam_corpus.signal`.
        texts: the texts to measure.

    Raises:
        AssertionError: the signal breaks its contract; the message names the rule.
    """
    documents = list(texts)
    reading = Reading(WordTable.of(documents))
    original = reading.words.data.copy()
    values = np.asarray(signal.measure(reading))
    _must(
        values.shape == (len(documents),) and values.dtype.kind in "biuf",
        f"«{signal.name}» returns {values.dtype}{list(values.shape)} for {len(documents)} documents: one number each",
    )
    _must(np.array_equal(original, reading.words.data), f"«{signal.name}» changes the word table")
    repeated = np.asarray(signal.measure(reading))
    _must(np.array_equal(values, repeated, equal_nan=True), f"«{signal.name}» returns something else the second time")
    single = [np.asarray(signal.measure(Reading(WordTable.of([text]))))[0] for text in documents]
    is_pure = np.allclose(values.astype(float), np.array(single, float), rtol=1e-5, equal_nan=True)
    _must(is_pure, f"«{signal.name}» returns something else for a document if others are in the batch")
    # Workers look it up by the name of its module and function, as an entry point does.
    is_importable = "<" not in signal.measure.__qualname__
    _must(is_importable, f"«{signal.name}» isn't a module-level function, so workers can't import it")


def check_extractor(
    extractor: Callable[[bytes, Mapping[str, str]], Extracted], raw: bytes, parameters: Mapping[str, str] | None = None
) -> Extracted:
    """Check that an extractor always returns the same text for a file, and at worst an error for a truncated file.

    Args:
        extractor: the function that an entry point names.
        raw: the bytes of a file.
        parameters: parameters of its media type.

    Returns:
        The result for the complete file.

    Raises:
        AssertionError: the extractor breaks its contract; the message names the rule.
    """
    name = getattr(extractor, "__name__", "the extractor")
    extracted = extractor(raw, parameters or {})
    _must(isinstance(extracted, Extracted), f"{name} returns {type(extracted).__name__} instead of `Extracted`")
    _must(bool(extracted.text.strip()), f"{name} finds no text")
    _must(bool(extracted.extractor), f"{name} doesn't state its name and version: Extracted(text, «name 1.0»)")
    _must(extractor(raw, parameters or {}) == extracted, f"{name} returns something else the second time")
    for share in _CUT_SHARES:
        cut = raw[: int(share * len(raw))]
        try:
            part: Any = extractor(cut, parameters or {})
        except UnusableError:
            continue
        except Exception as error:  # noqa: BLE001  (any error is a failed row; workers must be able to return it)
            _unpickled(error, f"the error of {name} for {len(cut)} bytes")
            continue
        _must(isinstance(part, Extracted), f"{name} doesn't return `Extracted` for {len(cut)} bytes")
    _unpickled(extractor, name)
    return extracted


def check_reader(reader: Callable[[BinaryIO], Iterable[dict[str, Any]]], raw: bytes) -> list[dict[str, Any]]:
    """Check that a reader always returns the same records for a file, and at worst an error for a truncated file.

    Args:
        reader: the function that an entry point names.
        raw: the bytes of a file.

    Returns:
        The records of the complete file.

    Raises:
        AssertionError: the reader breaks its contract; the message names the rule.
    """
    name = getattr(reader, "__name__", "the reader")
    records = list(reader(io.BytesIO(raw)))
    _must(bool(records), f"{name} finds no record")
    for number, record in enumerate(records, 1):
        _must(isinstance(record, dict), f"{name} returns {type(record).__name__} instead of a dict as record {number}")
        _must(all(isinstance(key, str) for key in record), f"{name}: record {number} has a field without a name")
    _must(list(reader(io.BytesIO(raw))) == records, f"{name} returns something else the second time")
    for share in _CUT_SHARES:
        cut = raw[: int(share * len(raw))]
        try:
            list(reader(io.BytesIO(cut)))
        except Exception as error:  # noqa: BLE001  (the file is reported as damaged)
            _unpickled(error, f"the error of {name} for {len(cut)} bytes")
    _unpickled(reader, name)
    return records


def _documents() -> pl.DataFrame:
    rows = [{"id": f"doc-{number}", "text": text, "language": "spa_Latn"} for number, text in enumerate(TEXTS)]
    return as_documents(rows, 0)


def _passed(stage: Stage, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows after the stage, kept and dropped, as in a run."""
    try:
        passed = pass_through(stage, Batch(frame))
    except CorpusError as error:
        raise AssertionError(str(error)) from error
    columns = [*(name for name in schema.DOCUMENT_SCHEMA if name in passed.kept.frame.columns)]
    rows = pl.concat([passed.kept.frame.select(columns), passed.dropped.select(columns)])
    missing = stage.gives - set(columns) - {"drop_reason"}
    _must(not missing, f"«{stage.name}» declares {', '.join(sorted(missing))} in `gives`, but doesn't set it")
    reasons = passed.dropped.select("doc_id", "drop_reason")
    return rows.join(reasons, on="doc_id", how="left", suffix="_of") if "drop_reason" not in columns else rows


def _unpickled(value: Any, name: str) -> Any:
    try:
        return pickle.loads(pickle.dumps(value))  # noqa: S301  (its own bytes)
    except Exception as error:
        raise AssertionError(f"{name} can't be pickled, so it can't be sent to workers: {error}") from error


def _must(is_true: bool, sentence: str) -> None:
    if not is_true:
        raise AssertionError(sentence)
