"""Which files are new? Looks at the folders and databases that the configuration names."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from auditbot.model import Publication
from bot.settings import Settings, SettingsFault, SourceTable, Surroundings

ENDINGS = (".csv", ".xls", ".xlsx", ".xlsm")
SETTLED_SECONDS = 2  # a file that changed just now may still be being copied
CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class Found:
    """A file to look at, and how it is to be loaded."""

    path: Path
    source: str | None  # None: recognised from the file
    publication: Publication = "public"


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The result files among these files and in these folders, in name order.

    Hidden files and office lock files are passed over. A path that does not exist is a fault.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                p
                for p in path.rglob("*")
                if p.suffix.lower() in ENDINGS
                and not p.name.startswith((".", "~$"))
                and p.is_file()
            )
        elif path.exists():
            found.append(path)
        else:
            raise SettingsFault([f"{path}: there is no such file or folder; check the path."])
    return list(dict.fromkeys(found))


def arrivals(
    settings: Settings, around: Surroundings, base: Path, *, now: float | None = None
) -> list[Found]:
    """Every file in the watched folders. Folders in the file are relative to the file's own place.

    `now` (seconds since the epoch) leaves out files that changed within the last two seconds.
    """
    found: list[Found] = []
    for source in settings.source:
        if source.path:
            folder = base / source.path
            if folder.exists():
                found += [Found(p, source.id, source.publication) for p in files_in([folder])]
    if around.incoming and around.incoming.exists():
        found += [Found(p, None) for p in files_in([around.incoming])]
    seen: dict[Path, Found] = {}
    for f in found:
        other = seen.get(f.path)
        if other is not None:
            # Sources share this folder: the file itself tells which it is, and it is public only
            # if all of them are.
            internal = "internal" in (f.publication, other.publication)
            f = Found(f.path, None, "internal" if internal else "public")
        seen[f.path] = f
    return [
        f for f in seen.values() if now is None or now - f.path.stat().st_mtime >= SETTLED_SECONDS
    ]


@contextmanager
def exported(source: SourceTable) -> Iterator[Found]:
    """The rows of a database query as a file in the plain layout, for as long as it is needed.

    The query must give the plain layout's columns. Raises SettingsFault, without the address,
    which may hold a password.
    """
    import pandas as pd  # is long to open, and few houses ask a database

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{source.id}.csv"
        try:
            engine = create_engine(source.url, hide_parameters=True)
            with engine.connect() as conn:
                chunks = pd.read_sql(text(source.query), conn, chunksize=CHUNK)
                for i, chunk in enumerate(chunks):
                    chunk.to_csv(path, mode="a", header=i == 0, index=False)
        except Exception as e:
            raise SettingsFault(
                [
                    f"source '{source.id}': the query failed ({type(e).__name__}); check its url and query."
                ]
            ) from None
        finally:
            engine.dispose()
        yield Found(path, "long", source.publication)


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
