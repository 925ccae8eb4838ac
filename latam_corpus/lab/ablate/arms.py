"""Arms of a comparison: training documents from a run, a version or a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.audit.documents import named_documents
from latam_corpus.collect.row_files import read_chunks
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from latam_corpus.messages import Message

# In bytes: a line of this length in two documents isn't a coincidence.
_LINE: Final = 40


@dataclass(frozen=True)
class Text:
    """The text of a document in UTF-8, with its language and genre; the genre may be empty."""

    text: bytes
    language: str
    genre: str


@dataclass(frozen=True)
class Arm:
    """A named choice of training documents."""

    name: str
    texts: tuple[Text, ...]

    def of(self, language: str, without: frozenset[bytes]) -> list[bytes]:
        """Return the texts in a language that contain none of the lines `without`."""
        texts = (text.text for text in self.texts if text.language == language)
        return [text for text in texts if without.isdisjoint(text.split(b"\n"))]


def read_arm(named: str, out: Path, store: str | None, tell: Callable[[str | Message], None]) -> Arm:
    """Read the documents of an arm.

    Args:
        named: `NAME=PLACE`; the place is a run, a version, or a file of rows with `text`, `language` and, optionally,
            `genre`.
        out: the folder of the runs and the store.
        store: the folder or URL of the store; `<out>/store` if None.
        tell: a function that prints notes about the chosen documents.

    Raises:
        ConfigError: the argument has another form, or the arm has no documents.
    """
    name, equals, place = named.partition("=")
    if not (equals and name and place):
        remedy = _("write NAME=RUN, NAME=RELEASE@VERSION or NAME=FILE")
        raise ConfigError(named, _("this isn't an arm"), remedy)
    if Path(place).is_file():
        texts = read_file(Path(place))
    else:
        texts = tuple(_of_rows(_rows(named_documents(place, out, store, tell).frames()), place))
    if not texts:
        raise ConfigError(named, _("it has no documents"), _("name another run, version or file"))
    return Arm(name, texts)


def read_file(file: Path) -> tuple[Text, ...]:
    """Return the texts of a file of rows with `text`, `language` and, optionally, `genre`.

    Raises:
        ConfigError: the file can't be read, a row lacks text or language, or there are no rows.
    """
    if not file.is_file():
        raise ConfigError(str(file), _("there is no such file"), _("name a file of rows with text and language"))
    texts = tuple(_of_rows((row for rows in read_chunks(file) for row in rows), str(file)))
    if not texts:
        raise ConfigError(str(file), _("it has no documents"), _("name a file of rows with text and language"))
    return texts


def _rows(frames: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for frame in frames:
        yield from frame.select("text", "language", "genre").iter_rows(named=True)


def _of_rows(rows: Iterable[dict[str, Any]], place: str) -> Iterator[Text]:
    for number, row in enumerate(rows, 1):
        text, language = row.get("text"), row.get("language")
        if not isinstance(text, str) or not isinstance(language, str):
            problem = _("row {n} has no text or no language", n=number)
            raise ConfigError(place, problem, _("give each row the texts «text» and «language»"))
        if text.strip():
            yield Text(text.encode(errors="replace"), language, str(row.get("genre") or ""))


def lines_of(texts: Iterable[Text]) -> frozenset[bytes]:
    """Return the long lines of texts, by which copies of the texts are recognised."""
    return frozenset(line for text in texts for line in text.text.split(b"\n") if len(line) >= _LINE)


def draw(texts: Sequence[bytes], budget: int, seed: int) -> list[bytes]:
    """Draw texts at random, up to a number of bytes; cut the last one.

    With the same seed, arms that share texts draw the same texts.

    >>> draw([b"agua", b"tierra"], 7, seed=0)
    [b'tierra', b'a']
    """
    drawn = []
    remaining = budget
    salt = seed.to_bytes(8, "big")
    for text in sorted(texts, key=lambda text: hashlib.blake2b(text, digest_size=8, salt=salt).digest()):
        drawn.append(text if len(text) <= remaining else text[:remaining].decode(errors="ignore").encode())
        remaining -= len(drawn[-1])
        if len(drawn[-1]) < len(text):
            break
    return [text for text in drawn if text]
