"""A large TEI document yields the same text as a small one, without being in memory as a whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.documents import tei

_DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
_BOOK = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>Obra</title></titleStmt></fileDesc>
</teiHeader><text><front><div><p>Portada</p></div></front><body>suelto <div1 n="1"><head>Uno</head> <!-- x -->
<p>Con <quote><p>cita</p></quote> y <floatingText><body><div><p>carta</p></div></body></floatingText>.</p>
<note><div><p>No.</p></div></note><div2><lg><l>Verso <lb/>uno</l><l>dos</l></lg>cola</div2> entre <div2/></div1>
<div1><sp><speaker>Juana</speaker><p>¿Quién?</p><stage>Sale.</stage></sp><speaker>Pedro</speaker></div1><p>Fin</p>
<w>a</w><w>b</w><u who="#J">Sí</u><u who="#P">No<pause/>sé</u><entry><form>wasi</form><def>casa</def></entry>
</body><back><div><p>Índice</p></div></back></text></TEI>"""


def _both(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[Extracted, Extracted]:
    held = tei.extract(raw, {})
    monkeypatch.setattr(tei, "_LARGE", 0)
    return held, tei.extract(raw, {})


def test_in_pieces_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nested divisions, text between them, omitted parts and speakers give the same text in pieces."""
    held, pieces = _both(_BOOK.encode(), monkeypatch)
    assert pieces == held
    assert pieces.title == "Obra"
    assert "Portada" not in pieces.text
    assert "carta" in pieces.text


@pytest.mark.real
@pytest.mark.skipif(not _DATA.is_dir(), reason="the real texts are not here")
@pytest.mark.parametrize("folder", ["literature/conha19/tei", "lyrics/disco_sonnets/tei"])
def test_real_works_are_the_same_in_pieces(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Novels and sonnets in real encodings give the same text in pieces."""
    for path in sorted((_DATA / folder).rglob("*.xml"))[:6]:
        held, pieces = _both(path.read_bytes(), monkeypatch)
        monkeypatch.undo()
        assert pieces == held


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (_BOOK.encode()[:-400], "not XML"),
        (b"<TEI>" + b"<div>" * 300 + b"</div>" * 300 + b"</TEI>", "not XML"),
        (b"<alto><body/></alto>", "not TEI"),
        (b'<!DOCTYPE TEI [<!ENTITY e "x">]><TEI><text><body><p>&e;</p></body></text></TEI>', "own entity"),
    ],
)
def test_unusable_documents_fail_alike_in_pieces(raw: bytes, cause: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unusable documents fail in the same way when read in pieces."""
    monkeypatch.setattr(tei, "_LARGE", 0)
    with pytest.raises(UnusableError) as caught:
        tei.extract(raw, {})
    assert caught.value.cause == cause
