"""Training texts are read from the translated messages of a program."""

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
    """A catalogue as msgfmt writes it; the keys of messages are numbered by default."""
    keys = [b"", *(key.encode() for key in keys_ or [f"key {number}" for number in range(1, len(texts) + 1)])]
    messages = [b"Language: es\n", *(text.encode() for text in texts)]
    count = len(keys)
    start = 28 + 16 * count
    tables, data = [], b""
    for column in (keys, messages):
        for entry in column:
            tables += [len(entry), start + len(data)]
            data += entry + b"\0"
    return struct.pack(f"{order}7I{4 * count}I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0, *tables) + data


def written(folder: Path, language: str, data: bytes, domain: str = "cuento") -> Path:
    """Write a catalogue with these bytes and return its path."""
    path = folder / language / "LC_MESSAGES" / f"{domain}.mo"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_longer_messages_are_read_without_markup(tmp_path: Path, order: str) -> None:
    """Each message and plural form is read once, in either byte order; names of buttons and the header are left out."""
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
    """`sr@latin` is left out, since its code stands for Serbian in Cyrillic; `ca@valencia` is read as Catalan."""
    for language in ("sr@latin", "ca@valencia"):
        written(tmp_path, language, compiled([LONG]))
    assert [code for code, _ in catalogue_rows(tmp_path, "cuento")] == ["ca"]


@pytest.mark.parametrize(
    "data", [b"", b"no catalogue at all, but text", compiled([LONG])[:60], compiled(["\xff" * 50])[:-40]]
)
def test_a_broken_catalogue_is_an_error_with_its_path(tmp_path: Path, data: bytes) -> None:
    """An empty file, a file of another format and two truncated catalogues are errors that name the path."""
    path = written(tmp_path, "es", data)
    with pytest.raises(ConfigError, match="it isn't a compiled catalogue") as caught:
        list(catalogue_rows(tmp_path, "cuento"))
    assert str(path) in str(caught.value)


def test_a_folder_and_another_encoding_are_errors(tmp_path: Path) -> None:
    """A folder named like a catalogue isn't one, and text that isn't UTF-8 is an error with its remedy."""
    (tmp_path / "es" / "LC_MESSAGES" / "cuento.mo").mkdir(parents=True)
    with pytest.raises(ConfigError, match="no catalogue «cuento»"):
        list(catalogue_rows(tmp_path, "cuento"))
    written(tmp_path, "pt", compiled([LONG]).replace("á".encode(), b"\xe1\xe1"))
    with pytest.raises(ConfigError, match="msgconv"):
        list(catalogue_rows(tmp_path, "cuento"))


def test_a_star_is_all_catalogues_and_a_name_is_no_pattern(tmp_path: Path) -> None:
    """`*` reads all catalogues, a message in two of them once; other wildcards in a name are literal."""
    second = "El capitán mandó que todos salieran de la torre antes del alba."
    written(tmp_path, "es", compiled([LONG, second]))
    written(tmp_path, "es", compiled([LONG]), "novela")
    assert list(catalogue_rows(tmp_path, "*")) == [("es", LONG), ("es", second)]
    for name in ("cuent?", "cuent[o]", "c*"):
        with pytest.raises(ConfigError, match="no catalogue"):
            list(catalogue_rows(tmp_path, name))


def test_untranslated_messages_are_left_out(tmp_path: Path) -> None:
    """Messages equal to their key, without its context, are left out, except in the language of the keys."""
    english = "Nobody shall leave the tower before the dawn of day."
    for language in ("mk", "en_GB"):
        written(tmp_path, language, compiled([english, LONG], keys_=[f"torre\x04{english}", "Nobody"]))
    assert list(catalogue_rows(tmp_path, "cuento")) == [("en", english), ("en", LONG), ("mk", LONG)]


def test_places_for_values_and_marks_of_shortcuts_are_left_out(tmp_path: Path) -> None:
    """Placeholders become spaces, and a shortcut mark inside a word is removed without splitting it."""
    written(tmp_path, "ga", compiled(["Theip ar %PRODUCTNAME an com~had $(ARG1) a oscailt mar níl cead agat."]))
    assert list(catalogue_rows(tmp_path, "cuento")) == [("ga", "Theip ar an comhad a oscailt mar níl cead agat.")]


@pytest.mark.parametrize(
    ("entry", "message"),
    [('onyl = ["gl"]', "did you mean «only»"), ('only = "gl"', "write a list"), ("label = 3", "«label» is 3")],
)
def test_a_wrong_key_in_a_list_is_an_error(tmp_path: Path, entry: str, message: str) -> None:
    """An unknown key, and a value of the wrong type, are errors with their remedy."""
    path = tmp_path / "lista.toml"
    path.write_text(f'[[data]]\npath = "a.tsv"\nlicence = "CC0-1.0"\n{entry}\n')
    with pytest.raises(ConfigError, match=message):
        named_texts([str(path)])


def test_a_missing_catalogue_is_an_error(tmp_path: Path) -> None:
    """A name that no language has a catalogue for is an error."""
    written(tmp_path, "es", compiled([LONG]))
    with pytest.raises(ConfigError, match="no catalogue «novela»"):
        list(rows(Texts(tmp_path, field="novela")))


def test_a_list_takes_texts_from_an_unpacked_package(tmp_path: Path) -> None:
    """Only the named languages are read from the package, and a missing package is an error with its remedy."""
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
    """Unpacked packages are read from their own folders, installed ones from one folder; a missing one is named."""
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
