"""A digest says what a result rests on: an edited file redoes the stages that reach it by import, and no other."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import latam_corpus
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline import keys
from latam_corpus.pipeline.keys import Code, reading_code, stage_digest
from latam_corpus.pipeline.plan import Step
from latam_corpus.pipeline.registry import STAGES, make_stage
from latam_corpus.pipeline.supersede import Supersede
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGE = Path(latam_corpus.__file__).parent
_FOUND = [Supersede(), *(one for name in STAGES for one in make_stage(name, {}, "prueba").expand())]
_BARRIERS = frozenset({"supersede", "dedupe", "common_lines"})
_READING = frozenset({"reading"})
# What carries out the barriers' decisions, a step without a stage, is done anew where rows are made otherwise.
_STEPS = frozenset(one.name for one in _FOUND) - _BARRIERS | {"settle"}
_NONE: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package's code and tables, to be edited."""
    copy = tmp_path_factory.mktemp("code") / "latam_corpus"
    kept = shutil.ignore_patterns("__pycache__", "*.ftz", "*.npz", "sources", "templates")
    shutil.copytree(_PACKAGE, copy, ignore=kept)
    return copy


@pytest.fixture
def digests(package: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, str]]:
    """What finds the digest of each step, of each barrier, and of the reading of files, by the copy."""

    def found() -> dict[str, str]:
        code = Code(package, memory=package.parent / "code.json")
        monkeypatch.setattr(keys, "code", lambda: code)
        made = {one.name: Step.of([one]).digest() if isinstance(one, Stage) else stage_digest(one) for one in _FOUND}
        return made | {"settle": Step.of([]).digest(), "reading": reading_code()}

    return found


def _redone(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("file", "redone"),
    [
        ("harvest/crawl/website.py", _NONE),
        ("desk/sheet.py", _NONE),
        ("lab/suggest_bounds.py", _NONE),
        ("cli/app.py", _NONE),
        ("release/build.py", _NONE),
        ("catalog/display_names.py", _NONE),
        ("pipeline/plan.py", _NONE),
        ("extract/skim.py", {"skim"}),
        ("extract/stage.py", {"extract"}),
        ("extract/tei.py", {"extract"}),  # which is named by a string
        ("extract/scan_kernels.py", {"skim", "extract"}),
        ("extract/repair.py", {"repair"}),
        ("extract/unmark.py", {"unmark"}),
        ("language/evidence.py", {"identify"}),
        ("quality/signals/shared_counts.py", {"measure"}),
        ("text/speaker_labels.py", {"measure"}),
        ("text/spelling.py", {"measure", "fingerprint", "dedupe"}),  # these look for damage
        ("text/orthography.toml", _STEPS | {"dedupe", "common_lines"}),  # beside a module: all that has words
        ("quality/measure.py", {"measure"}),
        ("quality/filter.py", {"filter"}),
        ("quality/distribution.py", _NONE),  # which tells what bounds cost
        ("policy.py", {"measure", "filter", "fingerprint", "dedupe", "unmark"}),
        ("privacy/identifiers.py", {"redact"}),
        ("privacy/privacy_policy.py", {"redact"}),
        ("privacy/speakers.py", {"redact"}),  # loaded where a row has turns
        ("dedupe/fingerprint.py", {"fingerprint", "dedupe"}),
        ("dedupe/near_duplicates.py", {"dedupe"}),
        ("dedupe/common_lines.py", {"common_lines", "boilerplate"}),
        ("collect/parquet.py", _READING),
        ("collect/bags.py", _READING),  # these are loaded where a file has them
        ("collect/workbook.py", _READING),
        ("collect/groups.py", _READING),
        ("collect/plugged_reader.py", _READING),
        ("catalog/works/marc.py", _READING),
        ("release/lapses.py", _NONE),
        ("language/model_files.py", {"identify"}),  # which a recipe loads to be written, too
        ("catalog/source.py", _READING),
        ("catalog/named_values.toml", _READING | {"extract", "redact"}),
        ("catalog/optout/agents.toml", _READING | {"extract"}),
        ("collect/repeats.py", {"supersede"}),
        ("corpus.py", _BARRIERS | {"boilerplate"}),
        ("pipeline/barriers.py", _BARRIERS),
        ("pipeline/decisions.py", _BARRIERS),
        ("batch.py", _STEPS),
        ("pipeline/conserve.py", _STEPS),
        ("pipeline/stage_values.py", _NONE),  # which refuses, and changes nothing
        ("pipeline/part.py", _STEPS),
        ("pipeline/step_file.py", _STEPS),
        ("errors.py", _STEPS | _BARRIERS | _READING),
        ("messages.py", _STEPS | _BARRIERS | _READING),
        ("locale/es/LC_MESSAGES/latam_corpus.po", _NONE),  # a translation changes no text
    ],
)
def test_an_edited_file_redoes_what_rests_on_it(
    package: Path, digests: Callable[[], dict[str, str]], file: str, redone: frozenset[str]
) -> None:
    """These stages are redone, and no other; `reading` is that of the files of the input."""
    before, path = digests(), package / file
    text = path.read_bytes()
    try:
        path.write_bytes(text + b"\nedited = 1\n")
        assert _redone(before, digests()) == redone
    finally:
        path.write_bytes(text)


@pytest.mark.parametrize(
    ("before", "after", "redone"),
    [
        ("class Redact(Stage):", "# Una nota.\n\n\nclass Redact(Stage):", _NONE),
        ('"""The stage that replaces', '"""What replaces', _NONE),
        ("import Mapping, Sequence\n", "import Mapping, Sequence, Sized\n", _NONE),
        ('\\ufe6b\\d]"', '\\ufe6b0-9]"', {"redact"}),
        ("replaced(text, spans)", 'replaced(text, spans, "<{}>")', {"redact"}),
    ],
)
def test_only_what_runs_counts(
    package: Path, digests: Callable[[], dict[str, str]], before: str, after: str, redone: frozenset[str]
) -> None:
    """A comment, a docstring or an import for a type checker redoes nothing."""
    first, path = digests(), package / "privacy" / "redact.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    try:
        path.write_text(text.replace(before, after), encoding="utf-8")
        assert _redone(first, digests()) == redone
    finally:
        path.write_text(text, encoding="utf-8")


def test_a_package_does_no_more_than_pass_on() -> None:
    """An `__init__` counts only where something is taken from it: so it must do nothing beside."""
    roots = [type(one).__module__ for one in _FOUND]
    rooms = {module.rpartition(".")[0] for module in Code().reached([*roots, "latam_corpus.collect.files"])}
    for room in rooms - {"latam_corpus"}:
        path = _PACKAGE.joinpath(*room.split(".")[1:], "__init__.py")
        documented, *rest = ast.parse(path.read_bytes()).body
        assert isinstance(documented, ast.Expr), path
        assert not [one for one in rest if isinstance(one, ast.Expr | ast.For | ast.While | ast.With)], path


def test_no_result_rests_on_words_that_people_are_shown() -> None:
    """These aren't followed: what takes them takes only what finds a remedy for an error."""
    code, roots = Code(), [type(one).__module__ for one in _FOUND]
    modules = code.reached([*roots, "latam_corpus.collect.files"])
    imported = {name for module in modules for name in code.facts(module)[1]}
    shown = {name for name in imported if name.startswith("latam_corpus.catalog.display_names")}
    assert shown == {f"latam_corpus.catalog.display_names.{name}" for name in ("near_word", "language_of")}


def test_a_plug_in_rests_on_its_own_modules_and_on_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative imports, those in functions, and what they reach in this package count; what nobody imports doesn't."""
    folder = tmp_path / "jardin_de_prueba"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "etapa.py").write_text("def abono():\n    from .tabla import DOSIS\n    return DOSIS\n")
    (folder / "tabla.py").write_text("from latam_corpus.privacy.redact import redact\nDOSIS = 2\n")
    (folder / "aparte.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    reached = Code().reached(["jardin_de_prueba.etapa"])
    assert {"jardin_de_prueba.tabla", "latam_corpus.privacy.identifiers"} <= reached
    assert "jardin_de_prueba.aparte" not in reached
    before = Code().digest(["jardin_de_prueba.etapa"])
    (folder / "tabla.py").write_text("from latam_corpus.privacy.redact import redact\nDOSIS = 3\n")
    assert Code().digest(["jardin_de_prueba.etapa"]) != before


def test_what_has_no_source_is_refused() -> None:
    """Its results could be taken for those of other code."""
    with pytest.raises(ConfigError, match="no source file"):
        Code().digest(["cuaderno_sin_archivo"])


def test_a_damaged_memory_is_made_anew(tmp_path: Path) -> None:
    """What was found in files before is only a saving: a file with other bytes isn't believed."""
    memory = tmp_path / "code.json"
    found = Code(memory=memory).digest(["latam_corpus.batch"])
    kept = memory.read_bytes()
    memory.write_bytes(kept.replace(b"latam_corpus.text", b"latam_corpus.tuxt"))
    assert Code(memory=memory).digest(["latam_corpus.batch"]) == found
    assert memory.read_bytes() == kept
