"""A small version of several shards to stream."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import MadeOnce

COUNTRIES = ("CL", "AR", "MX", None)


@pytest.fixture
def small_store(tmp_path: Path, made_once: MadeOnce, puerto: Callable[..., None]) -> Store:
    """A store with the version `puerto`: 120 documents in two languages and four countries, all in the train split."""
    return Store.at(made_once("train", partial(puerto, splits={}), tmp_path / "store"))


@pytest.fixture
def split_store(tmp_path: Path, made_once: MadeOnce, puerto: Callable[..., None]) -> Store:
    """A store with the same documents, some of them held out."""
    make = partial(puerto, splits={"validation": 0.1, "test": 0.1})
    return Store.at(made_once("train-split", make, tmp_path / "split"))


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
    """A byte-pair tokenizer trained on one sentence, whose file truncates texts after two tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    model = Tokenizer(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    learnt = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    )
    model.train_from_iterator(["La barca salió del puerto antes del alba. Volvió con la red vacía."] * 3, learnt)
    model.enable_truncation(2)
    file = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    model.save(str(file))
    return file
