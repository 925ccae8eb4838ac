"""Large arrays made of a model's file: made once, then read from disk, so that all workers share their pages."""

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
    """The arrays of one model, in a folder of the user's cache.

    Attributes:
        folder: named after the model and the version of the code that makes the arrays.
    """

    def __init__(self, digest: str, version: int) -> None:
        """Name the folder.

        Args:
            digest: SHA-256 of the model's file, hex.
            version: of the code that makes the arrays.
        """
        key = hashlib.sha256(f"{digest} {version}".encode()).hexdigest()
        self.folder = cache_folder() / _FOLDER / key[:16]

    def __call__(
        self, name: str, shape: tuple[int, ...], kind: type[np.generic], make: Callable[[], NDArray[Any]]
    ) -> NDArray[Any]:
        """Return an array, read only: from the folder where it is there as it should be, else made and put there.

        Where it can't be put there, this process has it for itself.
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
    except Exception:  # noqa: BLE001 - not there, or not whole: NumPy reads a damaged head as Python
        return None
    right = array.shape == shape and array.dtype == kind and array.flags.c_contiguous
    return np.asarray(array) if right else None


def _written(path: Path, array: NDArray[Any]) -> bool:
    """Write an array whole or not at all; says whether it could be."""
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, array)
    except OSError:
        return False
    return True
