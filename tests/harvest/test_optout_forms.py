"""Opt-outs are read in the forms that sites use, and an unreadable statement about training is an opt-out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.catalog.optout.opt_out import withheld
from latam_corpus.catalog.optout.page_opt_outs import Head, head_opt_outs, header_opt_outs
from latam_corpus.catalog.optout.preferences import content_signal_use, content_usage, reservation
from latam_corpus.catalog.optout.rsl import licence_verdict
from latam_corpus.harvest.optout.robots import Robots
from latam_corpus.harvest.optout.site import ai_txt_opt_outs, file_reservation

if TYPE_CHECKING:
    from latam_corpus.catalog.optout.opt_out import Signal

_NOW = datetime(2026, 12, 1, tzinfo=UTC)
_ROOT = "https://a.example"

_REFUSALS = [
    "train-ai=n",
    "ai=n",
    "genai=n",
    "train-genai=n",
    "tdm=n",
    "all=n",
    "bots=n",
    "*=n",
    "train-ai=no",
    "train-ai=N",
    "Train-AI=NO",
    "TRAIN_AI=n",
    "train-ai:n",
    "train-ai: no",
    "train-ai = n",
    'train-ai="n"',
    '"train-ai"="no"',
    "train-ai=?0",
    "train-ai=false",
    "train-ai=0",
    "train-ai=(n)",
    "train‑ai=n",
    "train-ai＝n",
    "search=y; train-ai=n",
    "search=y;train-ai=n;x=1",
    "train-ai=n;exceptions=research",
    "search=y train-ai=n",
    "search=y | ai=n",
    "ai-train:no",
    "ai-train=n",
    "ai-train=false",
    'ai-train="no"',
    "ai_train=no",
    "datamining=no",
    "machine-learning=no",
    # In which the value can't be understood, or contradicts another.
    "train-ai",
    "train-ai=",
    "train-ai=maybe",
    "train-ai=yes but not for models",
    "train-ai=y, train-ai=n",
    "train-ai=n, train-ai=y",
    "all=n, train-ai=y",
    "no training",
    "noai",
    "noai=yes",
    "tdm-reservation=1",
]
_NO_REFUSALS = [
    "train-ai=y",
    "train-ai=yes",
    "train-ai=1",
    "train-ai=allow",
    'train-ai="yes"',
    "train-ai=y;v=1",
    "ai=y, genai=y",
    "search=n",
    "search=no, ai-input=no",
    "ai-train=yes, search=yes, ai-input=no",
    "all=y",
    "search=all",
    "thai=n",
    "tdm-reservation=0",
    "policy=https://a.example/ai-train, ai-train=yes",
    "",
]


@pytest.mark.parametrize("field", ["Content-Usage", "Content-Signal"])
@pytest.mark.parametrize("value", _REFUSALS)
def test_a_refusal_is_read_in_every_deployed_form(field: str, value: str) -> None:
    """Each form counts in a header, in robots.txt with or without a path, and in a meta element."""
    signal = field.lower()
    assert signal in [opt_out.signal for opt_out in header_opt_outs([(signal, value)], _ROOT, _NOW)]
    for line in (f"{field}: {value}", f"{field}: / {value}", f"Allow: /\n{field.lower()}s: {value}"):
        opt_outs = Robots(f"User-agent: *\n{line}").opt_outs(f"{_ROOT}/nota", _ROOT, _NOW)
        assert signal in [opt_out.signal for opt_out in opt_outs], line
        assert all(opt_out.value for opt_out in opt_outs)
    quoted = value.replace('"', "&quot;")
    for name in (field, f"{field}s"):
        page = Head(f'<meta http-equiv="{name}" content="{quoted}">'.encode())
        assert signal in [opt_out.signal for opt_out in head_opt_outs(page, _ROOT, _NOW)]


@pytest.mark.parametrize("value", _NO_REFUSALS)
def test_a_permission_and_other_uses_refuse_nothing(value: str) -> None:
    """A clear permission, search and model input are no opt-outs of training."""
    for name in ("content-usage", "content-signal"):
        assert header_opt_outs([(name, value)], _ROOT, _NOW) == []
        assert Robots(f"User-agent: *\n{name}: {value}").opt_outs(f"{_ROOT}/nota", _ROOT, _NOW) == []


@pytest.mark.parametrize(
    ("value", "signals"),
    [
        ("search=yes,ai-train=no,use=reference", ["content-signal", "content-signal-use"]),
        ("ai-train=yes,use=reference", ["content-signal-use"]),
        ("ai-train=yes; use=immediate", ["content-signal-use"]),
        ("ai-train=yes use: Immediate", ["content-signal-use"]),
        ("ai-train=yes,use=other", ["content-signal-use"]),
        ("ai-train=yes,use=full,use=reference", ["content-signal-use"]),
        ("ai-train=yes,use=full", []),
    ],
)
def test_a_limited_use_withholds_redistribution(value: str, signals: list[Signal]) -> None:
    """Only `use=full` allows redistribution of the whole text."""
    signals_sent = [opt_out.signal for opt_out in header_opt_outs([("content-signal", value)], _ROOT, _NOW)]
    assert signals_sent == signals
    robots = Robots(f"User-agent: *\nContent-Signal: {value}\nAllow: /")
    assert [opt_out.signal for opt_out in robots.opt_outs(f"{_ROOT}/nota", _ROOT, _NOW)] == signals
    assert ("redistribute" in withheld(signals_sent)) == ("content-signal-use" in signals)


@pytest.mark.parametrize(
    ("lines", "path", "refused"),
    [
        ("User-agent: *\nDisallowAITraining: /", "/nota", True),
        ("DisallowAITraining: /", "/nota", True),
        ("User-agent: *\ndisallow-ai-training: /", "/nota", True),
        ("User-agent: *\nDisallowAITraining /", "/nota", True),
        ("User-agent: *\nDisallowAITraining:", "/nota", True),  # of which nobody knows what it means
        ("User-agent: *\nDisallowAITraining: notas", "/notas/1", True),
        ("User-agent: *\nDisallowAITraining: https://a.example/", "/nota", True),
        ("User-agent: *\nDisallow: /x DisallowAITraining: /", "/nota", True),
        ("User-agent: GPTBot\nDisallowAITraining: /", "/nota", True),
        ("User-agent: *\nDisallowAITraining: /\nAllowAITraining: /", "/nota", True),
        ("User-agent: *\nDisallowAITraining: /\nAllowAITraining: /libre/", "/libre/1", False),
        ("User-agent: *\nDisallowAITraining: /cerrado/", "/nota", False),
        ("User-agent: otherbot\nDisallowAITraining: /", "/nota", False),
        ("User-agent: *\nAllowAITraining: /", "/nota", False),
    ],
)
def test_training_is_disallowed_by_its_own_line(lines: str, path: str, refused: bool) -> None:
    """`DisallowAITraining` counts by its longest path, and the page may still be fetched."""
    robots = Robots(lines)
    opt_outs = robots.opt_outs(_ROOT + path, _ROOT, _NOW)
    assert [opt_out.signal for opt_out in opt_outs] == (["robots-agent"] if refused else [])
    assert robots.allows(_ROOT + path)


@pytest.mark.parametrize(
    ("line", "path", "refused"),
    [
        ("Disallow: https://a.example/", "/nota", True),
        ("Disallow: https://a.example", "/nota", True),
        ("Disallow: HTTPS://A.EXAMPLE/notas", "/notas/1", True),
        ("Disallow: https://a.example/notas", "/otra", False),
        ("Disallow: //a.example/", "/nota", True),
        ("Disallow: www.a.example/", "/nota", True),
        ("Disallow: nota", "/nota/1", True),
        ("Disallow: nota", "/otra", False),
        ('Disallow: "/"', "/nota", True),
        ("Disallow: \\", "/nota", True),
        ("Disallow: ?imprimir", "/nota?imprimir", True),
        ("Disallow:", "/nota", False),
        ("Allow: https://a.example/nota\nDisallow: /", "/nota", True),
    ],
)
def test_paths_in_other_notations_are_forbidden(line: str, path: str, refused: bool) -> None:
    """An address or a name without a slash is a path in `Disallow`, but not in `Allow`."""
    for agent, agents in (("GPTBot", ["GPTBot"]), ("*", ["*"])):
        robots = Robots(f"User-agent: {agent}\n{line}")
        assert robots.refused_agents(_ROOT + path) == (agents if refused else [])
        assert robots.allows(_ROOT + path) == (not refused or agent != "*")


@pytest.mark.parametrize(
    "agent",
    [
        "Amazonbot", "Claude-Web", "cohere-ai", "Diffbot", "img2dataset", "MistralAI-Training", "MistralAI-User",
        "omgilibot", "PerplexityBot",
    ],
)  # fmt: skip
def test_agents_that_owners_exclude_to_refuse_ai(agent: str) -> None:
    """Training agents are recognised by name, in capitals and with versions."""
    for written in (agent, agent.upper(), f"{agent}/1.0"):
        assert Robots(f"User-agent: {written}\nDisallow: /").refused_agents(f"{_ROOT}/nota") == [agent]


@pytest.mark.parametrize("word", ["noml", "DisallowAITraining", "no-ai", "noaitraining"])
def test_other_words_for_no_training_on_a_page(word: str) -> None:
    """Synonyms count in a header and in a meta element."""
    assert [opt_out.signal for opt_out in header_opt_outs([("x-robots-tag", f"noindex, {word}")], _ROOT, _NOW)] == [
        "noai"
    ]
    page = Head(f'<meta name="robots" content="index, {word}">'.encode())
    assert [opt_out.signal for opt_out in head_opt_outs(page, _ROOT, _NOW)] == ["noai"]
    assert header_opt_outs([("x-robots-tag", f"otherbot: {word}")], _ROOT, _NOW) == []


@pytest.mark.parametrize("value", ["1", "true", "yes", "on", "reserved", "1; policy=x", "", "y"])
def test_a_reservation_that_is_not_denied_reserves(value: str) -> None:
    """Any value but 0, no and false reserves, in a header, a meta element and a site's file."""
    assert reservation(value)
    assert [opt_out.signal for opt_out in header_opt_outs([("tdm-reservation", value)], _ROOT, _NOW)] == [
        "tdm-reservation"
    ]
    assert file_reservation(f'[{{"location": "{_ROOT}/", "TDM_Reservation": "{value}"}}]', f"{_ROOT}/nota")
    repeated_key = '{"location": "/", "tdm-reservation": 1, "tdm-reservation": 0}'
    assert file_reservation(repeated_key, f"{_ROOT}/nota") == (True, "/: tdm-reservation=1")
    for denied in ("0", "no", "false", " False "):
        assert reservation(denied) is False


def test_other_files_of_a_site_are_read_leniently() -> None:
    """An ai.txt with whole addresses and usages of earlier RSL drafts count."""
    for line in ("Disallow: https://a.example/", "DisallowAITraining: /"):
        assert ai_txt_opt_outs(f"User-Agent: *\n{line}", f"{_ROOT}/nota", f"{_ROOT}/ai.txt", _NOW), line
    licence = '<rsl><content url="/"><license><{kind} type="usage">{words}</{kind}></license></content></rsl>'
    for words in ("train_ai", "train-genai", "search; genai", "tdm"):
        verdict = licence_verdict(licence.format(kind="prohibits", words=words).encode(), f"{_ROOT}/nota")
        assert verdict
        assert verdict[0] == "rsl-prohibited"
    assert licence_verdict(licence.format(kind="prohibits", words="ai-input ai-index").encode(), f"{_ROOT}/n") is None


def test_a_rule_about_other_uses_lifts_no_refusal() -> None:
    """A longer path for search doesn't lift the site's refusal of training."""
    robots = Robots("User-agent: *\nContent-Usage: / train-ai=n\nContent-Usage: /notas/ search=y")
    assert [opt_out.signal for opt_out in robots.opt_outs(f"{_ROOT}/notas/1", _ROOT, _NOW)] == ["content-usage"]


@given(
    st.sampled_from([refusal for refusal in _REFUSALS if "=" in refusal]),
    st.text(max_size=60)
    | st.sampled_from(["train-ai=y", "ai-train=yes", "all=y", '"', "(", "x=", "https://", "search:"]),
    st.sampled_from([", ", ",", ";", "; ", " ", "\n", "\t"]),
)
def test_no_added_text_lifts_a_refusal(refusal: str, added: str, between: str) -> None:
    """Arbitrary text before or after a refusal doesn't lift it."""
    for value in (refusal + between + added, added + between + refusal):
        assert content_usage(value) == "n"
        assert content_signal_use(f"{value}{between}use=reference") == "n"


@given(st.text(max_size=200))
def test_any_value_is_read_without_an_error(value: str) -> None:
    """Arbitrary values raise no error."""
    for name in ("content-usage", "content-signal", "tdm-reservation", "x-robots-tag"):
        header_opt_outs([(name, value)], _ROOT, _NOW)
    Robots(f"User-agent: *\nDisallow: {value}\nDisallowAITraining: {value}").opt_outs(f"{_ROOT}/nota", _ROOT, _NOW)
    assert reservation(value) in {True, False}


def test_reading_a_value_takes_linear_time() -> None:
    """Reading takes linear time, which the test run's time limit checks."""
    for piece in ("a", "a ", "a-", "=", '"', "https://", "train-ai", "_a"):
        content_usage(piece * (2**20 // len(piece)))
