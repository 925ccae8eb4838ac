"""A cache on disk of large arrays computed from a model's file, which all workers map and share."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.paths import cache_folder, use_folder
from latam_corpus.storage.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_FOLDER: Final = "models"


class ModelCache:
    """The cached arrays of one model, in the user's cache folder.

    Attributes:
        folder: a folder named after the model and the version of the code that computes the arrays.
    """

    def __init__(self, digest: str, version: int) -> None:
        """Choose the folder for a model.

        Args:
            digest: the SHA-256, in hex, of the model's file.
            version: the version of the code that computes the arrays.
        """
        key = hashlib.sha256(f"{digest} {version}".encode()).hexdigest()
        self.folder = cache_folder() / _FOLDER / key[:16]

    def __call__(
        self, name: str, shape: tuple[int, ...], kind: type[np.generic], make: Callable[[], NDArray[Any]]
    ) -> NDArray[Any]:
        """Return a read-only array from the cache; compute and store it if it is missing or invalid.

        If the array can't be stored, this process keeps a copy in memory.
        """
        path = self.folder / f"{name}.npy"
        use_folder(self.folder)
        mapped = _mapped(path, shape, kind)
        if mapped is None:
            array = make()
            mapped = _mapped(path, shape, kind) if _written(path, array) else None
            if mapped is None:
                array.setflags(write=False)
                return array
        return mapped


def _mapped(path: Path, shape: tuple[int, ...], kind: type[np.generic]) -> NDArray[Any] | None:
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except Exception:  # noqa: BLE001 - missing or damaged: NumPy parses a damaged header as Python
        return None
    is_valid = array.shape == shape and array.dtype == kind and array.flags.c_contiguous
    return np.asarray(array) if is_valid else None


def _written(path: Path, array: NDArray[Any]) -> bool:
    """Write an array atomically; return whether it could be written."""
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, array)
    except OSError:
        return False
    return True
