"""How are the parts put together and kept running? Socket Mode, the clock, the workers."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from auditbot.act import concern
from auditbot.store import queue
from auditbot.store.engine import writing
from bot import clock, practice, worker
from bot.premises import Premises, bound, turn
from bot.settings import SettingsFault
from bot.slack import listeners, post
from bot.worker import Desk
from bot.workspace import serve

log = structlog.get_logger()

WORKERS = 2  # threads that answer and send; listeners have their own
IDLE_SECONDS = 0.2
DEAF_AFTER = 120  # seconds without a ping: the socket is dead, whatever it says


@contextmanager
def slack(place: Premises, *, port: int = 0) -> Iterator[tuple[WebClient, WebClient, str]]:
    """(client for posts, client for the rest, app token) of Slack, or of the practice workspace.

    Without Slack tokens a practice workspace runs for as long as this is held, on `port` (0: any
    free one). Raises SettingsFault when the port is taken.
    """
    around = place.around
    if not around.practice:
        posting, asking = post.clients(around.bot_token, around.api_url)
        yield posting, asking, around.app_token
        return
    around.workspace.parent.mkdir(parents=True, exist_ok=True)
    users, channels = practice.people(place.settings, around.people)
    with ExitStack() as stack:
        try:
            running = stack.enter_context(
                serve(around.workspace, port=port, users=users, channels=channels)
            )
        except OSError as e:
            raise SettingsFault(
                [
                    f"port {port} is taken ({e.strerror}); stop what runs there or give another --port."
                ]
            ) from None
        posting, asking = post.clients(running.bot_token, running.api_url)
        yield posting, asking, running.app_token


def desk(
    place: Premises, posting: WebClient, asking: WebClient, now: Callable[[], datetime]
) -> Desk:
    """A worker's desk with the channels as they are bound now."""
    house, _ = bound(place, now())
    return Desk(
        house, posting, asking, now, place.settings.lease_seconds, place.settings.pace_seconds
    )


def run(place: Premises, *, port: int = 3900, ready: Callable[[str], None] | None = None) -> int:
    """The bot: Socket Mode, the clock and the workers, until SIGTERM or SIGINT.

    Returns 0 after a clean stop, 1 when the socket went deaf: a supervisor then starts it again.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with slack(place, port=port) as (posting, asking, app_token):
        app = App(
            client=asking,
            token=asking.token,
            listener_executor=ThreadPoolExecutor(20),
            logger=quiet_logger(),
        )
        current = {"desk": desk(place, posting, asking, clock.now)}

        def may_hold(user: str, value: str) -> bool:
            house = current["desk"].house
            return concern.may_hold(house.engine, house.roles, user, value)

        def keep(arrival: listeners.Arrival) -> None:
            worker.keep(current["desk"].house, arrival, clock.now())

        listeners.register(app, place.house.words, keep, may_hold)
        handler = SocketModeHandler(
            app,
            app_token,
            web_client=WebClient(token=app_token, base_url=asking.base_url),
            concurrency=20,
        )
        handler.connect()  # type: ignore[no-untyped-call]
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_job(
            _tick,
            "interval",
            args=(place, current),
            seconds=place.settings.tick_seconds,
            next_run_time=clock.now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        scheduler.start()
        hands = [
            threading.Thread(target=_hand, args=(current, stop), name=f"worker-{i}")
            for i in range(WORKERS)
        ]
        for h in hands:
            h.start()
        if ready:
            ready(str(asking.base_url).removesuffix("api/"))
        deaf = False
        while not stop.wait(1.0):
            if _deaf(handler):
                log.error(
                    "socket_deaf", remedy="the process ends so that its supervisor restarts it"
                )
                deaf = True
                stop.set()
        scheduler.shutdown(wait=True)
        for h in hands:
            h.join(timeout=8)
        handler.close()  # type: ignore[no-untyped-call]
    return 1 if deaf else 0


def _tick(place: Premises, current: dict[str, Desk]) -> None:
    """What the clock asks every half minute: is there anything due that was not done?"""
    now = clock.now()
    try:
        turn(place, now, everyone=False, settle=True)
        old = current["desk"]
        current["desk"] = desk(place, old.posting, old.asking, old.now)
        worker.settle(current["desk"])
        with writing(place.house.engine) as conn:
            queue.beat(conn, "tick", now, "")
    except Exception:
        log.exception("tick_failed")


def _hand(current: dict[str, Desk], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            worker.work_through(current["desk"])
        except Exception:
            log.exception("worker_failed")
            stop.wait(2.0)
        stop.wait(IDLE_SECONDS)


def _deaf(handler: SocketModeHandler) -> bool:
    session = handler.client.current_session
    last = getattr(session, "last_ping_pong_time", None)
    if last is None:
        return False
    return clock.now() - datetime.fromtimestamp(last, tz=UTC) > timedelta(seconds=DEAF_AFTER)


def quiet_logger() -> logging.Logger:
    """Bolt's own log may quote what people wrote; nothing below its gravest reaches ours."""
    logger = logging.getLogger("auditbot.bolt")
    logger.setLevel(logging.CRITICAL)
    return logger
