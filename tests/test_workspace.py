"""The practice workspace to real clients: slack_bolt over Socket Mode, slack_sdk's WebClient."""

import http.client
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from bot.workspace import BOT_USER, Refused, Rules, Running, serve

USERS = [
    {"id": "U0LEAD", "name": "sam", "real_name": "Sam Jones"},
    {"id": "U0AUDIT", "name": "priya", "real_name": "Priya Shah", "tz": "Asia/Kolkata"},
    {"id": "U0GUEST", "name": "gil", "is_guest": True},
]
CHANNELS = [
    {"id": "C0STROKE", "name": "stroke-fernhill"},
    {"id": "C0HIP", "name": "hip-fracture", "members": ["U0LEAD"]},
    {"id": "C0LEADS", "name": "leads", "is_private": True, "members": ["U0LEAD", BOT_USER]},
    {"id": "C0SECRET", "name": "secret", "is_private": True, "members": ["U0LEAD"]},
]
QUICK = {"ack_seconds": 0.4, "retry_after": (0.0, 0.1)}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SCOPES = Rules().scopes


def words(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


BUTTONS = [
    {
        "type": "actions",
        "block_id": "ask",
        "elements": [
            {"type": "button", "action_id": "try", "text": words("What could we try?")},
            {
                "type": "overflow",
                "action_id": "more",
                "options": [
                    {"text": words("How do I read this?"), "value": "read"},
                    {"text": words("Where is this from?"), "value": "source"},
                ],
            },
        ],
    }
]
MODAL = {
    "type": "modal",
    "callback_id": "line",
    "private_metadata": "digest 7",
    "title": words("Add a line"),
    "submit": words("Add"),
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "line",
            "label": words("Your line"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
        {
            "type": "input",
            "block_id": "why",
            "optional": True,
            "label": words("Reason"),
            "element": {
                "type": "static_select",
                "action_id": "reason",
                "options": [{"text": words("Scanner down"), "value": "scanner"}],
            },
        },
    ],
}


@contextmanager
def workspace(folder: Path, **rules: Any) -> Iterator[Running]:
    path = folder / "workspace.db"
    with serve(path, port=0, users=USERS, channels=CHANNELS, rules=Rules(**rules)) as running:
        yield running


def web(running: Running, token: str | None = None, **more: Any) -> WebClient:
    more = {"retry_handlers": [], **more}
    token = running.bot_token if token is None else token
    return WebClient(token=token, base_url=running.api_url, **more)


def code(call: Callable[..., Any], **arguments: Any) -> str:
    """The error a call is refused with, or ok."""
    try:
        call(**arguments)
    except SlackApiError as refused:
        return str(refused.response["error"])
    return "ok"


def until(true: Callable[[], Any], seconds: float = 10) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


@contextmanager
def bolt(running: Running, app: App) -> Iterator[SocketModeHandler]:
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
    handler = SocketModeHandler(app, running.app_token, web_client=web(running, running.app_token))
    before = running.look("changes")["connections"]
    handler.connect()
    session = handler.client.current_session
    if session and session.sock:
        session.sock.settimeout(0.05)  # else closing waits three seconds for a read to end
    until(lambda: running.look("changes")["connections"] > before)
    try:
        yield handler
    finally:
        handler.client.closed = True
        handler.client.enqueue_message("")  # wakes the thread that waits for one
        handler.close()


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A workspace for tests that leave nothing behind that another would mind."""
    with workspace(tmp_path_factory.mktemp("ws"), pace=0) as running:
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    with workspace(tmp_path, **QUICK) as running:
        yield running


# -- Bolt over Socket Mode -------------------------------------------------------------------------


def test_a_mention_reaches_the_bot_and_its_answer_stands_in_the_thread(fresh: Running) -> None:
    app, events = App(client=web(fresh)), []

    @app.event("app_mention")
    def answer(event: dict[str, Any], body: dict[str, Any], client: WebClient) -> None:
        events.append(body)
        client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="72 in 100")

    with bolt(fresh, app):
        text = "@auditbot how are we & is <!channel> fine? https://example.org/a?b=1&c=2"
        said = fresh.act("say", user="U0LEAD", channel="C0STROKE", text=text)
        thread = until(lambda: fresh.look("messages", channel="C0STROKE", thread_ts=said["ts"])[1:])
    assert thread[0]["text"] == "72 in 100"
    body = events[0]
    assert body["event"]["text"] == (
        f"<@{BOT_USER}> how are we &amp; is &lt;!channel&gt; fine? "
        "<https://example.org/a?b=1&amp;c=2>"
    )
    assert body["event"]["user"] == "U0LEAD"
    assert body["event"]["event_ts"] == said["ts"]
    assert body["event_id"].startswith("Ev")
    assert body["authorizations"][0]["user_id"] == BOT_USER
    # the default manifest reads mentions, nothing else of a channel
    assert [e["payload"]["event"]["type"] for e in fresh.look("events")] == ["app_mention"]


def test_with_history_scope_one_mention_is_two_events(tmp_path: Path) -> None:
    with workspace(tmp_path, scopes=(*SCOPES, "channels:history")) as running:
        running.act("say", user="U0LEAD", channel="C0STROKE", text="@auditbot hello")
        kinds = {e["payload"]["event"]["type"]: e["id"] for e in running.look("events")}
    assert sorted(kinds) == ["app_mention", "message"]
    assert kinds["app_mention"] != kinds["message"]


def test_no_event_for_a_channel_without_the_bot_and_none_without_a_mention(fresh: Running) -> None:
    fresh.act("say", user="U0LEAD", channel="C0HIP", text="@auditbot hello")
    fresh.act("say", user="U0LEAD", channel="C0STROKE", text="hello auditbot, a@auditbott")
    assert fresh.look("events") == []


def test_a_direct_message_is_answered_and_the_bots_own_is_told_with_its_bot_id(
    fresh: Running,
) -> None:
    app = App(client=web(fresh))

    @app.event("message")
    def answer(event: dict[str, Any], client: WebClient) -> None:
        client.chat_postMessage(channel=event["channel"], text="hello")

    with bolt(fresh, app):
        said = fresh.act("say", user="U0LEAD", channel=BOT_USER, text="hi")
        found = until(lambda: fresh.look("messages", channel=said["channel"])[1:])
        until(lambda: all(e["state"] == "acknowledged" for e in fresh.look("events")))
    assert [m["text"] for m in found] == ["hello"]
    events = [e["payload"]["event"] for e in fresh.look("events")]
    assert [e["channel_type"] for e in events] == ["im", "im"]
    assert events[1]["bot_id"] == "B0AUDITBOT"


def test_button_modal_errors_and_submission(fresh: Running) -> None:
    app, seen = App(client=web(fresh)), {}

    @app.action("try")
    def opened(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        seen["press"] = body
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("line")
    def submitted(ack: Any, view: dict[str, Any], body: dict[str, Any]) -> None:
        seen["view"] = body
        if "943 476 5919" in view["state"]["values"]["line"]["text"]["value"]:
            ack(response_action="errors", errors={"line": "Please leave out the number."})
        else:
            ack()

    post = web(fresh).chat_postMessage(channel="C0STROKE", text="a digest", blocks=BUTTONS)
    act = {"user": "U0LEAD"}
    with bolt(fresh, app):
        place = {**act, "channel": "C0STROKE", "ts": post["ts"]}
        assert fresh.act("press", **place, action_id="try") == {"acknowledged": True}
        view = until(lambda: fresh.look("views", user="U0LEAD"))[0]["id"]
        bad = {"text": "number 943 476 5919", "reason": "scanner"}
        missing = fresh.act("submit", **act, view_id=view, values={})
        refused = fresh.act("submit", **act, view_id=view, values=bad)
        done = fresh.act("submit", **act, view_id=view, values={"text": "The scanner was down."})
    assert missing == {"errors": {"line": "Please complete this required field."}}
    assert refused["errors"] == {"line": "Please leave out the number."}
    assert done == {"acknowledged": True, "closed": True}
    assert fresh.look("views", user="U0LEAD") == []
    press = seen["press"]
    assert press["actions"][0]["block_id"] == "ask"
    assert press["container"]["message_ts"] == post["ts"]
    assert press["message"]["text"] == "a digest"
    assert press["user"]["username"] == "sam"
    assert seen["view"]["view"]["private_metadata"] == "digest 7"
    assert seen["view"]["view"]["state"]["values"]["why"]["reason"]["selected_option"] is None


def test_an_option_behind_the_dots_and_a_post_at_its_response_url(fresh: Running) -> None:
    app, urls = App(client=web(fresh)), []

    @app.action("more")
    def chosen(ack: Any, action: dict[str, Any], respond: Any, body: dict[str, Any]) -> None:
        ack()
        urls.append(body["response_url"])
        respond(text=f"You chose {action['selected_option']['value']}", response_type="ephemeral")

    post = web(fresh).chat_postMessage(channel="C0STROKE", text="a digest", blocks=BUTTONS)
    place = {"user": "U0LEAD", "channel": "C0STROKE", "ts": post["ts"]}
    with bolt(fresh, app):
        with pytest.raises(Refused, match="invalid_option"):
            fresh.act("press", **place, action_id="more", value="nothing")
        fresh.act("press", **place, action_id="more", value="read")
        mine = until(lambda: fresh.look("messages", channel="C0STROKE", user="U0LEAD")[1:])
    assert (mine[0]["text"], mine[0]["only_for"]) == ("You chose read", "U0LEAD")
    assert len(fresh.look("messages", channel="C0STROKE", user="U0AUDIT")) == 1
    hook = WebhookClient(urls[0])
    replaced = hook.send(text="A later digest", replace_original=True)
    assert (replaced.status_code, replaced.body) == (200, "ok")
    assert fresh.look("messages", channel="C0STROKE")[0]["text"] == "A later digest"
    assert hook.send(text="no", blocks=[{"type": "poem"}]).body == "invalid_blocks"
    answers = [hook.send(text=f"{n}").status_code for n in range(3)]
    assert answers == [200, 200, 404]  # five posts and no more


def test_push_update_and_close_of_a_stack_of_modals(fresh: Running) -> None:
    app, closed = App(client=web(fresh)), []
    second = {**MODAL, "callback_id": "second", "title": words("Second")}

    @app.action("try")
    def opened(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("line")
    def pushed(ack: Any) -> None:
        ack(response_action="push", view=second)

    @app.view("second")
    def updated(ack: Any) -> None:
        ack(response_action="update", view={**second, "title": words("Third")})

    @app.view_closed("second")
    def gone(ack: Any, view: dict[str, Any]) -> None:
        ack()
        closed.append(view["title"]["text"])

    post = web(fresh).chat_postMessage(channel="C0STROKE", text="a digest", blocks=BUTTONS)
    who = {"user": "U0LEAD"}
    with bolt(fresh, app):
        fresh.act("press", **who, channel="C0STROKE", ts=post["ts"], action_id="try")
        first = until(lambda: fresh.look("views", **who))[0]["id"]
        top = fresh.act("submit", **who, view_id=first, values={"text": "a"})["view"]
        assert top["previous_view_id"] == top["root_view_id"] == first
        third = fresh.act("submit", **who, view_id=top["id"], values={"text": "a"})["view"]
        assert (third["id"], third["title"]["text"]) == (top["id"], "Third")
        fresh.act("close", **who, view_id=top["id"])
    assert closed == ["Third"]
    assert [v["id"] for v in fresh.look("views", **who)] == [first]
    client = web(fresh)
    told = client.views_update(
        view_id=first, view=MODAL, hash=fresh.look("views", **who)[0]["hash"]
    )
    assert told["view"]["id"] == first
    assert code(client.views_update, view_id=first, view=MODAL, hash="old") == "hash_conflict"
    assert code(client.views_update, view_id="V1", view=MODAL) == "not_found"


def test_a_trigger_opens_one_modal_within_three_seconds(
    fresh: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, triggers = App(client=web(fresh)), []

    @app.action("try")
    def kept(ack: Any, body: dict[str, Any]) -> None:
        ack()
        triggers.append(body["trigger_id"])

    post = web(fresh).chat_postMessage(channel="C0STROKE", text="a digest", blocks=BUTTONS)
    place = {"user": "U0LEAD", "channel": "C0STROKE", "ts": post["ts"], "action_id": "try"}
    client = web(fresh)
    with bolt(fresh, app):
        fresh.act("press", **place)
        assert code(client.views_open, trigger_id=triggers[0], view=MODAL) == "ok"
        used = code(client.views_open, trigger_id=triggers[0], view=MODAL)
        monkeypatch.setattr("bot.workspace.socket.TRIGGER_SECONDS", -1.0)
        fresh.act("press", **place)
        late = code(client.views_open, trigger_id=triggers[1], view=MODAL)
    assert (used, late) == ("exchanged_trigger_id", "expired_trigger_id")
    assert code(client.views_open, trigger_id="1.2", view=MODAL) == "invalid_trigger_id"


def test_a_slash_command_is_answered_to_its_sender_and_refused_in_threads(fresh: Running) -> None:
    app = App(client=web(fresh))

    @app.command("/audit")
    def command(ack: Any, command: dict[str, Any]) -> None:
        ack(f"You asked for {command['text']}")

    first = fresh.act("say", user="U0LEAD", channel="C0STROKE", text="hello")
    with bolt(fresh, app):
        fresh.act("say", user="U0LEAD", channel="C0STROKE", text="/audit help")
    found = fresh.look("messages", channel="C0STROKE", user="U0LEAD")
    assert [m["text"] for m in found] == ["hello", "You asked for help"]
    assert found[1]["only_for"] == "U0LEAD"
    typed = {"user": "U0LEAD", "channel": "C0STROKE"}
    with pytest.raises(Refused, match="unknown_command"):
        fresh.act("say", **typed, text="/poem")
    with pytest.raises(Refused, match="not_in_thread"):
        fresh.act("say", **typed, text="/audit help", thread_ts=first["ts"])


def test_a_command_is_escaped_as_a_message_is(fresh: Running) -> None:
    app, seen = App(client=web(fresh)), []

    @app.command("/audit")
    def command(ack: Any, command: dict[str, Any]) -> None:
        ack()
        seen.append(command)

    with bolt(fresh, app):
        said = fresh.act(
            "say", user="U0LEAD", channel="C0STROKE", text="/audit ask <b> & @auditbot"
        )
    assert said["acknowledged"]
    ((text, trigger),) = [(c["text"], c["trigger_id"]) for c in seen]
    assert text == "ask &lt;b&gt; &amp; <@U0AUDITBOT|auditbot>"
    assert trigger
    assert fresh.look("messages", channel="C0STROKE", user="U0LEAD") == []  # nobody sees a command


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"text": "hi", "response_type": "loud"}, "no response_type"),
        ({"text": "hi", "colour": "red"}, "colour"),
        ({"text": " "}, "no text"),
        ({"text": "x" * 4001}, "4,000"),
    ],
)
def test_an_answer_to_a_command_that_slack_would_drop_is_refused(
    fresh: Running, answer: dict[str, str], why: str
) -> None:
    app = App(client=web(fresh))

    @app.command("/audit")
    def command(ack: Any) -> None:
        ack(answer)

    with bolt(fresh, app), pytest.raises(Refused, match="invalid_command_response") as refused:
        fresh.act("say", user="U0LEAD", channel="C0STROKE", text="/audit help")
    assert why in refused.value.answer["detail"]


def test_home_and_joining_are_told(fresh: Running) -> None:
    app, told = App(client=web(fresh)), []

    @app.event("app_home_opened")
    def home(event: dict[str, Any], client: WebClient) -> None:
        block = {"type": "section", "text": words(f"Hello {event['tab']}")}
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [block]})

    @app.event("member_joined_channel")
    def joined(event: dict[str, Any]) -> None:
        told.append((event["user"], event["channel"], event["channel_type"]))

    with bolt(fresh, app):
        fresh.act("home", user="U0LEAD")
        views = until(lambda: fresh.look("views", user="U0LEAD", kind="home"))
        fresh.act("add", channel="C0HIP", user="U0AUDIT")  # the bot is not in it: nothing
        fresh.act("add", channel="C0HIP", user=BOT_USER, by="U0LEAD")
        fresh.act("add", channel="C0HIP", user="U0GUEST")
        until(lambda: len(told) == 2)
    assert views[0]["blocks"][0]["text"]["text"] == "Hello home"
    assert told == [(BOT_USER, "C0HIP", "C"), ("U0GUEST", "C0HIP", "C")]


def test_what_is_not_acknowledged_comes_again_with_the_same_event_id(fresh: Running) -> None:
    app, heads, bodies = App(client=web(fresh), raise_error_for_unhandled_request=True), [], []
    refusing = threading.Event()
    refusing.set()

    @app.middleware
    def note(body: dict[str, Any], req: Any, next: Any) -> Any:
        heads.append({k: v[0] for k, v in req.headers.items()})
        bodies.append(body)
        if refusing.is_set():
            raise RuntimeError("the database is away")
        return next()

    @app.event("app_mention")
    def heard(event: dict[str, Any]) -> None: ...

    with bolt(fresh, app):
        fresh.act("say", user="U0LEAD", channel="C0STROKE", text="@auditbot hello")
        until(lambda: len(bodies) == 2)
        refusing.clear()
        event = until(lambda: [e for e in fresh.look("events") if e["state"] == "acknowledged"])[0]
        assert event["attempts"] == 3
        fresh.act("redeliver", event_id=event["id"])  # a delayed double
        until(lambda: len(bodies) == 4)
    assert {body["event_id"] for body in bodies} == {event["id"]}
    assert [h.get("x-slack-retry-num") for h in heads] == ["0", "1", "2", "3"]
    assert heads[1]["x-slack-retry-reason"] == "timeout"


def test_what_nobody_ever_acknowledges_is_given_up_and_pressing_says_so(fresh: Running) -> None:
    app = App(client=web(fresh))

    @app.middleware
    def never(next: Any) -> Any:
        raise RuntimeError("no")

    post = web(fresh).chat_postMessage(channel="C0STROKE", text="a digest", blocks=BUTTONS)
    with bolt(fresh, app):
        fresh.act("say", user="U0LEAD", channel="C0STROKE", text="@auditbot hello")
        place = {"user": "U0LEAD", "channel": "C0STROKE", "ts": post["ts"]}
        assert fresh.act("press", **place, action_id="try") == {"acknowledged": False}
        failed = until(
            lambda: [
                e
                for e in fresh.look("events")
                if e["kind"] == "events_api" and e["state"] == "failed"
            ]
        )
    assert failed[0]["attempts"] == 3  # at once, and two more


def test_each_envelope_goes_to_one_of_the_connections(fresh: Running) -> None:
    heard: list[tuple[int, str]] = []

    def listener(number: int) -> App:
        app = App(client=web(fresh))

        @app.event("app_mention")
        def mention(event: dict[str, Any]) -> None:
            heard.append((number, event["text"]))

        return app

    with bolt(fresh, listener(1)), bolt(fresh, listener(2)):
        for number in range(24):
            fresh.act("say", user="U0LEAD", channel="C0STROKE", text=f"@auditbot {number}")
        until(lambda: len(heard) >= 24)
        until(lambda: all(e["state"] == "acknowledged" for e in fresh.look("events")))
    assert len({text for _, text in heard}) == len(heard) == 24
    assert {number for number, _ in heard} == {1, 2}


def test_what_is_said_while_nobody_listens_is_delivered_later(tmp_path: Path) -> None:
    with workspace(tmp_path, **QUICK) as running:
        running.act("say", user="U0LEAD", channel="C0STROKE", text="@auditbot first")
    with workspace(tmp_path, **QUICK) as running:
        app, heard = App(client=web(running)), []

        @app.event("app_mention")
        def mention(event: dict[str, Any]) -> None:
            heard.append(event["text"])

        with bolt(running, app):
            until(lambda: heard)
    assert heard == [f"<@{BOT_USER}> first"]


def test_a_refresh_makes_the_client_connect_anew_and_loses_nothing(fresh: Running) -> None:
    app, heard = App(client=web(fresh)), []

    @app.event("app_mention")
    def mention(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    with bolt(fresh, app) as handler:
        before = handler.client.session_id()
        fresh.act("refresh")
        for number in range(5):
            fresh.act("say", user="U0LEAD", channel="C0STROKE", text=f"@auditbot {number}")
        until(lambda: len(set(heard)) == 5)
        until(lambda: handler.client.session_id() != before)


def test_a_deaf_connection_delivers_nothing_until_it_is_mended(fresh: Running) -> None:
    app, heard = App(client=web(fresh)), []

    @app.event("app_mention")
    def mention(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    with bolt(fresh, app) as handler:
        fresh.act("fault", kind="deaf", seconds=60)
        fresh.act("say", user="U0LEAD", channel="C0STROKE", text="@auditbot hello")
        assert fresh.look("events")[0]["state"] == "waiting"
        assert handler.client.is_connected()
        fresh.act("mend")
        until(lambda: heard)


# -- the Web API -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-another", "invalid_auth"), ("xapp-practice", "not_allowed_token_type")],
)
def test_tokens_are_checked(still: Running, token: str, error: str) -> None:
    assert code(web(still, token).auth_test) == error
    assert code(web(still, "").api_call, api_method="auth.test") == "not_authed"
    opened = web(still).apps_connections_open
    assert code(opened, app_token="xoxb-practice") == "not_allowed_token_type"


def test_auth_test_says_who_the_bot_is(still: Running) -> None:
    said = web(still).auth_test()
    assert (said["user_id"], said["bot_id"]) == (BOT_USER, "B0AUDITBOT")
    assert "chat:write" in said.headers["x-oauth-scopes"]
    assert web(still).bots_info(bot="B0AUDITBOT")["bot"]["user_id"] == BOT_USER


def test_the_default_manifest_has_no_history_and_says_what_is_missing(still: Running) -> None:
    with pytest.raises(SlackApiError) as refused:
        web(still).conversations_history(channel="C0STROKE")
    answer = refused.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:history")
    assert "chat:write" in answer["provided"].split(",")
    client = web(still)
    assert code(client.conversations_info, channel="C0LEADS") == "missing_scope"
    assert code(client.files_info, file="F1") == "missing_scope"
    assert code(client.conversations_join, channel="C0HIP") == "missing_scope"
    assert code(client.conversations_list, types="private_channel") == "missing_scope"


def divider(n: int) -> list[dict[str, Any]]:
    return [{"type": "divider"}] * n


TEXTS = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5
POSTS: list[tuple[dict[str, Any], str]] = [
    ({"channel": "C0STROKE", "text": "a"}, "ok"),
    ({"channel": "U0LEAD", "text": "a"}, "ok"),  # opens direct messages
    ({"channel": "C0NOWHERE", "text": "a"}, "channel_not_found"),
    ({"channel": "#stroke-fernhill", "text": "a"}, "channel_not_found"),  # ids alone
    ({"channel": "C0HIP", "text": "a"}, "not_in_channel"),
    ({"channel": "C0SECRET", "text": "a"}, "channel_not_found"),  # private, not in it
    ({"channel": "C0STROKE"}, "no_text"),
    ({"channel": "C0STROKE", "text": ""}, "no_text"),
    ({"channel": "", "text": "a"}, "invalid_arguments"),
    ({"channel": "C0STROKE", "text": "a" * 40_000}, "ok"),
    ({"channel": "C0STROKE", "text": "a" * 40_001}, "msg_too_long"),
    ({"channel": "C0STROKE", "text": "a", "blocks": divider(50)}, "ok"),
    ({"channel": "C0STROKE", "text": "a", "blocks": divider(51)}, "invalid_blocks"),
    ({"channel": "C0STROKE", "text": "a", "blocks": "[{"}, "invalid_blocks_format"),
    ({"channel": "C0STROKE", "text": "a", "blocks": TEXTS}, "msg_blocks_too_long"),
    ({"channel": "C0STROKE", "markdown_text": "**a**"}, "ok"),
    ({"channel": "C0STROKE", "markdown_text": "a", "text": "a"}, "markdown_text_conflict"),
    ({"channel": "C0STROKE", "markdown_text": "a" * 12_001}, "invalid_blocks"),
    ({"channel": "C0STROKE", "text": "a", "thread_ts": "1.000001"}, "thread_not_found"),
    (
        {"channel": "C0STROKE", "text": "a", "metadata": {"event_type": 1}},
        "invalid_metadata_format",
    ),
    ({"channel": "C0STROKE", "text": "a", "unfurl_links": False, "unfurl_media": False}, "ok"),
]


@pytest.mark.parametrize(("arguments", "expected"), POSTS)
def test_a_post_is_taken_or_refused(
    still: Running, arguments: dict[str, Any], expected: str
) -> None:
    post = {"api_method": "chat.postMessage", "json": arguments}
    assert code(web(still).api_call, **post) == expected


def test_invalid_blocks_name_the_place_as_slack_does(still: Running) -> None:
    block = {"type": "image", "image_url": "https://example.org/a.png", "alt": "words"}
    with pytest.raises(SlackApiError) as refused:
        web(still).chat_postMessage(channel="C0STROKE", text="a", blocks=[block])
    assert refused.value.response["errors"] == [
        "missing required field: alt_text [json-pointer:/blocks/0]",
        "invalid additional property: alt [json-pointer:/blocks/0]",
    ]
    messages = refused.value.response["response_metadata"]["messages"]
    assert messages[0].startswith("[ERROR] missing required field: alt_text")


def test_form_and_json_bodies_mean_the_same(still: Running) -> None:
    headers = {"Authorization": f"Bearer {still.bot_token}"}
    form = b"channel=C0STROKE&text=one%20%26%20two&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D"
    request = urllib.request.Request(f"{still.api_url}chat.postMessage", form, headers)
    with urllib.request.urlopen(request) as answer:
        said = json.loads(answer.read())
    assert (said["ok"], said["message"]["text"]) == (True, "one & two")
    assert said["message"]["blocks"][0]["block_id"]
    assert code(web(still).api_call, api_method="chat.poem") == "unknown_method"


def test_an_archived_channel_takes_nothing(fresh: Running) -> None:
    fresh.act("channel", id="C0STROKE", is_archived=True)
    assert code(web(fresh).chat_postMessage, channel="C0STROKE", text="a") == "is_archived"
    with pytest.raises(Refused, match="is_archived"):
        fresh.act("say", user="U0LEAD", channel="C0STROKE", text="a")
    assert web(fresh).conversations_info(channel="C0STROKE")["channel"]["is_archived"] is True


def test_update_and_delete_are_for_the_bots_own_messages(still: Running) -> None:
    client = web(still)
    other = still.act("say", user="U0LEAD", channel="C0STROKE", text="mine")
    made = client.chat_postMessage(channel="C0STROKE", text="one", blocks=divider(1))
    place = {"channel": "C0STROKE", "ts": made["ts"]}
    changed = client.chat_update(**place, text="two", blocks=divider(2))
    assert len(changed["message"]["blocks"]) == 2
    assert changed["message"]["edited"]["user"] == BOT_USER
    assert client.chat_update(**place, text="three")["message"]["blocks"] == []  # text replaces
    assert code(client.chat_update, **place, text="a" * 4001) == "msg_too_long"
    assert code(client.api_call, api_method="chat.update", json=place) == "no_text"
    assert code(client.chat_update, **other, text="a") == "cant_update_message"
    assert code(client.chat_delete, **other) == "cant_delete_message"
    client.chat_delete(**place)
    assert code(client.chat_update, **place, text="a") == "message_not_found"


def test_a_direct_message_edited_by_the_bot_is_told_as_a_hidden_change(fresh: Running) -> None:
    client = web(fresh)
    channel = client.conversations_open(users="U0LEAD")["channel"]["id"]
    made = client.chat_postMessage(channel=channel, text="one")
    client.chat_update(channel=channel, ts=made["ts"], text="two")
    client.chat_delete(channel=channel, ts=made["ts"])
    events = [e["payload"]["event"] for e in fresh.look("events")]
    assert [e.get("subtype") for e in events] == [None, "message_changed", "message_deleted"]
    assert events[1]["previous_message"]["text"] == "one"


def test_every_message_of_a_channel_has_a_ts_of_its_own(still: Running) -> None:
    client = web(still)
    made = [client.chat_postMessage(channel="C0LEADS", text=f"{n}")["ts"] for n in range(30)]
    assert made == sorted(set(made))
    assert all(len(ts.split(".")[1]) == 6 for ts in made)
    link = client.chat_getPermalink(channel="C0LEADS", message_ts=made[0])["permalink"]
    assert link.endswith(f"/archives/C0LEADS/p{made[0].replace('.', '')}")


def test_history_keeps_metadata_to_itself_and_honours_its_bounds(tmp_path: Path) -> None:
    with workspace(tmp_path, pace=0, scopes=(*SCOPES, "channels:history")) as running:
        client = web(running)
        secret = {"event_type": "auditbot", "event_payload": {"key": "k1"}}
        made = [
            client.chat_postMessage(channel="C0STROKE", text=f"{n}", metadata=secret)["ts"]
            for n in range(6)
        ]
        reply = {"channel": "C0STROKE", "thread_ts": made[0]}
        client.chat_postMessage(**reply, text="in the thread")
        client.chat_postMessage(**reply, text="for all", reply_broadcast=True)
        assert (
            code(client.chat_postMessage, channel="C0STROKE", text="a", thread_ts=made[0]) == "ok"
        )

        def texts(**arguments: Any) -> list[str]:
            found = client.conversations_history(channel="C0STROKE", **arguments)
            return [m["text"] for m in found["messages"]]

        assert texts() == ["for all", "5", "4", "3", "2", "1", "0"]
        assert texts(oldest=made[4], latest=made[5]) == []
        assert texts(oldest=made[4], latest=made[5], inclusive=True) == ["5", "4"]
        assert texts(oldest=made[4]) == ["for all", "5"]
        assert texts(limit=2) == ["for all", "5"]
        pages, cursor = [], ""
        while True:
            page = client.conversations_history(channel="C0STROKE", limit=3, cursor=cursor)
            pages.append([m["text"] for m in page["messages"]])
            cursor = page["response_metadata"]["next_cursor"]
            assert page["has_more"] is bool(cursor)
            if not cursor:
                break
        assert pages == [["for all", "5", "4"], ["3", "2", "1"], ["0"]]
        plain = client.conversations_history(channel="C0STROKE", latest=made[0], inclusive=True)
        assert "metadata" not in plain["messages"][0]
        assert plain["messages"][0]["reply_count"] == 3
        told = client.conversations_history(
            channel="C0STROKE", oldest=made[0], inclusive=True, include_all_metadata=True
        )
        assert told["messages"][-1]["metadata"] == secret
        thread = client.conversations_replies(channel="C0STROKE", ts=made[0])["messages"]
        assert [m["text"] for m in thread] == ["0", "in the thread", "for all", "a"]
        inner = {"channel": "C0STROKE", "text": "a", "thread_ts": thread[1]["ts"]}
        assert code(client.chat_postMessage, **inner) == "cannot_reply_to_message"
        history = client.conversations_history
        assert code(history, channel="C0STROKE", limit=0) == "invalid_arguments"
        assert code(history, channel="C0STROKE", cursor="nonsense") == "invalid_cursor"
        assert code(history, channel="C0STROKE", oldest="today") == "invalid_ts_oldest"
        assert code(history, channel="C0HIP") == "not_in_channel"


def test_people_and_channels_are_what_slack_calls_them(still: Running) -> None:
    client = web(still)
    user = client.users_info(user="U0AUDIT")["user"]
    assert (user["tz"], user["tz_offset"]) == ("Asia/Kolkata", 19_800)
    assert client.users_info(user="U0GUEST")["user"]["is_restricted"] is True
    assert code(client.users_info, user="U0NOBODY") == "user_not_found"
    assert {u["id"] for u in client.users_list()["members"]} >= {"U0LEAD", BOT_USER}
    info = client.conversations_info(channel="C0STROKE", include_num_members=True)["channel"]
    assert (info["name"], info["is_member"], info["num_members"]) == ("stroke-fernhill", True, 3)
    first = client.conversations_list(limit=1)
    more = client.conversations_list(cursor=first["response_metadata"]["next_cursor"])
    assert [c["id"] for c in [*first["channels"], *more["channels"]]] == ["C0HIP", "C0STROKE"]
    members = client.conversations_members(channel="C0STROKE")["members"]
    assert members == ["U0AUDIT", BOT_USER, "U0LEAD"]
    opened = client.conversations_open(users="U0LEAD", return_im=True)["channel"]
    assert opened["is_im"] is True
    assert client.conversations_open(users="U0LEAD")["channel"]["id"] == opened["id"]
    assert code(client.conversations_open, users="U0NOBODY") == "user_not_found"


def test_ephemeral_messages_are_for_one_reader(still: Running) -> None:
    client = web(still)
    client.chat_postEphemeral(channel="C0STROKE", user="U0LEAD", text="only you")
    whisper = {"channel": "C0STROKE", "text": "a"}
    assert code(client.chat_postEphemeral, **whisper, user="U0GUEST") == "user_not_in_channel"
    assert code(client.chat_postEphemeral, **whisper, user="U0NOBODY") == "user_not_found"
    seen = [m["text"] for m in still.look("messages", channel="C0STROKE", user="U0LEAD")]
    others = [m["text"] for m in still.look("messages", channel="C0STROKE", user="U0AUDIT")]
    assert "only you" in seen
    assert "only you" not in others


def test_a_reaction_once(still: Running) -> None:
    client = web(still)
    made = client.chat_postMessage(channel="C0STROKE", text="a")
    place = {"channel": "C0STROKE", "timestamp": made["ts"]}
    client.reactions_add(**place, name="eyes")
    assert code(client.reactions_add, **place, name="eyes") == "already_reacted"
    assert code(client.reactions_add, **place, name="Not A Name") == "invalid_name"
    shown = still.look("messages", channel="C0STROKE")[-1]["reactions"]
    assert shown == [{"name": "eyes", "users": [BOT_USER], "count": 1}]
    client.reactions_remove(**place, name="eyes")
    assert code(client.reactions_remove, **place, name="eyes") == "no_reaction"


def test_a_picture_is_uploaded_shown_and_kept_private(tmp_path: Path) -> None:
    scopes = (*SCOPES, "files:read")
    with workspace(tmp_path, pace=0, scopes=scopes, processing_seconds=0.3) as running:
        client = web(running)
        file = client.files_upload_v2(filename="chart.png", content=PNG, title="A chart")["files"][
            0
        ]
        block = {"type": "image", "alt_text": "words", "slack_file": {"id": file["id"]}}
        post = {"channel": "C0STROKE", "text": "a", "blocks": [block]}
        assert code(client.chat_postMessage, **post) == "invalid_blocks"  # still being processed
        until(lambda: code(client.chat_postMessage, **post) == "ok")
        info = client.files_info(file=file["id"])["file"]
        assert (info["mimetype"], info["size"], info["is_public"]) == ("image/png", 48, False)
        allowed = {"Authorization": f"Bearer {running.bot_token}"}
        request = urllib.request.Request(info["url_private"], headers=allowed)
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == PNG
        with (
            pytest.raises(urllib.error.HTTPError) as refused,
            urllib.request.urlopen(info["url_private"]),
        ):
            pass
        refused.value.close()
        assert refused.value.code == 403
        words = client.files_upload_v2(filename="a.txt", content="words", title="A text")["files"][
            0
        ]
        time.sleep(0.3)
        post["blocks"] = [{**block, "slack_file": {"id": words["id"]}}]
        assert code(client.chat_postMessage, **post) == "invalid_blocks"  # not a picture
        client.files_upload_v2(
            filename="b.png", content=PNG, channel="C0STROKE", initial_comment="here"
        )
        assert running.look("messages", channel="C0STROKE")[-1]["files"][0]["name"] == "b.png"


def test_an_upload_that_is_not_whole_is_not_a_file(still: Running) -> None:
    client = web(still)
    ticket = client.files_getUploadURLExternal(filename="a.png", length=48)
    done = client.files_completeUploadExternal
    assert code(done, files=[{"id": ticket["file_id"], "title": "a"}]) == "file_not_found"
    request = urllib.request.Request(ticket["upload_url"], PNG[:10], method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(request):
        pass
    refused.value.close()
    assert refused.value.code == 400
    assert code(client.files_getUploadURLExternal, filename="a", length=0) == "invalid_arguments"


def test_views_are_checked_and_a_home_is_published(still: Running) -> None:
    client = web(still)
    home = {"type": "home", "blocks": divider(1)}
    first = client.views_publish(user_id="U0LEAD", view=home)["view"]
    again = client.views_publish(user_id="U0LEAD", view=home, hash=first["hash"])["view"]
    assert again["id"] == first["id"]
    publish = client.views_publish
    assert code(publish, user_id="U0LEAD", view=home, hash="old") == "hash_conflict"
    assert code(publish, user_id="U0LEAD", view=MODAL) == "invalid_arguments"
    assert code(publish, user_id="U0NOBODY", view=home) == "invalid_arguments"
    with pytest.raises(SlackApiError) as refused:
        publish(user_id="U0LEAD", view={"type": "home", "blocks": divider(101)})
    messages = refused.value.response["response_metadata"]["messages"]
    assert messages == ["[ERROR] no more than 100 items allowed [json-pointer:/view/blocks]"]


def test_blocks_validate_gives_pointers(still: Running) -> None:
    client = web(still)
    assert code(client.api_call, api_method="blocks.validate", json={"blocks": divider(1)}) == "ok"
    with pytest.raises(SlackApiError) as refused:
        client.api_call("blocks.validate", json={"message": {"blocks": [{"type": "poem"}]}})
    assert refused.value.response["errors"][0]["pointer"] == "/blocks/0/type"


def test_a_workspace_without_the_newer_blocks(fresh: Running) -> None:
    fresh.act("rules", newer_blocks=False)
    table = [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}]
    post = {"channel": "C0STROKE", "text": "a", "blocks": table}
    assert code(web(fresh).chat_postMessage, **post) == "invalid_blocks"
    fresh.act("rules", newer_blocks=True)
    assert code(web(fresh).chat_postMessage, **post) == "ok"


# -- pace and faults ---------------------------------------------------------------------------------


def test_a_channel_takes_a_burst_and_then_one_message_a_second(fresh: Running) -> None:
    client = web(fresh)
    answers = [code(client.chat_postMessage, channel="C0STROKE", text=f"{n}") for n in range(6)]
    assert answers == ["ok"] * 4 + ["ratelimited"] * 2
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C0STROKE", text="a")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"
    assert code(client.chat_postMessage, channel="C0LEADS", text="another channel") == "ok"
    patient = web(fresh, retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=2)])
    assert code(patient.chat_postMessage, channel="C0STROKE", text="waited") == "ok"
    assert len(fresh.look("messages", channel="C0STROKE")) == 5


@pytest.mark.parametrize("kind", ["drop_after", "error_after"])
def test_a_post_that_was_taken_may_seem_lost(fresh: Running, kind: str) -> None:
    fresh.act("fault", kind=kind, method="chat.postMessage")
    with pytest.raises((SlackApiError, http.client.RemoteDisconnected)):
        web(fresh).chat_postMessage(channel="C0STROKE", text="a")
    assert [m["text"] for m in fresh.look("messages", channel="C0STROKE")] == ["a"]
    assert code(web(fresh).chat_postMessage, channel="C0STROKE", text="b") == "ok"


@pytest.mark.parametrize("kind", ["drop_before", "error_before"])
def test_a_post_may_be_lost_before_it_is_taken(fresh: Running, kind: str) -> None:
    fresh.act("fault", kind=kind, method="chat.", channel="C0STROKE")
    with pytest.raises((SlackApiError, http.client.RemoteDisconnected)):
        web(fresh).chat_postMessage(channel="C0STROKE", text="a")
    assert fresh.look("messages", channel="C0STROKE") == []


def test_the_default_client_posts_twice_when_the_connection_drops(fresh: Running) -> None:
    fresh.act("fault", kind="drop_after", method="chat.postMessage")
    client = WebClient(token=fresh.bot_token, base_url=fresh.api_url)
    assert code(client.chat_postMessage, channel="C0STROKE", text="a") == "ok"
    assert len(fresh.look("messages", channel="C0STROKE")) == 2


def test_limits_and_errors_on_command(fresh: Running) -> None:
    fresh.act("fault", kind="ratelimited", method="users.", seconds=7, times=2)
    fresh.act("fault", kind="refuse", method="chat.postMessage", error="invalid_blocks")
    client = web(fresh)
    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            client.users_info(user="U0LEAD")
        assert refused.value.response.headers["Retry-After"] == "7"
    assert code(client.users_info, user="U0LEAD") == "ok"
    assert code(client.chat_postMessage, channel="C0STROKE", text="a") == "invalid_blocks"
    assert code(client.chat_postMessage, channel="C0STROKE", text="a") == "ok"
    calls = [(c["method"], c["error"]) for c in fresh.look("calls")]
    assert calls[-2:] == [("chat.postMessage", "invalid_blocks"), ("chat.postMessage", None)]


def test_out_for_a_while_and_slow(fresh: Running) -> None:
    app = App(client=web(fresh))
    with bolt(fresh, app):
        fresh.act("fault", kind="out", seconds=60)
        with pytest.raises(http.client.RemoteDisconnected):
            web(fresh).auth_test()
        until(lambda: fresh.look("changes")["connections"] == 0)
        fresh.act("mend")
        assert code(web(fresh).auth_test) == "ok"
    fresh.act("fault", kind="slow", method="chat.", seconds=1.5)
    with pytest.raises(TimeoutError):
        web(fresh, timeout=1).chat_postMessage(channel="C0STROKE", text="a")
    assert len(fresh.look("messages", channel="C0STROKE")) == 1  # it was taken


# -- the practice addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deed", "facts", "error"),
    [
        ("say", {"user": "U0LEAD", "channel": "C0NOWHERE", "text": "a"}, "channel_not_found"),
        ("say", {"user": "U0GUEST", "channel": "C0STROKE", "text": "a"}, "not_in_channel"),
        ("say", {"user": BOT_USER, "channel": "C0STROKE", "text": "a"}, "user_not_found"),
        ("say", {"user": "U0LEAD", "channel": "C0STROKE", "text": " "}, "no_text"),
        ("say", {"user": "U0LEAD"}, "invalid_arguments"),
        (
            "press",
            {"user": "U0LEAD", "action_id": "a", "channel": "C0STROKE", "ts": "1"},
            "message_not_found",
        ),
        ("submit", {"user": "U0LEAD", "view_id": "V1", "values": {}}, "view_not_found"),
        ("redeliver", {"event_id": "Ev1"}, "event_not_found"),
        ("dance", {}, "unknown_deed"),
    ],
)
def test_a_deed_that_cannot_be_done_says_why(
    still: Running, deed: str, facts: dict[str, Any], error: str
) -> None:
    with pytest.raises(Refused, match=error):
        still.act(deed, **facts)


def test_no_other_web_page_can_act_here(still: Running) -> None:
    body = json.dumps({"user": "U0LEAD", "channel": "C0STROKE", "text": "a"}).encode()
    address = f"{still.url}/practice/say"
    for headers in (
        {"Content-Type": "text/plain"},  # what a foreign page may send without asking
        {"Content-Type": "application/json", "Host": "evil.example"},  # a rebound name
    ):
        request = urllib.request.Request(address, body, headers)
        with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(request):
            pass
        refused.value.close()
        assert refused.value.code == 400


def test_what_was_said_is_still_there_after_a_restart(tmp_path: Path) -> None:
    with workspace(tmp_path) as running:
        web(running).chat_postMessage(channel="C0STROKE", text="kept", blocks=BUTTONS)
    with workspace(tmp_path) as running:
        found = running.look("messages", channel="C0STROKE")
        assert [(m["text"], m["blocks"][0]["block_id"]) for m in found] == [("kept", "ask")]
        running.act("person", id="U0LEAD", deleted=True)
        assert web(running).users_info(user="U0LEAD")["user"]["deleted"] is True
        with pytest.raises(Refused, match="user_not_found"):
            running.act("say", user="U0LEAD", channel="C0STROKE", text="a")


def test_a_port_that_is_taken_is_an_error_at_once(still: Running, tmp_path: Path) -> None:
    port = int(still.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), serve(tmp_path / "other.db", port=port):
        pass
