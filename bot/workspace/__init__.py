"""The practice workspace: a local stand-in for Slack that unchanged Bolt code connects to.

`serve` runs it in a thread. state.py holds what is in it, check.py refuses blocks that Slack
would refuse, api.py answers the bot, socket.py carries to the bot what people do; here the parts
become one app, with the page and the `/practice/` addresses through which people and tests act.
"""

import asyncio
import contextlib
import json
import socket as network
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from bot.workspace import api, socket, state
from bot.workspace.socket import Desk, Fault, Refused, Rules
from bot.workspace.state import BOT_USER, Thing

__all__ = ["BOT_USER", "Refused", "Rules", "Running", "create_app", "serve"]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
PAGE = {"page.html": "text/html", "page.css": "text/css", "page.js": "text/javascript"}
POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"


@dataclass(frozen=True)
class Running:
    """A workspace that is up: where it is and how to act in it."""

    url: str
    bot_token: str
    app_token: str

    @property
    def api_url(self) -> str:
        """What a slack_sdk client takes as its base_url."""
        return f"{self.url}/api/"

    def act(self, deed: str, **facts: Any) -> Any:
        """Do something as a person or to the workspace: `act("say", user=…, channel=…, text=…)`."""
        return self._ask(deed, json.dumps(facts).encode())

    def look(self, at: str, **facts: Any) -> Any:
        """Read what is there: `look("messages", channel=…)`, users, channels, events, calls, …"""
        return self._ask(f"{at}?{urlencode(facts)}", None)

    def _ask(self, path: str, data: bytes | None) -> Any:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        request = urllib.request.Request(f"{self.url}/practice/{path}", data, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                said = json.loads(error.read())
            raise Refused(said.pop("error"), **said) from None


# -- what people and tests may do --------------------------------------------------------------------


async def _fault(desk: Desk, **facts: Any) -> Thing:
    fault = Fault(**facts)
    if fault.kind == "out" and not fault.method:
        api.take_out(desk, fault.seconds)
    elif fault.kind == "deaf":  # connections stay, nothing is delivered
        desk.deaf_until = time.monotonic() + fault.seconds
    elif fault.kind == "frozen":  # nothing at all moves, pings neither
        asyncio.get_running_loop().call_later(0.05, time.sleep, fault.seconds)
    else:
        desk.faults.append(fault)
    return {"faults": len(desk.faults)}


async def _mend(desk: Desk) -> Thing:
    desk.faults.clear()
    desk.out_until = desk.deaf_until = 0.0
    return {}


async def _refresh(desk: Desk, reason: str = "refresh_requested") -> Thing:
    for connection in list(desk.sockets):
        desk.later(socket.disconnect(desk, connection, reason))
    return {}


async def _redeliver(desk: Desk, event_id: str) -> Thing:
    for event in state.events(desk.db):
        if event["id"] == event_id:
            again = (event_id, event["kind"], event["payload"])
            desk.later(socket.deliver(desk, *again, attempt=max(1, event["attempts"])))
            return {"event_id": event_id}
    raise Refused("event_not_found")


async def _rules(desk: Desk, **facts: Any) -> Thing:
    new: Any = {name: tuple(v) if isinstance(v, list) else v for name, v in facts.items()}
    desk.rules = replace(desk.rules, **new)
    return {"scopes": desk.rules.scopes, "newer_blocks": desk.rules.newer_blocks}


async def _person(desk: Desk, **facts: Any) -> Thing:
    state.add_user(desk.db, facts)
    return state.get_user(desk.db, facts["id"]) or {}


async def _channel(desk: Desk, **facts: Any) -> Thing:
    state.add_channel(desk.db, facts)
    return state.get_channel(desk.db, facts["id"]) or {}


DEEDS: Mapping[str, Callable[..., Coroutine[Any, Any, Thing]]] = {
    "say": socket.say,
    "press": socket.press,
    "submit": socket.submit,
    "close": socket.close,
    "home": socket.home,
    "add": socket.add,
    "remove": socket.remove,
    "person": _person,
    "channel": _channel,
    "fault": _fault,
    "mend": _mend,
    "refresh": _refresh,
    "redeliver": _redeliver,
    "rules": _rules,
}


def _channels(desk: Desk, user: str = "") -> list[Thing]:
    """Channels and direct messages; with `user` those that this person sees."""
    if user and state.get_user(desk.db, user):
        state.direct(desk.db, user)
    found = [{**c, "members": state.members(desk.db, c["id"])} for c in state.channels(desk.db)]
    mine = [c for c in found if not user or user in c["members"]]
    return [{**c, "latest": state.latest(desk.db, c["id"], reader=user)} for c in mine]


def _messages(
    desk: Desk, channel: str, thread_ts: str = "", user: str = "", limit: str = "0"
) -> list[Thing]:
    """The last messages of a channel or thread as a person sees them, metadata with them."""
    found = state.messages(desk.db, channel, thread=thread_ts or None, reader=user)
    found = found[-int(limit) :]  # 0: all
    hidden = {m["ts"]: m["_only_for"] for m in found}
    return [{**state.shown(m, metadata=True), "only_for": hidden[m["ts"]]} for m in found]


def _views(desk: Desk, user: str, kind: str = "modal") -> list[Thing]:
    return state.open_views(desk.db, user, kind)


async def _changes(desk: Desk, since: str = "") -> Thing:
    """Waits up to ten seconds for anything to change."""
    until = time.monotonic() + 10
    while state.version(desk.db) == since and time.monotonic() < until and not desk.stopping:
        await asyncio.sleep(0.05)
    return {"version": state.version(desk.db), "connections": len(desk.sockets)}


SIGHTS: Mapping[str, Callable[..., Any]] = {
    "users": lambda desk: state.users(desk.db),
    "channels": _channels,
    "messages": _messages,
    "views": _views,
    "events": lambda desk: state.events(desk.db),
    "calls": lambda desk: list(desk.calls),
    "changes": _changes,
    "about": lambda desk: {"bot": BOT_USER, "commands": desk.rules.commands},
}


async def _practise(request: Request) -> Response:
    """One deed (POST) or sight (GET). Only JSON is taken, so that no other web page can act."""
    desk: Desk = request.app.state.desk
    name = request.path_params["name"]
    try:
        if request.method == "GET":
            found = SIGHTS[name](desk, **request.query_params)
            return JSONResponse(await found if asyncio.iscoroutine(found) else found)
        if request.headers.get("content-type") != "application/json":
            raise Refused("invalid_content_type")
        return JSONResponse(await DEEDS[name](desk, **json.loads(await request.body())))
    except KeyError:
        return JSONResponse({"error": "unknown_deed", "detail": f'There is no "{name}".'}, 404)
    except Refused as refused:
        return JSONResponse(refused.answer, 400)
    except (TypeError, ValueError) as error:
        return JSONResponse({"error": "invalid_arguments", "detail": str(error)}, 400)


async def _picture(request: Request) -> Response:
    return api.picture(request.app.state.desk, request.path_params["file"])


async def _page(request: Request) -> Response:
    name = request.path_params.get("name", "page.html")
    name = name if name in PAGE else "page.html"
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    file = Path(__file__).with_name(name)
    return FileResponse(file, media_type=PAGE[name], headers=headers)


# -- the app -----------------------------------------------------------------------------------------


def create_app(
    db_path: Path | str,
    *,
    url: str,
    users: Sequence[Mapping[str, Any]] = (),
    channels: Sequence[Mapping[str, Any]] = (),
    rules: Rules | None = None,
) -> Starlette:
    """The workspace as an ASGI app at `url`, with these users and channels made where missing.

    A user: id and, as wanted, name, real_name, tz, is_guest. A channel: id, name, is_private,
    members (absent: everybody but guests, the bot too).
    """

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        db = state.open_state(db_path)
        for user in users:
            state.add_user(db, user)
        for channel in channels:
            state.add_channel(db, channel)
        desk = app.state.desk = Desk(db, rules or Rules(), url)
        socket.resume(desk)
        try:
            yield
        finally:
            for task in desk.tasks:
                task.cancel()
            await asyncio.gather(*desk.tasks, return_exceptions=True)
            db.close()

    host = url.split("://")[1].rpartition(":")[0]
    allowed = list(LOOPBACK) if host in LOOPBACK else ["*"]  # no page elsewhere may reach in
    return Starlette(
        lifespan=life,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=allowed)],
        routes=[
            Route("/api/{method}", api.answer, methods=["GET", "POST"]),
            Route("/upload/v1/{ticket}", api.receive_upload, methods=["POST", "PUT"]),
            Route("/files/{file}/{name}", api.send_file),
            Route("/hooks/{hook}", api.receive_hook, methods=["POST"]),
            WebSocketRoute("/link/", socket.link),
            Route("/practice/file/{file}", _picture),
            Route("/practice/{name}", _practise, methods=["GET", "POST"]),
            Route("/archives/{channel}/{message}", _page),
            Route("/{name}", _page),
            Route("/", _page),
        ],
    )


@contextlib.contextmanager
def serve(
    db_path: Path | str,
    *,
    port: int = 3900,
    host: str = "127.0.0.1",
    users: Sequence[Mapping[str, Any]] = (),
    channels: Sequence[Mapping[str, Any]] = (),
    rules: Rules | None = None,
) -> Iterator[Running]:
    """Run the workspace in a thread for as long as the block lasts; port 0 takes a free one.

    OSError when the port is taken.
    """
    rules = rules or Rules()
    with network.create_server((host, port)) as listener:
        reachable = "127.0.0.1" if host in ("", "0.0.0.0") else host  # noqa: S104 (compared only)
        url = f"http://{reachable}:{listener.getsockname()[1]}"
        app = create_app(db_path, url=url, users=users, channels=channels, rules=rules)
        config = uvicorn.Config(
            app,
            http="h11",
            ws="websockets-sansio",
            ws_ping_interval=10,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, args=([listener],), name="practice-workspace", daemon=True
        )
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError(f'The practice workspace could not start on "{db_path}".')
                time.sleep(0.005)
            yield Running(url, rules.bot_token, rules.app_token)
        finally:
            if server.started:
                app.state.desk.stopping = True
            server.should_exit = True
            thread.join(10)
