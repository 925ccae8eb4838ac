"""Conditions on rows select what SQL selects, and mistakes are reported with place, problem and remedy."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
from built_versions import build
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus import schema, vocabulary
from latam_corpus.errors import ConfigError
from latam_corpus.release.reading import condition as language
from latam_corpus.release.reading.condition import condition
from latam_corpus.release.reading.operands import LONGEST_PATTERN
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = (
    "country",
    "title",
    "language_score",
    "cluster_size",
    "uses",
    "expires",
    "obtained",
    "signals",
    "redactions",
    "opt_outs",
    "text_hash",
)
COLUMNS = pl.Schema({name: schema.RELEASE_SCHEMA[name] for name in NAMES})
COUNTRIES = ("CL", "AR", "PE", "MX")
TITLES = ("El puerto", "el puerto", "100 % lana", "ruta_5", "O'Higgins", "ñandú", "dos\nlíneas", "a!b", "", "Ñ'o%_")
SCORES = (0.0, 0.25, 0.7, 0.9, 1.0)
DAYS = (date(2020, 2, 29), date(2026, 11, 25), date(2027, 1, 1))
MOMENTS = (
    datetime(2024, 5, 1, 12, tzinfo=UTC),
    datetime(2024, 5, 1, 12, 0, 1, 500, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
)
SIGNALS = ("noai", "robots", "tdm")
HASHES = (b"\x00\xff", b"agua")


def rows() -> st.SearchStrategy[pl.DataFrame]:
    """Generate a few rows of small values and nulls, so that conditions often match."""
    row = st.fixed_dictionaries(
        {
            "country": st.sampled_from((*COUNTRIES, None)),
            "title": st.sampled_from((*TITLES, None)),
            "language_score": st.sampled_from((*SCORES, None)),
            "cluster_size": st.sampled_from((-1, 0, 1, 2, 3, None)),
            "uses": st.none() | st.lists(st.sampled_from(vocabulary.USES), max_size=3, unique=True),
            "expires": st.sampled_from((*DAYS, None)),
            "obtained": st.sampled_from((*MOMENTS, None)),
            "signals": st.none()
            | st.fixed_dictionaries(
                dict.fromkeys(("word_count", "stop_word_share"), st.sampled_from((*SCORES, 50.0, None)))
            ),
            "redactions": st.none()
            | st.lists(
                st.fixed_dictionaries({"key": st.sampled_from(("email", "phone")), "value": st.integers(0, 3)}),
                max_size=2,
                unique_by=lambda entry: entry["key"],
            ),
            "opt_outs": st.none() | st.lists(st.fixed_dictionaries({"signal": st.sampled_from(SIGNALS)}), max_size=2),
            "text_hash": st.sampled_from((*HASHES, None)),
        }
    )
    return st.lists(row, min_size=1, max_size=8).map(lambda generated: pl.DataFrame(generated, schema=COLUMNS))


def quoted(text: str) -> str:
    """Return a text in the quotes of both languages."""
    return "'" + text.replace("'", "''") + "'"


# A condition in the notation of this toolkit and of DuckDB.
Pair = tuple[str, str]
OPERATORS = st.sampled_from(("=", "!=", "<>", "<", "<=", ">", ">="))
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def literals(values: tuple[Any, ...], own_form: Any = str, sql_form: Any = str) -> st.SearchStrategy[Pair]:
    """Generate a value in the notation of this toolkit and of DuckDB."""
    return st.sampled_from(values).map(lambda value: (own_form(value), sql_form(value)))


def moment(value: datetime) -> str:
    """Return a time in the zone of Santiago in summer."""
    return quoted(value.isoformat())


WHOLE = literals((-1, 0, 1, 2, 3, 4))
FLOATS = literals((*SCORES, 50.0), str, lambda value: f"CAST({value} AS FLOAT)")
EMAIL = "(list_filter(redactions, lambda r: r.key = 'email')[1]).value"
OPERANDS: dict[Pair, st.SearchStrategy[Pair]] = {
    ("country", "country"): literals(COUNTRIES, quoted, quoted),
    ("title", "title"): literals(TITLES, quoted, quoted),
    ("language_score", "language_score"): FLOATS | literals((0, 1), str, str),
    ("cluster_size", "cluster_size"): WHOLE | literals((0.5, 2.0, -1.5)),
    ("expires", "expires"): literals(DAYS, lambda day: quoted(str(day)), lambda day: f"DATE '{day}'"),
    ("obtained", "obtained"): literals(MOMENTS, moment, lambda value: f"TIMESTAMPTZ '{value.isoformat()}'")
    | literals((date(2026, 1, 1),), lambda day: quoted(str(day)), lambda day: f"TIMESTAMPTZ '{day} 00:00:00+00'"),
    ("signals.word_count", "signals.word_count"): FLOATS,
    ("redactions.email", EMAIL): WHOLE,
}
HEX = literals(HASHES, lambda value: quoted(value.hex()), lambda value: f"from_hex('{value.hex()}')")
LISTS: dict[Pair, tuple[str, ...]] = {
    ("uses", "uses"): vocabulary.USES,
    ("opt_outs.signal", "list_transform(opt_outs, lambda o: o.signal)"): SIGNALS,
}
ANY = (*OPERANDS, *LISTS, ("signals", "signals"), ("redactions", "redactions"), ("text_hash", "text_hash"))
TWO = (
    ("country", "title", ""),
    ("cluster_size", "language_score", "::DOUBLE"),
    ("signals.word_count", "cluster_size", "::DOUBLE"),
)
PATTERNS = st.text(st.sampled_from("%_elpurto5O'Ñ!\n"), max_size=6)


NOT = st.sampled_from(("", "not "))
COLUMN = st.sampled_from(list(OPERANDS))


@st.composite
def with_values(draw: st.DrawFn) -> Pair:
    """Generate a comparison of a column with a value or with several values."""
    (own_column, sql_column), operator, negated = draw(COLUMN), draw(OPERATORS), draw(NOT)
    values = draw(st.lists(OPERANDS[own_column, sql_column], min_size=1, max_size=3))
    own_value, sql_value = values[0]
    lists = [", ".join(value[place] for value in values) for place in (0, 1)]
    forms = (
        (f"{own_column}{operator}{own_value}", f"{sql_column} {operator} {sql_value}"),
        (f"{own_value} {operator} {own_column}", f"{sql_column} {TURNED.get(operator, operator)} {sql_value}"),
        (f"{own_column} {negated}IN ({lists[0]})", f"{sql_column} {negated}IN ({lists[1]})"),
    )
    return draw(st.sampled_from(forms))


@st.composite
def of_texts(draw: st.DrawFn) -> Pair:
    """Generate a test for a pattern; a pattern that ends with its escape is an error in both languages."""
    pattern = draw(PATTERNS.filter(lambda text: not text.replace("!!", "").endswith("!")))
    text = f"title {draw(NOT)}like {quoted(pattern)} escape '!'"
    return text, text


@st.composite
def of_lists(draw: st.DrawFn) -> Pair:
    """Generate a test for a value in a list."""
    own_list, sql_list = draw(st.sampled_from(list(LISTS)))
    word, negated = draw(st.sampled_from(LISTS[own_list, sql_list])), draw(NOT)
    return f"'{word}' {negated}in {own_list}", f"{negated}list_contains({sql_list}, '{word}')"


@st.composite
def of_two(draw: st.DrawFn) -> Pair:
    """Generate a comparison of two columns or of bytes, or a test for null."""
    operator, negated = draw(OPERATORS), draw(NOT)
    first, second, cast = draw(st.sampled_from(TWO))
    own_value, sql_value = draw(HEX)
    equal = draw(st.sampled_from(("=", "!=")))
    own_column, sql_column = draw(st.sampled_from(ANY))
    forms = (
        (f"{first} {operator} {second}", f"{first}{cast} {operator} {second}{cast}"),
        (f"text_hash {equal} {own_value}", f"text_hash {equal} {sql_value}"),
        (f"{own_column} is {negated}null", f"{sql_column} is {negated}null"),
    )
    return draw(st.sampled_from(forms))


def joined(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    """Generate joined and negated conditions, with and without parentheses, to test precedence."""

    def join(pair: tuple[Pair, str, Pair]) -> Pair:
        left_side, word, right_side = pair
        return left_side[0] + word + right_side[0], left_side[1] + word + right_side[1]

    return (
        st.tuples(inner, st.sampled_from((" and ", " or ", " AND\n")), inner).map(join)
        | inner.map(lambda pair: (f"not {pair[0]}", f"not {pair[1]}"))
        | inner.map(lambda pair: (f"({pair[0]})", f"({pair[1]})"))
    )


SINGLE = with_values() | of_texts() | of_lists() | of_two()


@pytest.fixture(scope="module")
def sql() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a DuckDB connection that reads times as UTC."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@settings(max_examples=settings().max_examples, deadline=None)
@given(frame=rows(), pair=st.recursive(SINGLE, joined, max_leaves=6))
def test_a_condition_selects_what_sql_selects(sql: duckdb.DuckDBPyConnection, frame: pl.DataFrame, pair: Pair) -> None:
    """Random conditions select the same random rows as DuckDB."""
    own_condition, sql_condition = pair
    numbered = frame.with_row_index("row")
    sql.register("numbered", numbered.to_arrow(compat_level=pl.CompatLevel.oldest()))
    selected = sql.execute(f"select row from numbered where {sql_condition} order by row").fetchall()  # noqa: S608
    assert numbered.filter(condition(own_condition).expression)["row"].to_list() == [row for (row,) in selected], (
        own_condition
    )


def selected(frame: pl.DataFrame, text: str) -> list[int]:
    """Return the numbers of the rows that a condition selects."""
    return frame.with_row_index("row").filter(condition(text).expression)["row"].to_list()


def test_null_is_neither_true_nor_false() -> None:
    """A comparison with null selects no row, negated or not; `or` and `is null` work as in SQL."""
    frame = pl.DataFrame(
        {"country": ["CL", None, "AR"], "cluster_size": [1, 2, None]}, schema_overrides={"cluster_size": pl.Int32}
    )
    assert selected(frame, "country != 'CL'") == [2]
    assert selected(frame, "not country = 'CL'") == [2]
    assert selected(frame, "country not in ('CL', 'PE')") == [2]
    assert selected(frame, "country = 'PE' or cluster_size = 2") == [1]
    assert selected(frame, "not (country = 'CL' and cluster_size = 2)") == [0, 2]
    assert selected(frame, "country is null or cluster_size is null") == [1, 2]


@pytest.mark.parametrize(
    ("text", "rows_"),
    [
        ("2 < cluster_size", [2]),
        ("2 <= cluster_size", [1, 2]),
        ("2 > cluster_size", [0]),
        ("2 >= cluster_size", [0, 1]),
        ("2 = cluster_size", [1]),
        ("cluster_size in (1, 2.5, 3)", [0, 2]),
        ("cluster_size > -1.5e0", [0, 1, 2]),
        ("title = 'O''Higgins'", [0]),
        ("title like 'dos%s'", [1]),
        ("title like 'dos_l_neas'", [1]),
        ("title like 'líneas'", []),
        ("title like '100 !% lana' escape '!'", [2]),
        ("title like '100_!%_lana' ESCAPE '!'", [2]),
        ("title like 'O''H%'", [0]),
        ("title not like '%a%'", [0]),
        ("genre < 'm'", [0, 1]),
        ("country > 'a'", []),
        ("language_score >= 0.7 and language_score = 0.7", [0]),
        ("Not country = 'CL' Or country Is Not Null", [0, 1, 2]),
        ("country='CL'and(cluster_size=1)", [0]),
    ],
)
def test_values_and_key_words_are_parsed(text: str, rows_: list[int]) -> None:
    """Numbers, doubled quotes, patterns, the order of words, and key words in either case are parsed."""
    frame = pl.DataFrame(
        {
            "country": ["CL", "AR", "PE"],
            "cluster_size": [1, 2, 3],
            "title": ["O'Higgins", "dos\nlíneas", "100 % lana"],
            "genre": ["literature", "legal", "news"],
            "language_score": [0.7, 0.5, None],
        },
        schema_overrides={name: schema.RELEASE_SCHEMA[name] for name in ("cluster_size", "language_score")},
    )
    assert selected(frame, text) == rows_


@pytest.mark.parametrize(
    ("text", "where", "problem", "remedy"),
    [
        ("", "at its end", "a column is expected here", "country = 'CL'"),
        ("  ", "at its end", "a column is expected here", ""),
        ("lenguage = 'spa_Latn'", "character 1, «lenguage»", "unknown column «lenguage»", "did you mean «language»"),
        ("country = 'CL' and Genre = 'news'", "character 20", "unknown column «Genre»", "did you mean «genre»"),
        ("duplicate_of is null", "character 1", "unknown column «duplicate_of»", "«duplicate_cluster»"),
        ("signals.word_cuont > 5", "«signals.word_cuont»", "no part «word_cuont»", "did you mean «word_count»"),
        ("signals.word_count.x > 5", "character 1", "no part «word_count.x»", "word_count"),
        ("country.x = 'CL'", "character 1", "«country» has no part «x»", "write country"),
        ("redactions.emial > 0", "character 1", "no part «emial»", "did you mean «email»"),
        ("country == 'CL'", "character 9, «==»", "no meaning here", "write ="),
        ("country = 'CL' && genre = 'news'", "character 16, «&&»", "no meaning here", "write and"),
        ("country = 'CL'; drop", "character 15, «;»", "no meaning here", "leave it out"),
        ("country = 'CL' -- x", "character 16, «--»", "no meaning here", "leave it out"),
        ("cluster_size + 1 = 2", "character 14, «+»", "no meaning here", ""),
        ('country = "CL"', 'character 11, «"»', "such quotes", "straight single quotes"),
        ("country = ‘CL’", "character 11, «‘»", "such quotes", "straight single quotes"),
        ("country = 'CL", "character 11, «'»", "the quote isn't closed", "double"),
        ("country = CL", "character 11, «CL»", "unknown column «CL»", "single quotes: 'CL'"),
        ("country =", "at its end", "a value or a column is expected here", "country = 'CL'"),
        ("country", "at its end", "a comparison is expected here", "is null"),
        ("country = 'CL' country", "character 16", "should end here", "in (…)"),
        ("country = 'CL' or", "at its end", "a column is expected here", ""),
        ("country = language = title", "character 20, «=»", "should end here", ""),
        ("(country = 'CL'", "at its end", "«)» is expected here", "close the parenthesis"),
        ("country = 'CL')", "character 15, «)»", "should end here", ""),
        ("country = null", "character 11, «null»", "nothing is equal to null", "country is null"),
        ("country in ('CL', null)", "character 19, «null»", "a value is expected here", "single quotes"),
        ("country in ()", "character 13", "a value is expected here", ""),
        ("country in ('CL' 'AR')", "character 18", "«)» is expected here", "comma"),
        ("country in 'CL'", "character 12", "«(» is expected here", "in ('CL', 'AR')"),
        ("country is 'CL'", "character 12", "«null» is expected here", "is not null"),
        ("country not = 'CL'", "character 13", "«in» or «like» is expected here", "before any other"),
        ("cluster_size between 1 and 2", "character 14, «between»", "a comparison is expected here", ">="),
        ("country ilike 'c%'", "character 9, «ilike»", "a comparison is expected here", "like"),
        ("1 = 1", "character 5", "a column is expected here", ""),
        ("cluster_size = '2'", "character 16, «'2'»", "«cluster_size» holds numbers", "without quotes"),
        ("title = 5", "character 9, «5»", "«title» holds no numbers", "single quotes: '5'"),
        ("title = language_score", "character 9", "can't be compared", "two numbers"),
        ("expires < obtained", "character 11", "can't be compared", ""),
        ("uses = 'train'", "character 1", "«uses» isn't a single value", "'train' in uses"),
        ("uses in ('train')", "character 1", "«uses» isn't a single value", "'train' in uses"),
        ("uses = creators", "character 8", "can't be compared", ""),
        ("uses like 'tr%'", "character 1", "«uses» isn't a text", "'train' in uses"),
        ("'train' in signals", "character 12", "«signals» isn't a list of values", "signals.word_count"),
        ("'CL' in country", "character 9", "«country» isn't a list of values", "country = "),
        ("'noai' in opt_outs", "character 11", "«opt_outs» isn't a list of values", "opt_outs.signal"),
        ("5 in uses", "character 1, «5»", "holds no numbers", "'5'"),
        ("'entrenar' in uses", "character 1", "«uses» has no such value", "choose one of"),
        ("signals > 5", "character 1", "«signals» isn't a single value", "such as signals.word_count"),
        ("redactions > 1", "character 1", "«redactions» isn't a single value", "such as redactions.email"),
        ("cluster_size like '1%'", "character 1", "«cluster_size» isn't a text", "cluster_size >= 2"),
        ("title like 5", "character 12, «5»", "holds no numbers", ""),
        ("title like title", "character 12", "a text is expected here", "single quotes"),
        ("title like 'a' escape 'bc'", "character 23", "isn't a single character", ""),
        ("title like 'a!' escape '!'", "character 12", "the pattern ends with «!»", "double it"),
        ("expires > 'mañana'", "character 11", "«expires» can't have this value", "such as '2026-11-25'"),
        ("expires > '2026-02-30'", "character 11", "«expires» can't have this value", "such as '2026-11-25'"),
        ("expires > '20261125'", "character 11", "«expires» can't have this value", "such as '2026-11-25'"),
        ("expires = '2026-11-25T12:00'", "character 11", "«expires» can't have this value", "write a day"),
        ("expires > 2026", "character 11", "«expires» holds no numbers", ""),
        ("obtained > '2026-11-25T25:00'", "character 12", "«obtained» can't have this value", "T12:00:00Z"),
        ("obtained > '0001-01-01T00:00+14:00'", "character 12", "«obtained» can't have this value", ""),
        ("obtained > '2026-W48-3'", "character 12", "«obtained» can't have this value", ""),
        ("text_hash = 'agua'", "character 13", "«text_hash» can't have this value", "hex"),
        ("text_hash < '00'", "character 13", "«text_hash» have no order", "="),
        ("cluster_size = 9223372036854775808", "character 16", "the number is too large", ""),
        ("language_score < 1e999", "character 18", "the number is too large", ""),
        ("genre = 'novela'", "character 9", "«genre» has no such value", "choose one of"),
        ("rights_tier != 'non-commercial'", "character 16", "«rights_tier» has no such value", "«non_commercial»"),
        ("split not in ('train', 'tset')", "character 24", "«split» has no such value", "«test»"),
        ("language != 'spa'", "character 13", "«language» has no such value", "spa_Latn"),
        ("'quy' in languages.code", "character 1", "«languages.code» has no such value", "spa_Latn"),
        ("country != 'cl'", "character 12", "«country» has no such value", "CL"),
        ("country != 'XX'", "character 12", "«country» has no such value", "ISO 3166-1"),
        ("max(cluster_size) = 1", "character 1, «max»", "no functions", "write one of"),
        ("cluster_size = max(cluster_size)", "character 16, «max»", "no functions", ""),
        ("lower(title) = 'x'", "character 1, «lower»", "no functions", ""),
        ("exists (select 1)", "character 1, «exists»", "no functions", ""),
        ("country in (select url from urls)", "character 13, «select»", "a value is expected here", "single quotes"),
        (
            "country in (select * from read_csv('/etc/passwd'))",
            "character 20, «*»",
            "no meaning here",
            "",
        ),
        ("title = (select 'x')", "character 9, «(»", "a value or a column is expected here", ""),
    ],
)
def test_a_mistake_in_a_condition_is_reported(text: str, where: str, problem: str, remedy: str) -> None:
    """The error names the place, the problem and a remedy, such as the closest column or word."""
    with pytest.raises(ConfigError) as error:
        condition(text, "--where")
    assert error.value.place.startswith("--where")
    assert where in error.value.place
    assert problem in error.value.problem
    assert remedy in error.value.remedy
    assert error.value.remedy


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("country = 'CL' or " * (language.LONGEST // 18 + 1), "it has more than 200,000 characters"),
        (" or ".join(["country = 'CL'"] * (language.MOST_TESTS + 1)), "it has more than 1,000 comparisons"),
        ("(" * 52 + "country = 'CL'" + ")" * 52, "more than 50 nested levels"),
        ("not " * 52 + "country = 'CL'", "more than 50 nested levels"),
        (f"cluster_size in ({','.join(['1'] * (language.MOST_VALUES + 1))})", "the lists have more than 5,000 values"),
        (f"title like '{'a' * (LONGEST_PATTERN + 1)}'", "the pattern has more than 1,000 characters"),
    ],
)
def test_a_condition_beyond_its_limits_is_refused(text: str, problem: str) -> None:
    """Length, depth, comparisons, values and patterns are limited, so that no condition takes long."""
    with pytest.raises(ConfigError, match=problem):
        condition(text)


@pytest.mark.parametrize(
    "text",
    [
        " or ".join(["country = 'CL'"] * language.MOST_TESTS),
        "(" * 50 + "country = 'CL'" + ")" * 50,
        f"cluster_size in ({','.join(['1'] * (language.MOST_VALUES - 1))}, 1)",
        f"title like '{'_%' * (LONGEST_PATTERN // 2)}'",
        f"title like '{'%' * LONGEST_PATTERN}'",
    ],
)
def test_a_condition_at_its_limits_works(text: str) -> None:
    """A condition at the limits can be applied."""
    frame = pl.DataFrame(
        {"country": ["CL"], "title": ["a" * 1000], "cluster_size": [1]}, schema_overrides={"cluster_size": pl.Int32}
    )
    assert selected(frame, text) == [0]


def test_parts_of_structs_and_lists_can_be_tested() -> None:
    """Signals, counts, lists of structs and times in other zones are compared; only needed parts are read."""
    frame = pl.DataFrame(
        {
            "signals": [{"word_count": 60.0}, {"word_count": None}, None],
            "redactions": [[{"key": "phone", "value": 2}], [], None],
            "opt_outs": [[{"signal": "noai"}], [], None],
            "obtained": [datetime(2026, 11, 25, 15, tzinfo=UTC)] * 3,
        },
        schema={name: schema.RELEASE_SCHEMA[name] for name in ("signals", "redactions", "opt_outs", "obtained")},
    )
    assert selected(frame, "signals.word_count >= 50") == [0]
    assert selected(frame, "signals.word_count is null") == [1, 2]
    assert selected(frame, "redactions.phone = 2") == [0]
    assert selected(frame, "redactions.email is null and redactions is not null") == [0, 1]
    assert selected(frame, "'noai' not in opt_outs.signal") == [1]
    assert selected(frame, "obtained = '2026-11-25T12:00-03:00'") == [0, 1, 2]
    assert selected(frame, "obtained >= '2026-11-25 15:00:00.000001'") == []
    reads = condition("signals.word_count > 1 and signals.sentence_count > 1 and 'noai' in opt_outs.signal").reads
    assert reads == ["signals.word_count", "signals.sentence_count", "opt_outs"]


TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "shard_bytes": 30_000}


def test_a_pull_reads_parts_of_columns(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A pull with a condition on nested columns gets only rows for which it is true."""
    documents = [
        document(
            n, signals={"word_count": float(n)} if n % 2 else None, opt_outs=[{"signal": "noai"}] if n == 7 else None
        )
        for n in range(60)
    ]
    store = Store.at(tmp_path / "store")
    build("puerto", [kept_run("a-1", documents)], store, splits={}, **TERMS)
    lock = pull(
        "puerto",
        store,
        tmp_path / "corpus",
        Subset(where="signals.word_count < 10 and not 'noai' in opt_outs.signal or signals.word_count = 7"),
    )
    rows = pl.read_parquet(tmp_path / "corpus" / "data" / "**" / "*.parquet")
    assert (lock.rows, rows["doc_id"].to_list()) == (1, [documents[7]["doc_id"]])
    lock = pull("puerto", store, tmp_path / "corpus", Subset(where="signals.word_count < 10"))
    rows = pl.read_parquet(tmp_path / "corpus" / "data" / "**" / "*.parquet")
    assert (lock.rows, sorted(rows["signals"].struct.field("word_count"))) == (5, [1.0, 3.0, 5.0, 7.0, 9.0])


def test_columns_that_a_version_lacks_are_reported(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A condition on a column that an older version lacks is an error, and nothing is written."""
    store = Store.at(tmp_path / "store")
    manifest = build("puerto", [kept_run("a-1", [document(1), document(2)])], store, splits={}, **TERMS)
    [shard] = manifest.shards
    rows = pl.read_parquet(store.path(shard.object)).drop("contained_in")
    old_columns = {
        "signals": pl.Struct({"word_count": pl.Float32()}),
        "opt_outs": pl.List(pl.Struct({"signal": pl.String()})),
    }
    buffer = io.BytesIO()
    rows.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in old_columns.items()).write_parquet(
        buffer
    )
    entry = {"sha256": hashlib.sha256(buffer.getvalue()).hexdigest(), "bytes": len(buffer.getvalue())}
    changed = manifest.model_copy(update={"shards": (shard.model_copy(update=entry),)})
    store.write(buffer.getvalue(), changed.shards[0].object)
    store.write(changed.dumped(), "releases", "puerto", manifest.version, "manifest.json")
    for text, column in (
        ("country = 'CL' or contained_in is null", "contained_in"),
        ("signals.sentence_count > 1", r"signals\.sentence_count"),
        ("'CL' in opt_outs.value", r"opt_outs\.value"),
    ):
        with pytest.raises(ConfigError, match=rf"puerto@2026\.11\.0 has no column «{column}»"):
            pull("puerto", store, tmp_path / "corpus", Subset(where=text))
    assert not (tmp_path / "corpus").exists()
    where = "signals.word_count is null and opt_outs.signal is null and redactions.email is null"
    assert pull("puerto", store, tmp_path / "corpus", Subset(where=where)).rows == 2
