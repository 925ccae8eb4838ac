"""Arrays of a model that are made once and shared: what is on disk is used, and made anew where it isn't right."""

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
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCache:
    """The arrays of a model in a cache of the test's own."""
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path / "cache"))
    return ModelCache(_DIGEST, 1)


def _numbers() -> NDArray[np.int16]:
    return np.arange(6, dtype=np.int16).reshape(2, 3)


def _never() -> NDArray[np.int16]:
    raise AssertionError("it is on disk")


def test_what_was_made_is_read_from_disk(kept: ModelCache) -> None:
    """The second process makes nothing, and neither can write to what both have."""
    for make in (_numbers, _never):
        found = kept("rows", (2, 3), np.int16, make)
        assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert not found.flags.writeable
        assert not found.flags.owndata
    assert [path.name for path in kept.folder.iterdir()] == ["rows.npy"]


@pytest.mark.parametrize("size", [0, 40, 130])
def test_half_a_file_is_made_anew(kept: ModelCache, size: int) -> None:
    """Nothing, half of its head, or half of its numbers."""
    kept("rows", (2, 3), np.int16, _numbers)
    path = kept.folder / "rows.npy"
    path.write_bytes(path.read_bytes()[:size])
    assert kept("rows", (2, 3), np.int16, _numbers).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert kept("rows", (2, 3), np.int16, _never).shape == (2, 3)


def test_another_shape_or_type_is_made_anew(kept: ModelCache) -> None:
    """A file that holds something else isn't taken for it."""
    kept("rows", (2, 3), np.int16, _numbers)
    assert kept("rows", (6,), np.int16, lambda: _numbers().ravel()).shape == (6,)
    assert kept("rows", (6,), np.int32, lambda: _numbers().ravel().astype(np.int32)).dtype == np.int32


def test_where_nothing_can_be_written_each_has_its_own(kept: ModelCache) -> None:
    """A cache folder that is a file is no error."""
    kept.folder.parent.parent.write_bytes(b"")
    for _ in range(2):
        found = kept("rows", (2, 3), np.int16, _numbers)
        assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert not found.flags.writeable


def test_another_model_and_another_version_have_another_folder(kept: ModelCache) -> None:
    """Arrays of an earlier version of the toolkit are never read."""
    folders = {ModelCache(_DIGEST, 2).folder, ModelCache("cd" * 32, 1).folder, kept.folder}
    assert len(folders) == 3


def test_the_shipped_model_is_the_same_from_disk(kept: ModelCache) -> None:
    """Rows, their unit and the places of n-grams: made, written, and read again."""
    made, first, again = (read_parts(MODELS / "americas.ftz", *keep) for keep in ((), (kept,), (kept,)))
    assert made
    for one in (first, again):
        assert one
        assert one.unit == made.unit
        np.testing.assert_array_equal(one.rows, made.rows)
        np.testing.assert_array_equal(one.row_of, made.row_of)


def test_places_that_no_row_has_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kept file of the right shape with other numbers in it: compiled code would read far beyond the rows."""
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path))
    path = MODELS / "americas.ftz"
    usual = read_parts(path)
    assert usual
    kept = ModelCache("0" * 64, ftz.VERSION)
    read_parts(path, kept)
    [file] = tmp_path.rglob("row_of.npy")
    places = np.load(file)
    np.save(file, np.full_like(places, 2**31 - 1))
    again = read_parts(path, kept)
    assert again
    assert np.array_equal(again.row_of, usual.row_of)


@pytest.mark.parametrize("head", [b"PK\x05\x06", b"PK\x03\x04 junk", b"\x93NUMPY\x01\x00v\x00{'descr': '<i4', ]"])
def test_a_damaged_head_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    """NumPy takes it for an archive, or reads it as Python and fails in ways of its own."""
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path))
    kept = ModelCache("1" * 64, ftz.VERSION)
    made = np.arange(3, dtype=np.int32)
    kept("row_of", (3,), np.int32, made.copy)
    [file] = tmp_path.rglob("row_of.npy")
    file.write_bytes(head.ljust(200, b" "))
    assert np.array_equal(kept("row_of", (3,), np.int32, made.copy), made)
