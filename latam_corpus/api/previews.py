"""Preview the texts of a source, like `latam-corpus sources preview`, and draw pages of files."""

from __future__ import annotations

import base64
from collections.abc import Sequence  # noqa: TC003  (arguments are checked against it)
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.api.arguments import Language, Limit, check_arguments
from latam_corpus.catalog.source import load_source
from latam_corpus.collect.examine import examine
from latam_corpus.errors import ConfigError
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.isolation import sandbox
from latam_corpus.extract.isolation.child import DocumentLimits, ExtractJob
from latam_corpus.intake.preview_items import items_of
from latam_corpus.intake.preview_page import lines_left_out
from latam_corpus.messages import _
from latam_corpus.paths import cache_folder
from latam_corpus.pipeline.planning.policy_overlay import overlay

if TYPE_CHECKING:
    from latam_corpus.intake.preview_page import Item, Measured

KEPT: Final = "kept"
_LARGEST: Final = 64 * 2**20  # maximum bytes of a file whose page is drawn


@dataclass(frozen=True)
class Number:
    """The value of a signal for one text, with the bounds of its language and genre.

    Attributes:
        value: the value for the text; None if the signal needs a list that the language lacks.
        minimum: the smallest value that is kept; None if there is none.
        maximum: the largest value that is kept; None if there is none.
        sentence: the value and its bounds in words, with shares as numbers per 100.
        compared: the values compared with the minimum and the maximum, which are adjusted for shares of short texts.
    """

    signal: str
    label: str
    value: float | None
    minimum: float | None
    maximum: float | None
    sentence: str
    file: str = ""
    compared: tuple[float | None, float | None] = (None, None)

    @property
    def is_outside(self) -> bool:
        """Whether the text is outside the bound."""
        (low, high), minimum, maximum = self.compared, self.minimum, self.maximum
        is_low = low is not None and minimum is not None and low < minimum
        return is_low or (high is not None and maximum is not None and high > maximum)


@dataclass(frozen=True)
class PreviewItem:
    """A text of a source, and the decision of a run about it.

    Attributes:
        file: the path of the text's file.
        member: its place in an archive; None for a separate file.
        where: its URL, or its file and its place in the file.
        title: the title, from the catalogue or the text.
        original: the redacted text before extraction: all words of a page, or the text of a file.
        text: the redacted text that a run would keep or drop; empty if none could be extracted.
        language: the identified language, such as `spa_Latn`; `und` if it isn't clear; None if the text was dropped
            earlier.
        language_score: the score of the identification, from 0 to 1.
        verdict: `kept`, or the reason why a run would drop it, such as `stop_word_share<0.318`.
        reasons: sentences about the reason, and about points that a person should check.
        numbers: the signals that have a bound for its language and genre; empty if it was dropped before `filter`.
    """

    file: str
    member: str | None
    where: str
    title: str | None
    original: str
    text: str
    language: str | None
    language_score: float | None
    verdict: str
    reasons: tuple[str, ...]
    numbers: tuple[Number, ...]

    @property
    def kept(self) -> bool:
        """Whether a run would keep the text."""
        return self.verdict == KEPT

    @property
    def original_lines(self) -> list[tuple[str, bool]]:
        """The lines of the original, each with a flag: whether its words are missing from both text and title."""
        return list(lines_left_out(self.original, self.text, self.title))


def preview(
    source: str | Path,
    inputs: str | Path,
    n: Limit = 20,
    *,
    files: Sequence[str] = (),
    policies: str | Path | None = None,
    language: Language = "en",
) -> list[PreviewItem]:
    """Process up to `n` texts, spread over the files of a source, with the stages of a run; return the results.

    Copies aren't removed, since finding them requires all texts. Recognised personal data is masked in all texts.

    Args:
        source: the source file, or the id of a source.
        inputs: the records of the source: a file, a folder, a glob or a URL.
        n: the maximum number of texts.
        files: the paths of the files to read, relative to the folder; by default all. The folder's catalogue applies to
            them.
        policies: a folder of policies that replace shipped ones.
        language: the language of the sentences.

    Raises:
        ConfigError: the source or a policy has an error, a file lacks a column that the source names, or there are no
            files, or none with one of the paths.
        SourceError: the files can't be listed.
    """
    check_arguments(preview, locals())
    described_by = load_source(source)
    where = str(inputs)
    if not files:  # problems of single files are reported when they are read
        for breach in examine(described_by, where).breaches:
            raise ConfigError(*breach)
    policy_folder = "" if policies is None else str(overlay(Path(policies).expanduser(), cache_folder()).folder)
    items = items_of(described_by, where, n, policy_folder, language, files)
    return [_in_language(item, language) for item in items]


def _in_language(item: Item, language: str) -> PreviewItem:
    return PreviewItem(
        item.file,
        item.member,
        item.where,
        item.title,
        item.original,
        item.text,
        item.language,
        item.score,
        item.reason or KEPT,
        tuple(sentence.translate(language) for sentence in item.why),
        tuple(_number(measured, language) for measured in item.measured),
    )


def _number(measured: Measured, language: str) -> Number:
    label, sentence = measured.label.translate(language), measured.sentence.translate(language)
    return Number(
        measured.signal,
        label,
        measured.value,
        measured.minimum,
        measured.maximum,
        sentence,
        measured.file,
        measured.compared,
    )


def page_picture(path: str | Path, page: int = 1) -> bytes:
    """Return a page of a PDF as a greyscale PNG, at most 900 pixels wide, drawn in the sandbox in which files are read.

    Nothing is redacted: show it only to people who have the file.

    Args:
        path: the path of the PDF.
        page: the number of the page, from 1.

    Raises:
        ConfigError: the file is too large or damaged, or has no such page.
    """
    check_arguments(page_picture, locals())
    file = Path(path).expanduser()
    if file.stat().st_size > _LARGEST:
        raise ConfigError(str(path), _("it is too large to be shown"), _("open it in another program"))
    job = ExtractJob("latam_corpus.extract.scans.pdf:picture", file.read_bytes(), {"page": str(page)})
    (outcome,) = sandbox.extract([job], DocumentLimits())
    if not isinstance(outcome, Extracted):
        raise ConfigError(str(path), _("its page can't be drawn: {cause}", cause=outcome.cause), _("check the file"))
    return base64.b64decode(outcome.text)
