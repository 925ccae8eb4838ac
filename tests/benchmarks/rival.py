"""datatrove's own blocks on the same documents, as `text_path` starts them with another Python.

INPUT is a folder of JSONL files, or a web archive, whose pages are extracted with its trafilatura block: for that it
needs trafilatura, warcio, faust-cchardet and python-magic too.

`PYTHON rival.py INPUT OUT MODEL ROW WORDS` needs datatrove, spacy, ftfy, fasttext, orjson, xxhash and pyarrow, and
nothing of this project; it prints what it used as one line of JSON. ROW is `stock` or `regex`; WORDS is a JSON list
of stop words.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_WORD = re.compile(r"\w+|[^\w\s]+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
_LANGUAGE = "spa"
_LEAST = 0.65  # datatrove's own threshold


def regex_tokenizer(word: re.Pattern[str] = _WORD) -> Any:
    """Return the simplest tokenizer that datatrove's blocks accept, so that only the blocks' own work is measured."""
    from datatrove.utils.word_tokenizers import WordTokenizer

    class RegexTokenizer(WordTokenizer):  # type: ignore[misc]
        def word_tokenize(self, text: str) -> list[str]:
            return word.findall(text)

        def sent_tokenize(self, text: str) -> list[str]:
            return [sentence for sentence in _SENTENCE_END.split(text) if sentence.strip()]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            ends = [match.end() for match in _SENTENCE_END.finditer(text)]
            return list(zip([0, *ends], [*ends, len(text)], strict=True))

    return RegexTokenizer("es")


def language_filter(model: str) -> Any:
    """Return datatrove's language filter with the toolkit's model.

    Its own class asks for one distribution of fastText by name and downloads its model.
    """
    import fasttext
    from datatrove.pipeline.filters import LambdaFilter

    opened = fasttext.load_model(model)

    def is_wanted(document: Any) -> bool:
        labels, scores = opened.predict(document.text.replace("\n", " "), k=-1)
        pairs = {label.split("__")[2]: score.item() for label, score in zip(labels, scores, strict=True)}
        language, score = max(pairs.items(), key=lambda pair: pair[1])
        document.metadata["language"] = language
        document.metadata["language_score"] = score
        return language in ("spa_Latn", "por_Latn") and score > _LEAST

    return LambdaFilter(is_wanted)


def _content(document: Any) -> Any:
    return document.text.encode()


# datatrove chooses the hash by this annotation, which must be the type and not its name.
_content.__annotations__["return"] = bytes


def _reading(source: str) -> list[Any]:
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.readers import JsonlReader, WarcReader

    path = Path(source)
    if path.is_dir():
        return [JsonlReader(source, glob_pattern="*.jsonl")]
    # By the clock; on a busy machine the block's own second would cost it pages.
    return [WarcReader(str(path.parent), glob_pattern=path.name), Trafilatura(timeout=60)]


def _executors(source: str, out: Path, model: str, row: str, stop_words: list[str]) -> list[Any]:
    """The job: filters in the order and with the options of datatrove's examples/fineweb.py, then exact dedupe."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup.exact_dedup import (
        ExactDedupConfig,
        ExactDedupFilter,
        ExactDedupSignature,
        ExactFindDedups,
    )
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )
    from datatrove.pipeline.formatters import FTFYFormatter
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter

    language = regex_tokenizer() if row == "regex" else _LANGUAGE
    config = ExactDedupConfig(content_getter=_content)
    filtered, signatures, duplicates = (str(out / name) for name in ("filtered", "signatures", "duplicates"))
    pipelines = [
        [
            *_reading(source),
            FTFYFormatter(),
            language_filter(model),
            GopherRepetitionFilter(language=language),
            GopherQualityFilter(language=language, stop_words=stop_words),
            C4QualityFilter(filter_no_terminal_punct=False, language=language),
            FineWebQualityFilter(language=language),
            ParquetWriter(filtered, compression="zstd"),
            ExactDedupSignature(signatures, config),
        ],
        [ExactFindDedups(signatures, duplicates, config)],
        [
            ParquetReader(filtered),
            ExactDedupFilter(duplicates, config),
            ParquetWriter(str(out / "kept"), compression="zstd"),
        ],
    ]
    return [
        LocalPipelineExecutor(pipeline=steps, tasks=1, workers=1, logging_dir=str(out / "logs" / str(number)))
        for number, steps in enumerate(pipelines)
    ]


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _main(source: str, out: str, model: str, row: str, words: str) -> None:
    import datatrove.utils.stats
    from loguru import logger

    logger.remove()
    # datatrove times its steps by the clock; on a shared machine their CPU seconds are what can be compared.
    datatrove.utils.stats.time = SimpleNamespace(perf_counter=time.process_time)
    executors = _executors(source, Path(out), model, row, json.loads(words))
    started = sum(os.times()[:4])
    clock = time.monotonic()
    stages: dict[str, float] = {}
    dropped: dict[str, int] = {}
    rows = kept = 0
    for executor in executors:
        stats = executor.run()
        for step in stats.stats:
            name = " ".join(step.name.encode("ascii", "ignore").decode().partition(" - ")[2].split())
            stages[name] = stages.get(name, 0.0) + step.time_stats.total
            for key, result in step.stats.items():
                if key.startswith("dropped"):
                    dropped[f"{name} {key}"] = int(result.total)
                if key == "documents" and ("Jsonl" in name or "Warc" in name):
                    rows = int(result.total)
    import pyarrow.parquet as pq

    kept = sum(pq.ParquetFile(path).metadata.num_rows for path in (Path(out) / "kept").glob("*.parquet"))
    reported = {
        "cpu": sum(os.times()[:4]),
        "started": started,
        "wall": time.monotonic() - clock,
        "peak_mb": _peak_mb(),
        "rows": rows,
        "kept": kept,
        "stages": stages,
        "dropped": dropped,
    }
    sys.stdout.write(json.dumps(reported) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
