"""Collect pages with gold and the texts that other extractors find in them, and make lessons from both."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from resiliparse.parse.html import HTMLTree

from latam_corpus.errors import ConfigError
from latam_corpus.extract.web_pages.html_metadata import read_metadata
from latam_corpus.extract.web_pages.markup import read_markup
from latam_corpus.extract.web_pages.page_blocks import markup_of, metadata_features

from .block_labels import BELIEVED, labels
from .gold_pages import GoldPage, read
from .lessons import Lesson

if TYPE_CHECKING:
    from collections.abc import Iterable

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


@dataclass
class Shelf:
    """Pages, and the texts that systems extracted from them.

    Attributes:
        markups: the markup of the pages, decoded once for all systems.
        texts: for each system, the extracted text of each page.
        seconds: for each system, the processor time of each page.
    """

    pages: list[GoldPage]
    markups: list[str]
    texts: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Path) -> Shelf:
        """Read the pages with gold below the folder of real texts.

        Raises:
            ConfigError: the folder has no pages.
        """
        if not (data / "unclear" / "news").is_dir():
            raise ConfigError(str(data), "it has no folder unclear/news", "name the folder of the texts with --data")
        pages = [page for page in read(data) if page.required or page.forbidden or page.gold]
        return cls(pages, [markup_of(page.raw, {}) for page in pages])

    def ask(self, python: str, systems: Iterable[str], keep: Path | None = None) -> None:
        """Run other systems on the pages, with another Python, one system at a time in one thread.

        `systems` are names in `other_extractors.SYSTEMS`. Results are cached in `keep` by system and pages.
        """
        with tempfile.TemporaryDirectory() as folder:
            workdir = keep or Path(folder)
            workdir.mkdir(parents=True, exist_ok=True)
            pages = Path(folder) / "pages"
            pages.write_text("".join(json.dumps(markup) + "\n" for markup in self.markups), encoding="utf-8")
            digest = hashlib.sha256(pages.read_bytes()).hexdigest()[:16]
            for system in systems:
                texts = workdir / f"{digest}-{system}.jsonl"
                if not texts.exists():
                    self._run(python, system, pages, texts)
                with texts.open(encoding="utf-8") as lines:
                    versions, *rows = map(json.loads, lines)
                self.versions |= versions
                self.texts[system] = [text for text, _ in rows]
                self.seconds[system] = [seconds for _, seconds in rows]

    def _run(self, python: str, system: str, pages: Path, texts: Path) -> None:
        partial = texts.with_suffix(".partial")
        command = [python, str(Path(__file__).with_name("other_extractors.py")), system, str(pages), str(partial)]
        subprocess.run(command, check=True, env=os.environ | _ONE_THREAD)
        partial.rename(texts)

    def page_list(self) -> str:
        """Return the pages as TSV: URL (or file name if it is unknown), and SHA-256 of the bytes."""
        lines = sorted(f"{page.url or page.name}\t{hashlib.sha256(page.raw).hexdigest()}" for page in self.pages)
        return "address\tsha256\n" + "".join(f"{line}\n" for line in lines)

    def every(self, step: int) -> Shelf:
        """Return a shelf with each `step`-th page, without extracted texts."""
        return Shelf(self.pages[::step], self.markups[::step])

    def lessons(self) -> list[Lesson]:
        """Return the lesson of each page; call `ask` for the systems in `BELIEVED` first."""
        lessons = []
        for index, (page, markup) in enumerate(zip(self.pages, self.markups, strict=True)):
            tree = HTMLTree.parse(markup)
            blocks = read_markup(str(tree.document.html) if tree.document else "")
            extracted = {system: self.texts[system][index] for system in BELIEVED}
            shares, weights = labels(page, [blocks.block(number) for number in range(len(blocks))], extracted)
            metadata = metadata_features(blocks, read_metadata(blocks))
            lessons.append(Lesson.of(page.site, blocks, metadata, shares, weights))
        return lessons
