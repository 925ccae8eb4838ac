"""A batch that passes a stage: rows are kept or dropped with a ledger row, and every change is in the ledger."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.errors import CorpusError, PartError, SourceError
from latam_corpus.pipeline.rows.conserve import Count, exact_hash, pass_through, split_dropped
from latam_corpus.stages import Stage
from latam_corpus.vocabulary import SKIMMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class _Stage(Stage):
    """A stage that does what the test says."""

    does: Callable[[Batch], Batch]
    name: ClassVar[str] = "retoque"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})

    def __call__(self, batch: Batch) -> Batch:
        return self.does(batch)


@dataclass(frozen=True)
class _Measuring(_Stage):
    """A stage that doesn't set texts."""

    gives: ClassVar[frozenset[str]] = frozenset({"signals"})


@dataclass(frozen=True)
class _Cutting(_Stage):
    """A stage that makes several rows out of one."""

    makes_rows: ClassVar[bool] = True


def _batch(*texts: str | None, **columns: list[Any]) -> Batch:
    ids = [f"d{number}" for number in range(len(texts))]
    frame = pl.DataFrame({"doc_id": ids, "source_id": ["s"] * len(texts), "text": pl.Series(texts, dtype=pl.String)})
    return Batch(frame.with_columns(pl.Series(name, values) for name, values in columns.items()))


def _setting(**columns: list[Any]) -> Callable[[Batch], Batch]:
    """Return a function that sets these columns."""
    return lambda batch: batch.with_columns(
        {name: pl.Series(name, values, dtype=pl.String) for name, values in columns.items()}
    )


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8")).digest()[:16]


def _row(number: int, verdict: str, reason: str, **more: Any) -> dict[str, Any]:
    """A ledger row of the stage."""
    usual = {
        "doc_id": f"d{number}", "source_id": "s", "stage": "retoque", "verdict": verdict, "reason": reason,
        "evidence": None, "text_hash_before": None, "text_hash_after": None, "chars": None,
    }  # fmt: skip
    return usual | more


def test_a_batch_in_which_nothing_happens_goes_on_whole() -> None:
    """No row is dropped, the ledger is empty, and the columns are unchanged."""
    batch = _batch("uno", "dos", "tres")
    passed = pass_through(_Stage(lambda same: same), batch)
    assert_frame_equal(passed.kept.frame, batch.frame)
    assert_frame_equal(passed.dropped, batch.frame.clear())
    assert_frame_equal(passed.ledger, pl.DataFrame(schema=schema.LEDGER_SCHEMA))
    assert passed.count == Count(rows_in=3, kept=3)


def test_rows_with_a_reason_are_set_aside_with_what_the_ledger_says() -> None:
    """Ledger rows have evidence, the digest of the exact text and its length; kept rows have no notes."""
    texts = ("uno", "ñandú", "tres", None)
    reasons = [None, "chars<9", "broken", "no text"]
    noted = _setting(
        drop_reason=reasons, verdict=[None, None, "failed", "dropped"], evidence=[None, '{"chars": 5}', None, None]
    )
    passed = pass_through(_Stage(noted), _batch(*texts, n=[1, 2, 3, 4]))
    assert_frame_equal(passed.kept.frame, _batch("uno", n=[1]).frame)
    assert passed.dropped["doc_id"].to_list() == ["d1", "d2", "d3"]
    assert passed.dropped["drop_reason"].to_list() == reasons[1:]
    assert passed.dropped["n"].to_list() == [2, 3, 4]
    assert passed.ledger.schema == schema.LEDGER_SCHEMA
    assert passed.ledger.to_dicts() == [
        _row(1, "dropped", "chars<9", evidence='{"chars": 5}', text_hash_before=_hash("ñandú"), chars=5),
        _row(2, "failed", "broken", text_hash_before=_hash("tres"), chars=4),
        _row(3, "dropped", "no text"),
    ]
    assert passed.count == Count(rows_in=4, kept=1, dropped={"chars<9": 1, "no text": 1}, failed={"broken": 1})


def test_one_reason_is_counted_once_for_every_row() -> None:
    """Failed rows with the same reason are counted separately."""
    noted = _setting(drop_reason=["short", "short", None, "short"], verdict=[None, "failed", None, "dropped"])
    count = split_dropped(noted(_batch("a", "b", "c", "d")), "retoque").count
    assert count == Count(rows_in=4, kept=1, dropped={"short": 2}, failed={"short": 1})


@pytest.mark.parametrize(
    "notes", [{}, {"drop_reason": [None, None]}, {"evidence": [None, None], "verdict": [None] * 2}]
)
def test_notes_of_a_stage_that_drops_nothing_do_not_go_on(notes: Mapping[str, list[None]]) -> None:
    """The next stage sees no reason, verdict or evidence; the word table is kept."""
    batch = _setting(**notes)(_batch("uno", "dos"))
    words = batch.words
    passed = split_dropped(batch, "retoque")
    assert passed.kept.frame.columns == ["doc_id", "source_id", "text"]
    assert passed.kept.words is words
    assert passed.dropped.columns == batch.frame.columns
    assert (passed.dropped.height, passed.ledger.height, passed.count) == (0, 0, Count(rows_in=2, kept=2))
    assert passed.ledger.schema == schema.LEDGER_SCHEMA


def test_all_rows_may_be_set_aside() -> None:
    """The kept batch is empty and has all columns."""
    passed = split_dropped(_setting(drop_reason=["x", "y"])(_batch("uno", "dos")), "retoque")
    assert_frame_equal(passed.kept.frame, _batch("uno").frame.clear())
    assert passed.count == Count(rows_in=2, dropped={"x": 1, "y": 1})


def test_records_without_a_text_are_set_aside_too() -> None:
    """Dropped records without a text have neither a digest nor a length in the ledger."""
    batch = Batch(_batch("uno").frame.drop("text"))
    noted = batch.drop(["broken"], verdict="failed")
    passed = split_dropped(noted, "retoque")
    assert passed.ledger.to_dicts() == [_row(0, "failed", "broken")]
    assert passed.count == Count(rows_in=1, failed={"broken": 1})


def test_a_changed_text_is_on_record_with_both_digests() -> None:
    """Each text that the stage changed has a ledger row, even if only a letter's case changed."""
    texts = _setting(
        text=["Uno", "dos", "", None, "de nada"],
        evidence=['{"n": 1}', None, None, None, None],
        drop_reason=[None, None, None, "blank", None],
    )
    passed = pass_through(_Stage(texts), _batch("uno", "dos", "tres", "cuatro", None))
    assert passed.ledger.to_dicts() == [
        _row(3, "dropped", "blank"),
        _row(
            0, "changed", "retoque", evidence='{"n": 1}', text_hash_before=_hash("uno"), text_hash_after=_hash("Uno"),
            chars=3,
        ),
        _row(2, "changed", "retoque", text_hash_before=_hash("tres"), text_hash_after=_hash(""), chars=0),
        _row(3, "changed", "retoque", text_hash_before=_hash("cuatro")),
    ]  # fmt: skip
    assert passed.count == Count(rows_in=5, kept=4, dropped={"blank": 1}, changed=3)
    assert passed.kept.frame.columns == ["doc_id", "source_id", "text"]
    assert passed.kept.frame["text"].to_list() == ["Uno", "dos", "", "de nada"]


def test_a_text_that_is_made_of_bytes_is_no_change() -> None:
    """An extracted text, also after `skim`, isn't a change; a change of another extractor's text is."""
    batch = _batch("portada", "portada", "portada", extractor=[SKIMMED, "html 1", None])
    passed = pass_through(_Stage(_setting(text=["la nota"] * 3)), batch)
    assert passed.ledger["doc_id"].to_list() == ["d1", "d2"]
    assert passed.count.changed == 2


def test_a_stage_that_gives_no_text_changes_none() -> None:
    """Such a stage only has ledger rows for changes that it reports itself."""
    passed = pass_through(_Measuring(_setting(text=["Uno", "Dos"])), _batch("uno", "dos"))
    assert (passed.ledger.height, passed.count) == (0, Count(rows_in=2, kept=2))
    noted = _setting(verdict=["changed", None, "failed"], evidence=['{"rights": "CC0"}', None, None])
    passed = pass_through(_Measuring(noted), _batch("uno", "dos", "tres"))
    both = {"text_hash_before": _hash("uno"), "text_hash_after": _hash("uno"), "chars": 3}
    assert passed.ledger.to_dicts() == [_row(0, "changed", "retoque", evidence='{"rights": "CC0"}', **both)]
    assert passed.count == Count(rows_in=3, kept=3, changed=1)


def test_a_stage_may_note_a_change_of_a_record_without_text() -> None:
    """Terms may change before there is a text."""
    batch = Batch(_batch("uno").frame.drop("text"))
    passed = pass_through(_Stage(_setting(verdict=["changed"])), batch)
    assert passed.ledger.to_dicts() == [_row(0, "changed", "retoque")]


def test_a_row_that_is_changed_and_dropped_is_on_record_twice() -> None:
    """The ledger row for the drop comes first, then the one for the change."""
    both = _setting(text=["Uno", "Dos"], drop_reason=["short", None])
    passed = pass_through(_Stage(both), _batch("uno", "dos"))
    assert [(row["doc_id"], row["verdict"]) for row in passed.ledger.to_dicts()] == [
        ("d0", "dropped"), ("d0", "changed"), ("d1", "changed"),
    ]  # fmt: skip
    assert passed.count == Count(rows_in=2, kept=1, dropped={"short": 1}, changed=2)


def _cut(ids: list[str], parents: list[str | None]) -> Callable[[Batch], Batch]:
    frame = pl.DataFrame({"doc_id": ids, "source_id": ["s"] * len(ids), "text": ["trozo"] * len(ids)})
    return lambda _: Batch(frame.with_columns(pl.Series("parent_id", parents, dtype=pl.String)))


def test_a_stage_that_cuts_documents_names_the_parent_of_each_piece() -> None:
    """A document may be kept or replaced by its pieces; pieces aren't changes of a text."""
    created = _cut(["d0", "d1#1", "d1#2"], [None, "d1", "d1"])
    passed = pass_through(_Cutting(created), _batch("uno", "dos"))
    assert passed.kept.frame["doc_id"].to_list() == ["d0", "d1#1", "d1#2"]
    assert (passed.ledger.height, passed.count) == (0, Count(rows_in=3, kept=3, made=1))


@pytest.mark.parametrize(
    ("ids", "parents", "problem"),
    [
        (["d0"], [None], "stage «retoque».*1 document lost, 0 without parent"),
        (["d0", "d1", "x"], [None, None, "y"], "stage «retoque».*0 documents lost, 1 without parent"),
        (["x"], ["y"], "stage «retoque».*2 documents lost, 1 without parent"),
    ],
)
def test_a_stage_that_cuts_documents_loses_none_and_makes_none_up(
    ids: list[str], parents: list[str | None], problem: str
) -> None:
    """Each document is kept or has a piece, and each piece has a parent."""
    with pytest.raises(PartError, match=problem):
        pass_through(_Cutting(_cut(ids, parents)), _batch("uno", "dos"))


@pytest.mark.parametrize("how", ["head", "reverse", "double", "other"])
def test_a_stage_that_loses_adds_reorders_or_renames_rows_is_stopped(how: str) -> None:
    """The error names the stage, the number of rows before and after, and the remedy."""

    def broken(batch: Batch) -> Batch:
        frame = batch.frame
        created = {
            "head": frame.head(1),
            "reverse": frame.reverse(),
            "double": pl.concat([frame, frame]),
            "other": frame.with_columns(doc_id=pl.Series(["d0", "x"])),
        }
        return Batch(created[how])

    rows = {"head": 1, "double": 4}.get(how, 2)
    problem = f"stage «retoque».*2 rows in, {rows} out, or in another order.*give it a drop_reason"
    with pytest.raises(PartError, match=problem):
        pass_through(_Stage(broken), _batch("uno", "dos"))


def test_a_stage_that_changes_its_frame_in_place_is_compared_with_the_rows_before() -> None:
    """Swapped ids are refused, a changed text has a ledger row and no word table of the old one."""

    def swaps(batch: Batch) -> Batch:
        batch.frame.replace_column(0, batch.frame["doc_id"].reverse())
        return batch

    def rewrites(batch: Batch) -> Batch:
        batch.frame.replace_column(2, pl.Series("text", ["uno dos tres", "dos"]))
        return batch

    batch = _batch("uno", "dos")
    assert list(batch.words.word_count) == [1, 1]
    with pytest.raises(PartError, match="2 rows in, 2 out, or in another order"):
        pass_through(_Stage(swaps), batch)
    passed = pass_through(_Stage(rewrites), batch)
    assert passed.ledger.select("doc_id", "text_hash_before").rows() == [("d0", _hash("uno"))]
    assert list(passed.kept.words.word_count) == [3, 1]


@pytest.mark.parametrize(
    ("breaks", "place"),
    [
        (lambda ids: "d1" in ids, "stage «retoque», document d1"),
        (lambda ids: "d2" in ids, "stage «retoque», document d2"),
        (lambda ids: len(ids) > 1, "stage «retoque»"),  # no document alone
    ],
)
def test_a_stage_that_breaks_off_names_the_document_that_makes_it_do_so(
    breaks: Callable[[list[str]], bool], place: str
) -> None:
    """The error names the first document that is enough to cause it, or only the stage."""

    def broken(batch: Batch) -> Batch:
        if breaks(batch.frame["doc_id"].to_list()):
            raise ValueError("no\nentiendo")
        return batch

    with pytest.raises(PartError) as raised:
        pass_through(_Stage(broken), _batch("uno", "dos", "tres"))
    assert raised.value.place == place
    assert raised.value.problem.startswith("ValueError: no entiendo, in pipeline/test_conserved_batches.py:")
    assert isinstance(raised.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lambda _: None, "it returns a NoneType instead of a batch; return the batch"),
        (lambda b: Batch(b.frame.drop("text")), "the column «text» was removed; return the batch"),
        (lambda b: b.with_columns({"text": pl.lit(5)}), "the column «text» is of the type Int32; it must be String"),
        (
            lambda b: b.with_columns({"tokens": pl.lit(2**40)}),
            "the column «tokens» is of the type Int64; it must be Int32",
        ),
        (_setting(text=["uno", None]), "«text» of the document d1 is null; give the row a text, or a drop_reason"),
        (_setting(drop_reason=[None, " "]), "«drop_reason» of the document d1 is ' '; name the reason in one word"),
        (_setting(country=["CL", "Chile"]), "«country» of the document d1 is 'Chile'; a code of ISO 3166-1"),
        (_setting(language=["es", "quy_Latn"]), "«language» of the document d0 is 'es'; write it as spa_Latn"),
        (_setting(genre=["news", "poemas"]), "«genre» of the document d1 is 'poemas'; choose one of: news, "),
        (_setting(rights_tier=["libre", None]), "«rights_tier» of the document d0 is 'libre'; choose one of: open, "),
    ],
)
@pytest.mark.parametrize("kind", [_Stage, _Cutting])
def test_what_a_stage_sets_is_of_the_schema(kind: type[_Stage], given: Callable[[Batch], Batch], expected: str) -> None:
    """The error for a wrong value names the column, the value, a document and a remedy."""
    with pytest.raises(PartError) as raised:
        pass_through(kind(given), _batch("uno", "dos"))
    assert str(raised.value).startswith(f"stage «retoque»: {expected}")


def test_what_a_stage_may_set() -> None:
    """Numbers of another width, empty columns and wrong values that were there before are accepted."""
    batch = _batch("uno", "dos", None, country=["Chile", "Perú", None], language=[None, "x", None])
    mine = pl.Series("tokens", [1, 2, 3], dtype=pl.Int64), pl.lit(None).alias("split")
    language = pl.Series("language", ["und", "x", "quy_Latn"])
    passed = pass_through(_Stage(lambda b: Batch(b.frame.with_columns(*mine, language))), batch)
    assert passed.count == Count(rows_in=3, kept=3)


def test_a_stage_neither_ends_the_run_nor_writes_into_its_output(capsys: pytest.CaptureFixture[str]) -> None:
    """`sys.exit` is an error like others, and printed text goes to standard error."""

    def leaves(batch: Batch) -> Batch:
        print("hola")  # noqa: T201
        if "d1" in batch.frame["doc_id"]:
            sys.exit(3)
        return batch

    with pytest.raises(PartError, match=r"stage «retoque», document d1: SystemExit: 3, in .*\.py:\d+; correct"):
        pass_through(_Stage(leaves), _batch("uno", "dos"))
    result = capsys.readouterr()
    assert (result.out, result.err[:5]) == ("", "hola\n")


@pytest.mark.parametrize("error", [SourceError("uno.warc", "no record"), OSError("disk full"), MemoryError()])
def test_what_the_machine_or_a_source_says_is_no_fault_of_a_document(error: Exception) -> None:
    """Errors of the disk or a source are raised unchanged, and the stage isn't called again for each document."""
    calls = []

    def broken(batch: Batch) -> Batch:
        calls.append(batch.frame.height)
        raise error

    with pytest.raises((CorpusError, OSError, MemoryError)) as raised:
        pass_through(_Stage(broken), _batch("uno", "dos"))
    assert raised.value is error
    assert calls == [2]


@pytest.mark.parametrize(
    ("withheld", "given", "failed"),
    [
        ({}, ["d0", "d1", "d2"], []),
        ({"otro": "exit code -9"}, ["d0", "d1", "d2"], []),
        ({"d1": "exit code -9"}, ["d0", "d2"], ["d1"]),
        ({"d2": "exit code -9", "d0": "exit code -11"}, ["d1"], ["d0", "d2"]),
    ],
)
def test_a_document_that_ends_the_worker_is_set_aside_and_the_stage_never_has_it(
    withheld: dict[str, str], given: list[str], failed: list[str]
) -> None:
    """It is dropped with its cause, together with rows that the stage drops, whatever their columns."""
    seen: list[str] = []

    def shorten(batch: Batch) -> Batch:
        seen.extend(batch.frame["doc_id"])
        reasons = ["short" if doc_id == "d2" else None for doc_id in batch.frame["doc_id"]]
        return _setting(drop_reason=reasons, title=["x"] * len(batch))(batch)

    passed = pass_through(_Stage(shorten), _batch("uno", "dos", "tres"), withheld)
    short = [doc_id for doc_id in given if doc_id == "d2"]
    assert seen == given
    assert passed.kept.frame["doc_id"].to_list() == [doc_id for doc_id in given if doc_id != "d2"]
    assert passed.dropped["doc_id"].to_list() == [*short, *failed]
    assert passed.dropped["drop_reason"].to_list() == ["short"] * len(short) + ["killed_worker"] * len(failed)
    texts = dict(zip(("d0", "d1", "d2"), ("uno", "dos", "tres"), strict=True))
    assert passed.ledger.to_dicts() == [
        _row(int(doc_id[1]), verdict, reason, evidence=evidence, text_hash_before=_hash(texts[doc_id]),
             chars=len(texts[doc_id]))
        for doc_id, verdict, reason, evidence in (
            *((doc_id, "dropped", "short", None) for doc_id in short),
            *((doc_id, "failed", "killed_worker", f'{{"cause": "{withheld[doc_id]}"}}') for doc_id in failed),
        )
    ]  # fmt: skip
    dropped, fallen = {"short": len(short)} if short else {}, {"killed_worker": len(failed)} if failed else {}
    kept = 3 - len(short) - len(failed)
    assert passed.count == Count(rows_in=3, kept=kept, dropped=dropped, failed=fallen)


@pytest.mark.parametrize(("kind", "offsets"), [(_Stage, [0, 5]), (_Cutting, [0, 4])])
def test_turns_follow_a_changed_text_but_not_one_that_is_cut(kind: type[_Stage], offsets: list[int]) -> None:
    """Turns stay with their lines; a stage that makes rows must move them itself."""
    turns = [{"speaker": "A", "offset": 0}, {"speaker": "B", "offset": 4}]
    batch = _batch("uno\ndos", turns=[turns])
    words = batch.words
    passed = pass_through(kind(_setting(text=["unos\ndos"])), batch)
    assert [turn["offset"] for turn in passed.kept.frame["turns"][0]] == offsets
    assert words is not passed.kept.words  # the text is another


@pytest.mark.parametrize("pieces", [[], ["d1#1", "d1#2", "d1#3"]])
def test_a_stage_that_cuts_documents_may_note_a_change_of_one_that_stays(pieces: list[str]) -> None:
    """If such a stage cuts no document, it needs no `parent_id`."""
    ids = ["d0", *(pieces or ["d1"])]
    noted = _setting(verdict=["changed", *[None] * (len(ids) - 1)])
    created = _cut(ids, [None, *["d1"] * (len(ids) - 1)])(_batch())
    created = created if pieces else Batch(created.frame.drop("parent_id"))
    passed = pass_through(_Cutting(lambda _: noted(created)), _batch("uno", "dos"))
    assert passed.kept.frame["doc_id"].to_list() == ids
    both = {"text_hash_before": _hash("uno"), "text_hash_after": _hash("trozo"), "chars": 5}
    assert passed.ledger.to_dicts() == [_row(0, "changed", "retoque", **both)]


def test_a_stage_that_cuts_documents_may_put_those_that_stay_in_another_order() -> None:
    """The ledger row of a change has the document's own previous text."""
    noted = _setting(verdict=["changed", None])(_cut(["d1", "d0"], [None, None])(_batch()))
    passed = pass_through(_Cutting(lambda _: noted), _batch("uno", "dos"))
    (row,) = passed.ledger.to_dicts()
    assert (row["doc_id"], row["verdict"]) == ("d1", "changed")
    assert row["text_hash_before"] == _hash("dos")


def test_records_of_one_id_are_told_apart_by_a_stage_that_cuts_documents() -> None:
    """Each record of an id has its own previous text in the ledger, and none may be lost."""
    duplicates = Batch(_batch("uno", "dos", "tres").frame.with_columns(pl.Series("doc_id", ["d0", "d1", "d0"])))
    created = _setting(verdict=["changed", None, "changed"])(_cut(["d0", "d1", "d0"], [None] * 3)(_batch()))
    passed = pass_through(_Cutting(lambda _: created), duplicates)
    assert passed.ledger["doc_id"].to_list() == ["d0", "d0"]
    assert passed.ledger["text_hash_before"].to_list() == [_hash("uno"), _hash("tres")]
    with pytest.raises(PartError, match="1 document lost"):
        pass_through(_Cutting(_cut(["d0", "d1"], [None, None])), duplicates)


def test_counts_of_parts_add_up() -> None:
    """All numbers are added, and each reason separately."""
    count = Count(rows_in=5, kept=2, dropped={"a": 2}, failed={"x": 1}, changed=1, seconds=0.5)
    count.add(Count(rows_in=7, kept=3, dropped={"a": 1, "b": 1}, failed={"y": 2}, changed=2, seconds=0.25))
    assert count == Count(
        rows_in=12, kept=5, dropped={"a": 3, "b": 1}, failed={"x": 1, "y": 2}, changed=3, seconds=0.75
    )
    assert Count() == Count(0, 0, {}, {}, 0, 0.0)


def test_a_digest_is_of_the_exact_text() -> None:
    """The digest has sixteen bytes and depends on case, accents and spaces."""
    assert exact_hash("ñandú") == _hash("ñandú")
    assert len({exact_hash(text) for text in ("uno", "Uno", "uno ", "unó", "")}) == 5
