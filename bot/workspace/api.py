"""The Web API as the bot sees it: tokens, scopes, arguments, pace and faults, then the methods.

Answers and error codes are Slack's. A method is a function of the desk and its arguments that
returns what is added to `{"ok": true}` or raises Refused.
"""

import asyncio
import json
import math
import random
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.workspace import check, state
from bot.workspace.socket import (
    SCOPES,
    Desk,
    Fault,
    Refused,
    named,
    respond,
    tell_change,
    tell_membership,
    tell_message,
)
from bot.workspace.state import BOT, BOT_NAME, BOT_USER, OBJECTS, Thing

TEXT_CUT, UPDATE_CUT = 40_000, 4_000
TICKET_SECONDS = 30.0
UPLOAD_BYTES = 50_000_000


class Call(NamedTuple):
    """A method: what does it, the scope it needs ("" none, "*" by channel) and must be given."""

    run: Callable[[Desk, Thing], Thing]
    scope: str
    must: tuple[str, ...] = ()


async def answer(request: Request) -> Response:
    """One Web API call, with whatever is to go wrong with it."""
    desk: Desk = request.app.state.desk
    method = request.path_params["method"]
    if desk.out_until > time.monotonic():
        return hang_up(request)
    args = await _arguments(request)
    fault = _fault(desk, method, args)
    kind = fault.kind if fault else ""
    if fault and kind == "out":
        take_out(desk, fault.seconds)
    if kind in ("drop_before", "out"):
        return hang_up(request)
    if kind == "error_before":
        return PlainTextResponse("Service unavailable", 503)
    wait = fault.seconds if fault and kind == "ratelimited" else _too_fast(desk, method, args)
    if wait:
        said: Thing = {"ok": False, "error": "ratelimited"}
    elif fault and kind == "refuse":
        said = {"ok": False, "error": fault.error}
    else:
        try:
            said = {"ok": True, **_call(desk, method, args)}
        except Refused as refused:
            said = refused.answer
    note = {"method": method, "channel": args.get("channel"), "fault": kind}
    desk.calls.append({"at": time.time(), **note, "error": said.get("error")})
    if fault and kind == "slow":
        await asyncio.sleep(fault.seconds)
    if kind == "drop_after":
        return hang_up(request)
    if kind == "error_after":
        return PlainTextResponse("Internal error", 500)
    headers = {
        "x-oauth-scopes": ",".join(desk.rules.scopes),
        "x-slack-req-id": secrets.token_hex(8),
    }
    if wait:
        return JSONResponse(said, 429, {**headers, "Retry-After": str(max(1, math.ceil(wait)))})
    return JSONResponse(said, headers=headers)


def hang_up(request: Request) -> Response:
    """Close the connection without a word, as a network that breaks does."""
    transport = getattr(getattr(request.receive, "__self__", None), "transport", None)
    if transport is not None:
        transport.close()
    return PlainTextResponse("", 500)


def take_out(desk: Desk, seconds: float) -> None:
    """Nothing answers for a while and every connection is lost."""
    desk.out_until = time.monotonic() + seconds
    for socket in desk.sockets:
        desk.later(socket.close(1012))


async def _arguments(request: Request) -> Thing:
    body = (await request.body()).decode("utf-8", "replace")
    args: Thing = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            given = json.loads(body or "{}")
        except ValueError:
            given = None
        args |= given if isinstance(given, dict) else {"_broken": "invalid_json"}
    else:
        args |= dict(parse_qsl(body, keep_blank_values=True))
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        args["token"] = token
    args["_base"] = str(request.base_url).rstrip("/")
    return {name: value for name, value in args.items() if value is not None}


def _fault(desk: Desk, method: str, args: Thing) -> Fault | None:
    for fault in desk.faults:
        hit = method.startswith(fault.method) and fault.channel in ("", args.get("channel"))
        if hit and fault.times > 0 and random.random() < fault.share:  # noqa: S311
            fault.times -= 1
            return fault
    return None


def _too_fast(desk: Desk, method: str, args: Thing) -> float:
    """Seconds until the channel takes another message; 0 when it does now (and counts it)."""
    if method != "chat.postMessage" or desk.rules.pace <= 0:
        return 0.0
    now, channel = time.monotonic(), str(args.get("channel"))
    left, then = desk.buckets.get(channel, (float(desk.rules.burst), now))
    left = min(float(desk.rules.burst), left + (now - then) / desk.rules.pace)
    desk.buckets[channel] = (left - 1 if left >= 1 else left, now)
    return 0.0 if left >= 1 else (1 - left) * desk.rules.pace


def _call(desk: Desk, method: str, args: Thing) -> Thing:
    call = METHODS.get(method)
    if call is None:
        raise Refused("unknown_method", req_method=method)
    if "_broken" in args:
        raise Refused(args["_broken"])
    token = args.get("token")
    if not token:
        raise Refused("not_authed")
    if token != (
        desk.rules.app_token if call.scope == "connections:write" else desk.rules.bot_token
    ):
        wrong_kind = token in (desk.rules.app_token, desk.rules.bot_token)
        raise Refused("not_allowed_token_type" if wrong_kind else "invalid_auth")
    if call.scope not in ("", "*", "connections:write"):
        need(desk, call.scope)
    missing = [name for name in call.must if args.get(name) in ("", None)]
    if missing:
        words = [f"[ERROR] missing required field: {name}" for name in missing]
        raise Refused("invalid_arguments", response_metadata={"messages": words})
    return call.run(desk, args)


def need(desk: Desk, scope: str) -> None:
    """Refuse what the app was not given the scope for."""
    if scope not in desk.rules.scopes:
        provided = ",".join(desk.rules.scopes)
        raise Refused("missing_scope", needed=scope, provided=provided)


# -- arguments -------------------------------------------------------------------------------------


def _bad(name: str, words: str) -> Refused:
    messages = [f"[ERROR] {words} [json-pointer:/{name}]"]
    return Refused("invalid_arguments", response_metadata={"messages": messages})


def _flag(args: Thing, name: str) -> bool:
    return args.get(name) in (True, 1, "1", "true", "True")


def _limit(args: Thing, usual: int = 100) -> int:
    value = str(args.get("limit", usual))
    if not value.isdigit() or not 1 <= int(value) <= 999:
        raise _bad("limit", "must be a whole number from 1 to 999")
    return int(value)


def _page(items: list[Any], args: Thing, name: str) -> Thing:
    try:
        page, cursor = state.cut(items, _limit(args), str(args.get("cursor", "")))
    except ValueError:
        raise Refused("invalid_cursor") from None
    return {name: page, "response_metadata": {"next_cursor": cursor}}


def _json(args: Thing, name: str, code: str) -> Any:
    """An argument that is an object or list, or the JSON text of one."""
    value = args.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value) if value else None
        except ValueError:
            raise Refused(code) from None
    return value


def _channel(desk: Desk, args: Thing, *, scope: str = "", inside: bool = False) -> Thing:
    """The channel named; `scope` is asked for by its kind, `inside` asks that the bot be in it."""
    channel = state.get_channel(desk.db, args["channel"])
    if channel is None:
        raise Refused("channel_not_found")
    member = BOT_USER in state.members(desk.db, channel["id"])
    if scope:
        need(desk, f"{SCOPES[channel['kind']]}:{scope}")
    if channel["kind"] == "private" and not member:
        raise Refused("channel_not_found")
    if inside and channel["archived"]:
        raise Refused("is_archived")
    if inside and not member:
        raise Refused("not_in_channel")
    return channel


def _content(desk: Desk, args: Thing, *, most: int = TEXT_CUT) -> Thing:
    """The checked words of a message: text, and blocks with the ids that were left out."""
    blocks = _json(args, "blocks", "invalid_blocks_format")
    text = args.get("text")
    if "markdown_text" in args:
        if text or blocks:
            raise Refused("markdown_text_conflict")
        text, blocks = args["markdown_text"], [{"type": "markdown", "text": args["markdown_text"]}]
    if text is not None and not isinstance(text, str):
        raise _bad("text", "must provide a string")
    if not text and not blocks:
        raise Refused("no_text")
    if len(text or "") > most:
        raise Refused("msg_too_long")
    body: Thing = {"text": text or ""}
    if blocks is not None:
        body["blocks"] = _blocks(desk, blocks) if blocks else []
    return body


def _blocks(desk: Desk, blocks: Any) -> list[Thing]:
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    faults = check.message_faults(blocks, newer=desk.rules.newer_blocks)
    faults = faults or _pictures(desk, blocks)
    if faults:
        words = [str(fault) for fault in faults]
        messages = {"messages": [f"[ERROR] {line}" for line in words]}
        raise Refused("invalid_blocks", errors=words, response_metadata=messages)
    if check.characters(blocks) > check.MESSAGE_CHARACTERS:
        raise Refused("msg_blocks_too_long")
    kept: list[Thing] = named({"blocks": blocks})["blocks"]
    return kept


def _pictures(desk: Desk, blocks: list[Any]) -> list[check.Fault]:
    """Faults of images that show an uploaded file: it must be whole, processed, and a picture."""
    faults = []
    for number, block in enumerate(blocks):
        held = [*block.get("elements", ()), block.get("accessory")]
        for part in (block, *(p for p in held if isinstance(p, Mapping))):
            named_file = part.get("slack_file")
            if named_file and not _showable(desk, named_file):
                faults.append(check.Fault(f"/blocks/{number}/slack_file", "invalid slack file"))
    return faults


def _showable(desk: Desk, named_file: Mapping[str, str]) -> bool:
    found = re.search(r"/files/(\w+)/", named_file.get("url", ""))
    file = state.get_file(desk.db, id=named_file.get("id") or (found and found[1]))
    if file is None or file["completed"] is None:
        return False
    ready = file["completed"] + desk.rules.processing_seconds <= time.time()
    return bool(ready and state.mimetype(file["data"]).startswith("image/"))


def _metadata(args: Thing) -> Thing | None:
    metadata = _json(args, "metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    sound = isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    if not sound or not isinstance(metadata.get("event_type"), str):
        raise Refused("invalid_metadata_format")
    return dict(metadata)


# -- methods -------------------------------------------------------------------------------------


def _connect(desk: Desk, args: Thing) -> Thing:
    ticket = secrets.token_hex(16)
    now = time.monotonic()
    desk.tickets = {t: until for t, until in desk.tickets.items() if until > now}
    desk.tickets[ticket] = now + TICKET_SECONDS
    base = args["_base"].replace("http", "ws", 1)
    return {"url": f"{base}/link/?ticket={ticket}&app_id={state.APP}"}


def _destination(desk: Desk, args: Thing) -> Thing:
    user = state.get_user(desk.db, args["channel"])
    if user and not user["is_bot"]:
        args = {**args, "channel": state.direct(desk.db, user["id"])}
    return _channel(desk, args, inside=True)


def _post(desk: Desk, args: Thing) -> Thing:
    channel = _destination(desk, args)
    body = {**OBJECTS["posted"], **_content(desk, args), **_thread(desk, channel, args)}
    message = state.add_message(desk.db, channel["id"], body, metadata=_metadata(args))
    tell_message(desk, channel, message)
    return {"channel": channel["id"], "ts": message["ts"], "message": message}


def _thread(desk: Desk, channel: Thing, args: Thing) -> Thing:
    ts = args.get("thread_ts")
    if not ts:
        return {}
    parent = state.get_message(desk.db, channel["id"], ts)
    if parent is None:
        raise Refused("thread_not_found")
    if parent.get("thread_ts", ts) != ts:
        raise Refused("cannot_reply_to_message")
    aloud = {"subtype": "thread_broadcast"} if _flag(args, "reply_broadcast") else {}
    return {"thread_ts": ts, **aloud}


def _whisper(desk: Desk, args: Thing) -> Thing:
    channel = _channel(desk, args, inside=True)
    if state.get_user(desk.db, args["user"]) is None:
        raise Refused("user_not_found")
    if args["user"] not in state.members(desk.db, channel["id"]):
        raise Refused("user_not_in_channel")
    body = {**OBJECTS["posted"], **_content(desk, args), **_thread(desk, channel, args)}
    message = state.add_message(desk.db, channel["id"], body, only_for=args["user"])
    return {"message_ts": message["ts"]}


def _message(desk: Desk, channel: Thing, ts: Any, *, own: str = "") -> Thing:
    message = state.get_message(desk.db, channel["id"], ts)
    if message is None or message["_only_for"]:
        raise Refused("message_not_found")
    if own and message.get("bot_id") != BOT:
        raise Refused(own)
    return message


def _update(desk: Desk, args: Thing) -> Thing:
    channel = _channel(desk, args, inside=True)
    old = _message(desk, channel, args["ts"], own="cant_update_message")
    metadata = _metadata(args)
    body = (
        {}
        if metadata and not {"text", "blocks"} & args.keys()
        else _content(desk, args, most=UPDATE_CUT)
    )
    if body and "blocks" not in body:
        body["blocks"] = []  # text alone replaces blocks
    new = {**old, **body, "edited": {"user": BOT_USER, "ts": f"{time.time():.6f}"}}
    state.change_message(desk.db, channel["id"], old["ts"], new, metadata)
    now, before = state.shown(new), state.shown(old)
    tell_change(desk, channel, "message_changed", message=now, previous_message=before)
    return {"channel": channel["id"], "ts": old["ts"], "text": new["text"], "message": now}


def _delete(desk: Desk, args: Thing) -> Thing:
    channel = _channel(desk, args)
    old = _message(desk, channel, args["ts"], own="cant_delete_message")
    state.remove_message(desk.db, channel["id"], old["ts"])
    tell_change(
        desk, channel, "message_deleted", deleted_ts=old["ts"], previous_message=state.shown(old)
    )
    return {"channel": channel["id"], "ts": old["ts"]}


def _permalink(desk: Desk, args: Thing) -> Thing:
    channel = _channel(desk, args)
    ts = _message(desk, channel, args["message_ts"])["ts"]
    link = f"{args['_base']}/archives/{channel['id']}/p{ts.replace('.', '')}"
    return {"channel": channel["id"], "permalink": link}


def _history(desk: Desk, args: Thing) -> Thing:
    channel = _channel(desk, args, scope="history", inside=False)
    if BOT_USER not in state.members(desk.db, channel["id"]):
        raise Refused("not_in_channel")
    found = state.messages(desk.db, channel["id"], **_span(args))
    return _messages(found[::-1], args)


def _replies(desk: Desk, args: Thing) -> Thing:
    channel = _channel(desk, args, scope="history")
    parent = _message(desk, channel, args["ts"])
    found = state.messages(
        desk.db, channel["id"], thread=parent.get("thread_ts", parent["ts"]), **_span(args)
    )
    return _messages(found, args)


def _span(args: Thing) -> Thing:
    span = {name: str(args.get(name, "")) for name in ("oldest", "latest")}
    for name, value in span.items():
        if value and not re.fullmatch(r"\d+(\.\d+)?", value):
            raise Refused(f"invalid_ts_{name}")
    return {**span, "inclusive": _flag(args, "inclusive")}


def _messages(found: list[Thing], args: Thing) -> Thing:
    metadata = _flag(args, "include_all_metadata")
    page = _page([state.shown(m, metadata=metadata) for m in found], args, "messages")
    more = bool(page["response_metadata"]["next_cursor"])
    return {**page, "has_more": more, "pin_count": 0}


def _open(desk: Desk, args: Thing) -> Thing:
    if args.get("channel"):
        return {"channel": state.channel_object(desk.db, _channel(desk, args))}
    names = [name for name in str(args.get("users", "")).split(",") if name]
    if not names:
        raise Refused("users_list_not_supplied")
    if len(names) > 1:
        need(desk, "mpim:write")
        raise _bad("users", "this workspace has direct messages with one person only")
    user = state.get_user(desk.db, names[0])
    if user is None or user["is_bot"]:
        raise Refused("cannot_dm_bot" if user else "user_not_found")
    channel = state.get_channel(desk.db, state.direct(desk.db, user["id"]))
    whole = channel is not None and _flag(args, "return_im")
    return {
        "channel": state.channel_object(desk.db, channel or {})
        if whole
        else {"id": channel and channel["id"]}
    }


def _info(desk: Desk, args: Thing) -> Thing:
    channel = _channel(desk, args, scope="read")
    about = state.channel_object(desk.db, channel)
    if _flag(args, "include_num_members"):
        about["num_members"] = len(state.members(desk.db, channel["id"]))
    return {"channel": about}


def _channels(desk: Desk, args: Thing) -> Thing:
    kinds = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}
    wanted = [kinds.get(k, "") for k in str(args.get("types", "public_channel")).split(",")]
    if "" in wanted:
        raise Refused("invalid_types")
    for kind in wanted:
        need(desk, f"{SCOPES.get(kind, 'mpim')}:read")
    found = [
        state.channel_object(desk.db, channel)
        for channel in state.channels(desk.db)
        if channel["kind"] in wanted
        and not (channel["archived"] and _flag(args, "exclude_archived"))
        and (channel["kind"] == "public" or BOT_USER in state.members(desk.db, channel["id"]))
    ]
    return _page(found, args, "channels")


def _join(desk: Desk, args: Thing) -> Thing:
    channel = _channel(desk, args)
    if channel["kind"] != "public":
        raise Refused("method_not_supported_for_channel_type")
    if channel["archived"]:
        raise Refused("is_archived")
    new = state.join(desk.db, channel["id"], BOT_USER)
    if new:
        tell_membership(desk, "member_joined_channel", channel, BOT_USER, "")
    warning = {} if new else {"warning": "already_in_channel"}
    return {"channel": state.channel_object(desk.db, channel), **warning}


def _user(desk: Desk, args: Thing) -> Thing:
    user = state.get_user(desk.db, args["user"])
    if user is None:
        raise Refused("user_not_found")
    return {"user": state.user_object(user)}


def _bot(desk: Desk, args: Thing) -> Thing:
    if args.get("bot", BOT) != BOT:
        raise Refused("bot_not_found")
    about = {"id": BOT, "app_id": state.APP, "user_id": BOT_USER, "name": BOT_NAME}
    return {"bot": {**about, "deleted": False, "updated": 0, "icons": {}}}


def _upload(desk: Desk, args: Thing) -> Thing:
    if not str(args["length"]).isdigit() or not 0 < int(args["length"]) <= UPLOAD_BYTES:
        raise _bad("length", f"must be a whole number from 1 to {UPLOAD_BYTES}")
    file = state.add_file(desk.db, str(args["filename"]), int(args["length"]))
    return {"upload_url": f"{args['_base']}/upload/v1/{file['ticket']}", "file_id": file["id"]}


def _complete(desk: Desk, args: Thing) -> Thing:
    wanted = _json(args, "files", "invalid_arguments")
    if not isinstance(wanted, list) or not all(isinstance(w, dict) for w in wanted) or not wanted:
        raise _bad("files", "must provide an array of files")
    files = [state.get_file(desk.db, id=w.get("id")) for w in wanted]
    if any(file is None or file["data"] is None for file in files):
        raise Refused("file_not_found")
    blocks = _json(args, "blocks", "invalid_blocks_format") or []
    if any(isinstance(b, dict) and b.get("type") == "markdown" for b in blocks):
        raise Refused("internal_error")  # as reported of Slack in September 2026
    where = args.get("channel_id") or args.get("channels")
    channel = _channel(desk, {"channel": where}, inside=True) if where else None
    for asked, file in zip(wanted, files, strict=True):
        if file:
            state.complete_file(desk.db, file["id"], str(asked.get("title") or file["title"]))
    done = [state.get_file(desk.db, id=w["id"]) or {} for w in wanted]
    shown = [state.file_object(file, args["_base"]) for file in done]
    if channel:
        words = {"text": args.get("initial_comment", ""), "files": shown, "upload": True}
        body = {**OBJECTS["posted"], **words, **_thread(desk, channel, args)}
        if blocks:
            body["blocks"] = _blocks(desk, blocks)
        tell_message(desk, channel, state.add_message(desk.db, channel["id"], body))
    return {"files": shown}


def _file(desk: Desk, args: Thing) -> Thing:
    file = state.get_file(desk.db, id=args["file"])
    if file is None or file["completed"] is None:
        raise Refused("file_not_found")
    return {"file": state.file_object(file, args["_base"])}


def _react(desk: Desk, args: Thing, *, add: bool = True) -> Thing:
    channel = _channel(desk, args, inside=True)
    message = _message(desk, channel, args["timestamp"])
    name = str(args["name"]).strip(":")
    if not re.fullmatch(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?", name):
        raise Refused("invalid_name")
    kept = {r["name"]: r["users"] for r in message.get("reactions", ())}
    if (BOT_USER in kept.get(name, ())) is add:
        raise Refused("already_reacted" if add else "no_reaction")
    others = [u for u in kept.get(name, ()) if u != BOT_USER]
    kept[name] = [*others, BOT_USER] if add else others
    message["reactions"] = [
        {"name": n, "users": users, "count": len(users)} for n, users in kept.items() if users
    ]
    state.change_message(desk.db, channel["id"], message["ts"], message)
    return {}


def _unreact(desk: Desk, args: Thing) -> Thing:
    return _react(desk, args, add=False)


def _view(desk: Desk, args: Thing, kind: str) -> Thing:
    view = _json(args, "view", "invalid_arguments")
    faults = check.view_faults(view, newer=desk.rules.newer_blocks)
    if not faults and view["type"] != kind:
        faults = [check.Fault("/view/type", f"must be one of: {kind}")]
    if faults:
        messages = {"messages": [f"[ERROR] {fault}" for fault in faults]}
        raise Refused("invalid_arguments", response_metadata=messages)
    if len(json.dumps(view)) > 250_000:
        raise Refused("view_too_large")
    return named(view)


def _triggered(desk: Desk, args: Thing) -> Thing:
    trigger = desk.triggers.get(str(args["trigger_id"]))
    if trigger is None:
        raise Refused("invalid_trigger_id")
    if trigger["used"]:
        raise Refused("exchanged_trigger_id")
    if trigger["until"] < time.monotonic():
        raise Refused("expired_trigger_id")
    trigger["used"] = True
    return trigger


def _open_view(desk: Desk, args: Thing) -> Thing:
    view = _view(desk, args, "modal")
    user = _triggered(desk, args)["user"]
    state.close_views(desk.db, [v["id"] for v in state.open_views(desk.db, user, "modal")])
    return {"view": state.put_view(desk.db, user, view)}


def _push_view(desk: Desk, args: Thing) -> Thing:
    view = _view(desk, args, "modal")
    user = _triggered(desk, args)["user"]
    stack = state.open_views(desk.db, user, "modal")
    if not stack or len(stack) >= 3:
        raise Refused("push_limit_reached" if stack else "invalid_trigger_id")
    return {"view": state.put_view(desk.db, user, view, previous=stack[-1]["id"])}


def _update_view(desk: Desk, args: Thing) -> Thing:
    view = _view(desk, args, "modal")
    old = state.get_view(desk.db, args["view_id"])
    if old is None:
        raise Refused("not_found")
    if args.get("hash", old["hash"]) != old["hash"]:
        raise Refused("hash_conflict")
    return {"view": state.put_view(desk.db, old["_user"], view, id=old["id"])}


def _publish(desk: Desk, args: Thing) -> Thing:
    view = _view(desk, args, "home")
    if state.get_user(desk.db, args["user_id"]) is None:
        raise _bad("user_id", "must be the id of a user")
    old = [*state.open_views(desk.db, args["user_id"], "home"), None][0]
    if old and args.get("hash", old["hash"]) != old["hash"]:
        raise Refused("hash_conflict")
    kept = state.put_view(desk.db, args["user_id"], view, id=old["id"] if old else None)
    return {"view": kept}


def _validate(desk: Desk, args: Thing) -> Thing:
    given = [name for name in ("blocks", "message", "view") if name in args]
    if len(given) != 1:
        raise _bad("blocks", "must define exactly one of: blocks, message, view")
    thing = _json(args, given[0], "invalid_arguments")
    if given[0] == "view":
        faults = check.view_faults(thing, newer=desk.rules.newer_blocks)
    else:
        blocks = thing.get("blocks") if isinstance(thing, dict) else thing
        faults = check.message_faults(blocks, newer=desk.rules.newer_blocks)
    if faults:
        told = [
            {"pointer": f.pointer, "code": "failed_constraint", "message": f.words} for f in faults
        ]
        raise Refused(f"invalid_{given[0]}", errors=told)
    return {}


METHODS: dict[str, Call] = {
    "api.test": Call(lambda desk, args: {}, ""),
    "apps.connections.open": Call(_connect, "connections:write"),
    "auth.test": Call(lambda desk, args: {**OBJECTS["self"], "url": f"{args['_base']}/"}, ""),
    "blocks.validate": Call(_validate, ""),
    "bots.info": Call(_bot, "users:read"),
    "chat.postMessage": Call(_post, "chat:write", ("channel",)),
    "chat.postEphemeral": Call(_whisper, "chat:write", ("channel", "user")),
    "chat.update": Call(_update, "chat:write", ("channel", "ts")),
    "chat.delete": Call(_delete, "chat:write", ("channel", "ts")),
    "chat.getPermalink": Call(_permalink, "", ("channel", "message_ts")),
    "conversations.open": Call(_open, "im:write"),
    "conversations.info": Call(_info, "*", ("channel",)),
    "conversations.members": Call(
        lambda desk, args: _page(
            state.members(desk.db, _channel(desk, args, scope="read")["id"]), args, "members"
        ),
        "*",
        ("channel",),
    ),
    "conversations.list": Call(_channels, "*"),
    "conversations.history": Call(_history, "*", ("channel",)),
    "conversations.replies": Call(_replies, "*", ("channel", "ts")),
    "conversations.join": Call(_join, "channels:join", ("channel",)),
    "users.info": Call(_user, "users:read", ("user",)),
    "users.list": Call(
        lambda desk, args: _page(
            [state.user_object(u) for u in state.users(desk.db)], args, "members"
        ),
        "users:read",
    ),
    "files.getUploadURLExternal": Call(_upload, "files:write", ("filename", "length")),
    "files.completeUploadExternal": Call(_complete, "files:write", ("files",)),
    "files.info": Call(_file, "files:read", ("file",)),
    "reactions.add": Call(_react, "reactions:write", ("channel", "timestamp", "name")),
    "reactions.remove": Call(_unreact, "reactions:write", ("channel", "timestamp", "name")),
    "views.open": Call(_open_view, "", ("trigger_id", "view")),
    "views.push": Call(_push_view, "", ("trigger_id", "view")),
    "views.update": Call(_update_view, "", ("view_id", "view")),
    "views.publish": Call(_publish, "", ("user_id", "view")),
}


# -- what is not a method ------------------------------------------------------------------------


async def receive_upload(request: Request) -> Response:
    """The bytes of a file, at the address that files.getUploadURLExternal gave."""
    desk: Desk = request.app.state.desk
    if desk.out_until > time.monotonic():
        return hang_up(request)
    ticket = request.path_params["ticket"]
    file = state.get_file(desk.db, ticket=ticket)
    data = await request.body()
    if file is None or file["data"] is not None:
        return PlainTextResponse("no such upload", 404)
    if len(data) != file["length"]:
        words = f"{len(data)} bytes came, {file['length']} were announced"
        return PlainTextResponse(words, 400)
    state.fill_file(desk.db, ticket, data)
    return PlainTextResponse(f"OK - {len(data)}")


async def send_file(request: Request) -> Response:
    """A file at its private address: for the bot's token with files:read."""
    desk: Desk = request.app.state.desk
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token != desk.rules.bot_token or "files:read" not in desk.rules.scopes:
        return PlainTextResponse("not allowed", 403)
    return picture(desk, request.path_params["file"])


def picture(desk: Desk, id: str) -> Response:
    """A file's bytes, or 404."""
    file = state.get_file(desk.db, id=id)
    if file is None or file["completed"] is None:
        return PlainTextResponse("no such file", 404)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
    return Response(file["data"], media_type=state.mimetype(file["data"]), headers=headers)


async def receive_hook(request: Request) -> Response:
    """A post at a `response_url`."""
    desk: Desk = request.app.state.desk
    hook = desk.hooks.get(request.path_params["hook"])
    if hook is None or hook.until < time.monotonic() or hook.left < 1:
        return PlainTextResponse("used_url" if hook and hook.left < 1 else "expired_url", 404)
    hook.left -= 1
    try:
        said = json.loads(await request.body())
        replaced = said.get("replace_original") or said.get("delete_original")
    except (ValueError, AttributeError):
        return PlainTextResponse("invalid_payload", 400)
    try:
        if replaced and hook.ts:
            old = state.get_message(desk.db, hook.channel, hook.ts)
            if said.get("delete_original"):
                state.remove_message(desk.db, hook.channel, hook.ts)
            elif old:
                body = {**old, "blocks": [], **_content(desk, said)}
                state.change_message(desk.db, hook.channel, hook.ts, body)
        else:
            _content(desk, said)
            aloud = said.get("response_type") == "in_channel"
            respond(desk, hook.channel, said, None if aloud else hook.user)
    except Refused as refused:
        return PlainTextResponse(str(refused), 400)
    return PlainTextResponse("ok")
