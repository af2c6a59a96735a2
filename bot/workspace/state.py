"""What a workspace holds: people, channels, messages, files, views and events, in one SQLite file.

Functions take the connection first and speak Slack's objects (dicts as its Web API gives them);
what never changes in those is in objects.json. Nothing here knows the network; every statement
commits by itself.
"""

import base64
import json
import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

TEAM, APP, BOT, BOT_USER = "T0PRACTICE", "A0AUDITBOT", "B0AUDITBOT", "U0AUDITBOT"
BOT_NAME = "auditbot"
EVENT_DAYS = 7  # how long delivered events are kept to be looked at

OBJECTS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("objects.json").read_text("utf-8")
)
Row = sqlite3.Row
Db = sqlite3.Connection
Thing = dict[str, Any]

TABLES = """
CREATE TABLE IF NOT EXISTS users (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, real_name TEXT NOT NULL, tz TEXT NOT NULL,
  is_guest INTEGER NOT NULL, is_bot INTEGER NOT NULL, deleted INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS channels (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, archived INTEGER NOT NULL,
  person TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS members (
  channel TEXT NOT NULL, user TEXT NOT NULL, PRIMARY KEY (channel, user));
CREATE TABLE IF NOT EXISTS messages (
  channel TEXT NOT NULL, ts TEXT NOT NULL, thread_ts TEXT NOT NULL, only_for TEXT,
  body TEXT NOT NULL, metadata TEXT, PRIMARY KEY (channel, ts));
CREATE INDEX IF NOT EXISTS threads ON messages (channel, thread_ts, ts);
CREATE TABLE IF NOT EXISTS files (
  id TEXT PRIMARY KEY, ticket TEXT UNIQUE NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL,
  length INTEGER NOT NULL, data BLOB, completed REAL);
CREATE TABLE IF NOT EXISTS views (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, user TEXT NOT NULL, previous TEXT, root TEXT NOT NULL,
  body TEXT NOT NULL, is_open INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, payload TEXT NOT NULL, made REAL NOT NULL,
  attempts INTEGER NOT NULL, state TEXT NOT NULL);
"""


def open_state(path: Path | str) -> Db:
    """The workspace's database, made if it is not there."""
    if str(path) != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    db.row_factory = Row
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.executescript(TABLES)
    db.execute("DELETE FROM events WHERE made < ?", (time.time() - EVENT_DAYS * 86_400,))
    add_user(db, {"id": BOT_USER, "name": BOT_NAME, "real_name": BOT_NAME, "is_bot": True})
    return db


def fresh(prefix: str) -> str:
    """A new id as Slack writes them: a letter or two and ten capitals or digits."""
    return prefix + "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") for _ in range(10))


def _dump(thing: Any) -> str:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"))


# -- people and channels -----------------------------------------------------------------------


def add_user(db: Db, user: Mapping[str, Any]) -> None:
    """Make a user, or change the fields given of one that is there."""
    name = str(user.get("name") or str(user["id"]).lower())
    old = get_user(db, user["id"]) or {
        "name": name,
        "real_name": user.get("real_name") or name,
        "tz": "Europe/London",
        "is_guest": False,
        "is_bot": False,
        "deleted": False,
    }
    row = {**old, **{k: v for k, v in user.items() if v is not None}}
    columns = ("id", "name", "real_name", "tz", "is_guest", "is_bot", "deleted")
    db.execute(
        "INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", [row[c] for c in columns]
    )


def get_user(db: Db, user: Any) -> Thing | None:
    """A user's row, or None."""
    row = db.execute("SELECT * FROM users WHERE id = ?", (str(user),)).fetchone()
    return dict(row) if row else None


def users(db: Db) -> list[Thing]:
    """Every user, people in order of their names."""
    return [dict(r) for r in db.execute("SELECT * FROM users ORDER BY is_bot, is_guest, real_name")]


def user_object(user: Mapping[str, Any]) -> Thing:
    """A user as `users.info` gives it."""
    zone = datetime.now(UTC).astimezone(ZoneInfo(user["tz"]))
    offset = zone.utcoffset()
    return {
        **OBJECTS["user"],
        **{name: user[name] for name in ("id", "name", "real_name", "tz")},
        **{name: bool(user[name]) for name in ("deleted", "is_bot")},
        "is_restricted": bool(user["is_guest"]),
        "tz_label": zone.tzname(),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": {"real_name": user["real_name"], "display_name": user["name"]},
    }


def add_channel(db: Db, channel: Mapping[str, Any]) -> None:
    """Make a channel, or change one. Without `members` a new one holds everybody and the bot."""
    old = get_channel(db, channel["id"])
    kind = "private" if channel.get("is_private", old and old["kind"] == "private") else "public"
    name = channel.get("name") or (old["name"] if old else str(channel["id"]).lower())
    archived = bool(channel.get("is_archived", old["archived"] if old else False))
    db.execute(
        "INSERT OR REPLACE INTO channels VALUES (?, ?, ?, ?, NULL)",
        (channel["id"], name, kind, archived),
    )
    members = channel.get("members")
    if members is None and old is None:
        members = [u["id"] for u in users(db) if not u["is_guest"]]
    for user in members or ():
        join(db, channel["id"], user)


def get_channel(db: Db, channel: Any) -> Thing | None:
    """A channel's row, or None."""
    row = db.execute("SELECT * FROM channels WHERE id = ?", (str(channel),)).fetchone()
    return dict(row) if row else None


def channels(db: Db) -> list[Thing]:
    """Every channel and direct message, by name."""
    return [dict(r) for r in db.execute("SELECT * FROM channels ORDER BY name, id")]


def direct(db: Db, user: str) -> str:
    """The id of a user's direct messages with the bot; made at the first asking."""
    row = db.execute("SELECT id FROM channels WHERE person = ?", (user,)).fetchone()
    if row:
        return str(row["id"])
    channel = fresh("D")
    db.execute("INSERT INTO channels VALUES (?, '', 'im', 0, ?)", (channel, user))
    for member in (user, BOT_USER):
        join(db, channel, member)
    return channel


def join(db: Db, channel: str, user: str) -> bool:
    """Put a user in a channel; False if they were in it."""
    return db.execute("INSERT OR IGNORE INTO members VALUES (?, ?)", (channel, user)).rowcount > 0


def leave(db: Db, channel: str, user: str) -> bool:
    """Take a user out of a channel; False if they were not in it."""
    done = db.execute("DELETE FROM members WHERE channel = ? AND user = ?", (channel, user))
    return done.rowcount > 0


def members(db: Db, channel: str) -> list[str]:
    """Ids of those in a channel."""
    found = db.execute("SELECT user FROM members WHERE channel = ? ORDER BY user", (channel,))
    return [str(r["user"]) for r in found]


def channel_object(db: Db, channel: Mapping[str, Any]) -> Thing:
    """A channel as `conversations.info` gives it to the bot."""
    kind = channel["kind"]
    shared = {"id": channel["id"], "is_archived": bool(channel["archived"])}
    if kind == "im":
        return {**OBJECTS["direct"], **shared, "user": channel["person"]}
    return {
        **OBJECTS["channel"],
        **shared,
        "name": channel["name"],
        "name_normalized": channel["name"],
        "is_channel": kind == "public",
        "is_group": kind == "private",
        "is_private": kind == "private",
        "is_member": BOT_USER in members(db, channel["id"]),
    }


# -- messages ------------------------------------------------------------------------------------


def add_message(
    db: Db,
    channel: str,
    body: Mapping[str, Any],
    *,
    only_for: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Thing:
    """Keep a message under a `ts` of its own in its channel; returned as Slack shows it."""
    for _ in range(20):
        row = db.execute("SELECT MAX(ts) AS ts FROM messages WHERE channel = ?", (channel,))
        last = row.fetchone()["ts"] or "0.0"
        micros = max(time.time_ns() // 1000, int(last.replace(".", "")) + 1)
        ts = f"{micros // 1_000_000}.{micros % 1_000_000:06d}"
        kept = {**OBJECTS["message"], **body, "ts": ts}
        values = (channel, ts, body.get("thread_ts") or ts, only_for, _dump(kept))
        try:
            db.execute(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)",
                (*values, _dump(metadata) if metadata else None),
            )
        except sqlite3.IntegrityError:
            continue  # another process took that moment
        return kept
    raise sqlite3.IntegrityError(f'No free ts was found in channel "{channel}" in 20 tries.')


def get_message(db: Db, channel: str, ts: Any) -> Thing | None:
    """One message with what its thread and `_only_for` (an ephemeral one's reader) say, or None."""
    found = _messages(db, "channel = ? AND ts = ?", (channel, str(ts)))
    return found[0] if found else None


def change_message(
    db: Db,
    channel: str,
    ts: str,
    body: Mapping[str, Any],
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a message anew; its metadata stays when none is given."""
    kept = {k: v for k, v in body.items() if not k.startswith("_") and k not in THREAD_FIELDS}
    db.execute(
        "UPDATE messages SET body = ?, metadata = COALESCE(?, metadata) "
        "WHERE channel = ? AND ts = ?",
        (_dump(kept), _dump(metadata) if metadata else None, channel, ts),
    )


def remove_message(db: Db, channel: str, ts: str) -> None:
    """Delete a message."""
    db.execute("DELETE FROM messages WHERE channel = ? AND ts = ?", (channel, ts))


def messages(
    db: Db,
    channel: str,
    *,
    thread: str | None = None,
    reader: str | None = None,
    oldest: str = "",
    latest: str = "",
    inclusive: bool = False,
) -> list[Thing]:
    """Messages in order of time: a channel's own (thread replies left out) or one thread's.

    Ephemeral ones are given to `reader` alone. `oldest` and `latest` are `ts`, themselves left
    out unless `inclusive`.
    """
    if thread is None:
        where, values = "(thread_ts = ts OR json_extract(body, '$.subtype') IS NOT NULL)", []
    else:
        where, values = "thread_ts = ?", [thread]
    equal = "=" if inclusive else ""
    for bound, sign in ((oldest, ">"), (latest, "<")):
        if bound:
            where += f" AND CAST(ts AS REAL) {sign}{equal} CAST(? AS REAL)"
            values.append(bound)
    where += " AND (only_for IS NULL OR only_for = ?)"
    return _messages(db, f"channel = ? AND {where}", [channel, *values, reader or ""])


def latest(db: Db, channel: str, *, reader: str) -> Thing | None:
    """The newest message of a channel that `reader` may see, in a thread or not."""
    visible = "channel = ? AND (only_for IS NULL OR only_for = ?)"
    newest = f"SELECT MAX(ts) FROM messages WHERE {visible}"  # noqa: S608 (made of constants)
    found = _messages(db, f"channel = ? AND ts = ({newest})", (channel, channel, reader))
    return shown(found[0]) if found else None


THREAD_FIELDS = ("reply_count", "reply_users", "latest_reply")


def _messages(db: Db, where: str, values: Sequence[Any]) -> list[Thing]:
    found = []
    query = f"SELECT * FROM messages WHERE {where} ORDER BY ts"  # noqa: S608 (made of constants)
    for row in db.execute(query, values).fetchall():
        body: Thing = json.loads(row["body"])
        body["_only_for"] = row["only_for"]
        body["_metadata"] = json.loads(row["metadata"]) if row["metadata"] else None
        if row["thread_ts"] == row["ts"]:
            body.update(_thread(db, row))
        found.append(body)
    return found


def _thread(db: Db, row: Row) -> Thing:
    replies = db.execute(
        "SELECT ts, json_extract(body, '$.user') AS user FROM messages "
        "WHERE channel = ? AND thread_ts = ? AND ts <> thread_ts AND only_for IS NULL ORDER BY ts",
        (row["channel"], row["ts"]),
    ).fetchall()
    if not replies:
        return {}
    return {
        "thread_ts": row["ts"],
        "reply_count": len(replies),
        "reply_users": sorted({str(r["user"]) for r in replies}),
        "latest_reply": replies[-1]["ts"],
    }


def shown(message: Mapping[str, Any], *, metadata: bool = False) -> Thing:
    """A message as the Web API gives it; its metadata only when asked for."""
    kept = {k: v for k, v in message.items() if not k.startswith("_")}
    if metadata and message.get("_metadata"):
        kept["metadata"] = message["_metadata"]
    return kept


def cut(items: Sequence[Any], limit: int, cursor: str) -> tuple[list[Any], str]:
    """One page of a list and the cursor of the next, empty at the end. ValueError: bad cursor."""
    start = int(base64.urlsafe_b64decode(cursor).removeprefix(b"from:")) if cursor else 0
    rest = base64.urlsafe_b64encode(b"from:%d" % (start + limit)).decode()
    return list(items[start : start + limit]), rest if len(items) > start + limit else ""


# -- files -----------------------------------------------------------------------------------------


def add_file(db: Db, name: str, length: int) -> Thing:
    """Announce a file that is about to be uploaded."""
    row = {"id": fresh("F"), "ticket": secrets.token_hex(16), "name": name, "length": length}
    db.execute(
        "INSERT INTO files VALUES (:id, :ticket, :name, :name, :length, NULL, NULL)",
        row,
    )
    return row


def get_file(db: Db, *, id: Any = None, ticket: Any = None) -> Thing | None:
    """A file's row by id or upload ticket, or None."""
    column, value = ("id", id) if ticket is None else ("ticket", ticket)
    row = db.execute(f"SELECT * FROM files WHERE {column} = ?", (str(value),)).fetchone()  # noqa: S608
    return dict(row) if row else None


def fill_file(db: Db, ticket: str, data: bytes) -> None:
    """Keep what was uploaded."""
    db.execute("UPDATE files SET data = ? WHERE ticket = ?", (data, ticket))


def complete_file(db: Db, file: str, title: str) -> None:
    """Say that an upload is whole; it can be shown from the end of its processing on."""
    db.execute("UPDATE files SET title = ?, completed = ? WHERE id = ?", (title, time.time(), file))


MAGIC = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def mimetype(data: bytes | None) -> str:
    """What a file is, by its first bytes: the pictures Slack shows, or just bytes."""
    starts = (kind for magic, kind in MAGIC.items() if (data or b"").startswith(magic))
    return next(starts, "application/octet-stream")


def file_object(file: Mapping[str, Any], base: str) -> Thing:
    """A file as `files.info` gives it; `base` is the workspace's address."""
    kind = mimetype(file["data"])
    address = f"{base}/files/{file['id']}/{file['name']}"
    return {
        **OBJECTS["file"],
        **{name: file[name] for name in ("id", "name", "title")},
        "mimetype": kind,
        "filetype": kind.rpartition("/")[2],
        "size": file["length"],
        "created": int(file["completed"] or 0),
        "url_private": address,
        "url_private_download": address,
    }


# -- views and events ------------------------------------------------------------------------------


def put_view(
    db: Db,
    user: str,
    view: Mapping[str, Any],
    *,
    id: str | None = None,
    previous: str | None = None,
) -> Thing:
    """Open a view for a user (above `previous`, if given), or write the one with this id anew."""
    old = get_view(db, id) if id else None
    new = old["id"] if old else fresh("V")
    above = get_view(db, previous) if previous else None
    body: Thing = {
        **OBJECTS["view"],
        **view,
        "id": new,
        "state": {"values": {}},
        "hash": f"{int(time.time())}.{secrets.token_hex(4)}",
        "previous_view_id": old["previous_view_id"] if old else previous,
        "root_view_id": old["root_view_id"] if old else above["root_view_id"] if above else new,
    }
    values = (body["previous_view_id"], body["root_view_id"], _dump(body))
    db.execute(
        "INSERT INTO views VALUES (?, ?, ?, ?, ?, ?, 1) "
        "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        (new, view["type"], user, *values),
    )
    return body


def get_view(db: Db, id: Any) -> Thing | None:
    """An open view, or None."""
    row = db.execute("SELECT * FROM views WHERE id = ? AND is_open", (str(id),)).fetchone()
    return {**json.loads(row["body"]), "_user": row["user"]} if row else None


def open_views(db: Db, user: str, kind: str) -> list[Thing]:
    """A user's open views of a kind, the topmost last."""
    found = db.execute(
        "SELECT body FROM views WHERE user = ? AND kind = ? AND is_open ORDER BY rowid",
        (user, kind),
    )
    return [json.loads(r["body"]) for r in found]


def close_views(db: Db, ids: Iterable[str]) -> None:
    """Take views off the screen."""
    db.executemany("UPDATE views SET is_open = 0 WHERE id = ?", [(i,) for i in ids])


def put_event(db: Db, id: str, kind: str, payload: Mapping[str, Any]) -> None:
    """Keep what is to be delivered to the bot."""
    values = (id, kind, _dump(payload), time.time())
    db.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, 0, 'waiting')", values)


def mark_event(db: Db, id: str, state: str, *, tried: int = 0) -> None:
    """Say how the delivery stands (waiting, sent, acknowledged, failed) and count tries."""
    db.execute(
        "UPDATE events SET state = ?, attempts = attempts + ? WHERE id = ?", (state, tried, id)
    )


def events(db: Db, where: str = "1") -> list[Thing]:
    """What was or is to be delivered, oldest first."""
    query = f"SELECT * FROM events WHERE {where} ORDER BY made"  # noqa: S608 (made of constants)
    return [{**dict(r), "payload": json.loads(r["payload"])} for r in db.execute(query)]


def version(db: Db) -> str:
    """Changes whenever this or another process changes anything."""
    return f"{db.execute('PRAGMA data_version').fetchone()[0]}.{db.total_changes}"
