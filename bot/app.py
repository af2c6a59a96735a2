"""How are the parts put together and kept running? Socket Mode, the clock, the workers."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from auditbot.store import queue
from auditbot.store.engine import writing
from bot import clock, forms, practice, worker
from bot.premises import Premises, bound, turn
from bot.settings import SettingsFault
from bot.slack import ear, post
from bot.slack.listeners import Arrival, Body
from bot.slack.post import Client
from bot.worker import Desk
from bot.workspace import serve

log = structlog.get_logger()

WORKERS = 2  # threads that answer and send; listeners have their own
IDLE_SECONDS = 0.2
DEAF_AFTER = timedelta(minutes=2)  # without a ping the socket is dead, whatever it says


@contextmanager
def slack(place: Premises, *, port: int = 0) -> Iterator[tuple[Client, Client, str]]:
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


def desk(place: Premises, posting: Client, asking: Client, now: Callable[[], datetime]) -> Desk:
    """A worker's desk with the channels as they are bound now."""
    house, _ = bound(place, now())
    return Desk(
        house, posting, asking, now, place.settings.lease_seconds, place.settings.pace_seconds
    )


def stopped_by_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def run(
    place: Premises,
    stop: threading.Event,
    *,
    port: int = 3900,
    ready: Callable[[str], None] | None = None,
) -> int:
    """The bot: Socket Mode, the clock and the workers, until `stop` is set.

    `ready` is called with the workspace's address once everything runs. Returns 0 after a clean
    stop, 1 when the socket went deaf: a supervisor then starts it again.
    """
    with slack(place, port=port) as (posting, asking, app_token):
        current = {"desk": desk(place, posting, asking, clock.now)}

        def keep(arrival: Arrival) -> None:
            worker.keep(current["desk"].house, arrival, clock.now())

        def about(pressed: Arrival) -> Body | None:
            return forms.about(current["desk"].house, pressed, clock.now())

        with (
            ear.listening(asking, app_token, place.house.words, keep, about) as last_ping,
            _ticking(place, current),
            _working(current, stop),
        ):
            if ready:
                ready(str(asking.base_url).removesuffix("api/"))
            return _watch_over(stop, last_ping)


def _watch_over(stop: threading.Event, last_ping: Callable[[], datetime | None]) -> int:
    """Wait for the end. A socket without pings for two minutes ends it: no repair round a dead one."""
    while not stop.wait(1.0):
        last = last_ping()
        if last is not None and clock.now() - last > DEAF_AFTER:
            log.error("socket_deaf", remedy="the process ends so that its supervisor restarts it")
            stop.set()
            return 1
    return 0


@contextmanager
def _ticking(place: Premises, current: dict[str, Desk]) -> Iterator[None]:
    """The clock: it asks what is due, and keeps no truth of its own."""
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
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)


def _tick(place: Premises, current: dict[str, Desk]) -> None:
    """What is due that was not done? New files, digests at their hour, doubtful posts."""
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


@contextmanager
def _working(current: dict[str, Desk], stop: threading.Event) -> Iterator[None]:
    """The hands that answer and send. At the end each finishes what it holds."""
    hands = [
        threading.Thread(target=_hand, args=(current, stop), name=f"worker-{i}")
        for i in range(WORKERS)
    ]
    for h in hands:
        h.start()
    try:
        yield
    finally:
        stop.set()
        for h in hands:
            h.join(timeout=8)


def _hand(current: dict[str, Desk], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            worker.work_through(current["desk"])
        except Exception:
            log.exception("worker_failed")
            stop.wait(2.0)
        stop.wait(IDLE_SECONDS)
