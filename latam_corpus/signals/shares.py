"""Array arithmetic for signals, without importing NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def share(part: NDArray[np.int64], total: NDArray[np.int64]) -> NDArray[np.float32]:
    """Divide the part by the total; 0 if both are 0.

    >>> import numpy as np
    >>> share(np.array([1, 0]), np.array([4, 0])).tolist()
    [0.25, 0.0]
    """
    result: NDArray[np.float32] = (part / total.clip(1)).astype("float32")
    return result


def if_known(values: NDArray[Any], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the values, with NaN in place of -1.

    >>> import numpy as np
    >>> if_known(np.array([2, 3]), np.array([2, -1])).tolist()
    [2.0, nan]
    """
    result = values.astype("float32")
    result[counts < 0] = float("nan")
    return result
