"""An installed plug-in package adds a stage and a signal to the command line and to Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from latam_corpus import entry_points, schema
from latam_corpus.errors import ConfigError
from latam_corpus.quality.measure import Measure, measure_plugged
from latam_corpus.signals import BY_NAME, is_share_of_words, signal_label, signal_names
from latam_corpus.signals.plugged import plugged, plugged_digest, plugged_signals
from latam_corpus.signals.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import SmallRecipe, SmallSource

_PLUG_IN = Path(__file__).parent / "plug_in"
_CALM = "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno."
_LOUD = "¡Oferta! ¡Compre! ¡Ya! ¡Hoy! ¡No espere! ¡Llame! ¡Gratis!"
_FROM_PYTHON = """
import json, sys, warnings
import latam_corpus as lc
warnings.simplefilter("error")
folder, out = sys.argv[1:]
run = lc.run(folder + "/receta.toml", {"fuente": folder + "/in"}, out, engine="in-process")
kept, dropped = run.documents().collect(), run.dropped().collect()
signal = dropped["signals"].struct.field("exclamations_per_word")
print(json.dumps({
    "run": run.name,
    "texts": kept["text"].to_list(),
    "reasons": dropped["drop_reason"].to_list(),
    "signal": signal.to_list(),
    "released": lc.open_release(out + "/store", "prueba").scan().collect()["signals"].struct.fields,
    "measured": "exclamations_per_word" in run.measure()["signal"].to_list(),
    "alone": lc.stage("colophon", line="FIN")(kept.select("text"))["text"].to_list(),
}))
"""


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a process that finds the plug-in, installed by pip without a network."""
    target, source = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("source") / "plug_in"
    shutil.copytree(_PLUG_IN, source, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--disable-pip-version-check", "--target", target, source], check=True, timeout=120)
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(target), *filter(None, sys.path)])}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_recipe: SmallRecipe, small_source: SmallSource) -> Path:
    """Return a folder with a recipe that uses the stage, policies that bound the signal, and two documents."""
    created = tmp_path_factory.mktemp("receta")
    for name, report in {
        "in/a.jsonl": "".join(json.dumps({"id": text[:6], "text": text}) + "\n" for text in (_CALM, _LOUD)),
        "fuente.toml": small_source('files = ["*.jsonl"]'),
        "receta.toml": small_recipe(
            'colophon line = "FIN"',
            "identify",
            f"filter policies = {json.dumps(str(created / 'filters'))}",
            release="",
        ),
        "filters/languages/und.toml": 'language = "und"\nname = "any"\nreviewed_by = []\nbounds = {}\n',
        "filters/genres/literature.toml": (
            'genre = "literature"\nreviewed_by = []\n[bounds]\nexclamations_per_word = { max = 0.5 }\n'
        ),
    }.items():
        (created / name).parent.mkdir(parents=True, exist_ok=True)
        (created / name).write_text(report, encoding="utf-8")
    return created


def _call(environ: dict[str, str], *command: str | Path) -> Any:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_its_stage_and_its_signal_work_from_both_doors(environ: dict[str, str], folder: Path) -> None:
    """The command line finds the run made from Python: both compute the same key, which covers the plug-in's code."""
    out = folder / "out"
    reported = _call(environ, "-c", _FROM_PYTHON, folder, out)
    assert reported["texts"] == [f"{_CALM}\nFIN"]
    assert reported["reasons"] == ["exclamations_per_word>0.5"]
    assert reported["signal"] == pytest.approx([7 / 9])
    assert reported["measured"]
    assert reported["alone"] == [f"{_CALM}\nFIN\nFIN"]
    assert tuple(reported["released"]) == tuple(BY_NAME)
    arguments = ("run", folder / "receta.toml", "--input", folder / "in", "--out", out, "--workers", "2", "--json")
    rerun = _call(environ, "-m", "latam_corpus", *arguments)
    assert rerun["run"] == reported["run"]
    assert all(step["parts"] == step["of"] for step in rerun["reused"].values())
    [story] = _call(environ, "-m", "latam_corpus", "explain", "Compre", "--out", out, "--json")
    assert story["bounds"] == [
        {"signal": "exclamations_per_word", "value": pytest.approx(7 / 9), "min": None, "max": 0.5}
        | {"file": "genres/literature.toml", "kept_to": False, "held_as": None}
    ]
    signals = _call(environ, "-m", "latam_corpus", "list", "signals", "--json")
    assert {"name": "exclamations_per_word", "definition": "exclamation marks per word"}.items() <= signals[-1].items()


@pytest.mark.slow
def test_a_run_of_a_plug_in_is_read_without_it(environ: dict[str, str], folder: Path) -> None:
    """Only the signal's values are missing if the plug-in isn't installed."""
    out = folder / "out"
    if not out.exists():
        _call(environ, "-c", _FROM_PYTHON, folder, out)
    files = sorted(out.glob("runs/*/dropped/*.parquet"))
    assert "exclamations_per_word" in pl.read_parquet(files[0], glob=False)["signals"].struct.fields
    read = schema.scan(files, schema.DOCUMENT_SCHEMA).collect()
    assert tuple(read["signals"].struct.fields) == tuple(BY_NAME)
    assert read["drop_reason"].to_list() == ["exclamations_per_word>0.5"]


_SIGNALS = """
import numpy as np
from latam_corpus.signals.descriptor import signal

@signal("marcas", label="marks of a text", share_of_words=True)
def marcas(reading):
    '''Marks a document.'''
    return np.ones(len(reading) + {more})

otra = 7
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return a function that installs a module whose entry point `marcas` is this object."""
    cached = (entry_points.installed, plugged_signals, signal_names, plugged, plugged_digest)

    def forget() -> None:
        for function in cached:
            function.cache_clear()
        sys.modules.pop("marcas_de_prueba", None)

    def install(value: str = "marcas_de_prueba:marcas", name: str = "marcas", more: int = 0) -> None:
        (tmp_path / "marcas_de_prueba.py").write_text(_SIGNALS.format(more=more))
        reported = tmp_path / "marcas-1.0.dist-info"
        reported.mkdir(exist_ok=True)
        (reported / "METADATA").write_text("Metadata-Version: 2.1\nName: marcas\nVersion: 1.0\n")
        (reported / "entry_points.txt").write_text(f"[latam_corpus.signals]\n{name} = {value}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        forget()

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield install
    monkeypatch.undo()
    forget()


def test_the_code_of_a_signal_counts(installed: Callable[..., None]) -> None:
    """Changed code of a signal changes the fingerprints of stages that ask for it, and no others."""
    without = Measure().fingerprint()
    installed()
    assert Measure().fingerprint() == without
    first = Measure(signals=("marcas",)).fingerprint()
    installed(more=1)
    assert Measure(signals=("marcas",)).fingerprint() != first


def test_a_plug_in_declares_a_signal_as_the_toolkit_does(installed: Callable[..., None]) -> None:
    """Its label is shown, and short texts may deviate more from a bound on a share of words."""
    installed()
    assert (str(signal_label("marcas")), is_share_of_words("marcas")) == ("marks of a text", True)
    assert (str(signal_label("otras")), is_share_of_words("otras")) == ("otras", False)
    installed("marcas_de_prueba:nada")
    assert str(signal_label("marcas")) == "marcas"


def test_a_signal_gives_one_number_a_document(installed: Callable[..., None]) -> None:
    """An array of another length is refused, not stretched or cut."""
    reading = Reading.of(["uno", "dos"])
    installed()
    assert measure_plugged("marcas", reading).dtype == np.float32
    assert plugged("marcas").definition == "Marks a document"
    installed(more=1)
    with pytest.raises(ConfigError, match=r"it returned float64\[3\] for 2 documents; return one number per document"):
        measure_plugged("marcas", reading)


@pytest.mark.parametrize(
    ("value", "name", "problem"),
    [
        ("marcas_de_prueba:nada", "marcas", "it can't be imported"),
        ("marcas_de_prueba:otra", "marcas", "it isn't a signal of that name"),
        ("marcas_de_prueba:marcas", "otras", "it isn't a signal of that name"),
    ],
)
def test_what_a_package_names_and_is_no_signal_is_refused(
    installed: Callable[..., None], value: str, name: str, problem: str
) -> None:
    """The error names the entry point."""
    installed(value, name)
    with pytest.raises(ConfigError, match=problem) as raised:
        plugged(name)
    assert raised.value.place == f"entry point «latam_corpus.signals», {name} = {value}"


def test_a_name_of_the_toolkits_own_is_not_taken(installed: Callable[..., None]) -> None:
    """A plug-in that redefines `word_count` is refused when a stage measures signals."""
    installed(name="word_count")
    with pytest.raises(ConfigError, match="«word_count» is a signal of the toolkit"):
        Measure()
