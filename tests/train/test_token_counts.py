"""Tokens are counted in whole texts, by either kind of tokenizer, once for each file, and by slice."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import rmtree
from threading import Thread
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
    """Begin with an empty cache."""
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path / "cache"))


def test_texts_are_counted_whole(small_store: Store, tokenizer_file: Path) -> None:
    """A slice's tokens are those of its whole texts, despite the tokenizer's truncation."""
    tokenizer = load_tokenizer(tokenizer_file)
    slices = count_slices(open_files(small_store.url, "puerto"), tokenizer, ["language", "country"])
    expected: dict[tuple[str, str], list[int]] = {}
    for row in CorpusStream(small_store.url, "puerto"):
        tally = expected.setdefault((row["language"], row["country"] or ""), [0, 0, 0])
        for place, size in enumerate((1, len(tokenizer.encode([row["text"]])[0]), len(row["text"].split()))):
            tally[place] += size
    assert {part.values: [part.documents, part.tokens, part.words] for part in slices} == expected
    assert min(part.fertility for part in slices) > 1


def test_a_file_is_counted_once(small_store: Store, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored counts are reused, damaged ones recomputed, and a pulled folder isn't changed."""
    tokenizer, files = load_tokenizer(tokenizer_file), open_files(small_store.url, "puerto")
    counted = count_slices(files, tokenizer, ["language"])
    count_files = list(Path(small_store.root, "tokens").glob(f"{tokenizer.sha256[:16]}-*/*.parquet"))
    assert len(count_files) == len(files.files)
    count_files[0].write_bytes(b"x")
    encoded_texts = []
    encoded = Tokenizer.encoded

    def counted_too(self: Tokenizer, texts: Any) -> Iterator[list[int]]:
        encoded_texts.append(len(texts))
        return encoded(self, texts)

    monkeypatch.setattr(Tokenizer, "encoded", counted_too)
    assert count_slices(files, tokenizer, ["language"]) == counted
    assert len(encoded_texts) == 1
    folder = Path(small_store.root).parent / "pulled"
    pull("puerto", small_store, folder)
    files_before = sorted(folder.rglob("*"))
    assert count_slices(open_files(folder), tokenizer, ["language"]) == counted
    assert sorted(folder.rglob("*")) == files_before


def test_counts_of_a_web_server_are_cached(small_store: Store, tokenizer_file: Path, tmp_path: Path) -> None:
    """A server that refuses to store them, like Python's, has none of them; the user's cache has them."""
    tokenizer = load_tokenizer(tokenizer_file)
    counted = count_slices(open_files(small_store.url, "puerto"), tokenizer, ["language"])
    rmtree(Path(small_store.root, "tokens"))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=small_store.root)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        files = open_files(f"http://127.0.0.1:{server.server_port}", "puerto")
        assert count_slices(files, tokenizer, ["language"]) == counted
        server.shutdown()
    assert len(list((tmp_path / "cache").rglob("*.parquet"))) == len(files.files)


def test_a_sentencepiece_model_counts_too(tmp_path: Path, small_store: Store) -> None:
    """A SentencePiece model counts with its own end token."""
    sentencepiece = pytest.importorskip("sentencepiece")
    texts = [row["text"] for row in CorpusStream(small_store.url, "puerto", columns=["text"])]
    options = {"model_prefix": str(tmp_path / "puerto"), "vocab_size": 50, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(texts), **options)
    tokenizer = load_tokenizer(tmp_path / "puerto.model")
    assert tokenizer.end_id == 2
    assert tokenizer.size == 50
    assert len(tokenizer.encode(["La barca", ""])[1]) == 0
    assert count_slices(open_files(small_store.url, "puerto"), tokenizer, ["genre"])[0].tokens > 120


def test_fertility_is_compared_with_spanish(
    small_store: Store, tokenizer_file: Path, command_line: CommandLine
) -> None:
    """JSON and table compare with Spanish, and a column that isn't one of slices is refused."""
    command: list[Any] = ["release", "tokens", "puerto", "--store", small_store.url, "--tokenizer", tokenizer_file]
    report = command_line(*command, "--json").json
    rows = {row["language"]: row for row in report["slices"]}
    assert rows["spa_Latn"]["beside_spanish"] == 1
    assert rows["spa_Latn"]["documents"] == 96
    assert report["tokens"] == sum(row["tokens"] for row in rows.values())
    shown = command_line(*command, "--by", "genre")
    assert shown.code == 0
    assert "literature" in shown.out
    wrong = command_line(*command, "--by", "text")
    assert wrong.code == 2
    assert "slices can't be formed by" in wrong.err
    assert command_line(*command, "--by", "genre,genre", "--json").json["slices"][0]["documents"] == 120


def test_a_vocabulary_with_gaps_has_its_greatest_id(tmp_path: Path) -> None:
    """The greatest id, which decides the type of an export's tokens, counts gaps."""
    from tokenizers import Tokenizer, models

    Tokenizer(models.WordLevel({"</s>": 0, "agua": 70_000}, unk_token="</s>")).save(str(tmp_path / "gaps.json"))  # noqa: S106  (a token of text)
    assert load_tokenizer(tmp_path / "gaps.json").size == 70_001


def test_invalid_tokenizer_files_are_refused(tmp_path: Path, tokenizer_file: Path) -> None:
    """Missing and damaged files are refused, and a missing end token only where one is needed."""
    with pytest.raises(ConfigError, match="can't be read"):
        load_tokenizer(tmp_path / "none.json")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ConfigError, match="it isn't a tokenizer"):
        load_tokenizer(tmp_path)
    assert load_tokenizer(tokenizer_file).end_id == 0
    with pytest.raises(ConfigError, match=r"has no token «<\|endoftxt\|>»; did you mean «<\|endoftext\|>»"):
        _ = load_tokenizer(tokenizer_file, "<|endoftxt|>").end_id
    (tmp_path / "bare.json").write_text(tokenizer_file.read_text().replace("endoftext", "x"))
    bare = load_tokenizer(tmp_path / "bare.json")
    with pytest.raises(ConfigError, match="--end-token"):
        _ = bare.end_id
