"""Loads a tokenizer from a Hugging Face `tokenizer.json` or a SentencePiece model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError, cause_of, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Common names of the token that ends a document; the first one that the vocabulary has is used.
END_TOKENS: Final = (
    "<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|eos|>", "[EOS]", "<|im_end|>", "<｜end▁of▁sentence｜>",
)  # fmt: skip
# The number of texts tokenised together: enough for many threads, but few enough for quick first results and little
# memory.
_BATCH_TEXTS: Final = 64
_NAME_TOKENIZER: Final = _("name a tokenizer.json or a SentencePiece model")


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer in a file.

    Attributes:
        sha256: the file's digest, in hex, which identifies stored counts.
        end: the text of the token that ends a document; None for the tokenizer's own.
    """

    file: Path
    sha256: str
    end: str | None = None

    @property
    def _is_sentencepiece(self) -> bool:
        return self.file.suffix != ".json"

    @cached_property
    def _model(self) -> Any:
        try:
            if not self._is_sentencepiece:
                from tokenizers import Tokenizer as Loaded

                model = Loaded.from_file(str(self.file))
                # A file may enable truncation and padding, which are meant for training batches.
                model.no_truncation()
                model.no_padding()
                # A page about tokenizers may contain the end token's name, which must not end the document.
                model.encode_special_tokens = True
                return model
            from sentencepiece import SentencePieceProcessor

            return SentencePieceProcessor(model_file=str(self.file))
        except ImportError:
            remedy = "pip install sentencepiece"
            raise ConfigError(str(self.file), _("sentencepiece isn't installed"), remedy) from None
        except Exception as error:  # noqa: BLE001  (both libraries raise bare exceptions)
            problem = _("it isn't a tokenizer: {cause}", cause=str(error).partition("\n")[0])
            raise ConfigError(str(self.file), problem, _NAME_TOKENIZER) from None

    @property
    def size(self) -> int:
        """The greatest token id plus one, which exceeds the number of tokens if ids have gaps."""
        return len(self._model) if self._is_sentencepiece else max(self._model.get_vocab().values(), default=-1) + 1

    @cached_property
    def end_id(self) -> int:
        """The id of the token that ends a document.

        Raises:
            ConfigError: the tokenizer has no end token, or not the given one.
        """
        if self._is_sentencepiece and self.end is None:
            number = int(self._model.eos_id())
            if number >= 0:
                return number
            raise self._missing_end()
        vocabulary = (
            {self._model.id_to_piece(number): number for number in range(self.size)}
            if self._is_sentencepiece
            else self._model.get_vocab()
        )
        if self.end is not None:
            if self.end not in vocabulary:
                marks = [token for token in vocabulary if token[:1] in "<[" and len(token) > 1]
                problem = _("{file} has no token «{token}»", file=self.file, token=self.end)
                raise ConfigError("--end-token", problem, closest(self.end, marks))
            return int(vocabulary[self.end])
        usual = [int(vocabulary[token]) for token in END_TOKENS if token in vocabulary]
        if not usual:
            raise self._missing_end()
        return usual[0]

    def _missing_end(self) -> ConfigError:
        problem = _("it has no token that ends a document")
        return ConfigError(str(self.file), problem, _("name the one to use: {option}", option="--end-token TOKEN"))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, without tokens that mark the text's beginning or end."""
        return list(self.encoded(texts))

    def encoded(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Yield the results of `encode`, batch by batch."""
        for start in range(0, len(texts), _BATCH_TEXTS):
            batch = list(texts[start : start + _BATCH_TEXTS])
            encoded = self._encode_batch(batch)
            if self._end_name:
                encoded = [
                    self._encode_without_end(text) if self.end_id in ids else ids
                    for text, ids in zip(batch, encoded, strict=True)
                ]
            yield from encoded

    def _encode_batch(self, texts: list[str]) -> list[list[int]]:
        if self._is_sentencepiece:
            ids: list[list[int]] = self._model.encode(texts, add_bos=False, add_eos=False)
            return ids
        return [encoding.ids for encoding in self._model.encode_batch_fast(texts, add_special_tokens=False)]

    @cached_property
    def _end_name(self) -> str:
        """The end token's name, if the tokenizer encodes that name inside a text as the end token; otherwise ""."""
        try:
            end = self.end_id
        except ConfigError:  # counting doesn't need an end token
            return ""
        name = str(self._model.id_to_piece(end) if self._is_sentencepiece else self._model.id_to_token(end))
        return name if end in self._encode_batch([name])[0] else ""

    def _encode_without_end(self, text: str) -> list[int]:
        """Encode a text that contains the end token's name; split the name so that it doesn't become the token."""
        parts = text.split(self._end_name)
        occurrences = len(parts) - 1
        begins, ends = ["", *[self._end_name[1:]] * occurrences], [*[self._end_name[:1]] * occurrences, ""]
        pieces = ["".join(piece) for piece in zip(begins, parts, ends, strict=True)]
        return [number for ids in self._encode_batch(pieces) for number in ids if number != self.end_id]


def load_tokenizer(file: str | Path, end: str | None = None) -> Tokenizer:
    """Load a tokenizer.

    `file` is a `tokenizer.json`, a SentencePiece model, or a folder with one of them. `end` is the token that ends a
    document, by default the tokenizer's own.

    Raises:
        ConfigError: the file can't be read, or isn't a tokenizer.
    """
    path = Path(file)
    if path.is_dir():
        path = next(
            (candidate for name in ("tokenizer.json", "tokenizer.model") if (candidate := path / name).is_file()), path
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), _("it can't be read: {cause}", cause=cause_of(error)), _NAME_TOKENIZER) from None
    loaded = Tokenizer(path, hashlib.sha256(data).hexdigest(), end)
    loaded.encode(["agua"])
    return loaded
