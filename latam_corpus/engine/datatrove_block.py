"""A filter or formatter of datatrove as a stage of a recipe: `use = "datatrove:GopherQualityFilter"`."""

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
_REASON: Final = "filter_reason"  # where datatrove's filters leave it
# Words that `PIIFormatter` takes in turn, from one document to the next: a text would depend on those before it.
_IN_TURN: Final = frozenset({"email_replacement", "ip_replacement"})
_SENTENCE: Final = re.compile(r".+?(?:[.!?…]+[»”\"')\]]*(?=\s|$)|$)\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class DatatroveBlock(Stage):
    """The stage that asks a filter of datatrove which documents stay, or has a formatter of its rewrite their texts.

    The block is given documents whose metadata are the rows' columns. What it drops is set aside with its reason, and
    what it wrote into the metadata is the evidence; of documents that stay, metadata that it wrote go no further.

    Attributes:
        name: `datatrove:` and the block's class.
        options: of its constructor.
    """

    name: str  # type: ignore[misc]  # one class for all blocks
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text", "drop_reason"})
    libraries: ClassVar[tuple[str, ...]] = ("datatrove",)

    def fingerprint(self) -> str:
        """Digest the bytes of the files that options name."""
        named = [Path(value) for value in self.options.values() if isinstance(value, str) and Path(value).is_file()]
        return " ".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in named)

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with the texts that the block gives, and its reasons.

        Raises:
            PartError: the block gives a document that it wasn't given, or one twice.
        """
        documents = _documents(batch.frame)
        before = [frozenset(document.metadata) for document in documents]
        places = {id(document): n for n, document in enumerate(documents)}
        block = _block(self.name, json.dumps(self.options, sort_keys=True))
        positions = [places.get(id(document)) for document in block.run(iter(documents))]
        stays = set(positions)
        if None in stays or len(stays) < len(positions):
            problem = _("the block gives documents that it wasn't given, or one twice")
            raise PartError(
                _("stage «{name}»", name=self.name), problem, _("a filter or a formatter gives what it gets, or less")
            )
        texts = batch.frame["text"].to_list()
        new = [
            text if n not in stays or document.text == (text or "") else document.text
            for n, (text, document) in enumerate(zip(texts, documents, strict=True))
        ]
        reasons, evidence = _fallen(documents, before, stays, self.name)
        if new != texts:
            batch = batch.with_columns({"text": pl.Series("text", new, dtype=pl.String)})
        return batch.drop(reasons, evidence) if any(reasons) else batch


def _documents(frame: pl.DataFrame) -> list[Document]:
    rows = frame.drop("text", "raw", strict=False).to_dicts()
    return [
        Document(text or "", row["doc_id"], metadata={k: v for k, v in row.items() if v is not None})
        for row, text in zip(rows, frame["text"], strict=True)
    ]


def _fallen(
    documents: Sequence[Document], before: Sequence[frozenset[str]], stays: set[int | None], name: str
) -> tuple[list[str | None], list[dict[str, Any] | None]]:
    """Return the reason of each document that doesn't stay, and what the block wrote into its metadata."""
    reasons: list[str | None] = [None] * len(documents)
    evidence: list[dict[str, Any] | None] = [None] * len(documents)
    for n, document in enumerate(documents):
        if n not in stays:
            reasons[n] = str(document.metadata.get(_REASON, name))
            written = {k: v for k, v in document.metadata.items() if k not in before[n] and k != _REASON}
            evidence[n] = json.loads(json.dumps(written, default=str)) or None
    return reasons, evidence


class _Aside:
    """What a filter takes for a writer of what it drops: with one it leaves its reason in the metadata."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, document: Document, rank: int) -> None:
        """Leave the document: its row is set aside with the others."""


class Words(WordTokenizer):  # type: ignore[misc]
    """The toolkit's words for blocks that split texts into words: of any language, and without spaCy.

    >>> Words().word_tokenize("El río, y la p’unchaw.")
    ['El', 'río', 'y', 'la', 'p’unchaw']
    """

    def word_tokenize(self, text: str) -> list[str]:
        """Return the words as they are written, without the signs between them."""
        table = WordTable.of([text])
        data = table.data.tobytes()
        # A character has four bytes at most; a cut one at the end is none of the word's.
        return [
            data[start : start + 4 * length].decode(errors="ignore")[:length]
            for start, length in zip(table.starts.tolist(), table.lengths.tolist(), strict=True)
        ]

    def sent_tokenize(self, text: str) -> list[str]:
        """Return the sentences, without the space around them."""
        return [text[start:end].strip() for start, end in self.span_tokenize(text)]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Where each sentence begins and ends, by the sign at its end.

        >>> Words().span_tokenize("¿Vino? Sí.")
        [(0, 7), (7, 10)]
        """
        return [match.span() for match in _SENTENCE.finditer(text)]


def block_class(name: str, place: Any) -> type[Any]:
    """Return the class of datatrove's that a recipe names.

    Raises:
        ConfigError: there is none, or it can't stand in a recipe.
    """
    wanted = name.removeprefix(PREFIX)
    known = {
        one: kind
        for module in (filters, formatters)
        for one, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, BaseFilter | BaseFormatter)
    }
    if wanted not in known:
        problem = _("«{wanted}» is no filter or formatter of datatrove's", wanted=wanted)
        raise ConfigError(place, problem, closest(wanted, known))
    if wanted == "SamplerFilter":
        problem = _(
            "«{wanted}» can't stand in a recipe: it draws by the order in which documents come, so that two runs would "
            "give two results",
            wanted=wanted,
        )
        raise ConfigError(place, problem, _("thin out the files, or use --limit"))
    return known[wanted]


def block_options(name: str, place: Any) -> dict[str, Any]:
    """Give the options of a block's constructor and the type of each, without the writer: the ledger has what falls."""
    init = block_class(name, place).__init__
    hints = get_type_hints(init)
    named = [name for name in inspect.signature(init).parameters if name not in ("self", "exclusion_writer")]
    return {name: hints.get(name, Any) for name in named}


def make_block(name: str, options: Mapping[str, Any], place: Any) -> DatatroveBlock:
    """Return the stage of a block with these options.

    Raises:
        ConfigError: the block can't be made of them, needs what isn't installed, or would draw by chance.
    """
    if options.get("keep_fraction"):
        problem = _(
            "«keep_fraction» draws by the order in which documents come, so that two runs would give two results"
        )
        raise ConfigError(place, problem, _("leave it out"))
    for option in _IN_TURN & options.keys():
        if not isinstance(options[option], str) and len(options[option]) != 1:
            problem = _(
                "the words of «{option}» are taken in turn, by the order in which documents come, so that two runs "
                "would give two results",
                option=option,
            )
            raise ConfigError(place, problem, _("name one"))
    try:
        block = _block(name, json.dumps(options, sort_keys=True))
        if "language" in options:  # words of a language need what datatrove asks for, and not at the first document
            from datatrove.utils.word_tokenizers import load_word_tokenizer

            load_word_tokenizer(block.language)
    except ImportError as error:
        remedy = _("install it; without «language» the toolkit's own words are used")
        raise ConfigError(
            place, _("«{name}»: {error}", name=name, error=error), remedy if "language" in options else _("install it")
        ) from None
    except Exception as error:  # noqa: BLE001  (whatever a constructor raises says what is wrong with its options)
        raise ConfigError(
            place, _("«{name}» can't be made: {reason}", name=name, reason=error), _("see its constructor in datatrove")
        ) from None
    return DatatroveBlock(name=name, options=dict(options))


@cache
def _block(name: str, options: str) -> Any:
    """Return the block itself, made once in each process."""
    kind = block_class(name, name)
    values = json.loads(options)
    parameters = inspect.signature(kind.__init__).parameters
    if "language" in parameters:
        values.setdefault("language", Words())
    for option in _IN_TURN & parameters.keys():
        values.setdefault(option, parameters[option].default[0])
    block = kind(**values)
    block.exclusion_writer = _Aside()
    return block
