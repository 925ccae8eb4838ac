"""An error in a sitemap, a feed or an OAI-PMH reply costs one element, and bombs and cut documents are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.harvest.crawl.answers.lenient_xml import parse_xml
from latam_corpus.harvest.crawl.answers.links import listing
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.feeds.entries import feed_of
from latam_corpus.harvest.oai.replies import reply_of

_AT = "https://gaceta.example/x"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = (
    _HEAD
    + '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}<url><loc>https://a.example/2</loc></url></urlset>'
)
_FEED = (
    _HEAD
    + '<rss version="2.0"><channel>{}<item><link>https://a.example/2</link><title>Dos</title></item></channel></rss>'
)
_OAI = _HEAD + (
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-01-01T00:00:00Z</responseDate><ListRecords>'
    '{}<record><header><identifier>oai:2</identifier></header></record><resumptionToken>t</resumptionToken>'
    "</ListRecords></OAI-PMH>"
)  # fmt: skip
_URL = "<url><loc>https://a.example/1?a=1{}</loc></url>"
_ITEM = "<item><link>https://a.example/1</link><title>Canción{}</title></item>"
_RECORD = (
    '<record><header><identifier>oai:1</identifier></header><metadata><oai_dc:dc xmlns:oai_dc="o" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Canción{}</dc:title></oai_dc:dc></metadata></record>'
)


def _all_three(inner: str, outer: str = "{}") -> tuple[str, str, list[str]]:
    """Return the first address of a sitemap, and the first titles of a feed and of a repository."""
    pages = listing(outer.format(_SITEMAP.format(_URL.format(inner))).encode(), _AT)
    feed = feed_of(outer.format(_FEED.format(_ITEM.format(inner))).encode(), _AT)
    reply = reply_of(outer.format(_OAI.format(_RECORD.format(inner))).encode())
    assert pages is not None
    assert pages.pages[1:] == ["https://a.example/2"]
    assert feed.entries[1].title == "Dos"
    assert (reply.records[1].identifier, reply.token) == ("oai:2", "t")
    first = feed.entries[0].title or ""
    titles = [first.removeprefix("Canción"), reply.records[0].dc["title"][0].removeprefix("Canción")]
    return pages.pages[0].removeprefix("https://a.example/1?a=1"), titles[0], titles[1:]


@pytest.mark.parametrize(
    "outer",
    [
        "\n\n{}", "\ufeff\n{}", "<!-- caché -->\n{}", "Warning: mysql_connect() in /x.php\n<br />\n{}",
        "{}\n<!-- 0.2 s -->x", "{}<script>x</script>", "{}\n</html>", "{}\x00\x00",
    ],
)  # fmt: skip
def test_text_around_a_document_is_ignored(outer: str) -> None:
    """Blank lines, server messages and bytes after the root are ignored."""
    assert _all_three("&amp;b", outer) == ("&b", "&b", ["&b"])


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("&oacute;", "ó"),
        ("&iquest;y&hellip;", "¿y…"),
        ("&LT;", "<"),
        ("&b=2", "&b=2"),
        ("&b;", "&b;"),  # an entity of nobody
        ("&&amp;&#38;", "&&&"),
        ("&", "&"),
        ("\x08&#8;&#x1f;&#0;", ""),
        ("1 < 2", "1 < 2"),
        ("<![CDATA[&b]]>&", "&b&"),
        ("&#xe1;&#225;&", "áá&"),
    ],
)
def test_an_error_in_a_text_costs_at_most_that_text(inner: str, expected: str) -> None:
    """HTML entities, bare ampersands, signs and invalid characters are repaired."""
    assert _all_three(inner) == (expected, expected, [expected])


@pytest.mark.parametrize(
    ("broken", "title"),
    [
        ("<title>Uno</title><dc:creator>Ana</dc:creator>", "Uno"),
        ('<title>Uno</title><media:thumbnail url="x"/><slash:comments>1</slash:comments>', "Uno"),
        ('<title xlink:href="x">Uno</title>', "Uno"),
        ("<title>Uno<br>y <b>medio</title>", "Uno y medio"),
        ('<title>Uno</title><description><p>Hola<br><img src="a.png"></description>', "Uno"),
        ("<title>Uno</title><description>a</b></i></description>", "Uno"),
        ("<title>Uno</title><description><![CDATA[<b>&nbsp;& ]]></description>", "Uno"),
        ("<title>Uno</title><!-- & < <b> -->", "Uno"),
    ],
)
def test_undeclared_prefixes_and_stray_tags_of_html(broken: str, title: str) -> None:
    """Entries next to an error are kept, even if every entry has one."""
    feed = feed_of(_FEED.format(f"<item><link>https://a.example/1</link>{broken}</item>" * 400).encode(), _AT)
    assert len(feed.entries) == 401
    assert [entry.title.split() for entry in (feed.entries[0], feed.entries[399]) if entry.title] == [title.split()] * 2
    assert feed.entries[-1].title == "Dos"


def test_undeclared_prefixes_have_their_usual_meaning() -> None:
    """An undeclared prefix `dc:` means Dublin Core."""
    feed = feed_of(_FEED.format("<item><title>Uno</title><dc:creator>Ana</dc:creator></item>").encode(), _AT)
    assert feed.entries[0].creators == ("Ana",)
    record = "<record><metadata><oai_dc:dc><dc:title>Uno</dc:title></oai_dc:dc></metadata></record>"
    assert reply_of(_OAI.format(record).encode()).records[0].dc["title"] == ["Uno"]


@pytest.mark.parametrize("namespace", ["http://purl.org/dc/elements/1.1", "http://purl.org/dc/elements/1.0/"])
def test_dublin_core_is_known_by_any_version_of_its_name(namespace: str) -> None:
    """The namespace without its last slash is Dublin Core, and another vocabulary is not."""
    titles = "<dc:title>Uno</dc:title><title>Dos</title>"
    record = f'<record><metadata><d xmlns:dc="{namespace}">{titles}</d></metadata></record>'
    assert reply_of(_OAI.format(record).encode()).records[0].dc["title"] == ["Uno"]


def test_single_bytes_of_latin_1_cost_neither_their_neighbours_nor_the_document() -> None:
    """Latin-1 bytes in a UTF-8 document are decoded."""
    body = _FEED.format(_ITEM.format(" añeja")).encode().replace("añeja".encode(), "añeja".encode("latin-1"))
    assert feed_of(body, _AT).entries[0].title == "Canción añeja"
    for charset in ("utf-16", "utf-16-le", "utf-16-be", "latin-1"):
        feed = _FEED.replace("UTF-8", "latin-1" if charset == "latin-1" else "utf-16").format(_ITEM.format(" & más"))
        assert feed_of(feed.encode(charset), _AT).entries[0].title == "Canción & más"
    pages = listing(_SITEMAP.format(_URL.format("")).encode("utf-16"), _AT)
    assert pages is not None
    assert len(pages.pages) == 2


_BOMB = '<!DOCTYPE {0} [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "body",
    [
        _BOMB.format("rss") + "<rss><channel>&b;</channel></rss>",
        "\n" + _HEAD + _BOMB.format("rss") + "<rss><channel>&b; & </channel></rss>",
        _HEAD + '<!DOCTYPE rss [<!ENTITY a "]>"><!ENTITY b "&a;&a;">]><rss><channel>&b; & </channel></rss>',
        _HEAD + '<!-- <x> --><!DOCTYPE rss [<!ENTITY % p SYSTEM "http://x.example/">%p;]><rss><b>&</rss>',
        "<rss>" + "<item>" * 300 + "&</item>" * 300 + "</rss>",
        "<rss>" + "<item>" * 50_000,
        f"<rss><item>{'x' * 10_500_000}&</item></rss>",
        _FEED.format(_ITEM)[:-30],
        _FEED.format(_ITEM.format("&"))[:-7],
        "", " ", "no", "<", "<!DOCTYPE", "<?xml?>",
    ],
    ids=range(15),
)  # fmt: skip
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_bombs_and_cut_documents_are_refused(body: str, charset: str) -> None:
    """Bombs, excessive depth or text, cut documents and empty ones are refused."""
    with pytest.raises(TroubleError, match="damaged XML"):
        parse_xml(body.encode(charset))


def test_a_doctype_without_entities_is_accepted() -> None:
    """A doctype without entities is accepted, and HTML entities are known."""
    old = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "https://x.example/rss-0.91.dtd">'
    assert parse_xml(f"{old}<rss>ma&ntilde;ana</rss>".encode()).text == "mañana"
    assert parse_xml(f"{old}<rss>mañana</rss>".encode()).text == "mañana"


@given(st.text(alphabet="<>&;!-[]?/ abrsx:=\"'#\n\ufeffñ", max_size=80))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """Arbitrary bytes give a document or a `TroubleError`."""
    for body in (text, _HEAD + text, f"<rss>{text}</rss>", f"<rss {text}><item/></rss>"):
        try:
            parse_xml(body.encode())
        except TroubleError as error:
            assert error.cause == "damaged XML"  # noqa: PT017


@pytest.mark.parametrize(
    "piece", ["&", "<", "<!--", "<![CDATA[", "<b ", "a:", "<a:b ", "xmlns:a=", "<!DOCTYPE [", "\x00", "]]>"]
)
def test_repair_takes_linear_time(piece: str) -> None:
    """Repair takes linear time, which the test run's time limit checks."""
    try:
        parse_xml(b"<rss>" + piece.encode() * (2**20 // len(piece)) + b"&</rss>")
    except TroubleError as error:
        assert error.cause == "damaged XML"  # noqa: PT017
