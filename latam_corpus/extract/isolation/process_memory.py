"""What this process holds of the machine's memory, and the kernel's limits on it."""

from __future__ import annotations

import resource
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# That libraries reserve and never touch: a worker has 1,453 MB of data where 443 are in memory.
RESERVED: Final = 2**30
_STATUS: Final = Path("/proc/self/status")


def held(name: str) -> int:
    """Bytes of this process's memory, by the kernel's name of the measure; 0 where the kernel doesn't tell."""
    with suppress(OSError), _STATUS.open("rb") as status:
        for line in status:
            if line.startswith(name.encode() + b":"):
                return int(line.split()[1]) * 1024
    return 0


def limit(kind: int, value: int | None) -> None:
    """Set a soft limit, or lift it with None; the hard one, which can't be got back, stays."""
    hard = resource.getrlimit(kind)[1]
    soft = hard if value is None else value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (soft, hard))


def keep_to(bytes_: int) -> None:
    """Keep this process, from here to its end, to so many bytes of memory: beyond, allocations fail.

    What libraries reserve and don't touch isn't counted: what is reserved now, and about as much as is yet to come.
    """
    limit(resource.RLIMIT_DATA, bytes_ + RESERVED + max(0, held("VmData") - held("RssAnon")))


@contextmanager
def bounded(bytes_: int) -> Iterator[None]:
    """Beyond so many bytes more than the process holds now, allocations fail; without a bound where no kernel tells.

    >>> with bounded(2**24):
    ...     try:
    ...         len(bytearray(2**28))
    ...     except MemoryError:
    ...         print("too large")
    too large
    """
    before = resource.getrlimit(resource.RLIMIT_DATA)[0]
    most = held("VmData") + bytes_
    if most > bytes_ and (before == resource.RLIM_INFINITY or most < before):
        limit(resource.RLIMIT_DATA, most)
    try:
        yield
    finally:
        limit(resource.RLIMIT_DATA, None if before == resource.RLIM_INFINITY else before)
