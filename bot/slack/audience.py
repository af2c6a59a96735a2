"""Who can read what is said here? A channel, one person in private, or guests among the readers."""

from functools import lru_cache
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from auditbot.model import Audience


def of(client: WebClient, channel: str, channel_type: str, user: str, shared: bool) -> Audience:
    """The audience of an answer: guest, direct or open (the channel's own setting then decides).

    `shared` is what the event said about a channel shared with another organisation. When Slack
    does not say who somebody is, they are taken for a guest.
    """
    try:
        person = _person(client, user)
    except SlackApiError:
        return "guest"
    if (
        person.get("is_restricted")
        or person.get("is_ultra_restricted")
        or person.get("is_stranger")
    ):
        return "guest"
    if channel_type == "im" or channel.startswith("D") or not channel:
        return "direct"
    return "guest" if shared or _shared(client, channel) else "open"


@lru_cache(maxsize=2000)
def _person(client: WebClient, user: str) -> dict[str, Any]:
    return dict(client.users_info(user=user)["user"])


@lru_cache(maxsize=2000)
def _shared(client: WebClient, channel: str) -> bool:
    """False where Slack will not say: the default manifest may not ask about private channels."""
    try:
        place: dict[str, Any] = dict(client.conversations_info(channel=channel)["channel"])
    except SlackApiError:
        return False
    return bool(place.get("is_ext_shared") or place.get("is_pending_ext_shared"))


@lru_cache(maxsize=2000)
def room_of(client: WebClient, user: str) -> str:
    """The id of somebody's direct messages with us; opened where there are none yet."""
    return str(client.conversations_open(users=user)["channel"]["id"])
