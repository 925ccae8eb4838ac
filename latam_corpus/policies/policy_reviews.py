"""Who has read a policy file: a signature names the reader, the day, and the digest of what was read.

The digest is of what the file says, whatever its comments and its order, without the signatures: once a word or a bound
is another, nobody has read the file as it stands.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

KEY: Final = "reviewed_by"
_SIGNATURE: Final = re.compile(r"(.+), (\d{4}-\d{2}-\d{2}), sha256:([0-9a-f]{16})")
_LIST: Final = re.compile(rf"^{KEY}[ \t]*=[ \t]*\[(?:[^\]\"']|\"[^\"\n]*\"|'[^'\n]*')*\]", re.MULTILINE)
_FIRST_TABLE: Final = re.compile(r"^[ \t]*\[|\Z", re.MULTILINE)


class Review(NamedTuple):
    """A reader of a policy file, and whether what was read is what the file says; `unsigned` where nobody can tell."""

    reader: str
    day: str
    state: Literal["current", "changed", "unsigned"]


def reviews(reviewed_by: Iterable[str], digest: str) -> list[Review]:
    """Return the readers that a file names.

    Args:
        reviewed_by: its signatures, or names as somebody wrote them.
        digest: of `content_digest`.

    >>> [one.state for one in reviews(["Rosa, Cusco, 2026-11-27, sha256:0123456789abcdef", "Juan"], "0123456789abcdef")]
    ['current', 'unsigned']
    """
    listed = []
    for entry in reviewed_by:
        signature = _SIGNATURE.fullmatch(entry)
        if signature:
            listed.append(Review(signature[1], signature[2], "current" if signature[3] == digest else "changed"))
        else:
            listed.append(Review(entry, "", "unsigned"))
    return listed


def content_digest(text: str) -> str:
    r"""Return the digest of what a policy file says, 16 hex digits.

    >>> content_digest('a = 1\nreviewed_by = ["Rosa"]') == content_digest("# leído\na   = 1")
    True
    """
    values = tomllib.loads(text)
    values.pop(KEY, None)
    encoded = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(encoded.encode()).hexdigest()[:16]


def signed(text: str, reader: str, day: date, place: str) -> str:
    """Return the file's text with a signature, in the place of an earlier one by the same reader.

    Args:
        text: TOML of a policy.
        reader: name, and whatever else the reader wishes to be known by.
        day: of the signature.
        place: the file, for the error.

    Raises:
        ConfigError: it is no policy, or the list of readers is written in a way that isn't understood.
    """
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, _("it isn't TOML ({error})", error=error), _("mend it first")) from None
    if not before.keys() & {KEY, "language", "genre"}:
        raise ConfigError(place, _("it is no policy"), _("name a file of filters/"))
    others = [entry for entry in map(str, before.get(KEY, [])) if reviews([entry], "")[0].reader != reader]
    entry = f"{reader}, {day.isoformat()}, sha256:{content_digest(text)}"
    line = f"{KEY} = [{', '.join(json.dumps(one, ensure_ascii=False) for one in [*others, entry])}]"
    if KEY in before:
        after = _LIST.sub(lambda _match: line, text, count=1)
    else:
        start = _FIRST_TABLE.search(text).start()  # type: ignore[union-attr]  # the end of the text is found at last
        after = f"{text[:start].rstrip()}\n{line}\n\n{text[start:]}"
    try:
        written = tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        written = {}
    if written != before | {KEY: [*others, entry]}:
        remedy = _("write it by hand: {line}", line=line)
        raise ConfigError(place, _("the list «{key}» can't be changed", key=KEY), remedy)
    return after
