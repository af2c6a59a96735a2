"""Whatever a message holds, Slack takes its blocks; whatever data holds, it stays inert."""

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot.model import Button, Chart, Message
from auditbot.say.markup import escape
from bot.slack.blocks import blocks, fallback, mrkdwn, plain_blocks
from bot.workspace.check import message_faults

CHART = Chart(
    "t", "alt text", "percent", ("Sept",), (1.0,), ("common_cause",), (None,), (None,), (None,)
)
PLAIN = Message(
    kind="digest",
    headline="**72 in 100 patients** had a scan (86 of 120).",
    body=("The standard is 90.", "*One thing to try:* [map each step](https://example.org/a?b=c)."),
    fallback="72 in 100 patients had a scan.",
    context=("Stroke · Fernhill Hospital", "Source: made up."),
    buttons=(
        Button("What could we try?", "ask_improve", "{}"),
        Button("Why?", "ask_explain", "{}"),
    ),
    more=(Button("Source", "ask_source", "{}"), Button("Help", "ask_list", "")),
)

text = st.text(max_size=900)
words = st.text(min_size=1, max_size=300).map(escape)
button = st.builds(
    Button,
    st.text("abc de", min_size=1, max_size=200),
    st.sampled_from(["ask_improve", "ask_option"]),
    text,
)
message = st.builds(
    Message,
    kind=st.just("answer"),
    headline=text,
    body=st.lists(text, max_size=6).map(tuple),
    fallback=st.text(min_size=1, max_size=5000),
    context=st.lists(words, max_size=12).map(tuple),
    chart=st.sampled_from([None, CHART]),
    table=st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=120).map(tuple),
    buttons=st.lists(button, max_size=2).map(tuple),
    more=st.lists(button, max_size=7).map(tuple),
)


def test_a_digest_looks_as_it_should():
    found = blocks(PLAIN, "F1")
    kinds = [b["type"] for b in blocks(replace(PLAIN, chart=CHART), "F1")]
    assert kinds == ["context", "section", "section", "section", "image", "context", "actions"]
    assert found[1]["text"]["text"] == "*72 in 100 patients* had a scan (86 of 120)."
    assert (
        found[3]["text"]["text"] == "_One thing to try:_ <https://example.org/a?b=c|map each step>."
    )


def test_the_rest_waits_behind_the_dots():
    elements = blocks(PLAIN)[-1]["elements"]
    assert [e["type"] for e in elements] == ["button", "button", "overflow"]
    assert [o["value"] for o in elements[2]["options"]] == ["ask_source#0", "ask_list#1"]
    single = replace(PLAIN, more=PLAIN.more[:1])
    assert [e["type"] for e in blocks(single)[-1]["elements"]] == ["button"] * 3


@given(message)
@settings(deadline=None, max_examples=150)
def test_slack_takes_whatever_we_build(m):
    assert message_faults(blocks(m, "F1")) == [] or not blocks(m, "F1")
    assert len(fallback(m)) <= 3000
    assert message_faults(plain_blocks(m)) == [] or not plain_blocks(m)


@given(st.text(max_size=400))
@settings(deadline=None, max_examples=300)
def test_data_can_call_nobody_and_link_nowhere(data):
    shown = mrkdwn(escape(data))
    assert not re.search(r"<[^>]*>", shown)
    assert not re.search(r"<[!@#]", fallback(replace(PLAIN, fallback=data)))


def test_data_that_looks_like_a_call_is_inert():
    assert mrkdwn(escape("<!channel> **x** {{user:U0LEAD}}")).startswith("&lt;!channel&gt;")


def test_a_role_becomes_a_mention():
    assert mrkdwn("Ask {{user:U0AUDIT}}.") == "Ask <@U0AUDIT>."


def test_a_long_paragraph_is_cut_between_sentences_and_loses_nothing():
    sentence = "Map each step from the door to the scan with everybody who takes part in it. "
    long = replace(PLAIN, body=(sentence * 90,))
    found = [b["text"]["text"] for b in blocks(long) if b["type"] == "section"][1:]
    assert len(found) > 1
    assert all(len(t) <= 3000 and t.endswith(".") for t in found)
    assert " ".join(found) == (sentence * 90).strip()
