"""Check source files, like `latam-corpus sources check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.api.arguments import check_arguments
from latam_corpus.intake.check_file import check_file, findings_in_records

if TYPE_CHECKING:
    from latam_corpus.intake.check_source import Finding


def check_source(path: str | Path, inputs: str | Path | None = None) -> list[Finding]:
    """Return the errors of a source file, in the order of its lines, or else advice on it.

    Args:
        path: the source file.
        inputs: a file, a folder, a glob or a URL; its first records are checked too.

    Returns:
        Findings with `line`, `key`, `problem`, `remedy`, and `wrong`, which is false for advice. `in_language("es")`
        gives one sentence, `as_dict("es")` plain values.

    Raises:
        ConfigError: the file doesn't exist or can't be read, or `inputs` has no files.
    """
    check_arguments(check_source, locals())
    source, findings = check_file(Path(path).expanduser())
    if source is None:
        return findings
    return [*findings, *findings_in_records(source, "" if inputs is None else str(inputs))]
