"""Parses large bodies in a sandboxed process, where a bomb does no harm, and small bodies in this process."""

from __future__ import annotations

import base64
import pickle
from typing import TYPE_CHECKING, Any, Final, TypeVar

from latam_corpus.extract.document import Extracted
from latam_corpus.extract.isolation.child import DocumentLimits, ExtractFailure, ExtractJob
from latam_corpus.extract.isolation.process_memory import held
from latam_corpus.extract.isolation.sandbox import extract
from latam_corpus.harvest.crawl.causes import TroubleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

# Bytes; a tree takes up to about 60 times as many.
LARGE: Final = 2**20
# A sitemap of 50 MB takes some 300 MB and a second.
_LIMITS: Final = DocumentLimits(seconds=10.0, memory_mb=1024, clock_seconds=60.0)
# If memory use exceeds this share of the limit, the result isn't trusted.
_NEAR: Final = 0.75
_GZIP: Final = b"\x1f\x8b"


def parse_isolated(parser: Callable[..., T], body: bytes, *arguments: object) -> T:
    """Return a parser's result for a body.

    `parser` is a function at the top level of a module, called with the body and the arguments.

    Raises:
        TroubleError: the parser raised it, or needs more time or memory than any legitimate body.
    """
    if len(body) <= LARGE and not body.startswith(_GZIP):
        return parser(body, *arguments)
    raw = pickle.dumps((parser, body, arguments, _LIMITS.memory_mb))
    (outcome,) = extract([ExtractJob(_IN_SANDBOX, raw)], _LIMITS)
    if isinstance(outcome, ExtractFailure):
        raise _trouble(outcome)
    result, trouble = pickle.loads(base64.b64decode(outcome.text))  # noqa: S301  (our own child's)
    if trouble is not None:
        cause, detail, retry = trouble
        raise TroubleError(cause, retry=retry, **detail)
    value: T = result
    return value


def parse_in_sandbox(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Call the parser in the sandboxed process, and return its pickled result as text."""
    del parameters
    parser, body, arguments, memory_mb = pickle.loads(raw)  # noqa: S301  (our own parent's)
    initial_bytes = held("VmRSS")
    outcome: tuple[Any, Any]
    try:
        outcome = parser(body, *arguments), None
    except TroubleError as error:
        outcome = None, (error.cause, error.detail, error.retry)
    # Near the limit, libxml2 may return a part of the tree as if it were complete. `VmHWM`, which the sandbox resets,
    # is read instead of `ru_maxrss`, which would include the parent's memory at the start and earlier documents.
    if held("VmHWM") - initial_bytes > _NEAR * memory_mb * 2**20:
        raise MemoryError
    return Extracted(base64.b64encode(pickle.dumps(outcome)).decode(), _IN_SANDBOX)


_IN_SANDBOX: Final = f"{__name__}:{parse_in_sandbox.__name__}"


def _trouble(failed: ExtractFailure) -> TroubleError:
    if failed.cause in ("memory", "too large"):
        return TroubleError("too large", f"to parse it takes more than {_LIMITS.memory_mb:,} MB")
    if failed.cause in ("timeout", "stalled"):
        return TroubleError("timed out", f"to parse it takes more than {_LIMITS.seconds:.0f} s")
    return TroubleError("malformed response", str(failed.evidence.get("error") or failed.cause)[:200])
