"""How does one message reach Slack, and what is known afterwards?

A post is tried once. No outcome is guessed: either Slack gave a `ts`, or it refused and nothing
was posted, or it asked to wait, or nobody knows. Retrying blindly after a lost answer is how
others come to post twice.
"""

import contextlib
import http.client
import time
import urllib.error
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from auditbot.model import Chart, Message
from auditbot.say.chart import png
from bot.slack.blocks import Block, blocks, fallback, plain_blocks

log = structlog.get_logger()

Client = WebClient  # how other rooms name it without knowing the library

BAD_BLOCKS = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long")
PICTURE_WAITS = (0.3, 1.0, 2.0)  # seconds: Slack works on a new file before it may be shown
SIGN = "eyes"  # under a question that is being worked on
RETRY_LATER = ("service_unavailable", "team_added_to_org", "fatal_error", "internal_error")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known after one try."""

    state: Literal["sent", "refused", "wait", "unknown", "unreached"]
    ts: str = ""
    channel: str = ""  # where it went: a direct message has a channel of its own
    error: str = ""
    wait: float = 0.0  # seconds Slack asked for
    payload: dict[str, Any] | None = None  # as sent


def clients(bot_token: str, api_url: str, timeout: int = 20) -> tuple[WebClient, WebClient]:
    """(for posts, for the rest). Posts are never repeated by the client itself."""
    base = api_url or WebClient.BASE_URL
    posting = WebClient(token=bot_token, base_url=base, timeout=timeout, retry_handlers=[])
    asking = WebClient(
        token=bot_token,
        base_url=base,
        timeout=timeout,
        retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=2)],
    )
    return posting, asking


def reach(client: WebClient, app_token: str) -> str:
    """Do both tokens work? Empty when they do, else what to do about it."""
    try:
        client.auth_test()
        client.api_call("apps.connections.open", headers={"Authorization": f"Bearer {app_token}"})
    except SlackApiError as e:
        return f"refused a token ({e.response.get('error')}); copy both from the app's page."
    except (OSError, http.client.HTTPException) as e:
        return f"cannot be reached ({type(e).__name__}); check network and proxy."
    return ""


def post(
    client: WebClient,
    message: Message,
    *,
    channel: str,
    marker: str,
    thread_ts: str | None = None,
    pictures: bool = True,
) -> Outcome:
    """Send one message once. `channel` may be a user id: then it is a direct message.

    `marker` is a random id put in the message's metadata, with nothing else, so that a lost
    answer can be settled later. Blocks that Slack refuses are sent again in their plain form.
    """
    try:
        if channel.startswith(("U", "W")):
            opened = client.conversations_open(users=channel)
            channel = opened["channel"]["id"]
    except (SlackApiError, OSError, http.client.HTTPException) as e:
        return _outcome_of(e, posted=False)
    picture = upload(client, message.chart) if pictures and message.chart else None
    forms: list[list[Block]] = [blocks(message, picture)]
    if picture:
        forms = [forms[0]] * (1 + len(PICTURE_WAITS)) + [blocks(message)]
    forms.append(plain_blocks(message))
    outcome = Outcome("refused", error="nothing to send")
    for turn, form in enumerate(forms):
        payload: dict[str, Any] = {
            "channel": channel,
            "text": fallback(message),
            "blocks": form,
            "metadata": {"event_type": "auditbot_message", "event_payload": {"id": marker}},
            "unfurl_links": False,
            "unfurl_media": False,
            **({"thread_ts": thread_ts} if thread_ts else {}),
        }
        outcome = _try(client, payload)
        if outcome.state != "refused" or outcome.error not in BAD_BLOCKS:
            return outcome
        log.warning("blocks_refused", channel=channel, error=outcome.error, form=turn)
        if picture and turn < len(PICTURE_WAITS):
            time.sleep(PICTURE_WAITS[turn])
    return outcome


def mark(client: WebClient, channel: str, ts: str, *, on: bool) -> None:
    """Put our sign of work under a message, or take it away. It is a courtesy: nothing hangs on it."""
    deed = client.reactions_add if on else client.reactions_remove
    with contextlib.suppress(SlackApiError, OSError, http.client.HTTPException):
        deed(channel=channel, timestamp=ts, name=SIGN)


def upload(client: WebClient, chart: Chart) -> str | None:
    """Draw and upload a chart; None when that fails, since a picture never holds back words."""
    try:
        answer = client.files_upload_v2(
            content=png(chart), filename="chart.png", title=chart.title, alt_txt=chart.alt_text
        )
        return str(answer["files"][0]["id"])
    except Exception as e:
        log.warning("picture_failed", error=type(e).__name__)
        return None


def settle(
    client: WebClient, *, channel: str, marker: str, since: datetime
) -> tuple[Literal["found", "absent", "cannot"], str]:
    """Look in the channel's history for a post whose answer was lost. Needs the history scope."""
    cursor: str | None = None
    try:
        while True:
            page = client.conversations_history(
                channel=channel,
                oldest=f"{since.timestamp():.6f}",
                include_all_metadata=True,
                limit=200,
                cursor=cursor,
            )
            for m in page["messages"]:
                payload = (m.get("metadata") or {}).get("event_payload") or {}
                if payload.get("id") == marker:
                    return "found", str(m["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if not cursor:
                return "absent", ""
    except (SlackApiError, OSError, http.client.HTTPException):
        return "cannot", ""


def _try(client: WebClient, payload: dict[str, Any]) -> Outcome:
    try:
        answer = client.chat_postMessage(**payload)
    except (SlackApiError, OSError, http.client.HTTPException) as e:
        return _outcome_of(e, posted=True)
    return Outcome("sent", str(answer["ts"]), str(answer["channel"]), payload=payload)


def _outcome_of(error: Exception, *, posted: bool) -> Outcome:
    """`posted`: the request may have been a post, so a lost answer leaves its outcome unknown."""
    if isinstance(error, SlackApiError):
        response: Any = error.response
        status = getattr(response, "status_code", 200)
        if status == 429:
            wait = 1.0
            with contextlib.suppress(ValueError, TypeError, AttributeError):
                headers = {k.lower(): v for k, v in response.headers.items()}
                found = headers.get("retry-after", "1")
                wait = float(found[0] if isinstance(found, list) else found)
            return Outcome("wait", error="ratelimited", wait=wait)
        try:
            reason = str(response["error"])
        except (KeyError, TypeError, ValueError):
            reason = f"status {status}"
        if status >= 500 or reason in RETRY_LATER:
            return Outcome("unknown" if posted else "unreached", error=reason)
        return Outcome("refused", error=reason)
    never_sent = isinstance(error, ConnectionRefusedError) or (
        isinstance(error, urllib.error.URLError)
        and isinstance(error.reason, ConnectionRefusedError)
    )
    if never_sent or not posted:
        return Outcome("unreached", error=type(error).__name__)
    return Outcome("unknown", error=type(error).__name__)
