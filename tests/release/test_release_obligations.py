"""A version says what its reader owes to whom, and holds no row whose terms forbid it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latam_corpus import schema, vocabulary
from latam_corpus.catalog.rights import obligations_of
from latam_corpus.errors import ReleaseError
from latam_corpus.release.eligibility.admission import Terms, closed_by_labels
from latam_corpus.release.reading.pull import pull
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 25)
_BASE = "https://localcontexts.org/label/"
_CLOSING = (f"{_BASE}tk-secret-sacred/", f"{_BASE}tk-seasonal/", "secreto")
_OTHERS = (f"{_BASE}tk-attribution/", f"{_BASE}tk-verified/")


def _labelled(*stated: str) -> list[dict[str, Any]]:
    return [{"id": f"c-{place}", "label": one, "community": "Puerto"} for place, one in enumerate(stated)]


def test_the_card_and_a_file_of_their_own_say_what_is_owed(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """By source and label; the file is pulled with the texts, and every label stands in its rows."""
    documents = [
        document(1, source_id="abierta", rights="CC0-1.0", rights_tier="open"),
        document(2, source_id="citada", rights="CC-BY-4.0", rights_tier="attribution"),
        document(3, source_id="igual", rights="CC-BY-SA-4.0", rights_tier="share_alike", consent=_labelled(_OTHERS[0])),
    ]
    store = tmp_path / "store"
    terms: dict[str, Any] = {"admit": ["open", "attribution", "share_alike"], "uses": ["train"], "today": TODAY}
    manifest = build("puerto", [kept_run("cuentos-1", documents)], store, **terms)
    folder = store / "releases" / "puerto" / manifest.version
    card = (folder / "README.md").read_text("utf-8")
    owed = card.partition("## Obligations")[2].partition("\n## ")[0]
    assert "`abierta`" not in owed
    assert "- `citada`, under CC-BY-4.0: name whom the row names." in owed
    assert "- `igual`, under CC-BY-SA-4.0: name whom the row names; pass it on under the same terms." in owed
    assert f"[TK Attribution · CT Atribución · TK Atribuição]({_OTHERS[0]}): `igual`" in owed
    beside = (folder / "ATTRIBUTION.md").read_text("utf-8")
    assert beside.count("\n- asks: ") == 3
    assert "TK Attribution" in beside
    assert verify(Store.at(store), "puerto", manifest.version) == []
    pull(f"puerto@{manifest.version}", store, tmp_path / "pulled")
    assert (tmp_path / "pulled" / "ATTRIBUTION.md").read_text("utf-8") == beside


def test_a_closed_row_of_an_old_run_is_left_out_and_the_ledger_says_by_which_label(
    tmp_path: Path, document: Any, kept_run: Any
) -> None:
    """Its uses were stated before labels bound; the label binds the copy of its text, too."""
    text = "El canto que se oye a lo lejos."
    documents = [
        document(1, text=text, rights="CC0-1.0", rights_tier="open", consent=_labelled(_CLOSING[0])),
        document(2, text=text, rights="CC-BY-4.0", rights_tier="attribution"),
        document(3, consent=_labelled(_CLOSING[1]), agreement="acta-7"),
    ]
    terms: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train"], "today": TODAY}
    manifest = build("puerto", [kept_run("cuentos-1", documents)], tmp_path / "store", **terms)
    assert manifest.left_out == {"label=TK SS": 1, "stricter:label=TK SS": 1}
    assert manifest.rows == 1
    with pytest.raises(ReleaseError):
        build("solo", [kept_run("cuentos-2", documents[:1])], tmp_path / "otro", **terms)


@pytest.mark.parametrize(
    ("statement", "tier", "owed"),
    [
        ("CC-BY-NC-ND-4.0", "no_derivatives", ["attribution", "non_commercial", "no_derivatives"]),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "non_commercial", ["attribution", "non_commercial"]),
        ("CC-BY-SA-4.0", "share_alike", ["attribution", "share_alike"]),
        ("GPL-3.0-or-later", "share_alike", ["attribution", "share_alike"]),
        ("CC0-1.0", "non_commercial", ["non_commercial"]),  # a label's
        ("https://creativecommons.org/publicdomain/mark/1.0/", "open", []),
        ("Prensa by SA", "permission", ["agreement"]),
        (None, "permission", ["agreement"]),
    ],
)  # fmt: skip
def test_what_is_owed_is_what_statement_and_tier_say(statement: str | None, tier: str, owed: list[str]) -> None:
    """Words that are no licence say nothing."""
    assert obligations_of(statement, tier) == owed


_DAYS = st.one_of(st.none(), st.integers(-2, 2).map(lambda days: TODAY + timedelta(days)))
_ROW = st.fixed_dictionaries(
    {
        "rights_tier": st.sampled_from(vocabulary.RIGHTS_TIERS),
        "uses": st.lists(st.sampled_from(vocabulary.USES), unique=True),
        "expires": _DAYS,
        "embargo_until": _DAYS,
        "agreement": st.sampled_from([None, "acta-7"]),
        "labels": st.lists(st.sampled_from([*_CLOSING, *_OTHERS]), max_size=2, unique=True),
    }
)


@given(
    st.lists(_ROW, min_size=1, max_size=8),
    st.lists(st.sampled_from(vocabulary.RIGHTS_TIERS[:-1]), min_size=1, unique=True),
    st.lists(st.sampled_from(vocabulary.USES), min_size=1, unique=True),
)
@settings(max_examples=300, deadline=None)
def test_no_row_that_is_admitted_breaks_its_terms(
    rows: list[dict[str, Any]], admit: list[str], uses: list[str]
) -> None:
    """Tier, uses, days and labels, said here in plain Python, one row at a time; nor is any kept out in vain."""
    stated = [{k: v for k, v in row.items() if k != "labels"} | {"consent": _labelled(*row["labels"])} for row in rows]
    frame = schema.conform(pl.DataFrame(stated, schema_overrides=_TYPES), schema.DOCUMENT_SCHEMA)
    refusal = pl.coalesce(closed_by_labels(), Terms(tuple(admit), tuple(uses), TODAY).refusal())
    assert [one is None for one in frame.select(refusal).to_series()] == [_may(row, admit, uses) for row in rows]


_TYPES: Any = {
    "consent": schema.CONSENT,
    "uses": pl.List(pl.String),
    "expires": pl.Date,
    "embargo_until": pl.Date,
    "agreement": pl.String,
}


def _may(row: dict[str, Any], admit: list[str], uses: list[str]) -> bool:
    closed = row["agreement"] is None and any(label in _CLOSING for label in row["labels"])
    in_time = (row["expires"] or TODAY) >= TODAY >= (row["embargo_until"] or TODAY)
    return row["rights_tier"] in admit and all(use in row["uses"] for use in uses) and in_time and not closed


@given(rows=st.lists(_ROW, min_size=1, max_size=6))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_row_of_any_release_breaks_its_terms(
    tmp_path_factory: pytest.TempPathFactory, document: Any, kept_run: Any, rows: list[dict[str, Any]]
) -> None:
    """Built whole: what the shards hold is what may be there, and all of it."""
    room = tmp_path_factory.mktemp("terms")
    documents = [
        document(n, **{k: v for k, v in row.items() if k != "labels"}, consent=_labelled(*row["labels"]) or None)
        for n, row in enumerate(rows)
    ]
    admit, uses = ["open", "attribution", "permission"], ["train"]
    free = document(99, rights_tier="open", uses=["train"], text="Una que siempre queda.")
    run = kept_run(f"cuentos-{room.name}", [*documents, free])
    manifest = build("puerto", [run], room / "store", admit=admit, uses=uses, today=TODAY)
    held = pl.concat([pl.read_parquet(room / "store" / shard.object, columns=["doc_id"]) for shard in manifest.shards])
    expected = {one["doc_id"] for one, row in zip(documents, rows, strict=True) if _may(row, admit, uses)}
    assert set(held["doc_id"]) == expected | {free["doc_id"]}
