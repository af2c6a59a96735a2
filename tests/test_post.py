"""A post is tried once, and what is known afterwards is never guessed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auditbot.model import Chart, Message
from bot.slack import post
from bot.workspace import Rules, serve
from bot.workspace.state import BOT_USER

HELLO = Message(
    kind="digest", headline="**72 in 100 patients** had a scan.", body=(), fallback="72 in 100"
)
CHART = Chart(
    "Scans", "72 in 100 patients had a scan.", "percent", ("Aug 26", "Sept 26"), (70.0, 72.0),
    ("common_cause", "common_cause"), (71.0, 71.0), (60.0, 60.0), (80.0, 80.0),
    words={"average": "average", "usual": "usual range", "standard": "standard", "common_cause": "usual"},
)  # fmt: skip
HISTORY = (*Rules().scopes, "channels:history")


@pytest.fixture
def workspace(tmp_path):
    users = [{"id": "U0LEAD", "name": "sam"}]
    channels = [{"id": "C0STROKE", "name": "stroke"}]
    with serve(
        tmp_path / "w.db", port=0, users=users, channels=channels, rules=Rules(pace=0)
    ) as running:
        yield running


@pytest.fixture
def client(workspace):
    return post.clients(workspace.bot_token, workspace.api_url, timeout=5)[0]


def send(client, message=HELLO, channel="C0STROKE", **more):
    return post.post(client, message, channel=channel, marker="m-1", **more)


def shown(workspace, channel="C0STROKE"):
    return workspace.look("messages", channel=channel)


def test_a_sent_message_has_slacks_own_time_stamp_and_only_our_marker(workspace, client):
    outcome = send(client)
    (message,) = shown(workspace)
    assert outcome.state == "sent"
    assert outcome.ts == message["ts"]
    assert message["metadata"]["event_payload"] == {"id": "m-1"}
    assert message["text"] == "72 in 100"
    assert message["blocks"][0]["text"]["text"] == "*72 in 100 patients* had a scan."


def test_a_message_to_a_person_opens_a_direct_message(workspace, client):
    outcome = send(client, channel="U0LEAD")
    assert outcome.state == "sent"
    assert outcome.channel.startswith("D")
    assert len(shown(workspace, outcome.channel)) == 1


def test_the_picture_is_shown_with_its_words(workspace, client):
    outcome = send(client, replace(HELLO, chart=CHART))
    image = next(b for b in outcome.payload["blocks"] if b["type"] == "image")
    assert image["alt_text"] == CHART.alt_text


def test_a_picture_that_fails_never_holds_back_words(workspace, client):
    workspace.act("fault", kind="refuse", method="files.", times=5)
    outcome = send(client, replace(HELLO, chart=CHART))
    assert outcome.state == "sent"
    assert not [b for b in outcome.payload["blocks"] if b["type"] == "image"]


def test_refused_blocks_go_again_in_their_plainest_form(workspace, client):
    workspace.act(
        "fault", kind="refuse", method="chat.postMessage", error="invalid_blocks", times=1
    )
    outcome = send(client)
    assert outcome.state == "sent"
    assert len(shown(workspace)) == 1


def test_slacks_limit_is_obeyed_and_not_slept_away(workspace, client):
    workspace.act("fault", kind="ratelimited", method="chat.postMessage", seconds=17)
    outcome = send(client)
    assert (outcome.state, outcome.wait) == ("wait", 17)
    assert shown(workspace) == []


@pytest.mark.parametrize("kind", ["drop_after", "error_after"])
def test_an_answer_lost_after_the_post_is_unknown_and_never_repeated(workspace, client, kind):
    workspace.act("fault", kind=kind, method="chat.postMessage")
    assert send(client).state == "unknown"
    assert len(shown(workspace)) == 1


def test_a_closed_door_is_known_not_to_have_been_reached(client, workspace):
    nobody = post.clients(workspace.bot_token, "http://127.0.0.1:9/api/", timeout=2)[0]
    assert send(nobody).state == "unreached"


def test_a_refusal_says_why(workspace, client):
    assert send(client, channel="C0NOWHERE").error == "channel_not_found"
    workspace.act("remove", channel="C0STROKE", user=BOT_USER)
    outcome = send(client)
    assert (outcome.state, outcome.error) == ("refused", "not_in_channel")


def test_doubt_is_settled_by_the_marker_where_history_may_be_read(workspace, client):
    since = datetime.now(UTC) - timedelta(minutes=1)
    asked = {"channel": "C0STROKE", "marker": "m-1", "since": since}
    assert post.settle(client, **asked) == ("cannot", "")
    workspace.act("rules", scopes=list(HISTORY))
    assert post.settle(client, **asked) == ("absent", "")
    workspace.act("fault", kind="drop_after", method="chat.postMessage")
    assert send(client).state == "unknown"
    assert post.settle(client, **asked) == ("found", shown(workspace)[0]["ts"])


def test_tokens_are_tried_in_one_sentence(workspace, client):
    assert post.reach(client, workspace.app_token) == ""
    wrong = post.clients("xoxb-wrong", workspace.api_url)[0]
    assert "invalid_auth" in post.reach(wrong, workspace.app_token)
    nobody = post.clients("xoxb-x", "http://127.0.0.1:9/api/", timeout=2)[0]
    assert "cannot be reached" in post.reach(nobody, "xapp-x")
