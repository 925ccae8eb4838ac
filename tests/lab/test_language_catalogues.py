"""Training text out of a program's translated messages."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.lab.language.message_catalogues import catalogue_rows, is_catalogue
from latam_corpus.lab.language.texts import Texts, named_texts, rows

if TYPE_CHECKING:
    from pathlib import Path

LONG = "El capitán mandó que nadie saliera de la torre antes del alba."
MARKED = "<i>$unit.name|</i>, a ordem do capitão é que ninguém saia da torre."


def compiled(texts: list[str], order: str = "<", keys_: list[str] | None = None) -> bytes:
    """A catalogue as msgfmt writes it, with numbers for the messages' keys unless they are given."""
    keys = [b"", *(one.encode() for one in keys_ or [f"key {number}" for number in range(1, len(texts) + 1)])]
    said = [b"Language: es\n", *(text.encode() for text in texts)]
    count = len(keys)
    at = 28 + 16 * count
    tables, held = [], b""
    for column in (keys, said):
        for one in column:
            tables += [len(one), at + len(held)]
            held += one + b"\0"
    return struct.pack(f"{order}7I{4 * count}I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0, *tables) + held


def written(folder: Path, language: str, data: bytes, domain: str = "cuento") -> Path:
    """The path of a catalogue with these bytes."""
    path = folder / language / "LC_MESSAGES" / f"{domain}.mo"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_longer_messages_are_read_without_markup(tmp_path: Path, order: str) -> None:
    """Each once, every plural form, in either byte order; names of buttons and the head are left out."""
    plural = "Quedan muchas horas hasta que el sol salga detrás del monte"
    written(tmp_path, "es_AR", compiled([LONG, "Salir", f"Queda una hora\0{plural}", LONG], order))
    written(tmp_path, "pt", compiled([MARKED], order))
    assert is_catalogue(tmp_path)
    assert list(catalogue_rows(tmp_path, "cuento")) == [
        ("es", LONG),
        ("es", plural),
        ("pt", ", a ordem do capitão é que ninguém saia da torre."),
    ]


def test_a_language_in_another_script_is_left_out(tmp_path: Path) -> None:
    """`sr@latin` has the code of Serbian in Cyrillic, `ca@valencia` is Catalan as others are."""
    for language in ("sr@latin", "ca@valencia"):
        written(tmp_path, language, compiled([LONG]))
    assert [code for code, _ in catalogue_rows(tmp_path, "cuento")] == ["ca"]


@pytest.mark.parametrize(
    "data", [b"", b"no catalogue at all, but text", compiled([LONG])[:60], compiled(["\xff" * 50])[:-40]]
)
def test_what_is_no_catalogue_is_an_error_with_its_path(tmp_path: Path, data: bytes) -> None:
    """An empty file, another one, and two that were cut off."""
    path = written(tmp_path, "es", data)
    with pytest.raises(ConfigError, match="not a compiled catalogue") as told:
        list(catalogue_rows(tmp_path, "cuento"))
    assert str(path) in str(told.value)


def test_a_folder_and_another_encoding_are_errors(tmp_path: Path) -> None:
    """One named like a catalogue has none; text that isn't UTF-8 is told with its remedy."""
    (tmp_path / "es" / "LC_MESSAGES" / "cuento.mo").mkdir(parents=True)
    with pytest.raises(ConfigError, match="no catalogue «cuento»"):
        list(catalogue_rows(tmp_path, "cuento"))
    written(tmp_path, "pt", compiled([LONG]).replace("á".encode(), b"\xe1\xe1"))
    with pytest.raises(ConfigError, match="msgconv"):
        list(catalogue_rows(tmp_path, "cuento"))


def test_a_star_is_all_catalogues_and_a_name_is_no_pattern(tmp_path: Path) -> None:
    """What two catalogues of a language say alike is read once; other signs are a name's own letters."""
    other = "El capitán mandó que todos salieran de la torre antes del alba."
    written(tmp_path, "es", compiled([LONG, other]))
    written(tmp_path, "es", compiled([LONG]), "novela")
    assert list(catalogue_rows(tmp_path, "*")) == [("es", LONG), ("es", other)]
    for name in ("cuent?", "cuent[o]", "c*"):
        with pytest.raises(ConfigError, match="no catalogue"):
            list(catalogue_rows(tmp_path, name))


def test_what_nobody_has_translated_is_left_out(tmp_path: Path) -> None:
    """It says what its key says, after the key's context; in the language of the keys it is the text."""
    english = "Nobody shall leave the tower before the dawn of day."
    for language in ("mk", "en_GB"):
        written(tmp_path, language, compiled([english, LONG], keys_=[f"torre\x04{english}", "Nobody"]))
    assert list(catalogue_rows(tmp_path, "cuento")) == [("en", english), ("en", LONG), ("mk", LONG)]


def test_places_for_values_and_marks_of_shortcuts_are_left_out(tmp_path: Path) -> None:
    """A mark stands within a word, which stays whole."""
    written(tmp_path, "ga", compiled(["Theip ar %PRODUCTNAME an com~had $(ARG1) a oscailt mar níl cead agat."]))
    assert list(catalogue_rows(tmp_path, "cuento")) == [("ga", "Theip ar an comhad a oscailt mar níl cead agat.")]


@pytest.mark.parametrize(
    ("entry", "told"),
    [('onyl = ["gl"]', "did you mean «only»"), ('only = "gl"', "write a list"), ("label = 3", "«label» is 3")],
)
def test_a_key_of_a_list_that_means_nothing_is_an_error(tmp_path: Path, entry: str, told: str) -> None:
    """So that a slip of the pen doesn't read nothing, or another thing."""
    path = tmp_path / "lista.toml"
    path.write_text(f'[[data]]\npath = "a.tsv"\nlicence = "CC0-1.0"\n{entry}\n')
    with pytest.raises(ConfigError, match=told):
        named_texts([str(path)])


def test_a_catalogue_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """The folder is of catalogues, and no language has this one."""
    written(tmp_path, "es", compiled([LONG]))
    with pytest.raises(ConfigError, match="no catalogue «novela»"):
        list(rows(Texts(tmp_path, field="novela")))


def test_a_list_takes_texts_from_an_unpacked_package(tmp_path: Path) -> None:
    """Of the languages that it names alone; a package that isn't there is told with its remedy."""
    place = tmp_path / "x" / "cuentos" / "usr" / "share"
    for language in ("es", "gl"):
        written(place, language, compiled([LONG]))
    path = tmp_path / "lista.toml"
    path.write_text(
        '[[data]]\npackage = "cuentos"\npath = "usr/share"\nfield = "cuento"\nonly = ["gl"]\nlicence = "CC0-1.0"\n'
    )
    [texts] = named_texts([str(path)], packages=tmp_path / "x")
    assert list(rows(texts)) == [("gl", LONG)]
    with pytest.raises(ConfigError, match="apt-get install cuentos"):
        named_texts([str(path)], packages=tmp_path)


def test_a_list_takes_texts_from_several_packages_of_one_kind(tmp_path: Path) -> None:
    """Each in a folder of its own; one that isn't there is told by its name. Installed, all have one folder."""
    names = ["cuentos-ga", "cuentos-gl"]
    for name in names:
        written(tmp_path / name / "share", name[-2:], compiled([LONG]))
    path = tmp_path / "lista.toml"

    def entry(share: str) -> str:
        return f'[[data]]\npackages = {names}\npath = "{share}"\nfield = "cuento"\nlicence = "CC0-1.0"\n'

    path.write_text(entry("share"))
    read = [row for texts in named_texts([str(path)], packages=tmp_path) for row in rows(texts)]
    assert read == [("ga", LONG), ("gl", LONG)]
    path.write_text(entry(f"{tmp_path}/cuentos-ga/share"))
    assert len(named_texts([str(path)])) == 1
    names.append("cuentos-eo")
    path.write_text(entry("share"))
    with pytest.raises(ConfigError, match="apt-get install cuentos-eo"):
        named_texts([str(path)], packages=tmp_path)
