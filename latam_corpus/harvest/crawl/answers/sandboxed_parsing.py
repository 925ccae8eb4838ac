"""Large answers are parsed in the box, where a bomb costs itself alone; small ones here, where that is quicker."""

from __future__ import annotations

import base64
import pickle
from typing import TYPE_CHECKING, Any, Final, TypeVar

from latam_corpus.extract.document import Extracted
from latam_corpus.extract.isolation.child import Failed, Job, Limits
from latam_corpus.extract.isolation.process_memory import held
from latam_corpus.extract.isolation.sandbox import extract
from latam_corpus.harvest.crawl.causes import TroubleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

# Bytes; a tree takes some 60 times as much at worst.
LARGE: Final = 2**20
# A sitemap of 50 MB takes some 300 MB and a second.
_LIMITS: Final = Limits(seconds=10.0, memory_mb=1024, clock_seconds=60.0)
_NEAR: Final = 0.75
_GZIP: Final = b"\x1f\x8b"
_CALLED: Final = f"{__name__}:called"


def parsed(parser: Callable[..., T], body: bytes, *rest: object) -> T:
    """Return what a parser makes of a body.

    Args:
        parser: a function of a module, called with the body and the rest.
        body: its bytes.
        rest: further arguments.

    Raises:
        TroubleError: the parser's, or it takes more time or memory than any body that is meant to be read.
    """
    if len(body) <= LARGE and not body.startswith(_GZIP):
        return parser(body, *rest)
    raw = pickle.dumps((parser, body, rest, _LIMITS.memory_mb))
    (outcome,) = extract([Job(_CALLED, raw)], _LIMITS)
    if isinstance(outcome, Failed):
        raise _trouble(outcome)
    result, trouble = pickle.loads(base64.b64decode(outcome.text))  # noqa: S301  (our own child's)
    if trouble is not None:
        cause, detail, retry = trouble
        raise TroubleError(cause, retry=retry, **detail)
    value: T = result
    return value


def called(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return what the box does: call the parser, and write down what it gives as if that were a text."""
    del parameters
    parser, body, rest, memory_mb = pickle.loads(raw)  # noqa: S301  (our own parent's)
    before = held("VmRSS")
    answer: tuple[Any, Any]
    try:
        answer = parser(body, *rest), None
    except TroubleError as error:
        answer = None, (error.cause, error.detail, error.retry)
    # At the limit libxml2 may give a part of the tree as if it were all.
    # (`ru_maxrss` would be the parent's at its start, and of every document before; the box forgets the peak of each.)
    if held("VmHWM") - before > _NEAR * memory_mb * 2**20:
        raise MemoryError
    return Extracted(base64.b64encode(pickle.dumps(answer)).decode(), _CALLED)


def _trouble(failed: Failed) -> TroubleError:
    if failed.cause in ("memory", "too large"):
        return TroubleError("too large", f"to parse it takes more than {_LIMITS.memory_mb:,} MB")
    if failed.cause in ("timeout", "stalled"):
        return TroubleError("timed out", f"to parse it takes more than {_LIMITS.seconds:.0f} s")
    return TroubleError("malformed response", str(failed.evidence.get("error") or failed.cause)[:200])
