"""Record reviews of policy files: a signature names the reader, the day, and the digest of the content that was read.

The digest covers the file's content, but not comments, order and signatures. If any word or bound changes, the
signatures no longer apply to the file.
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
    """A reader of a policy file, and whether the content has changed since; `unsigned` if that is unknown."""

    reader: str
    day: str
    state: Literal["current", "changed", "unsigned"]


def reviews(reviewed_by: Iterable[str], digest: str) -> list[Review]:
    """Return the readers that a file's signatures name, given its `content_digest`; a plain name is unsigned.

    >>> signatures = ["Rosa, Cusco, 2026-11-27, sha256:0123456789abcdef", "Juan"]
    >>> [review.state for review in reviews(signatures, "0123456789abcdef")]
    ['current', 'unsigned']
    """
    found_reviews = []
    for entry in reviewed_by:
        signature = _SIGNATURE.fullmatch(entry)
        if signature:
            found_reviews.append(Review(signature[1], signature[2], "current" if signature[3] == digest else "changed"))
        else:
            found_reviews.append(Review(entry, "", "unsigned"))
    return found_reviews


def content_digest(text: str) -> str:
    r"""Return the digest of a policy file's content, 16 hex digits.

    >>> content_digest('a = 1\nreviewed_by = ["Rosa"]') == content_digest("# leído\na   = 1")
    True
    """
    values = tomllib.loads(text)
    values.pop(KEY, None)
    encoded = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(encoded.encode()).hexdigest()[:16]


def signed(text: str, reader: str, day: date, place: str) -> str:
    """Return the text of a policy with a signature, which replaces an earlier one by the same reader.

    Errors name the place.

    Raises:
        ConfigError: it isn't a policy, or the list of readers has an unexpected form.
    """
    try:
        old_values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, _("it isn't TOML ({error})", error=error), _("fix it first")) from None
    if not old_values.keys() & {KEY, "language", "genre"}:
        raise ConfigError(place, _("it isn't a policy"), _("name a file of filters/"))
    other_entries = [entry for entry in map(str, old_values.get(KEY, [])) if reviews([entry], "")[0].reader != reader]
    entry = f"{reader}, {day.isoformat()}, sha256:{content_digest(text)}"
    line = f"{KEY} = [{', '.join(json.dumps(signature, ensure_ascii=False) for signature in [*other_entries, entry])}]"
    if KEY in old_values:
        new_text = _LIST.sub(lambda _match: line, text, count=1)
    else:
        start = _FIRST_TABLE.search(text).start()  # type: ignore[union-attr]  # it matches the end of the text at the latest
        new_text = f"{text[:start].rstrip()}\n{line}\n\n{text[start:]}"
    try:
        written = tomllib.loads(new_text)
    except tomllib.TOMLDecodeError:
        written = {}
    if written != old_values | {KEY: [*other_entries, entry]}:
        remedy = _("write it by hand: {line}", line=line)
        raise ConfigError(place, _("the list «{key}» can't be changed", key=KEY), remedy)
    return new_text
