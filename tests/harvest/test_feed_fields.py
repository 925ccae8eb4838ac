"""The fields of a feed's entries are read as their authors meant them, in the forms that programs write."""

from __future__ import annotations

import pytest

from latam_corpus.harvest.feeds.entries import FeedEntry, feed_of

_AT = "https://gaceta.example/rss"
_NAMES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:x="http://www.w3.org/1999/xhtml" '
    'xmlns:media="http://search.yahoo.com/mrss/"'
)


def _rss(item: str) -> FeedEntry:
    return feed_of(f"<rss {_NAMES}><channel><item>{item}</item></channel></rss>".encode(), _AT).entries[0]


def _atom(entry: str, version: str = "http://www.w3.org/2005/Atom") -> FeedEntry:
    return feed_of(f'<feed xmlns="{version}" {_NAMES}><entry>{entry}</entry></feed>'.encode(), _AT).entries[0]


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("<title>Pan &amp; vino</title>", "Pan & vino"),
        ("<title>Pan &amp;amp; vino</title>", "Pan & vino"),
        ("<title><![CDATA[Pan &amp; vino]]></title>", "Pan & vino"),
        ("<title>&amp;iquest;Ma&amp;ntilde;ana?</title>", "¿Mañana?"),
        ("<title>&lt;b&gt;Hoy&lt;/b&gt; llueve</title>", "Hoy llueve"),
        ("<title><![CDATA[<em class='x'>Hoy</em> llueve<br/>mucho]]></title>", "Hoy llueve mucho"),
        ("<title><b>Hoy</b> llueve</title>", "Hoy llueve"),
        ("<title>Sal &lt;nada&gt; y 5 &lt; 6</title>", "Sal <nada> y 5 < 6"),
        ("<title>a&#150;b &#147;c&#148;</title>", "a–b “c”"),
        ("<title>\n  Dos\n líneas </title>", "Dos líneas"),
        ("<TITLE>Alto</TITLE>", "Alto"),
        ("<title/>", None),
        ("<title> &lt;br&gt; </title>", None),
    ],
)  # fmt: skip
def test_the_title_of_an_rss_entry_is_plain(title: str, plain: str | None) -> None:
    """Entities and HTML tags are removed, and other angle brackets are kept."""
    assert _rss(title).title == plain


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ('<title type="html">&lt;i&gt;Hoy&lt;/i&gt; &amp;amp; ma&amp;ntilde;ana</title>', "Hoy & mañana"),
        ('<title type="text">La etiqueta &lt;b&gt; &amp;amp; otras</title>', "La etiqueta <b> &amp; otras"),
        ('<title type="xhtml"><x:div><x:b>Hoy</x:b> llueve</x:div></title>', "Hoy llueve"),
    ],
)
def test_the_title_of_an_atom_entry_follows_its_type(title: str, plain: str) -> None:
    """A title of type text is taken literally."""
    assert _atom(title).title == plain


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("<author>ana@gaceta.example (Ana Paz)</author>", ("Ana Paz",)),
        ("<author>Ana Paz (ana@gaceta.example)</author>", ("Ana Paz",)),
        ("<author>Ana Paz &lt;ana@gaceta.example&gt;</author>", ("Ana Paz",)),
        ("<author>Ana Paz [mailto:ana@gaceta.example]</author>", ("Ana Paz",)),
        ("<author>ana@gaceta.example</author>", ()),
        ("<author>Ana Paz (Redacción)</author>", ("Ana Paz (Redacción)",)),
        ("<dc:creator><![CDATA[Jos&eacute; Paz]]></dc:creator>", ("José Paz",)),
        ("<dc:creator>&lt;a href='/ana'&gt;Ana&lt;/a&gt;</dc:creator><author>Luis</author>", ("Ana", "Luis")),
    ],
)
def test_an_author_is_a_name(author: str, names: tuple[str, ...]) -> None:
    """E-mail addresses before or after a name are removed."""
    assert _rss(author).creators == names


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("<pubDate>Tue, 03 Mar 2026 10:00:00 -0300</pubDate>", "2026-03-03"),
        ("<pubdate>3 Mar 2026</pubdate>", "2026-03-03"),
        ("<pubDate>mar, 03 mar 2026 10:00:00 -0300</pubDate>", "2026-03-03"),
        ("<pubDate>lun., 5 ene. 2026 08:00:00 GMT</pubDate>", "2026-01-05"),
        ("<pubDate>seg, 05 out 2026 08:00:00 GMT</pubDate>", "2026-10-05"),
        ("<dc:date>2026-03-03T23:00:00-03:00</dc:date>", "2026-03-03"),
        ("<dcterms:issued>2026-03-03</dcterms:issued>", "2026-03-03"),
        ("<dcterms:created>2026-03-03</dcterms:created>", "2026-03-03"),
        ("<dcterms:modified>2026-03-03</dcterms:modified>", "2026-03-03"),
        ("<issued>2026-03-03T10:00:00Z</issued>", "2026-03-03"),
        ("<modified>2026-04-01</modified><issued>2026-03-03</issued>", "2026-03-03"),
        ("<dcterms:modified>2026-04-01</dcterms:modified><pubDate>03 Mar 2026 10:00 GMT</pubDate>", "2026-03-03"),
        ("<created>2026-03-03</created>", "2026-03-03"),
        ("<pubDate>ayer</pubDate>", None),
        ("<pubDate>99 zzz 9999</pubDate>", None),
    ],
)
def test_a_date_is_found_by_the_names_of_every_version(date: str, day: str | None) -> None:
    """Dates of RSS, its modules, Atom and Atom 0.3 are read, with months in several languages."""
    assert _rss(date).published == day
    assert _atom(date, "http://purl.org/atom/ns#").published == day


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ('<content type="xhtml"><x:div><x:p>Hola</x:p> y</x:div></content>', "<div><p>Hola</p> y</div>"),
        ('<content type="xhtml">Hola <x:b>y</x:b> 1 &lt; 2</content>', "Hola <b>y</b> 1 &lt; 2"),
        ('<content type="xhtml"><x:p>Hola<x:br/>y</x:p></content>', "<p>Hola<br>y</p>"),
        ('<content type="application/xhtml+xml" mode="xml"><x:p>Hola</x:p></content>', "<p>Hola</p>"),
        ('<content type="html"><x:p>Hola</x:p></content>', "<p>Hola</p>"),
        ('<content type="text/html" mode="escaped">&lt;p&gt;Hola&lt;/p&gt;</content>', "<p>Hola</p>"),
        ('<content type="text/plain">1 &lt; 2</content>', "<p>1 &lt; 2</p>"),
        ("<x:body><x:p>Hola</x:p></x:body>", "<p>Hola</p>"),
        ("<content:encoded>&lt;p&gt;Hola&lt;/p&gt;</content:encoded>", "<p>Hola</p>"),
        ('<media:content url="/a.jpg">una foto</media:content>', None),
        ('<content src="/a.html" type="html"/>', None),
        ('<content type="image/png">aGk=</content>', None),
    ],
)
def test_a_text_in_xhtml_is_html(content: str, html: str | None) -> None:
    """XHTML loses its namespace prefixes and keeps text outside elements."""
    assert _atom(content).content == html


def test_xhtml_in_a_damaged_feed_is_html_too() -> None:
    """Tags that were escaped to repair the feed are still read as HTML."""
    feed = "<feed><entry><title>a & b</title><content type='xhtml'><div><p>Hola<br>y</p></div></content></entry></feed>"
    entry = feed_of(feed.encode(), _AT).entries[0]
    assert (entry.title, entry.content) == ("a & b", "<div><p>Hola<br>y</p></div>")
