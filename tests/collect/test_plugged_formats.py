"""Formats of plug-in packages: files by their suffix, made text of in the box, or read as records."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus import entry_points
from latam_corpus.collect.files import reading_version
from latam_corpus.errors import ConfigError
from latam_corpus.extract.stage import Extract
from latam_corpus.formats import registry, sniff
from latam_corpus.formats.registry import format_of, suffixes, unread_suffix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import SmallRecipe, SmallSource

_MODULE = """
from latam_corpus.extract.document import Extracted, UnusableError
def extract(raw, parameters):
    head, mark, body = raw.decode("utf-8").partition("\\n\\n")
    if not mark:
        raise UnusableError("damaged file", "it has no title", "take the whole file")
    return Extracted(body, "actas 1.0", title=head)
def read(stream):
    for number, line in enumerate(stream, 1):
        title, mark, text = line.decode("utf-8").strip().partition("|")
        if not mark:
            raise ValueError(f"line {number} has no mark")
        yield {"title": title, "text": text}
"""
_ENTRIES = (
    "[latam_corpus.extractors]\nacta = corpus_actas:extract\n[latam_corpus.readers]\nfichas = corpus_actas:read\n"
)
_TEXT = "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno."


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder as pip leaves it, with a package that has an extractor and a reader."""
    folder = tmp_path / "site"
    (folder / "corpus_actas-1.0.dist-info").mkdir(parents=True)
    (folder / "corpus_actas-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: corpus-actas\n")
    (folder / "corpus_actas-1.0.dist-info" / "entry_points.txt").write_text(_ENTRIES)
    (folder / "corpus_actas.py").write_text(_MODULE)
    return folder


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Clear the cache of installed packages before and after."""
    caches = (entry_points.installed, registry.plugged_formats, registry.suffixes)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def test_a_run_reads_the_files_of_a_plug_in(
    installed: Path, tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource
) -> None:
    """In workers and in the sandbox, compressed files too; a damaged file is a ledger row, whichever reader fails."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "uno.acta").write_text(f"Acta del lunes\n\n{_TEXT}")
    (folder / "roto.acta").write_text("sin título")
    (folder / "dos.fichas.gz").write_bytes(gzip.compress(f"Ficha|{_TEXT} Dos.\nOtra|{_TEXT} Tres.\n".encode()))
    (folder / "mala.fichas").write_text(f"Ficha|{_TEXT} Cuatro.\nsin marca\n")
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.acta", "*.fichas*"]'))
    (tmp_path / "receta.toml").write_text(small_recipe("extract"))
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), *filter(None, sys.path)])}
    command = [sys.executable, "-m", "latam_corpus", "run", str(tmp_path / "receta.toml"), "--input", str(folder)]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out"), "--json"],
        capture_output=True,
        text=True,
        env=environ,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    [run] = (tmp_path / "out" / "runs").glob("receta-*")
    kept = pl.concat(pl.read_parquet(path, columns=["title", "extractor"]) for path in run.glob("kept/*.parquet"))
    # The record before the damage, too.
    assert sorted(kept["title"]) == ["Acta del lunes", "Ficha", "Ficha", "Otra"]
    assert "actas 1.0" in kept["extractor"].to_list()
    ledger = pl.concat(pl.read_parquet(path, columns=["reason"]) for path in run.glob("ledger/*.parquet"))
    assert {"extract:damaged file", "unreadable:damaged file"} <= set(ledger["reason"].drop_nulls())


def test_a_changed_plug_in_is_seen(installed: Path, monkeypatch: pytest.MonkeyPatch, forgotten: None) -> None:
    """Its earlier results are recomputed; a suffix is known as long as its package is installed."""
    del forgotten
    without = Extract().fingerprint(), reading_version()
    assert unread_suffix("*.acta") == ".acta"
    monkeypatch.syspath_prepend(installed)
    for one in (entry_points.installed, registry.plugged_formats, registry.suffixes):
        one.cache_clear()
    assert (unread_suffix("*.acta"), format_of("a.FICHAS.gz")) == (None, suffixes()[".fichas"])
    previous = Extract().fingerprint(), reading_version()
    (installed / "corpus_actas.py").write_text(_MODULE + "\n# otra\n")
    after = Extract().fingerprint(), reading_version()
    assert len({without[0], previous[0], after[0]}) == 3
    assert len({without[1], previous[1], after[1]}) == 3


def test_a_plug_in_describes_its_format_as_the_toolkit_does(
    installed: Path, monkeypatch: pytest.MonkeyPatch, forgotten: None
) -> None:
    """The descriptor gives suffixes, the media type, the extractor, and the marks by which a file is recognised."""
    del forgotten
    (installed / "corpus_recetas.py").write_text(
        "from latam_corpus.formats.format import Format, Marks\n"
        "from latam_corpus.messages import same\n"
        "FORMAT = Format(name='receta', label=same('Recetas'), suffixes=('.receta', '.rct'),\n"
        "    media_type='text/x-receta',\n"
        "    extractor=f'{__name__}:extract', marks=(Marks(text='RECETA 1'),))\n"
    )
    monkeypatch.syspath_prepend(installed)
    entry = metadata.EntryPoint("receta", "corpus_recetas:FORMAT", "latam_corpus.formats")
    monkeypatch.setattr(registry, "declared", lambda: [entry])
    assert (format_of("a.rct"), sniff.sniffed(b"RECETA 1\nPan")) == (suffixes()[".receta"], "text/x-receta")
    assert registry.extractors(registry.plugged_formats()) == {"text/x-receta": "corpus_recetas:extract"}


@pytest.mark.parametrize("value", ["corpus_actas:extract", "corpus_actas:FALTA", "corpus_falta:FORMAT"])
def test_an_entry_point_that_names_no_format_is_refused(
    installed: Path, monkeypatch: pytest.MonkeyPatch, forgotten: None, value: str
) -> None:
    """The error names the entry point."""
    del forgotten
    monkeypatch.syspath_prepend(installed)
    entry = metadata.EntryPoint("acta", value, "latam_corpus.formats")
    monkeypatch.setattr(registry, "declared", lambda: [entry])
    with pytest.raises(ConfigError, match=f"acta = {value}"):
        suffixes()


def test_two_packages_with_one_name_of_a_format_are_refused(
    installed: Path, monkeypatch: pytest.MonkeyPatch, forgotten: None
) -> None:
    """Their suffixes differ; a source that names the format could mean either."""
    del forgotten
    for package, suffix in (("corpus_uno", ".uno"), ("corpus_dos", ".dos")):
        (installed / f"{package}.py").write_text(
            "from latam_corpus.formats.format import Format\n"
            "from latam_corpus.messages import same\n"
            f"FORMAT = Format(name='receta', label=same('Recetas'), suffixes=('{suffix}',), records='m:read')\n"
        )
    monkeypatch.syspath_prepend(installed)
    entries = [
        metadata.EntryPoint(name, f"corpus_{name}:FORMAT", registry.FORMAT_ENTRY_POINTS) for name in ("uno", "dos")
    ]
    monkeypatch.setattr(registry, "declared", lambda: entries)
    with pytest.raises(ConfigError, match=r"corpus_dos.*another format already has the suffix"):
        suffixes()


@pytest.mark.parametrize(
    ("name", "problem"), [("pdf", "another format already has the suffix"), ("a b", "isn't a valid suffix")]
)
def test_a_suffix_that_is_taken_is_refused(
    monkeypatch: pytest.MonkeyPatch, forgotten: None, name: str, problem: str
) -> None:
    """With the entry point that names it."""
    del forgotten
    entry = metadata.EntryPoint(name, "corpus_actas:extract", "latam_corpus.extractors")
    monkeypatch.setattr(registry, "declared", lambda: [entry])
    with pytest.raises(ConfigError, match=problem):
        suffixes()
