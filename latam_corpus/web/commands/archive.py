"""Unpack an archive of `desk backup`, before Django is configured for its folder."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import _

if TYPE_CHECKING:
    from pathlib import Path

ROWS: Final = "rows.json"


def unpack(source: Path, data: Path) -> None:
    """Unpack an archive into an empty data folder.

    Raises:
        ConfigError: the folder isn't empty, or the archive is damaged or isn't a backup of a desk.
    """
    if data.exists() and any(data.iterdir()):
        raise ConfigError("--data", _("the folder «{folder}» isn't empty", folder=data), _("name a new folder"))
    try:
        with tarfile.open(source) as archive:
            if ROWS not in archive.getnames():
                raise ConfigError(str(source), _("it isn't a backup of a desk"), _("check the path"))
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
            archive.extractall(data, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        cause = cause_of(error) if isinstance(error, OSError) else str(error)
        problem = _("it can't be read as a backup: {cause}", cause=cause)
        raise ConfigError(str(source), problem, _("check the path, or use an older backup")) from None
