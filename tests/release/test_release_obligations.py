"""A version lists the obligations of its users, and has no row whose terms forbid it."""

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
from latam_corpus.release.eligibility.admission import ReleaseTerms, closed_by_labels
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
    return [{"id": f"c-{place}", "label": label, "community": "Puerto"} for place, label in enumerate(stated)]


def test_the_card_and_attribution_list_obligations(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Obligations are listed by source and label, and ATTRIBUTION.md is pulled with the texts."""
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
    obligations = card.partition("## Obligations")[2].partition("\n## ")[0]
    assert "`abierta`" not in obligations
    credit = "credit the person or institution that the row names"
    assert f"- `citada`, under CC-BY-4.0: {credit}." in obligations
    assert f"- `igual`, under CC-BY-SA-4.0: {credit}; pass it on under the same terms." in obligations
    assert f"[TK Attribution · CT Atribución · TK Atribuição]({_OTHERS[0]}): `igual`" in obligations
    attribution_page = (folder / "ATTRIBUTION.md").read_text("utf-8")
    assert attribution_page.count("\n- asks: ") == 3
    assert "TK Attribution" in attribution_page
    assert verify(Store.at(store), "puerto", manifest.version) == []
    pull(f"puerto@{manifest.version}", store, tmp_path / "pulled")
    assert (tmp_path / "pulled" / "ATTRIBUTION.md").read_text("utf-8") == attribution_page


def test_a_label_closes_rows_of_older_runs(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """The label also closes copies of the text, and the ledger names it."""
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
    ("statement", "tier", "obligations"),
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
def test_obligations_follow_from_statement_and_tier(statement: str | None, tier: str, obligations: list[str]) -> None:
    """Statements that are not a licence imply no obligations of their own."""
    assert obligations_of(statement, tier) == obligations


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
@settings(max_examples=settings().max_examples, deadline=None)
def test_rows_are_admitted_exactly_if_their_terms_allow_it(
    rows: list[dict[str, Any]], admit: list[str], uses: list[str]
) -> None:
    """Tiers, uses, days and labels decide as in a plain implementation for one row."""
    values = [{k: v for k, v in row.items() if k != "labels"} | {"consent": _labelled(*row["labels"])} for row in rows]
    frame = schema.conform(pl.DataFrame(values, schema_overrides=_TYPES), schema.DOCUMENT_SCHEMA)
    refusal = pl.coalesce(closed_by_labels(), ReleaseTerms(tuple(admit), tuple(uses), TODAY).refusal())
    assert [reason is None for reason in frame.select(refusal).to_series()] == [_may(row, admit, uses) for row in rows]


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
@settings(
    max_examples=settings().max_examples // 20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_release_has_exactly_the_rows_whose_terms_allow_it(
    tmp_path_factory: pytest.TempPathFactory, document: Any, kept_run: Any, rows: list[dict[str, Any]]
) -> None:
    """The shards of a release contain the allowed rows and no others."""
    room = tmp_path_factory.mktemp("terms")
    documents = [
        document(n, **{k: v for k, v in row.items() if k != "labels"}, consent=_labelled(*row["labels"]) or None)
        for n, row in enumerate(rows)
    ]
    admit, uses = ["open", "attribution", "permission"], ["train"]
    free = document(99, rights_tier="open", uses=["train"], text="Una que siempre queda.")
    run = kept_run(f"cuentos-{room.name}", [*documents, free])
    manifest = build("puerto", [run], room / "store", admit=admit, uses=uses, today=TODAY, index=False)
    released = pl.concat(
        [pl.read_parquet(room / "store" / shard.object, columns=["doc_id"]) for shard in manifest.shards]
    )
    expected = {
        row_document["doc_id"] for row_document, row in zip(documents, rows, strict=True) if _may(row, admit, uses)
    }
    assert set(released["doc_id"]) == expected | {free["doc_id"]}
