"""Read the preferences about training in the values of `Content-Usage` (AIPREF), `Content-Signal` and TDMRep.

Sites write them in many forms: with keys of earlier drafts of AIPREF, with other separators, with words for yes and no.
A statement about AI, training or text and data mining is a permission only if its value says so; any other value, or
none, is read as a refusal. Of several statements, the strictest counts.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from latam_corpus.catalog.optout.opt_out import Signal

Preference: TypeAlias = Literal["y", "n"]

_PERMISSIONS: Final = frozenset({"y", "yes", "1", "true", "?1", "allow", "allowed"})
_DENIALS: Final = frozenset({"0", "false", "no", "?0"})
# Words of keys, as of 2026-12-01. `ai`, `genai`, `tdm`, `train-ai`, `train-genai`: draft-ietf-aipref-vocab up to -07
# (2026-08-19) and the drafts before it. `ai-train`: contentsignals.org. `noai`, `noml`: words of meta elements.
_ABOUT_TRAINING: Final = frozenset({"ai", "ia", "genai", "gai", "ml", "llm", "llms", "mining", "noai", "noml"})
_TRAINING: Final = ("train", "tdm", "entren", "trein", "datamin", "machine-learn", "machinelearn")
# Keys that cover every use (the same drafts); without a value, they mean nothing.
_EVERY_USE: Final = frozenset({"all", "bots", "*"})
# Uses of AI other than training (the same drafts, contentsignals.org and RSL).
_OTHER_USES: Final = frozenset({"ai-input", "ai-use", "ai-output", "ai-search", "ai-index", "ai-inference"})
_NEGATED: Final = re.compile(r"no|dis|block|deny|opt-?out")
_DASHES: Final = re.compile(r"[_\u2010-\u2015\u2212]")
_ADDRESS: Final = re.compile(r"https?://[^\s,;]*+")
_SEPARATORS: Final = re.compile(r"[,;\r\n]")
# Possessive, and matched only at the start of a word, so that no line can make the search slow.
_KEY: Final = re.compile(r"(?<![\w.*-])([\w.*-]++)[\s\"'”’»]*+[=:]")
_MARKS: Final = " \t\"'“”‘’«»(){}[]."
_USE: Final = "use"


def content_usage(value: str) -> Preference | None:
    """Return the preference about training in a `Content-Usage` or `Content-Signal`: y, n, or None if it has none.

    >>> content_usage("train-ai=n, search=y"), content_usage("train-ai=y;v=1"), content_usage("search=n")
    ('n', 'y', None)
    >>> content_usage("genai=N; search=y"), content_usage("tdm: no"), content_usage("train-ai=quizás")
    ('n', 'n', 'n')
    >>> content_usage("train-ai=n, train-ai=y"), content_usage("all=y, ai=n")
    ('n', 'n')
    >>> content_usage("search=yes, ai-train=no"), content_usage("ai-train=yes"), content_usage("search=no")
    ('n', 'y', None)
    >>> content_usage("ai_train: false"), content_usage('ai-train="no"'), content_usage("ai-input=no")
    ('n', 'n', None)
    """
    preferences = {preference for key, word in _statements(value) if (preference := _preference(key, word))}
    return "n" if "n" in preferences else "y" if preferences else None


def content_signal_use(value: str) -> Preference | None:
    """Return the preference about storing the whole text (`use`) in a `Content-Signal`: y, n, or None if it has none.

    `immediate` permits only immediate use and `reference` only use as a reference; `full` permits more.

    >>> content_signal_use("ai-train=yes,use=reference"), content_signal_use("use=full"), content_signal_use("search=y")
    ('n', 'y', None)
    """
    words = [word for key, word in _statements(value) if key == _USE]
    return "n" if any(word != "full" for word in words) else "y" if words else None


# The fields of robots.txt, headers and meta elements, and the signals that each may state.
FIELDS: Final[dict[str, dict[Signal, Callable[[str], Preference | None]]]] = {
    "content-usage": {"content-usage": content_usage},
    "content-signal": {"content-signal": content_usage, "content-signal-use": content_signal_use},
}


def _preference(key: str, word: str | None) -> Preference | None:
    """Return the preference about training in one statement.

    Without a value, `key` has the words of the statement.
    """
    if word is not None and (key in _EVERY_USE or is_about_training(key)):
        if "reserv" in key:
            return "y" if word in _DENIALS else "n"
        return "y" if word in _PERMISSIONS and not _NEGATED.match(key) else "n"
    # The statement concerns training, but its form is unknown.
    words = (key if word is None else word).split()
    return "n" if any(map(is_about_training, words)) else None


def is_about_training(key: str) -> bool:
    """Whether a lower-case word names training, AI as a whole, or text and data mining.

    >>> [is_about_training(word) for word in ("train-genai", "tdm", "ai", "ai-input", "search", "thai")]
    [True, True, True, False, False, False]
    """
    key = key.strip(_MARKS)
    if key in _OTHER_USES:
        return False
    return not _ABOUT_TRAINING.isdisjoint(key.split("-")) or any(word in key for word in _TRAINING)


def _statements(value: str) -> Iterator[tuple[str, str | None]]:
    """Yield keys with their values in lower case, and words without a value as keys."""
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", value).lower())
    for member in _SEPARATORS.split(_ADDRESS.sub(" ", plain)):
        keys = list(_KEY.finditer(member))
        if bare_words := member[: keys[0].start() if keys else len(member)].strip():
            yield bare_words, None
        ends = [*(key.start() for key in keys[1:]), len(member)]
        for key, end in zip(keys, ends, strict=bool(keys)):
            yield key[1], member[key.end() : end].strip(_MARKS)


def split_path(value: str) -> tuple[str, str]:
    """Return the path at the beginning of a robots.txt rule, or `/` if it has none, and the remaining text.

    >>> split_path("/notas/ train-ai=n"), split_path("train-ai=n"), split_path("/train-ai=n")
    (('/notas/', 'train-ai=n'), ('/', 'train-ai=n'), ('/', '/train-ai=n'))
    """
    path, _, remainder = value.replace("\t", " ").partition(" ")
    if not path.startswith("/") or not remainder.strip():
        return "/", value.strip()
    return path, remainder.strip()


def reservation(value: object) -> bool | None:
    """Whether a `tdm-reservation` reserves rights: 0, false and no don't; any other value does.

    >>> reservation("1"), reservation(0), reservation("tal vez"), reservation(None)
    (True, False, True, None)
    """
    return None if value is None else str(value).strip(_MARKS).lower() not in _DENIALS
