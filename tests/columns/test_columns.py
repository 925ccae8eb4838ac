"""Descriptors of columns define records, sources and values."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

from latam_corpus.catalog.source import Consent, ConsentRecord, Rights, Source
from latam_corpus.columns import BY_NAME, DOCUMENT, KEYS

_LIBRARIES = ("polars", "pyarrow", "numpy", "numba", "pydantic")


def test_descriptors_load_no_large_library() -> None:
    """The command line and the models of source files import them."""
    code = f"import sys, latam_corpus.columns; print([name for name in {_LIBRARIES} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_each_key_has_a_place_of_its_own() -> None:
    """Without that, the order of the keys would depend on that of the columns."""
    orders = [key.order for key in KEYS.values()]
    assert orders == sorted(set(orders))


def test_each_column_with_a_source_gets_its_value() -> None:
    """A misspelt attribute would be found only in a run."""
    rights = Rights(
        statement="CC-BY-4.0", basis="contract", uses=("train",), agreement="7", embargo_until=date(2020, 1, 1)
    )
    record = ConsentRecord(id="c-1", expires=date(2030, 1, 1))
    source = Source(
        id="cartas", title="Cartas", holder="Familia", genre="literature", country="CL", languages=("spa",),
        contributor="Ana", rights=rights, consent=Consent(records=(record,)),
    )  # fmt: skip
    values = source.column_values
    assert values.keys() == {column.name for column in DOCUMENT if column.source}
    assert None not in values.values()
    assert values["consent"] == [{"id": "c-1", "label": None, "community": None}]
    assert source.model_copy(update={"languages": ("spa", "arn")}).only_language is None


def test_a_column_allows_its_words_or_its_pattern() -> None:
    """A column without either allows any text."""
    allowed = [("genre", "news"), ("language", "und"), ("language", "spa_Latn"), ("country", "CL"), ("title", "")]
    refused = [("genre", "News"), ("language", "spa"), ("country", "Chile"), ("drop_reason", " ")]
    assert [pair for pair in allowed if not BY_NAME[pair[0]].allows(pair[1])] == []
    assert [pair for pair in refused if BY_NAME[pair[0]].allows(pair[1])] == []
