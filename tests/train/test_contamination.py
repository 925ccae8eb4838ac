"""Leaked lines of an evaluation set are found anywhere, even with changed words, and nothing else is."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.errors import ConfigError
from latam_corpus.release.storing.store import Store
from latam_corpus.train import CorpusStream
from latam_corpus.train.contamination import FIELD_END, Contamination, benchmarks, find_matches, read_evaluation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine

LEAK = "El río Mapocho cruza la ciudad de Santiago y baja de la cordillera con el deshielo de cada primavera austral"
FILLER = "La lancha salió con viento en contra. Nadie habló en toda la tarde, y la red volvió vacía otra vez. "


@pytest.fixture
def against(tmp_path: Path, document: Any, kept_run: Any) -> Callable[..., tuple[Contamination, dict[str, str]]]:
    """A function that searches a version with these named texts and 60 others."""

    def find(texts: dict[str, str], lines: list[str], share: float = 0.5) -> tuple[Contamination, dict[str, str]]:
        documents = [document(n) for n in range(60)]
        documents += [document(100 + n, text=text) for n, text in enumerate(texts.values())]
        names = {documents[60 + n]["doc_id"]: name for n, name in enumerate(texts)}
        store = Store.at(tmp_path / "store")
        run = kept_run("a-1", documents)
        build("puerto", [run], store, splits={}, admit=["open"], uses=["train"], today=date(2026, 11, 25))
        return find_matches(CorpusStream(store.url, "puerto", columns=["doc_id", "text"]), lines, share), names

    return find


def found(outcome: tuple[Contamination, dict[str, str]]) -> dict[tuple[int, str], float]:
    """Return the share of each line in each document, by the document's name."""
    matches, names = outcome
    return {(line, names[doc_id]): round(share, 3) for line, doc_id, share in matches.matches.iter_rows()}


def test_a_line_with_every_run_of_five_words_broken_is_found(against: Callable[..., Any]) -> None:
    """Changed, missing and added words hide no line, and words in another order are no leak."""
    line = "¿Qué río cruza la ciudad de Santiago y baja de la cordillera nevada"
    words = line.split()
    texts = {
        "changed": " ".join("otra" if at in (3, 7, 11) else word for at, word in enumerate(words)),
        "missing": FILLER * 20 + " ".join([*words[:3], "otra", *words[4:7], *words[8:11], "otra", *words[12:]]),
        "added": FILLER * 20 + " ".join([*words[:3], "hoy", *words[3:7], "otra", *words[8:11], "otra", *words[12:]]),
        "turned": FILLER + " ".join([*words[8:11], *words[4:7], *words[:3]]),
    }
    assert {name for _, name in found(against(texts, [line]))} == {"changed", "missing", "added"}


def test_planted_leaks_are_found(against: Callable[..., Any]) -> None:
    """A leak is found alone, in a long document, without accents, in capitals, over line ends, or changed in a word."""
    words = LEAK.split()
    texts = {
        "alone": LEAK,
        "inside": FILLER * 40 + LEAK + ". " + FILLER * 40,
        "capitals": LEAK.upper().replace("Í", "I"),
        "lines": FILLER + "\n".join(" ".join(words[at : at + 4]) for at in range(0, len(words), 4)),
        "changed": FILLER + " ".join([*words[:10], "otra", *words[11:]]),
        "half": FILLER + " ".join(words[:13]),
        "third": FILLER + " ".join(words[:6]),
        "shuffled": " ".join(sorted(words)),
    }
    assert len(words) == 20
    assert found(against(texts, ["Nada de esto está en ningún texto del puerto.", LEAK])) == {
        (1, "alone"): 1,
        (1, "inside"): 1,
        (1, "capitals"): 1,
        (1, "lines"): 1,
        (1, "changed"): 0.95,
        (1, "half"): 0.65,
    }


def test_one_field_is_enough(against: Callable[..., Any]) -> None:
    """One field is a leak, unless it has less than five words or is common to all lines."""
    question = "¿Qué río cruza la ciudad de Santiago?"
    texts = {"question": FILLER + question, "answer": FILLER + "el Mapocho mismo", "passage": LEAK}
    common = "Volvió con la red vacía como todos"
    line = FIELD_END.join([LEAK, question, "el Mapocho mismo", common])
    assert found(against(texts, [line])) == {(0, "question"): 1, (0, "passage"): 1}


def test_a_field_that_several_lines_have_is_no_evidence(against: Callable[..., Any]) -> None:
    """A document with the instruction of all questions contains none of them."""
    instruction = "Elige la respuesta correcta entre estas cuatro"
    questions = [
        "¿Qué río cruza la ciudad de Santiago y baja de la cordillera con el deshielo?",
        "¿Quién cantaba de noche en la lancha que volvió con la red vacía otra vez?",
    ]
    lines = [FIELD_END.join([instruction, question]) for question in questions]
    assert found(against({"page": FILLER + instruction, "leak": questions[1]}, lines)) == {(1, "leak"): 1}


def test_ligatures_and_hyphenation_hide_no_leak(against: Callable[..., Any]) -> None:
    """Ligatures, wide letters and hyphenated words don't hide a leak."""
    line = "Los oficiales confirmaron ayer la firma definitiva"
    texts = {
        "ligatures": FILLER + line.replace("fi", "\ufb01"),
        "wide": FILLER + "".join(chr(ord(sign) + 0xFEE0) if "!" < sign < "~" else sign for sign in line),
        "cut": FILLER + line.replace("oficiales", "ofi-\nciales").replace("definitiva", "defini\u00ad\ntiva"),
    }
    assert found(against(texts, [line])) == dict.fromkeys(((0, name) for name in texts), 1)


def test_short_lines_are_found_whole(against: Callable[..., Any]) -> None:
    """Lines of three and four words are found as a whole, and shorter ones are reported."""
    texts = {"three": FILLER + "Dicen que la Pachamama escucha siempre.", "other": FILLER + "la Pachamama que escucha"}
    lines = ["La Pachamama escucha", "la Pachamama escucha siempre", "Pachamama escucha", "", "¡!"]
    matches, names = against(texts, lines)
    assert found((matches, names)) == {(0, "three"): 1, (1, "three"): 1}
    assert (matches.too_short, matches.blank) == ((2, 4), (3,))


def test_a_common_phrase_is_no_evidence(against: Callable[..., Any]) -> None:
    """A short line in sixty documents is listed separately, and a long one is a leak."""
    contamination, _ = against(
        {}, ["salió del puerto antes", "Salió del puerto antes del alba. Volvió con la red vacía"]
    )
    assert contamination.common == (0,)
    assert contamination.matches["eval"].unique().to_list() == [1]
    assert contamination.matches.height == 60


def test_words_of_two_lines_are_not_added_up(against: Callable[..., Any]) -> None:
    """Shares are counted per line, and runs don't cross documents or lines."""
    texts = {"one": "uno dos tres cuatro cinco seis", "two": "siete ocho nueve diez once doce"}
    lines = ["cuatro cinco seis siete ocho nueve", "uno dos tres cuatro cinco seis siete ocho nueve diez once doce"]
    assert found(against(texts, lines)) == {(1, "one"): 0.5, (1, "two"): 0.5}


@pytest.mark.parametrize(
    ("name", "text", "fields", "lines"),
    [
        ("a.jsonl", '{"text": "uno", "id": "x"}\n\n{"text": "dos"}\n', [], ["uno", "", "dos"]),
        ("a.jsonl", '{"question": "uno", "choices": ["dos", {"label": "tres"}], "n": 4}', [], ["uno\x1edos\x1etres"]),
        ("a.jsonl", '{"question": "uno", "answer": "dos"}', ["answer"], ["dos"]),
        ("a.jsonl", '"uno"', [], ["uno"]),
        ("a.jsonl", '["uno", "dos"]', [], ["uno\x1edos"]),
        ("a.json", '[{"text": "uno"},\n {"text": "dos"}]', [], ["uno", "dos"]),
        ("a.json", '{"text": "uno"}\n{"text": "dos"}', [], ["uno", "dos"]),
        ("a.jsonl", '\ufeff{"text": "uno \\ud800"}', [], ["uno ?"]),
        ("a.txt", "\ufeffuno", [], ["uno"]),
        ("a.txt", "uno\n\ndos\u2028y\n", [], ["uno", "", "dos\u2028y"]),
    ],
)
def test_lines_are_read_by_number(tmp_path: Path, name: str, text: str, fields: list[str], lines: list[str]) -> None:
    """Blank lines count, and JSON records give `text`, the named fields, or all texts."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_evaluation(str(tmp_path / name), fields) == lines


@pytest.mark.parametrize(
    ("against_", "message"),
    [
        ("none.jsonl", "can't be read"),
        ("xcop=x.jsonl", "did you mean «xcopa»"),
        ("xcopa", "download it from https://huggingface.co/datasets/cambridgeltl/xcopa"),
    ],
)
def test_missing_sets_are_reported(against_: str, message: str) -> None:
    """The error for a registered set names its address."""
    with pytest.raises(ConfigError, match=message):
        read_evaluation(against_)


def test_a_registered_set_is_read_by_its_fields(tmp_path: Path) -> None:
    """Fields come from the registry, and damaged lines are reported by number."""
    file = tmp_path / "val.jsonl"
    file.write_text('{"premise": "uno", "choice1": "dos", "choice2": "tres", "question": "cause"}\n')
    assert read_evaluation(f"xcopa={file}") == ["uno\x1edos\x1etres"]
    for benchmark in benchmarks().values():
        assert benchmark.home.startswith("https://"), benchmark.name
        assert benchmark.fields, benchmark.name
        assert benchmark.languages, benchmark.name
        assert benchmark.checked, benchmark.name
    file.write_text('{"premise": "uno"}\n{"premise"\n')
    with pytest.raises(ConfigError, match="line 2: this isn't JSON"):
        read_evaluation(str(file))
    with pytest.raises(ConfigError, match="it has no field «premis»; did you mean «premise»"):
        read_evaluation(str(file), ["premis"])
    file.write_text('{"premise": null}\n{"premise": "uno"}\n{"premise": 7}\n')
    assert read_evaluation(str(file)) == ["", "uno", ""]
    for empty in ('{"premise": null}\n{"premise": ["", null]}\n', '{"premise": ""}\n'):
        file.write_text(empty)
        with pytest.raises(ConfigError, match="none of its records has text in that field; name another field"):
            read_evaluation(str(file))
    file.write_text("[" * 100_000)
    with pytest.raises(ConfigError, match="line 1: this isn't JSON"):
        read_evaluation(str(file))


def test_the_command_writes_a_list_of_exclusions(small_store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """A stream accepts the list of ids that the command writes."""
    row = next(CorpusStream(small_store.url, "puerto", where="country = 'MX'"))
    lines = [{"text": row["text"].splitlines()[0]}, {"text": None}]
    (tmp_path / "eval.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    excluded = tmp_path / "excluded.txt"
    base: list[Any] = ["contamination", "puerto", "--store", small_store.url, "--against", tmp_path / "eval.jsonl"]
    report = command_line(*base, "--share", "1", "--write-exclusions", excluded, "--json").json
    assert report["matches"] == [{"eval": 0, "doc_id": row["doc_id"], "share": 1}]
    assert report["blank"] == [1]
    assert excluded.read_text().splitlines() == [f"# puerto@{small_store.latest('puerto')}", row["doc_id"]]
    excluded.write_bytes(b"\xef\xbb\xbf" + excluded.read_bytes())  # as an editor on Windows saves it
    streamed = [doc_id["doc_id"] for doc_id in CorpusStream(small_store.url, "puerto", exclude=[excluded])]
    assert len(streamed) == 119
    assert row["doc_id"] not in streamed
    shown = command_line(*base, "--share", "1").out
    assert "1 of 2 lines occurs in 1 document" in shown
    assert "1 line has no text, and was skipped" in shown
    excluded.write_text('{"a":' * 100_000)
    with pytest.raises(ConfigError, match="line 1: this isn't a document's id"):
        CorpusStream(small_store.url, "puerto", exclude=[excluded])
    wrong = command_line(*base, "--share", "1.5")
    assert (wrong.code, "isn't a share" in wrong.err) == (2, True)
