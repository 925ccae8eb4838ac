"""`small`: the cost of many small files, compared with the same documents as JSONL."""

from __future__ import annotations

import html
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.errors import ConfigError

from .machine import Report, Table, rounded
from .own import write_recipe
from .texts import NOVELS, SEED, checksums, collections, recombined, write_jsonl

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

_STAGES: Final = ("extract", "repair", "identify", "filter", "redact", "dedupe")
_WARMED_BY: Final = 20
_RELEASE: Final = '[release]\nname = "small"\nadmit = ["open"]\nuses = ["train"]\n'
_NOTES: Final = (
    "CPU seconds of the command `run` with its workers, start and release included; «again»: of the same once more.",
    "Files are all names below --out, links among them. Texts are told beside texts in JSONL, pages beside pages.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--documents", type=int, default=1500, help="documents, 1,500 by default")
    parser.add_argument("--bytes", type=int, default=4000, help="bytes a document, 4,000 by default")
    parser.add_argument("--shapes", default=",".join(_SHAPES), help=f"of {', '.join(_SHAPES)}")


def measure(args: argparse.Namespace) -> Report:
    """Measure CPU seconds and files on disk of a run over each shape, and CPU seconds of a second run."""
    texts = list(recombined(collections(args.data, NOVELS), args.documents, args.bytes, unit="bytes"))
    rows: list[tuple[object, ...]] = []
    jsonl_seconds = {"texts": 0.0, "pages": 0.0}
    shapes = args.shapes.split(",")
    for shape in shapes:
        if shape not in _SHAPES:
            raise ConfigError("--shapes", f"there is no shape «{shape}»", f"choose of {', '.join(_SHAPES)}")
    _measured(shapes[0], texts[:_WARMED_BY])  # compiles, where nothing is compiled yet
    for shape in shapes:
        size, first, documents, files, repeat_seconds = _measured(shape, texts)
        kind = "pages" if "page" in shape else "texts"
        jsonl_seconds[kind] = jsonl_seconds[kind] or first
        ratio = f"{first / jsonl_seconds[kind]:.2f}"
        rows.append((shape, documents, rounded(size / 1e6), rounded(first), ratio, files, rounded(repeat_seconds)))
    columns = ("shape", "documents#", "MB#", "CPU s#", "of JSONL#", "files in out#", "again, CPU s#")
    settings = {"documents": args.documents, "bytes": args.bytes, "seed": SEED}
    table = Table(f"{args.documents:,} small documents", columns, tuple(rows))
    return Report("small", checksums(args.data, NOVELS), settings, (table,), _NOTES)


def _measured(shape: str, texts: Sequence[str]) -> tuple[int, float, int, int, float]:
    """Return bytes of input, CPU seconds of a run, documents, files below its --out, CPU seconds of a second run."""
    pattern, write = _SHAPES[shape]
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        (room / "in").mkdir()
        write(room / "in", texts)
        size = sum(path.stat().st_size for path in (room / "in").iterdir())
        recipe = write_recipe(room, _STAGES, files=pattern, more=_RELEASE)
        if "raw" in shape:
            source = room / "documents.toml"
            source.write_text(source.read_text() + '[collect.columns]\nraw = "raw"\n')
        first, documents = _command(recipe, room)
        files = sum(path.is_file() for path in (room / "out").rglob("*"))
        repeat_seconds, _ = _command(recipe, room)
    return size, first, documents, files, repeat_seconds


def _command(recipe: Path, room: Path) -> tuple[float, int]:
    """Return the CPU seconds of a run, and the number of documents that it read."""
    previous = os.times()
    words = ["run", str(recipe), "--input", str(room / "in"), "--out", str(room / "out"), "--json"]
    done = subprocess.run([sys.executable, "-m", "latam_corpus", *words], capture_output=True, text=True, check=False)
    current = os.times()
    if done.returncode:
        raise ConfigError("run", f"it ended with {done.returncode}", done.stderr[-1000:])
    used = current.children_user + current.children_system - previous.children_user - previous.children_system
    return used, json.loads(done.stdout)["rows"]["in"]


def _jsonl(folder: Path, texts: Sequence[str]) -> None:
    write_jsonl(folder / "documents.jsonl", texts)


def _files(folder: Path, texts: Sequence[str]) -> None:
    for number, text in enumerate(texts):
        (folder / f"{number:05d}.txt").write_text(text, encoding="utf-8")


def _small_jsonl(folder: Path, texts: Sequence[str]) -> None:
    for number, text in enumerate(texts):
        write_jsonl(folder / f"{number:05d}.jsonl", [text], f"{number:05d}")


def _zip(folder: Path, texts: Sequence[str]) -> None:
    with zipfile.ZipFile(folder / "documents.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"{number:05d}.txt", text)


def _row_groups(folder: Path, texts: Sequence[str]) -> None:
    ids = [f"doc-{number:07d}" for number in range(1, len(texts) + 1)]
    pl.DataFrame({"id": ids, "text": texts}).write_parquet(folder / "documents.parquet", row_group_size=1)


def _page(number: int, text: str) -> str:
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in text.splitlines())
    head = f'<head><meta charset="utf-8"><title>Página {number}</title></head>'
    return f"<!DOCTYPE html><html>{head}<body><main><article>{body}</article></main></body></html>"


def _pages_jsonl(folder: Path, texts: Sequence[str]) -> None:
    with (folder / "documents.jsonl").open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"id": f"doc-{number}", "raw": _page(number, text)}, ensure_ascii=False) + "\n")


def _pages(folder: Path, texts: Sequence[str]) -> None:
    for number, text in enumerate(texts):
        (folder / f"{number:05d}.html").write_text(_page(number, text), encoding="utf-8")


def _pages_warc(folder: Path, texts: Sequence[str]) -> None:
    """Write one WARC file per text, as small harvests do."""
    for number, text in enumerate(texts):
        body = _page(number, text).encode()
        buffer = io.BytesIO()
        about = f"WARC-Type: resource\r\nWARC-Target-URI: https://p.example/{number}\r\n"
        date = "WARC-Date: 2024-05-01T12:00:00Z\r\nContent-Type: text/html\r\n"
        buffer.write(f"WARC/1.1\r\n{about}{date}Content-Length: {len(body)}\r\n\r\n".encode() + body + b"\r\n\r\n")
        (folder / f"{number:05d}.warc").write_bytes(buffer.getvalue())


_SHAPES: Final[dict[str, tuple[str, Callable[[Path, Sequence[str]], None]]]] = {
    "jsonl": ("*.jsonl", _jsonl),
    "text files": ("*.txt", _files),
    "small jsonl files": ("*.jsonl", _small_jsonl),
    "one zip": ("*.zip", _zip),
    "row groups": ("*.parquet", _row_groups),
    "raw pages in jsonl": ("*.jsonl", _pages_jsonl),
    "page files": ("*.html", _pages),
    "page warcs": ("*.warc", _pages_warc),
}
