"""Check source files, like `latam-corpus sources check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.api.arguments import check_arguments
from latam_corpus.intake.check_file import check_file, findings_in_records

if TYPE_CHECKING:
    from latam_corpus.intake.check_source import Finding


def check_source(path: str | Path, inputs: str | Path | None = None) -> list[Finding]:
    """Return the errors of a source file, in the order of its lines; if there are none, return advice.

    Args:
        path: the source file.
        inputs: the source's records, whose first ones are checked too: a file, a folder, a glob or a URL.

    Returns:
        Findings with `line`, `key`, `problem`, `remedy`, and `wrong`, which is false for advice. Their method
            `in_language("es")` returns a sentence, and `as_dict("es")` plain values.

    Raises:
        ConfigError: the file doesn't exist or can't be read, or `inputs` has no files.
    """
    check_arguments(check_source, locals())
    source, findings = check_file(Path(path).expanduser())
    if source is None:
        return findings
    return [*findings, *findings_in_records(source, "" if inputs is None else str(inputs))]
