"""Train models in the same way on the documents of each arm, and compare them on held-out texts.

The interval of a difference is a paired bootstrap: held-out documents, the same for every arm, and seeds are resampled
a thousand times; the interval has the middle 95 % of the differences.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.audit.documents import named_documents
from latam_corpus.collect.row_files import read_chunks
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from latam_corpus.messages import Message


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    # A function of training texts, held-out texts and a seed that returns the bits of each held-out text.
    Trainer = Callable[[Sequence[bytes], Sequence[bytes], int], NDArray[np.float64]]

_DRAWS: Final = 1000
# With fewer held-out documents, an interval would be meaningless.
_LEAST: Final = 10
# In bytes: a line of this length in two documents isn't a coincidence.
_LINE: Final = 40


@dataclass(frozen=True)
class Score:
    """The result of the models of one arm on held-out texts.

    Attributes:
        genre: the genre of the texts; empty for all texts of the language.
        trained: the number of bytes that each model was trained on.
        bits: bits per byte, averaged over the seeds.
        difference: the difference from the first arm, in bits per byte; below 0 is better.
        low, high: the interval of the difference; None if there are too few documents.
    """

    language: str
    genre: str
    arm: str
    trained: int
    held: int
    bits: float
    difference: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Ablation:
    """The result of a comparison.

    Attributes:
        lacking: the languages that aren't compared, each with the arms that have no texts in it.
        left_out: for each arm, the number of documents left out of training because they share a line with a held-out
            document.
    """

    scores: tuple[Score, ...]
    lacking: dict[str, tuple[str, ...]]
    left_out: dict[str, int]


def ablate(
    arms: Sequence[Arm],
    held_out: Sequence[Text],
    trainer: Trainer,
    seeds: int,
    budget: int | None = None,
    *,
    whole: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Ablation:
    """Train models on each arm and measure them on held-out texts, separately for each language.

    Args:
        arms: at least two arms; the others are compared with the first.
        held_out: the texts to measure on; a document that contains one of their long lines is left out of every arm.
        trainer: trains a model and measures it.
        seeds: the number of times that documents are drawn and models are trained.
        budget: the maximum number of bytes of a language to train a model on; None for no limit.
        whole: train on all documents of each arm, up to the budget, instead of on as many bytes as the smallest arm
            has.
        progress: a function that is called with a title, the number of trained models, and their total.

    Raises:
        ConfigError: there are fewer than two arms, two have the same name, or no language is in all of them.
    """
    names = [arm.name for arm in arms]
    if len(names) == 1 or len(set(names)) < len(names):
        raise ConfigError(" ".join(names), _("a comparison needs two arms with different names"), _("name two or more"))
    if seeds < 1:
        raise ConfigError(
            "--seeds", _("{value} isn't a number above 0", value=seeds), _("give a number, such as {n}", n=3)
        )
    excluded_lines = lines_of(held_out)
    languages = sorted({text.language for text in held_out})
    pools = {(arm.name, language): arm.of(language, excluded_lines) for arm in arms for language in languages}
    lacking = {
        language: tuple(name for name in names if not pools[name, language])
        for language in languages
        if not all(pools[name, language] for name in names)
    }
    compared = [language for language in languages if language not in lacking]
    if not compared:
        raise ConfigError(
            "--held-out", _("none of its languages is in every arm"), _("name texts in the arms' languages")
        )
    scores: list[Score] = []
    done = 0
    for language in compared:
        measured = [text for text in held_out if text.language == language]
        sizes = {name: sum(map(len, pools[name, language])) for name in names}
        smallest = min(sizes.values())
        byte_counts = {name: min(sizes[name] if whole else smallest, budget or sizes[name]) for name in names}
        bits = {}
        for name in names:
            bits_by_seed = []
            for seed in range(seeds):
                texts = draw(pools[name, language], byte_counts[name], seed)
                if not texts:
                    problem = _("{n} bytes of {language} hold no text", n=byte_counts[name], language=language)
                    raise ConfigError("--bytes", problem, _("give more"))
                bits_by_seed.append(trainer(texts, [document.text for document in measured], seed))
                done += 1
                if progress:
                    progress(N_("training models"), done, len(compared) * len(names) * seeds)
            bits[name] = np.array(bits_by_seed)
        scores += _scores(language, measured, bits, byte_counts)
    left_out = {
        arm.name: sum(text.language in compared for text in arm.texts)
        - sum(len(pools[arm.name, language]) for language in compared)
        for arm in arms
    }
    return Ablation(tuple(scores), lacking, left_out)


def _scores(
    language: str, held: Sequence[Text], bits: dict[str, NDArray[np.float64]], trained: dict[str, int]
) -> Iterator[Score]:
    sizes = np.array([len(document.text) for document in held])
    genres = sorted({document.genre for document in held} - {""})
    first_arm = next(iter(bits.values()))
    for genre in ("", *(genres if len(genres) > 1 or not all(document.genre for document in held) else ())):
        in_genre = np.array([not genre or document.genre == genre for document in held])
        count, total = int(in_genre.sum()), sizes[in_genre].sum()
        for name, arm_bits in bits.items():
            differences = (arm_bits - first_arm)[:, in_genre]
            has_interval = count >= _LEAST and arm_bits is not first_arm
            low, high = interval(differences, sizes[in_genre]) if has_interval else (None, None)
            bits_per_byte = float(arm_bits[:, in_genre].mean(axis=0).sum() / total)
            difference = float(differences.mean(axis=0).sum() / total)
            yield Score(language, genre, name, trained[name], count, bits_per_byte, difference, low, high)


def interval(differences: NDArray[np.float64], sizes: NDArray[np.int64]) -> tuple[float, float]:
    """Return the 95 % interval of a difference in bits per byte, by resampling seeds and documents.

    `differences` is float64[seeds, documents], in bits; `sizes` is int64[documents], in bytes.
    """
    rng = np.random.Generator(np.random.Philox(key=1))
    seeds, documents = differences.shape
    seed_weights = rng.multinomial(seeds, np.full(seeds, 1 / seeds), _DRAWS) / seeds
    document_weights = rng.multinomial(documents, np.full(documents, 1 / documents), _DRAWS)
    resampled = ((seed_weights @ differences) * document_weights).sum(axis=1) / (document_weights @ sizes)
    low, high = np.quantile(resampled, (0.025, 0.975))
    return float(low), float(high)


@dataclass(frozen=True)
class Text:
    """The text of a document in UTF-8, with its language and genre; the genre may be empty."""

    text: bytes
    language: str
    genre: str


@dataclass(frozen=True)
class Arm:
    """A named choice of training documents."""

    name: str
    texts: tuple[Text, ...]

    def of(self, language: str, without: frozenset[bytes]) -> list[bytes]:
        """Return the texts in a language that contain none of the lines `without`."""
        texts = (text.text for text in self.texts if text.language == language)
        return [text for text in texts if without.isdisjoint(text.split(b"\n"))]


def read_arm(named: str, out: Path, store: str | None, tell: Callable[[str | Message], None]) -> Arm:
    """Read the documents of an arm.

    `named` is `NAME=PLACE`; the place is a run, a version, or a file of rows with `text`, `language` and, optionally,
    `genre`. `tell` prints notes about the chosen documents.

    Raises:
        ConfigError: the argument has another form, or the arm has no documents.
    """
    name, equals, place = named.partition("=")
    if not (equals and name and place):
        remedy = _("write NAME=RUN, NAME=RELEASE@VERSION or NAME=FILE")
        raise ConfigError(named, _("this isn't an arm"), remedy)
    if Path(place).is_file():
        texts = read_file(Path(place))
    else:
        texts = tuple(_of_rows(_rows(named_documents(place, out, store, tell).frames()), place))
    if not texts:
        raise ConfigError(named, _("it has no documents"), _("name another run, version or file"))
    return Arm(name, texts)


def read_file(file: Path) -> tuple[Text, ...]:
    """Return the texts of a file of rows with `text`, `language` and, optionally, `genre`.

    Raises:
        ConfigError: the file can't be read, a row lacks text or language, or there are no rows.
    """
    if not file.is_file():
        raise ConfigError(str(file), _("there is no such file"), _("name a file of rows with text and language"))
    texts = tuple(_of_rows((row for rows in read_chunks(file) for row in rows), str(file)))
    if not texts:
        raise ConfigError(str(file), _("it has no documents"), _("name a file of rows with text and language"))
    return texts


def _rows(frames: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for frame in frames:
        yield from frame.select("text", "language", "genre").iter_rows(named=True)


def _of_rows(rows: Iterable[dict[str, Any]], place: str) -> Iterator[Text]:
    for number, row in enumerate(rows, 1):
        text, language = row.get("text"), row.get("language")
        if not isinstance(text, str) or not isinstance(language, str):
            problem = _("row {n} has no text or no language", n=number)
            raise ConfigError(place, problem, _("give each row the texts «text» and «language»"))
        if text.strip():
            yield Text(text.encode(errors="replace"), language, str(row.get("genre") or ""))


def lines_of(texts: Iterable[Text]) -> frozenset[bytes]:
    """Return the long lines of texts, by which copies of the texts are recognised."""
    return frozenset(line for text in texts for line in text.text.split(b"\n") if len(line) >= _LINE)


def draw(texts: Sequence[bytes], budget: int, seed: int) -> list[bytes]:
    """Draw texts at random, up to a number of bytes; cut the last one.

    With the same seed, arms that share texts draw the same texts.

    >>> draw([b"agua", b"tierra"], 7, seed=0)
    [b'tierra', b'a']
    """
    drawn = []
    remaining = budget
    salt = seed.to_bytes(8, "big")
    for text in sorted(texts, key=lambda text: hashlib.blake2b(text, digest_size=8, salt=salt).digest()):
        drawn.append(text if len(text) <= remaining else text[:remaining].decode(errors="ignore").encode())
        remaining -= len(drawn[-1])
        if len(drawn[-1]) < len(text):
            break
    return [text for text in drawn if text]
