"""A tokenizer by the path of its file: a Hugging Face `tokenizer.json` or a SentencePiece model."""

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

# What tokenizers call the token that ends a document; the first that one has is taken.
END_TOKENS: Final = (
    "<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|eos|>", "[EOS]", "<|im_end|>", "<｜end▁of▁sentence｜>",
)  # fmt: skip
# Texts that are tokenised together: enough for many threads, few enough that the first come soon, in little memory.
_AT_ONCE: Final = 64
_NAME_TOKENIZER: Final = _("name a tokenizer.json or a SentencePiece model")


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer, read from its file.

    Attributes:
        file: where it is.
        sha256: of the file, hex; by it counts are kept.
        end: the token that ends a document, as its text; the tokenizer's own when None.
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
                # A file may say that texts are cut or filled up, which is meant for what trains on them.
                model.no_truncation()
                model.no_padding()
                # A page about tokenizers may name their tokens: one in a text would end a document in its middle.
                model.encode_special_tokens = True
                return model
            from sentencepiece import SentencePieceProcessor

            return SentencePieceProcessor(model_file=str(self.file))
        except ImportError:
            remedy = "pip install sentencepiece"
            raise ConfigError(str(self.file), _("sentencepiece isn't installed"), remedy) from None
        except Exception as error:  # noqa: BLE001  (both libraries raise bare ones)
            problem = _("it is no tokenizer: {cause}", cause=str(error).partition("\n")[0])
            raise ConfigError(str(self.file), problem, _NAME_TOKENIZER) from None

    @property
    def size(self) -> int:
        """One more than the greatest token id."""
        # Ids have gaps in some files, of which the number of tokens says nothing.
        return len(self._model) if self._is_sentencepiece else max(self._model.get_vocab().values(), default=-1) + 1

    @cached_property
    def end_id(self) -> int:
        """The id of the token that ends a document.

        Raises:
            ConfigError: there is none, or none of the name that was given.
        """
        if self._is_sentencepiece and self.end is None:
            number = int(self._model.eos_id())
            if number >= 0:
                return number
            raise self._without_end()
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
        known = [int(vocabulary[token]) for token in END_TOKENS if token in vocabulary]
        if not known:
            raise self._without_end()
        return known[0]

    def _without_end(self) -> ConfigError:
        problem = _("it has no token that ends a document")
        return ConfigError(str(self.file), problem, _("name the one to use: {option}", option="--end-token TOKEN"))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text's tokens, without any that mark its beginning or end."""
        return list(self.encoded(texts))

    def encoded(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Yield what `encode` returns, a few texts at a time."""
        for start in range(0, len(texts), _AT_ONCE):
            some = list(texts[start : start + _AT_ONCE])
            coded = self._coded(some)
            if self._named:
                coded = [
                    self._spelt(text) if self.end_id in ids else ids for text, ids in zip(some, coded, strict=True)
                ]
            yield from coded

    def _coded(self, texts: list[str]) -> list[list[int]]:
        if self._is_sentencepiece:
            ids: list[list[int]] = self._model.encode(texts, add_bos=False, add_eos=False)
            return ids
        return [one.ids for one in self._model.encode_batch_fast(texts, add_special_tokens=False)]

    @cached_property
    def _named(self) -> str:
        """The end token's text where one that names it is given the token itself; else ""."""
        try:
            end = self.end_id
        except ConfigError:  # who only counts needs none
            return ""
        name = str(self._model.id_to_piece(end) if self._is_sentencepiece else self._model.id_to_token(end))
        return name if end in self._coded([name])[0] else ""

    def _spelt(self, text: str) -> list[int]:
        """Return the ids of a text that names the end token: its letters, cut apart so as not to be taken for it."""
        parts = text.split(self._named)
        between = len(parts) - 1
        begins, ends = ["", *[self._named[1:]] * between], [*[self._named[:1]] * between, ""]
        pieces = ["".join(piece) for piece in zip(begins, parts, ends, strict=True)]
        return [number for ids in self._coded(pieces) for number in ids if number != self.end_id]


def load_tokenizer(file: str | Path, end: str | None = None) -> Tokenizer:
    """Return the tokenizer in a file.

    Args:
        file: a `tokenizer.json` or a SentencePiece model; or a folder with one of the two.
        end: the token that ends a document; the tokenizer's own when None.

    Raises:
        ConfigError: there is no such file, or it holds no tokenizer.
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
