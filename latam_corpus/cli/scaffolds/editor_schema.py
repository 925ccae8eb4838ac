"""Files that people go on editing are written with the line by which editors find their JSON Schema.

Taplo, which most editors use for TOML, and Tombi look for it among the first comments. The path is relative, so that
a folder can be moved or passed on; without the schema the line is a comment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.cli.reading.reference import schema_text
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.report.page_frame import unwritable

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.messages import Message

_FOLDER: Final = ".latam-corpus"


def schema_line(topic: str) -> str:
    r"""Return the first line of a file of this topic.

    >>> schema_line("recipe")
    '#:schema .latam-corpus/recipe.schema.json\n'
    """
    return f"#:schema {_FOLDER}/{topic}.schema.json\n"


def write_with_schema(path: Path, text: str, topic: str, other_name: str | Message) -> None:
    """Write a new file whose first line is `schema_line`, and the schema in a hidden folder beside it.

    Args:
        path: the file, in a new folder if need be; never over another one.
        text: what it says, that line included.
        topic: `source` or `recipe`.
        other_name: what to do where there is such a file.

    Raises:
        ConfigError: there is such a file, or one can't be written there.
    """
    schema, wanted = path.parent / _FOLDER / f"{topic}.schema.json", f"{schema_text(topic)}\n"
    try:
        schema.parent.mkdir(parents=True, exist_ok=True)
        _create(path, text, other_name)
        if not schema.is_file() or schema.read_text(encoding="utf-8") != wanted:
            schema.write_text(wanted, encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from None


def _create(path: Path, text: str, other_name: str | Message) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(str(path), _("that file is there already"), other_name) from None
