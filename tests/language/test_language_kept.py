"""The cache of a model's arrays: valid files are used, and others computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from latam_corpus.language.classifier import ftz
from latam_corpus.language.classifier.ftz import read_parts
from latam_corpus.language.labels import MODELS
from latam_corpus.language.model_cache import ModelCache

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_DIGEST = "ab" * 32


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCache:
    """Return the arrays of a model in a cache of the test's own."""
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path / "cache"))
    return ModelCache(_DIGEST, 1)


def _numbers() -> NDArray[np.int16]:
    return np.arange(6, dtype=np.int16).reshape(2, 3)


def _never() -> NDArray[np.int16]:
    raise AssertionError("it is on disk")


def test_what_was_made_is_read_from_disk(cache: ModelCache) -> None:
    """A second process reads the array from disk, and neither process can change it."""
    for make in (_numbers, _never):
        result = cache("rows", (2, 3), np.int16, make)
        assert result.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert not result.flags.writeable
        assert not result.flags.owndata
    assert [path.name for path in cache.folder.iterdir()] == ["rows.npy"]


@pytest.mark.parametrize("size", [0, 40, 130])
def test_half_a_file_is_made_anew(cache: ModelCache, size: int) -> None:
    """An empty or truncated file is computed again."""
    cache("rows", (2, 3), np.int16, _numbers)
    path = cache.folder / "rows.npy"
    path.write_bytes(path.read_bytes()[:size])
    assert cache("rows", (2, 3), np.int16, _numbers).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert cache("rows", (2, 3), np.int16, _never).shape == (2, 3)


def test_another_shape_or_type_is_made_anew(cache: ModelCache) -> None:
    """A file with another shape or type is computed again."""
    cache("rows", (2, 3), np.int16, _numbers)
    assert cache("rows", (6,), np.int16, lambda: _numbers().ravel()).shape == (6,)
    assert cache("rows", (6,), np.int32, lambda: _numbers().ravel().astype(np.int32)).dtype == np.int32


def test_where_nothing_can_be_written_each_has_its_own(cache: ModelCache) -> None:
    """A cache folder that can't be written isn't an error."""
    cache.folder.parent.parent.write_bytes(b"")
    for _ in range(2):
        result = cache("rows", (2, 3), np.int16, _numbers)
        assert result.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert not result.flags.writeable


def test_another_model_and_another_version_have_another_folder(cache: ModelCache) -> None:
    """Another model or version of the code has another folder."""
    folders = {ModelCache(_DIGEST, 2).folder, ModelCache("cd" * 32, 1).folder, cache.folder}
    assert len(folders) == 3


def test_the_shipped_model_is_the_same_from_disk(cache: ModelCache) -> None:
    """The shipped model's arrays are equal when computed, written and read."""
    computed, written, read = (read_parts(MODELS / "americas.ftz", *keep) for keep in ((), (cache,), (cache,)))
    assert computed
    for parts in (written, read):
        assert parts
        assert parts.unit == computed.unit
        np.testing.assert_array_equal(parts.rows, computed.rows)
        np.testing.assert_array_equal(parts.row_of, computed.row_of)


def test_places_that_no_row_has_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cached table with places beyond the rows is computed again, because compiled code would read outside."""
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path))
    path = MODELS / "americas.ftz"
    usual = read_parts(path)
    assert usual
    model_cache = ModelCache("0" * 64, ftz.VERSION)
    read_parts(path, model_cache)
    [file] = tmp_path.rglob("row_of.npy")
    places = np.load(file)
    np.save(file, np.full_like(places, 2**31 - 1))
    computed = read_parts(path, model_cache)
    assert computed
    assert np.array_equal(computed.row_of, usual.row_of)


@pytest.mark.parametrize("head", [b"PK\x05\x06", b"PK\x03\x04 junk", b"\x93NUMPY\x01\x00v\x00{'descr': '<i4', ]"])
def test_a_damaged_head_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    """A file with a damaged header is computed again."""
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path))
    kept_rows = ModelCache("1" * 64, ftz.VERSION)
    result = np.arange(3, dtype=np.int32)
    kept_rows("row_of", (3,), np.int32, result.copy)
    [file] = tmp_path.rglob("row_of.npy")
    file.write_bytes(head.ljust(200, b" "))
    assert np.array_equal(kept_rows("row_of", (3,), np.int32, result.copy), result)
