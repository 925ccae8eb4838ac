"""Find plain texts that look like verse in a source with the form prose, since a run would join their lines."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.collect.files import list_inputs, read
from latam_corpus.errors import CorpusError
from latam_corpus.extract.charset import decode
from latam_corpus.extract.media_type import parse_media_type
from latam_corpus.extract.wraps import looks_like_verse
from latam_corpus.messages import Message, _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from latam_corpus.catalog.source import Source

LOOKS_LIKE_VERSE: Final = _("this looks like verse, but its lines are joined as prose")
REMEDY: Final = _('write form = "verse" in [collect], or remove form, to keep the lines as they are')
_FILES: Final = 20  # number of sampled files, evenly spread over all files
_TEXTS: Final = 5  # per file or archive


def plain_text_of(row: Mapping[str, Any]) -> str | None:
    """Return the text of a collected plain text file, with LF as line ends; None for another format.

    Args:
        row: the collected document, with `raw` and `media_type`.
    """
    raw = row.get("raw")
    kind, parameters = parse_media_type(row.get("media_type") or "")
    if raw is None or kind != "text/plain":
        return None
    text = decode(raw, parameters.get("charset"))[0]
    return text.replace("\r\n", "\n").replace("\r", "\n")


def joins_verses(source: Source, row: Mapping[str, Any]) -> bool:
    """Return whether a run would join the verses of a document.

    Args:
        source: the source of the document.
        row: the collected document, with `raw` and `media_type`.
    """
    text = plain_text_of(row) if source.collect.form == "prose" else None
    return text is not None and looks_like_verse(text)


def files_with_verses(source: Source, where: str) -> Iterator[tuple[str, Message, Message]]:
    """Yield the path, the problem and the remedy for each sampled file with a text that looks like verse.

    Args:
        source: the source of the files.
        where: a file, a folder, a glob or a URL.
    """
    if source.collect.form != "prose":
        return

    files = list_inputs(source, where)
    if len(files) > _FILES:
        files = [files[index * len(files) // _FILES] for index in range(_FILES)]
    for file in files:
        with suppress(CorpusError):  # `check` reports unreadable files
            frames = read(source, file, limit=_TEXTS, genre=source.genre or "web")
            if any(joins_verses(source, row) for frame in frames for row in frame.iter_rows(named=True)):
                yield file.relative, LOOKS_LIKE_VERSE, REMEDY
