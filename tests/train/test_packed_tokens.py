"""Tokens are packed into blocks without loss or repetition, even across stops inside documents."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.train import CorpusStream
from latam_corpus.train.tokens.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.release.storing.store import Store

WINDOW = 16_000
_TEXT = "La barca salió del puerto antes del alba y volvió con la red vacía."


@pytest.mark.parametrize("length", [7, 64, 500])
def test_blocks_resume_from_any_state(small_store: Store, tokenizer_file: Path, length: int) -> None:
    """Blocks are the documents' tokens with their end tokens, one after another."""
    tokenizer = load_tokenizer(tokenizer_file)

    def opened() -> CorpusStream:
        return CorpusStream(small_store.url, "puerto", seed=7, rank=1, world=2, window=WINDOW)

    tokens = [token for row in opened() for token in [*tokenizer.encode([row["text"]])[0], tokenizer.end_id]]
    stream = opened()
    blocks = [stream.packed(tokenizer, length)]
    states = [json.dumps(stream.state_dict())]
    blocks_made = []
    for block in blocks[0]:
        blocks_made.append(block.tolist())
        states.append(json.dumps(stream.state_dict()))
    whole = len(tokens) // length
    assert blocks_made == [tokens[at * length : (at + 1) * length] for at in range(whole)]
    for taken in range(0, whole, max(1, whole // 12)):
        fresh = opened()
        fresh.load_state_dict(json.loads(states[taken]))
        assert next(fresh.packed(tokenizer, length)).tolist() == blocks_made[taken]
    assert next(stream.packed(tokenizer, length)).tolist() == blocks_made[0]


def test_a_document_excluded_later_is_skipped(small_store: Store, tokenizer_file: Path, tmp_path: Path) -> None:
    """The remaining tokens of an excluded cut document are skipped, and the next one is whole."""
    tokenizer = load_tokenizer(tokenizer_file)
    rows = list(CorpusStream(small_store.url, "puerto", seed=7))
    stream = CorpusStream(small_store.url, "puerto", seed=7)
    next(stream.packed(tokenizer, 5))
    (tmp_path / "excluded.txt").write_text(rows[0]["doc_id"])
    fresh = CorpusStream(small_store.url, "puerto", exclude=[tmp_path / "excluded.txt"])
    fresh.load_state_dict(stream.state_dict())
    with pytest.warns(UserWarning, match="position 0 of puerto.* after its first 5 tokens were packed"):
        assert next(fresh.packed(tokenizer, 5)).tolist() == tokenizer.encode([rows[1]["text"]])[0][:5]


def test_changed_tokenizers_and_damaged_states_are_refused(
    small_store: Store, tokenizer_file: Path, tmp_path: Path
) -> None:
    """Another tokenizer, a damaged state and a length of zero are refused."""
    tokenizer = load_tokenizer(tokenizer_file)
    stream = CorpusStream(small_store.url, "puerto", seed=7)
    next(stream.packed(tokenizer, 5))
    state = stream.state_dict()
    shutil.copy(tokenizer_file, tmp_path / "other.json")
    with (tmp_path / "other.json").open("a") as file:
        file.write("\n")
    with pytest.raises(ConfigError, match="another tokenizer had cut"):
        next(stream.packed(load_tokenizer(tmp_path / "other.json"), 5))
    wrong: list[Any] = [None, [5], [[0, -5]], [[0]], [[0, "5"]], [["0", 5]]]
    for parts in wrong:
        with pytest.raises(ConfigError, match="damaged"):
            stream.load_state_dict(state | {"parts": parts})
    with pytest.raises(ConfigError, match="damaged"):
        stream.load_state_dict(state | {"tokenizer": None})
    with pytest.raises(ConfigError, match="too small"):
        next(stream.packed(tokenizer, 0))
    path: Any = str(tokenizer_file)
    with pytest.raises(ConfigError, match=r"str is not a tokenizer.*load_tokenizer\(FILE\)"):
        next(stream.packed(path, 5))


def test_an_epoch_shorter_than_a_block_is_reported(small_store: Store, tokenizer_file: Path) -> None:
    """An epoch shorter than a block is an error, but the rest of an epoch may be."""
    tokenizer = load_tokenizer(tokenizer_file)
    stream = CorpusStream(small_store.url, "puerto", seed=7)
    tokens = sum(len(text_ids) + 1 for text_ids in tokenizer.encode(list(stream.texts())))
    assert len(list(stream.packed(tokenizer, tokens))) == 1
    with pytest.raises(ConfigError, match=f"puerto@2026.11.0 has {tokens} tokens, fewer than a block"):
        list(stream.packed(tokenizer, tokens + 1))
    next(iter(stream))
    assert list(stream.packed(tokenizer, tokens)) == []


def test_the_name_of_the_end_token_does_not_end_a_text(tokenizer_file: Path) -> None:
    """The end token's name in a text is encoded as letters."""
    tokenizer = load_tokenizer(tokenizer_file)
    [tokens] = tokenizer.encode(["dice <|endoftext|> y sigue"])
    assert tokenizer.end_id not in tokens
    assert len(tokens) > len(tokenizer.encode(["dice  y sigue"])[0])


def test_the_name_of_an_added_end_token_does_not_end_a_text(tokenizer_file: Path, tmp_path: Path) -> None:
    """This also holds for an added token and for a symbol of a SentencePiece model."""
    from tokenizers import AddedToken
    from tokenizers import Tokenizer as Loaded

    added = Loaded.from_file(str(tokenizer_file))
    added.add_tokens([AddedToken("</s>", special=False)])
    added.save(str(tmp_path / "added.json"))
    sentencepiece = pytest.importorskip("sentencepiece")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([_TEXT] * 20),
        model_prefix=str(tmp_path / "symbols"),
        vocab_size=60,
        hard_vocab_limit=False,
        user_defined_symbols=["<fin>"],
        minloglevel=2,
    )
    for file, end in (("added.json", "</s>"), ("symbols.model", "<fin>")):
        tokenizer = load_tokenizer(tmp_path / file, end=end)
        text = f"{_TEXT} {end}{end} {_TEXT}"
        plain, naming, only = tokenizer.encode([_TEXT, text, end])
        assert tokenizer.end_id not in [*naming, *only]
        assert naming[: len(plain)] == plain
        assert len(naming) > 2 * len(plain)
        assert only
