"""Who is in the practice workspace? Everybody and every channel that the configuration names."""

import tomllib
from pathlib import Path
from typing import Any

from bot.settings import Settings

YOU = {"id": "U0YOU", "name": "you", "real_name": "You"}


def people(
    settings: Settings, names: Path | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(users, channels) for the workspace. `names` is a TOML file that gives them names.

    Without names an id serves as its own, and somebody is there to act as.
    """
    told = tomllib.loads(names.read_text(encoding="utf-8")) if names else {}
    users = {u["id"]: _user(u) for u in told.get("user", ())}
    channels = {c["id"]: dict(c) for c in told.get("channel", ())}
    for s in settings.service:
        for i in (*s.lead, *s.deputy, *s.audit_team, *filter(None, [s.champion])):
            users.setdefault(i, {"id": i, "name": i.lower(), "real_name": i})
    users = users or {YOU["id"]: YOU}
    for c in settings.channel:
        known = channels.setdefault(c.id, {"id": c.id, "name": c.id.lower()})
        known["is_private"] = c.audience == "private"
    return list(users.values()), list(channels.values())


def _user(told: dict[str, str]) -> dict[str, Any]:
    name = told["name"]
    return {
        "id": told["id"],
        "name": name.lower().replace(" ", "."),
        "real_name": f"{name}, {told['title']}" if told.get("title") else name,
    }
