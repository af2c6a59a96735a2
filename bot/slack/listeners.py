"""What happens the moment Slack tells us something: guard, insert, then acknowledge.

Nothing is answered here. A middleware writes the event to the inbox before Bolt acknowledges it;
if that fails the event is not acknowledged and Slack sends it again. Workers do the rest.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from slack_bolt import App, BoltContext
from slack_bolt.response import BoltResponse

from auditbot.say.words import Words
from bot.slack import modals

Body = dict[str, Any]

COMMAND = "/audit"  # as the manifests declare it: `/audit ask TEXT`, `/audit help`
ASK, HELP = "ask", "help"
WORDS = "words"  # for the audit team: what was not understood, and a form to teach a word in


@dataclass(frozen=True)
class Arrival:
    """One event, taken out of Slack's envelope."""

    event_id: str  # the same however often it is delivered
    kind: str  # mention, message, command, action, submit, joined
    channel: str
    channel_type: str  # channel, group, im
    user: str
    ts: str
    thread_ts: str | None = None
    text: str = ""
    payload: Body = field(default_factory=dict)


def register(
    app: App,
    words: Words,
    keep: Callable[[Arrival], None],
    about: Callable[[Arrival], Body | None],
) -> None:
    """Connect the listeners.

    `keep` writes an arrival to the inbox and raises when it cannot. `about` says what the form that
    a press opens is about, and under `reading` the Message that stands above its fields; None when
    it is not for this person, who is then told so.
    """

    @app.middleware
    def insert_first(
        body: Body, context: BoltContext, next: Callable[[], BoltResponse]
    ) -> BoltResponse:
        arrival = arrival_of(body, context.bot_user_id or "")
        if arrival is not None:
            keep(arrival)
        return next()

    @app.event("app_mention")
    @app.event("message")
    @app.event("member_joined_channel")
    @app.event("app_home_opened")
    def inserted() -> None:
        """The middleware has written it down; there is nothing more to do here."""

    @app.command(COMMAND)
    def commanded(ack: Callable[..., None], body: Body, client: Any) -> None:
        form = _teaching(body)
        if form is None:  # seen at once, by the asker alone, and gone when Slack is opened anew
            ack(words.render("notice", "command_taken", {}))
            return
        ack()
        open_form(form, body, client)

    def open_form(pressed: Arrival, body: Body, client: Any) -> None:
        """The one thing that cannot wait: Slack gives three seconds to open a form."""
        known = about(pressed)
        if known is not None:
            reading = known.pop("reading", None)
            form = modals.view(words, pressed.payload["action"], known, reading)
            client.views_open(trigger_id=body["trigger_id"], view=form)

    @app.action(re.compile(".*"))
    def acted(ack: Callable[[], None], body: Body, client: Any) -> None:
        ack()
        pressed = _action(body)
        if opens(pressed):
            open_form(pressed, body, client)

    @app.view(re.compile(".*"))
    def submitted(ack: Callable[[], None]) -> None:
        ack()


def arrival_of(body: Body, me: str = "") -> Arrival | None:
    """The event as an Arrival; None for what we do not answer (other bots, edits, joins of people).

    `me` is our own user id, which the envelope of a command does not tell.
    """
    if body.get("type") == "event_callback":
        return _event(body)
    if body.get("command"):
        return None if _teaching(body) else _command(body, me)
    if body.get("type") == "block_actions":
        pressed = _action(body)
        return None if opens(pressed) else pressed
    if body.get("type") == "view_submission":
        return _submission(body)
    return None


def opens(pressed: Arrival) -> bool:
    """Does this press open a form? Then it is answered at once and never queued."""
    return pressed.payload["action"] in modals.FORMS


def _event(body: Body) -> Arrival | None:
    e = body["event"]
    own = {a.get("user_id") for a in body.get("authorizations") or []}
    if e["type"] == "member_joined_channel":
        if e.get("user") not in own:
            return None
        return Arrival(
            body["event_id"], "joined", e["channel"], e.get("channel_type", ""), e["user"], ""
        )
    if e["type"] == "app_mention":
        kind, where = "mention", e.get("channel_type", "channel")
    elif e["type"] == "message" and e.get("channel_type") == "im":
        kind, where = "message", "im"
    else:
        return None
    if e.get("bot_id") or e.get("subtype") or e.get("user") in own or not e.get("user"):
        return None
    return Arrival(
        body["event_id"],
        kind,
        e["channel"],
        where,
        e["user"],
        e["ts"],
        e.get("thread_ts"),
        _without_mention(e.get("text", ""), own),
        {"shared": bool(body.get("is_ext_shared_channel"))},
    )


def _teaching(body: Body) -> Arrival | None:
    """`/audit words`, as the press that opens the form to teach a word in; None for any other."""
    if (body.get("text") or "").strip().casefold() != WORDS:
        return None
    id = f"command:{body['trigger_id']}"
    return Arrival(id, "action", "", "im", body["user_id"], "", payload={"action": "teach"})


def _command(body: Body, me: str) -> Arrival:
    """A slash command. Its answer goes to the person in private, so it has no channel of ours:
    where it was typed decides what "we" means there, and nothing else. A trigger is made once a
    command, so its id tells one from the next.
    """
    text = _without_mention(body.get("text") or "", {me} - {""})
    first, _, rest = text.partition(" ")
    if first.casefold() == ASK:
        text = rest.strip()
    elif first.casefold() == HELP and not rest:
        text = ""
    return Arrival(
        f"command:{body['trigger_id']}",
        "command",
        "",
        "im",
        body["user_id"],
        "",
        text=text,
        payload={"typed_in": body.get("channel_id", "")},
    )


def _action(body: Body) -> Arrival:
    pressed = body["actions"][0]
    action, _, _ = pressed["action_id"].partition("#")
    value = pressed.get("value", "")
    place = None
    if action == "more":  # the dots: the option names the action and its place in the message
        action, _, place = pressed["selected_option"]["value"].partition("#")
    box = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or box.get("channel_id", "")
    ts = box.get("message_ts") or (body.get("message") or {}).get("ts", "")
    thread = (body.get("message") or {}).get("thread_ts") or box.get("thread_ts")
    return Arrival(
        f"action:{channel}:{ts}:{body['user']['id']}:{pressed.get('action_ts', '')}:{action}",
        "action",
        channel,
        "im" if channel.startswith("D") else "channel",
        body["user"]["id"],
        ts,
        thread,
        payload={"action": action, "value": value, "place": place},
    )


def _submission(body: Body) -> Arrival:
    view = body["view"]
    return Arrival(
        f"view:{view['id']}:{body['user']['id']}",
        "submit",
        "",
        "im",
        body["user"]["id"],
        "",
        text=modals.written(view),
        payload={
            **json.loads(view.get("private_metadata") or "{}"),
            **modals.chosen(view),
            "form": view["callback_id"],
        },
    )


def _without_mention(text: str, own: set[str]) -> str:
    """The words without our own name; other people's names stay marked, so that the guard sees them."""
    for user in own:
        text = re.sub(rf"<@{user}(\|[^>]*)?>", " ", text)
    text = re.sub(r"<(https?://[^|>]+)\|([^>]*)>", r"\2", text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return re.sub(r"\s+", " ", text).strip()
