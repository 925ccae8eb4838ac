"""datatrove's rules as bounds on the toolkit's signals: each rule alone, with the same words and the same bound."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.utils.word_tokenizers import WordTokenizer

from latam_corpus.quality.measure import measure_signals
from latam_corpus.signals.reading import Lexicon, Reading
from latam_corpus.text.characters import classes, lower
from latam_corpus.text.stops import StopTable
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

_CLOSING: Final = ".!?…:"
_QUOTES: Final = "\"'»”’›)]}"
# What closes a line for the toolkit, as FineWeb's filter takes it: a sign and up to two quotation marks.
_STOPS: Final = tuple(
    sign + "".join(quotes) for sign in _CLOSING for n in range(3) for quotes in product(_QUOTES, repeat=n)
)
_NEVER: Final = 1e9
_BLANK: Final = re.compile(r"\n\s*\n")
_LONE_SIGNS: Final = re.compile(r"[ \t]+(?=[^\w\s]+(?:\s|$))")
_REPETITION: Final = {
    "dup_line_frac": None,
    "dup_para_frac": None,
    "dup_line_char_frac": None,
    "dup_para_char_frac": None,
    "top_n_grams": (),
    "dup_n_grams": (),
}
_QUALITY: Final = {
    "min_doc_words": None,
    "max_doc_words": None,
    "min_avg_word_length": None,
    "max_avg_word_length": None,
    "max_symbol_word_ratio": None,
    "max_bullet_lines_ratio": None,
    "max_ellipsis_lines_ratio": None,
    "max_non_alpha_words_ratio": None,
    "min_stop_words": None,
}
_LINES: Final = {
    "line_punct_thr": -1.0,
    "short_line_thr": _NEVER,
    "char_duplicates_ratio": _NEVER,
    "new_line_ratio": _NEVER,
    "stop_chars": _STOPS,
}
_C4: Final = {
    "filter_no_terminal_punct": False,
    "min_num_sentences": -1,
    "filter_lorem_ipsum": False,
    "filter_curly_bracket": False,
}


def _without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip())


def _without_white_space(text: str) -> str:
    return "\n".join("".join(line.split()) for line in text.splitlines() if line.strip())


def _paragraphs_as_lines(text: str) -> str:
    return "\n".join("".join(paragraph.split()) for paragraph in _BLANK.split(text) if paragraph.strip())


def _signs_joined(text: str) -> str:
    return _LONE_SIGNS.sub("", text)


@dataclass(frozen=True)
class Rule:
    """One rule of datatrove's and the equivalent bound.

    Attributes:
        name: datatrove's reason.
        signal: the toolkit's signal.
        low: the least value that passes.
        high: the greatest value that passes.
        make: makes the filter with this rule alone, from a tokenizer.
        cause: why verdicts may differ; None where they may not.
    """

    name: str
    signal: str
    low: float
    high: float
    make: Callable[[WordTokenizer], Any]
    cause: Cause | None = None

    def because(self, cause: Cause) -> Rule:
        """Return the rule with a cause why verdicts may differ."""
        return replace(self, cause=cause)


@dataclass(frozen=True)
class Cause:
    """A reason why two verdicts may differ; if it is removed from the text, they must agree.

    Attributes:
        sentence: the cause in a sentence.
        removed: gives the text without it.
        make: makes datatrove's filter for that text; the rule's own where None.
    """

    sentence: str
    removed: Callable[[str], str]
    make: Callable[[WordTokenizer], Any] | None = None


def rules(stop_words: Sequence[str]) -> list[Rule]:
    """Return all rules of datatrove's Gopher, FineWeb and C4 filters, with its bounds and these stop words."""

    def gopher(name: str, signal: str, low: float, high: float, **only: Any) -> Rule:
        words = {"stop_words": list(stop_words)}
        return Rule(name, signal, low, high, partial(_make, GopherQualityFilter, {**_QUALITY, **words, **only}))

    def repetition(name: str, signal: str, high: float, **only: Any) -> Rule:
        return Rule(name, signal, -_NEVER, high, partial(_make, GopherRepetitionFilter, {**_REPETITION, **only}))

    def fineweb(name: str, signal: str, low: float, high: float, **only: Any) -> Rule:
        return Rule(name, signal, low, high, partial(_make, FineWebQualityFilter, {**_LINES, **only}))

    def c4(name: str, signal: str, low: float, high: float, **only: Any) -> Rule:
        return Rule(name, signal, low, high, partial(_make, C4QualityFilter, {**_C4, **only}))

    blank = Cause("datatrove counts blank lines as lines", _without_blank_lines)
    ending = Cause("datatrove counts an empty line after the last line end", _without_white_space)
    sparse = Cause("for datatrove a sign between spaces is a word of the line", _signs_joined)

    def spaced(bound: float, removed: Callable[[str], str]) -> Cause:
        # FineWeb's share leaves line ends out, as ours does: on a text without other white space the two are the same.
        make_filter = partial(_make, FineWebQualityFilter, {**_LINES, "char_duplicates_ratio": bound})
        return Cause("datatrove counts white space among the characters", removed, make_filter)

    tops = {2: 0.2, 3: 0.18, 4: 0.16}
    duplicates = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
    return [
        repetition("dup_para_frac", "duplicate_paragraph_count_share", 0.3, dup_para_frac=0.3),
        repetition("dup_para_char_frac", "duplicate_paragraph_share", 0.2, dup_para_char_frac=0.2).because(
            spaced(0.2, _paragraphs_as_lines)
        ),
        repetition("dup_line_frac", "duplicate_line_count_share", 0.3, dup_line_frac=0.3).because(ending),
        repetition("dup_line_char_frac", "duplicate_line_share", 0.2, dup_line_char_frac=0.2).because(
            spaced(0.2, _without_white_space)
        ),
        *(repetition(f"top_{n}_gram", f"top_{n}_gram_share", x, top_n_grams=((n, x),)) for n, x in tops.items()),
        *(
            repetition(f"duplicated_{n}_n_grams", f"duplicate_{n}_gram_share", x, dup_n_grams=((n, x),))
            for n, x in duplicates.items()
        ),
        gopher("gopher_short_doc", "word_count", 50, _NEVER, min_doc_words=50),
        gopher("gopher_long_doc", "word_count", 0, 100_000, max_doc_words=100_000),
        gopher("gopher_below_avg_threshold", "mean_word_length", 3, _NEVER, min_avg_word_length=3),
        gopher("gopher_above_avg_threshold", "mean_word_length", 0, 10, max_avg_word_length=10),
        # One option bounds both of datatrove's symbols; the rule that tells them apart is asked for by its reason.
        gopher("gopher_too_many_hashes", "hashes_per_word", 0, 0.1, max_symbol_word_ratio=0.1),
        gopher("gopher_too_many_ellipsis", "ellipses_per_word", 0, 0.1, max_symbol_word_ratio=0.1),
        gopher("gopher_too_many_bullets", "bullet_line_share", 0, 0.9, max_bullet_lines_ratio=0.9).because(blank),
        gopher("gopher_too_many_end_ellipsis", "ellipsis_line_share", 0, 0.3, max_ellipsis_lines_ratio=0.3).because(
            blank
        ),
        gopher("gopher_below_alpha_threshold", "alphabetic_word_share", 0.8, 1, max_non_alpha_words_ratio=0.8),
        gopher("gopher_enough_stop_words", "stop_word_count", 2, _NEVER, min_stop_words=2),
        fineweb("line_punct_ratio", "closing_punctuation_share", 0.12, 1, line_punct_thr=0.12),
        fineweb("short_line_ratio", "short_line_share", 0, 0.67, short_line_thr=0.67),
        fineweb("char_dup_ratio", "duplicate_line_share", 0, 0.01, char_duplicates_ratio=0.01).because(
            spaced(0.01, _without_white_space)
        ),
        fineweb("list_ratio", "newlines_per_word", 0, 0.3, new_line_ratio=0.3),
        c4("lorem_ipsum", "lorem_ipsum_count", 0, 0, filter_lorem_ipsum=True),
        c4("curly_bracket", "curly_bracket_count", 0, 0, filter_curly_bracket=True),
        c4("too_few_sentences", "sentence_count", 5, _NEVER, min_num_sentences=5).because(sparse),
    ]


def _make(kind: Any, options: dict[str, Any], tokenizer: WordTokenizer) -> Any:
    return kind(language=tokenizer, **options)


class OurWords(WordTokenizer):  # type: ignore[misc]
    """The toolkit's words and sentences of known texts, for datatrove's filters."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__("es")
        self._words = dict(zip(texts, words_of(texts), strict=True))
        self._sentences = _sentences({line.strip() for text in texts for line in text.splitlines()})

    def word_tokenize(self, text: str) -> list[str]:
        """Return the words of a known text, as its hash sees them."""
        return self._words[text]

    def sent_tokenize(self, text: str) -> list[str]:
        """Return the line once for each sentence that the toolkit counts in it."""
        return [text] * len(self.span_tokenize(text))

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Return as many spans that cover the line as the toolkit counts sentences in it."""
        if text not in self._sentences:  # datatrove takes references such as `[1]` out of lines
            self._sentences |= _sentences([text])
        return [(0, len(text))] * self._sentences[text]


def _sentences(lines: Iterable[str]) -> dict[str, int]:
    """Return the toolkit's number of sentences in each line, with words before it, so that no line is too short."""
    lines = list(lines)
    counts = measure_signals(Reading.of([f"a a a {line}" for line in lines]), {"sentence_count"})["sentence_count"]
    return {line: int(count) for line, count in zip(lines, counts, strict=True)}


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """Return each text's words in lower case with folded apostrophes; soft hyphens in words are not supported."""
    table = WordTable.of(texts)
    small = lower()
    data = table.data.tobytes()
    bounds = table.doc_words.tolist()
    starts, lengths = table.starts.tolist(), table.lengths.tolist()
    lower_case = {
        point: chr(int(small[point])) for point in np.flatnonzero((classes() & 16) | (classes() & 2)).tolist()
    }
    return [
        [
            data[starts[i] : starts[i] + 4 * lengths[i]].decode(errors="ignore")[: lengths[i]].translate(lower_case)
            for i in range(bounds[d], bounds[d + 1])
        ]
        for d in range(len(texts))
    ]


def our_drops(texts: Sequence[str], stated: Sequence[Rule], stop_words: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Return for each rule which documents the toolkit drops by the same bound."""
    lexicon = Lexicon(["spa"] * len(texts), StopTable.of({"spa": stop_words}))
    values = measure_signals(Reading(WordTable.of(texts), lexicon), {rule.signal for rule in stated})
    return {
        rule.name: (values[rule.signal] < np.float32(rule.low)) | (values[rule.signal] > np.float32(rule.high))
        for rule in stated
    }


def their_drops(texts: Sequence[str], stated: Sequence[Rule]) -> dict[str, NDArray[np.bool_]]:
    """Return for each rule which documents datatrove's code drops, with the toolkit's words."""
    tokenizer = OurWords(texts)
    filters = {rule.name: rule.make(tokenizer) for rule in stated}
    return {
        name: np.array([_drops(datatrove_filter, text, name) for text in texts])
        for name, datatrove_filter in filters.items()
    }


def unexplained(
    texts: Sequence[str], rule: Rule, ours: NDArray[np.bool_], datatrove_drops: NDArray[np.bool_]
) -> tuple[list[int], list[int]]:
    """Return the documents on which verdicts differ, and those on which they still do without the cause."""
    differing = np.flatnonzero(ours != datatrove_drops).tolist()
    if rule.cause is None:
        return differing, differing
    texts = [rule.cause.removed(texts[n]) for n in differing]
    datatrove_filter = (rule.cause.make or rule.make)(OurWords(texts))
    passes = [datatrove_filter.filter(Document(text=text, id="")) is True for text in texts]
    remaining = [n for n, passed in zip(differing, passes, strict=True) if passed == ours[n]]
    return differing, remaining


def _drops(datatrove_filter: Any, text: str, reason: str) -> bool:
    answer = datatrove_filter.filter(Document(text=text, id=""))
    return answer is not True and answer[1] == reason
