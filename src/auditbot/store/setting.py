"""What is switched on or off, who is alive, and which files were looked at?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from auditbot.store import tables
from auditbot.store.engine import put_row


def setting(conn: Connection, key: str) -> Any:
    """A value that was set; None when it never was."""
    t = tables.setting
    return conn.scalar(select(t.c.value).where(t.c.key == key))


def set_setting(conn: Connection, key: str, value: Any, now: datetime) -> None:
    """Set a value; None takes it back."""
    put_row(conn, tables.setting, {"key": key, "value": value, "at": now})


def beat(conn: Connection, name: str, now: datetime, detail: str = "") -> None:
    """I am alive."""
    put_row(conn, tables.heartbeat, {"name": name, "at": now, "detail": detail})


def last_beat(conn: Connection, name: str) -> datetime | None:
    """When somebody of this name was last alive."""
    t = tables.heartbeat
    return conn.scalar(select(t.c.at).where(t.c.name == name))


def seen(conn: Connection, path: str, mtime_ns: int, size: int) -> bool:
    """Was this very state of a file looked at before, whether it was loaded or refused?"""
    t = tables.seen_file
    row = conn.execute(select(t.c.mtime_ns, t.c.size).where(t.c.path == path)).first()
    return row is not None and (row.mtime_ns, row.size) == (mtime_ns, size)


def saw(
    conn: Connection,
    path: str,
    mtime_ns: int,
    size: int,
    state: str,
    reason: str,
    now: datetime,
) -> None:
    """Write down what became of a file (`reason`: the sentence of a refusal, masked)."""
    put_row(
        conn,
        tables.seen_file,
        {
            "path": path,
            "mtime_ns": mtime_ns,
            "size": size,
            "state": state,
            "reason": reason,
            "at": now,
        },
    )
