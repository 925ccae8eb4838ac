"""Names of releases and versions, and the small files that point at them: what is wrong with one is one sentence."""

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
    """Where the first test that wants the versions leaves a copy for the others."""
    return tmp_path_factory.mktemp("built") / "out"


@pytest.fixture
def out(built: Path, tmp_path: Path, document: Any, kept_run: Any) -> Path:
    """A store with the versions 2026.11.9, 10 and 11 of one release, the last of them the latest."""
    if not built.exists():
        run = kept_run("a-1", [document(n) for n in range(4)], release=RECIPE)
        for number in (9, 10, 11):
            more = kept_run(f"b-{number}", [document(number)])
            build("puerto", [run, more], tmp_path / "out" / "store", version=f"2026.11.{number}", today=DAY, **TERMS)
        shutil.copytree(tmp_path / "out", built)
    return Path(shutil.copytree(built, tmp_path / "out", dirs_exist_ok=True))


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_a_name_that_could_be_mistaken_is_refused(name: str, tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Wherever a release is named: built, found, pulled; nothing is written."""
    with pytest.raises(ValueError, match="; "):
        release_name(name)
    store = Store.at(tmp_path / "store")
    with pytest.raises(ConfigError) as told:
        build(name, [kept_run("a-1", [document(1)])], store, today=DAY, **TERMS)
    assert told.value.remedy
    for asked in (store.versions, store.latest, lambda named: store.find(f"{named}@2026.11.0"), store.find):
        with pytest.raises(ConfigError):
            asked(name)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    "name", ["puerto", "latam-news", "a", "7", "cuentos_del.sur-2", "latest-news", "console", "p" * 100]
)
def test_other_names_are_taken(name: str) -> None:
    """Lower case, digits, and single signs between them."""
    assert release_name(name) == name


def test_what_is_odd_in_a_name_is_named() -> None:
    """A letter of another script by its code, a sign by itself, capital letters by the name without."""
    for name, told in (
        ("рuerto", r"U\+0440, CYRILLIC SMALL LETTER ER"),
        ("puerto/x", "it has «/»"),
        ("pue\x1brto", r"U\+001B, a control character"),
        ("Puerto", "did you mean «puerto»"),
    ):
        with pytest.raises(ValueError, match=told):
            release_name(name)


@pytest.mark.parametrize("version", WRONG_VERSIONS)
def test_what_is_no_version_is_refused(version: str, tmp_path: Path, out: Path, document: Any, kept_run: Any) -> None:
    """Wherever a version is named: built, built upon, pulled, shown; nothing is written."""
    assert not is_version(version)
    store = Store.at(out / "store")
    before = sorted(path for path in (out / "store" / "releases").rglob("*"))
    run = kept_run("c-1", [document(1)])
    changes: tuple[dict[str, Any], ...] = ({"version": version}, {"parent": version})
    for told in changes:
        with pytest.raises(ConfigError, match=r"versions are YYYY\.M\.N"):
            build("puerto", [run], store, today=DAY, **TERMS, **told)
    with pytest.raises(ConfigError, match=r"versions are YYYY\.M\.N"):
        pull(f"puerto@{version}", store, tmp_path / "corpus")
    assert before == sorted(path for path in (out / "store" / "releases").rglob("*"))


@pytest.mark.parametrize("version", ["2026.11.0", "2026.1.10", "1999.12.999999"])
def test_versions_are_years_months_and_numbers(version: str) -> None:
    """And are ordered by them."""
    assert is_version(version)
    assert version_key(version) == tuple(map(int, version.split(".")))


def test_an_empty_version_is_no_version(out: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """As a shell's unset variable leaves it: it isn't the latest, nor the next, nor no parent."""
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
        told = command_line(*arguments, "--out", out)
        assert told.code == 2, arguments
        assert re.search(
            "there is no version after the @|isn't a version number|is no version|no name is given", told.err
        ), told.err
    assert command_line("pull", "puerto", "--to", tmp_path / "corpus", "--where", "", "--out", out).code == 2
    assert Store.at(out / "store").versions("puerto") == versions


@pytest.mark.parametrize("name", ["Prueba", "prueba/x", "con", "latest"])
def test_a_recipes_release_has_such_a_name(
    name: str, tmp_path: Path, command_line: CommandLine, small_recipe: Any, small_source: Any
) -> None:
    """It is told with the recipe's line, before anything runs."""
    (tmp_path / "fuente.toml").write_text(small_source())
    text = small_recipe("repair", release="").replace('name = "prueba"', f'name = "{name}"')
    (tmp_path / "receta.toml").write_text(text)
    told = command_line("check", tmp_path / "receta.toml")
    assert told.code == 2
    assert re.search(rf"receta\.toml, line \d+: «release\.name»: «{name}» ", told.err), told.err


def whole_folder(path: Path) -> None:
    """A folder with something in it in the place of a file."""
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
    (lambda path: path.write_text('{"version": "2030.1.0"}'), "it points at 2030.1.0, which isn't there"),
    (lambda path: path.unlink(), "the file is missing"),
    (whole_folder, "it is a folder"),
]


@pytest.mark.parametrize(("damage", "problem"), POINTERS)
def test_a_damaged_pointer_hides_no_version(
    out: Path, tmp_path: Path, command_line: CommandLine, damage: Callable[[Path], Any], problem: str
) -> None:
    """The newest whole version is found without `latest.json`, in the order of numbers, and a note names the file."""
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
    listed = command_line("release", "list", "--json", "--out", out)
    assert [row["latest"] for row in listed.json] == [False, False, True]
    verified = command_line("release", "verify", "puerto@2026.11.9", "--json", "--out", out)
    assert verified.code == 1
    assert [told.startswith(f"latest.json: {problem}") for told in verified.json["problems"]] == [True]


def test_a_mended_pointer_is_followed(out: Path) -> None:
    """What the note says to write into the file points at a version again, a former one too."""
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
    """It is passed over with a note, though the pointer names it; asked for by its number it is an error."""
    damage(out / "store" / "releases" / "puerto" / "2026.11.11" / "manifest.json")
    shown = command_line("release", "show", "puerto", "--json", "--out", out)
    assert (shown.code, shown.json["version"]) == (0, "2026.11.10")
    assert "2026.11.11, manifest.json: " in shown.err
    assert problem in shown.err
    assert "it points at 2026.11.11, which is damaged" in shown.err
    named = command_line("release", "show", "puerto@2026.11.11", "--out", out)
    assert (named.code, problem in named.err, "Traceback" in named.err) == (1, True, False)
    listed = command_line("release", "list", "--json", "--out", out)
    assert [row["version"] for row in listed.json] == ["2026.11.9", "2026.11.10"]
    assert [row["latest"] for row in listed.json] == [False, True]
    assert listed.err.count(problem) == 1


def test_a_version_of_a_newer_toolkit_is_not_passed_over(out: Path, command_line: CommandLine) -> None:
    """It is whole, though this toolkit can't read it: an older one in its place would be a wrong answer."""
    file = out / "store" / "releases" / "puerto" / "2026.11.11" / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 2}))
    told = command_line("release", "show", "puerto", "--out", out)
    assert (told.code, "its format is 2" in told.err) == (1, True)


def test_no_whole_version_is_told(out: Path, command_line: CommandLine) -> None:
    """With the file of the newest."""
    for number in (9, 10, 11):
        (out / "store" / "releases" / "puerto" / f"2026.11.{number}" / "manifest.json").write_text("")
    told = command_line("release", "show", "puerto", "--out", out)
    assert (told.code, "all of its versions are damaged" in told.err) == (1, True)
    assert "2026.11.11, manifest.json: it is empty" in told.err
    listed = command_line("release", "list", "--out", out)
    assert listed.code == 0
    assert [f"2026.11.{n}, manifest.json: it is empty" in listed.err for n in (9, 10, 11)] == [True] * 3


def test_an_unfinished_version_is_none(out: Path, document: Any, kept_run: Any, command_line: CommandLine) -> None:
    """A folder without a manifest is no version: by its number it is told, and the next build uses the number."""
    store = Store.at(out / "store")
    (out / "store" / "releases" / "puerto" / "2026.11.12" / "index").mkdir(parents=True)
    (out / "store" / "releases" / "puerto" / "2026.11.12" / "ledger.parquet").write_bytes(b"PAR1")
    assert store.latest("puerto") == "2026.11.11"
    told = command_line("release", "show", "puerto@2026.11.12", "--out", out)
    assert (told.code, "was never finished: it has no manifest.json" in told.err) == (2, True)
    made = build("puerto", [kept_run("z-1", [document(50)])], store, today=DAY, **TERMS)
    assert made.version == "2026.11.12"
    assert verify(store, "puerto", "2026.11.12") == []


def test_folders_with_other_names_are_passed_over_with_a_note(
    out: Path, document: Any, kept_run: Any, command_line: CommandLine
) -> None:
    """A version's folder that isn't named as one, and a release's; the versions beside are there as before."""
    releases = out / "store" / "releases"
    for foreign in ("puerto/borrador", "puerto/2026.11.011", "puerto/9999", "Puerto/2026.11.0", "el puerto/2026.11.0"):
        shutil.copytree(releases / "puerto" / "2026.11.9", releases / foreign)
    store = Store.at(out / "store")
    assert store.names() == ["puerto"]
    assert store.versions("puerto") == ["2026.11.9", "2026.11.10", "2026.11.11"]
    listed = command_line("release", "list", "--json", "--out", out)
    assert [row["version"] for row in listed.json] == store.versions("puerto")
    for folder in ("«borrador»", "«2026.11.011»", "«9999»", "«Puerto»", "«el puerto»"):
        assert folder in listed.err
    shown = command_line("release", "show", "puerto", "--out", out)
    assert (shown.code, "«borrador»" in shown.err, "«Puerto»" in shown.err) == (0, True, False)
    made = build("puerto", [kept_run("z-1", [document(50)])], store, today=DAY, **TERMS)
    assert made.version == "2026.11.12"


def test_a_damaged_manifest_keeps_its_number(out: Path, document: Any, kept_run: Any) -> None:
    """The next build takes another one, and the pointer is right again."""
    store = Store.at(out / "store")
    store.write(b"", "releases", "puerto", "2026.11.11", "manifest.json")
    made = build("puerto", [kept_run("z-1", [document(50)])], store, parent="latest", today=DAY, **TERMS)
    assert (made.version, made.parent.version if made.parent else None) == ("2026.11.12", "2026.11.10")
    assert (store.latest("puerto"), store.pointed("puerto")) == ("2026.11.12", ("2026.11.12", ""))


def test_a_store_may_be_in_a_folder_with_brackets(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """They are no pattern: its versions are found."""
    store = Store.at(tmp_path / "datos [2026] *")
    build("puerto", [kept_run("a-1", [document(1)])], store, today=DAY, **TERMS)
    assert (store.names(), store.versions("puerto")) == (["puerto"], ["2026.11.0"])
    assert verify(store, "puerto", "2026.11.0") == []


def parquet(**columns: list[Any]) -> bytes:
    """A Parquet file with these columns."""
    made = io.BytesIO()
    pl.DataFrame(columns).write_parquet(made)
    return made.getvalue()


@pytest.mark.parametrize("file", ["opt_outs.parquet", "withdrawn.parquet", "terms.parquet"])
@pytest.mark.parametrize(
    "data",
    [b"", b"PAR1", b"x" * 100, parquet(doc_id=["a"], obtained=["b"]), parquet(doc_id=[1], taken_back=[2]), None],
)
def test_a_damaged_list_of_a_release_stops_its_build(
    out: Path, document: Any, kept_run: Any, command_line: CommandLine, file: str, data: bytes | None
) -> None:
    """What owners refuse and what was taken back is never taken for nothing: the error names the file and a remedy."""
    place = out / "store" / "releases" / "puerto" / file
    versions = Store.at(out / "store").versions("puerto")
    if data is None:
        place.mkdir()
    else:
        place.write_bytes(data)
    kept_run("z-1", [document(50)], release=RECIPE)
    told = command_line("release", "build", "puerto", "z-1", "--out", out)
    assert (told.code, file in told.err, "Traceback" in told.err) == (1, True, False)
    assert re.search("rights recheck|copy of the store", told.err)
    assert Store.at(out / "store").versions("puerto") == versions


def test_lists_put_in_each_others_place_are_told(out: Path, document: Any, kept_run: Any) -> None:
    """Rows of one read as the other would be nulls, which refuse nothing."""
    store = Store.at(out / "store")
    ledger = store.read("releases", "puerto", "2026.11.11", "ledger.parquet")
    for file in ("opt_outs.parquet", "withdrawn.parquet", "terms.parquet"):
        store.write(ledger, "releases", "puerto", file)
        with pytest.raises(ReleaseError, match=f"{file}: it can't be read: it is another table's file"):
            build("puerto", [kept_run(f"z-{file[:3]}", [document(50)])], store, today=DAY, **TERMS)
        store.filesystem.rm(store.path("releases", "puerto", file))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"x" * 100, parquet(doc_id=["a"], verdict=["released"])])
def test_a_damaged_ledger_is_told(out: Path, command_line: CommandLine, data: bytes) -> None:
    """By verify, and by a comparison, as bytes that aren't the manifest's."""
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
def test_a_damaged_shard_is_told(
    out: Path,
    tmp_path: Path,
    command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
    command: list[str],
) -> None:
    """By whatever reads it, with its object."""
    monkeypatch.chdir(tmp_path)
    store = Store.at(out / "store")
    [shard] = load_manifest(store, "puerto", "2026.11.11").shards
    store.write(data, shard.object)
    told = command_line(command[0], *command[1:], "puerto", "--out", out)
    assert told.code in (1, 2)
    assert "Traceback" not in told.err
    assert shard.sha256 in told.err or "has no column «country»" in told.err


def test_two_shards_with_one_name_are_told(out: Path) -> None:
    """Where case isn't told apart they would be one file."""
    store = Store.at(out / "store")
    stated = json.loads(store.read("releases", "puerto", "2026.11.11", "manifest.json"))
    [shard] = stated["shards"]
    stated["shards"].append(shard | {"path": shard["path"].replace("spa_Latn", "spa_latn")})
    store.write(json.dumps(stated).encode(), "releases", "puerto", "2026.11.11", "manifest.json")
    with pytest.raises(ReleaseError, match=r"two shards are named data/spa_latn-literature"):
        load_manifest(store, "puerto", "2026.11.11")


def test_a_parent_with_a_changed_changelog_is_not_built_upon(out: Path, document: Any, kept_run: Any) -> None:
    """Its text would go into the next version's."""
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
def test_a_damaged_folder_of_a_pull_is_told(
    out: Path, tmp_path: Path, command_line: CommandLine, file: str, text: str
) -> None:
    """A lock or a state that is no such thing is the user's error, with the file and what to do."""
    to = tmp_path / "corpus"
    pull("puerto", out / "store", to)
    (to / file).write_text(text)
    told = command_line("pull", "puerto", "--to", to, "--out", out)
    assert (told.code, file in told.err, "Traceback" in told.err) == (2, True, False)


def test_a_damaged_list_of_sums_in_a_pulled_folder_is_no_matter(out: Path, tmp_path: Path) -> None:
    """The files are compared with the manifest, and the list is written anew."""
    to = tmp_path / "corpus"
    pull("puerto", out / "store", to)
    whole = (to / "SHA256SUMS").read_bytes()
    (to / "SHA256SUMS").write_bytes(b"\xff" + whole)
    pull("puerto", out / "store", to)
    assert (to / "SHA256SUMS").read_bytes() == whole
