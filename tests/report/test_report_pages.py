"""`latam-corpus report`: one page about a run or a release, whole, safe to open, and true to the ledger."""

from __future__ import annotations

import re
import string
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.catalog.display_names import TIERS
from latam_corpus.codes import called
from latam_corpus.messages import LANGUAGES
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.pipeline.stored_runs.run_record import read_record
from latam_corpus.release.pages.obligations import DUTIES as OWED
from latam_corpus.report.page_words import WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun, SealRun

_VOID = {"meta", "link", "br", "img", "input"}
_HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></pre><script src=//evil.example/x.js></script>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7*7 }}{% for x in y %}",
    "\u202egnirts\u2066 desrever",
    "<!-- never closed",
    "]]><svg/onload=alert(1)>",
    "&lt;b&gt; &amp; \x00\x1b[31m\x07",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<iframe srcdoc='<script>1</script>'>",
    "a" * 10_000_000,
    "̈" * 500,
    "<a href='javascript:1'>x</a>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "\ud7ff\ufeff\u200f\u061c",
    "<plaintext>",
    "<textarea><form action=//evil.example>",
)


class _Page(HTMLParser):
    """Parse a page: its ids, links and text; elements must be closed in reverse order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.wrong: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def _checked(text: str) -> _Page:
    """Parse a page, and assert that it is well-formed, small, and without scripts or external resources."""
    page = _Page(text)
    assert page.wrong == []
    assert page.open == []
    assert len(text.encode()) < 2_000_000
    names = {tag for tag, _ in page.elements}
    assert not names & {"script", "iframe", "img", "link", "base", "form", "object", "embed", "textarea", "plaintext"}
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcdoc", "action")], tag
        assert str(attributes.get("href", "#")).startswith("#")
    [policy] = [a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert str(policy).startswith("default-src 'none'")
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(level <= previous + 1 for previous, level in pairwise(levels))
    linked = {str(a["href"])[1:] for tag, a in page.elements if tag == "a"}
    named = {str(a["aria-labelledby"]) for _, a in page.elements if "aria-labelledby" in a}
    assert linked | named <= set(ids)
    return page


def _dropped(seal_run: SealRun, run: Path, rows: list[dict[str, Any]], stage: str = "filter") -> None:
    """Add rows to a run as dropped, with the reasons in its ledger."""
    for kind, columns in (("dropped", schema.DOCUMENT_SCHEMA), ("ledger", schema.LEDGER_SCHEMA)):
        (run / kind).mkdir()
        events = [row | {"stage": stage, "verdict": "dropped", "reason": row["drop_reason"]} for row in rows]
        frame = schema.conform(pl.DataFrame(events, infer_schema_length=None), columns)
        frame.write_parquet(run / kind / "parte-00000-0.parquet")
    kept_count = read_record(run).values["rows"]["kept"]
    seal_run(run, rows={"in": kept_count + len(rows), "kept": kept_count})


@pytest.fixture
def run(document: Document, kept_run: KeptRun, seal_run: SealRun) -> Path:
    """Create a run that kept 30 documents of two countries and dropped 9 for three reasons."""
    signals = [{"stop_word_share": 0.3 + n / 100, "scripture_per_1000": 1.5} for n in range(40)]
    kept_rows = [
        document(n, title=f"Cuento {n}", signals=signals[n], country="CL" if n % 3 else "MX") for n in range(30)
    ]
    kept_rows[0] |= {"language": "quy_Latn", "genre": "religious", "published": "1898-03"}
    folder = kept_run("cuentos-1a2b3c4d", kept_rows)
    reasons = ["stop_word_share<0.3"] * 5 + ["language=eng"] * 3
    dropped_rows = [
        document(100 + n, signals={"stop_word_share": 0.2}, drop_reason=why) for n, why in enumerate(reasons)
    ]
    dropped_rows.append(
        document(200, drop_reason="duplicate", duplicate_of=kept_rows[1]["doc_id"], text=kept_rows[1]["text"] + " Fin.")
    )
    _dropped(seal_run, folder, dropped_rows)
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_is_shown_in_each_language(run: Path, command_line: CommandLine, tmp_path: Path, language: str) -> None:
    """The page states its language, links only to existing parts, and shows the counts of the ledger."""
    output = command_line("report", run, "--lang", language, "--out", tmp_path / "out").out
    path = run / "report.html"
    assert output.split()[-1] == str(path)
    page = _checked(path.read_text(encoding="utf-8"))
    assert page.elements[0] == ("html", {"lang": language})
    for key in ("flow", "holds", "why", "survival", "copies", "small", "speed", "since", "how"):
        assert WORDS[key].translate(language) in page.text
    cost = WORDS["cost"].fill(n=5, share="13\N{NARROW NO-BREAK SPACE}%", sources="cuentos-del-puerto (5)")
    assert " ".join(cost.translate(language).split()) in page.text
    lead = WORDS["run_lead"].fill(n=39, kept=30, share="77\N{NARROW NO-BREAK SPACE}%")
    assert " ".join(lead.translate(language).split()) in page.text
    assert "latam-corpus explain" in page.text


def test_costliest_reason_comes_first(run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """The page shows documents near the bound, copies next to kept documents, and scripture in the small language."""
    command_line("report", run, "--lang", "en", "--out", tmp_path / "out")
    text = _checked((run / "report.html").read_text(encoding="utf-8")).text
    codes = [text.index(reason) for reason in ("stop_word_share<0.3", "language=eng", "duplicate Documents: 1")]
    assert codes == sorted(codes)
    assert "✗ set aside" in text
    assert "✓ kept" in text
    assert "only in this one: Fin." in text
    assert re.search(r"Ayacucho Quechua 1 100 % 0 % 1\.5", text.replace("\N{NARROW NO-BREAK SPACE}", " "))
    assert "1890–1899" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_curators_five_questions_are_answered(
    document: Document, kept_run: KeptRun, seal_run: SealRun, command_line: CommandLine, tmp_path: Path, language: str
) -> None:
    """The page has losses by source and bound, small languages and scripture, changes, terms, and next steps."""
    kept_rows = [document(n, source_id="diario" if n < 4 else "cancionero") for n in range(8)]
    kept_rows[0] |= {
        "language": "quy_Latn",
        "genre": "religious",
        "rights": "CC-BY-SA-4.0",
        "rights_tier": "share_alike",
    }
    kept_rows[1] |= {"language": "quy_Latn", "rights": None, "rights_tier": "unknown"}
    dropped_rows = [document(20 + n, source_id="cancionero", drop_reason="stop_word_share<0.3") for n in range(3)]
    dropped_rows.append(document(30, source_id="diario", drop_reason="language=eng"))
    previous, now = (kept_run(name, kept_rows) for name in ("cuentos-1a2b3c4d", "cuentos-5e6f7a8b"))
    _dropped(seal_run, now, dropped_rows)
    count = {"rows_in": 12, "kept": 8, "dropped": {}, "failed": {}, "changed": 0, "seconds": 1.0}
    for n, folder in enumerate((previous, now)):
        files = [{"file": f"{item}.txt", "bytes": 9, "sha256": "0", "key": "k"} for item in range(2 + 40 * n)]
        seal_run(
            folder,
            written=f"2026-11-2{n}T10:00:00+00:00",
            sources=[{"id": item, "title": item.title()} for item in ("diario", "cancionero")],
            stages={"filter": count | {"kept": 9 - n}},
            by_genre=[{"source": "diario", "genre": "news", "in": 6 - n, "kept": 4}],
            parts=[{"name": "diario-0", "source": "diario", "files": files, "bytes": 9}],
            made_of=[{"stage": "filter", "options": {"policies": n}, "models": {}, "code": "a", "libraries": {}}],
        )
    out = ("--out", tmp_path / "out", "--lang", language)
    command_line("release", "build", "puerto", now.name, "--admit", "open", "--uses", "train", *out)
    command_line("report", now, *out)
    page = _checked((now / "report.html").read_text(encoding="utf-8"))
    text = page.text.replace("\N{NARROW NO-BREAK SPACE}", " ")

    def words(key: str) -> str:
        return WORDS[key].translate(language)

    lost = text.partition(words("sources"))[2].partition(words("holds"))[0]
    bound = meaning("stop_word_share<0.3").translate(language)
    assert f"Cancionero {bound} (3)" in lost
    assert lost.index("Cancionero") < lost.index("Diario")
    assert f"{called('quy', language)} 2 50 % 0 %" in text.rpartition(words("small_how"))[2]
    changed = text.rpartition(words("since_how"))[2].partition(words("how_explain"))[0]
    assert f"{words('source')} Diario 4 / 6 4 / 5" in changed
    assert f"{words('stage')} filter 9 / 12 8 / 12" in changed
    assert f"{words('files')} Diario · {words('files_new')} — 40" in changed
    assert "{'policies': 1}" in changed
    owed = text.rpartition(words("owing_how"))[2].partition(words("speed"))[0]
    terms = f"CC-BY-SA-4.0 {TIERS['share_alike'].translate(language)}"
    assert f"{terms} {OWED['attribution'].translate(language)}; {OWED['share_alike'].translate(language)} 1" in owed
    assert words("no_rights") in owed
    how = text.rpartition(words("how_explain"))[2]
    assert "latam-corpus explain" in how
    assert f"--run {now.name} --html" in how
    assert "latam-corpus release withdraw puerto --doc DOC_ID" in how


def test_long_copies_are_compared_whole(
    document: Document, kept_run: KeptRun, seal_run: SealRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """Words at the end of a long text count, and the place where a text is cut isn't a difference."""
    words = " ".join(f"palabra{n}" for n in range(1500))
    folder = kept_run("cuentos-1a2b3c4d", [document(0, text=words)])
    more = f"Ay sí: {words} " + " ".join(f"agregada{n}" for n in range(40))
    _dropped(seal_run, folder, [document(1, text=more, drop_reason="duplicate", duplicate_of=document(0)["doc_id"])])
    command_line("report", folder, "--lang", "en", "--out", tmp_path / "out")
    text = _checked((folder / "report.html").read_text(encoding="utf-8")).text
    assert WORDS["both_have"].fill(shared="1500", own="42", other="0").translate("en") in text
    assert "… (+16) …" in text


def test_section_on_small_languages_needs_one(
    document: Document, kept_run: KeptRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """The pages of a Spanish run and its version have no such section and no link to it."""
    out = ("--out", tmp_path / "out", "--lang", "en")
    folder = kept_run("cuentos-1a2b3c4d", [document(n) for n in range(9)])
    built = command_line("release", "build", "puerto", folder.name, "--admit", "open", "--uses", "train", *out)
    assert built.code == 0, built.err
    assert command_line("report", folder, *out).code == 0
    pages = [folder / "report.html", *(tmp_path / "out" / "reports").glob("puerto-*.html")]
    assert len(pages) == 2
    for path in pages:
        assert WORDS["small"].translate("en") not in _checked(path.read_text(encoding="utf-8")).text


def test_run_counts_its_own_documents_of_a_version(
    document: Document, kept_run: KeptRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """The run's page counts the version's other documents separately, so its share never exceeds 100 %."""
    out = ("--out", tmp_path / "out")
    build = ("release", "build", "puerto", "--admit", "open", "--uses", "train", *out)
    first = kept_run("cuentos-1a2b3c4d", [document(n) for n in range(9)])
    second = kept_run("cuentos-5e6f7a8b", [document(n) for n in range(20, 22)])
    for run, more in ((first, ()), (second, ("--parent", "latest"))):
        result = command_line(*build, run.name, *more)
        assert result.code == 0, result.err
    command_line("report", second, "--lang", "en", *out)
    text = _checked((second / "report.html").read_text(encoding="utf-8")).text
    assert "11 documents. Of these this run kept 2; the others are from elsewhere." in text
    assert "550" not in text


def test_of_many_sources_the_first_are_named_and_the_others_counted(
    document: Document, kept_run: KeptRun, seal_run: SealRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """The flow, the terms and the stages name a fixed number of items, so a page doesn't grow with a corpus."""
    kept_rows = [document(n, source_id=f"fuente-{n:03d}", title=f"Cuento {n}", rights=f"Carta {n}") for n in range(70)]
    folder = kept_run("cuentos-1a2b3c4d", kept_rows)
    _dropped(
        seal_run,
        folder,
        [document(100 + n, source_id=f"fuente-{n:03d}", drop_reason=f"language=l{n}") for n in range(70)],
    )
    result = command_line("report", folder, "--lang", "en", "--out", tmp_path / "out")
    assert result.code == 0, result.err
    text = _checked((folder / "report.html").read_text(encoding="utf-8")).text
    assert "Carta 39" in text
    assert "Carta 40" not in text
    assert text.count("and 30 more") == 2


def test_pieces_that_a_stage_makes_of_a_document_came_with_it(
    document: Document, kept_run: KeptRun, seal_run: SealRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """They are among those that came: no stage has more than all, and the last has those that stay."""
    folder = kept_run("cuentos-1a2b3c4d", [document(1), document(2)])
    _dropped(seal_run, folder, [document(3, drop_reason="language=eng")])
    count = {"rows_in": 3, "kept": 3, "changed": 0, "made": 1, "dropped": {}, "failed": {}, "seconds": 0.0}
    stages = {"extract": count, "identify": count | {"made": 0, "kept": 2, "dropped": {"language=eng": 1}}}
    seal_run(folder, stages=stages)
    assert command_line("report", folder, "--lang", "en", "--out", tmp_path / "out").code == 0
    text = _checked((folder / "report.html").read_text(encoding="utf-8")).text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "extract 100 % 3" in text
    assert re.search(r"identify it is in another language: English \(1\) 67 % 2 1", text), text


def test_pages_have_no_unfilled_parameters(run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """No brace of a sentence or a template is left on a page."""
    command_line("report", run, "--lang", "es", "--out", tmp_path / "out")
    assert not set("{}") & set(_checked((run / "report.html").read_text(encoding="utf-8")).text)
    for sentence in WORDS.values():
        assert all(name for _, name, *_ in string.Formatter().parse(sentence.msgid) if name is not None)


def test_hostile_texts_and_names_stay_texts(
    document: Document, kept_run: KeptRun, seal_run: SealRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """Texts and names add no script, element or attribute; characters that reverse a line are shown as codes."""
    kept_rows = [
        document(
            n, text=f"{item}\n{item}", title=item, country=item[:40], variety=item, contributor=item, published=item
        )
        for n, item in enumerate(_HOSTILE)
    ]
    folder = kept_run("cuentos-1a2b3c4d", kept_rows, title=_HOSTILE[2])
    _dropped(
        seal_run,
        folder,
        [row | {"drop_reason": row["title"][:300], "variant_of": None} for row in kept_rows],
        _HOSTILE[0],
    )
    result = command_line("report", folder, "--out", tmp_path / "out")
    assert result.code == 0, result.err
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = _checked(text)
    assert "<script>alert(1)</script>" in page.text
    assert not set("\u202e\u2066\u200f\x1b\x07\x00") & set(text)
    assert "\\u202egnirts" in page.text


def _no_trace(path: Path) -> _Page:
    """Parse a page, and assert that it has no hostile element and no invisible character."""
    text = path.read_text(encoding="utf-8")
    page = _checked(text)
    assert not set("\u202e\u2066\u200f\x1b\x07\x00") & set(text)
    return page


def test_hostile_texts_stay_texts_on_the_other_pages(
    document: Document, kept_run: KeptRun, seal_run: SealRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """The pages of `measure`, `sample` and `explain` escape text, title, author, reason and copy."""
    signals = {"stop_word_share": 0.1, "word_count": 40.0}
    short = [item[:100_000] for item in _HOSTILE]
    words = [*short, " ".join(item for item in short if len(item) < 1000)]
    about = [dict.fromkeys(("title", "contributor", "variety", "rights"), item) | {"text": item} for item in words]
    kept_rows = [document(n, **item, creators=[item["title"]], signals=signals) for n, item in enumerate(about)]
    folder = kept_run("cuentos-1a2b3c4d", kept_rows)
    copies = [
        row
        | {"doc_id": f"{n:032x}", "duplicate_of": row["doc_id"], "text": f"{row['text']}\nFin.", "url": row["title"]}
        for n, row in enumerate(kept_rows)
    ]
    _dropped(seal_run, folder, [row | {"drop_reason": row["title"][:300] + "!"} for row in copies], words[-1])
    out = ("--out", tmp_path / "out")
    command_line("measure", folder, "--html", tmp_path / "m.html", *out)
    assert "<script>alert(1)</script>" in _no_trace(tmp_path / "m.html").text
    for more in ([], ["--set-aside", "--by", "drop_reason"]):
        command_line("sample", folder, "--n", "50", *more, "--to", tmp_path / "s.html", *out)
        assert "\\u202egnirts" in _no_trace(tmp_path / "s.html").text
    for number in (_HOSTILE.index("a" * 10_000_000), len(words) - 1):
        assert command_line("explain", f"{number:032x}", "--html", tmp_path / "v.html", *out).code == 0
        assert "only in this one: Fin." in _no_trace(tmp_path / "v.html").text


def test_hostile_files_are_escaped_on_desk_pages(command_line: CommandLine, tmp_path: Path) -> None:
    """The pages of `sources preview` and `sources inventory` escape the names and texts of a partner's files."""
    folder = tmp_path / "entrega"
    folder.mkdir()
    for n, item in enumerate(_HOSTILE):
        words = item[:20_000].encode()
        name = "".join(sign for sign in item[:60] if sign not in "/\x00")
        (folder / f"{n} {name}.txt").write_bytes(words + "\nLa barca salió del puerto antes del alba.".encode())
    out = ("--out", tmp_path / "out")
    command_line("sources", "preview", folder, "--n", "20", "--html", tmp_path / "p.html", *out)
    assert "La barca salió" in _no_trace(tmp_path / "p.html").text
    command_line("sources", "inventory", folder, "--html", tmp_path / "i.html", *out)
    assert _no_trace(tmp_path / "i.html").text.count("<script") == 5


def test_page_shows_only_permitted_texts(
    document: Document, kept_run: KeptRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """Texts are redacted and shown only if their terms allow it; `--internal` shows all and writes another file."""
    kept_rows = [
        document(1, text="Escriba a rosa@ejemplo.org. A la vista."),
        document(2, text="Por dentro.", uses=["train"]),
    ]
    folder = kept_run("cuentos-1a2b3c4d", kept_rows)
    command_line("report", folder, "--out", tmp_path / "out")
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "A la vista" in text
    assert "rosa@" not in text
    assert "Por dentro" not in text
    passed_on = tmp_path / "fuera.html"
    command_line("report", folder, "--to", passed_on, "--out", tmp_path / "out")
    assert "A la vista" in passed_on.read_text(encoding="utf-8")
    command_line("report", folder, "--internal", "--lang", "en", "--out", tmp_path / "out")
    inside = _checked((folder / "report-internal.html").read_text(encoding="utf-8"))
    assert "Por dentro" in inside.text
    assert "Internal: the terms of some texts" in inside.text
    assert "Por dentro" not in (folder / "report.html").read_text(encoding="utf-8")


def test_run_page_names_documents_with_hidden_texts(
    document: Document, kept_run: KeptRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """The page in the run's folder names them by redacted title or file; a page to share names none of them."""
    origin = {"file": "cartas/carta-de-rosa.txt"}
    turn = {"speaker": "Ana", "start": None, "end": None}
    kept_rows = [
        document(1, text="Por dentro.", title="Carta a rosa@ejemplo.org", uses=["train"]),
        document(2, text="Por dentro también.", title=None, uses=["train"], origin=origin),
        document(3, text="Lo cerrado.", title="Título cerrado", uses=[], consent=[{"label": "TK SS"}]),
        document(4, text="Lo retirado.", title="Título retirado", uses=["train"]),
        # Not redacted in its run: only the text would show whose name is in the title.
        document(5, text="Ana: Sí.", title="Charla con Ana", uses=["train"], turns=[turn]),
    ]
    folder = kept_run("cuentos-1a2b3c4d", kept_rows)
    out, passed_on = ("--out", tmp_path / "out"), tmp_path / "fuera.html"
    terms = ("--admit", "open", "--uses", "train", "--no-report")
    assert command_line("release", "build", "cuentos", folder.name, *terms, *out).code == 0
    withdrawn = document(4)["doc_id"]
    assert command_line("release", "withdraw", "cuentos", "--doc", withdrawn, "--because", "lo pide", *out).code == 0
    assert command_line("report", folder.name, "--lang", "en", *out).code == 0
    assert command_line("report", folder.name, "--to", passed_on, *out).code == 0
    own_page, shared_page = ((path).read_text(encoding="utf-8") for path in (folder / "report.html", passed_on))
    assert "Carta a [EMAIL]" in own_page
    assert "carta-de-rosa.txt" in own_page
    assert "without them, to share" in own_page
    for words in ("Por dentro", "rosa@", "Lo cerrado", "Título cerrado", "Lo retirado", "Título retirado", "Charla"):
        assert words not in own_page
    for words in ("Carta a", "carta-de-rosa", "Por dentro", "Título", "without them, to share"):
        assert words not in shared_page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_release_is_shown_in_each_language(
    run: Path, command_line: CommandLine, tmp_path: Path, language: str
) -> None:
    """The page has obligations and gaps, and no text; the store isn't changed."""
    out = ("--out", tmp_path / "out", "--lang", language)
    output = command_line("release", "build", "puerto", run.name, "--admit", "open", "--uses", "train", *out).out
    page = tmp_path / "out" / "reports" / f"puerto-{output.split('@')[1].split(':')[0]}.html"
    assert output.split()[-1] == str(page)
    previous = sorted(path for path in (tmp_path / "out" / "store").rglob("*"))
    command_line("report", "puerto", *out)
    assert sorted(path for path in (tmp_path / "out" / "store").rglob("*")) == previous
    text = page.read_text(encoding="utf-8")
    told_page = _checked(text)
    for key in ("obligations", "gaps", "limits", "withdraw"):
        assert WORDS[key].translate(language) in told_page.text
    assert "La barca" not in text
    assert {"es": "Uruguay, Venezuela", "pt": "Uruguai, Venezuela", "en": "Uruguay, Venezuela"}[
        language
    ] in told_page.text


def test_no_report_writes_no_page(run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """`--no-report` writes no page."""
    command_line(
        "release",
        "build",
        "puerto",
        run.name,
        "--admit",
        "open",
        "--uses",
        "train",
        "--no-report",
        "--out",
        tmp_path / "out",
    )
    assert not (tmp_path / "out" / "reports").exists()
