"""Plain texts that look like verse in a source whose form is prose: a run would join their lines."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import CorpusError
from latam_corpus.extract.charset import decode
from latam_corpus.extract.media_type import parse_media_type
from latam_corpus.extract.wraps import looks_like_verse
from latam_corpus.messages import Message, _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from latam_corpus.catalog.source import Source

LOOKS_LIKE_VERSE: Final = _("this looks like verse, and as prose its lines are joined")
REMEDY: Final = _('write form = "verse" in [collect], or leave form out: then the lines are kept as they are')
_FILES: Final = 20
_TEXTS: Final = 5  # of a file, or of an archive


def joins_verses(source: Source, row: Mapping[str, Any]) -> bool:
    """Return whether a run would join the verses of a document.

    Args:
        source: whose document it is.
        row: as it was collected, with `raw` and `media_type`.
    """
    raw = row.get("raw")
    if source.collect.form != "prose" or raw is None:
        return False
    kind, parameters = parse_media_type(row.get("media_type") or "")
    if kind != "text/plain":
        return False
    text = decode(raw, parameters.get("charset"))[0]
    return looks_like_verse(text.replace("\r\n", "\n").replace("\r", "\n"))


def files_with_verses(source: Source, where: str) -> Iterator[tuple[str, Message, Message]]:
    """Yield each file whose first texts look like verse, with the advice; the files are spread over all that there are.

    Args:
        source: whose files they are.
        where: a file, a folder, a glob or a URL.
    """
    if source.collect.form != "prose":
        return
    from latam_corpus.collect.files import list_inputs, read

    files = list_inputs(source, where)
    for file in [files[index * len(files) // _FILES] for index in range(_FILES)] if len(files) > _FILES else files:
        with suppress(CorpusError):  # `check` reports what can't be read
            frames = read(source, file, limit=_TEXTS, genre=source.genre or "web")
            if any(joins_verses(source, row) for frame in frames for row in frame.iter_rows(named=True)):
                yield file.relative, LOOKS_LIKE_VERSE, REMEDY
