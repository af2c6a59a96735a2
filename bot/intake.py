"""How are files loaded by hand? `auditbot ingest`, with progress for large ones."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from auditbot.house import House
from auditbot.model import Publication
from auditbot.pipeline import File, take

SHOWN_ROWS = 5


def load(
    house: House,
    files: Sequence[Path],
    source: str | None,
    publication: Publication,
    publish_at: datetime | None,
    now: datetime,
    *,
    quiet: bool,
) -> list[dict[str, Any]]:
    """Load files one after the other; one report a file, as in `ingest --json`."""
    reports = []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[rows]:,} results"),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("Loading", total=len(files), rows=0)
        for path in files:
            progress.update(task, description=path.name[:40])
            reports.append(
                take(
                    house,
                    File(path, source, publication, publish_at),
                    now,
                    progress=lambda rows: progress.update(task, rows=rows),
                )
            )
            progress.advance(task)
    return reports


def complain(reports: Sequence[dict[str, Any]]) -> None:
    """What was refused, on stderr: a sentence a file or row."""
    for r in reports:
        if r["state"] == "refused":
            print(f"{r['path']}: refused. {r['reason']}", file=sys.stderr)
        for row in r["refused_rows"][:SHOWN_ROWS]:
            said = f'Row {row["row"]}, column "{row["column"]}": {row["reason"]}'
            print(f"{r['path']}: {said}", file=sys.stderr)
        rest = len(r["refused_rows"]) - SHOWN_ROWS
        if rest > 0:
            print(f"{r['path']}: and {rest} more rows; --json lists them all.", file=sys.stderr)


def show(reports: Sequence[dict[str, Any]]) -> None:
    """What was loaded, a line a file."""
    for r in reports:
        if r["state"] != "refused":
            services = "1 service" if r["services"] == 1 else f"{r['services']:,} services"
            print(
                f"{r['path']}: {r['state']} as {r['source']}, {services}, {r['results']:,} results, "
                f"{r['not_numeric']:,} marks without a figure."
            )
