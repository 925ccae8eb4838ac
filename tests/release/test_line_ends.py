"""A line of a file ends where the file's format says, not at each sign that Unicode calls a line's end."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

from latam_corpus.collect.readers.csv_tables import dialect_of
from latam_corpus.collect.web_archives.responses import parse_response
from latam_corpus.config.toml_model import line_of
from latam_corpus.privacy.find import names_pattern
from latam_corpus.privacy.redact import _names
from latam_corpus.release.pages.judgements import Judgement, add_judgements, read_judgements
from latam_corpus.release.reading.exclusions import excluded_ids

if TYPE_CHECKING:
    from pathlib import Path

_ENDS = ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"]


@pytest.mark.parametrize("sign", _ENDS)
def test_a_note_may_have_any_sign(tmp_path: Path, sign: str) -> None:
    """What a reader has written into a sheet, and what stands beside an id in a list."""
    note = f"suena{sign}natural"
    judged = [Judgement("ab" * 16, "", "Rosa", "2026-11-27", "", "demo", "", "spa_Latn", {"verdict": "good"}, note)] * 2
    add_judgements(tmp_path, judged)
    assert [one.note for one in read_judgements(tmp_path)] == [note]
    row = json.dumps({"doc_id": "ab" * 16, "quote": note}, ensure_ascii=False)
    (tmp_path / "list.jsonl").write_text(f"{row}\n\n{'cd' * 16}\n", encoding="utf-8")
    assert excluded_ids([tmp_path / "list.jsonl"]) == {"ab" * 16, "cd" * 16}


@pytest.mark.parametrize("sign", _ENDS)
def test_neither_names_nor_heads_nor_columns_are_cut(tmp_path: Path, sign: str) -> None:
    """A name with such a sign is one name, a head's line one line, a mistake's line that which an editor shows."""
    (tmp_path / "names.txt").write_text(f"Rosa{sign}Quispe\nJuan Cusi # vecino\n", encoding="utf-8")
    pattern = _names(str(tmp_path / "names.txt"), sign)
    assert pattern
    assert pattern.sub("[NAME]", "Rosa pasó; Rosa Quispe y Juan Cusi también") == "Rosa pasó; [NAME] y [NAME] también"
    assert line_of(f'title = "uno{sign}dos"\nid = "a"', ("id",)) == 2
    assert dialect_of(f"a;b\nx{sign}y;1\nz{sign}w;2\n").delimiter == ";"
    if ord(sign) < 256:
        head = b"HTTP/1.1 200 OK\r\nX-A: a" + sign.encode("latin-1") + b"Content-Type: text/x\r\n\r\nHola"
        assert "content-type" not in parse_response(head).headers


def test_a_name_is_found_however_its_accents_are_stored() -> None:
    """A list that a Mac wrote has them apart, and a document's text doesn't."""
    pattern = names_pattern([unicodedata.normalize("NFD", "José Ñañez")])
    assert pattern
    assert pattern.sub("[NAME]", "vino José Ñañez") == "vino [NAME]"
