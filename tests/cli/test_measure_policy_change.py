"""`latam-corpus measure` with texts as they are, one changed policy, and what readers judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.paths import data_folder
from latam_corpus.release.pages.judgements import Judgement, add_judgements
from latam_corpus.signals import BY_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun

LONG = (
    "La señora abrió la puerta y vio que el perro había vuelto con la pata herida. No dijo nada a nadie, puso agua en "
    "la olla y esperó a que hirviera, mientras los niños miraban desde la ventana lo que pasaba en el patio. "
)
_POLICY = 'language = "quy"\nname = "Ayacucho Quechua"\n'
_WORDS = '[stop_words]\norigin = "una prueba"\nwords = ["la", "que", "y"]\n'


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with three texts, one of them short."""
    folder = tmp_path / "textos"
    (folder / "más").mkdir(parents=True)
    (folder / "uno.txt").write_text(LONG * 3, "utf-8-sig")
    (folder / "dos.txt").write_text(LONG)
    (folder / "más" / "tres.txt").write_text("Una barca en el puerto del pueblo.")
    return folder


def test_plain_texts_are_measured(texts: Path, command_line: CommandLine) -> None:
    """Each file is a document, in the language and genre that the options state."""
    arguments = ("--language", "español", "--genre", "literatura", "--json")
    [group] = command_line("measure", texts, *arguments).json
    assert (group["language"], group["genre"], group["documents"]) == ("spa", "literature", 3)
    [item] = command_line("measure", texts / "dos.txt", *arguments).json
    assert item["documents"] == 1


def test_one_changed_policy_shows_each_document_before_and_after(texts: Path, command_line: CommandLine) -> None:
    """The texts are taken for what the file is of; its name is of no account; the shipped policies are left alone."""
    policy = texts.parent / "mi borrador.toml"
    policy.write_text('language = "spa"\nname = "Spanish"\n[bounds]\nchar_entropy = { min = 8 }\n')
    shipped = data_folder("filters") / "languages" / "spa.toml"
    previous = shipped.read_bytes()
    measured = ("measure", texts, "--policies", policy, "--genre", "literature")
    matches = command_line(*measured, "--json").json
    assert (matches["file"], matches["decides"], matches["documents"]) == ("languages/spa.toml", 3, 3)
    assert matches["kept_after"] == 0
    changed = {row["doc_id"]: (row["before"], row["after"], row["language"]) for row in matches["changed"]}
    assert changed["dos.txt"] == ([], ["char_entropy<8"], "spa")
    output = command_line(*measured, "--lang", "es").out
    assert f"conservados: {matches['kept_before']} antes, 0 después" in output
    assert "✓ → ✗  dos.txt" in output
    assert shipped.read_bytes() == previous


def test_changed_words_are_measured_again(
    tmp_path: Path, command_line: CommandLine, document: Document, kept_run: KeptRun
) -> None:
    """The documents of a run are measured again too, whose signals depend on the earlier words."""
    signals = dict.fromkeys(BY_NAME, 0.5)
    documents = [document(n, text=LONG, language="quy_Latn", genre="lyrics", signals=signals) for n in range(2)]
    kept_run("coplas-1a2b3c4d", documents)
    policy = tmp_path / "quy.toml"
    policy.write_text(f"{_POLICY}{_WORDS}[bounds]\nstop_word_count = {{ min = 2 }}\n")
    few = tmp_path / "pocas.toml"
    few.write_text(policy.read_text().replace('"la", "que", "y"', '"perro"'))
    matches = command_line("measure", "coplas", "--policies", policy, "--out", tmp_path / "out", "--json").json
    assert matches["kept_after"] == 2
    lost = command_line("measure", "coplas", "--policies", few, "--out", tmp_path / "out", "--json").json
    assert lost["kept_after"] == 0


def test_a_policy_that_decides_on_nothing_says_so(texts: Path, command_line: CommandLine) -> None:
    """Texts that are called something else aren't touched by it."""
    policy = texts.parent / "quy.toml"
    policy.write_text(f"{_POLICY}[bounds]\nchar_entropy = {{ min = 8 }}\n")
    ended = command_line("measure", texts, "--policies", policy, "--language", "spa", "--lang", "pt")
    assert "vale para 0 de 3 documentos" in ended.out
    assert "nenhum documento é mantido ou separado de outro modo" in ended.out


@pytest.mark.parametrize(
    ("policy", "more", "problem"),
    [
        (None, (), "no existe"),
        ("id = 'x'\n", (), "no es una política para una lengua o un género"),
        ('language = "español"\nname = "x"\n', (), "«español» no es un código ISO 639-3"),
        ('genre = "../../x"\n', (), "no hay ningún género «../../x»"),
        (f"{_POLICY}[bounds]\nchar_entropia = {{ min = 1 }}\n", (), "borrador.toml, línea 4: no existe el indicador"),
        (f"{_POLICY}[bounds]\nchar_entropy = 1\n", (), "borrador.toml"),
        (f"{_POLICY}[bounds\n", (), "borrador.toml, "),
        (_POLICY, ("--language", "klingonés"), "klingonés"),
        (_POLICY, ("--genre", "rarezas"), "no hay ningún género «rarezas»"),
    ],
)
def test_what_is_no_policy_is_named_as_the_reader_named_it(
    texts: Path, command_line: CommandLine, policy: str | None, more: tuple[str, ...], problem: str
) -> None:
    """Never by the copy that is tried."""
    path = texts.parent / "borrador.toml"
    if policy is not None:
        path.write_text(policy)
    ended = command_line("measure", texts, "--policies", path, *more, "--lang", "es")
    assert (ended.code, problem in ended.err) == (2, True), ended.err


def test_unreadable_texts_are_named(texts: Path, command_line: CommandLine) -> None:
    """The error names a text in an old charset, and a folder without texts."""
    (texts / "viejo.txt").write_bytes("canción".encode("cp1252"))
    ended = command_line("measure", texts, "--lang", "es")
    assert (ended.code, "viejo.txt: no es UTF-8" in ended.err) == (2, True)
    (texts.parent / "nada").mkdir()
    ended = command_line("measure", texts.parent / "nada", "--lang", "es")
    assert (ended.code, "no existe ni un archivo ni una ejecución" in ended.err) == (2, True)


def test_bounds_count_judged_texts(
    tmp_path: Path, command_line: CommandLine, document: Document, kept_run: KeptRun
) -> None:
    """Good and bad judgements are counted; texts that have changed, or on which readers disagree, aren't."""
    signals = dict.fromkeys(BY_NAME, None)
    documents = [document(n, signals=signals | {"char_entropy": float(n)}) for n in range(6)]
    kept_run("cuentos-1", documents)

    def judged(n: int, verdict: str, reader: str = "Rosa", text: str = "") -> Judgement:
        digest = text_hash(text or documents[n]["text"]).hex()
        answers = {"verdict": verdict}
        return Judgement(documents[n]["doc_id"], digest, reader, "2026-11-27", "", "", "", "spa_Latn", answers)

    verdicts = [judged(0, "bad"), judged(1, "good"), judged(5, "good"), judged(4, "bad", text="otro")]
    add_judgements(tmp_path / "out", [*verdicts, judged(2, "good"), judged(2, "bad", reader="Juana")])
    filters = tmp_path / "filters"
    for kind, name, text in (
        ("languages", "und", 'language = "und"\nname = "Undetermined"\n'),
        ("genres", "literature", 'genre = "literature"\n[bounds]\nchar_entropy = { min = 2 }\n'),
    ):
        (filters / kind).mkdir(parents=True)
        (filters / kind / f"{name}.toml").write_text(text)
    measured: Any = ("measure", "cuentos", "--policies", filters, "--out", tmp_path / "out")
    [group] = command_line(*measured, "--json").json
    assert group["judged"] == {"good": {"documents": 2, "would_drop": 1}, "bad": {"documents": 1, "would_drop": 1}}
    [signal] = [item for item in group["signals"] if item["signal"] == "char_entropy"]
    assert signal["would_drop_judged"] == {"good": 1, "bad": 1}
    output = command_line(*measured, "--lang", "es").out
    assert "de 2 evaluados como buenos apartarían 1; de 1 malos, 1" in output
    assert json.dumps(output).count("de buenos") == 1
