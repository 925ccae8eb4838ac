"""Check a source file on disk, and the first records that it describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.collect.examine import examine
from latam_corpus.config.toml_model import read_toml
from latam_corpus.errors import ConfigError
from latam_corpus.intake.check_source import Finding, check_source
from latam_corpus.intake.sampled_texts import files_with_verses
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.own_terms import REMEDY, own_terms
from latam_corpus.pipeline.planning.recipe_errors import unreadable_suffixes
from latam_corpus.pipeline.stored_runs.reasons import meaning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latam_corpus.catalog.source import Source

_NOT_UTF8: Final = (
    _("the file isn't UTF-8 text"),
    _("save it again and choose the encoding UTF-8"),
)


def check_file(path: Path) -> tuple[Source | None, list[Finding]]:
    """Return the source that a file describes (None if it has an error) and all findings.

    Raises:
        ConfigError: the file doesn't exist or can't be read.
    """
    if path.is_dir():
        remedy = _("describe its texts with `latam-corpus sources new`, and name the file that it writes")
        raise ConfigError(str(path), _("it can't be used: {cause}", cause=_("Is a directory")), remedy)
    try:
        text = read_toml(path, "source")
    except ConfigError as error:
        if isinstance(error.__context__, UnicodeDecodeError):
            return None, [Finding(None, "", *_NOT_UTF8)]
        raise
    return check_source(text, str(path))


def findings_in_records(source: Source, where: str) -> Iterator[Finding]:
    """Yield the errors and suggestions for a source's first records, each with the name of the records' file as key.

    If `where` is empty, only the suffixes that the source names are checked.
    """
    yield from (Finding(None, "collect.files", *problem) for problem in unreadable_suffixes(source))
    if not where:
        return
    examination = examine(source, where)
    for wrong, breaches in ((True, examination.breaches), (False, examination.notes)):
        for breach in breaches:
            file = str(breach.place).partition(", ")[2]
            yield Finding(None, file, breach.problem, breach.remedy, wrong=wrong)
    if problem := own_terms(source, where).problem:
        yield Finding(None, "", problem, REMEDY, wrong=False)
    for file, problem, remedy in files_with_verses(source, where):
        yield Finding(None, file, problem, remedy, wrong=False)
    for (file, reason), hint in examination.unread.items():
        remedy = hint or _("repair it or remove it; a run drops it and continues")
        yield Finding(None, file, meaning(reason), remedy, wrong=False)
