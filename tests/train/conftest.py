"""A small version to stream, of several shards."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNTRIES = ("CL", "AR", "MX", None)


@pytest.fixture(scope="session")
def built_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the one that is built first stays for the tests after it."""
    return tmp_path_factory.mktemp("built") / "store"


@pytest.fixture
def small_store(tmp_path: Path, built_store: Path, puerto: Callable[..., None]) -> Store:
    """A store with the version `puerto`: 120 documents in two languages and four countries, all to train on."""
    if not built_store.is_dir():
        puerto(built_store, splits={})
    shutil.copytree(built_store, tmp_path / "store")
    return Store.at(tmp_path / "store")


@pytest.fixture
def split_store(tmp_path: Path, puerto: Callable[..., None]) -> Store:
    """The same documents, some of which are held out."""
    puerto(tmp_path / "split", splits={"validation": 0.1, "test": 0.1})
    return Store.at(tmp_path / "split")


@pytest.fixture
def puerto(document: Any, kept_run: Any) -> Callable[..., None]:
    """A builder of the version `puerto` in a folder."""

    def build_at(folder: Path, splits: dict[str, float]) -> None:
        documents = [
            document(n, language="por_Latn" if n % 5 == 0 else "spa_Latn", country=COUNTRIES[n % 4]) for n in range(120)
        ]
        terms: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25)}
        run = kept_run("a-1", documents)
        build("puerto", [run], Store.at(folder), splits=splits, shard_bytes=30_000, **terms)

    return build_at


@pytest.fixture(scope="session")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-pair tokenizer that has learnt a sentence, and would cut texts after two tokens as a trainer's does."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    learnt = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(["La barca salió del puerto antes del alba. Volvió con la red vacía."] * 3, learnt)
    made.enable_truncation(2)
    file = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    made.save(str(file))
    return file
