"""The output and errors of training commands are in the language of `--lang`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

    from latam_corpus.release.storing.store import Store

_PRINTED: dict[str, dict[str, tuple[str, ...]]] = {
    "mix plan puerto --tokens 9000": {
        "es": ("9 000 tokens", "grupo", "lenguas indígenas de las Américas: 0,0% del presupuesto"),
        "pt": ("9 000 tokens", "grupo", "línguas indígenas das Américas: 0,0% do orçamento"),
    },
    "mix plan puerto --tokens 90M --weights unimax": {
        "es": ("los topes dejan sin llenar", "agotado"),
        "pt": ("os limites deixam", "esgotado"),
    },
    "release tokens puerto": {
        "es": ("tokens por palabra", "frente al español"),
        "pt": ("tokens por palavra", "em relação ao espanhol"),
    },
    "export puerto --format ds --to {to}": {
        "es": ("120 documentos", "dice dónde están los tokens de cada documento"),
        "pt": ("120 documentos", "diz onde estão os tokens de cada documento"),
    },
}
_WRONG: dict[str, dict[str, str]] = {
    "mix plan puerto --tokens muchos": {
        "es": "«muchos» no es un número de tokens; escriba, por ejemplo, 20000",
        "pt": "“muchos” não é um número de tokens; escreva, por exemplo, 20000",
    },
    "mix plan puerto --tokens 9000 --by lengua": {
        "es": "no se pueden formar grupos por «lengua»",
        "pt": "não é possível formar grupos por “lengua”",
    },
    "export puerto --format dss --to {to}": {
        "es": "no existe el formato «dss»; ¿quiso escribir «ds»?",
        "pt": "não existe o formato “dss”",
    },
    "export puerto --format ds --end-token <fin> --to {to}": {
        "es": "no tiene el token «<fin>»",
        "pt": "não tem o token “<fin>”",
    },
}


@pytest.fixture
def typed(small_store: Store, tokenizer_file: Path, tmp_path: Path, command_line: CommandLine) -> Any:
    """A function that runs a command line with the store and the tokenizer."""

    def run(line: str, language: str) -> Any:
        words = [word.format(to=tmp_path / language) for word in line.split()]
        return command_line(*words, "--store", small_store.url, "--tokenizer", tokenizer_file, "--lang", language)

    return run


@pytest.mark.parametrize("line", _PRINTED)
@pytest.mark.parametrize("language", ["es", "pt"])
def test_figures_are_translated(typed: Any, line: str, language: str) -> None:
    """Headings, notes and charts are translated."""
    result = typed(line, language)
    assert result.code == 0, result.err
    assert [words for words in _PRINTED[line][language] if words not in result.out] == [], result.out


@pytest.mark.parametrize("line", _WRONG)
@pytest.mark.parametrize("language", ["es", "pt"])
def test_errors_are_translated(typed: Any, line: str, language: str) -> None:
    """Errors are translated with their remedies."""
    result = typed(line, language)
    assert (result.code, _WRONG[line][language] in result.err) == (2, True), result.err


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es", ("de 3 líneas están en", "1 línea tiene menos de tres palabras", "--exclude", "línea")),
        ("pt", ("de 3 linhas estão em", "1 linha tem menos de três palavras", "--exclude", "linha")),
    ],
)
def test_contamination_reports_are_translated(
    small_store: Store, tmp_path: Path, command_line: CommandLine, language: str, expected: tuple[str, ...]
) -> None:
    """Short lines are reported, and a missing file with the remedy, in the language."""
    lines = tmp_path / "examen.txt"
    lines.write_text("La barca salió del puerto antes del alba.\nNada que ver con esto.\nsi no\n")
    base: list[Any] = ["contamination", "puerto", "--store", small_store.url, "--lang", language]
    result = command_line(*base, "--against", lines, "--write-exclusions", tmp_path / "fuera.txt")
    assert [words for words in expected if words not in result.out] == [], result.out + result.err
    missing = command_line(*base, "--against", tmp_path / "nada.jsonl").err
    assert {"es": "indique un archivo de líneas JSON", "pt": "indique um arquivo de linhas JSON"}[language] in missing
    shown = command_line("contamination", "--help", "--lang", language).out
    assert {"es": "conjunto de evaluación", "pt": "conjunto de avaliação"}[language] in " ".join(shown.split())


def test_warnings_of_a_stream_are_notes(
    small_store: Store, tokenizer_file: Path, tmp_path: Path, command_process: CommandLine
) -> None:
    """A stream's warning is a translated note without a line of code."""
    id_file = tmp_path / "fuera.txt"
    id_file.write_text("f" * 32)
    base: list[Any] = ["export", "puerto", "--store", small_store.url, "--tokenizer", tokenizer_file, "--format", "ds"]
    result = command_process(*base, "--exclude", id_file, "--to", tmp_path / "tokens", "--lang", "es")
    assert result.code == 0, result.err
    assert "nota: el identificador excluido no está en puerto@" in " ".join(result.err.split())
    assert "Warning" not in result.err
