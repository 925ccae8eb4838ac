"""Use datatrove's filters and formatters as stages of a recipe: `use = "datatrove:GopherQualityFilter"`."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Mapping  # noqa: TC003  (the annotations of a stage's options are read at run time)
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, get_type_hints

import polars as pl
from datatrove.data import Document
from datatrove.pipeline import filters, formatters
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.formatters.base import BaseFormatter
from datatrove.utils.word_tokenizers import WordTokenizer

from latam_corpus.errors import ConfigError, PartError, closest
from latam_corpus.messages import _
from latam_corpus.stages import Stage
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.batch import Batch

PREFIX: Final = "datatrove:"
_REASON: Final = "filter_reason"  # the metadata key in which datatrove's filters store the reason
# Lists from which `PIIFormatter` takes the next value for each document, so that a text depends on earlier documents.
_IN_TURN: Final = frozenset({"email_replacement", "ip_replacement"})
_SENTENCE: Final = re.compile(r".+?(?:[.!?…]+[»”\"')\]]*(?=\s|$)|$)\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class DatatroveBlock(Stage):
    """A stage that drops documents with a datatrove filter, or rewrites texts with a datatrove formatter.

    The documents' metadata are the rows' columns. Dropped documents get the filter's reason, and as evidence the
    metadata that it wrote. Metadata of kept documents is ignored.

    Attributes:
        name: `datatrove:` and the name of the block's class.
        options: the arguments of its constructor.
    """

    name: str  # type: ignore[misc]  # one class for all blocks
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text", "drop_reason"})
    libraries: ClassVar[tuple[str, ...]] = ("datatrove",)

    def fingerprint(self) -> str:
        """Return the digests of the files that the options name."""
        files = [Path(value) for value in self.options.values() if isinstance(value, str) and Path(value).is_file()]
        return " ".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with the block's texts and drop reasons.

        Raises:
            PartError: the block returned a document that wasn't in its input, or returned a document twice.
        """
        documents = _documents(batch.frame)
        keys_before = [frozenset(document.metadata) for document in documents]
        numbers = {id(document): number for number, document in enumerate(documents)}
        block = _block(self.name, json.dumps(self.options, sort_keys=True))
        positions = [numbers.get(id(document)) for document in block.run(iter(documents))]
        kept_positions = set(positions)
        if None in kept_positions or len(kept_positions) < len(positions):
            problem = _("the block returned documents that weren't in its input, or one twice")
            raise PartError(
                _("stage «{name}»", name=self.name),
                problem,
                _("use a filter or a formatter that only returns documents of its input"),
            )
        texts = batch.frame["text"].to_list()
        new_texts = [
            text if number not in kept_positions or document.text == (text or "") else document.text
            for number, (text, document) in enumerate(zip(texts, documents, strict=True))
        ]
        reasons, evidence = _drops(documents, keys_before, kept_positions, self.name)
        if new_texts != texts:
            batch = batch.with_columns({"text": pl.Series("text", new_texts, dtype=pl.String)})
        return batch.drop(reasons, evidence) if any(reasons) else batch


def _documents(frame: pl.DataFrame) -> list[Document]:
    rows = frame.drop("text", "raw", strict=False).to_dicts()
    return [
        Document(text or "", row["doc_id"], metadata={k: v for k, v in row.items() if v is not None})
        for row, text in zip(rows, frame["text"], strict=True)
    ]


def _drops(
    documents: Sequence[Document], keys_before: Sequence[frozenset[str]], kept_positions: set[int | None], name: str
) -> tuple[list[str | None], list[dict[str, Any] | None]]:
    """Return each dropped document's reason and the metadata that the block wrote; None for kept documents."""
    reasons: list[str | None] = [None] * len(documents)
    evidence: list[dict[str, Any] | None] = [None] * len(documents)
    for number, document in enumerate(documents):
        if number not in kept_positions:
            reasons[number] = str(document.metadata.get(_REASON, name))
            written = {k: v for k, v in document.metadata.items() if k not in keys_before[number] and k != _REASON}
            evidence[number] = json.loads(json.dumps(written, default=str)) or None
    return reasons, evidence


class _NullWriter:
    """An exclusion writer that writes nothing; datatrove's filters only record their reason if they have a writer."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, document: Document, rank: int) -> None:
        """Ignore the document; the stage drops its row."""


class Words(WordTokenizer):  # type: ignore[misc]
    """A tokenizer for blocks that split texts into words: the toolkit's words for any language, instead of spaCy's.

    >>> Words().word_tokenize("El río, y la p’unchaw.")
    ['El', 'río', 'y', 'la', 'p’unchaw']
    """

    def word_tokenize(self, text: str) -> list[str]:
        """Return the words of a text, without punctuation."""
        table = WordTable.of([text])
        data = table.data.tobytes()
        # A character has at most four bytes; only a character after the word can be cut.
        return [
            data[start : start + 4 * length].decode(errors="ignore")[:length]
            for start, length in zip(table.starts.tolist(), table.lengths.tolist(), strict=True)
        ]

    def sent_tokenize(self, text: str) -> list[str]:
        """Return the sentences, without surrounding spaces."""
        return [text[start:end].strip() for start, end in self.span_tokenize(text)]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Return the start and the end of each sentence, found by final punctuation.

        >>> Words().span_tokenize("¿Vino? Sí.")
        [(0, 7), (7, 10)]
        """
        return [match.span() for match in _SENTENCE.finditer(text)]


def block_class(name: str, place: Any) -> type[Any]:
    """Return the datatrove class that a recipe names.

    Raises:
        ConfigError: there is no such class, or it can't be used in a recipe.
    """
    class_name = name.removeprefix(PREFIX)
    classes = {
        member: kind
        for module in (filters, formatters)
        for member, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, BaseFilter | BaseFormatter)
    }
    if class_name not in classes:
        problem = _("datatrove has no filter or formatter «{name}»", name=class_name)
        raise ConfigError(place, problem, closest(class_name, classes))
    if class_name == "SamplerFilter":
        problem = _(
            "«{name}» can't be used in a recipe: its sample depends on the order of documents, so that two runs could "
            "differ",
            name=class_name,
        )
        raise ConfigError(place, problem, _("remove some files, or use --limit"))
    return classes[class_name]


def block_options(name: str, place: Any) -> dict[str, Any]:
    """Return the types of a block's constructor arguments by name, without the exclusion writer."""
    init = block_class(name, place).__init__
    hints = get_type_hints(init)
    names = [name for name in inspect.signature(init).parameters if name not in ("self", "exclusion_writer")]
    return {name: hints.get(name, Any) for name in names}


def make_block(name: str, options: Mapping[str, Any], place: Any) -> DatatroveBlock:
    """Return the stage for a block with these options.

    Raises:
        ConfigError: the options are wrong, a package is missing, or results would depend on the order of documents.
    """
    if options.get("keep_fraction"):
        problem = _("the sample of «keep_fraction» depends on the order of documents, so two runs could differ")
        raise ConfigError(place, problem, _("leave it out"))
    for option in _IN_TURN & options.keys():
        if not isinstance(options[option], str) and len(options[option]) != 1:
            problem = _(
                "the values of «{option}» are used in turn, by the order of documents, so two runs could differ",
                option=option,
            )
            raise ConfigError(place, problem, _("name one value"))
    try:
        block = _block(name, json.dumps(options, sort_keys=True))
        if "language" in options:  # find missing packages now rather than at the first document
            from datatrove.utils.word_tokenizers import load_word_tokenizer

            load_word_tokenizer(block.language)
    except ImportError as error:
        remedy = _("install it; without «language» the toolkit's own words are used")
        raise ConfigError(
            place, _("«{name}»: {error}", name=name, error=error), remedy if "language" in options else _("install it")
        ) from None
    except Exception as error:  # noqa: BLE001  (any error of the constructor explains what is wrong with the options)
        raise ConfigError(
            place,
            _("«{name}» can't be created with these options: {reason}", name=name, reason=error),
            _("see its constructor in datatrove"),
        ) from None
    return DatatroveBlock(name=name, options=dict(options))


@cache
def _block(name: str, options: str) -> Any:
    """Return the datatrove block, created once per process."""
    kind = block_class(name, name)
    values = json.loads(options)
    parameters = inspect.signature(kind.__init__).parameters
    if "language" in parameters:
        values.setdefault("language", Words())
    for option in _IN_TURN & parameters.keys():
        values.setdefault(option, parameters[option].default[0])
    block = kind(**values)
    block.exclusion_writer = _NullWriter()
    return block
