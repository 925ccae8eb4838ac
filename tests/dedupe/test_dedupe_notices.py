"""Of two copies the one without a site's notice is kept, however short; a text's own last lines are no notice."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.corpus import Frames
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.dedupe.notices import EDGE, EDGES, edge_runs, find_notices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DAY = datetime(2024, 5, 1, tzinfo=UTC)
_TALE = """\
El afilador llegaba con las primeras lluvias y tocaba su flauta en la esquina del mercado. Las cocineras bajaban con
los cuchillos envueltos en un trapo, y mientras la rueda giraba contaban lo que había pasado en cada casa desde el
otro invierno. Él no preguntaba nada, pero de pueblo en pueblo llevaba noticias de bodas y de entierros, de modo que
al abrirse los caminos la gente de la sierra sabía ya quién había muerto en la costa."""
_LAST = "Una vez no vino, y nadie supo decir por qué calle se fue."
_NOTICES = (
    "Escriba a la redacción si encontró algún error en esta página.",
    "Copiar enlace\nEnviar a un amigo\nVersión para imprimir\nAgrandar la letra",
    "Apoie a biblioteca do bairro: doe os livros que já leu.",
)


def _pages(number: int, notice: str, *, first: bool) -> dict[str, str]:
    """Return texts that have hardly any run of words in common, with a notice before or after them."""
    drawn = random.Random(notice)
    words = sorted(set(_TALE.split()))
    texts = [" ".join(drawn.choice(words) for _ in range(60)) for _ in range(number)]
    return {f"p{n}": f"{notice}\n{text}" if first else f"{text}\n{notice}" for n, text in enumerate(texts)}


def _fallen(texts: Mapping[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the dropped documents with the kept ones and the evidence."""
    usual = {"rights_tier": "open", "obtained": _DAY, "language": "spa_Latn"}
    rows = [usual | {"doc_id": name, "text": text} for name, text in texts.items()]
    batch = Batch(schema.conform(pl.DataFrame(rows), schema.DOCUMENT_SCHEMA))
    frame = Fingerprint(sketch=True)(batch).frame
    ids = frame["doc_id"].to_list()
    result = pl.concat(Dedupe().decide(Frames((frame,))), how="diagonal").filter(pl.col("duplicate_of").is_not_null())
    return {ids[row["row"]]: (row["duplicate_of"], json.loads(row["evidence"])) for row in result.iter_rows(named=True)}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("notice", _NOTICES)
def test_of_two_copies_the_one_without_the_notice_of_many_pages_is_kept(notice: str, *, first: bool) -> None:
    """A notice of ten words is recognised without a fingerprint and without looking like a menu."""
    page = f"{notice}\n{_TALE}" if first else f"{_TALE}\n{notice}"
    fallen = _fallen({"a": page, "b": _TALE, **_pages(9, notice, first=first)})
    assert {dropped_id: kept_id for dropped_id, (kept_id, _) in fallen.items()} == {"a": "b"}
    assert fallen["a"][1]["decided_by"] == "appended"


def test_what_eight_documents_have_may_be_their_own() -> None:
    """Words that only eight documents have aren't a notice, so the longer copy is kept."""
    fallen = _fallen({"a": f"{_TALE}\n{_NOTICES[0]}", "b": _TALE, **_pages(7, _NOTICES[0], first=False)})
    assert (fallen["b"][0], fallen["b"][1]["decided_by"]) == ("a", "words")


def test_a_notice_is_in_far_more_documents_than_what_stands_beside_it() -> None:
    """A notice is in more than eight documents, and in over four times as many as the adjacent words."""
    edge = np.zeros(1, EDGE)
    edge["second"], edge["in_second"], edge["words"] = 1, True, 9
    edge["runs"][0, :, 0] = 5, 7
    runs = np.array([5, 7], np.uint64)
    assert find_notices(edge, runs, np.array([9, 2], np.uint32)).rows() == [(0, 1, 0, 9)]
    assert find_notices(edge, runs, np.array([8, 1], np.uint32)).is_empty()
    assert find_notices(edge, runs, np.array([12, 3], np.uint32)).is_empty()


def test_what_is_looked_for_goes_through_the_documents_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every lot is in one batch, with all runs of its edges, and lots with the same runs share a batch."""
    lots = []
    for number, runs in enumerate([(5, 7), (5, 7), (9, 0), (5, 9), (11, 13), (17, 19), ()]):
        lots.append(tmp_path / f"lot-{number}")
        edges = np.zeros(len(runs) // 2, EDGE)
        edges["runs"][:, :, 0] = runs[:2] if runs else 0
        edges.tofile(lots[-1].with_suffix(EDGES))
    monkeypatch.setattr("latam_corpus.dedupe.notices._BATCH_RUNS", 4)
    batches = [([lot.name[-1] for lot in own], runs.tolist()) for own, runs in edge_runs(lots)]
    assert batches == [(["0", "1", "2"], [5, 7, 9]), (["3", "4", "5"], [5, 9, 11, 13, 17, 19])]
    assert [own for own, _ in edge_runs(lots[-1:])] == []


@pytest.mark.parametrize("at_once", [1, 10**6])
def test_two_notices_of_two_sites_are_told_whether_looked_for_together_or_not(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notices of two sites are recognised in one batch or in two."""
    monkeypatch.setattr("latam_corpus.dedupe.notices._BATCH_RUNS", at_once)
    monkeypatch.setattr("latam_corpus.dedupe.verify_jobs.WORDS_A_LOT", at_once)
    second = " ".join(reversed(_TALE.split()))
    pairs = {"a": f"{_TALE}\n{_NOTICES[0]}", "b": _TALE, "c": f"{_NOTICES[2]}\n{second}", "d": second}
    pages = {f"{name}-{place}": text for place in range(2) for name, text in _sites(place).items()}
    fallen = _fallen({**pairs, **pages})
    assert {dropped_id: kept_id for dropped_id, (kept_id, _) in fallen.items()} == {"a": "b", "c": "d"}


def _sites(place: int) -> dict[str, str]:
    return _pages(9, _NOTICES[(0, 2)[place]], first=bool(place))


def test_a_last_line_of_its_own_stays() -> None:
    """A last line that no other document has is kept, though many pages have a notice."""
    fallen = _fallen({"a": f"{_TALE}\n{_LAST}", "b": _TALE, **_pages(12, _NOTICES[0], first=False)})
    assert (fallen["b"][0], fallen["b"][1]["decided_by"]) == ("a", "words")


def test_an_end_that_many_whole_copies_have_was_cut_from_the_one_without() -> None:
    """An end is no notice if as many documents have the words before it."""
    words = _TALE.split()
    copies = {f"c{n}": " ".join([*words[: 3 * n], "allá", *words[3 * n + 1 :], _LAST]) for n in range(1, 13)}
    fallen = _fallen({"b": _TALE, **copies})
    assert fallen["b"][0] in copies


def test_a_formula_in_the_middle_of_texts_is_no_notice() -> None:
    """Only words at the edges of texts are counted as notices."""
    drawn = random.Random(4)
    words = sorted(set(_TALE.split()))
    long = [" ".join(drawn.choice(words) for _ in range(400)).split() for _ in range(12)]
    pages = {f"p{n}": " ".join([*text[:200], _NOTICES[0], *text[200:]]) for n, text in enumerate(long)}
    fallen = _fallen({"a": f"{_TALE}\n{_NOTICES[0]}", "b": _TALE, **pages})
    assert (fallen["b"][0], fallen["b"][1]["decided_by"]) == ("a", "words")
