"""Write new TOML files whose first line names their JSON Schema, for editors.

Taplo, which most editors use for TOML, and Tombi look for this line among the first comments. The schema's path is
relative, so that the folder can be moved.
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
    r"""Return the line that names the schema of a `source` or a `recipe`.

    >>> schema_line("recipe")
    '#:schema .latam-corpus/recipe.schema.json\n'
    """
    return f"#:schema {_FOLDER}/{topic}.schema.json\n"


def write_with_schema(path: Path, text: str, topic: str, other_name: str | Message) -> None:
    """Write a new file, and its schema into a hidden folder next to it.

    An existing file is never overwritten; `other_name` is the remedy to give in that case. The first line of the text
    is `schema_line`.

    Raises:
        ConfigError: the file exists, or can't be written.
    """
    schema_file, schema = path.parent / _FOLDER / f"{topic}.schema.json", f"{schema_text(topic)}\n"
    try:
        schema_file.parent.mkdir(parents=True, exist_ok=True)
        _create(path, text, other_name)
        if not schema_file.is_file() or schema_file.read_text(encoding="utf-8") != schema:
            schema_file.write_text(schema, encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from None


def _create(path: Path, text: str, other_name: str | Message) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(str(path), _("that file already exists"), other_name) from None
