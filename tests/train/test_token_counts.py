"""Tokens are counted whole, by either kind of tokenizer, once for each file, and told by slice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.release.reading.pull import pull
from latam_corpus.train import CorpusStream
from latam_corpus.train.shards.corpus_files import open_files
from latam_corpus.train.tokens.token_counts import count_slices
from latam_corpus.train.tokens.tokenizer import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import CommandLine

    from latam_corpus.release.storing.store import Store


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is in the cache before."""
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path / "cache"))


def test_texts_are_counted_whole(small_store: Store, tokenizer_file: Path) -> None:
    """Each slice's tokens are those of its texts, which the tokenizer's own truncation doesn't cut."""
    tokenizer = load_tokenizer(tokenizer_file)
    slices = count_slices(open_files(small_store.url, "puerto"), tokenizer, ["language", "country"])
    expected: dict[tuple[str, str], list[int]] = {}
    for row in CorpusStream(small_store.url, "puerto"):
        tally = expected.setdefault((row["language"], row["country"] or ""), [0, 0, 0])
        for place, size in enumerate((1, len(tokenizer.encode([row["text"]])[0]), len(row["text"].split()))):
            tally[place] += size
    assert {one.values: [one.documents, one.tokens, one.words] for one in slices} == expected
    assert min(one.fertility for one in slices) > 1


def test_a_file_is_counted_once(small_store: Store, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept beside the release is read; a damaged count is made anew, and a pulled folder stays as it is."""
    tokenizer, files = load_tokenizer(tokenizer_file), open_files(small_store.url, "puerto")
    counted = count_slices(files, tokenizer, ["language"])
    kept = list(Path(small_store.root, "tokens").glob(f"{tokenizer.sha256[:16]}-*/*.parquet"))
    assert len(kept) == len(files.files)
    kept[0].write_bytes(b"x")
    asked = []
    encoded = Tokenizer.encoded

    def counted_too(self: Tokenizer, texts: Any) -> Iterator[list[int]]:
        asked.append(len(texts))
        return encoded(self, texts)

    monkeypatch.setattr(Tokenizer, "encoded", counted_too)
    assert count_slices(files, tokenizer, ["language"]) == counted
    assert len(asked) == 1
    folder = Path(small_store.root).parent / "pulled"
    pull("puerto", small_store, folder)
    before = sorted(folder.rglob("*"))
    assert count_slices(open_files(folder), tokenizer, ["language"]) == counted
    assert sorted(folder.rglob("*")) == before


def test_a_sentencepiece_model_counts_too(tmp_path: Path, small_store: Store) -> None:
    """With the end that it states."""
    sentencepiece = pytest.importorskip("sentencepiece")
    texts = [row["text"] for row in CorpusStream(small_store.url, "puerto", columns=["text"])]
    options = {"model_prefix": str(tmp_path / "puerto"), "vocab_size": 50, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(texts), **options)
    tokenizer = load_tokenizer(tmp_path / "puerto.model")
    assert tokenizer.end_id == 2
    assert tokenizer.size == 50
    assert len(tokenizer.encode(["La barca", ""])[1]) == 0
    assert count_slices(open_files(small_store.url, "puerto"), tokenizer, ["genre"])[0].tokens > 120


def test_fertility_is_told_beside_spanish(small_store: Store, tokenizer_file: Path, command_line: CommandLine) -> None:
    """As JSON and as a table; another column than a slice's is refused."""
    command: list[Any] = ["release", "tokens", "puerto", "--store", small_store.url, "--tokenizer", tokenizer_file]
    told = command_line(*command, "--json").json
    rows = {row["language"]: row for row in told["slices"]}
    assert rows["spa_Latn"]["beside_spanish"] == 1
    assert rows["spa_Latn"]["documents"] == 96
    assert told["tokens"] == sum(row["tokens"] for row in rows.values())
    shown = command_line(*command, "--by", "genre")
    assert shown.code == 0
    assert "literature" in shown.out
    wrong = command_line(*command, "--by", "text")
    assert wrong.code == 2
    assert "makes no slices" in wrong.err
    assert command_line(*command, "--by", "genre,genre", "--json").json["slices"][0]["documents"] == 120


def test_a_vocabulary_with_gaps_has_its_greatest_id(tmp_path: Path) -> None:
    """By which the type of an export's tokens is chosen."""
    from tokenizers import Tokenizer, models

    Tokenizer(models.WordLevel({"</s>": 0, "agua": 70_000}, unk_token="</s>")).save(str(tmp_path / "gaps.json"))  # noqa: S106  (a token of text)
    assert load_tokenizer(tmp_path / "gaps.json").size == 70_001


def test_files_that_are_no_tokenizers_are_refused(tmp_path: Path, tokenizer_file: Path) -> None:
    """Missing, damaged, and without a token that ends a document, which is asked for where it is needed."""
    with pytest.raises(ConfigError, match="can't be read"):
        load_tokenizer(tmp_path / "none.json")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ConfigError, match="it is no tokenizer"):
        load_tokenizer(tmp_path)
    assert load_tokenizer(tokenizer_file).end_id == 0
    with pytest.raises(ConfigError, match=r"has no token «<\|endoftxt\|>»; did you mean «<\|endoftext\|>»"):
        _ = load_tokenizer(tokenizer_file, "<|endoftxt|>").end_id
    (tmp_path / "bare.json").write_text(tokenizer_file.read_text().replace("endoftext", "x"))
    bare = load_tokenizer(tmp_path / "bare.json")
    with pytest.raises(ConfigError, match="--end-token"):
        _ = bare.end_id
