"""How do we hear Slack? Bolt over Socket Mode: outbound only, no open port."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from auditbot.say.words import Words
from bot.slack import listeners
from bot.slack.listeners import Arrival, Body

LISTENERS = 20  # Bolt's five are too few: five slow ones would hold up every acknowledgement


@contextmanager
def listening(
    client: WebClient,
    app_token: str,
    words: Words,
    keep: Callable[[Arrival], None],
    about: Callable[[Arrival], Body | None],
) -> Iterator[Callable[[], datetime | None]]:
    """Listen for as long as the block lasts; gives a function that tells when Slack last answered
    a ping. A socket can say that it is connected and be deaf: only the pings are believed.
    """
    with ThreadPoolExecutor(LISTENERS) as pool:
        app = App(client=client, token=client.token, listener_executor=pool, logger=_quiet_logger())
        listeners.register(app, words, keep, about)
        handler = SocketModeHandler(
            app,
            app_token,
            # its own client: the one for posting has the other token
            web_client=WebClient(token=app_token, base_url=client.base_url),
            logger=_quiet_logger(),
            concurrency=LISTENERS,
        )
        handler.connect()  # type: ignore[no-untyped-call]

        def last_ping() -> datetime | None:
            session = handler.client.current_session
            last = getattr(session, "last_ping_pong_time", None)
            return datetime.fromtimestamp(last, tz=UTC) if last else None

        try:
            yield last_ping
        finally:
            handler.close()  # type: ignore[no-untyped-call]


def _quiet_logger() -> logging.Logger:
    """Bolt's own log may quote what people wrote; nothing of it reaches ours."""
    logger = logging.getLogger("auditbot.bolt")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
