"""How what people do reaches the bot: events and interactions, over Socket Mode.

Each envelope goes to ONE of the connections. An event that is not acknowledged in time is sent
again with the same `event_id`, a new envelope and a retry number; what is pressed or submitted is
sent once, and the person is told when no answer came.
"""

import asyncio
import json
import random
import re
import secrets
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.workspace import check, state
from bot.workspace.state import BOT_USER, OBJECTS, TEAM, Thing

MINIMAL_SCOPES = (
    "app_mentions:read,chat:write,commands,channels:read,files:write,im:history,im:read,im:write,"
    "reactions:write,users:read"
)
TRIGGER_SECONDS = 3.0
HOOK_SECONDS, HOOK_POSTS = 1800.0, 5
MOST_CONNECTIONS = 10
COMMAND_TEXT = 4_000  # beyond it Slack may split a text


class Refused(Exception):
    """Slack would not do that: an error code and what else its answer says."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.answer: Thing = {"ok": False, "error": code, **more}


@dataclass(frozen=True)
class Rules:
    """How strict this workspace is and what the app may do in it."""

    bot_token: str = "xoxb-practice"  # noqa: S105 (opens nothing but this workspace)
    app_token: str = "xapp-practice"  # noqa: S105
    scopes: tuple[str, ...] = tuple(MINIMAL_SCOPES.split(","))
    commands: tuple[str, ...] = ("/audit",)
    newer_blocks: bool = True  # False: refuse the blocks that not every workspace has yet
    pace: float = 1.0  # seconds a message in one channel; 0: no limit
    burst: int = 4  # messages a channel takes at once before the pace is held
    ack_seconds: float = 3.0
    retry_after: tuple[float, ...] = (0.0, 60.0, 300.0)  # waits before an event is sent again
    processing_seconds: float = 0.0  # from a completed upload until it can be shown


@dataclass
class Fault:
    """Something to go wrong on purpose with the next matching calls."""

    kind: str  # ratelimited, refuse, drop_before, drop_after, error_before, error_after, slow, out
    times: int = 1
    method: str = ""  # a method or its beginning; empty: all
    channel: str = ""
    seconds: float = 1.0  # Retry-After, delay, or how long `out` lasts
    error: str = "internal_error"
    share: float = 1.0  # the part of matching calls it hits


@dataclass
class Hook:
    """Where a `response_url` leads."""

    channel: str
    user: str
    ts: str | None
    until: float
    left: int = HOOK_POSTS


@dataclass
class Desk:
    """One running workspace: its database, its rules, and all that lives only in memory."""

    db: state.Db
    rules: Rules
    url: str
    sockets: list[WebSocket] = field(default_factory=list)
    tickets: dict[str, float] = field(default_factory=dict)
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)  # by envelope id
    triggers: dict[str, Thing] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    buckets: dict[str, tuple[float, float]] = field(default_factory=dict)  # by channel
    out_until: float = 0.0
    deaf_until: float = 0.0  # connected, but no envelope is delivered
    calls: deque[Thing] = field(default_factory=lambda: deque(maxlen=5000))
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    stopping: bool = False

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let something run beside what is going on."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


# -- connections ---------------------------------------------------------------------------------


async def link(socket: WebSocket) -> None:
    """One Socket Mode connection, from its ticket to its end."""
    desk: Desk = socket.app.state.desk
    until = desk.tickets.pop(socket.query_params.get("ticket", ""), 0.0)
    if until < time.monotonic() or desk.out_until > time.monotonic():
        await socket.close(4001)
        return
    await socket.accept()
    if len(desk.sockets) >= MOST_CONNECTIONS:
        await disconnect(desk, socket, "too_many_websockets")
        return
    desk.sockets.append(socket)
    hello = {**OBJECTS["hello"], "num_connections": len(desk.sockets)}
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_text(json.dumps(hello))
        async for text in socket.iter_text():
            _acknowledged(desk, text)
    if socket in desk.sockets:
        desk.sockets.remove(socket)


def _acknowledged(desk: Desk, text: str) -> None:
    with suppress(ValueError):
        said = json.loads(text)
        answer = desk.waiting.get(str(said.get("envelope_id"))) if isinstance(said, dict) else None
        if answer is not None and not answer.done():
            answer.set_result(said.get("payload") or {})


async def disconnect(desk: Desk, socket: WebSocket, reason: str) -> None:
    """Ask a client to connect anew and hang up a moment later, as Slack does every few hours."""
    if socket in desk.sockets:
        desk.sockets.remove(socket)  # no new envelopes; late acknowledgements are still heard
    with suppress(WebSocketDisconnect, RuntimeError):
        words = {**OBJECTS["hello"], "type": "disconnect", "reason": reason}
        await socket.send_text(json.dumps(words))
        await asyncio.sleep(0.5)
        await socket.close(1000)


async def deliver(desk: Desk, id: str, kind: str, payload: Thing, *, attempt: int = 0) -> Any:
    """Send one envelope until it is acknowledged; the acknowledgement's payload, or None.

    Only `events_api` is sent again. With no connection it waits for one.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()
    waits = [0.0, *(desk.rules.retry_after if kind == "events_api" else ())]
    envelopes = []
    try:
        for number, wait in enumerate(waits, attempt):
            if wait:
                await asyncio.wait([answer], timeout=wait)
            if answer.done():
                break
            socket = await _somebody(desk)
            envelopes.append(secrets.token_hex(16))
            desk.waiting[envelopes[-1]] = answer
            envelope: Thing = {"envelope_id": envelopes[-1], "type": kind, "payload": payload}
            envelope["accepts_response_payload"] = kind != "events_api"
            if kind == "events_api":
                reason = "timeout" if number else ""
                envelope.update(retry_attempt=number, retry_reason=reason)
            state.mark_event(desk.db, id, "sent", tried=1)
            with suppress(WebSocketDisconnect, RuntimeError):
                await socket.send_text(json.dumps(envelope))
            await asyncio.wait([answer], timeout=desk.rules.ack_seconds)
            if answer.done():
                break
    finally:
        for envelope_id in envelopes:
            desk.waiting.pop(envelope_id, None)
    state.mark_event(desk.db, id, "acknowledged" if answer.done() else "failed")
    return answer.result() if answer.done() else None


async def _somebody(desk: Desk) -> WebSocket:
    while not desk.sockets or desk.deaf_until > time.monotonic():
        await asyncio.sleep(0.02)
    return random.choice(desk.sockets)  # noqa: S311


def resume(desk: Desk) -> None:
    """Go on delivering events that an earlier run left without an acknowledgement."""
    for event in state.events(desk.db, "kind = 'events_api' AND state IN ('waiting', 'sent')"):
        ask = (event["id"], event["kind"], event["payload"])
        desk.later(deliver(desk, *ask, attempt=event["attempts"]))


# -- events ----------------------------------------------------------------------------------------


def tell(desk: Desk, event: Thing, scope: str = "") -> str | None:
    """Queue an event for the bot if its scopes allow; returns the event's id."""
    if scope and scope not in desk.rules.scopes:
        return None
    id = state.fresh("Ev")
    made = {"event": event, "event_id": id, "event_time": int(time.time())}
    payload = {**OBJECTS["event"], **made, "event_context": f"4-{id}"}
    state.put_event(desk.db, id, "events_api", payload)
    desk.later(deliver(desk, id, "events_api", payload))
    return id


SCOPES = {"public": "channels", "private": "groups", "im": "im"}
LETTERS = {"public": "channel", "private": "group", "im": "im"}


def tell_message(desk: Desk, channel: Mapping[str, Any], message: Mapping[str, Any]) -> None:
    """A message event, where the bot may read the conversation's history."""
    if BOT_USER in state.members(desk.db, channel["id"]):
        where = {"channel": channel["id"], "channel_type": LETTERS[channel["kind"]]}
        event = {**state.shown(message), **where, "event_ts": message["ts"]}
        tell(desk, event, f"{SCOPES[channel['kind']]}:history")


def tell_change(desk: Desk, channel: Mapping[str, Any], kind: str, **more: Any) -> None:
    """A message was changed or deleted: the event that Slack adds for it."""
    now = f"{time.time():.6f}"
    event = {"type": "message", "subtype": kind, "hidden": True, "ts": now, **more}
    tell_message(desk, channel, event)


def tell_membership(desk: Desk, kind: str, channel: Mapping[str, Any], user: str, by: str) -> None:
    """Somebody joined or left a channel: told when the bot is in it, or is the one."""
    if BOT_USER in (user, *state.members(desk.db, channel["id"])):
        letter = "C" if channel["kind"] == "public" else "G"
        event = {"type": kind, "user": user, "channel": channel["id"], "channel_type": letter}
        more = {"team": TEAM, "inviter": by, "event_ts": f"{time.time():.6f}"}
        tell(desk, {**event, **more}, f"{SCOPES[channel['kind']]}:read")


# -- what people do ------------------------------------------------------------------------------


def _person(desk: Desk, user: str) -> Thing:
    person = state.get_user(desk.db, user)
    if person is None or person["is_bot"] or person["deleted"]:
        raise Refused("user_not_found", detail=f'No person with id "{user}" is here.')
    return person


def _place(desk: Desk, user: str, channel: str) -> Thing:
    place = state.get_channel(
        desk.db, state.direct(desk.db, user) if channel == BOT_USER else channel
    )
    if place is None:
        raise Refused("channel_not_found", detail=f'No channel with id "{channel}" is here.')
    if user not in state.members(desk.db, place["id"]):
        raise Refused("not_in_channel", detail=f'"{user}" is not in channel "{channel}".')
    return place


def typed(desk: Desk, text: str) -> tuple[str, list[Thing]]:
    """What a person typed, as Slack sends it: `&<>` escaped, mentions and links marked.

    Also the rich text of it, as in an event's blocks.
    """
    known = {user["name"].lower(): user["id"] for user in state.users(desk.db)}
    known |= {id.lower(): id for id in known.values()}
    parts: list[Thing] = []
    written = ""
    pieces = re.split(r"(<@[UW]\w+>|@\w+(?:[.-]\w+)*|https?://[^\s<>|]+)", text)
    for number, piece in enumerate(pieces):
        marked = number % 2 == 1  # re.split puts what it split at in between
        user = known.get(piece.strip("<@>").lower()) if marked else None
        safe = piece.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if user:
            parts.append({"type": "user", "user_id": user})
            written += f"<@{user}>"
        elif marked and piece.startswith("http"):
            parts.append({"type": "link", "url": piece})
            written += f"<{safe}>"
        elif piece:
            parts.append({"type": "text", "text": piece})
            written += safe
    line = {"type": "rich_text_section", "elements": parts}
    return written, [{"type": "rich_text", "block_id": "typed", "elements": [line]}]


async def say(
    desk: Desk, user: str, channel: str, text: str, thread_ts: str | None = None
) -> Thing:
    """A person writes in a channel, a thread, or (channel = the bot's user id) to the bot."""
    _person(desk, user)
    place = _place(desk, user, channel)
    if place["archived"]:
        raise Refused("is_archived")
    if not text.strip():
        raise Refused("no_text")
    if text.startswith("/"):
        return await _command(desk, user, place, text, thread_ts)
    parent = state.get_message(desk.db, place["id"], thread_ts) if thread_ts else None
    if thread_ts and parent is None:
        raise Refused("thread_not_found")
    written, blocks = typed(desk, text)
    body: Thing = {"user": user, "text": written, "blocks": blocks}
    body["client_msg_id"] = secrets.token_hex(16)
    if thread_ts:
        body["thread_ts"] = thread_ts
    message = state.add_message(desk.db, place["id"], body)
    inside = BOT_USER in state.members(desk.db, place["id"])
    tell_message(desk, place, message)
    if f"<@{BOT_USER}>" in written and inside and place["kind"] != "im":
        event = {**message, "type": "app_mention", "channel": place["id"]}
        tell(desk, {**event, "event_ts": message["ts"]}, "app_mentions:read")
    return {"channel": place["id"], "ts": message["ts"]}


async def _command(desk: Desk, user: str, place: Thing, text: str, thread_ts: str | None) -> Thing:
    command, _, rest = text.partition(" ")
    if command not in desk.rules.commands or "commands" not in desk.rules.scopes:
        raise Refused("unknown_command", detail=f'"{command}" is not a command here.')
    if thread_ts:
        raise Refused("not_in_thread", detail="Slash commands do not work in threads.")
    name, where = _person(desk, user)["name"], place["name"] or "directmessage"
    payload = {
        **OBJECTS["command"],
        "command": command,
        "text": _escaped(desk, rest.strip()),
        "user_id": user,
        "user_name": name,
        "channel_id": place["id"],
        "channel_name": where,
        "trigger_id": trigger(desk, user),
        "response_url": hook(desk, place["id"], user),
    }
    answer = await _interaction(desk, "slash_commands", payload)
    if answer:
        if faults := _answer_faults(answer):
            raise Refused("invalid_command_response", detail=faults)
        aloud = answer.get("response_type") == "in_channel"
        respond(desk, place["id"], answer, None if aloud else user)
    return {"channel": place["id"], "acknowledged": answer is not None}


def _escaped(desk: Desk, text: str) -> str:
    """A command's text where the manifest asks for escaping: a person's mark holds their name too."""
    names = {user["id"]: user["name"] for user in state.users(desk.db)}
    written, _ = typed(desk, text)
    return re.sub(r"<@(\w+)>", lambda m: f"<@{m[1]}|{names.get(m[1], '')}>", written)


def _answer_faults(answer: Any) -> str:
    """What is wrong with an answer to a command. Slack drops such a one without a word."""
    if not isinstance(answer, dict):
        return "The answer is no object."
    unknown = sorted(set(answer) - {"text", "blocks", "response_type"})
    if unknown:
        return f"The answer has fields that are not known: {', '.join(unknown)}."
    if answer.get("response_type", "ephemeral") not in ("ephemeral", "in_channel"):
        return f'"{answer["response_type"]}" is no response_type.'
    if not isinstance(answer.get("text"), str) or not answer["text"].strip():
        return "The answer has no text, which is what a screen reader reads."
    if len(answer["text"]) > COMMAND_TEXT:
        return f"The answer's text is longer than {COMMAND_TEXT:,} characters."
    return ""


def respond(desk: Desk, channel: str, answer: Mapping[str, Any], only_for: str | None) -> Thing:
    """Post what the bot answered to a command or at a `response_url`."""
    blocks = answer.get("blocks")
    faults = blocks and check.message_faults(blocks, newer=desk.rules.newer_blocks)
    if faults:
        raise Refused("invalid_blocks", errors=[str(f) for f in faults])
    body: Thing = {**OBJECTS["posted"], "text": answer.get("text", "")}
    if blocks:
        body["blocks"] = named({"blocks": blocks})["blocks"]
    if answer.get("thread_ts"):
        body["thread_ts"] = answer["thread_ts"]
    return state.add_message(desk.db, channel, body, only_for=only_for)


def trigger(desk: Desk, user: str, view: str | None = None) -> str:
    """A trigger_id: three seconds to open a modal for this user."""
    now = time.monotonic()
    desk.triggers = {k: v for k, v in desk.triggers.items() if v["until"] > now - 600}
    id = f"{secrets.randbelow(10**12)}.{secrets.token_hex(12)}"
    desk.triggers[id] = {"user": user, "view": view, "until": now + TRIGGER_SECONDS, "used": False}
    return id


def hook(desk: Desk, channel: str, user: str, ts: str | None = None) -> str:
    """A response_url: five posts in half an hour."""
    now = time.monotonic()
    desk.hooks = {k: v for k, v in desk.hooks.items() if v.until > now}
    id = secrets.token_hex(16)
    desk.hooks[id] = Hook(channel, user, ts, now + HOOK_SECONDS)
    return f"{desk.url}/hooks/{id}"


async def _interaction(desk: Desk, kind: str, payload: Thing) -> Any:
    """Deliver once; None when the bot did not answer in time, or is not there."""
    id = state.fresh("In")
    state.put_event(desk.db, id, kind, payload)
    try:
        async with asyncio.timeout(desk.rules.ack_seconds):
            return await deliver(desk, id, kind, payload)
    except TimeoutError:
        state.mark_event(desk.db, id, "failed")
        return None


def _about(desk: Desk, kind: str, user: str, view: str | None = None) -> Thing:
    name = _person(desk, user)["name"]
    who = {"id": user, "username": name, "name": name, "team_id": TEAM}
    return {
        **OBJECTS["interaction"],
        "type": kind,
        "user": who,
        "trigger_id": trigger(desk, user, view),
    }


def elements(blocks: Any) -> list[tuple[Thing, Thing]]:
    """Everything interactive in blocks, with its block."""
    found = []
    for block in blocks or ():
        parts = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        found += [(block, p) for p in parts if isinstance(p, dict) and p.get("action_id")]
    return found


def _chosen(element: Thing, value: Any) -> Thing:
    """What an element says once a person chose `value` in it."""
    kind = element["type"]
    groups = element.get("option_groups") or [element]
    options = [o for g in groups for o in g.get("options", ())]
    wanted = value if isinstance(value, list) else [value]
    picked = [o for o in options if o["value"] in wanted]
    said: Thing = {"type": kind}
    if kind in ("overflow", "static_select", "radio_buttons"):
        if value not in (None, "") and not picked:
            raise Refused("invalid_option", detail=f'"{value}" is not on offer.')
        said["selected_option"] = picked[0] if picked else None
    elif kind in ("checkboxes", "multi_static_select"):
        said["selected_options"] = picked
    elif kind in ("button", "icon_button"):
        said.update({k: element[k] for k in ("text", "value", "style") if k in element})
    elif kind == "feedback_buttons":
        good = value == element["positive_button"]["value"]
        said.update(element["positive_button" if good else "negative_button"])
    else:
        slot = kind.removeprefix("multi_").removesuffix("s_select").removesuffix("picker")
        many = kind.startswith("multi_")
        named = f"selected_{slot}" + "s" * many
        said["value" if kind.endswith("_input") else named] = wanted if many else value or None
    return said


async def press(
    desk: Desk,
    user: str,
    action_id: str,
    channel: str = "",
    ts: str = "",
    view_id: str = "",
    block_id: str = "",
    value: Any = None,
) -> Thing:
    """Press a button or choose an option in a message or view; `value` is the option's."""
    view = state.get_view(desk.db, view_id) if view_id else None
    payload = _about(desk, "block_actions", user, view_id or None)
    message = None if view_id else state.get_message(desk.db, channel, ts)
    holder = view or message
    if holder is None or (message and message["_only_for"] not in (None, user)):
        raise Refused("message_not_found", detail="There is no such message or open view.")
    if message:
        _place(desk, user, channel)
    found = [
        (block, part)
        for block, part in elements(holder.get("blocks"))
        if part["action_id"] == action_id and block_id in ("", block.get("block_id"))
    ]
    if not found:
        raise Refused("action_not_found", detail=f'Nothing there has action_id "{action_id}".')
    block, part = found[0]
    action = {**_chosen(part, value), "action_id": action_id, "block_id": block["block_id"]}
    payload["actions"] = [{**action, "action_ts": f"{time.time():.6f}"}]
    if view:
        payload["view"] = state.shown(view)
        payload["container"] = {"type": "view", "view_id": view_id}
    elif message:
        hidden = message["_only_for"] is not None
        thread = message.get("thread_ts")
        place = {"message_ts": ts, "channel_id": channel, "is_ephemeral": hidden}
        payload["container"] = {"type": "message", **place}
        if thread:
            payload["container"]["thread_ts"] = thread
        name = (state.get_channel(desk.db, channel) or {}).get("name") or "directmessage"
        payload["channel"] = {"id": channel, "name": name}
        values = (
            {}
            if part["type"] in ("button", "overflow")
            else {block["block_id"]: {action_id: action}}
        )
        payload["state"] = {"values": values}
        payload["response_url"] = hook(desk, channel, user, ts)
        if not hidden:
            payload["message"] = state.shown(message)
    answer = await _interaction(desk, "interactive", payload)
    return {"acknowledged": answer is not None}


async def submit(desk: Desk, user: str, view_id: str, values: Mapping[str, Any]) -> Thing:
    """Press a modal's submit button; `values` by action_id. Returns `errors` by block_id, if any."""
    view = _own_view(desk, user, view_id)
    said: Thing = {}
    errors = {}
    for block, part in elements(view["blocks"]):
        if block["type"] == "input":
            given = values.get(part["action_id"])
            if given in (None, "", []) and not block.get("optional"):
                errors[block["block_id"]] = "Please complete this required field."
            said.setdefault(block["block_id"], {})[part["action_id"]] = _chosen(part, given)
    if errors:
        return {"errors": errors}  # as Slack's own client: nothing is sent
    payload = _about(desk, "view_submission", user, view_id)
    payload["view"] = {**state.shown(view), "state": {"values": said}}
    payload["response_urls"] = []
    answer = await _interaction(desk, "interactive", payload)
    if answer is None:
        return {"acknowledged": False}
    return {"acknowledged": True, **_after_submit(desk, user, view, answer)}


def _after_submit(desk: Desk, user: str, view: Thing, answer: Mapping[str, Any]) -> Thing:
    action = answer.get("response_action")
    if action == "errors":
        inputs = {b["block_id"] for b in view["blocks"] if b["type"] == "input"}
        if not answer.get("errors") or set(answer["errors"]) - inputs:
            raise Refused("invalid_view_response", detail="Errors must name the view's inputs.")
        return {"errors": answer["errors"]}
    if action in ("update", "push"):
        faults = check.view_faults(answer.get("view"), newer=desk.rules.newer_blocks)
        if faults:
            raise Refused("invalid_view_response", errors=[str(f) for f in faults])
        above = {"previous": view["id"]} if action == "push" else {"id": view["id"]}
        return {"view": state.put_view(desk.db, user, named(answer["view"]), **above)}
    stack = [v["id"] for v in state.open_views(desk.db, user, "modal")]
    state.close_views(desk.db, stack if action == "clear" else [view["id"]])
    return {"closed": True}


def named(holder: Mapping[str, Any]) -> Thing:
    """Give every block and element without an id the one that Slack would make up."""
    made = []
    for old in holder["blocks"]:
        block = {"block_id": secrets.token_hex(3), **old}
        for key in ("elements", "accessory", "element"):
            parts = block.get(key)
            if key == "elements" and block["type"] in ("actions", "context_actions"):
                block[key] = [{"action_id": secrets.token_hex(3), **p} for p in parts or ()]
            elif isinstance(parts, dict) and parts["type"] != "image":
                block[key] = {"action_id": secrets.token_hex(3), **parts}
        made.append(block)
    return {**holder, "blocks": made}


def _own_view(desk: Desk, user: str, view_id: str) -> Thing:
    view = state.get_view(desk.db, view_id)
    if view is None or view["_user"] != user:
        raise Refused("view_not_found", detail=f'"{user}" has no open view "{view_id}".')
    return view


async def close(desk: Desk, user: str, view_id: str, all: bool = False) -> Thing:
    """Close a modal, or the whole stack of them; the bot hears of it where it asked to."""
    view = _own_view(desk, user, view_id)
    stack = [v["id"] for v in state.open_views(desk.db, user, "modal")]
    state.close_views(desk.db, stack if all or view["clear_on_close"] else [view_id])
    if view["notify_on_close"]:
        payload = {**_about(desk, "view_closed", user), "view": state.shown(view)}
        await _interaction(desk, "interactive", {**payload, "is_cleared": all})
    return {"closed": True}


async def home(desk: Desk, user: str, tab: str = "home") -> Thing:
    """A person opens the bot's Home tab."""
    _person(desk, user)
    event: Thing = {"type": "app_home_opened", "user": user, "tab": tab}
    event["channel"] = state.direct(desk.db, user)
    views = state.open_views(desk.db, user, "home")
    if views:
        event["view"] = views[-1]
    event["event_ts"] = f"{time.time():.6f}"
    return {"event_id": tell(desk, event)}


async def add(desk: Desk, channel: str, user: str, by: str = "") -> Thing:
    """Add a user to a channel; the bot's own id makes the bot join."""
    place = state.get_channel(desk.db, channel)
    if place is None or state.get_user(desk.db, user) is None:
        raise Refused("not_found", detail=f'There is no channel "{channel}" or user "{user}".')
    if state.join(desk.db, channel, user):
        tell_membership(desk, "member_joined_channel", place, user, by)
    return {"members": state.members(desk.db, channel)}


async def remove(desk: Desk, channel: str, user: str) -> Thing:
    """Take a user out of a channel."""
    place = state.get_channel(desk.db, channel)
    if place and state.leave(desk.db, channel, user):
        tell_membership(desk, "member_left_channel", place, user, "")
    return {"members": state.members(desk.db, channel)}
