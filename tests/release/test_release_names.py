"""Names of releases and versions, and damaged files of a store: errors that name the file and the problem."""

from __future__ import annotations

import io
import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus.catalog.naming import is_version, release_name, version_key
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.reading.pull import pull
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CommandLine

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "splits": {}}
RECIPE = {"name": "puerto", "admit": ["open"], "uses": ["train"]}
WRONG_NAMES = [
    "",
    ".",
    "..",
    "../puerto",
    "/puerto",
    "puerto/2026",
    "puerto\\x",
    "Puerto",
    "рuerto",
    "puértо",
    "puerto\u200b",
    "ｐuerto",
    "puerto²",
    "puerto\n",
    "puerto\x00",
    " puerto",
    "-puerto",
    "puerto.",
    "pue..rto",
    ".lock",
    "*",
    "puerto[1]",
    "p" * 101,
    "latest",
    "latest.json",
    "con",
    "com1.puerto",
    "nul",
]
WRONG_VERSIONS = [
    "latest.json",
    "..",
    "../2026.11.0",
    "2026",
    "2026.11",
    "2026.11.0.0",
    "2026.11.01",
    "2026.011.0",
    "2026.0.0",
    "2026.13.0",
    "26.11.0",
    "02026.1.0",
    "2026.11.-1",
    "2026.11.0-beta",
    "v2026.11.0",
    "2026.11.0 ",
    "2026.11.0\n",
    "٢٠٢٦.١.٠",
    "2026.11.1234567",
    "manifest.json",
    "2026.11.0/x",
    "2026.11.*",
]


DAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder where the first test that needs the versions leaves a copy for the others."""
    return tmp_path_factory.mktemp("built") / "out"


@pytest.fixture
def out(built: Path, tmp_path: Path, document: Any, kept_run: Any) -> Path:
    """Return an output folder with the versions 2026.11.9 to 2026.11.11 of one release, the last of them the latest."""
    if not built.exists():
        run = kept_run("a-1", [document(n) for n in range(4)], release=RECIPE)
        for number in (9, 10, 11):
            own_run = kept_run(f"b-{number}", [document(number)])
            build("puerto", [run, own_run], tmp_path / "out" / "store", version=f"2026.11.{number}", today=DAY, **TERMS)
        shutil.copytree(tmp_path / "out", built)
    return Path(shutil.copytree(built, tmp_path / "out", dirs_exist_ok=True))


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_ambiguous_release_names_are_refused(name: str, tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Building, finding and listing a release refuse such a name, and nothing is written."""
    with pytest.raises(ValueError, match="; "):
        release_name(name)
    store = Store.at(tmp_path / "store")
    with pytest.raises(ConfigError) as error:
        build(name, [kept_run("a-1", [document(1)])], store, today=DAY, **TERMS)
    assert error.value.remedy
    for look_up in (store.versions, store.latest, lambda spec: store.find(f"{spec}@2026.11.0"), store.find):
        with pytest.raises(ConfigError):
            look_up(name)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    "name", ["puerto", "latam-news", "a", "7", "cuentos_del.sur-2", "latest-news", "console", "p" * 100]
)
def test_simple_release_names_are_accepted(name: str) -> None:
    """A name may have lower-case letters, digits and single signs between them."""
    assert release_name(name) == name


def test_an_error_names_the_wrong_character_of_a_name() -> None:
    """The error gives the code of a foreign letter, a wrong sign, or the name in lower case."""
    for name, problem in (
        ("рuerto", r"U\+0440, CYRILLIC SMALL LETTER ER"),
        ("puerto/x", "it has «/»"),
        ("pue\x1brto", r"U\+001B, a control character"),
        ("Puerto", "did you mean «puerto»"),
    ):
        with pytest.raises(ValueError, match=problem):
            release_name(name)


@pytest.mark.parametrize("version", WRONG_VERSIONS)
def test_wrong_version_numbers_are_refused(
    version: str, tmp_path: Path, out: Path, document: Any, kept_run: Any
) -> None:
    """Building, naming a parent and pulling refuse a wrong version number, and nothing is written."""
    assert not is_version(version)
    store = Store.at(out / "store")
    existing_paths = sorted(path for path in (out / "store" / "releases").rglob("*"))
    run = kept_run("c-1", [document(1)])
    changes: tuple[dict[str, Any], ...] = ({"version": version}, {"parent": version})
    for change in changes:
        with pytest.raises(ConfigError, match=r"versions are YYYY\.M\.N"):
            build("puerto", [run], store, today=DAY, **TERMS, **change)
    with pytest.raises(ConfigError, match=r"versions are YYYY\.M\.N"):
        pull(f"puerto@{version}", store, tmp_path / "corpus")
    assert existing_paths == sorted(path for path in (out / "store" / "releases").rglob("*"))


@pytest.mark.parametrize("version", ["2026.11.0", "2026.1.10", "1999.12.999999"])
def test_versions_are_years_months_and_numbers(version: str) -> None:
    """A version is a year, a month and a number, and versions are sorted by these."""
    assert is_version(version)
    assert version_key(version) == tuple(map(int, version.split(".")))


def test_an_empty_version_is_an_error(out: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """An empty version, as an unset variable of a shell leaves it, is an error in every command."""
    versions = Store.at(out / "store").versions("puerto")
    for arguments in (
        ["release", "show", "puerto@"],
        ["pull", "puerto@", "--to", tmp_path / "corpus"],
        ["release", "build", "puerto", "a-1", "--parent", ""],
        ["release", "build", "puerto", "a-1", "--version", ""],
        ["release", "diff", f"puerto@{versions[0]}", "puerto@"],
        ["release", "verify", f"@{versions[0]}"],
        ["pull", "", "--to", tmp_path / "corpus"],
    ):
        result = command_line(*arguments, "--out", out)
        assert result.code == 2, arguments
        assert re.search("there is no version after the @|isn't a version|no name is given", result.err), result.err
    assert command_line("pull", "puerto", "--to", tmp_path / "corpus", "--where", "", "--out", out).code == 2
    assert Store.at(out / "store").versions("puerto") == versions


@pytest.mark.parametrize("name", ["Prueba", "prueba/x", "con", "latest"])
def test_a_recipe_with_a_wrong_release_name_is_refused(
    name: str, tmp_path: Path, command_line: CommandLine, small_recipe: Any, small_source: Any
) -> None:
    """`check` reports a wrong name of a release with the line of the recipe."""
    (tmp_path / "fuente.toml").write_text(small_source())
    text = small_recipe("repair", release="").replace('name = "prueba"', f'name = "{name}"')
    (tmp_path / "receta.toml").write_text(text)
    result = command_line("check", tmp_path / "receta.toml")
    assert result.code == 2
    assert re.search(rf"receta\.toml, line \d+: «release\.name»: «{name}» ", result.err), result.err


def folder_in_place_of_a_file(path: Path) -> None:
    """Replace a file by a folder that contains a file."""
    path.unlink()
    path.mkdir()
    (path / "manifest.json").write_text("{}")


POINTERS: list[tuple[Callable[[Path], Any], str]] = [
    (lambda path: path.write_text(""), "it is empty"),
    (lambda path: path.write_text(" \n"), "it is empty"),
    (lambda path: path.write_text("{"), "it isn't JSON"),
    (lambda path: path.write_bytes(b"\xff\xfe{"), "it isn't JSON"),
    (lambda path: path.write_text("[" * 100_000), "it is nested too deeply"),
    (lambda path: path.write_text("[]"), "it names no version"),
    (lambda path: path.write_text('"2026.11.11"'), "it names no version"),
    (lambda path: path.write_text("{}"), "it names no version"),
    (lambda path: path.write_text('{"version": null}'), "it names no version"),
    (lambda path: path.write_text('{"version": 2026}'), "it names no version"),
    (lambda path: path.write_text('{"version": "../../../x"}'), "it names no version"),
    (lambda path: path.write_text('{"version": "latest"}'), "it names no version"),
    (lambda path: path.write_text('{"version": "2030.1.0"}'), "it points at 2030.1.0, which doesn't exist"),
    (lambda path: path.unlink(), "the file is missing"),
    (folder_in_place_of_a_file, "it is a folder"),
]


@pytest.mark.parametrize(("damage", "problem"), POINTERS)
def test_a_damaged_pointer_hides_no_version(
    out: Path, tmp_path: Path, command_line: CommandLine, damage: Callable[[Path], Any], problem: str
) -> None:
    """If `latest.json` is damaged, the newest intact version is used, and a note names the file and the problem."""
    pointer = out / "store" / "releases" / "puerto" / "latest.json"
    damage(pointer)
    shown = command_line("release", "show", "puerto", "--json", "--out", out)
    assert (shown.code, shown.json["version"]) == (0, "2026.11.11")
    assert "latest.json: " + problem in shown.err
    assert "the newest undamaged version is used" in shown.err
    assert any('{"version": "2026.11.11"}' in json.loads(line)["text"] for line in shown.err.splitlines())
    assert "Traceback" not in shown.err
    pulled = command_line("pull", "puerto", "--to", tmp_path / "corpus", "--json", "--out", out)
    assert (pulled.code, pulled.json["version"], problem in pulled.err) == (0, "2026.11.11", True)
    listing = command_line("release", "list", "--json", "--out", out)
    assert [row["latest"] for row in listing.json] == [False, False, True]
    verified = command_line("release", "verify", "puerto@2026.11.9", "--json", "--out", out)
    assert verified.code == 1
    assert [message.startswith(f"latest.json: {problem}") for message in verified.json["problems"]] == [True]


def test_a_repaired_pointer_is_followed(out: Path) -> None:
    """A pointer rewritten as the note says is valid, even if it names an older version."""
    store = Store.at(out / "store")
    store.write(b'{"version": "2026.11.9"}', "releases", "puerto", "latest.json")
    assert (store.find("puerto"), store.notes("puerto")) == (("puerto", "2026.11.9"), [])


MANIFESTS: list[tuple[Callable[[Path], Any], str]] = [
    (lambda path: path.write_text(""), "it is empty"),
    (lambda path: path.write_bytes(path.read_bytes()[:500]), "it isn't JSON"),
    (lambda path: path.write_bytes(b"PAR1\x00\xff"), "it isn't JSON"),
    (lambda path: path.write_text('{"shards":' + "[" * 100_000), "it is nested too deeply"),
    (lambda path: path.write_text("[1]"), "isn't the manifest of a latam_corpus release"),
    (lambda path: path.write_text('{"version": "2026.11.11"}'), "isn't the manifest of a latam_corpus release"),
    (lambda path: path.write_text('{"format": 1, "shards": []}'), "«name»: Field required"),
    (
        lambda path: shutil.copy(path.parents[1] / "2026.11.9" / "manifest.json", path),
        "it is the manifest of puerto@2026.11.9",
    ),
    (lambda path: path.write_text(path.read_text().replace('"puerto"', '"../puerto"')), "«name»"),
    (lambda path: path.write_text(path.read_text().replace('"2026.11.11"', '"../../x"')), "«version»"),
]


@pytest.mark.parametrize(("damage", "problem"), MANIFESTS)
def test_a_version_with_a_damaged_manifest_is_never_the_newest(
    out: Path, command_line: CommandLine, damage: Callable[[Path], Any], problem: str
) -> None:
    """A version with a damaged manifest is skipped with a note; naming it is an error."""
    damage(out / "store" / "releases" / "puerto" / "2026.11.11" / "manifest.json")
    shown = command_line("release", "show", "puerto", "--json", "--out", out)
    assert (shown.code, shown.json["version"]) == (0, "2026.11.10")
    assert "2026.11.11, manifest.json: " in shown.err
    assert problem in shown.err
    assert "it points at 2026.11.11, which is damaged" in shown.err
    named_version = command_line("release", "show", "puerto@2026.11.11", "--out", out)
    assert (named_version.code, problem in named_version.err, "Traceback" in named_version.err) == (1, True, False)
    listing = command_line("release", "list", "--json", "--out", out)
    assert [row["version"] for row in listing.json] == ["2026.11.9", "2026.11.10"]
    assert [row["latest"] for row in listing.json] == [False, True]
    assert listing.err.count(problem) == 1


def test_a_version_of_a_newer_toolkit_is_not_skipped(out: Path, command_line: CommandLine) -> None:
    """A version in a newer format is an error, because an older version in its place would be wrong."""
    file = out / "store" / "releases" / "puerto" / "2026.11.11" / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 2}))
    result = command_line("release", "show", "puerto", "--out", out)
    assert (result.code, "its format is 2" in result.err) == (1, True)


def test_a_release_without_an_intact_version_is_an_error(out: Path, command_line: CommandLine) -> None:
    """If every manifest is damaged, the error names the file of the newest version."""
    for number in (9, 10, 11):
        (out / "store" / "releases" / "puerto" / f"2026.11.{number}" / "manifest.json").write_text("")
    result = command_line("release", "show", "puerto", "--out", out)
    assert (result.code, "all of its versions are damaged" in result.err) == (1, True), result.err
    assert "2026.11.11, manifest.json: it is empty" in result.err
    listing = command_line("release", "list", "--out", out)
    assert listing.code == 0
    assert [f"2026.11.{n}, manifest.json: it is empty" in listing.err for n in (9, 10, 11)] == [True] * 3


def test_an_unfinished_version_is_an_error(out: Path, document: Any, kept_run: Any, command_line: CommandLine) -> None:
    """A version without a manifest is reported as unfinished, and the next build uses its number."""
    store = Store.at(out / "store")
    (out / "store" / "releases" / "puerto" / "2026.11.12" / "index").mkdir(parents=True)
    (out / "store" / "releases" / "puerto" / "2026.11.12" / "ledger.parquet").write_bytes(b"PAR1")
    assert store.latest("puerto") == "2026.11.11"
    result = command_line("release", "show", "puerto@2026.11.12", "--out", out)
    assert (result.code, "was never finished: it has no manifest.json" in result.err) == (2, True)
    manifest = build("puerto", [kept_run("z-1", [document(50)])], store, today=DAY, **TERMS)
    assert manifest.version == "2026.11.12"
    assert verify(store, "puerto", "2026.11.12") == []


def test_folders_with_other_names_are_skipped_with_a_note(
    out: Path, document: Any, kept_run: Any, command_line: CommandLine
) -> None:
    """Folders that are not named like a version or a release are ignored, with a note for each."""
    releases = out / "store" / "releases"
    for foreign in ("puerto/borrador", "puerto/2026.11.011", "puerto/9999", "Puerto/2026.11.0", "el puerto/2026.11.0"):
        shutil.copytree(releases / "puerto" / "2026.11.9", releases / foreign)
    store = Store.at(out / "store")
    assert store.names() == ["puerto"]
    assert store.versions("puerto") == ["2026.11.9", "2026.11.10", "2026.11.11"]
    listing = command_line("release", "list", "--json", "--out", out)
    assert [row["version"] for row in listing.json] == store.versions("puerto")
    for folder in ("«borrador»", "«2026.11.011»", "«9999»", "«Puerto»", "«el puerto»"):
        assert folder in listing.err
    shown = command_line("release", "show", "puerto", "--out", out)
    assert (shown.code, "«borrador»" in shown.err, "«Puerto»" in shown.err) == (0, True, False)
    manifest = build("puerto", [kept_run("z-1", [document(50)])], store, today=DAY, **TERMS)
    assert manifest.version == "2026.11.12"


def test_a_damaged_manifest_keeps_its_number(out: Path, document: Any, kept_run: Any) -> None:
    """The next build takes a new number and its version becomes the latest."""
    store = Store.at(out / "store")
    store.write(b"", "releases", "puerto", "2026.11.11", "manifest.json")
    manifest = build("puerto", [kept_run("z-1", [document(50)])], store, parent="latest", today=DAY, **TERMS)
    assert (manifest.version, manifest.parent.version if manifest.parent else None) == ("2026.11.12", "2026.11.10")
    assert (store.latest("puerto"), store.pointed("puerto")) == ("2026.11.12", ("2026.11.12", ""))


def test_a_store_may_be_in_a_folder_with_brackets(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Brackets and asterisks in the path of a store are not read as a pattern."""
    store = Store.at(tmp_path / "datos [2026] *")
    build("puerto", [kept_run("a-1", [document(1)])], store, today=DAY, **TERMS)
    assert (store.names(), store.versions("puerto")) == (["puerto"], ["2026.11.0"])
    assert verify(store, "puerto", "2026.11.0") == []


def parquet(**columns: list[Any]) -> bytes:
    """Return the bytes of a Parquet file with these columns."""
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("file", ["opt_outs.parquet", "withdrawn.parquet", "terms.parquet"])
@pytest.mark.parametrize(
    "data",
    [b"", b"PAR1", b"x" * 100, parquet(doc_id=["a"], obtained=["b"]), parquet(doc_id=[1], taken_back=[2]), None],
)
def test_a_damaged_list_of_a_release_stops_its_build(
    out: Path, document: Any, kept_run: Any, command_line: CommandLine, file: str, data: bytes | None
) -> None:
    """A build stops if the list of refusals, withdrawals or terms is damaged, and the error names the file."""
    place = out / "store" / "releases" / "puerto" / file
    versions = Store.at(out / "store").versions("puerto")
    if data is None:
        place.mkdir()
    else:
        place.write_bytes(data)
    kept_run("z-1", [document(50)], release=RECIPE)
    result = command_line("release", "build", "puerto", "z-1", "--out", out)
    assert (result.code, file in result.err, "Traceback" in result.err) == (1, True, False)
    assert re.search("rights recheck|copy of the store", result.err)
    assert Store.at(out / "store").versions("puerto") == versions


def test_a_list_with_the_columns_of_another_table_is_an_error(out: Path, document: Any, kept_run: Any) -> None:
    """A list with the columns of another table is an error, because its nulls would refuse nothing."""
    store = Store.at(out / "store")
    ledger = store.read("releases", "puerto", "2026.11.11", "ledger.parquet")
    for file in ("opt_outs.parquet", "withdrawn.parquet", "terms.parquet"):
        store.write(ledger, "releases", "puerto", file)
        with pytest.raises(ReleaseError, match=f"{file}: it can't be read: it is another table's file"):
            build("puerto", [kept_run(f"z-{file[:3]}", [document(50)])], store, today=DAY, **TERMS)
        store.filesystem.rm(store.path("releases", "puerto", file))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"x" * 100, parquet(doc_id=["a"], verdict=["released"])])
def test_a_damaged_ledger_is_reported(out: Path, command_line: CommandLine, data: bytes) -> None:
    """`verify` and `diff` report that the bytes of a damaged ledger differ from the manifest."""
    (out / "store" / "releases" / "puerto" / "2026.11.11" / "ledger.parquet").write_bytes(data)
    verified = command_line("release", "verify", "puerto", "--json", "--out", out)
    assert (verified.code, len(verified.json["problems"])) == (1, 1)
    assert verified.json["problems"][0].startswith("ledger.parquet: its bytes")
    compared = command_line("release", "diff", "puerto@2026.11.9", "puerto", "--out", out)
    assert (compared.code, "ledger.parquet: its bytes aren't those" in compared.err) == (1, True), compared.err


@pytest.mark.parametrize("data", [b"", b"PAR1", b"x" * 100, parquet(doc_id=["a"])])
@pytest.mark.parametrize(
    "command", [["release", "diff", "puerto@2026.11.9"], ["pull", "--where", "country = 'CL'", "--to", "corpus"]]
)
def test_a_damaged_shard_is_reported(
    out: Path,
    tmp_path: Path,
    command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
    command: list[str],
) -> None:
    """Commands that read a damaged shard name its object in the error."""
    monkeypatch.chdir(tmp_path)
    store = Store.at(out / "store")
    [shard] = load_manifest(store, "puerto", "2026.11.11").shards
    store.write(data, shard.object)
    result = command_line(command[0], *command[1:], "puerto", "--out", out)
    assert result.code in (1, 2)
    assert "Traceback" not in result.err
    assert shard.sha256 in result.err or "has no column «country»" in result.err


def test_two_shards_with_one_name_are_an_error(out: Path) -> None:
    """Shards whose paths differ only in case are an error, because some file systems ignore case."""
    store = Store.at(out / "store")
    manifest = json.loads(store.read("releases", "puerto", "2026.11.11", "manifest.json"))
    [shard] = manifest["shards"]
    manifest["shards"].append(shard | {"path": shard["path"].replace("spa_Latn", "spa_latn")})
    store.write(json.dumps(manifest).encode(), "releases", "puerto", "2026.11.11", "manifest.json")
    with pytest.raises(ReleaseError, match=r"two shards are named data/spa_latn-literature"):
        load_manifest(store, "puerto", "2026.11.11")


def test_a_parent_with_a_changed_changelog_is_refused(out: Path, document: Any, kept_run: Any) -> None:
    """A build refuses a parent whose CHANGELOG.md was changed, because the next version would include it."""
    store = Store.at(out / "store")
    store.write(b"\xff", "releases", "puerto", "2026.11.11", "CHANGELOG.md")
    with pytest.raises(ReleaseError, match=r"CHANGELOG\.md: its bytes aren't those"):
        build("puerto", [kept_run("z-1", [document(50)])], store, parent="latest", today=DAY, **TERMS)


STATE: dict[str, Any] = {"manifest_sha256": "", "where": None, "finished": {}, "planned": []}
STATES = ["", "{", "[]", "{}", "[" * 100_000]
STATES += [json.dumps(STATE | {"finished": []}), json.dumps(STATE | {"planned": [1]})]
STATES += [json.dumps(STATE | {"finished": {"a": 1}})]


@pytest.mark.parametrize("text", STATES)
@pytest.mark.parametrize("file", [".pull.json", "corpus.lock"])
def test_a_damaged_folder_of_a_pull_is_an_error(
    out: Path, tmp_path: Path, command_line: CommandLine, file: str, text: str
) -> None:
    """A damaged lock or state of a pull is a usage error that names the file."""
    to = tmp_path / "corpus"
    pull("puerto", out / "store", to)
    (to / file).write_text(text)
    result = command_line("pull", "puerto", "--to", to, "--out", out)
    assert (result.code, file in result.err, "Traceback" in result.err) == (2, True, False)


def test_a_damaged_list_of_sums_in_a_pulled_folder_is_rewritten(out: Path, tmp_path: Path) -> None:
    """The next pull compares the files with the manifest and rewrites a damaged SHA256SUMS."""
    to = tmp_path / "corpus"
    pull("puerto", out / "store", to)
    sums = (to / "SHA256SUMS").read_bytes()
    (to / "SHA256SUMS").write_bytes(b"\xff" + sums)
    pull("puerto", out / "store", to)
    assert (to / "SHA256SUMS").read_bytes() == sums
