"""The share of a text that each format preserves: minimum values that only rise."""

from __future__ import annotations

import html
import importlib
import io
import json
import lzma
import os
import re
import shutil
import subprocess
import tarfile
import unicodedata
import zipfile
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from latam_corpus.api.run_recipe import run
from latam_corpus.extract.interviews import avenue, conllu
from latam_corpus.extract.stage import EXTRACTORS

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")
PIPELINES = Path(__file__).resolve().parents[3] / "pipelines"
pytestmark = [
    pytest.mark.real, pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here"),
]  # fmt: skip

# Words of the reference and of the text that stand in both, in order, over all words of both.
WORD_FLOORS = {"epub": 0.999, "docx": 0.999, "odt": 0.999, "rtf": 0.999, "pdf": 0.999, "doc": 0.999}
ALTO_FLOOR = 0.995
INTERVIEWS_KEPT = 0.98
# Of the turns that a plain count finds, and of those that the extractor gives, in order and with their speakers.
TURNS_FLOOR = 0.999
_CHARACTERS = 40_000
_FILTERS = {
    "docx": "MS Word 2007 XML", "odt": "writer8", "rtf": "Rich Text Format", "pdf": "writer_pdf_Export",
    "doc": "MS Word 97",
}  # fmt: skip
_TYPES = {
    "epub": "application/epub+zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
    "rtf": "application/rtf",
    "pdf": "application/pdf",
    "doc": "application/msword",
    "alto": "application/alto+xml",
}


def _extracted(kind: str, raw: bytes) -> Any:
    module, _, name = EXTRACTORS[_TYPES[kind]].partition(":")
    return getattr(importlib.import_module(module), name)(raw, {"libreoffice": "yes"})


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text).split()


def _accuracy(reference: Sequence[str], words: Sequence[str]) -> float:
    blocks = SequenceMatcher(None, reference, words, autojunk=False).get_matching_blocks()
    return 2 * sum(block.size for block in blocks) / (len(reference) + len(words))


@pytest.fixture(scope="module")
def novel() -> list[str]:
    """Return the first paragraphs of a novel."""
    with lzma.open(DATA / "literature" / "conha19" / "novels.jsonl.xz", "rt", encoding="utf-8") as rows:
        text = json.loads(next(iter(rows)))["text"][:_CHARACTERS]
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def _epub(paragraphs: Sequence[str]) -> bytes:
    body = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr("META-INF/container.xml", "<container><rootfile full-path='b.opf'/></container>")
        item = "<item id='a' href='a.xhtml' media-type='application/xhtml+xml'/>"
        book.writestr("b.opf", f"<package><manifest>{item}</manifest><spine><itemref idref='a'/></spine></package>")
        book.writestr("a.xhtml", f"<html><body>{body}</body></html>")
    return held.getvalue()


def _by_office(paragraphs: Sequence[str], suffix: str, folder: Path) -> bytes:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice isn't installed")
    style = "text-align:justify; text-indent:0.5cm; margin:0"
    body = "".join(f'<p style="{style}">{html.escape(paragraph)}</p>' for paragraph in paragraphs)
    (folder / "a.html").write_text(
        f"<html><head><meta charset='utf-8'></head><body>{body}</body></html>", encoding="utf-8"
    )
    command = [program, f"-env:UserInstallation=file://{folder}/p", "--headless", "--infilter=HTML (StarWriter)"]
    command += ["--convert-to", f"{suffix}:{_FILTERS[suffix]}", "--outdir", str(folder), str(folder / "a.html")]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return (folder / f"a.{suffix}").read_bytes()


@pytest.mark.parametrize("kind", list(WORD_FLOORS))
def test_a_novel_comes_through(kind: str, novel: list[str], tmp_path: Path, figures: dict[str, float]) -> None:
    """The words of a real novel are extracted in order from a file that another program wrote."""
    raw = _epub(novel) if kind == "epub" else _by_office(novel, kind, tmp_path)
    accuracy = _accuracy(_words(" ".join(novel)), _words(_extracted(kind, raw).text))
    figures[f"words through {kind}"] = round(accuracy, 5)
    assert accuracy >= WORD_FLOORS[kind]


def test_corrected_pages_come_through(figures: dict[str, float]) -> None:
    """All lines in zones of text are extracted, and none of titles, numbers and marks of the scan."""
    expected: list[str] = []
    results: list[str] = []
    text_zone = re.compile("MainZone|TitlePageZone|CustomZone:advertising")
    for pack in sorted((DATA / "literature" / "alto_pages").glob("*.tar.xz")):
        with tarfile.open(pack) as pages:
            for page in pages:
                raw = pages.extractfile(page)
                if raw is None:
                    continue
                held = raw.read()
                root = etree.fromstring(held)
                labels = {tag.get("ID"): tag.get("LABEL") or "" for tag in root.iter("{*}OtherTag")}
                for block in root.iter("{*}TextBlock"):
                    named = [labels.get(part, "") for part in (block.get("TAGREFS") or "").split()]
                    if not named or any(text_zone.match(label) for label in named):
                        expected += _words(" ".join(string.get("CONTENT") or "" for string in block.iter("{*}String")))
                results += _words(_extracted("alto", held).text)
    accuracy = _accuracy(expected, results)
    figures["words through alto"] = round(accuracy, 5)
    assert accuracy >= ALTO_FLOOR


def _counted_speakers(text: str) -> list[str]:
    """Return the speaker of each turn with words, by the turns' numbers alone, wherever they are in a line."""
    _, *parts = re.split(r"_[x\d]_ ?(\d{3,5}) ?_ ?([a-zñA-Z]+)", re.sub(r"^;.*", "", text, flags=re.MULTILINE))
    speakers = []
    for speaker, words in zip(parts[1::3], parts[2::3], strict=True):
        utterance = re.sub(r"^[^:\n]{0,40}?(:|\n|$)", "", words)  # what is left of its name
        utterance = re.sub(r"\S*$", "", re.sub(r"<[^>]*>", " x ", utterance).rstrip(" "))  # the next one's beginning
        if re.search(r"\w", re.sub(r"\b[MC] ?[:;.]", "", utterance)):
            speakers.append(speaker)
    return speakers


def test_the_turns_of_raw_conversations_come_through(figures: dict[str, float]) -> None:
    """Transcriptions and translations are read as distributed, with damaged turn names."""
    shared = counted = given = 0
    for file in sorted((DATA / "oral_history" / "mapudungun_nc" / "raw").glob("*/*")):
        raw = file.read_bytes()
        whole = avenue.extract(raw, {})
        by_segment = {turn.segment or 0: turn.speaker for version in (whole, *whole.versions) for turn in version.turns}
        results = [re.sub(r"[^a-zñA-Z].*", "", by_segment[number] or "") for number in sorted(by_segment)]
        expected = _counted_speakers(raw.decode("latin-1"))
        blocks = SequenceMatcher(None, results, expected, autojunk=False).get_matching_blocks()
        shared += sum(block.size for block in blocks)
        counted += len(expected)
        given += len(results)
    figures["turns of raw interviews"] = round(shared / max(counted, given), 5)
    assert counted > 20_000
    assert shared >= TURNS_FLOOR * max(counted, given)


def test_the_turns_of_interviews_in_a_treebank_come_through(figures: dict[str, float]) -> None:
    """All sentences of COSER are extracted in order with their times, compared with a plain list."""
    folder = DATA / "oral_history" / "coser_ud"
    with lzma.open(folder / "turns.jsonl.xz", "rt", encoding="utf-8") as rows:
        expected_turns = [json.loads(row) for row in rows]
    results = conllu.extract(lzma.decompress((folder / "coser.conllu.xz").read_bytes()), {})
    lines = results.text.split("\n")
    assert len(lines) == len(results.turns)
    place = shared = 0
    for row in expected_turns:
        words = " ".join(row["text"].split())
        while place < len(lines) and words not in lines[place]:
            place += 1
        clock = row["turn_time"]
        start = pytest.approx(_seconds(clock.partition("-")[0])) if clock else None
        shared += place < len(lines) and results.turns[place].start == start
    figures["turns of COSER"] = round(shared / len(expected_turns), 5)
    assert shared == len(expected_turns)


def _seconds(clock: str) -> float:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def test_raw_interviews_are_kept(tmp_path: Path, figures: dict[str, float]) -> None:
    """The recipe of oral history drops almost none of the raw conversations, except copies."""
    source = (
        'id = "raw"\ntitle = "Raw"\nholder = "AVENUE"\ngenre = "oral_history"\nlanguages = ["arn", "spa"]\n'
        '[rights]\nstatement = "https://creativecommons.org/licenses/by-nc-sa/3.0/"\nbasis = "licence"\n'
        'uses = ["evaluate"]\n'
    )
    (tmp_path / "raw.toml").write_text(source, encoding="utf-8")
    recipe = (PIPELINES / "oral_history.toml").read_text(encoding="utf-8").partition("[survival]")[0]
    recipe = re.sub(r"^sources = .*$", 'sources = ["raw.toml"]', recipe, flags=re.MULTILINE)
    (tmp_path / "recipe.toml").write_text(recipe, encoding="utf-8")
    raw = DATA / "oral_history" / "mapudungun_nc" / "raw"
    result = run(str(tmp_path / "recipe.toml"), inputs={"raw": str(raw)}, out=str(tmp_path / "out"))
    dropped = result.dropped().collect()["drop_reason"]
    fallen = sum(reason not in ("duplicate", "superseded") for reason in dropped)
    everything = result.documents().collect().height + len(dropped)
    figures["raw interviews kept"] = round(1 - fallen / everything, 4)
    assert everything > 100
    assert fallen <= (1 - INTERVIEWS_KEPT) * everything
