"""The documents that a model is trained on: of a run, a version or a file, as many bytes of them as of any other."""

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

# A line this long that a held-out document has too is no coincidence.
_LINE: Final = 40


@dataclass(frozen=True)
class Text:
    """A document's text, with its language and genre; the genre may be empty."""

    text: bytes
    language: str
    genre: str


@dataclass(frozen=True)
class Arm:
    """Documents under a name."""

    name: str
    texts: tuple[Text, ...]

    def of(self, language: str, without: frozenset[bytes]) -> list[bytes]:
        """Return the texts in a language that have none of these lines."""
        mine = (one.text for one in self.texts if one.language == language)
        return [text for text in mine if without.isdisjoint(text.split(b"\n"))]


def read_arm(named: str, out: Path, store: str | None, tell: Callable[[str | Message], None]) -> Arm:
    """Return an arm as it is typed.

    Args:
        named: `NAME=PLACE`, of a run, a version, or a file of rows with `text`, `language` and maybe `genre`.
        out: the folder in which runs and the store are.
        store: its folder or URL; `<out>/store` when None.
        tell: is given what a reader should know of the choice.

    Raises:
        ConfigError: it isn't so, or has no documents.
    """
    name, equals, place = named.partition("=")
    if not (equals and name and place):
        remedy = _("write NAME=RUN, NAME=RELEASE@VERSION or NAME=FILE")
        raise ConfigError(named, _("this names no arm"), remedy)
    if Path(place).is_file():
        texts = read_file(Path(place))
    else:
        texts = tuple(_of_rows(_rows(named_documents(place, out, store, tell).frames()), place))
    if not texts:
        raise ConfigError(named, _("it has no documents"), _("name another run, version or file"))
    return Arm(name, texts)


def read_file(file: Path) -> tuple[Text, ...]:
    """Return the texts of a file of rows with `text`, `language` and maybe `genre`.

    Raises:
        ConfigError: it can't be read, or has no rows of the kind.
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
    """Return the lines of these texts by which a copy of one is known."""
    return frozenset(line for one in texts for line in one.text.split(b"\n") if len(line) >= _LINE)


def draw(texts: Sequence[bytes], budget: int, seed: int) -> list[bytes]:
    """Return texts by lot until they have so many bytes, the last one cut.

    Arms that share texts draw the same ones by the same seed.

    >>> draw([b"agua", b"tierra"], 7, seed=0)
    [b'tierra', b'a']
    """
    drawn = []
    left = budget
    for text in sorted(
        texts, key=lambda one: hashlib.blake2b(one, digest_size=8, salt=seed.to_bytes(8, "big")).digest()
    ):
        drawn.append(text if len(text) <= left else text[:left].decode(errors="ignore").encode())
        left -= len(drawn[-1])
        if len(drawn[-1]) < len(text):
            break
    return [one for one in drawn if one]
