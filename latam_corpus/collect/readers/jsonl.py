"""JSON lines, plain or compressed: one record per line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.collect.readers.line_spans import piece_of
from latam_corpus.collect.records import Failure, NumberedRecord, Record, chunked
from latam_corpus.collect.streams import MAX_RECORD, lines
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Chunk, Content, Limits

_EXCERPT: Final = 120


class _TwoValuesError(ValueError):
    """An object has a key twice, with different values; its argument is the key."""


def _object(pairs: list[tuple[str, Any]]) -> Record:
    """Return an object's values by key; a key that is repeated with an equal value is kept once.

    Raises:
        _TwoValuesError: a key has two different values, of which `json.loads` would keep the last.
    """
    values = dict(pairs)
    if len(values) < len(pairs):
        for key, value in pairs:
            if json.dumps(value) != json.dumps(values[key]):
                raise _TwoValuesError(key)
    return values


_decode: Final = json.JSONDecoder(object_pairs_hook=_object).decode


def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
    """Yield the file's records, numbered by their lines; a line that isn't a JSON object in UTF-8 is a failure.

    Raises:
        SourceError: the file can't be opened, or is damaged; all records before the damage have been yielded.
    """
    del source
    with content.open() as stream:
        first = content.span.first_record if content.span else 1
        yield from chunked(_numbered(lines(piece_of(content, stream)), first), limits)


def _numbered(lines_: Iterator[bytes | None], first: int) -> Iterator[NumberedRecord | Failure]:
    for number, line in enumerate(lines_, first):
        if line is None or line.strip():
            record = parse(line, number)
            yield record if isinstance(record, Failure) else NumberedRecord(number, record, len(line or b""))


def parse(line: bytes | None, number: int) -> Record | Failure:
    """Return the line's object, or a failure.

    >>> parse('{"text": "Había una vez…"}'.encode(), 1)
    {'text': 'Había una vez…'}
    >>> parse(b'{"text": "cortad', 2).cause
    'not JSON'
    """
    if line is None:
        return Failure(number, "line too long", {"line": number, "limit_bytes": MAX_RECORD})
    try:
        # Given bytes, `json.loads` would guess UTF-16 and accept lone surrogates.
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        record = _decode(text)
    except (ValueError, RecursionError) as error:
        return _failure(number, line, error)
    if not isinstance(record, dict):
        return Failure(number, "not an object", {"line": number, "found": type(record).__name__})
    # JSON may contain half of a surrogate pair, which isn't a character and can't be written.
    return _sound(record) if "\\ud" in text or "\\uD" in text else record


def _failure(number: int, line: bytes, error: Exception) -> Failure:
    if isinstance(error, UnicodeDecodeError):
        shown = line[max(error.start - _EXCERPT // 2, 0) : error.start + _EXCERPT // 2]
        detail = {"line": number, "byte": error.start, "near": shown.decode("utf-8", "replace")}
        return Failure(number, "not UTF-8", detail)
    if isinstance(error, json.JSONDecodeError):
        return Failure(number, "not JSON", {"line": number, "column": error.colno, "error": error.msg})
    if isinstance(error, _TwoValuesError):
        problem = _("the key «{key}» has two different values", key=error.args[0][:_EXCERPT])
        return Failure(number, "malformed record", {"line": number, "error": problem})
    # A number with too many digits, or too deeply nested brackets.
    return Failure(number, "not JSON", {"line": number, "error": str(error)[:_EXCERPT]})


def _sound(value: Any) -> Any:
    r"""Replace each lone surrogate in the value by U+FFFD.

    >>> _sound({"título": ["a\ud800b"]})
    {'título': ['a\ufffdb']}
    """
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_sound(inner) for inner in value]
    if isinstance(value, dict):
        return {_sound(key): _sound(inner) for key, inner in value.items()}
    return value
