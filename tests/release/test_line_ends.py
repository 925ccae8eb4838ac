"""Lines of a file end where its format says, not at every line separator of Unicode."""

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


@pytest.mark.parametrize("separator", _ENDS)
def test_line_separators_in_notes_are_kept(tmp_path: Path, separator: str) -> None:
    """Notes of readers and additional fields of lists may contain any line separator."""
    note = f"suena{separator}natural"
    judged = [Judgement("ab" * 16, "", "Rosa", "2026-11-27", "", "demo", "", "spa_Latn", {"verdict": "good"}, note)] * 2
    add_judgements(tmp_path, judged)
    assert [judgement.note for judgement in read_judgements(tmp_path)] == [note]
    row = json.dumps({"doc_id": "ab" * 16, "quote": note}, ensure_ascii=False)
    (tmp_path / "list.jsonl").write_text(f"{row}\n\n{'cd' * 16}\n", encoding="utf-8")
    assert excluded_ids([tmp_path / "list.jsonl"]) == {"ab" * 16, "cd" * 16}


@pytest.mark.parametrize("separator", _ENDS)
def test_line_separators_do_not_cut_names_headers_or_columns(tmp_path: Path, separator: str) -> None:
    """Names, HTTP headers, CSV columns and line numbers ignore line separators of Unicode."""
    (tmp_path / "names.txt").write_text(f"Rosa{separator}Quispe\nJuan Cusi # vecino\n", encoding="utf-8")
    pattern = _names(str(tmp_path / "names.txt"), separator)
    assert pattern
    assert pattern.sub("[NAME]", "Rosa pasó; Rosa Quispe y Juan Cusi también") == "Rosa pasó; [NAME] y [NAME] también"
    assert line_of(f'title = "uno{separator}dos"\nid = "a"', ("id",)) == 2
    assert dialect_of(f"a;b\nx{separator}y;1\nz{separator}w;2\n").delimiter == ";"
    if ord(separator) < 256:
        head = b"HTTP/1.1 200 OK\r\nX-A: a" + separator.encode("latin-1") + b"Content-Type: text/x\r\n\r\nHola"
        assert "content-type" not in parse_response(head).headers


def test_names_match_whatever_the_unicode_form_of_accents() -> None:
    """A list with decomposed accents matches a text with composed ones."""
    pattern = names_pattern([unicodedata.normalize("NFD", "José Ñañez")])
    assert pattern
    assert pattern.sub("[NAME]", "vino José Ñañez") == "vino [NAME]"
