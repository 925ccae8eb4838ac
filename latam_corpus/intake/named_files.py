"""Choose files of a folder by their paths."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.collect.input_files.input_file import InputFile


def only_named(all_files: Sequence[InputFile], names: Sequence[str], place: str) -> list[InputFile]:
    """Return the files with these paths; all if no path is given.

    Raises:
        ConfigError: no file has one of the paths.
    """
    if not names:
        return list(all_files)
    by_path = {unicodedata.normalize("NFC", file.relative): file for file in all_files}
    for name in names:
        if unicodedata.normalize("NFC", name) not in by_path:
            raise ConfigError(place, _("it has no file «{name}»", name=name), closest(name, by_path))
    return [by_path[path] for path in sorted({unicodedata.normalize("NFC", name) for name in names})]
