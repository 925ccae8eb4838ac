"""The strictest of several statements about a document, or about copies of its text, applies."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus import schema
from latam_corpus.errors import ReleaseError
from latam_corpus.release.eligibility.strictest import Overruled, overruled_lines
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun, SealRun

    from latam_corpus.release.storing.manifest import Manifest

TODAY = date(2026, 12, 1)
OLD, NEW = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
TEXT = "Agua que no has de beber, déjala correr."
SECRET = [{"id": "1", "label": "https://localcontexts.org/label/tk-secret-sacred/", "community": None}]
RESERVED = {"rights": "Todos los derechos reservados", "rights_tier": "unknown", "uses": ["evaluate"]}
TRAIN = {"uses": ["train"]}
STRICTER: dict[str, dict[str, Any]] = {
    "label": {"consent": SECRET},
    "fewer uses": {"uses": ["evaluate"]},
    "reserved": RESERVED,
    "less open": {"rights": "CC-BY-NC-4.0", "rights_tier": "non_commercial"},
    "ended": {"expires": date(2026, 1, 1)},
    "embargo": {"embargo_until": date(2030, 1, 1)},
}
# What a record may state beyond its source.
BEYOND: list[dict[str, Any]] = [
    {"uses": ["redistribute"]},
    {"rights": "CC-BY-NC-4.0", "rights_tier": "non_commercial", "uses": []},
    {"opt_outs": [{"signal": "noai", "value": "x", "address": "https://a.example", "time": NEW}], "uses": []},
    {"embargo_until": date(2030, 1, 1)},
    {"expires": date(2026, 1, 1)},
]


class Shelf:
    """A store, and the runs from which versions are built in it."""

    def __init__(self, folder: Path, kept_run: KeptRun, seal_run: SealRun) -> None:
        self.folder, self._kept_run, self.seal = folder, kept_run, seal_run
        self.store = folder / "store"
        self.overruled: Counter[Overruled] = Counter()

    def run(
        self,
        name: str,
        *documents: dict[str, Any],
        dropped: tuple[dict[str, Any], ...] = (),
        holders: dict[str, str] | None = None,
    ) -> Path:
        """Return a run with these documents and the holders of its sources."""
        folder = self._kept_run(name, list(documents))
        if dropped:
            (folder / "dropped").mkdir()
            rows = schema.conform(pl.DataFrame(list(dropped), infer_schema_length=None), schema.DOCUMENT_SCHEMA)
            rows.write_parquet(folder / "dropped" / "parte-00000.parquet")
        rights = {"statement": "CC0-1.0", "uses": ["train", "redistribute"]}
        sources = [{"id": key, "holder": holder, "rights": rights} for key, holder in (holders or {}).items()]
        self.seal(folder, **({"sources": sources} if sources else {}))
        return folder

    def build(self, *runs: Path, parent: str | None = None, uses: tuple[str, ...] = ("train",)) -> Manifest:
        """Return a version of these runs."""
        self.overruled.clear()
        return build(
            "puerto",
            runs,
            self.store,
            admit=["open", "attribution"],
            uses=uses,
            today=TODAY,
            parent=parent,
            may_be_empty=True,
            overruled=self.overruled,
            index=False,
        )

    def rows(self, manifest: Manifest) -> pl.DataFrame:
        """Return all rows of a version."""
        none = pl.DataFrame(schema=schema.RELEASE_SCHEMA)
        return pl.concat([none, *(pl.read_parquet(self.store / shard.object) for shard in manifest.shards)])

    def sources(self, manifest: Manifest) -> list[str]:
        """Return the sources of the documents of a version."""
        return sorted(self.rows(manifest)["source_id"])

    def report(self) -> str:
        """Return the sentences about contradictions."""
        return "\n".join(map(str, overruled_lines(self.overruled)))


@pytest.fixture
def shelf(tmp_path: Path, kept_run: KeptRun, seal_run: SealRun) -> Shelf:
    """Return an empty store."""
    return Shelf(tmp_path, kept_run, seal_run)


@pytest.mark.parametrize("times", [(OLD, NEW), (NEW, OLD), (NEW, NEW)])
def test_a_later_run_with_stricter_terms_and_an_older_file_time_keeps_documents_out(
    shelf: Shelf, document: Document, times: tuple[datetime, datetime]
) -> None:
    """Stricter terms apply whatever their time, and an old run does not bring the documents back."""
    first = shelf.run("a-1", document(0), *(document(n, obtained=times[0]) for n in range(1, len(STRICTER) + 1)))
    stricter = [document(n, obtained=times[1], **terms) for n, terms in enumerate(STRICTER.values(), 1)]
    second = shelf.run("b-1", *stricter)
    shelf.build(first)
    manifest = shelf.build(second, parent="latest")
    assert shelf.rows(manifest)["doc_id"].to_list() == [document(0)["doc_id"]]
    rebuilt = shelf.build(first, parent="latest")
    assert shelf.rows(rebuilt)["doc_id"].to_list() == [document(0)["doc_id"]]
    assert sorted(shelf.overruled.values()) == [1] * len(STRICTER)
    assert all("agreement" in str(line) for line in overruled_lines(shelf.overruled))


def _built(shelf: Shelf, name: str, run: Path, parent: str | None = None) -> Manifest:
    terms: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train"], "today": TODAY, "index": False}
    return build(name, [run], shelf.store, parent=parent, **terms)


def test_an_old_run_under_another_name_brings_nothing_back(shelf: Shelf, document: Document) -> None:
    """Stricter terms that one release has learnt apply to the other releases of the store."""
    first = shelf.run("a-1", document(1), document(2))
    shelf.build(first)
    shelf.build(shelf.run("b-1", document(1, consent=SECRET)), parent="latest")
    assert shelf.rows(_built(shelf, "otra", first))["doc_id"].to_list() == [document(2)["doc_id"]]


def test_terms_that_leave_nothing_are_remembered(shelf: Shelf, document: Document) -> None:
    """Stricter terms are remembered although no version was made because they excluded all documents."""
    first = shelf.run("a-1", document(1))
    _built(shelf, "puerto", first)
    closed = shelf.run("b-1", document(1, consent=SECRET))
    for run in (closed, first):
        with pytest.raises(ReleaseError, match="no document is left for the version"):
            _built(shelf, "puerto", run, "latest")
    with pytest.raises(ReleaseError, match="no document is left for the version"):
        _built(shelf, "otra", first)


def test_the_order_of_runs_and_their_times_decide_nothing(shelf: Shelf, document: Document) -> None:
    """The stricter of two runs applies in either order and whichever is newer."""
    cases = list(itertools.product(STRICTER.values(), [(OLD, NEW), (NEW, OLD), (NEW, NEW)]))
    runs = [
        shelf.run("a-1", *(document(n, obtained=times[0]) for n, (_terms, times) in enumerate(cases))),
        shelf.run("b-1", *(document(n, obtained=times[1], **terms) for n, (terms, times) in enumerate(cases))),
    ]
    for order in itertools.permutations(runs):
        assert shelf.rows(shelf.build(*order)).is_empty()


def test_the_newest_text_is_released_on_the_strictest_terms(shelf: Shelf, document: Document) -> None:
    """The row has the later record's text and the earlier one's terms, and the ledger names their source."""
    ends = date(2027, 6, 1)
    first = shelf.run("a-1", document(1, obtained=OLD, expires=ends, **TRAIN))
    second = shelf.run("b-1", document(1, obtained=NEW, text="Texto corregido."))
    manifest = shelf.build(first, second)
    row = shelf.rows(manifest).row(0, named=True)
    assert (row["text"], row["uses"], row["expires"]) == ("Texto corregido.", ["train"], ends)
    [evidence] = read_ledger(Store.at(shelf.store), "puerto", manifest.version, document(1)["doc_id"]).filter(
        verdict="released"
    )["evidence"]
    assert json.loads(evidence)["strictest_stated_by"]["run"] == "a-1"
    assert "«cuentos-del-puerto»: there are stricter terms" in shelf.report()


def test_the_licence_with_more_obligations_is_stated(shelf: Shelf, document: Document) -> None:
    """Of CC0 and CC BY, the row states CC BY, and the manifest lists it."""
    attributed = {"rights": "CC-BY-4.0", "rights_tier": "attribution"}
    manifest = shelf.build(
        shelf.run("a-1", document(1, obtained=OLD, **attributed)), shelf.run("b-1", document(1, obtained=NEW))
    )
    row = shelf.rows(manifest).row(0, named=True)
    assert (row["rights"], row["rights_tier"]) == ("CC-BY-4.0", "attribution")
    assert [entry.rights for entry in manifest.sources] == ["CC-BY-4.0"]


def test_wider_terms_need_an_agreement_that_the_source_names(shelf: Shelf, document: Document) -> None:
    """Without a new agreement the old terms remain and the report gives the remedy; with one the new terms apply."""
    wider = {"uses": ["train", "redistribute"], "obtained": NEW}
    shelf.build(shelf.run("a-1", document(1, obtained=OLD, agreement="Carta 1", **TRAIN)))
    for n, agreement in enumerate((None, "Carta 1")):
        manifest = shelf.build(shelf.run(f"b-{n}", document(1, agreement=agreement, **wider)), parent="latest")
        assert shelf.rows(manifest)["uses"].to_list() == [["train"]]
        assert 'agreement = "…" under [rights] of «cuentos-del-puerto»' in shelf.report()
    manifest = shelf.build(shelf.run("c-1", document(1, agreement="Carta 2", **wider)), parent="latest")
    assert shelf.rows(manifest)["uses"].to_list() == [["train", "redistribute"]]
    assert shelf.rows(manifest)["agreement"].to_list() == ["Carta 2"]
    assert not shelf.report()


def test_an_agreement_lifts_earlier_terms_whichever_record_is_newer(shelf: Shelf, document: Document) -> None:
    """The agreement lifts them although the version's own row has the newer text."""
    shelf.build(shelf.run("a-1", document(1, obtained=NEW, text="Texto nuevo.", **TRAIN)))
    manifest = shelf.build(shelf.run("b-1", document(1, obtained=OLD, agreement="Carta 2")), parent="latest")
    row = shelf.rows(manifest).row(0, named=True)
    assert (row["text"], row["uses"], row["agreement"]) == ("Texto nuevo.", ["train", "redistribute"], "Carta 2")


def test_an_agreement_before_a_label_does_not_lift_it(shelf: Shelf, document: Document) -> None:
    """A run under the former agreement leaves the document out, and one under a new agreement releases it."""
    former = shelf.run("a-1", document(1, obtained=NEW, agreement="Carta 1"), document(2))
    shelf.build(former)
    shelf.build(shelf.run("b-1", document(1, obtained=OLD, consent=SECRET)), parent="latest")
    without = shelf.build(former, parent="latest")
    assert shelf.rows(without)["doc_id"].to_list() == [document(2)["doc_id"]]
    renewed = shelf.build(shelf.run("c-1", document(1, obtained=OLD, agreement="Carta 2")), parent="latest")
    assert shelf.rows(renewed).height == 2


def test_stricter_terms_of_another_run_override_a_new_agreement(shelf: Shelf, document: Document) -> None:
    """The order of the two runs is unknown, so the stricter terms apply."""
    shelf.build(shelf.run("a-1", document(1, **TRAIN)))
    agreed = shelf.run("b-1", document(1, agreement="Carta 2"))
    manifest = shelf.build(agreed, shelf.run("c-1", document(1, uses=["evaluate"])), parent="latest")
    assert shelf.rows(manifest).is_empty()


def test_a_dropped_record_restricts_the_kept_one_with_its_id(shelf: Shelf, document: Document) -> None:
    """The dropped record applies whichever is newer, and whatever the reason of the drop."""
    cases = list(enumerate(itertools.product([(OLD, NEW), (NEW, OLD)], ["superseded", "word_count<20"])))
    dropped = tuple(
        document(n, obtained=times[0], text=f"Otro {n}.", drop_reason=reason, **RESERVED)
        for n, (times, reason) in cases
    )
    run = shelf.run("a-1", *(document(n, obtained=times[1]) for n, (times, _reason) in cases), dropped=dropped)
    assert shelf.rows(shelf.build(run)).is_empty()


def test_a_restricted_copy_restricts_those_of_its_source_and_holder(shelf: Shelf, document: Document) -> None:
    """A copy of a reserved text is not released, although another source of the holder states CC0."""
    reserved = document(1, text=TEXT, **RESERVED)
    copies = [document(2, text=TEXT), document(3, text=TEXT.upper(), source_id="otra"), document(4)]
    holders = {"cuentos-del-puerto": "Biblioteca del Puerto", "otra": "biblioteca  del puerto"}
    manifest = shelf.build(shelf.run("a-1", reserved, *copies, holders=holders))
    assert shelf.rows(manifest)["doc_id"].to_list() == [document(4)["doc_id"]]
    assert manifest.left_out == {"rights_tier=unknown": 1, "stricter:rights_tier=unknown": 2}
    agreed = document(3, text=TEXT, source_id="otra", agreement="Carta 1")
    manifest = shelf.build(shelf.run("b-1", reserved, agreed, holders=holders))
    assert shelf.rows(manifest).is_empty(), "within one holder an agreement of another collection settles nothing"


def test_between_holders_the_stricter_applies_until_the_copys_source_names_an_agreement(
    shelf: Shelf, document: Document
) -> None:
    """The report names both sources and the remedy; with the agreement the copy is released."""
    holders = {"cuentos-del-puerto": "Biblioteca del Puerto", "otra": "Archivo del Norte"}
    reserved, copy = document(1, text=TEXT, **RESERVED), document(2, text=TEXT, source_id="otra")
    manifest = shelf.build(shelf.run("a-1", reserved, copy, holders=holders))
    assert shelf.rows(manifest).is_empty()
    assert "restricted in «cuentos-del-puerto»" in shelf.report()
    assert 'agreement = "…" under [rights] of «otra»' in shelf.report()
    [evidence] = read_ledger(Store.at(shelf.store), "puerto", manifest.version, copy["doc_id"])["evidence"]
    assert json.loads(evidence)["stated_by"]["doc_id"] == reserved["doc_id"]
    agreed = shelf.run("b-1", reserved, copy | {"agreement": "Carta 1"}, holders=holders)
    assert shelf.sources(shelf.build(agreed)) == ["otra"]


def test_a_community_label_restricts_copies_of_other_holders(shelf: Shelf, document: Document) -> None:
    """Only an agreement of the community, named in the labelled source, lifts it."""
    holders = {"cuentos-del-puerto": "Comunidad", "otra": "Archivo del Norte"}
    labelled = document(1, text=TEXT, consent=SECRET)
    copy = document(2, text=TEXT, source_id="otra", agreement="Carta 1")
    assert shelf.rows(shelf.build(shelf.run("a-1", labelled, copy, holders=holders))).is_empty()
    assert "[rights] of «cuentos-del-puerto»" in shelf.report()
    lifted = shelf.run("b-1", labelled | {"agreement": "Acta 3"}, copy, holders=holders)
    assert shelf.rows(shelf.build(lifted)).height == 1


@pytest.mark.parametrize(
    "unknown",
    [
        {"rights": None, "rights_tier": "unknown", "uses": []},
        {"rights": "https://rightsstatements.org/vocab/CNE/1.0/", "rights_tier": "unknown", "uses": ["evaluate"]},
    ],
)
def test_a_copy_without_a_rights_statement_restricts_no_other(
    shelf: Shelf, document: Document, unknown: dict[str, Any]
) -> None:
    """It restricts copies neither of its source nor of another one."""
    copies = [document(1, text=TEXT, **unknown), document(2, text=TEXT), document(3, text=TEXT, source_id="otra")]
    manifest = shelf.build(shelf.run("a-1", *copies))
    assert shelf.rows(manifest).height == 1


def test_narrower_terms_of_a_source_restrict_no_other_source(shelf: Shelf, document: Document) -> None:
    """The licence, the end and the uses of a source limit only its own permission."""
    copies = [
        document(1, text=TEXT, source_id="menos", rights="CC-BY-NC-4.0", rights_tier="non_commercial"),
        document(2, text=TEXT, source_id="poco", uses=["evaluate"]),
        document(3, text=TEXT, source_id="antes", expires=date(2026, 1, 1)),
        document(4, text=TEXT),
    ]
    assert shelf.sources(shelf.build(shelf.run("a-1", *copies))) == ["cuentos-del-puerto"]


def test_terms_of_a_record_beyond_its_source_restrict_other_sources(shelf: Shelf, document: Document) -> None:
    """Examples are fewer uses or another licence than the source has, a refusal of a page, and an embargo."""
    holders = {"cuentos-del-puerto": "Biblioteca del Puerto", "otra": "Archivo del Norte"}
    narrow = [document(n, text=f"{TEXT} {n}", **narrowed) for n, narrowed in enumerate(BEYOND)]
    copies = [document(n + 10, text=f"{TEXT} {n}", source_id="otra") for n in range(len(BEYOND))]
    assert shelf.rows(shelf.build(shelf.run("a-1", *narrow, *copies, holders=holders))).is_empty()


def test_a_dropped_near_duplicate_restricts_the_kept_document(shelf: Shelf, document: Document) -> None:
    """A confirmed duplicate does; a text that is merely contained in the other does not."""
    dropped = document(1, text="Casi el mismo.", duplicate_of=document(2)["doc_id"], text_hash=b"1" * 16, **RESERVED)
    for n, (reason, row_count) in enumerate([("duplicate", 1), ("contained", 2)]):
        run = shelf.run(f"a-{n}", document(2), document(3), dropped=(dropped | {"drop_reason": reason},))
        assert shelf.rows(shelf.build(run)).height == row_count


def test_a_longer_restricted_copy_restricts_the_shorter_one(shelf: Shelf, document: Document) -> None:
    """A run keeps both in one cluster; a variant in the cluster is a different work."""
    cluster = {"duplicate_cluster": document(1)["doc_id"]}
    longer, shorter = document(1, **cluster, **RESERVED), document(2, **cluster)
    variant = document(3, variant_of=document(2)["doc_id"], **cluster)
    manifest = shelf.build(shelf.run("a-1", longer, shorter, variant))
    assert shelf.rows(manifest)["doc_id"].to_list() == [document(3)["doc_id"]]


def test_a_restriction_is_remembered_for_copies_of_later_runs(shelf: Shelf, document: Document) -> None:
    """The restricted texts are in no version, and the restriction applies until their source names an agreement."""
    holders = {"cuentos-del-puerto": "Biblioteca del Puerto", "otra": "Archivo del Norte"}
    narrowing: list[dict[str, Any]] = [RESERVED, {"consent": SECRET}, *BEYOND]
    texts = {n: (f"{TEXT} {n}", narrowed) for n, narrowed in enumerate(narrowing)}
    restricted = [document(n, text=text, **narrowed) for n, (text, narrowed) in texts.items()]
    copies = [document(n + 10, text=text, source_id="otra") for n, (text, _narrowed) in texts.items()]
    shelf.build(shelf.run("a-1", *restricted, *copies, document(40), holders=holders))
    more = [document(n + 20, text=text, source_id="otra") for n, (text, _narrowed) in texts.items()]
    later = shelf.run("b-1", *copies, *more, holders=holders)
    assert shelf.rows(shelf.build(later, parent="latest"))["doc_id"].to_list() == [document(40)["doc_id"]]
    agreed = [document(n, text=text, agreement="Carta 1") for n, (text, _narrowed) in texts.items()]
    manifest = shelf.build(shelf.run("c-1", *agreed, holders=holders), later, parent="latest")
    assert sorted(shelf.rows(manifest)["text"]) == sorted([document(40)["text"], *(text for text, _ in texts.values())])


def test_equal_terms_make_no_new_version(shelf: Shelf, document: Document) -> None:
    """A new run of the same source with the same agreement changes nothing."""
    rows = [document(n, agreement="Carta 1", expires=date(2027, 1, 1)) for n in range(5)]
    first = shelf.build(shelf.run("a-1", *rows))
    assert shelf.build(shelf.run("b-1", *rows), parent="latest").version == first.version
    assert not shelf.overruled


def test_an_embargo_is_judged_by_the_moment_of_the_build(shelf: Shelf, document: Document) -> None:
    """At two in the morning in UTC it is still the previous day in Chile."""
    run = shelf.run("a-1", document(1, embargo_until=TODAY))
    night, morning = (datetime(2026, 12, 1, hour, tzinfo=UTC) for hour in (2, 12))
    terms: dict[str, Any] = {"admit": ["open"], "uses": ["train"]}
    with pytest.raises(ReleaseError, match="2026-11-30"):
        build("puerto", [run], shelf.store, created=night, **terms)
    assert build("puerto", [run], shelf.store, created=morning, **terms).rows == 1


def test_the_command_reports_the_terms_and_the_remedy(
    shelf: Shelf, document: Document, command_line: CommandLine
) -> None:
    """The report appears although no new version is made."""
    shelf.build(shelf.run("a-1", document(1, **TRAIN)))
    shelf.run("b-1", document(1, obtained=NEW))
    result = command_line(
        *("release", "build", "puerto", shelf.folder / "out" / "runs" / "b-1", "--parent", "latest"),
        *("--admit", "open", "--uses", "train", "--store", shelf.store, "--out", shelf.folder / "out"),
    )
    assert result.code == 0
    assert "an earlier version has stricter terms" in " ".join(result.err.split())


def test_the_end_of_a_record_applies_to_copies_of_other_sources(shelf: Shelf, document: Document) -> None:
    """The copies are released until that day."""
    holders, ends = {"cuentos-del-puerto": "Biblioteca del Puerto", "otra": "Archivo del Norte"}, date(2027, 6, 1)
    rows = [document(1, text=TEXT, expires=ends), document(2, text=TEXT, source_id="otra")]
    manifest = shelf.build(shelf.run("a-1", *rows, holders=holders))
    assert set(shelf.rows(manifest)["expires"]) == {ends}


def test_a_dropped_record_restricts_the_row_of_an_earlier_version(shelf: Shelf, document: Document) -> None:
    """It applies too if its terms are those of its source, which were wider before."""
    holders = {"cuentos-del-puerto": "Biblioteca del Puerto"}
    shelf.build(shelf.run("a-1", document(1), document(2), holders=holders))
    narrow = {"statement": "CC0-1.0", "uses": ["evaluate"]}
    dropped = document(1, uses=["evaluate"], drop_reason="duplicate", duplicate_of=document(3)["doc_id"])
    run = shelf.run("b-1", document(3, uses=["evaluate"]), dropped=(dropped,))
    shelf.seal(run, sources=[{"id": "cuentos-del-puerto", "holder": "Biblioteca del Puerto", "rights": narrow}])
    manifest = shelf.build(run, parent="latest")
    assert shelf.rows(manifest)["doc_id"].to_list() == [document(2)["doc_id"]]


def test_a_source_without_rights_now_restricts_its_earlier_rows(shelf: Shelf, document: Document) -> None:
    """It applies whatever the times of the files, and although the run dropped the record."""
    times = [(OLD, NEW), (NEW, OLD)] * 2
    shelf.build(shelf.run("a-1", document(8), *(document(n, obtained=first) for n, (first, _now) in enumerate(times))))
    unstated = [
        document(n, obtained=now, rights=None, rights_tier="unknown", uses=[]) for n, (_first, now) in enumerate(times)
    ]
    dropped = tuple(row | {"drop_reason": "word_count<20"} for row in unstated[2:])
    run = shelf.run("b-1", *unstated[:2], document(9), dropped=dropped)
    assert set(shelf.rows(shelf.build(run, parent="latest"))["doc_id"]) == {document(n)["doc_id"] for n in (8, 9)}
